"""Plating on a bare collector: coverage set by the early current, then kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin import FARADAY

F, V_M = FARADAY, 2.375e-5
HOUR = 3600.0
J_N, Q_N, SEED = 2.0, 1800.0, 1e-9  # A/m2, C/m2, m

BARE = {
    "anode.thickness": "0 m",
    "anode.counter_thickness": "200 um",
    "anode.seed_thickness": f"{SEED} m",
    "modes.pressure.contact.law": "nucleation",
    "modes.pressure.nucleation.current": f"{J_N} A/m^2",
    "modes.pressure.nucleation.charge": f"{Q_N} C/m^2",
    "modes.pressure.voids.refill_current": "100 A/m^2",
    "stack.pressure": "2 MPa",
}
ISLANDS = "Anode pressed contact fraction"


def progress(q):
    """``w`` after a plated charge [C/m2], the seed included."""
    return -np.expm1(-(q + F * SEED / V_M) / Q_N)


@pytest.mark.parametrize("j", [1.0, 2.0, 10.0])
def test_coverage_comes_to_the_plateau_of_its_current(stack, j):
    # theta = theta_n + (1 - theta_n) w_0/w.
    end = 5 * Q_N / j
    seen = stack([(-j, end)], BARE)
    t = np.array([0.01, 0.1, 0.5, 1.0, 5.0]) * Q_N / j
    plateau = -math.expm1(-j / J_N)
    exact = plateau + (1 - plateau) * progress(0) / progress(j * t)
    assert seen.at(ISLANDS, t) == pytest.approx(exact, rel=1e-6)
    assert seen.end(ISLANDS) == pytest.approx(plateau, rel=5e-3)
    assert (np.diff(seen[ISLANDS]) <= 1e-12).all()


def test_coverage_stays_when_the_current_changes_later(stack):
    # Set at 0.1 mA/cm2; ten times as much after five nucleation charges hardly moves it.
    slow, fast = 1.0, 10.0
    seen = stack([(-slow, 5 * Q_N / slow), (-fast, 5 * Q_N / fast)], BARE)
    low, high = -math.expm1(-slow / J_N), -math.expm1(-fast / J_N)
    early = seen.at(ISLANDS, 5 * Q_N / slow)
    assert early == pytest.approx(low, rel=5e-3)
    weight = 1 - progress(5 * Q_N) / progress(10 * Q_N)
    exact = high + (early - high) * (1 - weight)
    assert seen.end(ISLANDS) == pytest.approx(exact, rel=1e-6)
    assert seen.end(ISLANDS) == pytest.approx(low, rel=0.02)


def test_stripping_keeps_the_islands_and_a_bare_collector_nucleates_anew(stack):
    slow, fast = 1.0, 10.0
    plated = 3 * Q_N
    seen = stack([(-fast, plated / fast), (fast, plated / fast), (-slow, plated / slow)], BARE)
    first = seen.at(ISLANDS, plated / fast)
    assert first == pytest.approx(-math.expm1(-fast / J_N), rel=1e-3)
    assert seen.at(ISLANDS, 2 * plated / fast) == pytest.approx(first, rel=1e-6)
    assert seen.end(ISLANDS) == pytest.approx(-math.expm1(-slow / J_N), rel=0.01)


def test_a_foil_keeps_its_contact(stack):
    seen = stack([(3.0, HOUR), (-3.0, 2 * HOUR)], BARE | {"anode.thickness": "200 um"})
    assert seen[ISLANDS] == pytest.approx(1, abs=1e-9)
    assert seen["Cathode pressed contact fraction"] == pytest.approx(1, abs=1e-9)


def test_published_anode_free_half_cell(make_cell, run):
    # Ortmann 2023: Cu | NZSP | Na, 0.5 mAh/cm2. An own interface arc at 0.1 and 0.2 mA/cm2, none
    # at 0.5 and 1; hardly any effect of 0-4 MPa. With the library's numbers, of which
    # the current is fitted to the thickness at 0.2 mA/cm2, the rest follows.
    def arc(current, pressure):
        overrides = {
            "anode.thickness": "0 m",
            "anode.counter_thickness": "200 um",
            "modes.pressure.contact.law": "nucleation",
            "stack.pressure": f"{pressure} MPa",
        }
        j = 10 * current
        spec = make_cell("na-nzsp-na", overrides)
        seen = run(spec, [(-j, 0.5 / current * HOUR)], ("pressure",))
        cover = seen.at("Anode conducting fraction", np.array([0.05, 0.1, 0.5]) / current * HOUR)
        return cover, seen.end("Anode charge-transfer resistance [Ohm.m2]")

    at_2 = {current: arc(current, 2) for current in (0.1, 0.2, 0.5, 1.0)}
    covers = [cover[-1] for cover, _ in at_2.values()]
    assert covers == sorted(covers)
    assert covers[1] == pytest.approx(0.6, abs=0.05)
    assert covers[0] < 0.45 and covers[2] > 0.85 and covers[3] > 0.97
    for cover, _ in at_2.values():
        assert cover[2] == pytest.approx(cover[1], rel=0.01)  # set within the first steps
    arcs = [resistance for _, resistance in at_2.values()]
    assert arcs[0] > arcs[1] > 1.4 * arcs[2] and arcs[2] < 1.15 * arcs[3]
    other = arc(0.2, 0.1)[0]
    assert other[-1] == pytest.approx(at_2[0.2][0][-1], rel=1e-6)


@settings(max_examples=3, deadline=None)
@given(j=st.floats(0.2, 5), factor=st.floats(1.1, 5), pressure=st.floats(0.01, 10))
def test_coverage_rises_with_current_and_not_with_pressure(stack, j, factor, pressure):
    def cover(current, p):
        overrides = BARE | {"stack.pressure": f"{p} MPa"}
        return stack([(-current, 3 * Q_N / current)], overrides).end("Anode touching fraction")

    assert cover(j * factor, 2) > cover(j, 2)
    assert cover(j, pressure) == pytest.approx(cover(j, 2), rel=1e-6)
