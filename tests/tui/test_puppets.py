"""What the bench asks of its workers, and what it makes of their answers."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.widgets import Input
from twin_tui.runs.run_queue import WorkerProcess
from twin_tui.runs.scenario import Scenario
from twin_tui.screens.forecast import ForecastScreen
from twin_tui.screens.live import LiveScreen
from twin_tui.settings import read_settings
from twin_tui.widgets.table import Table

MISSING = "tcp://127.0.0.1:1"


@pytest.fixture
def copied(stored, tmp_path) -> str:
    """The stored database, to be written to."""
    path = Path(shutil.copy(stored.url.removeprefix("sqlite:///"), tmp_path / "copy.db"))
    return f"sqlite:///{path}"


def test_an_attribution_is_started_stopped_and_gone_on_with_from_a_runs_page(
    bench, drive, stored, copied, puppets, attribute
):
    async def flow(pilot):
        await pilot.sees("1 of 2 runs")
        await pilot.press("enter")
        await pilot.sees("✓ alive", "How it was run")
        await pilot.press("a")
        await pilot.sees("starting 0/4", "A stops it")
        (first,) = puppets
        (start,) = first.told
        assert (start["do"], start["kind"], start["store"]) == ("start", "attribute", copied)
        assert start["arguments"] == {
            "cell": "na-nzsp-nvp",
            "protocol": "cc-cv",
            "overlays": [],
            "overrides": {"stack.pressure": "5 MPa"},
            "modes": ["interphase", "pressure"],
            "cycles": 5,
        }
        first.says("study", study="zzzzzzzz")
        first.says("part", done=1, total=4, rate=0.5, eta_s=6.0, run="cccccccc")
        await pilot.sees("running 1/4, 30/min, 6.0 s left", "1 of 4, run cccccccc")
        await pilot.press("a")
        await pilot.sees("stopping 1/4")
        assert first.told[-1] == {"do": "stop"}
        first.says("stopped")
        first.ends()
        await pilot.sees("stopped 1/4", "study zzzzzzzz can go on", "A goes on with it")
        await pilot.press("a")
        await pilot.until(lambda: len(puppets) == 2, "another worker")
        again = puppets[-1]
        assert again.told[0]["arguments"] == start["arguments"] | {"study": "zzzzzzzz"}
        study = attribute(copied, stored.alive)
        again.says("study", study="zzzzzzzz")
        again.says("part", done=4, total=4, rate=1.0, eta_s=0.0, run="dddddddd")
        again.says("studied", wall_s=3.0)
        again.ends()
        await pilot.sees(f"study {study}", "Capacity lost: 0.4 mAh")
        await pilot.press("a")  # it is known: nothing more is started
        await pilot.pause()
        assert len(puppets) == 2

    drive(bench(copied, screen="results", filter=stored.alive), flow, (110, 40))


def test_an_attribution_that_fails_says_why_and_can_be_tried_again(
    bench, drive, stored, copied, puppets
):
    async def flow(pilot):
        await pilot.sees("1 of 2 runs")
        await pilot.press("enter")
        await pilot.sees("✓ alive")
        await pilot.press("a")
        await pilot.until(lambda: puppets, "a worker")
        puppets[0].ends(-9, "Killed")
        await pilot.sees("failed 0/4", "its process ended (-9): Killed", "A goes on with it")
        assert pilot.app.run_queue.busy == []
        await pilot.press("a")
        await pilot.until(lambda: len(puppets) == 2, "another worker")

    drive(bench(copied, screen="results", filter=stored.alive), flow, (110, 40))


def test_forecasts_are_lived_where_the_settings_say(bench, drive, settings, puppets):
    settings.scheduler = "tcp://lab:8786"

    async def flow(pilot):
        await pilot.sees("ffffffff")
        await pilot.press("n")
        await pilot.sees("on tcp://lab:8786")
        assert not pilot.screen.query("#workers")
        pilot.screen.query_one("#samples", Input).value = "7"
        await pilot.press("enter")
        await pilot.until(lambda: puppets, "a worker")
        arguments = puppets[0].told[0]["arguments"]
        assert arguments["scheduler"] == "tcp://lab:8786" and "workers" not in arguments
        assert arguments["samples"] == 7
        puppets[0].says("failed", problems=[{"message": "no Dask scheduler answers", "fix": "f"}])
        await pilot.hears("failed: no Dask scheduler answers\nfix: f")

    drive(bench(screen="forecast", scenario=Scenario(cell="na-nzsp-nvp")), flow)


def test_a_stored_forecast_goes_on_where_the_settings_say(bench, drive, settings, puppets, stored):
    settings.scheduler = "tcp://lab:8786"

    async def flow(pilot):
        await pilot.sees("7 of 8 members, spm")
        await pilot.press("g")
        await pilot.sees("Go on with forecast ffffffff", "on tcp://lab:8786")
        await pilot.press("enter")
        await pilot.until(lambda: puppets, "a worker")
        assert puppets[0].told[0]["arguments"] == {
            "cell": "na-nzsp-nvp",
            "study": stored.forecast,
            "samples": 8,
            "scheduler": "tcp://lab:8786",
        }

    drive(bench(screen="forecast"), flow)


def test_the_modes_screen_says_whether_the_scheduler_answers(bench, drive, settings):
    settings.scheduler = MISSING

    async def flow(pilot):
        await pilot.sees("✗ health: 1 broken", f"no Dask scheduler answers at {MISSING}")
        await pilot.sees("fix: start one", f"{MISSING}: no answer")

    drive(bench(screen="modes"), flow, (120, 50))


def test_a_scheduler_without_a_port_is_told_when_the_settings_are_read(home):
    home.mkdir()
    (home / "bench.toml").write_text('scheduler = "lab"\n')
    found, wrong = read_settings()
    assert found.scheduler == "" and "scheduler" in wrong and "tcp://host:8786" in wrong


def test_a_worker_that_is_killed_in_the_middle_of_a_word_is_heard_to_end():
    worker = WorkerProcess.__new__(WorkerProcess)
    worker._errors = io.BytesIO(b"Killed\n")
    worker.process = SimpleNamespace(
        stdout=[b'{"says": "ready"}\n', b'{"says": "cyc'], wait=lambda: -9
    )
    heard = []
    worker.listen(heard.append)
    assert heard == [{"says": "ready"}, {"says": "ended", "code": -9, "last": "Killed"}]


def test_a_run_whose_process_is_killed_says_how_to_go_on(bench, drive, puppets):
    async def flow(pilot):
        task = pilot.app.start(Scenario(cell="na-nzsp-nvp"))
        about = {"cell": "na-nzsp-nvp", "kind": "full", "area": "1 cm^2", "total": 100, "done": 0}
        puppets[0].says("started", run="rrrrrrrr", **about)
        await pilot.sees("running 0/100")
        puppets[0].ends(-9, "it said nothing")
        await pilot.until(lambda: task.over, "its end")
        await pilot.sees("failed", "its process ended (-9)", "resume run rrrrrrrr")
        assert pilot.app.is_running

    drive(bench(screen="live"), flow)


def test_runs_are_let_go_on_when_one_quits_so(bench, drive, puppets):
    async def flow(pilot):
        task = pilot.app.start(Scenario(cell="na-nzsp-nvp"))
        await pilot.press("q")
        await pilot.click("#leave")
        await pilot.until(lambda: not pilot.app.is_running, "the end")
        assert task.state == "starting"
        assert [told["do"] for told in puppets[0].told] == ["start"]  # nobody said stop

    drive(bench(screen="live"), flow)


def test_a_terminal_may_change_its_size_while_a_run_goes(bench, drive, puppets, cycle_rows):
    async def flow(pilot):
        task = pilot.app.start(Scenario(cell="na-nzsp-nvp", cycles=40))
        about = {"cell": "na-nzsp-nvp", "kind": "full", "area": "1 cm^2", "total": 40, "done": 0}
        puppets[0].says("started", run="rrrrrrrr", **about)
        puppets[0].says("cycles", rows=cycle_rows(6), rate=0.5, eta_s=68.0)
        series = {"time_h": [0.0, 0.5, 1.0], "voltage": [3.0, 3.5, 4.0], "current": [-1e-3] * 3}
        puppets[0].says("series", cycle=6, **series)
        await pilot.sees("Voltage in cycle 6")
        for size in ((140, 40), (20, 8), (1, 1), (200, 60), (80, 24)):
            await pilot.resize(*size)
            puppets[0].says("cycles", rows=cycle_rows(task.cycle + 1)[-1:], rate=0.5, eta_s=60.0)
            await pilot.settle()
            if size[0] >= 80:
                await pilot.sees("rrrrrrrr", "Voltage in cycle 6", "q Quit")
        assert task.cycle == 11

    drive(bench(screen="live"), flow, (80, 24))


@pytest.mark.parametrize("screen", ["live", "forecast"])
def test_news_that_comes_before_the_screen_is_there_waits_for_it(bench, drive, puppets, screen):
    async def flow(pilot):
        pilot.app.start(Scenario(cell="na-nzsp-nvp"))
        fresh = {"live": LiveScreen, "forecast": ForecastScreen}[screen]()
        await pilot.app.push_screen(fresh, wait_for_dismiss=False)
        table = fresh.query_one(Table)
        table._most = {}  # as before the columns were set
        table.clear(columns=True)
        fresh.tasks_changed()
        assert not table.rows

    drive(bench(screen="results"), flow)


def test_numbers_that_cannot_be_shown_are_said_to_be_so(bench, drive, puppets, monkeypatch):
    def broken(*_):
        raise KeyError("resistance_Ohm_m2")

    monkeypatch.setattr("twin_tui.screens.live.state_of", broken)

    async def flow(pilot):
        pilot.app.start(Scenario(cell="na-nzsp-nvp"))
        await pilot.sees("cannot be shown: KeyError: 'resistance_Ohm_m2'", "starting")

    drive(bench(screen="live"), flow)


def test_a_worker_imports_nothing_of_the_folder_where_the_bench_was_started(tmp_path, monkeypatch):
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "__init__.py").write_text("raise SystemExit('another twin')")
    monkeypatch.chdir(tmp_path)
    worker = WorkerProcess()
    worker.process.stdin.close()  # without a task it ends
    heard = []
    worker.listen(heard.append)
    assert heard[0] == {"says": "ready"} and heard[-1]["code"] == 0, heard
