"""The circuit's fit: what is put in comes out, and what the data do not show is not made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.experiments.circuit import VACUUM_PERMITTIVITY, Arc, fit
from twin.experiments.elements import shapes, slopes

L = 5e-4
F = np.logspace(9, -2, 111)
BULK, BOUNDARY, INTERFACE = Arc(8e-4, 3e-7), Arc(17e-4, 3e-5), Arc(40e-4, 5e-3)


def total(*arcs, frequency=F):
    return sum(arc.impedance(frequency) for arc in arcs)


def test_three_arcs_come_back_and_are_named_by_their_capacitances():
    found = fit(F, total(BULK, BOUNDARY, INTERFACE), L)
    assert [a.what for a in found.arcs] == ["bulk", "grain boundary", "interface"]
    for seen, true in zip(found.arcs, (BULK, BOUNDARY, INTERFACE), strict=True):
        assert seen.resistance == pytest.approx(true.resistance, rel=1e-6)
        assert seen.capacitance == pytest.approx(true.capacitance, rel=1e-6)
    assert found.error < 1e-8 and found.diffusion is None


@settings(max_examples=15, deadline=None)
@given(
    st.floats(-4, -1),
    st.floats(-4, -1),
    st.floats(0.8, 3),
)
def test_two_arcs_come_back_from_wherever_they_are(log_a, log_b, apart):
    # Time constants of 1e-5 s and one to three decades more.
    a, b = Arc(10**log_a, 1e-5 / 10**log_a), Arc(10**log_b, 1e-5 * 10**apart / 10**log_b)
    if not 0.02 < a.resistance / b.resistance < 50:
        return
    found = fit(F, total(a, b), L)
    # In the order of their frequencies, as fitted arcs are.
    seen = [(x.resistance, x.capacitance) for x in found.arcs if x.capacitance]
    true = [(x.resistance, x.capacitance) for x in (a, b)]
    assert np.array(seen) == pytest.approx(np.array(true), rel=1e-3)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_half_a_percent_of_noise_moves_the_electrolyte_by_less_than_one(seed):
    z = total(BULK, BOUNDARY, INTERFACE)
    random = np.random.default_rng(seed)
    noise = random.normal(size=(2, len(F)))
    found = fit(F, z * (1 + 0.005 * (noise[0] + 1j * noise[1])), L)
    electrolyte = found.resistance("bulk") + found.resistance("grain boundary")
    assert electrolyte == pytest.approx(BULK.resistance + BOUNDARY.resistance, rel=0.01)
    assert found.resistance("interface") == pytest.approx(INTERFACE.resistance, rel=0.01)


def test_an_arc_beyond_the_range_is_a_resistance_without_a_capacitance():
    low = F[F < 1e6]
    found = fit(low, total(Arc(8e-4, 3e-9), INTERFACE, frequency=low), L)
    assert [(a.what, a.capacitance is None) for a in found.arcs] == [
        ("bulk", True),
        ("interface", False),
    ]
    assert found.resistance("bulk") == pytest.approx(8e-4, rel=1e-4)


def test_one_arc_is_not_made_into_two():
    found = fit(F, total(INTERFACE), L)
    assert len([a for a in found.arcs if a.resistance > 1e-3 * INTERFACE.resistance]) == 1


def test_diffusion_between_two_metals_is_told_from_arcs():
    tau, R = 125.0, 9.6e-4
    f = np.logspace(7, -4, 111)
    s = np.sqrt(2j * np.pi * f * tau)
    z = total(Arc(5e-4, 1e-9), INTERFACE, frequency=f) + R * np.tanh(s) / s
    found = fit(f, z, L, "finite length")
    assert found.bend == pytest.approx((R, tau), rel=1e-3)
    assert [a.what for a in found.arcs] == ["bulk", "interface"]
    assert found.impedance(f) == pytest.approx(z, rel=1e-4)


def test_a_tail_where_there_is_none_is_left_out():
    found = fit(F, total(BULK, INTERFACE), L, "finite length")
    assert found.bend is None
    assert found.resistance("interface") == pytest.approx(INTERFACE.resistance, rel=1e-4)


@pytest.mark.parametrize(
    ("permittivity", "what"), [(15, "bulk"), (1500, "grain boundary"), (1e6, "interface")]
)
def test_the_name_goes_by_the_capacitance(permittivity, what):
    arc = Arc(1e-3, permittivity * VACUUM_PERMITTIVITY / L)
    top = arc.frequency
    f = np.logspace(np.log10(top) + 3, np.log10(top) - 3, 60)
    assert fit(f, total(arc, frequency=f), L).arcs[-1].what == what


def test_slopes_are_those_of_the_shapes():
    kinds = ("arc", "grains", "boundaries", "finite length", "finite space")
    omega, taus = np.logspace(-3, 3, 13), np.array([1.0, 0.3, 3.0, 2.0, 0.5])
    step = 1e-6
    ends = [shapes(kinds, omega, taus * np.exp(sign * step)) for sign in (1, -1)]
    found = slopes(kinds, omega, taus, shapes(kinds, omega, taus))
    expected = (ends[0] - ends[1]) / (2 * step)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)
