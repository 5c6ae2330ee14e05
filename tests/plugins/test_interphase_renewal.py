"""What becomes of an interphase: cracked, pressed, lost with its contact; and what it eats."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

import twin
from twin import Port
from twin.specs import percolation

F, V_M, OMEGA = twin.FARADAY, 2.375e-5, 4e-5
TIGHT = {"rtol": 1e-10, "atol": 1e-13}
MODE = ("interphase",)
HOUR = 3600.0
START = 5e-9
CHARGE = F / OMEGA  # C/m3 of interphase, one electron


def side(place, **values):
    """One interface's table: grows at 1e-12 m/s whatever its thickness, and does no more."""
    numbers = {
        "kind": "mixed-conducting",
        "initial_thickness": f"{START} m",
        "rate_constant": "1e-12 m/s",
        "parabolic_constant": "1e-20 m^2/s",
        "transport": "migration",
        "stability_limit": "1.1 V",
        "reference_drive": "1.1 V",
        "transfer_coefficient": 0.0,
        "conductivity": "1e-5 S/m",
        "molar_volume": f"{OMEGA} m^3/mol",
        "electrons": 1.0,
        "porosity": 0.0,
        "renewal_per_strain": 0.0,
        "fresh_share": 0.0,
        "electrolyte_consumed": 0.0,
    }
    return {f"modes.interphase.{place}.{k}": v for k, v in (numbers | values).items()}


@pytest.fixture(scope="module")
def grown(make_cell, run):
    """Solve steps of a symmetric cell with the given interphase at both faces."""

    def solve(steps, overrides=None, more=(), **values):
        wide = {"anode.thickness": "5 mm", "window.lower": "-1e3 V", "window.upper": "1e3 V"}
        spec = make_cell("na-nzsp-na", wide | side("anode", **values) | dict(overrides or {}))
        return run(spec, steps, [*MODE, *more], **TIGHT)

    return solve


THICKNESS, LOST = "Anode interphase thickness [m]", "Anode sodium lost [C.m-2]"


# ------------------------------------------------------------ cracking and renewal


def test_strain_of_a_metal_is_what_moves_over_its_height(grown):
    seen = grown([(4.0, HOUR), (-2.0, HOUR)], strain_height="20 um")
    per_current = V_M / F / 20e-6
    rate = seen.at("Anode interphase strain rate [s-1]", np.array([600, HOUR + 600]))
    assert rate == pytest.approx([4 * per_current, 2 * per_current], rel=1e-12)
    # An hour at 4 A/m2 strips 3.5 um, 18 % of 20.
    assert per_current * 4 * HOUR == pytest.approx(0.1773, abs=1e-4)


def test_cracking_of_a_layer_that_does_not_grow(grown):
    # L = L_0 exp(-chi * strain travelled), up and down alike; nothing is given back.
    seen = grown(
        [(4.0, HOUR), (-4.0, HOUR), (4.0, HOUR)],
        rate_constant="0 m/s",
        renewal_per_strain=2.0,
        strain_height="20 um",
    )
    travelled = 4 * V_M / F / 20e-6 * seen.t
    assert seen[THICKNESS] == pytest.approx(START * np.exp(-2 * travelled), rel=1e-7)
    assert np.abs(seen[LOST]).max() == 0


@pytest.mark.parametrize("chi", [0.3, 3.0])
def test_charge_is_what_was_grown_not_what_is_left(grown, record_property, chi):
    # dL/dt = k - a L keeps k/a at last; the charge is that of k t.
    seen = grown([(4.0, 40 * HOUR)], renewal_per_strain=chi, strain_height="20 um")
    k, a = 1e-12, chi * 4 * V_M / F / 20e-6
    exact = k / a + (START - k / a) * np.exp(-a * seen.t)
    worst = np.abs(seen[THICKNESS] / exact - 1).max()
    record_property("E2 renewed layer", float(worst))
    assert worst < 1e-6
    charge, gone = seen[LOST][1:], START + k * seen.t - exact
    worst = np.abs(charge / (CHARGE * k * seen.t[1:]) - 1).max()
    record_property("E3 charge with renewal", float(worst))
    assert worst < 1e-6
    # Grown is what is left over the native layer, and what has cracked off.
    left = seen[THICKNESS] - START
    assert charge == pytest.approx(CHARGE * (left + gone)[1:], rel=1e-6)
    assert seen["Anode interphase grown [m]"][1:] == pytest.approx(charge / CHARGE, rel=1e-6)
    assert gone[-1] > START


def test_an_insulating_layer_never_thickens_beyond_what_cracking_leaves(grown):
    # L dL/dt = k_p - a L^2: L^2 = k_p/a + (L_0^2 - k_p/a) exp(-2 a t).
    seen = grown(
        [(4.0, 200 * HOUR)],
        kind="insulating",
        rate_constant="1e3 m/s",
        transport="interstitial",
        renewal_per_strain=0.5,
        strain_height="50 um",
    )
    a = 0.5 * 4 * V_M / F / 50e-6
    exact = np.sqrt(1e-20 / a + (START**2 - 1e-20 / a) * np.exp(-2 * a * seen.t))
    assert seen[THICKNESS] == pytest.approx(exact, rel=1e-6)
    # So it goes on eating sodium in proportion to time where a whole layer would stop.
    hour = seen.at(LOST, np.array([150, 151, 199, 200]) * HOUR)
    assert hour[3] - hour[2] == pytest.approx(hour[1] - hour[0], rel=1e-3)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_strain_of_a_host_follows_its_filling(make_cell, run, model):
    # The rate from the current is the filling's own, side reaction and all.
    overrides = side("anode") | side(
        "cathode", stability_limit="3.3 V", reference_drive="0.1 V", rate_constant="1e-13 m/s"
    )
    spec = make_cell("na-nzsp-nvp", overrides)
    seen = run(spec, ("Charge at C/5 for 2 hours", "Rest for 1 hour"), MODE, model=model)
    t = np.array([0.5, 1.5, 2.5]) * HOUR
    rate = seen.at("Cathode interphase strain rate [s-1]", t)
    step = 60.0
    x = [seen.at("Cathode stoichiometry", t + s) for s in (-step, step)]
    exact = 0.0905 / 3 * np.abs(x[1] - x[0]) / (2 * step)
    assert rate == pytest.approx(exact, rel=1e-3)
    assert rate[0] > 5 * rate[2] > 0


@settings(max_examples=5, deadline=None)
@given(chi=st.floats(0, 10), factor=st.floats(1.1, 10))
def test_more_cracking_leaves_less_and_takes_more(grown, chi, factor):
    values = {"kind": "insulating", "strain_height": "20 um"}
    seen = [
        grown([(4.0, 10 * HOUR)], renewal_per_strain=x, **values) for x in (chi, chi * factor + 0.1)
    ]
    assert seen[1].end(THICKNESS) < seen[0].end(THICKNESS)
    assert seen[1].end(LOST) > seen[0].end(LOST)


# ------------------------------------------------------------ contact lost and found


def contact(pin, shape):
    """Pin the anode's contact at a function of time [s]."""
    return pin({Port.CONTACT_FRACTION.at("anode"): lambda v: shape(v["Time [s]"])})


def test_contact_found_again_is_fresh(grown, pin, record_property):
    # Contact that grows as exp(t/T) dilutes by 1/T: (L - L_0)' = k - (L - L_0)/T.
    import pybamm

    T, span = 1e5, 2e5
    rising = contact(pin, lambda t: 0.1 * pybamm.exp(t / T))
    seen = grown([(0.0, span)], more=[rising], fresh_share=1.0, recontact_lag="1 ms")
    # Before that c falls to the contact at once.
    t = np.linspace(0.01, 1, 30) * span
    exact = START + 1e-12 * T * -np.expm1(-t / T)
    worst = np.abs(seen.at(THICKNESS, t) / exact - 1).max()
    record_property("B fresh area on recontact", float(worst))
    assert worst < 1e-6
    old = grown([(0.0, span)], more=[rising], fresh_share=0.0)
    assert old.end(THICKNESS) == pytest.approx(START + 1e-12 * span, rel=1e-6)


def test_no_solid_is_made_or_lost_with_the_contact(grown, pin, record_property):
    # Grown = in service + left behind, over two cycles of losing half the contact.
    import pybamm

    span = 1e6
    omega = 4 * math.pi / span
    swing = contact(pin, lambda t: 0.75 + 0.25 * pybamm.cos(omega * t))
    seen = grown([(0.0, span)], more=[swing], fresh_share=1.0, recontact_lag="0.1 s")

    def theta(t):
        return 0.75 + 0.25 * np.cos(omega * t)

    # Losing does not touch the mean; finding keeps theta (L - L_0): in two halves each.
    half = span / 4
    over, behind = 0.0, 0.0
    for k in range(2):
        start = 2 * k * half
        behind += quad(
            lambda t, o=over, s=start: (
                (o + 1e-12 * (t - s)) * 0.25 * omega * math.sin(omega * (t - s))
            ),
            start,
            start + half,
        )[0]
        over += 1e-12 * half
        carried = theta(start + half) * over
        grown_then = 1e-12 * quad(theta, start + half, start + 2 * half)[0]
        over = (carried + grown_then) / theta(start + 2 * half)
    worst = abs(seen.end(THICKNESS) / (START + over) - 1)
    record_property("E3 layer through two recontacts", float(worst))
    # The play of a millionth is left out of each swing.
    assert worst < 1e-5
    charge = seen.end(LOST) / CHARGE
    assert charge == pytest.approx(1e-12 * quad(theta, 0, span, epsrel=1e-10)[0], rel=1e-6)
    assert charge == pytest.approx(theta(span) * over + behind, rel=1e-5)
    assert behind > 0.2 * charge


def test_contact_at_rest_renews_nothing_at_loose_tolerance(make_cell, run, pin):
    half = pin({Port.CONTACT_FRACTION.at("anode"): 0.5})
    spec = make_cell("na-nzsp-na", side("anode", fresh_share=1.0))
    steps = [(0.0, HOUR), (1.0, HOUR), (-1.0, HOUR)] * 5 + [(0.0, 1000 * HOUR)]
    seen = run(spec, steps, [*MODE, half], rtol=1e-4, atol=1e-6)
    assert seen.end(THICKNESS) == pytest.approx(START + 1e-12 * 1015 * HOUR, rel=1e-4)


def test_voids_of_the_pressure_mode_renew_the_layer(make_cell, run):
    # Through the port alone: a cell pressed too little loses contact on each stripping.
    thick = {}
    for share in (0.0, 1.0):
        overrides = {"stack.pressure": "0.5 MPa"} | side("anode", fresh_share=share)
        spec = make_cell("na-base-na", overrides)
        steps = [(3.0, HOUR), (-3.0, HOUR)] * 3
        seen = run(spec, steps, ["interphase", "pressure"])
        thick[share] = seen.end(THICKNESS) - START
        assert seen["Anode conducting fraction"].min() < 0.9
    assert 0 < thick[1.0] < 0.95 * thick[0.0]


# ------------------------------------------------------------ pressure


def density(p, porosity=0.4, scale=10e6):
    return 1 - porosity * math.exp(-p / scale)


PORES = {"porosity": 0.4, "densification_pressure": "10 MPa", "density_exponent": 1.5}


def test_pressed_layers_are_thinner_conduct_better_and_grow_on(grown):
    # L/d thick, conducting as d^b; electrons too cross it better, so that it never stops.
    span, seen = 1000 * HOUR, {}
    for p in (0.0, 5.0, 50.0):
        seen[p] = grown(
            [(0.0, span)],
            {"stack.pressure": f"{p} MPa", "interfaces.anode.contains": []},
            kind="insulating",
            rate_constant="1e3 m/s",
            **PORES,
        )
        d = density(p * 1e6)
        solid = math.sqrt(START**2 + 2 * 1e-20 * d**2.5 * span)
        assert seen[p].end(THICKNESS) == pytest.approx(solid / d, rel=1e-6)
        resistance = seen[p].end("Anode interphase resistance [Ohm.m2]")
        assert resistance == pytest.approx(solid / 1e-5 / d**2.5, rel=1e-6)
        # Sodium goes into solid, not into pores.
        assert seen[p].end(LOST) == pytest.approx(CHARGE * (solid - START), rel=1e-6)
    resistances = [s.end("Anode interphase resistance [Ohm.m2]") for s in seen.values()]
    taken = [s.end(LOST) for s in seen.values()]
    assert resistances == sorted(resistances, reverse=True)
    assert taken == sorted(taken)
    risen = seen[50.0]["Anode interphase resistance [Ohm.m2]"]
    assert (np.diff(risen) > 0).all()


def test_a_dense_layer_does_not_feel_the_pressure(grown):
    ends = {grown([(0.0, HOUR)], {"stack.pressure": f"{p} MPa"}).end(THICKNESS) for p in (0, 100)}
    assert len(ends) == 1


@settings(max_examples=6, deadline=None)
@given(
    porosity=st.floats(0.01, 0.9), low=st.floats(0, 50), more=st.floats(0.1, 50), b=st.floats(0, 3)
)
def test_pressure_lowers_the_resistance_of_any_layer(grown, porosity, low, more, b):
    resistance = [
        grown([(0.0, 1.0)], {"stack.pressure": f"{p} MPa"}, porosity=porosity, density_exponent=b)
        .end("Anode interphase resistance [Ohm.m2]")
        for p in (low, low + more)
    ]  # fmt: skip
    assert resistance[1] < resistance[0]


# ------------------------------------------------------------ what it is made of


def test_separator_shortens_by_what_is_consumed(grown):
    seen = grown([(0.0, 1e7)], electrolyte_consumed=1.5, rate_constant="1e-12 m/s")
    grown_by = 1e-12 * 1e7
    left = 1 - 2 * 1.5 * grown_by / 5e-4  # both faces
    assert seen.end("Separator electrolyte left") == pytest.approx(left, rel=1e-9)
    resistance = seen["Separator resistance [Ohm.m2]"]
    assert resistance[-1] / resistance[0] == pytest.approx(left, rel=1e-9)
    assert left < 0.97


def test_death_by_electrolyte_consumed():
    run = twin.simulate(
        "na-nzsp-na",
        cycles=30,
        modes=MODE,
        store="sqlite://",
        overrides=side("anode", electrolyte_consumed=1.0, rate_constant="5e-9 m/s")
        | {
            "modes.interphase.anode.conductivity": "1 S/m",
            "modes.interphase.anode.molar_volume": "1 m^3/mol",
        },
    )
    outcome = run.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "interphase")
    assert outcome.criterion == "separator electrolyte consumed"
    # Eight tenths of 0.5 mm at twice 5 nm/s.
    assert outcome.time_h == pytest.approx(0.8 * 5e-4 / 1e-8 / HOUR, rel=1e-3)


CEI = {"stability_limit": "3.25 V", "reference_drive": "0.1 V", "rate_constant": "1e-13 m/s"}
FULL = {"cathode.initial_stoichiometry": 0.5}


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_cathode_loses_material_and_electrolyte_to_its_interphase(
    make_cell, run, model, record_property
):
    overrides = side("cathode", active_consumed=2.0, electrolyte_consumed=0.5, **CEI) | FULL
    spec = make_cell("na-nzsp-nvp", overrides)
    seen = run(spec, [(0.0, 5e5)], MODE, model=model, rtol=1e-8, atol=1e-10)
    layer = seen["Cathode interphase thickness [m]"] - START
    # f = exp(-3 kappa G/R), the area of the particles going with f.
    active = seen["Cathode active material fraction"]
    worst = np.abs(active / np.exp(-3 * 2 * layer / 0.5e-6) - 1).max()
    record_property("1 active material consumed", float(worst))
    assert worst < 1e-6
    assert active[-1] < 0.9
    volume = seen["Cathode interphase grown [m]"]
    used = twin.CellContext(spec).utilisation_now("cathode")
    assert active == pytest.approx(1 - 2 * volume / (used * 0.5 * 60e-6), rel=1e-9)
    left = 1 - 0.5 * volume / (0.35 * 60e-6)
    assert seen["Cathode electrolyte left"] == pytest.approx(left, rel=1e-9)
    efficiency = seen["X-averaged positive electrolyte transport efficiency"]
    # Mixed powders: K of what is left, between the pores of the fresh composite.
    psi = 0.35 * left / (0.35 * left + 0.5)
    K = percolation.efficiency(psi, 0.15, 1.0)
    assert efficiency / efficiency[0] == pytest.approx(K / K[0], rel=1e-6)


def test_a_continuous_electrolyte_thins_out_by_its_exponent(make_cell, run):
    overrides = side("cathode", electrolyte_consumed=0.5, **CEI) | FULL
    spec = make_cell("na-nzsp-nvp", overrides | {"cathode.mixing.network": "continuous"})
    seen = run(spec, [(0.0, 2e5)], MODE, model="spm")
    efficiency = seen["X-averaged positive electrolyte transport efficiency"]
    left = seen["Cathode electrolyte left"]
    assert left[-1] < 0.95
    assert efficiency / efficiency[0] == pytest.approx(left**2, rel=1e-6)


def test_capacity_goes_with_the_material_consumed():
    run = twin.simulate(
        "na-nzsp-nvp",
        cycles=4,
        model="spm",
        modes=MODE,
        store="sqlite://",
        overrides=side("cathode", active_consumed=3.0, **CEI)
        | {
            "modes.interphase.cathode.rate_constant": "5e-14 m/s",
            "modes.interphase.cathode.molar_volume": "1 m^3/mol",
            "modes.interphase.cathode.conductivity": "1 S/m",
            "modes.interphase.anode.kind": "stable",
        },
    )
    first, last = run.rows[0], run.rows[-1]
    cut = 1 - (
        last["Cathode unconsumed active fraction"] / first["Cathode unconsumed active fraction"]
    )
    assert cut > 0.03
    assert 1 - last["capacity_Ah"] / first["capacity_Ah"] == pytest.approx(cut, rel=0.2)
