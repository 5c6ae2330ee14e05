"""Interphase growth against its closed forms, and the sodium and charge it takes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin import FARADAY, GAS_CONSTANT, Port

F, R, T_REF = FARADAY, GAS_CONSTANT, 298.15
RTF = R * T_REF / F
TIGHT = {"rtol": 1e-10, "atol": 1e-13}
MODE = ("interphase",)
LIMIT = 1.1  # V: the drive at a resting sodium electrode, and the reference drive
HOUR = 3600.0


def side(place, **values):
    """One interface's table: round numbers, and the reference drive at rest."""
    numbers = {
        "kind": "insulating",
        "initial_thickness": "5 nm",
        "rate_constant": "1e-12 m/s",
        "rate_activation_energy": "0.6 eV",
        "parabolic_constant": "1e-20 m^2/s",
        "parabolic_activation_energy": "0.5 eV",
        "stability_limit": f"{LIMIT} V",
        "reference_drive": f"{LIMIT} V",
        "transfer_coefficient": 0.5,
        "conductivity": "1e-5 S/m",
        "conductivity_activation_energy": "0.4 eV",
        "molar_volume": "4e-5 m^3/mol",
        "electrons": 2.0,
    }
    # The pair's own resistance is another matter: here all of the layer counts.
    own = {"interfaces.anode.contains": []}
    return own | {f"modes.interphase.{place}.{k}": v for k, v in (numbers | values).items()}


def both(**values):
    return side("anode", **values) | side("cathode", **values)


@pytest.fixture(scope="module")
def rest(make_cell, run):
    """Let a symmetric cell rest with the given interphase; return what became of it."""

    def solve(seconds, overrides=None, more=(), steps=None, **values):
        spec = make_cell("na-nzsp-na", both(**values) | dict(overrides or {}))
        return run(spec, steps or [(0.0, seconds)], [*MODE, *more], **TIGHT)

    return solve


def mixed(t, start, k_r, k_p):
    """``L(t) = -k_p/k_r + sqrt((L_0 + k_p/k_r)^2 + 2 k_p t)``."""
    return -k_p / k_r + np.sqrt((start + k_p / k_r) ** 2 + 2 * k_p * t)


# ------------------------------------------------------------ thickness


@pytest.mark.parametrize(
    ("start", "k_r", "k_p"),
    [(5e-9, 1e-12, 1e-20), (1e-9, 1e-13, 1e-18), (2e-8, 1e-10, 1e-21), (1e-9, 3e-12, 3e-20)],
)
def test_mixed_control(rest, start, k_r, k_p):
    span = 1000 * HOUR
    seen = rest(
        span,
        initial_thickness=f"{start} m",
        rate_constant=f"{k_r} m/s",
        parabolic_constant=f"{k_p} m^2/s",
    )
    t = np.geomspace(HOUR, span, 20)
    for place in ("Anode", "Cathode"):
        thickness = seen.at(f"{place} interphase thickness [m]", t)
        assert thickness == pytest.approx(mixed(t, start, k_r, k_p), rel=1e-7)


def test_parabolic_limit_has_slope_one_half(rest):
    seen = rest(1e4 * HOUR, initial_thickness="1e-12 m", rate_constant="1e-3 m/s")
    t = np.geomspace(HOUR, 1e4 * HOUR, 9)
    thickness = seen.at("Anode interphase thickness [m]", t)
    assert thickness == pytest.approx(np.sqrt(1e-24 + 2e-20 * t), rel=1e-6)
    slope = np.polyfit(np.log(t), np.log(thickness), 1)[0]
    assert slope == pytest.approx(0.5, abs=1e-4)


def test_linear_limit_where_transport_is_free(rest):
    seen = rest(1000 * HOUR, parabolic_constant="1e-6 m^2/s")
    t = np.linspace(0, 1000 * HOUR, 9)
    assert seen.at("Anode interphase thickness [m]", t) == pytest.approx(5e-9 + 1e-12 * t, rel=1e-6)


def test_mixed_conducting_layer_grows_in_proportion_to_time(rest):
    # A layer that electrons cross never slows down, whatever its parabolic constant.
    seen = rest(1000 * HOUR, kind="mixed-conducting", parabolic_constant="1e-30 m^2/s")
    t = np.linspace(0, 1000 * HOUR, 9)
    assert seen.at("Anode interphase thickness [m]", t) == pytest.approx(5e-9 + 1e-12 * t, rel=1e-9)


def test_crossover_from_linear_to_parabolic(rest):
    k_r, k_p = 1e-12, 1e-20
    crossover = 2 * k_p / k_r**2
    assert k_r * crossover == pytest.approx(math.sqrt(2 * k_p * crossover))
    seen = rest(1e4 * crossover, initial_thickness="1e-14 m")
    at = seen.at("Anode interphase thickness [m]", np.array([1e-3, 1, 1e4]) * crossover)
    assert at[1] == pytest.approx((math.sqrt(5) - 1) * k_p / k_r, rel=1e-5)
    assert at[0] == pytest.approx(k_r * 1e-3 * crossover, rel=1e-3)
    assert at[2] == pytest.approx(math.sqrt(2 * k_p * 1e4 * crossover), rel=1e-2)


def test_stable_interface_does_nothing(rest):
    seen = rest(1000 * HOUR, kind="stable")
    thickness = seen["Anode interphase thickness [m]"]
    assert (thickness == thickness[0]).all()
    assert thickness[0] == pytest.approx(5e-9)
    assert seen.end("Anode interphase resistance [Ohm.m2]") == pytest.approx(5e-4, rel=1e-12)
    assert (seen["Anode interphase growth rate [m.s-1]"] == 0).all()
    assert (seen["Anode sodium lost [C.m-2]"] == 0).all()
    assert not any("interphase" in str(v) for v in seen.model.rhs)


# ------------------------------------------------------------ what it costs


def test_resistance_is_thickness_over_conductivity(rest, run):
    seen = rest(1000 * HOUR)
    thickness = seen["Anode interphase thickness [m]"]
    assert seen["Anode interphase resistance [Ohm.m2]"] == pytest.approx(
        thickness / 1e-5, rel=1e-12
    )
    # It is what the cell feels: a pulse sees the layers on both sides and nothing else new.
    pulsed = rest(0, steps=[(0.0, 1000 * HOUR), (1.0, 1.0)])
    asr = pulsed["Area-specific resistance [Ohm.m2]"]
    grown = 2 * (thickness[-1] - 5e-9) / 1e-5
    assert asr[-1] - asr[0] == pytest.approx(grown, rel=1e-6)


@pytest.mark.parametrize("kind", ["insulating", "mixed-conducting"])
def test_charge_taken_is_faradays_law(rest, kind):
    seen = rest(1000 * HOUR, kind=kind)
    grown = seen["Anode interphase thickness [m]"] - 5e-9
    lost = seen["Anode sodium lost [C.m-2]"]
    assert lost == pytest.approx(2 * F * grown / 4e-5, rel=1e-8, abs=1e-9)
    # Sodium is lost from the foil as it is booked to the interphase.
    left = seen["Anode sodium [C.m-2]"]
    assert left + lost == pytest.approx(np.full(len(left), left[0]), rel=1e-12)
    assert seen["Anode thickness change [m]"] == pytest.approx(-lost * 2.375e-5 / F, rel=1e-6)


@pytest.mark.parametrize(
    ("what", "energy", "values"),
    [
        ("rate", 0.6, {"kind": "mixed-conducting"}),
        ("parabolic", 0.5, {"rate_constant": "1e3 m/s", "initial_thickness": "1 um"}),
    ],
)
def test_growth_is_activated(rest, what, energy, values):
    hot = 333.15
    rate = {
        T: rest(1.0, {"thermal.ambient": f"{T} K"}, **values)[
            "Anode interphase growth rate [m.s-1]"
        ][0]
        for T in (T_REF, hot)
    }
    ratio = math.exp(-energy * F / R * (1 / hot - 1 / T_REF))
    assert rate[hot] / rate[T_REF] == pytest.approx(ratio, rel=1e-9)


def test_conductivity_is_activated(rest):
    hot = 333.15
    seen = {T: rest(1.0, {"thermal.ambient": f"{T} K"}, kind="stable") for T in (T_REF, hot)}
    resistance = {T: s.end("Anode interphase resistance [Ohm.m2]") for T, s in seen.items()}
    ratio = math.exp(-0.4 * F / R * (1 / hot - 1 / T_REF))
    assert resistance[T_REF] / resistance[hot] == pytest.approx(ratio, rel=1e-9)


# ------------------------------------------------------------ what drives it


@pytest.mark.parametrize("i", [20.0, -20.0])
def test_plating_overpotential_accelerates_and_stripping_slows(rest, i):
    # With alpha = 1/2 the factor is exp(-F eta/2RT) = exp(-asinh(i/2 j_0)).
    seen = rest(
        0,
        {"interfaces.anode.exchange_current": "10 A/m^2", "anode.thickness": "5 mm"},
        steps=[(i, 60.0)],
        kind="mixed-conducting",
    )
    x = math.asinh(i / 20)
    rate = seen["Anode interphase growth rate [m.s-1]"][-1]
    assert rate == pytest.approx(1e-12 * math.exp(-x), rel=1e-9)
    assert seen["Cathode interphase growth rate [m.s-1]"][-1] == pytest.approx(
        1e-12 * math.exp(x), rel=1e-9
    )
    assert (rate < 1e-12) == (i > 0)


def test_transport_follows_the_drive_in_proportion(rest):
    # Wagner: k_p goes with the drive, which a plating overpotential widens.
    seen = rest(
        0,
        {"interfaces.anode.exchange_current": "10 A/m^2", "anode.thickness": "5 mm"},
        steps=[(-20.0, 60.0)],
        rate_constant="1e3 m/s",
    )
    eta = -2 * RTF * math.asinh(1)
    thickness = seen["Anode interphase thickness [m]"]
    rate = seen["Anode interphase growth rate [m.s-1]"]
    assert rate[-1] * thickness[-1] == pytest.approx(1e-20 * (LIMIT - eta) / LIMIT, rel=1e-6)


@pytest.mark.parametrize("theta", [0.5, 0.1])
def test_lost_contact_stops_growing_and_conducting(rest, pin, theta):
    contact = pin({Port.CONTACT_FRACTION.at("anode"): theta})
    whole, part = rest(1000 * HOUR), rest(1000 * HOUR, more=[contact])
    name = "Anode interphase thickness [m]"
    # Where it touches, the layer is as thick; there is less of it.
    assert part.end(name) == pytest.approx(whole.end(name), rel=1e-8)
    resistance = "Anode interphase resistance [Ohm.m2]"
    assert part.end(resistance) == pytest.approx(whole.end(resistance) / theta, rel=1e-8)
    lost = "Anode sodium lost [C.m-2]"
    assert part.end(lost) == pytest.approx(whole.end(lost) * theta, rel=1e-8)


# ------------------------------------------------------------ in the full cell

FULL = {"cathode.initial_stoichiometry": 0.5}


def test_nothing_is_oxidised_below_the_limit(make_cell, run):
    # The cathode rests at 3.4 V, a volt below what the electrolyte bears.
    for kind in ("insulating", "mixed-conducting"):
        overrides = side(
            "cathode",
            kind=kind,
            stability_limit="4.4 V",
            reference_drive="0.1 V",
            rate_constant="1e-12 m/s",
        )
        seen = run(make_cell("na-nzsp-nvp", FULL | overrides), [(0.0, 1e6)], MODE)
        grown = seen["Cathode interphase thickness [m]"] - 5e-9
        assert np.abs(grown).max() <= 1e-9 * 1e-12 * 1e6
        assert np.abs(seen["Cathode interphase current density [A.m-2]"]).max() < 1e-15


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_oxidation_above_the_limit_grows_at_its_rate(make_cell, run, model):
    overrides = side(
        "cathode",
        kind="mixed-conducting",
        stability_limit="3.25 V",
        reference_drive="0.1 V",
        rate_constant="1e-15 m/s",
    )
    seen = run(make_cell("na-nzsp-nvp", FULL | overrides), [(0.0, 10 * HOUR)], MODE, model=model)
    drive = seen.end("Cathode potential vs sodium [V]") - 3.25
    assert drive == pytest.approx(0.15, abs=1e-3)
    expected = 1e-15 * math.exp(0.5 * (drive - 0.1) / RTF) / (1 + math.exp(-drive / RTF))
    assert seen.end("Cathode interphase growth rate [m.s-1]") == pytest.approx(expected, rel=1e-6)


def test_only_the_area_that_meets_electrolyte_reacts(make_cell, run):
    # The layer is as thick; a hundredth of the area grows a hundredth and resists a
    # hundredfold.
    table = {
        "kind": "mixed-conducting",
        "stability_limit": "3.25 V",
        "reference_drive": "0.1 V",
        "rate_constant": "1e-15 m/s",
    }
    names = ("thickness [m]", "grown [m]", "resistance [Ohm.m2]", "current density [A.m-2]")
    found = []
    for share in (1.0, 0.01):
        spec = make_cell("na-nzsp-nvp", FULL | side("cathode", area_share=share, **table))
        seen = run(spec, [(0.0, 10 * HOUR)], MODE)
        found.append([seen.end(f"Cathode interphase {name}") for name in names])
    (thick, grown, resists, takes), (thick_1, grown_1, resists_1, takes_1) = found
    assert thick_1 == pytest.approx(thick, rel=1e-3)
    assert grown_1 == pytest.approx(grown / 100, rel=1e-3)
    assert resists_1 == pytest.approx(100 * resists, rel=1e-3)
    assert takes_1 == pytest.approx(takes / 100, rel=5e-3)  # now, at a slightly other potential


def sodium(spec, seen):
    """Charge of sodium in cathode, anode and anode interphase, and that the CEI freed [C/m2]."""
    cathode = spec.cathode
    host = (
        F
        * cathode.material.maximum_concentration.si
        * cathode.active_fraction.si
        * twin.CellContext(spec).utilisation_now("cathode")
        * cathode.thickness.si
    )
    cei = spec.modes["interphase"].cathode
    area = seen["Cathode particle area per cell area"]
    grown = seen["Cathode interphase thickness [m]"] - cei.initial_thickness.si
    freed = cei.electrons.si * F * grown * area / cei.molar_volume.si
    return (
        seen["Cathode stoichiometry"] * host,
        seen["Anode sodium [C.m-2]"],
        seen["Anode sodium lost [C.m-2]"],
        freed,
    )


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_sodium_is_conserved(make_cell, run, model, limit):
    # What oxidises the electrolyte at the cathode takes sodium out of the electrolyte
    # into the host: that much is there more.
    overrides = (
        side("anode", parabolic_constant="1e-16 m^2/s", rate_constant="1e-10 m/s")
        | side(
            "cathode",
            kind="mixed-conducting",
            stability_limit="3.3 V",
            reference_drive="0.1 V",
            rate_constant="1e-13 m/s",
        )
        | {"anode.thickness": "20 um"}
    )
    spec = make_cell("na-nzsp-nvp", overrides)
    steps = ("Charge at C/5 until 3.8 V", "Rest for 5 hours", "Discharge at C/5 until 2.6 V")
    seen = run(spec, steps, MODE, model=model)
    cathode, anode, lost, freed = sodium(spec, seen)
    assert lost[-1] > 1e3 and freed[-1] > 1e3
    total = cathode + anode + lost - freed
    limit("E1 sodium in all its places", total, total[0], 1e-8)


def test_side_reaction_at_the_cathode_discharges_it(make_cell, run):
    # At rest the oxidation of the electrolyte is paid for by sodiation, current for current.
    overrides = side(
        "cathode",
        kind="mixed-conducting",
        stability_limit="3.3 V",
        reference_drive="0.1 V",
        rate_constant="1e-13 m/s",
    )
    spec = make_cell("na-nzsp-nvp", FULL | overrides)
    seen = run(spec, [(0.0, 10 * HOUR)], MODE)
    cathode, _, _, freed = sodium(spec, seen)
    assert freed[-1] > 100
    assert cathode[-1] - cathode[0] == pytest.approx(freed[-1], rel=1e-6)


# ------------------------------------------------------------ signs


@settings(max_examples=5, deadline=None)
@given(thin=st.floats(1e-9, 1e-7), factor=st.floats(1.01, 100))
def test_a_thicker_layer_resists_more_and_grows_slower(rest, thin, factor):
    seen = [rest(1.0, initial_thickness=f"{L} m") for L in (thin, thin * factor)]
    thinner, thicker = (s.end("Anode interphase resistance [Ohm.m2]") for s in seen)
    assert thicker > thinner
    slower = [s.end("Anode interphase growth rate [m.s-1]") for s in seen]
    assert slower[1] < slower[0]
