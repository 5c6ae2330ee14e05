"""A cell built once: what a build serves, and that it is as a new build."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import twin
from twin.catalog.cells import load_protocol, plan_of
from twin.engine.prepare import build_model, prepare
from twin.engine.settings import RunSettings
from twin.engine.simulator import Builds, Simulator, split
from twin.model.parameters import APPLIED_PRESSURE
from twin.specs.change import differing
from twin.specs.dump import with_values
from twin.specs.naming import find

CELL = "na-nps-na"
RATE = "modes.interphase.anode.rate_constant"
SETTINGS = RunSettings("spm", 1e-6, 1e-8, 0)


@pytest.fixture(scope="module")
def spec():
    return twin.load_cell(CELL)


@pytest.fixture(scope="module")
def modes(spec):
    return twin.plugin_manager().select(["interphase", "pressure"], (), spec.kind)


def test_the_keys_at_which_two_cells_differ(spec):
    assert list(differing(spec, spec)) == []
    other = with_values(spec, {"stack.pressure": "7 MPa", "electrolyte.thickness": "123 um"})
    assert sorted(differing(spec, other)) == ["electrolyte.thickness", "stack.pressure"]
    assert list(differing(spec, twin.load_cell(CELL))) == []


def test_how_a_number_is_written_is_no_difference(spec):
    pascal = find(spec, "stack.pressure").si
    assert list(differing(spec, with_values(spec, {"stack.pressure": f"{pascal!r} Pa"}))) == []
    key = "interfaces.anode.resistance.reference"  # of a law, whose remarks move onto its numbers
    assert list(differing(spec, with_values(spec, {key: "123 ohm*cm2"}))) == [key]


def test_pressure_free_numbers_and_currents_need_no_new_build(spec, modes):
    simulator = Simulator(spec, modes, SETTINGS, [RATE])
    simulator.at(spec, plan_of(load_protocol(None, spec, {}), spec))
    pressed = with_values(spec, {"stack.pressure": "9 MPa", RATE: "1e-9 m/s"})
    faster = plan_of(load_protocol(None, pressed, {"current_density": "0.2 mA/cm2"}), pressed)
    inputs = simulator.at(pressed, faster).inputs(None)
    assert inputs[APPLIED_PRESSURE] == pytest.approx(9e6)
    assert 1e-9 in inputs.values()
    assert simulator.built == 1
    # Its steps are worked out once for all that are solved at these currents.
    again = simulator.at(spec, faster)
    assert again.compiled is simulator.at(pressed, faster).compiled
    slower = plan_of(load_protocol(None, spec, {"current_density": "0.1 mA/cm2"}), spec)
    slow = simulator.at(spec, slower)
    assert slow.plan == slower and slow.compiled is simulator.at(pressed, slower).compiled


def test_another_thickness_needs_one_and_the_first_is_kept(spec, modes):
    simulator = Simulator(spec, modes, SETTINGS)
    rules = load_protocol(None, spec, {})
    thick = with_values(spec, {"electrolyte.thickness": "900 um"})
    for one in (spec, thick, spec, thick):
        prepared = simulator.at(one, plan_of(rules, one))
        assert prepared.spec is one
    assert simulator.built == 2


def test_fewer_modes_need_one(spec, modes):
    simulator = Simulator(spec, modes, SETTINGS)
    plan = plan_of(load_protocol(None, spec, {}), spec)
    assert [m.id for m in simulator.at(spec, plan, modes[:1]).modes] == [modes[0].id]
    simulator.at(spec, plan)
    assert simulator.built == 2


def test_a_threshold_that_moves_needs_one(spec):
    modes = twin.plugin_manager().select(["delamination"], (), spec.kind)
    key = "modes.delamination.anode.damage_limit"
    simulator = Simulator(spec, modes, SETTINGS, [key])
    rules = load_protocol(None, spec, {})
    simulator.at(spec, plan_of(rules, spec))
    other = with_values(spec, {key: "0.31"})
    prepared = simulator.at(other, plan_of(rules, other))
    assert simulator.built == 2
    assert 0.31 in {w.criterion.threshold for w in prepared.watched}


def test_a_build_has_the_simulators_own_values(spec, modes):
    """Which cell comes first changes no number, and it is as a new build is."""
    other = with_values(spec, {RATE: f"{3 * find(spec, RATE).si!r} m/s"})
    plan = plan_of(load_protocol(None, spec, {}), spec)
    first, second = (Simulator(spec, modes, SETTINGS, [RATE]) for _ in range(2))
    before = first.at(spec, plan)
    late, early = first.at(other, plan), second.at(other, plan)
    assert first.built == second.built == 1
    (build,) = second._builds.kept
    assert find(build.prepared.spec, RATE).si == find(spec, RATE).si
    assert late.inputs(None) == early.inputs(None) != before.inputs(None)
    assert np.array_equal(_first_step(late), _first_step(early))
    anew = prepare(other, modes, plan, SETTINGS)
    assert _first_step(early) == pytest.approx(_first_step(anew), rel=1e-6, abs=1e-9)
    assert _first_step(before) != pytest.approx(_first_step(anew), rel=1e-6, abs=1e-9)


def test_a_number_that_the_build_hangs_on_is_not_left_free(spec, modes):
    key = "electrolyte.thickness"
    simulator = Simulator(spec, modes, SETTINGS, [key, "no.such.key"])
    plan = plan_of(load_protocol(None, spec, {}), spec)
    simulator.at(spec, plan)
    thick = simulator.at(with_values(spec, {key: "900 um"}), plan)
    assert simulator.built == 2
    assert thick.spec.electrolyte.thickness.si == pytest.approx(900e-6)


def test_simulators_of_cells_that_are_alike_share_their_builds(spec, modes):
    builds = Builds(2)
    plan = plan_of(load_protocol(None, spec, {}), spec)
    other = with_values(spec, {RATE: f"{3 * find(spec, RATE).si!r} m/s", "stack.pressure": "9 MPa"})
    free = [RATE, "interfaces.anode.resistance.reference"]
    first = Simulator(spec, modes, SETTINGS, free, builds=builds)
    second = Simulator(other, modes, SETTINGS, [RATE], builds=builds)  # fewer are free
    first.at(spec, plan)
    shared = second.at(other, plan)
    assert (first.built, second.built, builds.made) == (1, 0, 1)
    alone = Simulator(other, modes, SETTINGS, [RATE]).at(other, plan)
    assert np.array_equal(_first_step(shared), _first_step(alone))
    # Of another tolerance, with another record, or with more that is free: a build of their own.
    finer = RunSettings("spm", 1e-7, 1e-9, 0)
    for settings, also, wanted in (
        (finer, (), free),
        (SETTINGS, ("Stack pressure [Pa]",), free),
        (SETTINGS, (), [*free, "electrolyte.material.conductivity.reference"]),
    ):
        made = builds.made
        one = Simulator(spec, modes, settings, wanted, also=also, builds=builds)
        one.at(spec, plan)
        assert one.built == 1 and builds.made == made + 1 and len(builds.kept) == 2


class _Number:
    """A number that varies, as :class:`twin.engine.simulator.Varies` has it."""

    def __init__(self, spec, key, by=1.0):
        self.key, self.quantity, self.by = key, find(spec, key), by

    def value(self, u):
        return self.by * self.quantity.si * (0.5 + u)

    def text(self, value):
        return f"{value!r} {self.quantity.unit}"


def test_what_can_be_free_is_found_once_for_cells_that_are_alike(spec, modes, monkeypatch):
    from twin.engine import simulator

    keys = [RATE, "electrolyte.thickness"]
    searched = []
    monkeypatch.setattr(simulator, "split", lambda *a: searched.append(a[0]) or split(*a))
    builds = Builds()

    def found(one, some=keys, which=modes):
        items = [_Number(one, key) for key in some]
        free, rebuilt = builds.split(one, which, "spm", items, lambda o: with_values(one, o))
        assert all(item in items for item in (*free, *rebuilt))
        return [i.key for i in free], [i.key for i in rebuilt]

    assert found(spec) == ([RATE], ["electrolyte.thickness"])
    alike = with_values(spec, {RATE: f"{3 * find(spec, RATE).si!r} m/s", "stack.pressure": "9 MPa"})
    assert found(alike) == ([RATE], ["electrolyte.thickness"]) and len(searched) == 1
    thick = with_values(spec, {"electrolyte.thickness": "900 um"})
    assert found(thick) == ([RATE], ["electrolyte.thickness"]) and len(searched) == 2
    assert found(spec, keys[:1]) == ([RATE], []) and len(searched) == 3
    found(spec, keys, modes[:1])
    assert len(searched) == 4


def test_what_can_be_free_is_found_once_between_processes_too(spec, modes, tmp_path, monkeypatch):
    from twin import shelf
    from twin.engine import simulator

    monkeypatch.setenv(shelf.ENVIRONMENT, str(tmp_path))
    asked, search = [], simulator._free
    monkeypatch.setattr(simulator, "_free", lambda *a: asked.append(a[0]) or search(*a))
    keys = [RATE, "electrolyte.thickness"]

    def found(one=spec, which=modes, by=1.0, model="spm"):
        items = [_Number(one, key, by) for key in keys]
        free, rebuilt = split(one, which, model, items, lambda o: with_values(one, o))
        return [i.key for i in free], [i.key for i in rebuilt], len(asked)

    assert found() == found() == ([RATE], ["electrolyte.thickness"], 1)
    # Another value to try it with, another cell, other modes, another model: each is another.
    assert found(by=1.5)[2] == 2
    assert found(with_values(spec, {"stack.pressure": "9 MPa"}))[2] == 3
    assert found(which=modes[:1])[2] == 4
    assert found(model="dfn")[2] == 5
    # What is kept and is no list of these keys is not believed.
    for file in tmp_path.iterdir():
        name = file.stem
        if "free" in (shelf.recall(name) or {}):
            shelf.keep(name, {"free": ["stack.pressure"]})
    assert found() == ([RATE], ["electrolyte.thickness"], 6)
    assert found()[2] == 6


def _first_step(prepared):
    result = prepared.compiled.solve(0, 0.0, None, prepared.inputs(None), duration=60.0)
    return result.y[:, -1]


def test_what_can_be_free_is_remembered_for_what_was_asked_alone(
    spec, modes, tmp_path, monkeypatch
):
    from twin.engine import simulator
    from twin.uncertainty.spreads import uncertain

    monkeypatch.setenv("TWIN_CACHE", str(tmp_path))
    built = []
    monkeypatch.setattr(simulator, "build_model", lambda *a: built.append(a[0]) or build_model(*a))
    thickness = SimpleNamespace(
        key="electrolyte.thickness",
        quantity=find(spec, "electrolyte.thickness"),
        value=lambda u: 7e-4 + 1e-4 * u,
        text=lambda value: f"{value!r} m",
    )
    items = [*uncertain(spec, [mode.id for mode in modes])[:4], thickness]

    def found(some=items, of=spec, which=modes, model="spm", changed=None):
        built.clear()
        both = split(of, which, model, some, changed or (lambda o: with_values(of, o)))
        return [[item.key for item in part] for part in both], bool(built)

    first, searched = found()
    assert searched and all(first)  # some can be free, and some cannot
    assert found() == (first, False)
    assert first == [[item.key for item in items[:4]], [thickness.key]]
    assert found([thickness]) == ([[], [thickness.key]], True)
    thick = with_values(spec, {"electrolyte.thickness": "900 um"})
    assert found(of=thick)[1] and found(which=modes[:1])[1]
    assert found(changed=lambda o: with_values(spec, {"stack.pressure": "9 MPa", **o}))[1]
    monkeypatch.setenv("TWIN_CACHE", "off")
    assert found() == (first, True)
