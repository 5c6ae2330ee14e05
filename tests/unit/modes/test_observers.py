"""Observers: told of everything, obeyed in nothing."""

from __future__ import annotations

import importlib.metadata
import logging

import pytest

import twin
from twin.modes.hookspecs import hookimpl
from twin.modes.manager import ENTRY_POINT_GROUP, plugin_manager

STORE = "sqlite://"
IGNORED = {"wall_s"}


class Hears:
    """Notes what it is told."""

    def __init__(self):
        self.heard = []

    @hookimpl
    def twin_run_started(self, run, cell, total_cycles):
        self.heard.append(("started", run, cell, total_cycles))

    @hookimpl
    def twin_cycle_finished(self, run, row):
        self.heard.append(("cycle", run, row["cycle"]))
        return "ignored"

    @hookimpl
    def twin_run_finished(self, run, outcome):
        self.heard.append(("finished", run, outcome["kind"]))


class Raises:
    """Raises whenever it is told anything, and spoils what it is given."""

    @hookimpl
    def twin_run_started(self, run):
        raise RuntimeError(f"started {run}")

    @hookimpl
    def twin_cycle_finished(self, row):
        row["margins"].clear()
        row.clear()
        raise SystemExit(4)

    @hookimpl
    def twin_run_finished(self, outcome):
        outcome["kind"] = "cell-failed"
        raise ValueError("finished")


@pytest.fixture
def run_with(monkeypatch, entry):
    """``run_with(plugin, …)``: a two-cycle run watched by plugins besides the installed ones."""
    installed = importlib.metadata.entry_points

    def run(**plugins):
        def with_plugins(**where):
            if where != {"group": ENTRY_POINT_GROUP}:
                return installed(**where)
            return [*installed(**where), *(entry(n, p) for n, p in plugins.items())]

        monkeypatch.setattr(importlib.metadata, "entry_points", with_plugins)
        plugin_manager.cache_clear()
        return twin.simulate("na-nzsp-na", cycles=2, store=STORE), plugin_manager()

    yield run
    plugin_manager.cache_clear()


def rows(run):
    return [{k: v for k, v in row.items() if k not in IGNORED} for row in run.rows]


def test_an_observer_that_raises_does_not_touch_the_run(run_with, caplog):
    caplog.set_level(logging.WARNING, "twin.plugins")
    quiet, _ = run_with()
    hears = Hears()
    watched, manager = run_with(aaa_raises=Raises(), zzz_hears=hears)

    assert watched.outcome.kind == "completed" == watched.info.status
    assert rows(watched) == rows(quiet)
    assert [h[0] for h in hears.heard] == ["started", "cycle", "cycle", "finished"]
    assert hears.heard[0] == ("started", watched.id, "na-nzsp-na", 2)
    assert [h[2] for h in hears.heard[1:3]] == [1, 2]
    assert hears.heard[3] == ("finished", watched.id, "completed")

    # Each of its three failings is said once, however many cycles there are.
    (info,) = [i for i in manager.plugins if i.name == "aaa_raises"]
    assert info.problem.count("twin_cycle_finished") == 1
    assert caplog.text.count("SystemExit") == 1
    assert {p.message.partition(":")[0] for p in manager.problems} == {
        "twin_run_started",
        "twin_cycle_finished",
        "twin_run_finished",
    }
    assert [i.problem for i in manager.plugins if i.name == "zzz_hears"] == [None]


def test_each_observer_gets_its_own_copy(manager):
    seen = []

    class Spoils:
        @hookimpl
        def twin_cycle_finished(self, row):
            row["margins"]["a: b"] = 0.0

    class Sees:
        @hookimpl
        def twin_cycle_finished(self, row):
            seen.append(row["margins"]["a: b"])

    row = {"margins": {"a: b": 0.7}}
    manager(aaa=Spoils(), bbb=Sees()).observe("twin_cycle_finished", run="r", row=row)
    assert seen == [0.7] and row["margins"]["a: b"] == 0.7


def test_ctrl_c_inside_an_observer_is_obeyed(manager):
    class Stops:
        @hookimpl
        def twin_cycle_finished(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        manager(stops=Stops()).observe("twin_cycle_finished", run="r", row={})


def test_nobody_listening_costs_nothing(manager):
    assert not manager().has_observers("twin_cycle_finished")
    assert manager(one=Hears()).has_observers("twin_cycle_finished")
