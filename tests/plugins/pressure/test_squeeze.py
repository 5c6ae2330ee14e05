"""Relaxation and thinning of sodium against the friction of its faces."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from twin_pressure.squeeze import constraint_factor

from twin.constants import FARADAY

MPA, HOUR = 1e6, 3600.0
AREA = 1.131e-4  # m2, the library's pellet
FREE = {
    "modes.pressure.stack.creep_relaxation": "constrained",
    "modes.pressure.stack.friction": 0.0,
    "anode.material.creep_reference_stress": "1 MPa",
}


def norton(rate, n):
    return {"anode.material.creep_rate": f"{rate} 1/s", "anode.material.creep_exponent": n}


# ------------------------------------------------------------ the factor


def test_a_newtonian_disc_is_stefans():
    # p = 3 eta R^2 v/(2 h^3) against s = 3 eta v/h: half of (R/h)^2.
    assert constraint_factor(1.0, 7.0, 1.0) - 1 == pytest.approx(49 / 2, rel=1e-12)


def test_a_plastic_disc_is_hills():
    # 1 + m d/(3 sqrt(3) h) as n goes to infinity.
    for friction in (0.3, 1.0):
        exact = 1 + friction * 2 * 7.0 / (3 * math.sqrt(3))
        assert constraint_factor(1e7, 7.0, friction) == pytest.approx(exact, rel=1e-5)


def test_a_power_law_disc_carries_the_integral_of_its_pressure():
    # Q - 1 from the gradient -dp/dr = (2 K/h) [(2 + n) v r/h^2]^(1/n), integrated anew.
    n, slenderness = 5.0, 6.0
    B = 1.0  # s = B e^(1/n); radius 6, height 1, rate v = 1
    K = B * 3 ** (-(1 + 1 / n) / 2)
    r = np.linspace(0, slenderness, 200001)
    gradient = 2 * K * ((2 + n) * r) ** (1 / n)
    mean = np.trapezoid(r**2 * gradient, r) / slenderness**2
    assert constraint_factor(n, slenderness, 1.0) - 1 == pytest.approx(mean / B, rel=1e-6)


# ------------------------------------------------------------ in the stack


@pytest.mark.parametrize("n", [1.0, 5.0])
def test_constant_load_thins_by_nortons_law(stack, n, limit):
    # True stress p e^-e: e = ln(1 + n A p^n t)/n, and e = A p^n t while it is small.
    rate, p = 1e-4, 2.0
    seen = stack([(0.0, HOUR)], FREE | norton(rate, n) | {"stack.pressure": f"{p} MPa"})
    strain = seen["Anode creep strain"]
    exact = np.log1p(n * rate * p**n * seen.t) / n
    limit("E12 creep at constant load", strain, exact, of=exact[-1])
    early = seen.at("Anode creep strain", 1e-2)
    assert early == pytest.approx(rate * p**n * 1e-2, rel=1e-3)
    thinned = 2 * 5e-3 * -np.expm1(-strain)
    assert seen["Stack creep thinning [m]"] == pytest.approx(thinned, rel=1e-9, abs=1e-15)
    assert (seen["Stack pressure [Pa]"] == p * MPA).all()


@pytest.mark.parametrize("friction", [0.0, 0.5, 1.0])
def test_friction_slows_relaxation_at_a_fixed_gap(stack, friction):
    # s^(1-n) = s_0^(1-n) + (n - 1) A E t/Q^n: at a small strain Q stays.
    n, rate, p_0, stiffness, foil = 3.0, 1e-3, 2e6, 1e13, 2e-3
    overrides = FREE | norton(rate, n)
    overrides |= {
        "modes.pressure.stack.friction": friction,
        "anode.thickness": f"{foil} m",
        "stack.pressure": f"{p_0} Pa",
        "stack.fixture": "spring",
        "stack.stiffness": f"{stiffness} Pa/m",
    }
    seen = stack([(0.0, HOUR)], overrides)
    Q = constraint_factor(n, math.sqrt(AREA / math.pi) / foil, friction)
    assert seen["Anode constraint factor"][0] == pytest.approx(Q, rel=1e-5)
    A, E = rate / MPA**n / Q**n, stiffness * 2 * foil
    exact = (p_0 ** (1 - n) + (n - 1) * A * E * seen.t) ** (1 / (1 - n))
    assert seen["Stack pressure [Pa]"] == pytest.approx(exact, rel=2e-3)
    assert exact[-1] < 0.5 * p_0


def test_friction_at_rest_never_helps_relaxation(stack):
    left = []
    for friction in (0.0, 0.3, 1.0):
        overrides = FREE | norton(1e-4, 5.0)
        overrides |= {
            "modes.pressure.stack.friction": friction,
            "anode.thickness": "200 um",
            "stack.pressure": "3 MPa",
            "stack.fixture": "rigid",
            "anode.material.youngs_modulus": "4.6 GPa",
        }
        left.append(stack([(0.0, HOUR)], overrides).end("Stack pressure [Pa]"))
    assert left == sorted(left) and left[-1] > 2 * left[0]


# ------------------------------------------------------------ sodium foil on beta''-alumina
# Wang et al. 2020 (Materialia 100792): a foil of 1.5 mm and 6.35 mm diameter, loaded at
# 1.22e-3 1/s to 3 MPa over its first area, then (a) the gap held: 0.6 MPa over the first
# area, 0.27 true; (b) the load held for 48 h: more than half its height lost, 1.02 MPa true.
# Nothing is fitted to (a) or (b): the creep law is their tension's, the friction factor
# that of the flow stress at 20 % strain, both in the library.

HEIGHT, RADIUS, LOAD = 1.5e-3, 3.175e-3, 3.0
A, N = 0.53, 5.0


def foil(make_cell):
    spec = make_cell("na-base-na")
    material, stack = spec.anode.material, spec.modes["pressure"].stack
    assert (material.creep_rate.si, material.creep_exponent.si) == (A, N)
    return stack.friction.si


def disc(run, make_cell, height, radius, pressure, fixture):
    """One disc: the other side of the cell has no sodium."""
    overrides = {
        "anode.thickness": f"{height} m",
        "anode.counter_thickness": "0 m",
        "geometry.area": f"{math.pi * radius**2} m^2",
        "stack.pressure": f"{pressure} MPa",
        "stack.fixture": fixture,
        "modes.pressure.stack.creep_relaxation": "constrained",
    }
    return run(make_cell("na-base-na", overrides), [(0.0, 48 * HOUR)], ("pressure",))


def test_flow_stress_of_a_foil_gives_the_friction_factor(make_cell):
    height = 0.8
    Q = constraint_factor(N, RADIUS / HEIGHT * height**-1.5, foil(make_cell))
    flow = Q * (1.22e-3 / height / A) ** (1 / N)
    assert flow == pytest.approx(0.59, abs=0.01)


def test_relaxation_of_a_held_foil_is_predicted_low(make_cell, run):
    # A miss: 0.27 MPa true was measured, of an unknown time. Free creep leaves 0.013 after an
    # hour; friction brings it to 0.06, sticking faces (m = 1) would to 0.12.
    squeezed = 0.27 / 0.6
    height, radius = HEIGHT * squeezed, RADIUS * squeezed**-0.5
    seen = disc(run, make_cell, height, radius, LOAD * squeezed, "rigid")
    left = seen.at("Stack pressure [Pa]", np.array([600.0, HOUR, 48 * HOUR])) / MPA
    Q = constraint_factor(N, radius / height, foil(make_cell))
    E = 4.6e3 / (1 + (0.5e-3 / height) * 4.6e3 / 200e3)
    exact = ((LOAD * squeezed) ** -4 + 4 * A * E * HOUR / Q**5) ** -0.25
    assert left[1] == pytest.approx(exact, rel=0.01)
    assert exact == pytest.approx(0.064, abs=0.003)
    free = ((LOAD * squeezed) ** -4 + 4 * A * E * HOUR) ** -0.25
    assert free == pytest.approx(0.013, abs=0.001)
    assert (left < 0.27).all() and left[0] > 1.5 * left[1] > 3 * free


def test_thinning_of_a_loaded_foil(make_cell, run):
    # More than half its height is lost, as measured; 0.64 MPa true against 1.02: low by a third.
    friction = foil(make_cell)
    seen = disc(run, make_cell, HEIGHT, RADIUS, LOAD, "constant-force")

    def rate(_, e):
        Q = constraint_factor(N, RADIUS / HEIGHT * np.exp(1.5 * e), friction)
        return A * (LOAD * np.exp(-e) / Q) ** N

    alone = solve_ivp(rate, (0, 48 * HOUR), [0.0], method="LSODA", rtol=1e-10, atol=1e-12)
    strain = seen.end("Anode creep strain")
    assert strain == pytest.approx(alone.y[0, -1], rel=1e-4)
    assert -math.expm1(-strain) > 0.5
    assert LOAD * math.exp(-strain) / 1.02 == pytest.approx(0.63, abs=0.03)


# ------------------------------------------------------------ by default


@pytest.mark.parametrize("fixture", ["constant-force", "spring", "rigid"])
def test_metal_creeps_by_default_where_the_gap_is_not_free(make_cell, build, fixture):
    spec = make_cell("na-nzsp-na", {"stack.fixture": fixture, "stack.stiffness": "1e12 Pa/m"})
    names = {str(state) for state in build(spec, ["pressure"]).rhs}
    creeps = any("creep strain" in name for name in names)
    assert creeps == (fixture != "constant-force")


def test_a_rigid_fixture_no_longer_swings_by_hundreds_of_megapascal(make_cell, run):
    # 0.04 to 410 MPa without creep, up to 9.1 with it, in one cycle of the reference cell.
    spec = make_cell("na-nzsp-nvp", {"stack.fixture": "rigid"})
    seen = run(spec, [(-2.0, 4 * HOUR), (2.0, 3.8 * HOUR)], ["pressure"], model="spm")
    pressure = seen["Stack pressure [Pa]"] / MPA
    assert 0 < pressure.min() < 5 < pressure.max() < 15


@pytest.mark.parametrize(
    "own",
    [
        {"voids.refill_current": "0.05 mA/cm^2"},
        {"voids.following_pressure": "0.2 MPa"},
        {"voids.refill": "vacancy-diffusion", "vacancies.nucleation_supersaturation": 50},
    ],
)
def test_what_a_rigid_gap_does_not_follow_is_a_gap(make_cell, run, own):
    """Whatever could refill: a fixture does not pull, so all that is stripped stays open."""
    steps = [(-2.0, 4 * HOUR), (2.0, 3.8 * HOUR)]
    spec = make_cell("na-nzsp-nvp", {"stack.fixture": "rigid"})
    seen = run(spec, steps, ["pressure"], model="spm")
    other = {"stack.fixture": "rigid"} | {
        f"modes.pressure.{key}": value for key, value in own.items()
    }
    beside = run(make_cell("na-nzsp-nvp", other), steps, ["pressure"], model="spm")
    gap = seen["Anode void height [m]"].max()
    assert gap == pytest.approx(beside["Anode void height [m]"].max(), rel=1e-2)
    assert beside["Stack pressure [Pa]"].min() > -100.0  # of 240 MPa drawn, the solver's share
    # The room that is stripped, less what the cathode and the sodium squeezed out make of it.
    stripped = 2.0 * 3.8 * HOUR / FARADAY * spec.anode.material.molar_volume.si
    assert 0 < gap < stripped


def test_an_alloy_that_flows_is_squeezed_too(make_cell, run):
    # The same law, with its electrode's thickness: de/dt = A (p e^-e/Q)^n.
    steps = [(-2.0, HOUR)]
    rigid = {"stack.fixture": "rigid", "thermal.ambient": "25 degC"}
    spec = make_cell("nasn-nbh-nco", rigid)
    off = make_cell("nasn-nbh-nco", rigid | {"modes.pressure.stack.creep_relaxation": "off"})
    flows = run(spec, steps, ["pressure"], model="spm")
    holds = run(off, steps, ["pressure"], model="spm")
    assert flows.end("Stack pressure [Pa]") < holds.end("Stack pressure [Pa]")
    metal, height = spec.anode.material, spec.anode.thickness.si
    n = metal.creep_exponent.si
    Q = constraint_factor(
        n,
        math.sqrt(spec.geometry.area.si / math.pi) / height,
        spec.modes["pressure"].stack.friction.si,
    )
    assert flows["Anode constraint factor"][0] == pytest.approx(Q, rel=1e-6)
    slope = np.gradient(flows["Anode creep strain"], flows.t)[1]
    stress = flows["Stack pressure [Pa]"][1] / Q / metal.creep_reference_stress.si
    assert slope == pytest.approx(metal.creep_rate.si * stress**n, rel=0.05)
