"""Runs in processes of their own: started, watched, paused, stopped, gone wrong."""

from __future__ import annotations

import io
import json
import os
import shlex

import pytest
from textual.widgets import Input
from twin_tui.runs.scenario import Scenario, parse_overrides
from twin_tui.runs.task import MOST_ROWS, Task, margins
from twin_tui.runs.worker import MOST_ROWS as MOST_TOLD
from twin_tui.runs.worker import Worker
from twin_tui.settings import Settings, read_settings, settings_toml
from twin_tui.widgets.pictures import gauge

import twin
from twin.cli.app import root_command
from twin.specs.dump import cell_to_data
from twin.store import Store

SYMMETRIC = Scenario(
    cell="na-nzsp-na",
    cycles=2,
    overrides={"protocol.half_cycle": "2 minutes"},
    series_every=1,
)


# ------------------------------------------------------------------------- scenarios


def test_the_command_of_a_scenario_asks_for_the_same():
    scenario = Scenario(
        cell="na-nzsp-nvp",
        overlays=["warm-60C", "thin-electrolyte"],
        protocol="cc-cv",
        without=["interphase"],
        overrides={"stack.pressure": "10 MPa"},
        model="spm",
        cycles=7,
        series_every=2,
    )
    root = root_command()
    run = root.commands["run"]
    words = shlex.split(scenario.command)
    assert words[:2] == ["twin", "run"]
    context = run.make_context("run", words[2:])
    asked = context.params
    assert asked["cell"] == "na-nzsp-nvp" and asked["cycles"] == 7
    assert asked["overlays"] == scenario.overlays and asked["protocol"] == "cc-cv"
    assert asked["without"] == ["interphase"] and asked["model"] == "spm"
    assert asked["overrides"] == ["stack.pressure=10 MPa"] and asked["series_every"] == 2


def test_a_scenario_survives_its_file(tmp_path):
    scenario = SYMMETRIC.model_copy(update={"overlays": ["a"], "protocol": None})
    path = tmp_path / "a.toml"
    path.write_text(scenario.to_toml(), encoding="utf-8")
    assert Scenario.read(path) == scenario


@pytest.mark.parametrize(
    ("text", "says"), [("cell = 3", "cell"), ("cel = 'x'", "cel"), ("=", "is not TOML")]
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path, text, says):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(twin.InputError, match=says) as caught:
        Scenario.read(path)
    assert caught.value.problem.file == str(path)
    with pytest.raises(twin.InputError, match="cannot be read"):
        Scenario.read(tmp_path / "none.toml")


def test_overrides_are_lines():
    text = '# a remark\nstack.pressure = "10 MPa"\n\n geometry.area=2 cm^2'
    assert parse_overrides(text) == {"stack.pressure": "10 MPa", "geometry.area": "2 cm^2"}
    with pytest.raises(twin.InputError, match="has no value"):
        parse_overrides("stack.pressure =")
    # A text that would be a number without its quotes keeps them: it is read once, later.
    assert parse_overrides('title = "5"') == {"title": '"5"'}


# -------------------------------------------------------------------------- settings


def test_settings_are_read_and_wrong_ones_told(home):
    assert read_settings() == (Settings(), None)
    home.mkdir()
    (home / "bench.toml").write_text(settings_toml() + '"run.pause" = "f9"\n')
    found, wrong = read_settings()
    assert wrong is None and found.keymap == {"run.pause": "f9"}
    (home / "bench.toml").write_text("runs_at_once = 0")
    found, wrong = read_settings()
    assert found == Settings() and "runs_at_once" in wrong


# ------------------------------------------------------------------------------ tasks


def started(**changed) -> Task:
    task = Task(1, "a run", "run", {}, 100, state="starting")
    news = {"run": "abc", "cell": "c", "kind": "full", "area": "1 cm^2", "total": 100, "done": 0}
    task.hear({"says": "started", **news, **changed})
    return task


def rows(*cycles: int) -> list[dict]:
    return [
        {"cycle": n, "capacity_Ah": 1e-3, "margins": {"core: too hot": 1 - 0.01 * n, "a: b": 1.0}}
        for n in cycles
    ]


def test_a_job_keeps_the_latest_and_not_everything():
    task = started()
    for first in range(1, 5000, 10):
        task.hear({"says": "cycles", "rows": rows(*range(first, first + 10)), "rate": 5.0})
    assert len(task.rows) <= MOST_ROWS and task.cycle == 5000
    numbers = [row["cycle"] for row in task.rows]
    assert numbers == sorted(set(numbers)) and numbers[0] < 200  # thinned, not cut off


def test_margins_are_sorted_and_tell_where_they_go():
    found = margins(rows(*range(1, 21)))
    assert [(name, trend) for name, _, trend in found] == [("core: too hot", "↓"), ("a: b", "→")]
    assert found[0][1] == pytest.approx(0.8)
    assert margins([]) == []


@pytest.mark.parametrize(
    ("margin", "warns", "word"),
    [(-0.1, False, " FAILED"), (-0.1, True, " warns"), (0.1, False, " near"),
     (0.1, True, " near a warning"), (0.9, True, "runs")],
)  # fmt: skip
def test_a_warning_is_no_failure(margin, warns, word):
    assert gauge("dendrite: runs", margin, "↓", 60, warns=warns).plain.endswith(word)


def test_a_long_name_leaves_room_for_what_it_came_to():
    line = gauge("dendrite: anode filament runs across the electrolyte", -0.004, "→", 36)
    assert line.plain.endswith("… FAILED") and len(line.plain) <= 36
    assert " 0.00 " in line.plain and "-" not in line.plain  # no failure is more than one


def test_what_a_job_hears_is_told_in_words():
    task = started(done=5)
    task.hear({"says": "event", "cycle": 3, "severity": "fatal", "mode": "m", "text": "it broke"})
    assert "goes on after cycle 5" in task.log[0]
    assert task.log[1] == "✖ DIED, cycle 3: m: it broke"


def test_a_job_that_was_stopped_while_it_started_stays_so():
    task = Task(1, "a run", "run", {}, 100, state="stopping")
    task.hear(
        {"says": "started", "run": "a", "cell": "c", "kind": "full", "area": 1, "total": 9}
        | {"done": 0}
    )
    assert task.state == "stopping"


@pytest.mark.parametrize(
    ("kind", "share"),
    [("completed", 1.0), ("cell-failed", 1.0), ("cancelled", 0.4), ("solver-gave-up", 0.4)],
)
def test_what_was_stopped_or_given_up_is_not_all_done(kind, share):
    task = Task(1, "a run", "run", {}, 10, state="running", rows=rows(1, 2, 3, 4))
    assert task.share == 0.4
    task.hear({"says": "finished", "outcome": {"kind": kind, "says": ""}, "wall_s": 1.0})
    assert task.over and task.share == share


def test_a_worker_tells_few_rows_and_always_the_last():
    mouth = io.StringIO()
    worker = Worker([], mouth)
    worker._rows = rows(*range(1, 101))
    worker._flush(rate=1.0)
    (told,) = [json.loads(line) for line in mouth.getvalue().splitlines()]
    assert len(told["rows"]) <= MOST_TOLD and told["rows"][-1]["cycle"] == 100


# ------------------------------------------------------------------------- real runs


@pytest.fixture
def database(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'live.db'}"


def test_a_real_run_lives_on_the_screen_and_in_the_store(bench, drive, database):
    async def flow(pilot):
        task = pilot.app.start(SYMMETRIC)
        await pilot.sees("na-nzsp-na")
        await pilot.until(lambda: task.over, "the end of the run")
        assert task.state == "finished" and task.final["kind"] == "completed", task.log
        assert {
            "core: resistance well above its first",
            "dendrite: anode filament runs",
        } <= task.warns
        assert "pressure: anode contact lost" not in task.warns
        await pilot.sees("completed, cycle 2", "anode contact lost", "pressure: 5 MPa")
        await pilot.sees("Voltage in cycle 2", "conducting fraction", "has started, up to cycle 2")
        await pilot.press("enter")
        await pilot.sees("✓ alive", "nearest to failure")
        await pilot.press("b")
        pilot.screen.query_one("#from", Input).value = "1"
        pilot.screen.query_one("#set", Input).value = "stack.pressure = 9 MPa"
        await pilot.press("enter")
        await pilot.until(lambda: len(pilot.app.run_queue.tasks) == 2, "the branch")
        branch = pilot.app.run_queue.tasks[1]
        await pilot.until(lambda: branch.over, "the end of the branch")
        assert branch.state == "finished" and branch.run != task.run, branch.log
        info = twin.load_run(branch.run, store=database).info
        assert (info.parent_run, info.parent_cycle) == (task.run, 1)
        assert info.settings["overrides"]["stack.pressure"] == "9 MPa"

    drive(bench(database, screen="live"), flow, (140, 50))


@pytest.mark.slow
def test_a_run_is_paused_goes_on_and_is_stopped_with_all_it_did(bench, drive, database):
    async def flow(pilot):
        task = pilot.app.start(SYMMETRIC.model_copy(update={"cycles": 100_000}))
        await pilot.until(lambda: task.cycle >= 1, "a first cycle")
        await pilot.press("p")
        await pilot.until(lambda: task.state == "paused", "the pause")
        at = task.cycle
        await pilot.press("p")
        await pilot.until(lambda: task.cycle > at, "further cycles")
        await pilot.press("q")
        await pilot.sees("1 run is not finished", "Every finished cycle is stored")
        await pilot.press("escape")
        await pilot.press("s")
        await pilot.until(lambda: task.over, "the end")
        assert task.final["kind"] == "cancelled"
        info = twin.load_run(task.run, store=database).info
        assert info.status == "cancelled" and info.cycles == task.final["cycle"] >= at

    drive(bench(database, screen="live"), flow, (100, 30))


def test_a_run_of_another_terminal_is_seen_live(bench, drive, database, cycle_rows):
    """In the list of results as it begins, and on its page with every cycle, and at its end."""
    three = cycle_rows(3)
    with Store.open(database) as theirs:

        def begin():
            spec = twin.load_cell("na-nzsp-na")
            run = theirs.start_run(
                cell={"name": "theirs", "kind": "symmetric", "family": "", "title": "",
                      "hash": "h", "spec": cell_to_data(spec)},
                protocol=twin.load_protocol(None, spec).to_data(), modes={"interphase": "i 1"},
                settings={"model": "spm", "rtol": 1e-4, "atol": 1e-6, "series_every": 0},
                packages={}, cycles_requested=3,
            )  # fmt: skip
            theirs.commit_initial(run, b"", "[]")
            return run

        async def flow(pilot):
            await pilot.sees("no runs yet")
            run = begin()
            pilot.screen._watch()
            await pilot.sees("1 of 1 runs", run)
            await pilot.press("enter")
            await pilot.sees("running")
            for row in three[:2]:
                theirs.commit_cycle(run, row["cycle"], row)
            pilot.screen._watch()
            await pilot.until(lambda: pilot.screen.document.get("last_cycle") == 2, "cycle 2")
            end = {"kind": "completed", "cycle": 3, "says": "the cell lives after 3 cycles"}
            theirs.commit_cycle(run, 3, three[2])
            theirs.finish_run(run, status="completed", outcome=end, wall_s=1.0)
            pilot.screen._watch()
            await pilot.sees("the cell lives after 3 cycles")

        drive(bench(database, screen="results"), flow, (120, 40))


def test_more_runs_than_fit_wait_and_can_be_taken_off(bench, drive, database, settings):
    settings.runs_at_once = 1

    async def flow(pilot):
        first = pilot.app.start(SYMMETRIC)
        second = pilot.app.start(SYMMETRIC)
        assert (first.state, second.state) == ("starting", "waiting")
        pilot.app.run_queue.stop(second)
        assert second.over
        pilot.app.run_queue.stop(first)
        await pilot.until(lambda: first.over, "the end of the first")
        await pilot.sees("taken off the queue")

    drive(bench(database, screen="live"), flow)


@pytest.mark.slow
def test_bad_input_and_a_process_that_dies_are_messages(bench, drive, database):
    async def flow(pilot):
        wrong = pilot.app.start(Scenario(cell="na-nzsp-nva"))
        await pilot.until(lambda: wrong.over, "the refusal")
        assert "did you mean 'na-nzsp-n" in " ".join(wrong.log)
        killed = pilot.app.start(SYMMETRIC.model_copy(update={"cycles": 100_000}))
        await pilot.until(lambda: killed.cycle >= 1, "a first cycle")
        os.kill(pilot.app.run_queue.processes[killed.number].process.pid, 9)
        await pilot.until(lambda: killed.over, "the notice of its death")
        assert "its process ended (-9)" in killed.log[-2]
        assert f"resume run {killed.run}" in killed.log[-1]
        await pilot.sees("failed")
        info = twin.load_run(killed.run, store=database).info
        assert info.status_now == "interrupted" and info.cycles >= killed.cycle

    drive(bench(database, screen="live"), flow)


# ---------------------------------------------------------------------- real studies


@pytest.mark.slow
def test_a_forecast_is_started_stopped_and_gone_on_with(bench, drive, database):
    async def flow(pilot):
        await pilot.sees("No forecast yet")
        await pilot.press("n")
        for field, value in (("samples", "400"), ("cycles", "60"), ("workers", "1"), ("seed", "3")):
            pilot.screen.query_one(f"#{field}", Input).value = value
        await pilot.press("enter")
        (task,) = pilot.app.run_queue.studies("forecast")
        await pilot.until(lambda: task.done >= 2, "two members")
        await pilot.sees(f"{task.study}", "running", "of 400 members", "interphase")
        await pilot.press("s")
        await pilot.until(lambda: task.over, "the end")
        assert task.state == "stopped", task.log
        await pilot.sees("stopped")
        await pilot.press("r", "g")
        await pilot.sees(f"Go on with forecast {task.study}")
        pilot.screen.query_one("#samples", Input).value = str(task.done + 1)
        pilot.screen.query_one("#workers", Input).value = "1"
        await pilot.press("enter")
        again = pilot.app.run_queue.studies("forecast")[-1]
        await pilot.until(lambda: again.over, "the rest")
        assert again.state == "finished" and again.study == task.study, again.log
        assert again.done == task.done + 1
        found = twin.load_forecast(task.study, store=database)
        assert len(found.members) == again.done

    drive(bench(database, screen="forecast", scenario=SYMMETRIC), flow, (140, 44))


@pytest.mark.slow
def test_a_map_is_started_and_read_off(bench, drive, database):
    async def flow(pilot):
        await pilot.sees("No map yet")
        await pilot.press("n")
        fields = {"x": "stack.pressure=0.5..10 MPa,2", "y": "current=0.05..0.2 mA/cm^2,2"}
        for field, value in (fields | {"cycles": "3", "refine": "0", "workers": "1"}).items():
            pilot.screen.query_one(f"#{field}", Input).value = value
        await pilot.press("enter")
        (task,) = pilot.app.run_queue.studies("map")
        await pilot.until(lambda: task.over, "the end of the map")
        assert task.state == "finished", task.log
        await pilot.sees("4 points, to cycle 3", "Under the cursor", "Stack pressure = 0.5 MPa")
        points = twin.load_map(task.study, store=database).points
        assert len(points) == len(task.view["points"]) == 4
        mine = {(p["x"], p["y"]): (p["label"], p["cycles"]) for p in task.view["points"]}
        assert mine == {(p["x"], p["y"]): (p["label"], p["cycles"]) for p in points}

    drive(bench(database, screen="map", scenario=SYMMETRIC), flow, (140, 44))


@pytest.mark.slow
def test_a_study_that_cannot_be_is_a_message(bench, drive, database):
    async def flow(pilot):
        await pilot.press("n")
        await pilot.press("enter")
        (task,) = pilot.app.run_queue.studies("forecast")
        await pilot.until(lambda: task.over, "the refusal")
        assert task.state == "failed" and "did you mean 'na-nzsp-n" in " ".join(task.log), task.log
        await pilot.hears("na-nzsp-nva")

    drive(bench(database, screen="forecast", scenario=Scenario(cell="na-nzsp-nva")), flow)
