"""Every port at every place, in every cell that has it: held at a value, it does what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

import twin
from twin import FARADAY, GAS_CONSTANT, Port

F, R, T = FARADAY, GAS_CONSTANT, 298.15
RTF = R * T / F
HOUR = 3600.0

# (cell, model): a metal anode and a hard-carbon one, each as DFN and SPMe.
FULL = [
    ("na-nzsp-nvp", "dfn"),
    ("na-nzsp-nvp", "spm"),
    ("na-ion-chayambuka2022", "dfn"),
    # Its tables make each run a second; the DFN is the harder of the two.
    pytest.param("na-ion-chayambuka2022", "spm", marks=pytest.mark.slow),
]
METAL = FULL[:2]
CARBON = FULL[2:]
# Chayambuka's tables have kinks, which the solver follows to a coarser tolerance; a coarse
# mesh is as good to see a port by.
SOLVER = {
    "na-nzsp-nvp": {"rtol": 1e-7, "atol": 1e-9},
    "na-ion-chayambuka2022": {
        "rtol": 1e-5,
        "atol": 1e-7,
        "var_pts": dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p"), 8),
    },
}
VOLTS = {"na-nzsp-nvp": 1e-7, "na-ion-chayambuka2022": 5e-5}  # what two runs may differ by
# The middle of both cells' charge.
START = {
    "na-nzsp-nvp": {"cathode.initial_stoichiometry": 0.5},
    "na-ion-chayambuka2022": {
        "anode.initial_stoichiometry": 0.6,
        "cathode.initial_stoichiometry": 0.5,
    },
}


@pytest.fixture(scope="module")
def solve(make_cell, run):
    """Solve a full cell from the middle of its charge, with ports held."""
    bare = {}

    def go(cell, model, steps, modes=(), overrides=None):
        key = (cell, model, tuple(steps), tuple((overrides or {}).items()))
        if not modes and key in bare:
            return bare[key]
        spec = make_cell(cell, START[cell] | dict(overrides or {}))
        seen = run(spec, steps, modes, model=model, **SOLVER[cell])
        if not modes:
            bare[key] = seen
        return seen

    return go


def same_voltage(one, other, tolerance, until=1.0):
    t = np.linspace(0, until * min(one.t[-1], other.t[-1]), 100)
    difference = one.at("Voltage [V]", t) - other.at("Voltage [V]", t)
    assert np.abs(difference).max() <= tolerance


def host(spec, place):
    """The charge an intercalation electrode can hold [C.m-2]."""
    electrode = getattr(spec, place)
    return (
        F
        * electrode.material.maximum_concentration.si
        * electrode.active_fraction.si
        * twin.CellContext(spec).utilisation_now(place)
        * electrode.thickness.si
    )


# ------------------------------------------------------------ gathering


def test_sums_and_products(make_cell, run, pin):
    places = [Port.INTERFACE_RESISTANCE.at("anode"), Port.CONTACT_FRACTION.at("anode")]
    one = pin(dict(zip(places, (1e-3, 0.5), strict=True)), "one")
    two = pin(dict(zip(places, (2e-3, 0.4), strict=True)), "two")
    spec = make_cell("na-nzsp-na")
    seen = run(spec, [(3.0, 10)], [one, two])
    resistance, contact = (at.variable for at in places)
    assert seen.end(resistance) == pytest.approx(3e-3, rel=1e-14)
    assert seen.end(contact) == pytest.approx(0.2, rel=1e-14)
    # Each contribution stays readable, and the order they were given in does not matter.
    assert seen.end(f"Two {places[0]}") == pytest.approx(2e-3)
    other_way = run(spec, [(3.0, 10)], [two, one])
    assert (seen["Voltage [V]"] == other_way["Voltage [V]"]).all()


def test_unwritten_ports_are_neutral(make_cell, run):
    seen = run(make_cell("na-nzsp-na"), [(3.0, 10)])
    for port in Port:
        for place in port.places:
            assert seen.end(port.at(place).variable) == port.neutral


def test_stack_pressure_adds_to_the_applied_one(solve, pin):
    mode = pin({Port.STACK_PRESSURE.at(): 1.5e6})
    for cell, model in METAL:
        seen = solve(cell, model, [(0.0, 10)], [mode])
        assert seen.end("Stack pressure [Pa]") == pytest.approx(6.5e6)


# ------------------------------------------------------------ interface resistance


@pytest.mark.parametrize(("cell", "model"), FULL)
@pytest.mark.parametrize("place", ["anode", "cathode"])
def test_resistance_takes_off_exactly_i_r(solve, pin, cell, model, place):
    i, resistance = 3.0, 4e-3
    mode = pin({Port.INTERFACE_RESISTANCE.at(place): resistance})
    bare = solve(cell, model, [(i, 600.0)])
    more = solve(cell, model, [(i, 600.0)], [mode])
    t = np.linspace(0, 600, 20)
    lost = bare.at("Voltage [V]", t) - more.at("Voltage [V]", t)
    assert lost == pytest.approx(np.full(20, i * resistance), abs=VOLTS[cell])
    # What the reaction itself costs is as before.
    eta = f"{place.capitalize()} reaction overpotential [V]"
    assert more.at(eta, t) == pytest.approx(bare.at(eta, t), abs=VOLTS[cell])


# ------------------------------------------------------------ contact


@pytest.mark.parametrize(("cell", "model"), FULL)
@pytest.mark.parametrize("place", ["anode", "cathode"])
def test_half_contact_is_half_the_exchange_current(solve, pin, cell, model, place):
    # j = 2 j_0 theta sinh(F eta/2RT): contact and exchange current are the same to the cell.
    half = pin({Port.CONTACT_FRACTION.at(place): 0.5})
    seen = solve(cell, model, [(3.0, 600.0)], [half])
    bare = solve(cell, model, [(3.0, 600.0)])
    local = f"{place.capitalize()} local current density [A.m-2]"
    assert seen.end(local) == pytest.approx(2 * bare.end(local), rel=1e-12)
    transfer = f"{place.capitalize()} charge-transfer resistance [Ohm.m2]"
    assert seen.end(transfer) == pytest.approx(2 * bare.end(transfer), rel=1e-3)
    if cell == "na-nzsp-nvp":
        key = f"interfaces.{place}.exchange_current.reference"
        slower = {key: {"anode": "20.4 A/m^2", "cathode": "0.01 A/m^2"}[place]}
        if place == "anode":
            # The film carries the local current too: half of it is twice the film.
            slower["interfaces.anode.resistance.reference"] = "12.6 ohm*cm^2"
        same_voltage(seen, solve(cell, model, [(3.0, 600.0)], (), slower), 1e-7)


@pytest.mark.parametrize("model", ["dfn", "spm"])
@pytest.mark.parametrize("theta", [1.0, 0.5, 0.01])
def test_contact_at_the_metal_is_butler_volmer_at_the_local_current(solve, pin, model, theta):
    seen = solve(
        "na-nzsp-nvp", model, [(3.0, 10)], [pin({Port.CONTACT_FRACTION.at("anode"): theta})]
    )
    eta = 2 * RTF * math.asinh(3.0 / (2 * 40.8 * theta))
    assert seen.end("Anode reaction overpotential [V]") == pytest.approx(eta, rel=1e-9)


# ------------------------------------------------------------ conductivity


@pytest.mark.parametrize(("cell", "model"), FULL)
def test_conductivity_factor_of_the_separator(solve, pin, cell, model):
    factor = pin({Port.CONDUCTIVITY_FACTOR.at("separator"): 0.1})
    seen, bare = solve(cell, model, [(3.0, 60.0)], [factor]), solve(cell, model, [(3.0, 60.0)])
    efficiency = "X-averaged separator electrolyte transport efficiency"
    assert seen.end(efficiency) == pytest.approx(0.1 * bare.end(efficiency), rel=1e-12)
    # What reads the efficiency reads the one with the factor in it.
    for resistance in ("Separator resistance [Ohm.m2]", "Electrolyte resistance [Ohm.m2]"):
        separator = bare["Separator resistance [Ohm.m2]"][0]
        more = seen[resistance][0] - bare[resistance][0]
        assert more == pytest.approx(9 * separator, rel=1e-9)


@pytest.mark.parametrize(("model", "tolerance"), [("dfn", 5e-3), ("spm", 1e-6)])
def test_halved_conductivity_doubles_the_separators_drop(make_cell, run, pin, model, tolerance):
    # PyBaMM's DFN takes a mean conductivity where separator and cathode meet: a mesh
    # error, 1.8 % of the drop on its default mesh.
    spec = make_cell("na-nzsp-nvp", START["na-nzsp-nvp"])
    half = pin({Port.CONDUCTIVITY_FACTOR.at("separator"): 0.5})
    mesh = {"x_n": 20, "x_s": 400, "x_p": 20, "r_n": 20, "r_p": 20}
    bare, seen = (
        run(spec, [(3.0, 60.0)], modes, model=model, var_pts=mesh, rtol=1e-7, atol=1e-9)
        for modes in ((), [half])
    )
    assert bare.end("Voltage [V]") - seen.end("Voltage [V]") == pytest.approx(
        3.0 * bare.end("Separator resistance [Ohm.m2]"), rel=tolerance
    )


@pytest.mark.parametrize(("cell", "model"), FULL)
def test_conductivity_factor_of_the_cathode(solve, pin, cell, model):
    seen = solve(cell, model, [(3.0, 60.0)], [pin({Port.CONDUCTIVITY_FACTOR.at("cathode"): 0.5})])
    bare = solve(cell, model, [(3.0, 60.0)])
    efficiency = "X-averaged positive electrolyte transport efficiency"
    assert seen.end(efficiency) == pytest.approx(0.5 * bare.end(efficiency), rel=1e-12)
    assert seen.end("Voltage [V]") < bare.end("Voltage [V]")
    same = "X-averaged separator electrolyte transport efficiency"
    assert seen.end(same) == bare.end(same)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_conductivity_factor_everywhere_is_a_worse_electrolyte(solve, pin, model):
    halves = pin({Port.CONDUCTIVITY_FACTOR.at(p): 0.5 for p in ("separator", "cathode")})
    steps = [(3.0, HOUR)]
    seen = solve("na-nzsp-nvp", model, steps, [halves])
    spec_key = "electrolyte.material.conductivity.reference"
    worse = solve("na-nzsp-nvp", model, steps, (), {spec_key: "2.5 mS/cm"})
    same_voltage(seen, worse, 1e-7)


def test_conductivity_factor_of_a_symmetric_cell(make_cell, run, pin):
    spec = make_cell("na-nzsp-na")
    factor = pin({Port.CONDUCTIVITY_FACTOR.at("separator"): 0.5})
    bare, seen = run(spec, [(3.0, 10)]), run(spec, [(3.0, 10)], [factor])
    drop = bare.end("Electrolyte potential drop [V]")
    assert seen.end("Electrolyte potential drop [V]") == pytest.approx(2 * drop, rel=1e-14)
    assert bare.end("Voltage [V]") - seen.end("Voltage [V]") == pytest.approx(drop, rel=1e-12)


# ------------------------------------------------------------ active material


@pytest.mark.parametrize(("cell", "model"), FULL)
@pytest.mark.parametrize("place", ["anode", "cathode"])
def test_half_the_active_material_is_a_cell_with_half_of_it(
    make_cell, run, pin, cell, model, place
):
    if (cell, place) == ("na-nzsp-nvp", "anode"):
        pytest.skip("a metal has no active material to lose")
    # Half the active material of mixed powders would be another packing.
    alike = {"cathode.mixing.network": "continuous"}
    spec = make_cell(cell, alike)
    given = getattr(spec, place).active_fraction.si
    # From where the cell was assembled until its window ends it.
    steps = [(-4.0 if cell == "na-nzsp-nvp" else 6.0, 6 * HOUR)]
    solver = SOLVER[cell]
    half = run(spec, steps, [pin({Port.ACTIVE_FRACTION.at(place): 0.5})], model=model, **solver)
    smaller = make_cell(cell, alike | {f"{place}.active_fraction": given / 2})
    other = run(smaller, steps, model=model, **solver)
    assert half.t[-1] == pytest.approx(other.t[-1], rel=1e-6 if cell == "na-nzsp-nvp" else 1e-4)
    # Up to the end, where the voltage dives and magnifies the last digit of the time.
    same_voltage(half, other, 1e-5 if cell == "na-nzsp-nvp" else 2e-4, until=0.99)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_active_fraction_scales_the_capacity(make_cell, run, pin, model):
    spec = make_cell("na-nzsp-nvp")
    slow = [(-1.0, 20 * HOUR)]
    times = {
        f: run(
            spec,
            slow,
            [pin({Port.ACTIVE_FRACTION.at("cathode"): f})],
            model=model,
            rtol=1e-6,
            atol=1e-8,
        ).t[-1]
        for f in (1.0, 0.5)
    }
    assert times[0.5] / times[1.0] == pytest.approx(0.5, rel=5e-3)


# ------------------------------------------------------------ parasitic current


@pytest.mark.parametrize(("cell", "model"), FULL)
def test_side_reaction_at_rest_charges_or_discharges_its_electrode(solve, pin, cell, model):
    # An oxidation (positive) is paid for by the main reaction's reduction, and takes sodium in.
    seconds = HOUR
    for place, current in (("cathode", 0.5), ("cathode", -0.5), ("anode", -0.5)):
        mode = pin({Port.PARASITIC_CURRENT.at(place): current})
        seen = solve(cell, model, [(0.0, seconds)], [mode])
        spec = seen.model.cell_spec
        if getattr(spec, place).kind == "metal":
            lost = seen.end("Anode sodium lost [C.m-2]")
            assert lost == pytest.approx(-current * seconds, rel=1e-9)
            continue
        filling = seen[f"{place.capitalize()} stoichiometry"]
        assert seen.termination == "final time"
        taken = (filling[-1] - filling[0]) * host(spec, place)
        assert taken == pytest.approx(current * seconds, rel=1e-5)


def test_corrosion_of_both_electrodes_of_a_symmetric_cell(make_cell, run, pin):
    ports = {Port.PARASITIC_CURRENT.at("anode"): -0.2, Port.PARASITIC_CURRENT.at("cathode"): -0.1}
    seen = run(make_cell("na-nzsp-na"), [(3.0, HOUR)], [pin(ports)])
    assert seen.end("Anode sodium lost [C.m-2]") == pytest.approx(0.2 * HOUR, rel=1e-9)
    assert seen.end("Cathode sodium lost [C.m-2]") == pytest.approx(0.1 * HOUR, rel=1e-9)
    moved = seen["Anode sodium [C.m-2]"][0] - seen.end("Anode sodium [C.m-2]")
    assert moved == pytest.approx(3.2 * HOUR, rel=1e-8)


# ------------------------------------------------------------ internal short


@pytest.mark.parametrize(("cell", "model"), FULL)
def test_short_discharges_a_resting_cell_at_g_v(solve, pin, cell, model):
    conductance = 0.5
    seen = solve(cell, model, [(0.0, HOUR)], [pin({Port.SHORT_CONDUCTANCE.at(): conductance})])
    voltage, short = seen["Voltage [V]"], seen["Internal short current density [A.m-2]"]
    assert short == pytest.approx(conductance * voltage, rel=1e-4)
    t = np.linspace(0, HOUR, 4001)
    passed = np.trapezoid(seen.at("Internal short current density [A.m-2]", t), t)
    spec = seen.model.cell_spec
    filling = seen["Cathode stoichiometry"]
    assert (filling[-1] - filling[0]) * host(spec, "cathode") == pytest.approx(passed, rel=1e-4)
    assert seen.end("Discharge capacity [A.h]") == 0
    if spec.anode.kind == "metal":
        assert seen.end("Internal short charge [C.m-2]") == pytest.approx(passed, rel=1e-5)
        sodium = seen["Anode sodium [C.m-2]"]
        assert sodium[0] - sodium[-1] == pytest.approx(passed, rel=1e-5)
        # It is in the cathode, not lost.
        assert seen.end("Anode sodium lost [C.m-2]") == 0
        # On a plateau the short is a steady load, and the cell is where one would take it.
        load = solve(cell, model, [(passed / HOUR, HOUR)])
        assert seen.end("Voltage [V]") == pytest.approx(load.end("Voltage [V]"), abs=1e-4)


@pytest.mark.parametrize(("cell", "model"), METAL)
def test_held_voltage_feeds_the_short(solve, pin, cell, model):
    short = pin({Port.SHORT_CONDUCTANCE.at(): 0.5})
    seen = solve(cell, model, ["Hold at 3.39 V for 40 hours"], [short])
    area = seen.model.cell_spec.geometry.area.si
    assert seen.end("Current [A]") == pytest.approx(-0.5 * 3.39 * area, rel=1e-3)


@pytest.mark.parametrize("i", [3.0, -3.0])
def test_short_of_a_symmetric_cell_takes_its_share(make_cell, run, pin, i):
    conductance = 50.0
    spec = make_cell("na-nzsp-na")
    seen = run(spec, [(i, HOUR)], [pin({Port.SHORT_CONDUCTANCE.at(): conductance})])
    voltage = seen.end("Voltage [V]")
    through = i + conductance * voltage
    assert abs(through) < abs(i)
    assert seen.end("Internal short current density [A.m-2]") == pytest.approx(
        conductance * voltage, rel=1e-8
    )
    resistance = seen.end("Separator resistance [Ohm.m2]") + 2 * 6.3e-4
    closed = -(through * resistance + 4 * RTF * math.asinh(through / (2 * 40.8)))
    assert voltage == pytest.approx(closed, rel=1e-8)
    # Only what passes the interfaces moves sodium.
    assert seen["Anode sodium [C.m-2]"][0] - seen.end("Anode sodium [C.m-2]") == pytest.approx(
        through * HOUR, rel=1e-7
    )


def test_a_hard_short_leaves_no_voltage(make_cell, run, pin):
    seen = run(make_cell("na-nzsp-na"), [(3.0, 60.0)], [pin({Port.SHORT_CONDUCTANCE.at(): 1e9})])
    assert abs(seen.end("Voltage [V]")) < 1e-8
    assert seen.end("Internal short current density [A.m-2]") == pytest.approx(-3.0, rel=1e-6)


# ------------------------------------------------------------ heat

ADIABATIC = {"thermal.model": "lumped", "thermal.heat_transfer": "0 W/(m^2*K)"}


@pytest.mark.parametrize(("cell", "model"), FULL)
def test_heat_source_warms_a_resting_cell(solve, pin, cell, model):
    power, seconds = 2.0, HOUR
    mode = pin({Port.HEAT_SOURCE.at(): power})
    seen = solve(cell, model, [(0.0, seconds)], [mode], ADIABATIC)
    rise = seen.end("Volume-averaged cell temperature [K]") - T
    capacity = seen.model.cell_spec.thermal.heat_capacity.si
    assert rise == pytest.approx(power * seconds / capacity, rel=1e-4)


def test_heat_source_warms_a_symmetric_cell(make_cell, run, pin):
    spec = make_cell("na-nzsp-na", ADIABATIC)
    seen = run(spec, [(0.0, HOUR)], [pin({Port.HEAT_SOURCE.at(): 2.0})])
    rise = seen.end("Volume-averaged cell temperature [K]") - T
    assert rise == pytest.approx(2.0 * HOUR / 1800, rel=1e-8)


@pytest.mark.parametrize(("cell", "model"), FULL)
def test_short_warms_the_cell_by_what_it_loses(solve, pin, cell, model):
    # At rest a short turns the chemical energy it lets go, U - T dU/dT a coulomb, into heat.
    mode = pin({Port.SHORT_CONDUCTANCE.at(): 0.3})
    seen = solve(cell, model, [(0.0, HOUR)], [mode], ADIABATIC)
    spec = seen.model.cell_spec
    t = np.linspace(0, HOUR, 4001)
    short = seen.at("Internal short current density [A.m-2]", t)
    open_circuit = seen.at("Voltage [V]", 0.0)
    entropic = spec.cathode.material.entropic_change.value.si
    expected = np.trapezoid(short, t) * (open_circuit - T * entropic)
    rise = seen.end("Volume-averaged cell temperature [K]") - T
    # The open-circuit voltage hardly moves on the plateau; the carbon's slope does.
    tolerance = 0.02 if spec.anode.kind == "metal" else 0.1
    assert rise * spec.thermal.heat_capacity.si == pytest.approx(expected, rel=tolerance)


def test_film_resistance_heats(make_cell, run, pin):
    i, resistance = 30.0, 5e-3
    spec = make_cell("na-nzsp-nvp", ADIABATIC | START["na-nzsp-nvp"])
    rises = [
        run(spec, [(i, 60.0)], modes, rtol=1e-6, atol=1e-8).end(
            "Volume-averaged cell temperature [K]"
        )
        for modes in ((), [pin({Port.INTERFACE_RESISTANCE.at("cathode"): resistance})])
    ]
    assert (rises[1] - rises[0]) * 1500 == pytest.approx(i**2 * resistance * 60, rel=1e-2)
