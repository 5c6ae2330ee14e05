"""What the screens look like on fixed data: `pytest tests/tui/test_snapshots.py --snapshot-update`.

The snapshots are the text on the screen, so that a change can be read in a diff; colours and
Textual's version do not matter to them.
"""

from __future__ import annotations

import pytest
from twin_tui.runs.scenario import Scenario
from twin_tui.runs.task import Task

SMALL, WIDE = (80, 24), (140, 40)
SCENARIO = Scenario(
    cell="na-nzsp-nvp",
    cycles=40,
    model="spm",
    overrides={"stack.pressure": "10 MPa"},
    without=["delamination"],
)


@pytest.fixture(autouse=True)
def _still(monkeypatch) -> None:
    """Nothing on the screen hangs on the day."""
    for screen in ("results", "studies"):
        monkeypatch.setattr(f"twin_tui.screens.{screen}.ago", lambda when: "3 d")
    monkeypatch.setattr("twin_tui.widgets.outcome.moment", lambda when: "2026-01-01 00:00 UTC")


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "140x40"])
@pytest.mark.parametrize(
    ("screen", "words"),
    [
        ("scenario", ("≠ stack.pressure: 5 MPa → 10 MPa", "The same in a shell")),
        ("results", ("2 of 2 runs", "anode contact lost")),
        ("forecast", ("7 of 8 members", "each cell")),
        ("map", ("3 points, to cycle 8", "Under the cursor", "P pressure")),
    ],
)
def test_a_screen_looks_as_it_did(bench, drive, snapshot, screen, words, size):
    async def flow(pilot):
        await pilot.sees(*words)
        if screen == "forecast" and size == WIDE:
            await pilot.sees("dendrite (33 %)")
        assert await pilot.settle() == snapshot

    drive(bench(screen=screen, scenario=SCENARIO), flow, size)


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "140x40"])
def test_the_page_of_a_run_looks_as_it_did(bench, drive, snapshot, stored, size):
    async def flow(pilot):
        await pilot.sees("1 of 2 runs")
        await pilot.press("enter")
        await pilot.sees("✖ died", "Evidence")
        assert await pilot.settle() == snapshot

    drive(bench(screen="results", filter=stored.dead), flow, size)


def test_compared_runs_look_as_they_did(bench, drive, snapshot, stored):
    app = bench(screen="compare")
    app.marked[:] = [stored.dead, stored.alive]

    async def flow(pilot):
        await pilot.sees(f"{stored.alive} discharge")
        pilot.screen.query_one("#tabs").active = "t-outcomes"
        await pilot.sees("anode contact lost", "completed")
        assert await pilot.settle() == snapshot

    drive(app, flow, (120, 30))


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "140x40"])
def test_a_run_that_goes_looks_as_it_did(bench, drive, snapshot, cycle_rows, size):
    app = bench(screen="live")
    task = Task(1, "na-nzsp-nvp pressure=0.2 MPa", "run", {}, 40, state="starting")
    about = {"run": "llllllll", "cell": "na-nzsp-nvp", "kind": "full", "area": "1 cm^2"}
    task.hear({"says": "started", **about, "total": 40, "done": 0})
    task.hear({"says": "cycles", "rows": cycle_rows(6), "rate": 0.5, "eta_s": 68.0})
    series = {"time_h": [0.0, 0.5, 1.0], "voltage": [3.0, 3.5, 4.0], "current": [-1e-3] * 3}
    task.hear({"says": "series", "cycle": 6, **series})
    told = {"severity": "warning", "mode": "pressure", "text": "voids take the contact"}
    task.hear({"says": "event", "cycle": 5, **told})

    async def flow(pilot):
        app.run_queue.tasks.append(task)
        pilot.screen.tasks_changed()
        await pilot.sees("llllllll", "running 6/40, 1 min 08 s left", "Voltage in cycle 6")
        if size == WIDE:
            await pilot.sees("Current in cycle 6", "Capacity", "Area-specific")
        text = await pilot.settle()
        task.state = "finished"  # or quitting would ask
        assert text == snapshot

    drive(app, flow, size)
