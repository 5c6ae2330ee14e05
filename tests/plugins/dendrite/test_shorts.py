"""What a filament that has crossed does; leaks; lives that end in a short; conformance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from twin_dendrite import fracture

import twin
from twin import Port
from twin.modes.context import CellContext
from twin.testing import ModeConformance

F, T_REF = twin.FARADAY, 298.15
V_M = 2.375e-5  # m3/mol, the library's sodium
V = V_M / F
UM, HOUR, MAH = 1e-6, 3600.0, 36e3
THICKNESS, AREA, SIGMA, FILM = 5e-4, 1.131e-4, 0.1, 14e-4
K_C, E_STAR = 1.3e6, 85.8e9
LORENZ, MELTS = 2.44e-8, 370.97
MODE = ("dendrite",)
TIGHT = {"rtol": 1e-9, "atol": 1e-11}

# ------------------------------------------------------------ shorts (E6, E21)

NECK = 0.04
LONG = {"modes.dendrite.flaw.length": "490 um"}
RESISTANCE = THICKNESS / SIGMA + 2 * FILM  # of the plain cell [ohm m2]


def test_conductance_of_a_filament_that_has_crossed(cell, own, limit):
    whole = NECK / AREA
    seen = cell([(-60.0, 200.0)], LONG | own(short_filaments=3))
    length, total = seen["Anode filament length [m]"], seen["Dendrite short conductance [S.m-2]"]
    assert (total[length <= THICKNESS] == 0).all() and (length < THICKNESS).any()
    assert (np.diff(total) >= -1e-9 * whole).all()
    limit("E6 G of a short", total[-1], 3 * whole)
    assert length[-1] < THICKNESS * math.exp(0.021)
    # The cell and its short share the current: V = -(i + G V) R.
    voltage = seen.end("Voltage [V]")
    through = -60 + total[-1] * voltage
    assert voltage == pytest.approx(-through * RESISTANCE, rel=1e-8) and abs(through) < 60
    assert seen.end("Internal short current density [A.m-2]") == pytest.approx(
        total[-1] * voltage, rel=1e-8
    )


def test_nothing_is_lost_or_made_by_a_short(cell, limit):
    # Charge: what did not pass the short moved the sodium. Heat: all work, once.
    lumped = {
        "thermal.model": "lumped",
        "thermal.heat_transfer": "0 W/(m^2*K)",
        "thermal.heat_capacity": "1 kJ/(m^2*K)",
    }
    seen = cell([(-60.0, 200.0)], LONG | lumped)
    t = np.linspace(0, 200.0, 60001)
    short = seen.at("Internal short current density [A.m-2]", t)
    passed = np.trapezoid(short, t)
    assert passed > 0.1 * 60 * 200
    moved = seen["Anode sodium [C.m-2]"][0] - seen.end("Anode sodium [C.m-2]")
    assert moved == pytest.approx(-60 * 200 + passed, rel=1e-5)
    work = np.trapezoid(60.0 * seen.at("Voltage [V]", t), t)
    warmer = seen.end("Volume-averaged cell temperature [K]") - T_REF
    limit("E22 work is heat, with a short", warmer * 1e3, work, 1e-4)


FUSE = LONG | {"modes.dendrite.short.law": "burns-out", "modes.dendrite.short.burnt_share": 0.1}
HEADROOM = 1.05
"""Over the melting voltage, burning has set in in full."""


def melting_voltage(T):
    return 2 * math.sqrt(LORENZ * (MELTS**2 - T**2))


@pytest.mark.parametrize(("celsius", "millivolts"), [(25, 68.9), (60, 50.9)])
def test_a_neck_melts_at_a_voltage_of_its_own(celsius, millivolts):
    assert melting_voltage(celsius + 273.15) * 1e3 == pytest.approx(millivolts, abs=0.1)


@pytest.mark.parametrize(
    ("celsius", "factor", "soft"),
    [
        (25, 1.08, True),
        (25, 0.98, False),
        (60, 1.08, True),
        (60, 0.98, False),
    ],
)
def test_a_bridge_burns_where_the_shunted_cell_keeps_its_melting_voltage(
    celsius, factor, soft, cell, own
):
    # Plated at j with the resistance R, the whole bridge leaves V = j R/(1 + G R/A).
    T = celsius + 273.15
    j = 100.0
    conductance = (j * RESISTANCE / (factor * melting_voltage(T)) - 1) / RESISTANCE * AREA
    steady = {"thermal.ambient": f"{celsius} degC"}
    seen = cell([(-j, 60.0)], FUSE | steady | own(short_neck_conductance=f"{conductance} S"))
    assert (seen.end("Anode soft shorts") > 0.5) == soft
    assert (seen["Anode bridge closure"].max() > 0.9) == (not soft)


def test_a_full_cells_limit_of_a_soft_short():
    # 3.4 V, 100 ohm cm2, 1 cm2: R_n > 2.07 ohm.
    least = 100 / (3.4 / melting_voltage(T_REF) - 1)
    assert least == pytest.approx(2.07, abs=0.005)


def test_a_symmetric_cell_below_the_melting_voltage_never_burns(cell, own):
    # 2 mA/cm2 through 106 ohm cm2 is 21 mV.
    long = own(flaw_length="490 um", drive_film_share=1.0)
    weak = {"electrolyte.material.fracture_toughness": "0.1 MPa*m^0.5"}
    tiny = own(short_law="burns-out", short_neck_conductance="1e-6 S")
    seen = cell([(-6.0, 3000.0)], FUSE | long | weak | tiny)
    assert seen.end("Anode soft shorts") == 0
    assert seen.end("Anode bridge closure") > 0.999


FLASH = 0.02  # s, far below what the refill takes


@pytest.fixture(scope="module")
def burning(cell, own):
    """A filament that crosses and burns out again and again."""
    thin = own(short_neck_conductance="1e-5 S", short_fuse_time=f"{FLASH} s")
    return cell([(-60.0, 200.0)], FUSE | thin, rtol=1e-8, atol=1e-10)


def test_a_soft_short_burns_out_and_starts_again(burning, limit):
    length, count = burning["Anode filament length [m]"], burning["Anode soft shorts"]
    filling, closure = burning["Anode filament filling"], burning["Anode bridge closure"]
    assert count[-1] > 4 and closure.max() < 0.9
    through = length >= THICKNESS
    # The crack stays open: it keeps its length and loses a tenth of its sodium.
    assert through[np.argmax(through) :].all()
    after = filling[count > 0.9]
    assert after.min() == pytest.approx(0.98 * 0.9, abs=0.01) and after.max() <= 1.001
    # The next short needs of the charge again what has burnt, up to where it touches.
    times = [float(np.interp(n, count, burning.t)) for n in (1.5, 2.5, 3.5, 4.5)]
    whole = fracture.charge_to_fill(K_C, E_STAR, math.pi, THICKNESS, V)
    gap = np.diff(times) * 60.0 / whole
    assert gap == pytest.approx([gap.mean()] * 3, rel=0.1)
    assert 0.08 < gap.mean() < 0.11


def test_what_burns_off_is_dead_sodium(burning, limit):
    # d(dead) = -V/v d ln k: with V = k B l^(5/2) of one filament in the cell's area.
    count, k = burning["Anode soft shorts"], burning["Anode filament filling"]
    held = fracture.critical_volume_factor(K_C, E_STAR) * THICKNESS**2.5 / V / AREA
    exact = held * np.trapezoid(k, count) * -math.log(0.9)
    lost = burning.end("Anode sodium lost [C.m-2]")
    assert lost == pytest.approx(exact, rel=0.06) and lost > 0
    # Dead, left or across: none of it is gone.
    sides = sum(burning[f"{side} sodium [C.m-2]"] for side in ("Anode", "Cathode"))
    kept = sides + burning["Anode sodium lost [C.m-2]"]
    limit("E1 sodium with the dead", kept, kept[0], 1e-8)
    assert burning.end("Cathode sodium lost [C.m-2]") == 0


def test_a_bridge_stays_at_rest(cell, own):
    # Burning alone empties what has bridged.
    seen = cell([(-60.0, 200.0), (0.0, 2 * HOUR)], FUSE | own(short_neck_conductance="10 S"))
    assert seen.end("Anode bridge closure") > 0.999
    assert seen.end("Dendrite short conductance [S.m-2]") == pytest.approx(10 / AREA, rel=1e-3)


def test_self_discharge_time_constant(make_cell, run, limit):
    # A linear open-circuit voltage is a capacitor: V = V_0 exp(-G t/C), C = Q/slope; what it
    # held is all turned to heat in the leak.
    conductance = 1e-3
    spec = make_cell(
        "na-nzsp-nvp",
        {
            "electrolyte.material.electronic_conductivity": f"{conductance * THICKNESS} S/m",
            "cathode.initial_stoichiometry": 0.5,
            "cathode.material.open_circuit_potential.width": "1e-12 V",
            "cathode.material.open_circuit_potential.slope": "2 V",
            "cathode.material.open_circuit_potential.rise": "0 V",
            "cathode.material.open_circuit_potential.fall": "0 V",
            "cathode.material.entropic_change.value": "0 V/K",
        },
    )
    cathode = spec.cathode
    charge = (
        F
        * cathode.material.maximum_concentration.si
        * cathode.active_fraction.si
        * twin.CellContext(spec).utilisation_now("cathode")
        * cathode.thickness.si
    )
    capacitance = charge / 2.0
    seen = run(spec, [(0.0, 4e6)], MODE, model="spm", **TIGHT)
    t = np.linspace(0, 4e6, 20001)
    voltage = seen.at("Voltage [V]", t)
    tau = -(t[-1] - t[1000]) / math.log(voltage[-1] / voltage[1000])
    # The short also has the cell's own resistance to overcome, 1e-5 of its own.
    series = 1 + conductance * seen.end("Area-specific resistance [Ohm.m2]")
    assert tau == pytest.approx(capacitance / conductance, rel=1e-3)
    limit("E21 self-discharge tau = C/G", tau, capacitance / conductance * series, 2e-5)
    stored = capacitance / 2 * (voltage[0] ** 2 - voltage[-1] ** 2)
    limit("E21 heat of the leak", np.trapezoid(conductance * voltage**2, t), stored, 1e-4)


def test_without_leak_or_filament_no_charge_is_lost(make_cell, run, limit):
    for sigma, efficiency in (("0 S/m", 1.0), ("5e-7 S/m", None)):
        spec = make_cell(
            "na-nzsp-nvp",
            {
                "electrolyte.material.electronic_conductivity": sigma,
                "cathode.initial_stoichiometry": 0.5,
            },
        )
        seen = run(spec, [(-2.0, HOUR), (2.0, HOUR)], MODE, model="spm")
        change = np.diff(seen["Cathode stoichiometry"][[0, -1]])[0]
        if efficiency is not None:
            limit("E21 CE = 1 without a leak", change, 0, 1e-9)
            assert (seen["Internal short current density [A.m-2]"] == 0).all()
            assert seen.end("Internal short charge [C.m-2]") == 0
        else:
            host = F * 13870 * 0.5 * 60e-6 * CellContext(spec).utilisation_now("cathode")
            leaked = 5e-7 / THICKNESS * np.trapezoid(seen["Voltage [V]"], seen.t)
            assert change * host == pytest.approx(leaked, rel=1e-4)
            sodium = seen["Anode sodium [C.m-2]"]
            assert sodium[0] - sodium[-1] == pytest.approx(change * host, rel=1e-6)
            assert seen.end("Anode sodium lost [C.m-2]") == 0


def test_a_leaky_cell_is_said_to_leak():
    leaky = {"electrolyte.material.electronic_conductivity": "1e-4 S/m"}
    mode = twin.plugin_manager().modes["dendrite"]
    seen = {}
    for name, overrides in (("tight", {}), ("leaky", leaky)):
        spec = twin.load_cell("na-nzsp-nvp", overrides=overrides)
        (leak,) = [c for c in mode.criteria(CellContext(spec)) if c.what == "cell leaks"]
        assert leak.severity == "warning" and leak.threshold == 0.03
        conductance = spec.electrolyte.material.electronic_conductivity.si / THICKNESS
        seen[name] = leak.margin(conductance)
    assert seen["tight"] == pytest.approx(1) and seen["leaky"] < 0


# ------------------------------------------------------------ lives


def test_a_cell_plated_above_its_critical_current_shorts_in_its_first_cycle():
    run = twin.simulate(
        "na-nps-na",
        cycles=3,
        overrides={"protocol.current_density": "1.5 mA/cm^2"},
        store="sqlite://",
    )
    outcome = run.outcome
    assert (outcome.mode, outcome.cycle) == ("dendrite", 1)
    assert outcome.criterion.endswith("hard short")
    assert outcome.variable.endswith("filament length [m]")
    assert outcome.value == pytest.approx(outcome.threshold, rel=1e-6)
    assert "500 um long" in outcome.evidence["dendrite"]["says"]


J, J_CAP, H_0, J_C, FLAW = 3.0, 1.0, 2e-6, 9.8, 150 * UM
REACTION = 2 * twin.GAS_CONSTANT * T_REF / F
NEEDED = V * K_C / (2 / math.pi * math.sqrt(math.pi * FLAW))


@pytest.fixture(scope="module")
def shorted(plain):
    """The chain from stripping to a short: voids, plating crowded beside them, a filament."""
    # The reaction alone drives, so that the contact's own current decides: j/theta >= j_c.
    chain = plain | {
        "interfaces.anode.exchange_current": f"{J_C / 2 / math.sinh(NEEDED / REACTION)} A/m^2",
        "interfaces.anode.resistance": "0 ohm*cm^2",
        "modes.dendrite.drive.detour_factor": 0.0,
        "modes.dendrite.flaw.length": f"{FLAW} m",
        "modes.dendrite.short.severity": "fatal",
        "stack.pressure": "5 MPa",
        "modes.dendrite.drive.lateral_confinement": 1.0,
        "modes.pressure.contact.law": "plastic",
        "modes.pressure.contact.hardness": "1 Pa",
        "modes.pressure.contact.spot_spacing": "0 m",
        "modes.pressure.contact_limit": 1e-3,
        "modes.pressure.voids.reference_height": f"{H_0} m",
        "modes.pressure.voids.healed_fraction": 1.0,
        "modes.pressure.voids.refill_current": f"{J_CAP} A/m^2",
        "modes.pressure.voids.refill_per_pressure": "0 A/(m^2*Pa)",
    }
    known = {}

    def die(rtol=1e-4, **more):
        key = (rtol, tuple(more.items()))
        if key not in known:
            known[key] = twin.simulate(
                "na-nzsp-na",
                cycles=20,
                overrides=chain | more,
                modes=["dendrite", "pressure"],
                store="sqlite://",
                rtol=rtol,
                atol=rtol / 100,
                series_every=0,
            ).outcome
        return known[key]

    return die


def test_from_voids_to_a_short(shorted):
    # 0.3 mA/cm2, a flaw that bears 0.98 at the contact, j_cap 0.1 mA/cm2: between the two
    # bounds of the voids' map, and one cycle for the charge that the run itself takes.
    r, s = J_CAP / J, V_M * J * HOUR / (F * H_0)
    q = (1 - r) * -math.expm1(-s)
    low = 1 + math.ceil(((J_C / J - r) * math.exp(-s) - (1 - r)) / q)
    high = (J_C / J - 1) / q
    assert (low, round(high, 1)) == (2, 4.6)
    outcome = shorted()
    assert (outcome.mode, outcome.criterion) == ("dendrite", "anode hard short")
    assert low <= outcome.cycle <= math.ceil(high) + 1


def test_stripping_below_the_refill_current_never_shorts(shorted):
    outcome = shorted(**{"modes.pressure.voids.refill_current": f"{J * 1.01} A/m^2"})
    assert outcome.kind == "completed"


def test_the_time_of_the_short_does_not_hang_on_tolerance(shorted, limit):
    times = [shorted(rtol).time_h for rtol in (1e-4, 1e-6, 1e-8)]
    limit("E24 short after voids, tolerance", times[0], times[2], 0.01)
    assert times[1] == pytest.approx(times[2], rel=0.001)


# ------------------------------------------------------------ what any mode keeps

NEUTRAL = {
    "electrolyte.material.electronic_conductivity": "0 S/m",
    "modes.dendrite.flaw.length": "1 um",
}


class TestDendriteInASymmetricCell(ModeConformance):
    mode_id = "dendrite"
    cell = "na-nzsp-na"
    neutral = NEUTRAL
    absent_reads = ("{interface} particle area per cell area",)
    overrides = {"modes.dendrite.short.law": "burns-out"}
    bounds = {
        "Anode filament length [m]": (9.9e-6, 5.2e-4),
        "Anode stress intensity share": (0, 1.01),
        "Anode bridge closure": (0, 1),
    }


@pytest.mark.slow
class TestDendriteOnPatches(TestDendriteInASymmetricCell):
    overrides = {"modes.dendrite.short.law": "burns-out", "interfaces.anode.patches.count": 8}
    bounds = {"Anode bridge closure": (0, 1)}


class TestDendriteInABrittleShortLivedCell(ModeConformance):
    mode_id = "dendrite"
    cell = "na-base-na"
    neutral = NEUTRAL
    absent_reads = ("{interface} particle area per cell area",)
    overrides = {
        "modes.dendrite.flaw.length": {"value": "300 um", "status": "assumed", "source": "a test's"}
    }
    current_density = -30.0
    duration = 100.0
    patches_alike = False  # a smaller patch holds a shorter flaw, which crosses later
    unused_ports = (Port.PARASITIC_CURRENT,)


class TestDendriteInAFullCell(ModeConformance):
    mode_id = "dendrite"
    cell = "na-nzsp-nvp"
    neutral = NEUTRAL
    current_density = -2.0
    unused_ports = (Port.PARASITIC_CURRENT,)
    cycles = 1
