"""Sodium pressed through a cold-pressed pellet: a short without any current."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin

MPA, HOUR, A, N = 1e6, 3600.0, 0.53, 5.0
PRESSED = {
    "modes.pressure.extrusion.pellet": "pressed",
    "modes.pressure.extrusion.onset": "20 MPa",
    "modes.pressure.extrusion.channel_radius": "10 um",
    "anode.material.creep_rate": f"{A} 1/s",
    "anode.material.creep_exponent": N,
    "anode.material.creep_reference_stress": "1 MPa",
}
DEPTH = "Anode extrusion depth [m]"


def depth(over, t, a=10e-6, n=N, rate=A):
    """``l`` after ``t`` [s] at ``over`` [MPa] above onset."""
    g = (n + 1) / (n + 3) * 3 ** ((n + 1) / 2) * rate * (over / 2) ** n * t
    return a * ((1 + g) ** (1 / (n + 1)) - 1)


@pytest.mark.parametrize("n", [1.0, 5.0])
def test_depth_grows_as_a_power_law_fluid_in_a_pipe(stack, n):
    overrides = PRESSED | {"stack.pressure": "45 MPa", "anode.material.creep_exponent": n}
    seen = stack([(0.0, HOUR)], overrides)
    t = np.geomspace(10, HOUR, 6)
    assert seen.at(DEPTH, t) == pytest.approx(depth(25, t, n=n), rel=1e-6)
    assert seen["Cathode extrusion depth [m]"] == pytest.approx(seen[DEPTH], rel=1e-9)


def test_a_newtonian_fluid_enters_as_washburns(stack):
    # l^2 = a^2 p t/(4 eta) far beyond the mouth; eta = 1/(3 A).
    overrides = PRESSED | {"stack.pressure": "45 MPa", "anode.material.creep_exponent": 1.0}
    found = stack([(0.0, HOUR)], overrides).end(DEPTH) + 10e-6
    assert found == pytest.approx(10e-6 * (25 * HOUR * 3 * A / 4) ** 0.5, rel=1e-3)


def test_nothing_enters_below_onset_nor_a_dense_electrolyte(stack):
    seen = stack([(0.0, 10 * HOUR)], PRESSED | {"stack.pressure": "20 MPa"})
    assert (seen[DEPTH] == 0).all()
    dense = {"modes.pressure.extrusion.pellet": "dense", "stack.pressure": "70 MPa"}
    assert DEPTH not in stack([(0.0, 1)], PRESSED | dense).model.variables


def test_a_hot_electrode_enters_deeper_until_it_melts(stack):
    found = [
        stack([(0.0, HOUR)], PRESSED | {"stack.pressure": "45 MPa", "thermal.ambient": T}).end(
            DEPTH
        )
        for T in ("25 degC", "60 degC", "110 degC")
    ]
    assert found[1] > 1.2 * found[0] > 0
    assert found[2] < 1e-9


def short(spec, thickness):
    """Pressure [MPa] at which ten minutes press sodium through ``thickness`` [m]."""
    own, material = spec.modes["pressure"].extrusion, spec.anode.material
    a, n, rate = own.channel_radius.si, material.creep_exponent.si, material.creep_rate.si
    over = np.arange(0.1, 100, 0.1)
    through = depth(over, 600, a, n, rate) > thickness
    return own.onset.si / MPA + over[np.argmax(through)]


def test_a_thin_pellet_shorts_at_less_pressure_than_a_thick_one(make_cell):
    # Brighi 2022: 0.58 mm shorted at 19.5 MPa (the onset is fitted to that), 0.78 mm and
    # more at 50-70 MPa. The order comes out; the pressures, 22 and 32 MPa, are half of those
    # measured: a miss.
    spec = make_cell("na-base-na")
    thin, usual, thick = (short(spec, x) for x in (0.58e-3, 0.78e-3, 1.42e-3))
    assert thin == pytest.approx(19.5, abs=0.5)
    assert thin < usual < thick
    assert usual / 55 == pytest.approx(0.41, abs=0.03)


@pytest.fixture(scope="module")
def shorted():
    """Leave a pressed cell alone until it shorts; return when [h]."""

    def wait(rtol, atol):
        run = twin.simulate(
            "na-base-na",
            cycles=10,
            overrides={
                "electrolyte.thickness": "0.58 mm",
                "stack.pressure": "18.2 MPa",
                "modes.pressure.extrusion.pellet": "pressed",
            },
            modes=["pressure"],
            store="sqlite://",
            rtol=rtol,
            atol=atol,
            series_every=0,
        )
        outcome = run.outcome
        assert (outcome.kind, outcome.mode) == ("cell-failed", "pressure")
        assert outcome.criterion in ("anode extruded through", "cathode extruded through")
        assert "without current" in outcome.says
        return outcome.time_h

    return wait


def test_the_short_ends_a_run_when_the_closed_form_says(shorted, make_cell, limit):
    own = make_cell("na-base-na").modes["pressure"].extrusion
    a, over = own.channel_radius.si, 18.2 - own.onset.si / MPA
    g = (1 + 0.58e-3 / a) ** (N + 1) - 1
    seconds = g / ((N + 1) / (N + 3) * 27 * A * (over / 2) ** N)
    usual, tight = shorted(1e-4, 1e-6), shorted(1e-8, 1e-10)
    assert seconds < 15 * HOUR
    assert usual == pytest.approx(seconds / HOUR, rel=1e-3)
    limit("E24 extruded through, tolerance", usual, tight, 1e-3)


@settings(max_examples=3, deadline=None)
@given(pressure=st.floats(21, 60), more=st.floats(0.5, 20))
def test_depth_never_falls_and_grows_with_pressure(stack, pressure, more):
    seen = [
        stack([(0.0, 600)], PRESSED | {"stack.pressure": f"{p} MPa"}, rtol=1e-8, atol=1e-10)
        for p in (pressure, pressure + more)
    ]
    assert (np.diff(seen[0][DEPTH]) >= 0).all()
    assert seen[1].end(DEPTH) > seen[0].end(DEPTH)
