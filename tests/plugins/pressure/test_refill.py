"""The other two closures for what an interface can refill: bulk creep, vacancy diffusion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from twin import FARADAY, GAS_CONSTANT

F, R, T_REF = FARADAY, GAS_CONSTANT, 298.15
V_M = 2.375e-5
H_0 = 2e-6
HOUR = 3600.0
MPA = 1e6

CREEP = {
    "modes.pressure.voids.refill": "bulk-creep",
    "anode.material.creep_rate": "0.53 1/s",
    "anode.material.creep_exponent": 5.0,
    "anode.material.creep_reference_stress": "1 MPa",
    "anode.material.creep_activation_energy": "45 kJ/mol",
}

# A half-space: sinks so far away that no test reaches them. D t is (0.5 mm)^2 at 10 s.
D, C_EQ, SINK = 2.5e-8, 1.0, 1.0
HALF_SPACE = {
    "modes.pressure.voids.refill": "vacancy-diffusion",
    "modes.pressure.voids.reference_height": "20 um",
    "modes.pressure.vacancies.diffusivity": f"{D} m^2/s",
    "modes.pressure.vacancies.activation_volume": "0 m^3/mol",
    "modes.pressure.vacancies.equilibrium_concentration": f"{C_EQ} mol/m^3",
    "modes.pressure.vacancies.sink_distance": f"{SINK} m",
    "modes.pressure.vacancies.nucleation_supersaturation": 1e6,
    "stack.pressure": "1 Pa",
    "modes.pressure.contact.hardness": "1e-3 Pa",
}
NARROW = {"modes.pressure.voids.reference_height": "2 um"}


def vacancies(**changes):
    return HALF_SPACE | {f"modes.pressure.vacancies.{k}": v for k, v in changes.items()}


# ------------------------------------------------------------ bulk creep


def test_creep_refills_by_nortons_law(stack):
    pressure, height = 0.163e6, 100e-6
    seen = stack([(0.0, 1)], CREEP | {"stack.pressure": "0.163 MPa", "anode.thickness": "100 um"})
    exact = F / V_M * height * 0.53 * (pressure / MPA) ** 5
    found = seen.end("Anode refill current density [A.m-2]")
    assert found == pytest.approx(exact, rel=1e-9)
    # 0.163 MPa carries 2.5 mA/cm2 over 100 um: sixty times less than was measured.
    assert found / 10 == pytest.approx(2.5, rel=0.02)


def test_creep_refill_is_far_warmer_than_measured(stack):
    cap = {}
    for T in (298.15, 333.15):
        seen = stack([(0.0, 1)], CREEP | {"thermal.ambient": f"{T} K"})
        cap[T] = seen.end("Anode refill current density [A.m-2]")
    ratio = cap[333.15] / cap[298.15]
    assert ratio == pytest.approx(math.exp(-45e3 / R * (1 / 333.15 - 1 / 298.15)), rel=1e-9)
    assert ratio > 3 * 1.773


def test_creep_refill_thins_with_the_sodium(stack):
    # u = 1/(1 - phi) grows as j_cap falls with the foil: du/ds = u - r h/h_0.
    # 40 um hold 45 mAh/cm2... of which an hour at 1 mA/cm2 takes a fifth.
    pressure = 0.16e6
    seen = stack(
        [(10.0, HOUR)],
        CREEP | {"stack.pressure": f"{pressure} Pa", "anode.thickness": "40 um"},
    )
    left = seen["Anode sodium thickness [m]"]
    assert left[-1] == pytest.approx(40e-6 - V_M * 10 * HOUR / F, rel=1e-7)
    exact = F / V_M * left * 0.53 * (pressure / MPA) ** 5
    assert seen["Anode refill current density [A.m-2]"] == pytest.approx(exact, rel=1e-7)


# ------------------------------------------------------------ vacancy diffusion


def excess(t, j, distance=SINK):
    """``(j l/(F D)) erf(sqrt(D t)/l)`` over ``c_eq``."""
    return j * distance / (F * D * C_EQ) * erf(np.sqrt(D * t) / distance)


def test_vacancies_accumulate_as_sand_says(stack, limit):
    # c_s - c_eq = 2 (j/F) sqrt(t/(pi D)), to the accuracy of the grid of waves.
    j, t = 10.0, np.geomspace(2, 2000, 12)
    seen = stack([(j, 2000.0)], vacancies())
    found = seen.at("Anode vacancy supersaturation", t) - 1
    limit("E13 accumulation", found, 2 * j / F * np.sqrt(t / (np.pi * D)) / C_EQ, 2e-5)
    assert (seen["Anode void height [m]"] == 0).all()


def test_sinks_bound_the_supersaturation(stack):
    j, distance = 10.0, 1e-3
    t = np.geomspace(2, 2000, 12)
    seen = stack([(j, 2000.0)], vacancies(sink_distance="1 mm"))
    found = seen.at("Anode vacancy supersaturation", t) - 1
    assert found == pytest.approx(excess(t, j, distance), rel=2e-5)
    assert found[-1] == pytest.approx(j * distance / (F * D * C_EQ), rel=2e-5)


def test_vacancies_relax_as_two_steps_superpose(stack):
    # The memory is linear: after the current stops, the excess is the difference of two.
    j, on = 10.0, 100.0
    seen = stack([(j, on), (0.0, 400.0)], vacancies())
    t = np.array([20.0, 100.0, 400.0])
    exact = excess(on + t, j) - excess(t, j)
    found = seen.at("Anode vacancy supersaturation", on + t) - 1
    assert found == pytest.approx(exact, rel=2e-5)


def test_collapse_comes_after_a_time_of_the_inverse_square(stack, limit):
    # t = pi D (F (S - 1) c_eq/(2 j))^2: from the void's own growth, which starts there.
    S, times = 5.0, []
    for j in (20.0, 40.0, 80.0):
        exact = math.pi * D * (F * C_EQ * (S - 1) / (2 * j)) ** 2
        seen = stack([(j, 3 * exact)], vacancies(nucleation_supersaturation=S))
        fine = np.linspace(0.9, 1.1, 20001) * exact
        voided = seen.at("Anode void state", fine) > 1e-12
        times.append(fine[np.argmax(voided)])
        assert times[-1] == pytest.approx(exact, rel=1e-3)
        # From then on the surface stays at S, and the voids take the rest.
        assert seen["Anode vacancy supersaturation"].max() == pytest.approx(S, rel=1e-6)
    slope = np.polyfit(np.log([20, 40, 80]), np.log(times), 1)[0]
    limit("E13 collapse ~ j^-2", slope, -2, 5e-4)


def test_below_the_sinks_current_there_are_never_voids(stack):
    S, distance = 2.0, 1e-4
    critical = F * D * C_EQ * (S - 1) / distance
    changes = {"sink_distance": "100 um", "nucleation_supersaturation": S}
    below = stack([(0.99 * critical, 20.0)], vacancies(**changes) | NARROW)
    above = stack([(1.1 * critical, 20.0)], vacancies(**changes) | NARROW)
    assert (below["Anode void height [m]"] == 0).all()
    assert above.end("Anode void height [m]") > 0
    # Steady, what the metal takes is the critical current.
    rest = above.end("Anode absorbed vacancy current density [A.m-2]")
    assert rest == pytest.approx(critical, rel=1e-3)


def test_what_the_metal_does_not_take_goes_into_voids(stack):
    S = 3.0
    seen = stack([(40.0, 60.0)], vacancies(nucleation_supersaturation=S))
    into = seen["Anode void growth current density [A.m-2]"]
    taken = seen["Anode absorbed vacancy current density [A.m-2]"]
    assert into + taken == pytest.approx(40.0, rel=1e-9)
    volume = V_M / F * np.trapezoid(into, seen.t)
    assert seen.end("Anode void height [m]") == pytest.approx(volume, rel=2e-2)


def test_pressure_lifts_what_vacancies_condense_to(stack):
    # No barrier: the steady current is (F D/l) (exp(p V_m/R T) - 1) c_eq, linear in p.
    found = {}
    for pressure in (1e6, 4e6):
        overrides = vacancies(sink_distance="20 um", nucleation_supersaturation=1.0) | NARROW
        overrides |= {"stack.pressure": f"{pressure} Pa"}
        seen = stack([(40.0, 1.0)], overrides)
        found[pressure] = seen.end("Anode absorbed vacancy current density [A.m-2]")
        lifted = math.expm1(pressure * V_M / (R * T_REF))
        assert found[pressure] == pytest.approx(F * D / 20e-6 * lifted * C_EQ, rel=1e-3)
    assert found[4e6] / found[1e6] == pytest.approx(4, rel=0.02)


def test_pressure_hardly_slows_self_diffusion(stack):
    # exp(-p dV/R T) = 0.955 at 9 MPa and 12.6 cm3/mol.
    t, j = 50.0, 10.0
    found = []
    for volume in ("0 cm^3/mol", "12.6 cm^3/mol"):
        seen = stack([(j, t)], vacancies(activation_volume=volume) | {"stack.pressure": "9 MPa"})
        found.append(seen.end("Anode vacancy supersaturation") - 1)
    # c ~ D^-1/2 while the sinks are far.
    assert (found[0] / found[1]) ** 2 == pytest.approx(0.955, abs=1e-3)


def test_voids_by_vacancies_heal_at_rest_under_pressure(stack):
    overrides = vacancies(sink_distance="20 um", nucleation_supersaturation=1.0) | NARROW
    overrides |= {
        "stack.pressure": "5 MPa",
        "modes.pressure.voids.shut_height": "1 nm",
    }
    seen = stack([(40.0, 600.0), (0.0, 600.0)], overrides, rtol=1e-8, atol=1e-10)
    void = seen["Anode void height [m]"]
    peak = seen.at("Anode void height [m]", 600.0)
    assert void[-1] < 0.9 * peak
    assert void.min() > -1e-12


def test_plating_takes_the_excess_away_and_no_more(stack):
    # The reversed current superposes until the surface is back at equilibrium, after a
    # third of the time (sqrt(on + t) = 2 sqrt(t)); from then on it adds to the lattice.
    j, on = 10.0, 100.0
    seen = stack([(j, on), (-j, on)], vacancies())
    t = np.array([1.0, 10.0, 30.0])
    found = seen.at("Anode vacancy supersaturation", on + t) - 1
    assert found == pytest.approx(excess(on + t, j) - 2 * excess(t, j), rel=1e-4)
    t = np.array([34.0, 50.0, 100.0])
    assert seen.at("Anode vacancy supersaturation", on + t) == pytest.approx(1, abs=1e-6)


# ------------------------------------------------------------ signs


@settings(max_examples=3, deadline=None)
@given(
    closure=st.sampled_from(["empirical", "bulk-creep", "vacancy-diffusion"]),
    pressure=st.floats(0.1, 15),
    more=st.floats(0.1, 10),
    temperature=st.floats(0, 60),
    warmer=st.floats(1, 30),
)
def test_refill_grows_with_pressure_and_temperature(
    stack, closure, pressure, more, temperature, warmer
):
    def capacity(p, T):
        overrides = {
            "modes.pressure.voids.refill": closure,
            "modes.pressure.voids.refill_current": "0.5 A/m^2",
            "modes.pressure.voids.refill_per_pressure": "2.8e-6 A/(m^2*Pa)",
            "anode.thickness": "100 um",
            "stack.pressure": f"{p} MPa",
            "thermal.ambient": f"{T} degC",
        }
        return stack([(0.0, 1)], overrides).end("Anode refill current density [A.m-2]")

    base = capacity(pressure, temperature)
    assert capacity(pressure + more, temperature) > base > 0
    assert capacity(pressure, temperature + warmer) > base
