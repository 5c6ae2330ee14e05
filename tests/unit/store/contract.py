"""What the store promises on every database; run on SQLite and on PostgreSQL.

A test module takes it in with ``runpy.run_path(…)["StoreContract"]`` and brings a fixture
``store`` of its own.
"""

from __future__ import annotations

import json
import math
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from twin.errors import NotFoundError, StoreError
from twin.store import Store, migrate
from twin.store.tables import CYCLE_COLUMNS

CELL = {
    "name": "na-nzsp-nvp",
    "kind": "full",
    "family": "nasicon",
    "title": "Na | Na₃.₄Zr₂Si₂.₄P₀.₆O₁₂ | NVP",
    "hash": "sha256:0123",
    "spec": {"schema": 1, "stack": {"pressure": 5e6, "fixture": "constant-force"}},
}
EVENT = {
    "mode": "dendrite",
    "criterion": "filament through",
    "severity": "fatal",
    "variable": "Filament length [m]",
    "value": 5.1e-4,
    "threshold": 5e-4,
    "t_s": 7200.25,
    "says": "A sodium filament has reached the cathode.",
}


def start(store: Store, **replaced) -> str:
    arguments = {
        "cell": CELL,
        "protocol": {"name": "cccv", "steps": ["a", "b"]},
        "settings": {"model": "DFN", "rtol": 1e-6, "overlays": ["sbf3"]},
        "modes": {"dendrite": {"provider": "twin-dendrite", "version": "0.1.0"}},
        "packages": {"pybamm": "26.10.1"},
        "cycles_requested": 100,
    }
    return store.start_run(**(arguments | replaced))


def claim(store: Store, study: str, member: str, **how):
    """Start a member, or find who has it."""
    given = {"cell": CELL, "protocol": {}, "settings": {"member": member}, "modes": {}}
    given |= {"packages": {}, "cycles_requested": 9}
    return store.start_member(study, member, **given, **how)


def belongs_to(store: Store, run: str, **writer) -> None:
    """Make a run look as if another process wrote it."""
    there = {"host": "elsewhere", "pid": 1, "process_token": "", **writer}
    with store.engine.begin() as connection:
        given = ", ".join(f"{key} = {value!r}" for key, value in there.items())
        connection.exec_driver_sql(f"UPDATE run SET {given} WHERE id = '{run}'")


def commit(store: Store, run: str, cycle: int, **more) -> None:
    given = {
        "row": {"capacity_Ah": 1 - cycle / 1000, "Void fraction": cycle / 7},
        "series": f"series {cycle}".encode(),
        "series_rows": 10,
        "checkpoint": f"state {cycle}".encode(),
        "layout": "v1",
    } | more
    store.commit_cycle(run, cycle, given.pop("row"), **given)


def chunks(store: Store, run: str) -> list[int]:
    return [cycle for cycle, _ in store.series(run)]


SHA = "a" * 64


def measured(store: Store, sha: str = SHA, **more) -> bool:
    """Store a measurement of two chunks."""
    given = {
        "name": "a.csv",
        "cell_name": "cell 7",
        "source": "/data/a.csv",
        "kind": "cycling",
        "rows": 3,
        "meta": {"told": ["x"], "nothing": float("nan"), "largest": np.float64(1.5)},
        "pieces": lambda: [(2, b"one"), (1, b"two")],
    }
    return store.add_measurement(sha, **(given | more))


class Everything:
    """The runs that this process is living, where any may be."""

    def __contains__(self, run: str) -> bool:
        return True


class StoreContract:
    def test_a_run_comes_back_as_it_was_given(self, store):
        before = datetime.now(UTC)
        study = store.start_study(kind="ensemble", cell_name=CELL["name"], design={"samples": 4})
        parent = start(store)
        run = start(store, seed=2**62, parent=(parent, 3), study=study)
        info = store.run(run)
        assert (info.id, info.cell_name, info.cell_hash) == (run, CELL["name"], CELL["hash"])
        assert (info.cell_kind, info.cell_family) == ("full", "nasicon")
        assert info.cell_title == CELL["title"]
        assert info.cell_spec == CELL["spec"]
        assert info.protocol == {"name": "cccv", "steps": ["a", "b"]}
        assert info.settings == {"model": "DFN", "rtol": 1e-6, "overlays": ["sbf3"]}
        assert info.modes == {"dendrite": {"provider": "twin-dendrite", "version": "0.1.0"}}
        assert info.packages == {"pybamm": "26.10.1"}
        assert (info.seed, info.parent_run, info.parent_cycle) == (2**62, parent, 3)
        assert (info.study, info.cycles_requested, info.cycles) == (study, 100, 0)
        assert (info.status, info.status_now, info.outcome) == ("running", "running", {})
        assert before <= info.created <= datetime.now(UTC)
        assert info.created.utcoffset() == timedelta(0)

    def test_ids_are_short_unique_and_never_numbers(self, store):
        runs = {start(store) for _ in range(30)}
        assert len(runs) == 30
        assert all(len(run) == 8 and run[0].isalpha() and run.islower() for run in runs)

    def test_a_cell_is_stored_once_for_all_its_runs(self, store):
        start(store)
        start(store)
        start(store, cell=CELL | {"hash": "sha256:4567"})
        assert store.info()["counts"]["cell"] == 2

    def test_a_row_comes_back_with_every_key(self, store):
        run = start(store)
        known = {key: float(n) for n, key in enumerate(CYCLE_COLUMNS)}
        known |= {"min_margin_name": "Failure: dendrite", "interpolated": True}
        others = {
            "Stack pressure [Pa]": np.float64(5e6),
            "Contact fraction": np.float32(0.5),
            "steps": np.int64(4),
            "zeta": 1 / 3,
            "list": [1, 2.5],
            "flag": np.bool_(True),
            "huge": 1e300,
            "tiny": 1e-300,
        }
        store.commit_cycle(run, 1, known | others | {"cycle": 1})
        store.commit_cycle(run, 2, {})
        first, second = store.cycles(run)
        assert first == {"cycle": 1} | known | others
        assert type(first["huge"]) is float
        assert list(first) == ["cycle", *CYCLE_COLUMNS, *sorted(others)]
        empty = dict.fromkeys(CYCLE_COLUMNS) | {"interpolated": False}
        assert second == {"cycle": 2} | empty

    def test_rows_of_the_first_tables_are_upgraded_and_can_go_back(self, store):
        from alembic import command
        from alembic.config import Config

        run = start(store)
        rows = [
            {"capacity_Ah": 1.5, "Voltage [V]": 1 / 3, "steps": ["a"], "margins": {"m: c": 0.25}},
            {"capacity_Ah": 1.25, "Voltage [V]": 2.0, "phase": "x", "margins": {"m: c": None}},
            {},
        ]
        for number, row in enumerate(rows, 1):
            store.commit_cycle(run, number, row)
        before = store.cycles(run)
        with migrate._migrating(store.engine) as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(migrate.SCRIPTS))
            command.downgrade(config, "0001")
            old = connection.exec_driver_sql("SELECT other_values FROM cycle ORDER BY number")
            first, *_ = (v if isinstance(v, dict) else json.loads(v) for v in old.scalars())
            assert first == {key: rows[0][key] for key in ("Voltage [V]", "steps", "margins")}
        assert migrate.prepare(store.engine) == ("0001", migrate.head_revision())
        assert store.cycles(run) == before
        assert store.info()["counts"]["variable_set"] == 2
        store.commit_cycle(run, 4, rows[0])

    def test_floats_are_stored_to_the_last_digit(self, store):
        run = start(store)
        values = [math.pi, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -1 / 3, 123456789.123456]
        row = {"capacity_Ah": math.e, **{f"x{i}": v for i, v in enumerate(values)}}
        store.commit_cycle(run, 1, row)
        (back,) = store.cycles(run)
        assert {key: back[key] for key in row} == row

    def test_what_json_has_no_word_for_becomes_null(self, store):
        nan, inf = math.nan, math.inf
        run = start(store, settings={"a": [nan, {"b": -inf}], "text": "NUL \x00 and \ud800"})
        assert store.run(run).settings == {"a": [None, {"b": None}], "text": "NUL \ufffd and ?"}
        row = {"capacity_Ah": nan, "min_margin": np.float32("inf"), "x": nan, "y": np.array([nan])}
        store.commit_cycle(run, 1, row, events=[EVENT | {"value": nan, "says": "a\x00b"}])
        (back,) = store.cycles(run)
        assert [back[key] for key in row] == [None, None, None, [None]]
        assert store.events(run)[0]["value"] is None
        store.finish_run(run, status="cell-failed", outcome={"value": inf}, wall_s=nan)
        assert store.run(run).outcome == {"value": None}

    def test_what_cannot_be_stored_is_refused_with_its_key(self, store):
        run = start(store)
        with pytest.raises(StoreError, match=r"x\.y\[1\]: a object cannot be stored"):
            store.commit_cycle(run, 1, {"x": {"y": [1, object()]}})
        with pytest.raises(StoreError, match="capacity_Ah: 'much' is not a number"):
            store.commit_cycle(run, 1, {"capacity_Ah": "much"})
        with pytest.raises(StoreError, match=r"seed: .* does not fit"):
            start(store, seed=2**64)
        with pytest.raises(StoreError, match="cycle 7 was given as that of cycle 1"):
            store.commit_cycle(run, 1, {"cycle": 7})
        with pytest.raises(StoreError, match="lacks severity and has unknown keys colour"):
            store.commit_cycle(run, 1, {}, events=[{"criterion": "x", "colour": "red"}])
        assert store.cycles(run) == []

    def test_runs_are_found_by_beginning_and_by_last(self, store):
        runs = [start(store) for _ in range(3)]
        assert store.run("last").id == runs[-1]
        assert store.run(f" {runs[0].upper()} ").id == runs[0]
        shortest = next(n for n in range(1, 9) if sum(r[:n] == runs[1][:n] for r in runs) == 1)
        assert store.run(runs[1][:shortest]).id == runs[1]

    def test_the_last_run_is_the_users_own_and_no_member_of_a_study(self, store):
        study = store.start_study(kind="forecast", cell_name="c", design={})
        member = claim(store, study, "0")
        with pytest.raises(NotFoundError, match="members of studies") as caught:
            store.run("last")
        assert "twin runs" in caught.value.problem.fix
        own = start(store)
        claim(store, study, "1")
        assert store.run("last").id == own
        assert store.run(member).member == "0" and store.run(own).member is None

    def test_an_unknown_run_is_answered_with_near_ones(self, store):
        with pytest.raises(NotFoundError, match="no runs yet"):
            store.run("last")
        with pytest.raises(NotFoundError, match="no runs yet"):
            store.run("abc")
        run = start(store)
        swapped = run[:-1] + ("a" if run[-1] != "a" else "b")
        with pytest.raises(NotFoundError, match=f"did you mean {run}"):
            store.run(swapped)
        for ref in ("%", "_" * 8, "", "1"):
            with pytest.raises(NotFoundError, match=f"newest runs are {run}"):
                store.run(ref)

    def test_an_ambiguous_beginning_is_refused_with_the_choices(self, store):
        runs: list[str] = []
        while len({run[0] for run in runs}) == len(runs):
            runs.append(start(store))
        letter = runs[-1][0]
        with pytest.raises(NotFoundError, match="beginning of 2 runs") as caught:
            store.run(letter)
        assert runs[-1] in str(caught.value)

    def test_runs_are_listed_newest_first_with_counts_in_one_query(self, store):
        first, second = start(store), start(store, cell=CELL | {"name": "other", "hash": "h2"})
        for cycle in (1, 2, 4):
            commit(store, first, cycle)
        store.finish_run(second, status="completed", outcome={"kind": "completed"}, wall_s=2.5)
        statements = []

        def note(conn, cursor, statement, *rest):
            if statement.lstrip().startswith("SELECT"):
                statements.append(statement)

        event.listen(store.engine, "before_cursor_execute", note)
        listed = store.runs()
        event.remove(store.engine, "before_cursor_execute", note)
        assert len(statements) == 1
        assert [(r.id, r.cycles, r.last_cycle) for r in listed] == [(second, 0, 0), (first, 3, 4)]
        assert [run.id for run in store.runs(cell="other")] == [second]
        assert [run.id for run in store.runs(status="completed")] == [second]
        assert [run.id for run in store.runs(status="running", limit=1)] == [first]
        assert store.runs(status="interrupted") == []
        assert [run.id for run in store.runs(limit=1)] == [second]
        assert store.run(second).wall_s == 2.5
        third = start(store)  # what runs is known only here: it is cut here too
        assert [run.id for run in store.runs(status="running")] == [third, first]
        assert [run.id for run in store.runs(status="running", limit=1)] == [third]

    def test_the_cycle_a_cell_died_in_is_stored_but_not_finished(self, store):
        run = start(store)
        commit(store, run, 1)
        store.commit_cycle(run, 2, {"cycle": 2, "complete": False, "capacity_Ah": 0.1})
        info = store.run(run)
        assert (info.cycles, info.last_cycle, len(store.cycles(run))) == (1, 2, 2)

    def test_series_come_in_order_and_only_those_asked_for(self, store):
        run = start(store)
        for cycle in (*range(1, 40), 41):
            commit(store, run, cycle)
        commit(store, run, 40, series=None)
        got = list(store.series(run))
        assert got == [(n, f"series {n}".encode()) for n in (*range(1, 40), 41)]
        assert [n for n, _ in store.series(run, {39, 2, 40, 99})] == [2, 39]
        assert list(store.series(run, [])) == []

    def test_a_reader_of_series_does_not_stop_a_writer(self, store):
        run = start(store)
        for cycle in range(1, 40):
            commit(store, run, cycle)
        reader = store.series(run)
        next(reader)
        commit(store, run, 40)
        assert len(list(reader)) == 38

    def test_checkpoints_are_found_or_named(self, store):
        run = start(store)
        with pytest.raises(NotFoundError, match="has no checkpoints"):
            store.checkpoint(run)
        store.commit_initial(run, b"new", "v1")
        commit(store, run, 1)
        commit(store, run, 2, checkpoint=None)
        commit(store, run, 3, checkpoint=bytes(range(256)))
        latest = store.checkpoint(run)
        assert (latest.cycle, latest.data, latest.layout) == (3, bytes(range(256)), "v1")
        assert store.checkpoint(run, 0).data == b"new"
        assert store.checkpoint(run, 1).data == b"state 1"
        with pytest.raises(NotFoundError, match=r"no checkpoint of cycle 2; .* of 0-1, 3"):
            store.checkpoint(run, 2)

    def test_a_state_without_a_layout_is_read_like_the_one_before(self, store):
        run = start(store)
        store.commit_initial(run, b"new", "v1")
        for cycle, layout in enumerate(("", "v2", "", ""), start=1):
            commit(store, run, cycle, layout=layout)
        found = [store.checkpoint(run, n) for n in range(5)]
        assert [c.layout for c in found] == ["v1", "v1", "v2", "v2", "v2"]
        assert [c.layout_cycle for c in found] == [0, 0, 2, 2, 2]
        assert store.checkpoint(run, before=3).data == b"state 2"
        branch = start(store, parent=(run, 3))
        store.copy_history(run, branch, 3, (b"carried over", "v3"))
        commit(store, branch, 4, layout="")
        own = [store.checkpoint(branch, n) for n in range(5)]
        assert own[:3] == found[:3]
        assert [(c.data, c.layout) for c in own[3:]] == [
            (b"carried over", "v3"),
            (b"state 4", "v3"),
        ]
        assert store.checkpoint(run, 3) == found[3]

    def test_the_end_is_stored_with_its_cycle_or_neither_is(self, store):
        run = start(store)
        commit(store, run, 1)
        end = {"status": "cell-failed", "outcome": {"cycle": 2}, "wall_s": 2.5}

        def fail(conn, cursor, statement, parameters, *rest):
            if statement.startswith("UPDATE run SET status"):
                raise MemoryError("injected")

        event.listen(store.engine, "before_cursor_execute", fail)
        with pytest.raises(MemoryError):
            commit(store, run, 2, ending=end)
        event.remove(store.engine, "before_cursor_execute", fail)
        info = store.run(run)
        assert (info.status, info.last_cycle, info.outcome) == ("running", 1, {})
        commit(store, run, 2, ending=end)
        info = store.run(run)
        assert (info.status, info.last_cycle, info.wall_s) == ("cell-failed", 2, 2.5)
        assert info.outcome == {"cycle": 2}

    def test_what_came_after_the_state_a_run_goes_on_from_is_lived_again(self, store):
        run = start(store)
        store.commit_initial(run, b"new", "v1")
        for cycle in (1, 2):
            commit(store, run, cycle, events=[EVENT])
        store.commit_cycle(run, 3, {"complete": False}, events=[EVENT])
        store.reopen_run(run, 9, after=2)
        assert [row["cycle"] for row in store.cycles(run)] == [1, 2]
        assert [e["cycle"] for e in store.events(run)] == [1, 2] and chunks(store, run) == [1, 2]
        store.reopen_run(run, 9, after=1)
        assert store.checkpoint(run).cycle == 1
        commit(store, run, 2)
        assert store.cycles(run, [2, 7])[0]["cycle"] == 2
        seen = store.run(run).updated
        store.reopen_run(run, 9, after=2, seen=seen)
        # Two that go on at once: the second has seen what is no longer so.
        store.finish_run(run, status="completed", outcome={}, wall_s=1.0)
        with pytest.raises(StoreError, match="in the meantime"):
            store.reopen_run(run, 9, after=1, seen=seen)
        assert store.run(run).status == "completed" and len(store.cycles(run)) == 2

    def test_a_member_is_lived_once(self, store):
        study = store.start_study(kind="forecast", cell_name="c", design={})
        other = store.start_study(kind="forecast", cell_name="c", design={})
        run = claim(store, study, "0")
        assert isinstance(run, str) and isinstance(claim(store, other, "0"), str)
        # Another living process has it, or one of another host, of which nobody knows.
        belongs_to(store, run)
        found = claim(store, study, "0")
        assert (found.id, found.status_now) == (run, "running")
        store.finish_run(run, status="completed", outcome={}, wall_s=1.0)
        found = claim(store, study, "0")
        assert (found.id, found.status) == (run, "completed")
        assert [r.member for r in store.runs(study=study)] == ["0"]

    @pytest.mark.parametrize("left", ["dead", "stopped", "given up", "over", "quiet"])
    def test_a_member_that_nobody_lives_any_more_is_lived_again(self, store, left):
        study = store.start_study(kind="forecast", cell_name="c", design={})
        run = claim(store, study, "0")
        commit(store, run, 1)
        how = {}
        if left == "dead":
            belongs_to(store, run, host=store.run(run).host, process_token="gone")
        elif left == "stopped":
            store.finish_run(run, status="cancelled", outcome={}, wall_s=1.0)
        elif left == "given up":  # by this process: an error, an interrupted notebook
            assert claim(store, study, "0", living={run}).id == run
        elif left == "over":
            belongs_to(store, run)
            how = {"over": True}
        else:
            long_ago = datetime.now(UTC) - timedelta(hours=1)
            belongs_to(store, run, updated=long_ago.strftime("%Y-%m-%d %H:%M:%S.%f"))
        again = claim(store, study, "0", **how)
        assert isinstance(again, str) and again != run
        assert [r.id for r in store.runs(study=study)] == [again]
        with pytest.raises(NotFoundError):
            commit(store, run, 2)

    def test_threads_that_come_to_a_member_at_once_live_it_once(self, store):
        study = store.start_study(kind="forecast", cell_name="c", design={})
        met, found = threading.Barrier(4), []

        def come() -> None:
            met.wait()
            for member in range(5):
                found.append(claim(store, study, str(member), living=Everything()))

        threads = [threading.Thread(target=come) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        started = [run for run in found if isinstance(run, str)]
        assert len(found) == 20 and len(started) == 5
        assert {run.id for run in found if not isinstance(run, str)} <= set(started)

    def test_a_design_is_changed_from_what_it_is(self, store):
        study = store.start_study(kind="forecast", cell_name="c", design={"values": [1]})
        store.finish_study(study, status="completed", summary={})
        longer = store.change_study(study, lambda now: now | {"values": [*now["values"], 2]})
        assert longer == store.study(study).design == {"values": [1, 2]}
        assert store.study(study).status == "running"
        with pytest.raises(NotFoundError):
            store.change_study("nothing", lambda now: now)

    def test_events_come_back_in_order(self, store):
        run = start(store)
        warning = EVENT | {"severity": "warning", "mode": None}
        commit(store, run, 1, events=[warning, EVENT])
        commit(store, run, 2, events=[EVENT])
        assert store.events(run) == [
            warning | {"cycle": 1},
            EVENT | {"cycle": 1},
            EVENT | {"cycle": 2},
        ]

    @pytest.mark.parametrize("table", ["cycle", "series_chunk", "checkpoint", "failure_event"])
    def test_a_cycle_is_stored_whole_or_not_at_all(self, store, table):
        run = start(store)
        commit(store, run, 1, events=[EVENT])
        before = store.run(run)

        def fail(conn, cursor, statement, *rest):
            if statement.startswith(f"INSERT INTO {table} "):
                raise MemoryError("injected")

        event.listen(store.engine, "before_cursor_execute", fail)
        with pytest.raises(MemoryError):
            commit(store, run, 2, events=[EVENT])
        event.remove(store.engine, "before_cursor_execute", fail)
        assert store.run(run) == before
        assert chunks(store, run) == [1]
        assert store.checkpoint(run).cycle == 1
        assert len(store.events(run)) == 1
        commit(store, run, 2, events=[EVENT])
        assert store.run(run).cycles == 2

    def test_a_second_writer_of_a_cycle_is_refused(self, store):
        run = start(store)
        store.commit_initial(run, b"new", "v1")
        commit(store, run, 1)
        with pytest.raises(StoreError, match="another process is writing this run"):
            commit(store, run, 1, row={"capacity_Ah": 0.0})
        with pytest.raises(StoreError, match="another process is writing this run"):
            store.commit_initial(run, b"newer", "v1")
        assert store.cycles(run)[0]["capacity_Ah"] == 0.999
        assert store.checkpoint(run, 0).data == b"new"

    @pytest.mark.parametrize("committed", [True, False])
    def test_a_connection_lost_at_the_commit_neither_loses_nor_doubles_a_cycle(
        self, store, committed
    ):
        run = start(store)
        broken = []

        def lose(connection):
            if not broken:
                broken.append(True)
                if committed:
                    connection.connection.driver_connection.commit()
                raise OperationalError("COMMIT", {}, OSError("gone"), connection_invalidated=True)

        event.listen(store.engine, "commit", lose)
        commit(store, run, 1, events=[EVENT])
        event.remove(store.engine, "commit", lose)
        assert broken
        assert len(store.cycles(run)) == len(store.events(run)) == 1
        assert store.checkpoint(run).data == b"state 1"

    def test_a_branch_has_its_parents_history(self, store):
        parent = start(store)
        store.commit_initial(parent, b"new", "v1")
        for cycle in range(1, 6):
            commit(store, parent, cycle, events=[EVENT])
        branch = start(store, parent=(parent, 3))
        store.copy_history(parent, branch, 3)
        assert store.cycles(branch) == store.cycles(parent)[:3]
        assert list(store.series(branch)) == list(store.series(parent, [1, 2, 3]))
        assert store.events(branch) == store.events(parent)[:3]
        assert store.checkpoint(branch) == store.checkpoint(parent, 3)
        assert store.checkpoint(branch, 0).data == b"new"
        commit(store, branch, 4)
        assert len(store.cycles(parent)) == 5
        with pytest.raises(StoreError, match="has cycles of its own"):
            store.copy_history(parent, branch, 5)
        assert store.run(branch).cycles == 4

    def test_deleting_a_run_takes_all_of_it_and_nothing_else(self, store):
        run = start(store)
        store.commit_initial(run, b"new", "v1")
        commit(store, run, 1, events=[EVENT])
        child = start(store, parent=(run, 1))
        store.copy_history(run, child, 1)
        store.delete_run(run)
        counts = store.info()["counts"]
        assert {key: counts[key] for key in ("run", "cycle", "series_chunk", "checkpoint")} == {
            "run": 1,
            "cycle": 1,
            "series_chunk": 1,
            "checkpoint": 2,
        }
        assert counts["failure_event"] == 1
        info = store.run(child)
        assert (info.parent_run, info.parent_cycle) == (None, 1)
        for refused in (
            lambda: store.delete_run(run),
            lambda: commit(store, run, 2),
            lambda: store.reopen_run(run, 5),
            lambda: store.finish_run(run, status="completed", outcome={}, wall_s=0),
            lambda: start(store, parent=(run, 1)),
        ):
            with pytest.raises(NotFoundError, match="not in the database"):
                refused()

    def test_a_note_and_tags_stand_beside_what_was_asked(self, store):
        run = start(store, settings={"model": "spm"})
        store.annotate_run(run, note="the odd one", tags=["a", "b"])
        asked = {"model": "spm", "note": "the odd one", "tags": ["a", "b"]}
        assert store.run(run).settings == asked
        store.annotate_run(run, tags=[])
        assert store.run(run).settings == {"model": "spm", "note": "the odd one"}
        store.annotate_run(run, note="")
        assert store.run(run).settings == {"model": "spm"}
        with pytest.raises(NotFoundError, match="not in the database"):
            store.annotate_run("nothing", note="x")

    def test_deleting_a_study_takes_its_runs_and_no_others(self, store):
        study, other = (
            store.start_study(kind="map", cell_name="c", design={"x": 1}) for _ in range(2)
        )
        members = [start(store, study=study) for _ in range(2)]
        kept = [start(store), start(store, study=other)]
        for run in (*members, *kept):
            commit(store, run, 1)
        assert store.delete_study(study) == 2
        assert {run.id for run in store.runs()} == set(kept)
        assert [run.id for run in store.runs(alone=True)] == kept[:1]
        assert store.info()["counts"]["cycle"] == 2
        assert [s.id for s in store.studies()] == [other]
        with pytest.raises(NotFoundError, match="no study"):
            store.delete_study(study)
        assert {run.id for run in store.runs()} == set(kept)

    def test_a_run_ends_and_is_taken_up_again(self, store):
        run = start(store)
        store.finish_run(run, status="cell-failed", outcome={"mode": "dendrite"}, wall_s=1.5)
        info = store.run(run)
        assert (info.status, info.status_now, info.wall_s) == ("cell-failed", "cell-failed", 1.5)
        assert info.outcome == {"mode": "dendrite"}
        with pytest.raises(StoreError, match="'dead' is not a way"):
            store.finish_run(run, status="dead", outcome={}, wall_s=0)
        store.reopen_run(run, 250)
        again = store.run(run)
        assert (again.status_now, again.cycles_requested, again.outcome) == ("running", 250, {})
        assert again.updated > info.updated

    def test_studies_hold_design_and_summary(self, store):
        study = store.start_study(kind="map", cell_name="c", design={"x": [1, 2]})
        store.finish_study(study, status="completed", summary={"median": math.nan})
        found = store.study(study)
        assert (found.kind, found.cell_name, found.status) == ("map", "c", "completed")
        assert (found.design, found.summary) == ({"x": [1, 2]}, {"median": None})
        with pytest.raises(NotFoundError):
            store.study("nothing")
        with pytest.raises(NotFoundError, match="no study 'nothing'"):
            start(store, study="nothing")

    def test_studies_are_listed_with_their_members_counted(self, store):
        older = store.start_study(kind="forecast", cell_name="c", design={"values": [1, 2]})
        newer = store.start_study(kind="map", cell_name="d", design={})
        for status in ("completed", "completed", "solver-gave-up", None):
            run = start(store, study=older)
            if status is not None:
                store.finish_run(run, status=status, outcome={}, wall_s=1.0)
        start(store)  # of no study
        listed = store.studies()
        assert [study.id for study in listed if study.id in (older, newer)] == [newer, older]
        found = next(study for study in listed if study.id == older)
        assert found.members == {"completed": 2, "solver-gave-up": 1, "running": 1}
        assert (found.status, found.design) == ("running", {})
        assert [study.id for study in store.studies(kind="map", limit=1)] == [newer]

    def test_threads_share_a_store(self, store):
        runs = [start(store) for _ in range(4)]
        errors = []

        def write(run: str) -> None:
            try:
                for cycle in range(1, 16):
                    commit(store, run, cycle)
                    store.runs()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert [store.run(run).cycles for run in runs] == [15] * 4

    def test_the_size_of_a_cycle_row(self, store):
        run = start(store)
        assert store.info()["bytes_per_cycle_row"] is None
        rng = np.random.default_rng(0)
        for cycle in range(1, 1001):
            values = {
                f"Some variable of medium length {i} [V]": v for i, v in enumerate(rng.random(100))
            } | {"margins": {f"mode: criterion {i}": rng.random() for i in range(15)}}
            columns = {
                key: 1.2345678901
                for key in CYCLE_COLUMNS
                if key not in ("min_margin_name", "interpolated")
            }
            store.commit_cycle(run, cycle, values | columns | {"min_margin_name": "Failure: x"})
        info = store.info()
        assert info["counts"]["cycle"] == 1000
        numbers = 8 * (100 + 15 + len(CYCLE_COLUMNS) - 2)
        assert numbers < info["bytes_per_cycle_row"] < 2 * numbers
        assert info["counts"]["variable_set"] == 1  # the names, once for all of them
        assert info["series_bytes"] == info["checkpoint_bytes"] == 0
        store.commit_cycle(run, 1001, {}, series=bytes(5000), checkpoint=bytes(3000))
        info = store.info()
        assert (info["series_bytes"], info["checkpoint_bytes"]) == (5000, 3000)

    def test_a_measurement_comes_back_as_it_was_given(self, store):
        before = datetime.now(UTC)
        measured(store)
        info = store.measurement(SHA)
        assert (info.id, info.name, info.cell_name) == (SHA, "a.csv", "cell 7")
        assert (info.kind, info.rows, info.source) == ("cycling", 3, "/data/a.csv")
        assert info.meta == {"told": ["x"], "nothing": None, "largest": 1.5}
        assert before <= info.created <= datetime.now(UTC)
        assert list(store.measurement_chunks(SHA)) == [b"one", b"two"]

    def test_a_measurement_is_found_by_what_is_known_of_it(self, store):
        measured(store)
        for ref in (SHA, SHA[:6], SHA[:6].upper(), "a.csv", "last", " last "):
            assert store.measurement(ref).id == SHA
        for ref in ("", "a", SHA[:3], "b.csv", "%", "_"):
            with pytest.raises(NotFoundError):
                store.measurement(ref)

    def test_two_measurements_of_one_name_are_told_apart(self, store):
        measured(store)
        measured(store, "b" * 64)
        with pytest.raises(NotFoundError, match="2 measurements"):
            store.measurement("a.csv")

    def test_measurements_are_listed_newest_first(self, store):
        measured(store)
        measured(store, "b" * 64, cell_name="cell 8")
        assert [m.id[0] for m in store.measurements()] == ["b", "a"]
        assert [m.id[0] for m in store.measurements(limit=1)] == ["b"]
        assert [m.id[0] for m in store.measurements(cell="cell 7")] == ["a"]

    def test_the_same_measurement_is_stored_once(self, store):
        assert measured(store)
        assert not measured(store, name="b.csv")
        assert store.measurement(SHA).name == "a.csv"
        assert measured(store, name="b.csv", replace=True, pieces=lambda: [(1, b"new")])
        assert store.measurement(SHA).name == "b.csv"
        assert list(store.measurement_chunks(SHA)) == [b"new"]
        assert len(store.measurements()) == 1

    def test_a_measurement_that_fails_half_way_leaves_nothing(self, store):
        def pieces():
            yield 1, b"one"
            raise ValueError("the file went away")

        with pytest.raises(ValueError, match="went away"):
            measured(store, pieces=pieces)
        assert store.measurements() == []
        assert store.info()["counts"]["measurement_chunk"] == 0

    def test_a_measurement_goes_with_its_rows(self, store):
        measured(store)
        store.delete_measurement(SHA)
        assert store.measurements() == []
        assert store.info()["counts"]["measurement_chunk"] == 0
