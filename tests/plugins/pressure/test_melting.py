"""Above its melting point sodium neither creeps nor voids, and wets as its angle says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HOUR, MPA = 3600.0, 1e6
T_M = 370.97
MELT = {
    "modes.pressure.melting.contact_angle": "120 degree",
    "modes.pressure.melting.wetting_temperature": "285 degC",
    "modes.pressure.melting.surface_tension": "0.2 N/m",
    "modes.pressure.melting.valley_width": "1 um",
    "modes.pressure.melting.closing_time": "1 s",
}


def at(celsius):
    return MELT | {"thermal.ambient": f"{celsius} degC"}


@pytest.mark.parametrize(("celsius", "share"), [(25, 0), (94, 0), (97.82, 0.5), (102, 1)])
def test_melting_is_a_narrow_switch(stack, celsius, share):
    seen = stack([(0.0, 1)], at(celsius))
    assert seen.end("Anode liquid fraction") == pytest.approx(share, abs=1e-6)


def test_below_melting_nothing_is_changed_to_the_last_bit(stack):
    # 25 degC: the switch is exactly off, whatever the melt would do.
    steps = [(3.0, HOUR)]
    one, other = (
        stack(steps, at(25) | {"modes.pressure.melting.contact_angle": angle})
        for angle in ("10 degree", "170 degree")
    )
    assert np.array_equal(one["Voltage [V]"], other["Voltage [V]"])
    assert one.end("Anode void height [m]") > 1e-6


@pytest.mark.parametrize("pressure", [0.05, 0.5, 5.0])
def test_a_melt_that_does_not_wet_is_pressed_into_the_wider_valleys(stack, pressure):
    # Washburn's radius -2 gamma cos(a)/p against an exponential spread of widths.
    T = 150 + 273.15
    cosine = -0.5 * (285 + 273.15 - T) / (285 + 273.15 - T_M)
    exact = math.exp(2 * 0.2 * cosine / (pressure * MPA * 1e-6))
    seen = stack([(0.0, 1)], at(150) | {"stack.pressure": f"{pressure} MPa"})
    assert seen.end("Anode touching fraction") == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("case", ["hot", "coated"])
def test_a_melt_that_wets_touches_everywhere_without_pressure(stack, case):
    overrides = at(300) if case == "hot" else at(115)
    if case == "coated":
        overrides |= {"modes.pressure.melting.contact_angle": "60 degree"}
    seen = stack([(0.0, 1)], overrides | {"stack.pressure": "0 Pa"})
    assert seen.end("Anode touching fraction") == pytest.approx(1, abs=1e-9)


def test_a_melt_that_does_not_wet_touches_nowhere_without_pressure(stack):
    seen = stack([(0.0, 1)], at(115) | {"stack.pressure": "0 Pa"})
    assert seen.end("Anode touching fraction") < 1e-12


def test_molten_sodium_makes_no_voids(stack):
    # 10 mA/cm2 for hours, without anything to refill: solid sodium would be gone.
    seen = stack([(100.0, 10 * HOUR)], at(300))
    assert np.abs(seen["Anode void height [m]"]).max() < 1e-15
    assert seen["Anode touching fraction"] == pytest.approx(1, abs=1e-9)


def test_molten_sodium_does_not_creep(stack):
    creeping = {
        "modes.pressure.stack.creep_relaxation": "norton",
        "stack.fixture": "spring",
        "stack.stiffness": "1e11 Pa/m",
        "stack.pressure": "2 MPa",
        "anode.thickness": "200 um",
    }
    solid, molten = (stack([(0.0, HOUR)], at(T) | creeping) for T in (90, 110))
    assert solid.end("Stack pressure [Pa]") < 1e6
    assert molten.end("Stack pressure [Pa]") == pytest.approx(2e6, rel=1e-6)


def test_heating_through_the_melting_point_fills_the_voids(make_cell, run):
    # A lumped cell that strips cold, is warmed by its surroundings, and goes on.
    import pybamm

    spec = make_cell(
        "na-base-na",
        MELT
        | {
            "thermal.model": "lumped",
            "thermal.heat_transfer": "50 W/(m^2*K)",
            "stack.pressure": "0.5 MPa",
            "modes.pressure.voids.refill_current": "0 A/m^2",
            "modes.pressure.voids.refill_per_pressure": "0 A/(m^2*Pa)",
            "anode.material.creep_rate": "0 1/s",
        },
    )
    area = spec.geometry.area.si
    hot = 150 + 273.15
    steps = [
        pybamm.step.current(3.0 * area, duration=HOUR, temperature=298.15),
        pybamm.step.current(3.0 * area, duration=HOUR, temperature=hot),
    ]
    seen = run(spec, steps, ("pressure",), rtol=1e-6, atol=1e-8)
    assert seen.at("Anode void height [m]", HOUR) > 1e-6
    assert abs(seen.end("Anode void height [m]")) < 1e-12
    assert seen.end("Volume-averaged cell temperature [K]") > T_M + 10
    assert seen.end("Anode touching fraction") > seen.at("Anode touching fraction", HOUR)


@settings(max_examples=3, deadline=None)
@given(
    angle=st.floats(95, 170),
    sharper=st.floats(1, 60),
    pressure=st.floats(0.01, 5),
    more=st.floats(0.01, 5),
)
def test_wetting_grows_with_pressure_and_falls_with_the_angle(
    stack, angle, sharper, pressure, more
):
    def wetted(a, p):
        overrides = at(120) | {
            "modes.pressure.melting.contact_angle": f"{a} degree",
            "stack.pressure": f"{p} MPa",
        }
        return stack([(0.0, 1)], overrides).end("Anode wetted fraction")

    base = wetted(angle, pressure)
    assert wetted(angle, pressure + more) >= base
    assert wetted(angle - sharper, pressure) >= base
