"""Contact, voids, creep and fixture against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from twin import FARADAY, GAS_CONSTANT, Port

F, R, T_REF = FARADAY, GAS_CONSTANT, 298.15
RTF = R * T_REF / F
V_M = 2.375e-5  # m3/mol, the library's sodium
MODE = ("pressure",)
HOUR = 3600.0
H_0 = 2e-6  # m
MPA = 1e6


def refill(current):
    return {"modes.pressure.voids.refill_current": f"{current:.12g} A/m^2"}


def growth(j, t):
    """``s = V_m j t/(F h_0)``."""
    return V_M * j * t / (F * H_0)


# ------------------------------------------------------------ rough contact


@pytest.mark.parametrize("pressure", [0.0, 1e5, 1e6, 5e6])
def test_plastic_contact(stack, pressure):
    seen = stack(
        [(0.0, 1)],
        {"modes.pressure.contact.hardness": "0.8 MPa", "stack.pressure": f"{pressure} Pa"},
    )
    exact = 1 - math.exp(-pressure / 0.8e6)
    assert seen.end("Anode touching fraction") == pytest.approx(exact, rel=1e-12, abs=1e-15)


def elastic(pressure, modulus=5.3e9, slope=0.1):
    return {
        "modes.pressure.contact.law": "elastic",
        "modes.pressure.contact.effective_modulus": f"{modulus} Pa",
        "modes.pressure.contact.roughness_slope": slope,
        "stack.pressure": f"{pressure} Pa",
    }


@pytest.mark.parametrize("pressure", [1e5, 1e7, 3e8])
def test_elastic_contact_is_perssons(stack, pressure, limit):
    seen = stack([(0.0, 1)], elastic(pressure))
    exact = erf(math.sqrt(2) * pressure / (5.3e9 * 0.1))
    limit("E9 Persson", seen.end("Anode touching fraction"), exact)


def test_persson_limits(stack, limit):
    # sqrt(8/pi) = 1.596 at low pressure; whole at high; none without any.
    low = stack([(0.0, 1)], elastic(1e3)).end("Anode touching fraction")
    limit("E9 slope sqrt(8/pi)", low / (1e3 / 5.3e8), math.sqrt(8 / math.pi))
    assert math.sqrt(8 / math.pi) == pytest.approx(1.596, abs=5e-4)
    whole = stack([(0.0, 1)], elastic(5e9)).end("Anode touching fraction")
    limit("E9 whole at high pressure", whole, 1)
    none = stack([(0.0, 1)], elastic(0)).end("Anode touching fraction")
    limit("E9 none without pressure", none, 0, within=0)


@pytest.mark.parametrize("m", [0.5, 1.0])
def test_fractal_contact_gives_the_resistance_its_power(stack, m):
    # R_int ~ 1/theta ~ p^-m where contact is dilute: charge transfer and constriction alike.
    fractal = {
        "modes.pressure.contact.law": "fractal",
        "modes.pressure.contact.fractal_exponent": m,
        "modes.pressure.contact.hardness": "1 GPa",
    }
    logs = []
    for pressure in (1e4, 1e5):
        seen = stack([(0.0, 1)], fractal | {"stack.pressure": f"{pressure} Pa"})
        theta = seen.end("Anode touching fraction")
        assert theta == pytest.approx(-math.expm1(-((pressure / 1e9) ** m)), rel=1e-3)
        total = seen.end("Anode charge-transfer resistance [Ohm.m2]") + seen.end(
            "Anode series resistance [Ohm.m2]"
        )
        logs.append(math.log10(total))
    assert logs[1] - logs[0] == pytest.approx(-m, abs=0.01)


def test_fractal_contact_without_pressure(stack):
    # p^1/2 has no slope at nought; the law's has.
    seen = stack(
        [(0.01, 60)],
        {
            "modes.pressure.contact.law": "fractal",
            "modes.pressure.contact.hardness": "1 MPa",
            "stack.pressure": "0 Pa",
            "stack.fixture": "spring",
            "stack.stiffness": "1e12 Pa/m",
        },
    )
    assert seen["Anode touching fraction"][0] == 0
    assert np.isfinite(seen["Voltage [V]"]).all()


def norton(rate="0.53 1/s", exponent=5.0, **more):
    return {
        "anode.material.creep_rate": rate,
        "anode.material.creep_exponent": exponent,
        "anode.material.creep_reference_stress": "1 MPa",
        "anode.material.creep_reference_temperature": "298.15 K",
    } | more


@pytest.mark.parametrize("n", [1.0, 3.0])
def test_creeping_contact(stack, n):
    # d theta/dt = (1 - theta) C e_0 (p/(3 theta s_0))^n, separated:
    # integral of theta^n/(1 - theta) d theta = C e_0 (p/3 s_0)^n t.
    p = 1 * MPA
    seen = stack(
        [(0.0, HOUR)],
        elastic(p)
        | norton("1e-3 1/s", n)
        | {"modes.pressure.contact.law": "creep", "modes.pressure.contact.creep_factor": 0.5},
    )
    theta = seen["Anode pressed contact fraction"]
    assert theta[0] == pytest.approx(erf(math.sqrt(2) * p / 5.3e8), rel=1e-9)
    rate = 0.5e-3 * (p / (3 * MPA)) ** n

    def integral(x):
        if n == 1:
            return -x - np.log1p(-x)
        return -(x**3) / 3 - x**2 / 2 - x - np.log1p(-x)

    elapsed = (integral(theta) - integral(theta[0])) / rate
    assert elapsed[1:] == pytest.approx(seen.t[1:], rel=1e-6)
    assert (np.diff(theta) >= 0).all() and theta[-1] <= 1


def test_creeping_contact_starts_after_its_dwell(stack):
    # theta^(n+1) = theta_el^(n+1) + (n+1) C e_0 (p/3 s_0)^n t_d, where contact is dilute.
    p, n, dwell = 1 * MPA, 3.0, 100.0
    seen = stack(
        [(0.0, 1)],
        elastic(p)
        | norton("1e-3 1/s", n)
        | {
            "modes.pressure.contact.law": "creep",
            "modes.pressure.contact.creep_factor": 1.0,
            "modes.pressure.contact.dwell": f"{dwell} s",
        },
    )
    start = erf(math.sqrt(2) * p / 5.3e8)
    exact = (start ** (n + 1) + (n + 1) * 1e-3 / 3**n * dwell) ** (1 / (n + 1))
    assert seen["Anode pressed contact fraction"][0] == pytest.approx(exact, rel=1e-9)


# ------------------------------------------------------------ constriction


def touching(theta):
    """A contact held by the plastic law at 1 MPa: H = -p/ln(1 - theta)."""
    hardness = -MPA / math.log1p(-theta)
    return {"modes.pressure.contact.hardness": f"{hardness!r} Pa", "stack.pressure": "1 MPa"}


SPACING, SIGMA = 5e-6, 0.1


def psi(e):
    """A spot on a coaxial cylinder; the last term closes the series at e = 1."""
    series = 1 - 1.40978 * e + 0.34406 * e**3 + 0.0435 * e**5 + 0.02271 * e**7
    return series - 0.00049 * e**9


def constriction(theta, spacing=SPACING, sigma=SIGMA):
    e = math.sqrt(theta)
    return math.sqrt(math.pi) / 4 * spacing / sigma * psi(e) / e


@pytest.mark.parametrize("theta", [0.999, 0.5, 0.1, 0.01])
def test_constriction(stack, theta, limit):
    seen = stack([(0.0, 1)], touching(theta))
    found = seen.end("Anode constriction resistance [Ohm.m2]")
    limit("E8 R_con", found, constriction(theta), 1e-5 if theta > 0.9 else 1e-6)


def test_constriction_reference_values_and_limits(stack, limit):
    def at(theta, spacing="10 um", sigma="0.11 S/m"):
        spec = {
            "modes.pressure.contact.spot_spacing": spacing,
            "electrolyte.material.conductivity": sigma,
        }
        return stack([(0.0, 1)], touching(theta) | spec).end(
            "Anode constriction resistance [Ohm.m2]"
        )

    # Spots 10 um, 0.1 mm and 1 mm apart on 0.11 S/m, a fiftieth and a half in contact.
    dilute = [at(0.02, spacing) * 1e4 for spacing in ("10 um", "0.1 mm", "1 mm")]
    assert dilute == pytest.approx([2.28, 22.8, 228], rel=5e-3)
    assert at(0.5, "1 mm") * 1e4 == pytest.approx(7.7, rel=1e-2)
    # One spot per s^2 is Holm's 1/(4 a sigma) on one side, a = s (theta/pi)^1/2.
    radius = 1e-5 * math.sqrt(1e-6 / math.pi)
    limit("E8 Holm's spot (at 1e-6)", at(1e-6) / 1e-10, 1 / (4 * radius * 0.11), 2e-3)
    limit("E8 R(theta -> 1) = 0 [ohm m2]", at(1 - 1e-9), 0, 1e-12)


def test_powers_of_the_pressure(stack, limit):
    # Dilute contact: the constriction goes with p^-1/2, film and charge transfer with p^-1.
    spec = {"modes.pressure.contact.hardness": "1 TPa", "interfaces.anode.resistance": "1 ohm*m^2"}
    low, high = (stack([(0.0, 1)], spec | {"stack.pressure": f"{p} MPa"}) for p in (0.01, 0.1))

    def power(name):
        return math.log10(high.end(name) / low.end(name))

    limit("E8 R_con ~ p^-1/2", power("Anode constriction resistance [Ohm.m2]"), -0.5, 1e-3)
    limit("E8 R_ct ~ p^-1", power("Anode charge-transfer resistance [Ohm.m2]"), -1)
    film = [
        seen.end("Anode series resistance [Ohm.m2]")
        - seen.end("Anode constriction resistance [Ohm.m2]")
        for seen in (low, high)
    ]
    limit("E8 R_film ~ p^-1", math.log10(film[1] / film[0]), -1)


def test_a_measured_total_has_its_constriction_in_it(stack):
    seen = stack([(0.0, 1)], touching(0.1) | {"interfaces.anode.contains": ["constriction"]})
    assert seen.end("Anode constriction resistance [Ohm.m2]") == 0


def test_half_contact_doubles_the_local_current(stack):
    film = {"interfaces.anode.resistance": "1e-3 ohm*m^2"}
    seen = stack([(30.0, 1)], touching(0.5) | film)
    assert seen["Anode local current density [A.m-2]"][0] == pytest.approx(60, rel=1e-9)
    eta = 2 * RTF * math.asinh(60 / 80)
    series = 1e-3 / 0.5 + constriction(0.5)
    assert seen["Anode series resistance [Ohm.m2]"][0] == pytest.approx(series, rel=1e-6)
    assert -seen["Voltage [V]"][0] == pytest.approx(
        30 * (5e-4 / 0.1 + 2 * series) + 2 * eta, rel=1e-6
    )


# ------------------------------------------------------------ memory

NZSP = {
    "modes.pressure.contact.hardness": "12.95 MPa",
    "interfaces.anode.contains": ["native film", "constriction"],
    "interfaces.anode.exchange_current": f"{RTF / 6.3e-4} A/m^2",
    "interfaces.anode.resistance": "6.3 ohm*cm^2",
    "stack.pressure": "0.25 MPa",
    "stack.pressed_for": "1 hour",
}


def face(seen):
    """The face's resistance [ohm cm2]: film, charge transfer and constriction."""
    names = ("series resistance [Ohm.m2]", "charge-transfer resistance [Ohm.m2]")
    values = [seen.end(f"Anode {name}") for name in names]
    return 1e4 * sum(values)


@pytest.mark.parametrize(
    ("pressed", "expected"),
    [(None, 660), (1, 169.8), (5, 39.4), (10, 23.5), (14, 19.1), (20, 16.0), (30, 14.0)],
)
def test_pressing_is_remembered(stack, pressed, expected, limit):
    # Uchida 2019: 660 ohm cm2 as assembled at 0.25 MPa, 14 after 30 MPa for 5 s, at 0.25 MPa.
    history = {} if pressed is None else {"stack.pressed_at": f"{pressed} MPa"}
    found = face(stack([(0.0, 1)], NZSP | history))
    assert found == pytest.approx(expected, rel=5e-3)
    exact = 12.6 / -math.expm1(-(pressed or 0.25) / 12.95)
    limit("contact: pressed, then released", found, exact)


def test_pressing_takes_its_time(stack):
    at = {
        seconds: face(
            stack(
                [(0.0, 1)],
                NZSP
                | {
                    "stack.pressed_at": "30 MPa",
                    "stack.pressed_for": f"{seconds} s",
                    "modes.pressure.contact.flattening_time": "2 s",
                },
            )
        )
        for seconds in (2, 20)
    }
    first, last = (-math.expm1(-p / 12.95) for p in (0.25, 30))
    # Put together under what it runs at: nothing is made before it is pressed.
    assert at[2] == pytest.approx(12.6 / (last * -math.expm1(-1)), rel=1e-6)
    assert at[20] == pytest.approx(12.6 / last, rel=1e-4)
    assert first < 0.02


def test_assembled_and_treated(stack):
    loose = stack([(0.0, 1)], NZSP | {"stack.assembled_at": "10 MPa"})
    assert face(loose) == pytest.approx(12.6 / -math.expm1(-10 / 12.95), rel=1e-6)
    assert face(stack([(0.0, 1)], NZSP | {"stack.treated": True})) == pytest.approx(12.6, rel=1e-6)


@pytest.mark.parametrize("law", ["plastic", "fractal"])
def test_contact_is_made_on_loading_and_kept_on_unloading(stack, law):
    # A spring that swings: the contact is that of the highest pressure there has been.
    overrides = (
        spring("1e11 Pa/m")
        | {
            "modes.pressure.contact.law": law,
            "modes.pressure.contact.hardness": "12.95 MPa",
            "modes.pressure.contact.fractal_exponent": 1.0,
            "modes.pressure.contact.flattening_time": "1e-2 s",
            "anode.counter_thickness": "1 mm",
        }
        | refill(1e4)
    )
    seen = stack([(-1.0, 600), (1.0, 1200)], overrides)
    pressure = seen["Stack pressure [Pa]"]
    highest = np.maximum.accumulate(pressure)
    exact = -np.expm1(-np.maximum(highest, 5 * MPA) / 12.95e6)
    assert seen["Anode pressed contact fraction"] == pytest.approx(exact, abs=2e-5)
    assert seen["Anode kept contact fraction"][-1] >= 1


# ------------------------------------------------------------ voids


@pytest.mark.parametrize("j", [0.5, 4.999])
def test_no_voids_below_the_refill_current(stack, j, limit):
    seen = stack([(j, 10 * HOUR)], refill(5.0))
    limit("E10 no voids below j_cap", seen["Anode void height [m]"], 0, within=0)
    assert (seen["Anode touching fraction"] == 1).all()


def test_early_growth_is_linear(stack, limit):
    seen = stack([(3.0, 10.0)], refill(1.0))
    t = np.linspace(1, 10, 5)
    height = seen.at("Anode void height [m]", t)
    assert height == pytest.approx(V_M / F * 2.0 * t, rel=5e-3)
    # The exact u = r + (1 - r) e^s bends up by s/2 of it.
    limit("E10 early growth (after 1 s)", height[0], V_M / F * 2.0, 5e-4)


def test_growth_rate_is_linear_in_the_current(stack):
    # Dimensionless: whatever the current, the same s gives the same void.
    ends = [
        stack([(j, 2000.0 / j)], refill(0.1 * j)).end("Anode void state") for j in (0.5, 2.0, 8.0)
    ]
    assert ends == pytest.approx([ends[0]] * 3, rel=1e-8)


@pytest.mark.parametrize(("j", "cap"), [(3.0, 0.0), (3.0, 1.0), (3.0, 2.9)])
def test_stripping_closed_form(stack, j, cap, limit):
    # u = 1/(1 - phi):  u = r + (1 - r) e^s
    seen = stack([(j, 5 * HOUR)], refill(cap))
    t = np.linspace(60, 5 * HOUR, 20)
    u = 1 / (1 - seen.at("Anode void fraction", t))
    r = cap / j
    limit("E10 stripping", u, r + (1 - r) * np.exp(growth(j, t)))


@pytest.mark.parametrize("xi", [1.0, 0.7])
def test_plating_closed_form(stack, xi, limit):
    # (u - 1) = (u_0 - 1) e^{-xi s} from where stripping left it.
    j = 3.0
    seen = stack(
        [(j, 3 * HOUR), (-j, 3 * HOUR)],
        {"modes.pressure.voids.healed_fraction": xi} | refill(0.5),
    )
    turn = 3 * HOUR
    u_0 = 0.5 / j + (1 - 0.5 / j) * math.exp(growth(j, turn))
    t = np.linspace(0.01, 3, 10) * HOUR
    w = 1 / (1 - seen.at("Anode void fraction", turn + t)) - 1
    limit("E10 plating", w, (u_0 - 1) * np.exp(-xi * growth(j, t)))


@pytest.mark.parametrize(("excess", "fate"), [(-0.02, "heals"), (0.02, "runs away")])
def test_threshold_of_runaway(stack, excess, fate, limit):
    # Below the refill current a void up to phi* = 1 - j/j_cap heals; a larger one grows.
    j, cap = 3.0, 6.0
    critical = 1 - j / cap
    fast = 60.0
    u_0 = 1 / (1 - (critical + excess))
    # Make the void by stripping fast: u = r + (1 - r) e^s.
    r = cap / fast
    seconds = math.log((u_0 - r) / (1 - r)) * F * H_0 / (V_M * fast)
    seen = stack([(fast, seconds), (j, 2 * HOUR)], refill(cap))
    phi = seen["Anode void fraction"]
    start = seen.at("Anode void fraction", seconds)
    assert start == pytest.approx(critical + excess, abs=1e-6)
    assert (phi[-1] < start) == (fate == "heals")
    t = np.linspace(0.1, 1.5, 5) * HOUR
    exact = cap / j + (u_0 - cap / j) * np.exp(growth(j, t))
    u = 1 / (1 - seen.at("Anode void fraction", seconds + t))
    # Near the threshold an error of the start grows as the void does.
    limit("E10 to either side of phi*", u, exact, 1e-5)


@pytest.mark.parametrize("xi", [1.0, 0.9])
def test_cycle_map(stack, xi, limit):
    # w' = w e^{s(1 - xi)} + (1 - r)(e^s - 1) e^{-xi s}; xi = 1: w_k = k (1 - r)(1 - e^{-s}).
    j, cap, half = 3.0, 1.0, HOUR
    seen = stack(
        [(j, half), (-j, half)] * 4,
        {"modes.pressure.voids.healed_fraction": xi} | refill(cap),
    )
    s, r = growth(j, half), cap / j
    w = 0.0
    for k in range(1, 5):
        w = w * math.exp(s * (1 - xi)) + (1 - r) * math.expm1(s) * math.exp(-xi * s)
        if xi == 1:
            assert w == pytest.approx(k * (1 - r) * -math.expm1(-s))
        u = 1 / (1 - seen.at("Anode void fraction", 2 * k * half))
        limit("E10 cycle map", u - 1, w)


@pytest.mark.parametrize(("j", "cap", "focus"), [(3.0, 1.0, 12.0), (3.0, 2.0, 8.0)])
def test_cycles_until_the_current_is_focused_enough(stack, j, cap, focus, limit):
    # N_lo = 1 + ceil([(j_c/j - r) e^-s - (1 - r)]/q) at the start of a plating, where the
    # local current j u is largest; q = (1 - r)(1 - e^-s), focus = j_c/j.
    half = HOUR
    r, s = cap / j, growth(j, half)
    q = (1 - r) * -math.expm1(-s)
    expected = 1 + math.ceil(((focus - r) * math.exp(-s) - (1 - r)) / q)
    assert 2 < expected < 12
    seen = stack([(j, half), (-j, half)] * (expected + 1), refill(cap))
    u = 1 / (1 - seen.at("Anode void fraction", (2 * np.arange(expected + 1) + 1) * half))
    limit("E10 N_lo", 1 + int(np.argmax(u >= focus)), expected, within=0)


def test_the_other_electrode_sees_the_opposite_current(stack):
    seen = stack([(3.0, HOUR), (-3.0, HOUR)], refill(1.0))
    one_hour = 1 / 3 + (1 - 1 / 3) * math.exp(growth(3.0, HOUR))
    cathode = 1 / (1 - seen["Cathode void fraction"])
    assert cathode[-1] == pytest.approx(one_hour, rel=1e-7)
    assert seen.at("Cathode void fraction", HOUR) == pytest.approx(0, abs=1e-12)


def test_rest_refills(stack):
    # du/dt = -(V_m/(F h_0)) j_cap at rest: the height of the void falls, linear in u.
    seen = stack([(3.0, HOUR), (0.0, HOUR)], refill(0.5))
    u_0 = 0.5 / 3 + (1 - 0.5 / 3) * math.exp(growth(3.0, HOUR))
    t = np.linspace(0.05, 0.9, 6) * HOUR
    u = 1 / (1 - seen.at("Anode void fraction", HOUR + t))
    assert u == pytest.approx(u_0 - growth(0.5, t), rel=1e-6)


def test_refill_current_follows_pressure_and_temperature(stack, limit):
    overrides = {
        "modes.pressure.voids.refill_current": "0.5 A/m^2",
        "modes.pressure.voids.refill_per_pressure": "2.8e-6 A/(m^2*Pa)",
        "modes.pressure.voids.refill_activation_energy": "0.14 eV",
    }
    cap = {}
    for T in (298.15, 333.15):
        seen = stack([(0.0, 1)], overrides | {"thermal.ambient": f"{T} K"})
        cap[T] = seen.end("Anode refill current density [A.m-2]")
    assert cap[298.15] == pytest.approx(0.5 + 2.8e-6 * 5e6, rel=1e-12)
    # 1.773 from 25 to 60 degC at 0.14 eV.
    assert cap[333.15] / cap[298.15] == pytest.approx(1.773, abs=1.5e-3)
    exact = math.exp(-0.14 * F / R * (1 / 333.15 - 1 / 298.15))
    limit("E17 j_cap from 25 to 60 degC", cap[333.15] / cap[298.15], exact)


def test_wilkinson_ashby_closes_a_void_exponentially(stack, limit):
    # n = 1, no capillary pressure: dh_v/dt = -(9/4) A p h_v at any size, and so
    # dphi/dt = -(9/4) A p phi of a small void.
    p, rate = 1 * MPA, 1e-3
    overrides = norton(f"{rate} 1/s", 1.0) | {
        "modes.pressure.voids.creep_closure": "wilkinson-ashby",
        "anode.material.surface_energy": "0 J/m^2",
        "stack.pressure": "1 MPa",
    }
    for size, small in ((1e-3, True), (0.5, False)):
        # A void made by a second's stripping, then left alone.
        j = size * F * H_0 / (V_M * 1.0)
        seen = stack([(j, 1.0), (0.0, 1000.0)], overrides)
        t = np.array([100.0, 300.0, 1000.0])
        exact = np.exp(-2.25 * rate * (p / MPA) * t)
        height = seen.at("Anode void state", 1.0 + t) / seen.at("Anode void state", 1.0)
        limit("E11 n = 1", height, exact)
        phi = seen.at("Anode void fraction", 1.0 + t) / seen.at("Anode void fraction", 1.0)
        assert (phi == pytest.approx(exact, rel=1e-3)) == small


def test_wilkinson_ashby_feels_the_capillary_pressure(stack):
    rate, gamma = 1e-3, 0.22
    overrides = norton(f"{rate} 1/s", 1.0) | {
        "modes.pressure.voids.creep_closure": "wilkinson-ashby",
        "anode.material.surface_energy": f"{gamma} J/m^2",
        "stack.pressure": "0 Pa",
        "modes.pressure.contact.law": "elastic",
    }
    j = 1e-3 * F * H_0 / (V_M * 1.0)
    seen = stack([(j, 1.0), (0.0, 1000.0)], overrides)
    phi = seen.at("Anode void fraction", np.array([1.0, 1001.0]))
    effective = 2 * gamma / H_0
    assert math.log(phi[0] / phi[1]) == pytest.approx(
        2.25 * rate * effective / MPA * 1000, rel=1e-3
    )


# ------------------------------------------------------------ fixture


def spring(stiffness="1e11 Pa/m"):
    return {"stack.fixture": "spring", "stack.stiffness": stiffness}


CYCLE = [(3.0, HOUR), (-3.0, 2 * HOUR)]


def test_constant_force_keeps_the_pressure(stack, limit):
    seen = stack(CYCLE)
    limit("E20 k = 0", seen["Stack pressure [Pa]"], 5e6, within=0)


def test_spring_turns_thickness_into_pressure(stack):
    seen = stack(CYCLE, spring())
    change = seen["Stack thickness change [m]"]
    assert np.abs(change).max() > 1e-7
    assert seen["Stack pressure [Pa]"] - 5e6 == pytest.approx(1e11 * change, rel=1e-9, abs=1e-3)


def test_sodium_moved_across_leaves_the_stack_as_thick(stack):
    # What one foil loses the other gains; only voids thicken a symmetric cell.
    seen = stack(CYCLE, spring())
    voids = seen["Anode void height [m]"] + seen["Cathode void height [m]"]
    assert seen["Stack thickness change [m]"] == pytest.approx(voids, abs=1e-15)
    moved = V_M * 3.0 * HOUR / F
    assert seen.at("Anode thickness change [m]", HOUR) == pytest.approx(-moved, rel=1e-8)


def test_full_cell_breathes_with_sodium_and_host(make_cell, run, limit):
    # 1 mAh/cm2 is 8.86 um of sodium; the host gives back eps b dx/(1 + b s_0) of its layer.
    overrides = spring("1e10 Pa/m") | {
        "modes.pressure.contact.hardness": "1 Pa",
        "modes.pressure.stack.creep_relaxation": "off",
        "cathode.initial_stoichiometry": 0.98,
    }
    spec = make_cell("na-nzsp-nvp", overrides)
    seen = run(spec, [(-2.0, 2 * HOUR)], MODE)
    sodium = V_M * 4.0 * HOUR / F
    assert sodium / (4.0 / 10) == pytest.approx(8.86e-6, rel=1e-3)
    b, start = 0.0905, 0.98
    ds = -4.0 * HOUR / (F * 13870 * 0.5 * 60e-6)
    host = 60e-6 * 0.5 * b * ds / (1 + b * start)
    limit("E1 h = V_m Q/F", seen.end("Anode thickness change [m]"), sodium)
    assert seen.end("Cathode thickness change [m]") == pytest.approx(host, rel=1e-6)
    limit("E20 dp = k dh", seen.end("Stack pressure [Pa]"), 5e6 + 1e10 * (sodium + host))


def test_rigid_gap_has_the_stacks_own_stiffness(stack):
    seen = stack(
        CYCLE,
        {
            "stack.fixture": "rigid",
            "anode.thickness": "200 um",
            "anode.material.youngs_modulus": "4.6 GPa",
            "electrolyte.material.youngs_modulus": "80 GPa",
        },
    )
    compliance = 2 * 200e-6 / 4.6e9 + 5e-4 / 80e9
    change = seen["Stack thickness change [m]"]
    assert change.max() > 1e-7
    assert seen["Stack pressure [Pa]"] - 5e6 == pytest.approx(change / compliance, rel=1e-9, abs=1)


@pytest.mark.parametrize("fixture", ["constant-force", "spring", "rigid"])
def test_fixture_stores_half_k_dh_squared(stack, fixture, limit):
    # What the stack's swelling does against p, beyond the applied pressure's own work.
    stiffness = {"stack.stiffness": "1e11 Pa/m"} if fixture == "spring" else {}
    seen = stack(CYCLE, {"stack.fixture": fixture, "anode.thickness": "200 um"} | stiffness)
    change, pressure = seen["Stack thickness change [m]"], seen["Stack pressure [Pa]"]
    energy = seen["Fixture elastic energy [J.m-2]"]
    if fixture == "constant-force":
        assert (energy == 0).all()
        return
    # p is linear in dh, so the trapezium is exact.
    work = np.concatenate(
        [[0], np.cumsum((pressure[1:] + pressure[:-1]) / 2 * np.diff(change))]
    ) - pressure[0] * (change - change[0])
    k = (pressure[-1] - pressure[0]) / (change[-1] - change[0])
    limit("E20 energy k dh^2/2", energy, 0.5 * k * change**2, of=energy.max())
    assert energy - energy[0] == pytest.approx(work, rel=1e-6, abs=1e-6 * energy.max())
    assert energy.max() > 0


@pytest.mark.parametrize("n", [3.0, 5.0])
def test_creep_relaxes_a_fixed_gap_by_nortons_law(stack, n, limit):
    # s^(1-n) = s_0^(1-n) + (n - 1) A E t, E/h the stiffness times two foils' thickness.
    p_0, stiffness, foil = 2e6, 1e11, 2e-4
    overrides = norton("1e-5 1/s", n) | {
        "anode.thickness": f"{foil} m",
        "stack.pressure": f"{p_0} Pa",
        "modes.pressure.stack.creep_relaxation": "norton",
    }
    seen = stack([(0.0, 10 * HOUR)], overrides | spring(f"{stiffness} Pa/m"))
    # The foils' height is what Faraday leaves of them: at rest, all of it.
    A, E = 1e-5 / MPA**n, stiffness * 2 * foil
    exact = (p_0 ** (1 - n) + (n - 1) * A * E * seen.t) ** (1 / (1 - n))
    limit("E12 relaxation at fixed gap", seen["Stack pressure [Pa]"], exact)
    assert exact[-1] < 0.5 * p_0


# ------------------------------------------------------------ nothing breaks at the edge


@pytest.mark.parametrize("pressure", ["0 Pa", "1 Pa"])
def test_no_pressure_gives_numbers(stack, pressure):
    overrides = elastic(0) | {"stack.pressure": pressure, "modes.pressure.contact.law": "plastic"}
    seen = stack(
        [(0.01, 60), (-0.01, 60)], overrides | {"modes.pressure.contact.hardness": "1 MPa"}
    )
    for name in ("Voltage [V]", "Anode constriction resistance [Ohm.m2]", "Anode void height [m]"):
        assert np.isfinite(seen[name]).all()


@pytest.mark.parametrize("law", ["plastic", "elastic", "creep"])
def test_a_load_taken_off_altogether_gives_numbers(make_cell, run, law):
    # Stripping a full cell's anode in a stiff fixture takes the load off altogether.
    overrides = (
        spring("1e13 Pa/m")
        | norton("1e-6 1/s", 1.0)
        | {
            "modes.pressure.contact.law": law,
            # A film would carry the current of the last spot alone.
            "interfaces.anode.resistance": "0 ohm*m^2",
            "modes.pressure.stack.creep_relaxation": "norton",
            "modes.pressure.voids.creep_closure": "wilkinson-ashby",
            "cathode.initial_stoichiometry": 0.3,
        }
    )
    # However much it could refill: what is stripped beyond is a gap.
    overrides |= refill(1e4) | {"window.lower": "-1e5 V", "window.upper": "1e5 V"}
    spec = make_cell("na-nzsp-nvp", overrides)
    seen = run(spec, [(2.0, 2 * HOUR)], MODE, rtol=1e-6, atol=1e-8)
    pressure = seen["Stack pressure [Pa]"]
    assert 0 <= pressure[-1] < 100
    for name in (
        "Voltage [V]",
        "Anode touching fraction",
        "Anode constriction resistance [Ohm.m2]",
    ):
        assert np.isfinite(seen[name]).all(), name
    assert (seen["Anode touching fraction"] >= 0).all()
    assert (seen["Anode touching fraction"] <= 1 + 1e-9).all()


# ------------------------------------------------------------ signs


@settings(max_examples=5, deadline=None)
@given(pressure=st.floats(0.1, 5), more=st.floats(0.05, 5))
def test_more_pressure_never_loses_contact_earlier(make_cell, run, pressure, more):
    ends = []
    for p in (pressure, pressure + more):
        spec = make_cell("na-base-na", {"stack.pressure": f"{p} MPa"})
        seen = run(spec, [(3.0, 2 * HOUR)], MODE, rtol=1e-6, atol=1e-8)
        ends.append(seen.end("Anode touching fraction"))
    assert ends[1] >= ends[0] - 1e-9


@settings(max_examples=5, deadline=None)
@given(current=st.floats(0.5, 20), factor=st.floats(1.05, 3))
def test_more_current_makes_more_void(stack, current, factor):
    heights = [
        stack([(j, 600.0)], refill(1.0), rtol=1e-8, atol=1e-10).end("Anode void height [m]")
        for j in (current, current * factor)
    ]
    assert heights[1] >= heights[0] >= 0


def test_contact_and_constriction_ports_are_what_the_cell_feels(stack, pin):
    # Two contacts multiply: the mode's own and another's.
    seen = stack([(1.0, 1)], touching(0.5), [pin({Port.CONTACT_FRACTION.at("anode"): 0.4})])
    assert seen["Anode conducting fraction"][0] == pytest.approx(0.2, rel=1e-9)
    assert seen.end("Anode series resistance [Ohm.m2]") == pytest.approx(
        seen.end("Anode constriction resistance [Ohm.m2]"), rel=1e-12
    )
