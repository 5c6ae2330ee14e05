"""A cell followed by machine code: the same cycle, and forecasts that say so."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

import twin
from twin import load_protocol, plan_of
from twin.engine.checkpoint import State
from twin.engine.compiled import speed_up
from twin.engine.crowding import CURRENT
from twin.engine.prepare import prepare
from twin.engine.recorder import named_inside
from twin.engine.run import RunLoop
from twin.engine.settings import RunSettings
from twin.engine.tolerances import LIFE_ATOL, LIFE_RTOL
from twin.errors import InputError
from twin.lifetime.slow import find_slow
from twin.model import native
from twin.modes.face import HIGHEST, LOWEST
from twin.store import Store

pytest.importorskip("llvmlite")

CELL = "na-nzsp-nvp"
ASKED = {"cycles": 6, "samples": 2, "seed": 3, "modes": ["pressure"]}


def built(rtol=LIFE_RTOL, atol=LIFE_ATOL, modes=None):
    spec = twin.load_cell(CELL)
    modes = twin.plugin_manager().select(modes, (), spec.kind)
    plan = plan_of(load_protocol(None, spec), spec)
    return prepare(spec, modes, plan, RunSettings("spm", rtol, atol, 0))


def cycled(cell, y=None):
    """Return a cycle's results, step by step."""
    results, t = [], 0.0
    for step in cell.plan.phases[0].steps:
        index = cell.step_index[step.solved_as]
        results.append(cell.compiled.solve(index, t, y, cell.inputs(None)))
        t, y = float(results[-1].t[-1]), results[-1].y[:, -1].copy()
    return results


@pytest.fixture(
    scope="module", params=[["pressure"], pytest.param(None, marks=pytest.mark.slow)], ids=str
)
def ways(request):
    """Return the default cell's second cycle: by IDA as lives have it, closely, and by code."""
    modes = request.param
    cell = built(modes=modes)
    y = cycled(cell)[-1].y[:, -1]
    usual = cycled(cell, y)
    close = cycled(built(1e-10, 1e-12, modes), y)
    assert speed_up(cell) and speed_up(cell)
    return cell, y, usual, close, cycled(cell, y)


def test_a_cycle_ends_as_closely_followed(ways):
    cell, y, usual, close, fast = ways
    assert [r.termination for r in fast] == [r.termination for r in close]
    assert cell.compiled._default_stepper.left_to_other == 0
    slow, _ = find_slow(cell)
    rows = [e.row for e in slow.entries]

    def off(results):
        gained = close[-1].y[rows, -1] - y[rows]
        counted = np.abs(gained) > 1e-4 * np.abs(y[rows]) + 1e-9
        missed = results[-1].y[rows, -1] - close[-1].y[rows, -1]
        return float(np.abs(missed[counted] / gained[counted]).max())

    # No worse than the integrator that lives have.
    assert off(fast) < 2e-3 and off(fast) < 2 * off(usual)
    for ours, theirs in zip(fast, close, strict=True):
        assert abs(ours.t[-1] - theirs.t[-1]) < 1e-6 * theirs.t[-1]
        assert len(ours.t) < 0.6 * len(theirs.t)


def test_between_the_points_the_states_are_those_closely_followed(ways):
    cell, *_, close, fast = ways
    for ours, theirs in zip(fast, close, strict=True):
        inside = ours.t[(ours.t > theirs.t[0]) & (ours.t < theirs.t[-1])]
        middle = (inside[1:] + inside[:-1]) / 2
        differential = slice(0, cell.compiled.differential)
        for at in (inside, middle):
            off = np.abs(ours.at(at, differential) - theirs.at(at, differential))
            scale = 1e-3 + np.abs(theirs.at(at, differential))
            assert (off / scale).max() < 2e-3


def test_what_is_observed_is_the_same_to_the_last_bit():
    cell = built(modes=["pressure"])
    first = cycled(cell)[0]
    inputs = cell.compiled.inputs(0, 0.0, cell.inputs(None))
    theirs = cell.recorder.observer(first.t, first.y, inputs)
    cell.recorder.observer.compile()
    ours = cell.recorder.observer(first.t, first.y, inputs)
    for name, values in theirs.items():
        assert np.array_equal(ours[name], values, equal_nan=True), name


@pytest.fixture(scope="module")
def looked_at():
    """Return a cell with currents that take sodium, looked at as a whole and as members are."""
    cell = built(modes=["interphase", "dendrite"])
    few = copy.copy(cell.recorder)
    few.compile(named_inside(few.observer.names, cell.cell, cell.watched, cell.contributors))
    return cell, replace(cell, recorder=few)


def solved(cell):
    loop = RunLoop(cell, None, "", State(0, 0.0, None))
    return loop._solve(1, cell.plan.phases[0], 0.0, None)


def test_a_row_is_the_same_where_only_what_it_needs_is_looked_at_inside_of_steps(looked_at):
    whole, few = map(solved, looked_at)
    timed = {"wall_s": 0.0}
    assert {**few.row, **timed} == {**whole.row, **timed}
    assert list(few.row) == list(whole.row)
    assert few.aged == whole.aged and any(few.aged["taken"]["latest"].values())
    for values, place in (("first_values", 0), ("last_values", -1)):
        ours, theirs = (
            getattr(cell.recorder, values)(of.record)
            for cell, of in zip(looked_at, (few, whole), strict=True)
        )
        series = whole.record.columns
        assert ours == theirs == {name: series[name][place][place] for name in theirs}
    left_out = set(looked_at[0].recorder.observer.names) - few.record.columns.keys()
    assert len(left_out) > 20 and left_out <= whole.record.columns.keys()
    for host in find_slow(looked_at[0])[0].hosts:
        assert host.filling in few.record.columns


def test_a_faces_patches_are_looked_at_inside_of_steps(looked_at):
    cell = looked_at[0].cell
    face = [f"Anode {CURRENT}{end}" for end in ("", HIGHEST, LOWEST, " (patch 3)")]
    assert named_inside([*face, "Cathode series resistance [Ohm.m2]"], cell, [], {}) == face


def test_what_is_no_number_at_a_steps_end_is_told_though_nothing_inside_is_looked_at(looked_at):
    _, cell = looked_at
    record = solved(cell).record
    own = set(cell.owners.variables) - record.columns.keys()
    name = sorted(own & set(cell.recorder.observer.names))[0]
    assert record.numbers
    record.ends[2][cell.recorder.observer.names.index(name), -1] = np.nan
    assert not record.numbers
    assert np.isnan(cell.recorder.stored(record)[name][2][-1])
    told = cell.owners.seen(cell.compiled, cell.recorder.stored(record))
    assert told.mode == cell.owners.variables[name] and name in told.what


@pytest.mark.slow
def test_a_fast_forecast_is_that_of_any_number_of_workers_and_nearly_the_usual_one(tmp_path):
    asked = {**ASKED, "cycles": 60, "samples": 5, "modes": None}
    lived = {}
    for name, how in {
        "usual": {"workers": 1}, "one": {"fast": True, "workers": 1},
        "two": {"fast": True, "workers": 2},
    }.items():  # fmt: skip
        store = f"sqlite:///{tmp_path}/{name}.db"
        lived[name] = twin.forecast(CELL, **asked, **how, store=store)
    one, two, usual = (lived[n].members for n in ("one", "two", "usual"))
    assert [m.capacity for m in one] == [m.capacity for m in two]
    for fast, slow in zip(one, usual, strict=True):
        assert (fast.cause, fast.criterion) == (slow.cause, slow.criterion)
        assert abs(fast.cycles - slow.cycles) <= 1
        assert abs(fast.capacity[-1][1] - slow.capacity[-1][1]) < 1e-3


@pytest.mark.slow
def test_a_fast_forecast_says_so_and_goes_on_fast():
    store = Store.open("sqlite://")
    found = twin.forecast(CELL, **ASKED, fast=True, workers=1, store=store)
    document = found.to_dict()
    assert "machine code" in document["fast"]
    assert all(run.settings["fast"] for run in store.runs(study=found.id))
    again = twin.reproduce(store.runs(study=found.id)[0].id, store=store)
    assert again.verdict in ("identical", "within tolerance")
    more = twin.forecast(CELL, study=found.id, samples=3, workers=1, store=store)
    assert [m.index for m in more.members] == [0, 1, 2]
    assert store.runs(study=found.id)[-1].settings["fast"]
    with pytest.raises(InputError, match="fast"):
        twin.forecast(CELL, study=found.id, fast=False, workers=1, store=store)


def test_where_nothing_can_be_compiled_it_is_refused_before_any_life(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)
    store = Store.open("sqlite://")
    with pytest.raises(InputError, match="llvmlite"):
        twin.forecast(CELL, **ASKED, fast=True, workers=1, store=store)
    assert not store.studies()
    with pytest.raises(InputError, match="llvmlite"):
        speed_up(built(modes=["pressure"]))
