"""What a mode cost, from its contributions alone: closed forms, limits, and who answers for it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import twin
from twin.constants import FARADAY, GAS_CONSTANT
from twin.engine.blame import Found, answerable
from twin.engine.costs import Cost, Costs, takers
from twin.engine.criteria import Watched
from twin.engine.inventory import OpenCircuit, PutBack
from twin.engine.taken import Taken
from twin.model.parameters import nominal_capacity
from twin.modes.context import CellContext
from twin.modes.mode import Criterion, Evidence
from twin.modes.ports import Port

J, T = 4.0, 298.15
THERMAL = GAS_CONSTANT * T / FARADAY


@pytest.fixture(scope="module")
def ported():
    """``ported(cell, {port: {mode: variable}})``: as much of a cell as the account looks at."""
    kept = {}

    def make(name, contributors):
        if name not in kept:
            spec = twin.load_cell(name)
            kept[name] = spec, CellContext(spec), OpenCircuit(spec)
        spec, cell, held = kept[name]
        return SimpleNamespace(spec=spec, cell=cell, contributors=contributors, open_circuit=held)

    return make


def face(place, contact=1.0, pristine=0.0, port=0.0, exchange=10.0):
    """What is stored of an interface."""
    name = place.capitalize()
    return {
        f"{name} conducting fraction": contact,
        f"{name} series resistance [Ohm.m2]": pristine / contact + port,
        f"{name} charge-transfer resistance [Ohm.m2]": THERMAL / (exchange * contact),
        f"{name} interface resistance [Ohm.m2]": port,
        "Volume-averaged cell temperature [K]": T,
    }


def tafel(j, j0):
    return 2 * THERMAL * math.asinh(j / (2 * j0))


def cost(cell, first, last, taken=None):
    return Costs(cell, first, last, taken or Taken(), J).of("own")


def test_a_resistance_costs_the_current_times_what_was_added(ported):
    at = Port.INTERFACE_RESISTANCE.at("anode")
    cell = ported("na-nzsp-nvp", {at: {"own": "Mine", "other": "Theirs"}})
    first = {"Mine": 0.001, "Theirs": 0.0}
    last = {"Mine": 0.004, "Theirs": 0.5, **face("anode", port=0.504)}
    found = cost(cell, first, last)
    assert found.polarisation == pytest.approx(J * 0.003, rel=1e-9)
    assert (found.capacity, found.leaked, found.heat) == (0, 0, 0)


def test_contact_costs_what_is_crowded_on_what_the_others_leave(ported):
    at = Port.CONTACT_FRACTION.at("anode")
    cell = ported("na-nzsp-nvp", {at: {"own": "Mine", "other": "Theirs"}})
    first, last = {"Mine": 0.8, "Theirs": 1.0}, {"Mine": 0.4, "Theirs": 0.5}
    last |= face("anode", contact=0.2, pristine=0.002)
    volts = J * 0.002 * (1 / 0.2 - 1 / 0.4) + tafel(J / 0.2, 10.0) - tafel(J / 0.4, 10.0)
    assert cost(cell, first, last).polarisation == pytest.approx(volts, rel=1e-9)


@pytest.mark.parametrize(("place", "sign"), [("anode", 1), ("cathode", -1)])
def test_a_shift_costs_what_it_takes_off_the_voltage(ported, place, sign):
    at = Port.EQUILIBRIUM_POTENTIAL.at(place)
    cell = ported("na-nzsp-nvp", {at: {"own": "Mine"}})
    found = cost(cell, {"Mine": 0.01}, {"Mine": 0.03, **face(place)})
    assert found.polarisation == pytest.approx(sign * 0.02, rel=1e-9)


def test_a_layer_costs_its_own_resistance_over_what_is_left(ported):
    layers = {Port.CONDUCTIVITY_FACTOR.at(p): {"own": p} for p in ("separator", "cathode")}
    cell = ported("na-nzsp-nvp", layers)
    last = {"Electrolyte resistance [Ohm.m2]": 0.05, "Separator resistance [Ohm.m2]": 0.02}
    last |= {"separator": 0.5, "cathode": 0.9}
    volts = J * (0.02 * 0.5 + 0.03 * 0.1)
    found = cost(cell, {"separator": 1.0, "cathode": 1.0}, last)
    assert found.polarisation == pytest.approx(volts, rel=1e-9)


def test_a_short_costs_the_share_that_it_leaks_beside_the_others(ported):
    at = Port.SHORT_CONDUCTANCE.at()
    cell = ported("na-nzsp-nvp", {at: {"own": "Mine", "other": "Theirs"}})
    last = {"Mine": 0.5, "Theirs": 0.5, "Internal short conductance [S.m-2]": 1.0}
    found = cost(cell, {"Mine": 0.0, "Theirs": 0.5}, last | {"Voltage [V]": -2.0})
    nominal = nominal_capacity(cell.spec)
    assert found.capacity == pytest.approx(nominal * (2 / (2 + J) - 1 / (1 + J)), rel=1e-9)
    assert found.leaked == found.capacity


def test_what_is_no_number_costs_nothing(ported):
    at = Port.INTERFACE_RESISTANCE.at("anode")
    cell = ported("na-nzsp-nvp", {at: {"own": "Mine"}})
    found = cost(cell, {"Mine": 0.0}, {"Mine": math.nan, **face("anode", port=math.nan)})
    assert found == Cost()


def test_heat_is_told_as_the_voltage_that_makes_it(ported):
    cell = ported("na-nzsp-nvp", {Port.HEAT_SOURCE.at(): {"own": "Mine"}})
    found = cost(cell, {"Mine": 0.0}, {"Mine": 2.0})
    assert (found.heat, found.polarisation) == (pytest.approx(2.0 / J), 0)


# What is stored of the two electrodes of a discharged cell.
EMPTY = {"Cathode stoichiometry": 0.99, "Anode stoichiometry": 0.01}


def test_host_that_is_cut_off_costs_what_its_sites_held(ported):
    at = Port.ACTIVE_FRACTION.at("cathode")
    cell = ported("na-nzsp-nvp", {at: {"own": "Mine"}})
    last = {**EMPTY, "Anode sodium thickness [m]": 20e-6, "Mine": 0.8, at.variable: 0.8}
    last |= {"Cathode isolated host share": 0.2, "Cathode isolated host sodium": 0.2 * 0.99}
    whole = {**last, at.variable: 1.0}
    found = cost(cell, {"Mine": 1.0}, last)
    held = cell.open_circuit.capacity
    assert found.capacity == pytest.approx(held(whole) - held(last), rel=1e-6)
    assert found.capacity == pytest.approx(0.2 * held(whole), rel=1e-3)


def test_sodium_that_a_reserve_makes_up_for_costs_nothing(ported):
    at = Port.PARASITIC_CURRENT.at("anode")
    taken = Taken({"anode": {"own": 3600.0}})
    metal = ported("na-nzsp-nvp", {at: {"own": "Mine"}})
    last = {**EMPTY, "Anode sodium thickness [m]": 20e-6, "Mine": 0.0}
    assert cost(metal, {"Mine": 0.0}, last, taken).capacity == pytest.approx(0, abs=1e-9)
    host = ported("hc-nzsp-nvp", {at: {"own": "Mine"}})
    last = {"Anode stoichiometry": 0.01, "Cathode stoichiometry": 0.7, "Mine": 0.0}
    found = cost(host, {"Mine": 0.0}, last, taken).capacity
    assert found == pytest.approx(3600.0 * host.spec.geometry.area.si / 3600, rel=0.05)


def test_putting_nothing_back_changes_nothing(ported):
    held = ported("hc-nzsp-nvp", {}).open_circuit
    nothing = {"anode": PutBack(), "cathode": PutBack(0.0, 0.7, 0.0)}
    assert held.capacity(EMPTY, nothing) == held.capacity(EMPTY) > 0


def test_charges_are_summed_over_the_cycles_jumped():
    """Cycles that take ``3 + k`` each: 1 to 4 one by one, then up to 25 at once."""
    t = np.array([0.0, 10.0, 20.0])

    def of(k):  # two steps, with the charge in the first
        return {"Time [s]": [t, t + 20], "i": [np.full(3, -(3.0 + k) / 20), np.zeros(3)]}

    taken = Taken()
    for k in (1, 2, 3, 4):
        taken = taken.and_cycle(of(k), [("anode", "own", "i")])
    taken = taken.and_cycle(of(25), [("anode", "own", "i")], cycles=21)
    assert taken.by("own", "anode") == pytest.approx(sum(3 + k for k in range(1, 26)))
    assert taken.by("own", "cathode") == taken.by("other", "anode") == 0
    assert Taken.from_data(taken.to_data()) == taken


def test_currents_that_take_sodium_are_those_of_two_ports():
    ports = {
        Port.PARASITIC_CURRENT.at("anode"): {"a": "x"},
        Port.PLATING_CURRENT.at("cathode"): {"b": "y"},
        Port.HEAT_SOURCE.at(): {"c": "z"},
    }
    assert list(takers(ports)) == [("anode", "a", "x"), ("cathode", "b", "y")]


def watched(variable, mode="own"):
    return Watched(mode, Criterion("gone", variable, 1.0, "above", 0.0, "it is gone"))


@pytest.mark.parametrize(
    ("taken", "blamed"),
    [({"own": 1.0, "other": 3.0}, "other"), ({"own": 3.0, "other": 1.0}, "own"), ({}, "own")],
)
def test_sodium_that_is_gone_is_put_down_to_who_took_it(ported, taken, blamed):
    cell = ported("na-nzsp-nvp", {})
    evidence = {m: Found(taken={"anode": q}) for m, q in taken.items()}
    assert answerable(watched("Anode sodium lost [C.m-2]"), cell, evidence) == blamed
    assert answerable(watched("Anything"), cell, evidence) == "own"
    assert answerable(watched("Anode sodium lost [C.m-2]", "core"), cell, evidence) == "core"


def test_what_a_mode_claims_has_no_part_in_the_blame(monkeypatch):
    """One mode claims all of the capacity, the guilty one that it gave some."""
    modes = twin.plugin_manager().modes

    def lies(mode, capacity):
        said = Evidence(polarisation=capacity * 1e3, capacity=capacity, says="the truth")
        monkeypatch.setattr(type(modes[mode]), "diagnose", lambda self, run, cell: said)

    over = {
        "modes.fade.polyanion.loss": {"value": 0.9, "status": "assumed", "source": "this test"},
        "end_of_life.capacity_fraction": 0.97,
    }

    def die():
        return twin.simulate(
            "na-nzsp-nvp", model="spm", cycles=4, store="sqlite://", overrides=over
        ).outcome

    honest = die()
    lies("interphase", 1.0)
    lies("fade", -1.0)
    lying = die()
    assert (lying.mode, lying.criterion) == ("fade", "capacity lost")
    assert (honest.mode, honest.cycle) == (lying.mode, lying.cycle)
    for mode, found in honest.evidence.items():
        told = lying.evidence[mode]
        assert (told["capacity_Ah"], told["weight"]) == (found["capacity_Ah"], found["weight"])
    assert lying.evidence["fade"]["says"] == "the truth"
