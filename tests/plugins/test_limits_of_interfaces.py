"""The exact limits of interphase, delamination and blocking, each with its worst error.

They are numbered as in docs/verification.md (2, 3, 14, 15, 18, 19, 23); ``pytest --errors
FILE`` writes the errors down.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import erfi
from twin_blocking.spacecharge import barrier_factor
from twin_delamination.cohesive import BilinearLaw
from twin_delamination.mechanics import biaxial_modulus, bilayer_curvature, release_rate

from twin import FARADAY, GAS_CONSTANT

F, R, T_REF = FARADAY, GAS_CONSTANT, 298.15
VACUUM, CHARGE = 8.8541878128e-12, 1.602176634e-19
HOUR = 3600.0
TIGHT = {"rtol": 1e-10, "atol": 1e-13}


@pytest.fixture(scope="module")
def cell(make_cell, run):
    """Solve steps of a symmetric cell with one mode, changed as a test wants it."""

    def solve(mode, overrides, steps=((0.0, 1.0),), **solver):
        wide = {"anode.thickness": "5 mm", "window.lower": "-1e5 V", "window.upper": "1e5 V"}
        spec = make_cell("na-nzsp-na", wide | overrides)
        return run(spec, steps, [mode] if mode else [], **(TIGHT | solver))

    return solve


def table(prefix, **values):
    return {f"modes.{prefix}.{key}": value for key, value in values.items()}


# ------------------------------------------------------------ E2, E3: interphase


def interphase(start=5e-9, k_r=1e-12, k_p=1e-20, **more):
    return table(
        "interphase.anode",
        **{
            "kind": "insulating",
            "initial_thickness": f"{start} m",
            "rate_constant": f"{k_r} m/s",
            "parabolic_constant": f"{k_p} m^2/s",
            "stability_limit": "1.1 V",
            "reference_drive": "1.1 V",
            "conductivity": "1e-5 S/m",
            "molar_volume": "4e-5 m^3/mol",
            "electrons": 2.0,
        }
        | more,
    )


@pytest.mark.parametrize(
    ("name", "start", "k_r", "k_p"),
    [
        ("E2 parabolic", 1e-12, 1e-3, 1e-20),
        ("E2 linear", 5e-9, 1e-12, 1e-5),
        ("E2 mixed", 5e-9, 1e-12, 1e-20),
        ("E2 crossover t*", 1e-14, 1e-12, 1e-20),
    ],
)
def test_growth(cell, limit, name, start, k_r, k_p):
    span = 2 * k_p / k_r**2 if "crossover" in name else 1e4 * HOUR
    seen = cell("interphase", interphase(start, k_r, k_p), [(0.0, span)])
    t = np.linspace(0.05, 1, 12) * span
    exact = -k_p / k_r + np.sqrt((start + k_p / k_r) ** 2 + 2 * k_p * t)
    if name == "E2 parabolic":
        exact = np.sqrt(2 * k_p * t)
    if name == "E2 linear":
        exact = start + k_r * t
    if "crossover" in name:
        assert k_r * span == pytest.approx(math.sqrt(2 * k_p * span))
    limit(name, seen.at("Anode interphase thickness [m]", t), exact)


@pytest.mark.parametrize("transport", ["migration", "interstitial"])
def test_wagner_and_interstitials_are_one_constant(cell, limit, transport):
    # k_p = Omega sigma_amb w/(z F) = Omega c D/z: the same layer at the reference drive.
    sigma_e, sigma_i, drive, omega, z = 3e-12, 1e-9, 1.1, 4e-5, 2.0
    ambipolar = sigma_e * sigma_i / (sigma_e + sigma_i)
    k_p = omega * ambipolar * drive / (z * F)
    if transport == "interstitial":
        carriers = ambipolar * drive / F  # c D
        k_p = omega * carriers / z
    seen = cell(
        "interphase", interphase(1e-12, 1e-3, k_p, transport=transport), [(0.0, 100 * HOUR)]
    )
    t = np.linspace(10, 100, 5) * HOUR
    # i_d = sigma_amb w/L, and L' = Omega i/(z F).
    exact = np.sqrt(2 * omega * ambipolar * drive / (z * F) * t)
    limit(f"E2 {transport}", seen.at("Anode interphase thickness [m]", t), exact)


def test_transports_part_off_the_reference_drive(cell):
    # Plating widens the drive: migration feels it, interstitials do not.
    rate = {}
    for transport in ("migration", "interstitial"):
        overrides = interphase(1e-7, 1e3, 1e-20, transport=transport) | {
            "interfaces.anode.exchange_current": "10 A/m^2"
        }
        seen = cell("interphase", overrides, [(-20.0, 1.0)])
        rate[transport] = seen.end("Anode interphase growth rate [m.s-1]")
    eta = 2 * R * T_REF / F * math.asinh(1)
    assert rate["migration"] / rate["interstitial"] == pytest.approx((1.1 + eta) / 1.1, rel=1e-6)


def test_resistance_and_charge(cell, limit):
    whole = {"interfaces.anode.contains": []}
    seen = cell("interphase", interphase() | whole, [(0.0, 1000 * HOUR)])
    thickness = seen["Anode interphase thickness [m]"]
    limit("E3 R = L/sigma", seen["Anode interphase resistance [Ohm.m2]"], thickness / 1e-5)
    on_top = cell("interphase", interphase(), [(0.0, 1000 * HOUR)])
    added = on_top["Anode interphase resistance [Ohm.m2]"]
    # The native 5 nm are in the measured total.
    limit("E3 what is on top", added, (on_top["Anode interphase thickness [m]"] - 5e-9) / 1e-5)
    later = seen.t > HOUR  # before, the growth is no more than the solver's tolerance
    charge = 2 * F * (thickness[later] - 5e-9) / 4e-5
    limit("E3 charge", seen["Anode sodium lost [C.m-2]"][later], charge)


@pytest.mark.parametrize("contained", [True, False])
def test_self_limiting_growth(cell, limit, contained):
    # t = (L_inf^2/k_p) [-ln((1 - x)/(1 - x_0)) - (x - x_0)]; R in proportion to what has grown.
    end, start, k_p = 20e-9, 5e-9, 1e-20
    seen = cell(
        "interphase",
        interphase(
            kind="self-limiting",
            rate_constant="1e3 m/s",
            limiting_thickness="20 nm",
            limiting_resistance="3 ohm*cm^2",
        )
        | ({} if contained else {"interfaces.anode.contains": []}),
        [(0.0, 200 * HOUR)],
    )
    thickness = seen["Anode interphase thickness [m]"]
    x, x_0 = thickness / end, start / end
    when = end**2 / k_p * (-np.log((1 - x) / (1 - x_0)) - (x - x_0))
    seen_late = (seen.t > HOUR) & (x < 1 - 1e-5)
    limit("E2 self-limiting", when[seen_late], seen.t[seen_late], 1e-5)
    assert thickness[-1] == pytest.approx(end, rel=1e-6)
    grown = thickness - (start if contained else 0)
    added = seen["Anode interphase resistance [Ohm.m2]"]
    limit("E3 self-limiting R", added, 3e-4 * grown / (end - start), 1e-6)
    # As much charge is taken as has grown, and no more.
    limit(
        "E3 self-limiting charge", seen.end("Anode sodium lost [C.m-2]"), 2 * F * 15e-9 / 4e-5, 1e-5
    )


# ------------------------------------------------------------ E14, E15, E23: blocking


def layer(potential, density=1e25, ratio=0.0):
    return (
        table(
            "blocking.space_charge.anode",
            potential=f"{potential!r} V",
            carrier_density=f"{density} 1/m^3",
            relative_permittivity=15.0,
        )
        | table("blocking.separator", resistance_ratio=ratio, field_ageing_rate="0 1/s")
        | {"electrolyte.material.conductivity": "0.1 S/m"}
    )


def width(potential, density=1e25):
    return math.sqrt(2 * 15 * VACUUM * potential / (CHARGE * density))


def test_space_charge(cell, limit):
    found, exact, capacitance = [], [], []
    potentials = (1e-3, 0.05, 0.257, 0.5, 0.9)
    for potential in potentials:
        seen = cell("blocking", layer(potential))
        Y = potential * F / R / T_REF
        factor = math.sqrt(math.pi) / 2 * erfi(math.sqrt(Y)) / math.sqrt(Y)
        found.append(seen.end("Anode space-charge resistance [Ohm.m2]"))
        exact.append(width(potential) / 0.1 * factor)
        capacitance.append(seen.end("Anode space-charge capacitance [F.m-2]"))
    limit("E14 erfi form", found, exact)
    limit("E14 C = eps/w", capacitance, [15 * VACUUM / width(v) for v in potentials])


def test_space_charge_limits(limit):
    Y = np.geomspace(20, 60, 40)
    ratio = barrier_factor(Y) / (np.exp(Y) / (2 * Y))
    assert ((ratio - 1 > 0) & (ratio - 1 < 1 / (2 * Y) * (1 + 2 / Y))).all()
    # The asymptote's own series: 1 + 1/2Y + 3/4Y^2 + 15/8Y^3 + …
    series = sum(math.prod(range(1, 2 * k, 2)) / (2 * Y[-1]) ** k for k in range(12))
    limit("E14 asymptote, in series", ratio[-1], series)
    faint = np.geomspace(1e-12, 1e-3, 20)
    limit("E14 Y -> 0", barrier_factor(faint), 1 + faint / 3 + faint**2 / 10)


def test_layer_ages_with_the_charge_passed(cell, limit):
    # psi_0 = 0.1 V + c q, up and down alike.
    ageing = table("blocking.space_charge.anode", potential_rise="2e-6 V*m^2/C")
    seen = cell("blocking", layer(0.1) | ageing, [(10.0, HOUR), (-10.0, HOUR)])
    psi = 0.1 + 2e-6 * 10 * 2 * HOUR
    Y = psi * F / R / T_REF
    factor = math.sqrt(math.pi) / 2 * erfi(math.sqrt(Y)) / math.sqrt(Y)
    found = seen.end("Anode space-charge resistance [Ohm.m2]")
    limit("E14 aged layer", found, width(psi) / 0.1 * factor)
    fresh = cell("blocking", layer(0.0) | ageing, [(10.0, HOUR)])
    assert np.isfinite(fresh["Voltage [V]"]).all()
    assert (np.diff(fresh["Anode space-charge resistance [Ohm.m2]"]) > 0).all()


ARRHENIUS = {
    "electrolyte.material.conductivity": {
        "law": "arrhenius",
        "form": "plain",
        "reference": "0.5 S/m",
        "activation_energy": "0.30 eV",
        "reference_temperature": "298.15 K",
    }
}


def grains(size, **more):
    return table(
        "blocking.separator",
        **{
            "resistance_ratio": 2.0,
            "reference_temperature": "298.15 K",
            "grain_size": size,
            "reference_grain_size": "1 um",
            "field_ageing_rate": "0 1/s",
        }
        | more,
    )


def test_brick_layer(cell, limit):
    name, plain = "Separator resistance [Ohm.m2]", {"electrolyte.material.conductivity": "0.5 S/m"}
    single = cell("blocking", plain | grains("inf m")).end(name)
    limit("E15 no boundaries", single, 5e-4 / 1.5)
    ratio = cell("blocking", plain | grains("1 um")).end(name) / single - 1
    limit("E15 R_gb/R_b = 2", ratio, 2.0)
    values = []
    for T in (288.15, 308.15):
        overrides = ARRHENIUS | grains("1 fm", activation_energy="0.75 eV")
        seen = cell("blocking", overrides | {"thermal.ambient": f"{T} K"})
        values.append(math.log(seen.end(name)))
    energy = (values[0] - values[1]) / (1 / 288.15 - 1 / 308.15) * R / F
    limit("E15 E_a of boundaries", energy, 0.75)


def binary(t_plus):
    return {
        "electrolyte.material.transport": "binary",
        "electrolyte.material.transference_number": t_plus,
        "electrolyte.material.diffusivity": "2e-11 m^2/s",
        "electrolyte.material.salt_concentration": "1000 mol/m^3",
    }


LIMIT = 2 * F * 2e-11 * 1000 / (0.6 * 5e-4)


def test_limiting_current(cell, limit):
    # The steady profile is a line from 2 c_0 to nought at j_lim: what is left is 1 - j/j_lim.
    relaxed = 40 * 5e-4**2 / 2e-11
    shares = (0.25, 0.9, 0.98)
    seen = [cell("blocking", binary(0.4), [(x * LIMIT, relaxed)]) for x in shares]
    limit("E23 j_lim", [s.end("Limiting current density [A.m-2]") for s in seen], LIMIT)
    left = [s.end("Salt depletion margin") for s in seen]
    limit("E23 salt left", left, [1 - x for x in shares])
    beyond = cell("blocking", binary(0.4), [(1.05 * LIMIT, relaxed)])
    assert "Zero electrolyte concentration" in beyond.termination


def test_sands_time(cell, limit):
    # Far above j_lim the faces do not know of each other: t = pi D (F c_0/2(1 - t+) j)^2.
    j = 20 * LIMIT
    sand = math.pi * 2e-11 * (F * 1000 / (2 * 0.6 * j)) ** 2
    seen = cell(
        "blocking", binary(0.4), [(j, 2 * sand)], rtol=1e-8, atol=1e-10, var_pts={"x_s": 400}
    )
    # The event comes at 2 mol/m3 of 1000, the mesh is 2 % of the layer of depletion.
    limit("E23 Sand's time", seen.t[-1] / sand, (1 - 0.002) ** 2, within=5e-3)


@pytest.mark.parametrize("j", [3.0, -50.0])
def test_single_ion_is_ohmic(cell, limit, j):
    # t+ = 1: j L/sigma and nothing that drifts.
    overrides = grains("1 um") | {"electrolyte.material.conductivity": "0.5 S/m"}
    seen = cell("blocking", overrides, [(j, HOUR)])
    j0 = seen.end("Anode reference exchange current density [A.m-2]")
    eta = 2 * R * T_REF / F * math.asinh(j / (2 * j0))
    series = 2 * seen.end("Anode series resistance [Ohm.m2]")
    exact = -(2 * eta + j * (series + 5e-4 / 0.5))
    limit("E23 ohmic at t+ = 1", seen["Voltage [V]"], exact)


# ------------------------------------------------------------ E18, E19: delamination

E, NU, MISMATCH = 85e9, 0.26, 4e-6
STRAIN, M = MISMATCH * 40, 85e9 / (1 - 0.26)


def bond(temperature=65, **values):
    side = {
        "stress_free_temperature": "298.15 K",
        "strain_lag": "1 min",
        "opening_factor": 1.0,
        "fracture_energy": "1e9 J/m^2",
        "fatigue_factor": 0.0,
        "saturation_exponent": 0.0,
    } | values
    return table("delamination.anode", **side) | {
        "anode.material.youngs_modulus": "85 GPa",
        "anode.material.poisson_ratio": NU,
        "anode.material.yield_strength": "1e9 MPa",
        "anode.material.thermal_expansion": "8.1e-6 1/K",
        "electrolyte.material.thermal_expansion": "4.1e-6 1/K",
        "electrolyte.material.youngs_modulus": "80 GPa",
        "electrolyte.material.poisson_ratio": 0.26,
        "stack.pressure": "0 Pa",
        "thermal.ambient": f"{temperature + 273.15!r} K",
    }


WARM = ((0.0, 2 * HOUR),)


def test_thermal_misfit(cell, limit):
    critical = 2 * E * 1.0 / ((1 - NU**2) * (M * STRAIN) ** 2)
    seen = cell("delamination", bond(layer_thickness=f"{critical!r} m"), WARM)
    limit("E18 sigma = E da dT/(1 - nu)", seen.end("Anode misfit stress [Pa]"), M * STRAIN)
    limit("E18 h_crit", seen.end("Anode opening energy release rate [J.m-2]"), 1.0)
    m, n = critical / 5e-4, M / (80e9 / 0.74)
    bent = 6 * STRAIN * (1 + m) ** 2
    bent /= (critical + 5e-4) * (3 * (1 + m) ** 2 + (1 + m * n) * (m**2 + 1 / (m * n)))
    limit("E18 curvature", seen.end("Anode misfit curvature [m-1]"), bent)
    assert abs(M * STRAIN / 1e6 - 18.4) < 0.05
    assert abs(critical * 1e3 - 0.54) < 0.005
    cold = cell("delamination", bond(25), WARM)
    names = ("misfit stress [Pa]", "opening energy release rate [J.m-2]", "misfit curvature [m-1]")
    limit("E18 nought at dT = 0", [np.abs(cold[f"Anode {x}"]).max() for x in names], 0.0)


def test_curvature_limits(limit):
    # Timoshenko's bimetal of equal halves, 3 eps/2h in all; Stoney's thin film.
    limit("E18 equal plates", bilayer_curvature(1e-4, 1e11, 5e-4, 1e11, 5e-4), 1.5e-4 / 1e-3)
    thin = bilayer_curvature(1e-4, 2e11, 1e-10, 1e11, 1e-3)
    limit("E18 Stoney", thin, 6 * 2e11 * 1e-10 * 1e-4 / (1e11 * 1e-3**2))
    limit("E18 G", release_rate(3e7, 2e-5, 8e10, 0.25), (1 - 0.25**2) * 9e14 * 2e-5 / 1.6e11)
    limit("E18 M", biaxial_modulus(85e9, 0.26), M)


def test_cohesive_law(limit):
    law = BilinearLaw.from_energy(5e6, 0.5, 0.05)
    opening = np.concatenate(
        [np.linspace(0, law.onset, 1001), np.linspace(law.onset, law.final, 1001)[1:]]
    )
    traction = [law.traction(x, x) for x in opening]
    limit("E19 area", np.trapezoid(traction, opening), 0.5)
    damage = [law.damage(x) for x in opening]
    assert (np.diff(damage) >= 0).all()
    largest = 0.4 * law.final
    back = np.array([law.traction(x, largest) for x in largest * np.linspace(0, 1, 50)])
    limit("E19 unloading to the origin", back, back[-1] * np.linspace(0, 1, 50))


@pytest.mark.parametrize(("fatigue", "m"), [("strain", 4.0), ("strain", 6.5), ("paris", 2.5)])
def test_fatigue_of_a_half_cycle(cell, limit, fatigue, m):
    thickness, energy = 1e-4, 2.0
    released = release_rate(M * STRAIN, thickness, E, NU) / energy
    factor = 0.05 / released**m if fatigue == "paris" else 3000.0
    values = {
        "fatigue": fatigue,
        "fatigue_factor": factor,
        "fatigue_exponent": m,
        "fatigue_reference_stress": "20 MPa",
        "layer_thickness": f"{thickness} m",
        "fracture_energy": f"{energy} J/m^2",
    }
    assert released < 1
    seen = cell("delamination", bond(**values), WARM)
    exact = factor * released**m / 2
    if fatigue == "strain":
        exact = factor * (M / 20e6) ** m * STRAIN ** (m + 1) / (m + 1)
    limit(f"E19 fatigue, {fatigue}, m = {m}", seen.end("Anode delaminated fraction"), exact)
