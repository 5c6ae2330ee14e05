"""Every screen as a picture, to be looked at.

``TWIN_PICTURES=folder pytest -m slow tests/tui/test_pictures.py`` makes them: in three sizes,
dark, light and without colour, on the fixed data of the other tests. What a picture shows is
for eyes; that every screen can be drawn, and none wider than its terminal, is a test.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from twin_tui.runs.scenario import Scenario
from twin_tui.runs.task import Task

pytestmark = pytest.mark.slow

SIZES = ((80, 24), (120, 35), (200, 60))
LOOKS = ("dark", "light", "plain")
SCREENS = ("start", "cells", "scenario", "live", "results", "compare", "forecast", "map", "modes",
           "track", "run", "help")  # fmt: skip
SCENARIO = Scenario(
    cell="na-nzsp-nvp", cycles=40, model="spm", overrides={"stack.pressure": "10 MPa"}
)


@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_drawn(
    bench, drive, stored, cycle_rows, monkeypatch, tmp_path, screen, look, size
):
    if look == "plain":
        monkeypatch.setenv("NO_COLOR", "1")
    at = {"run": "results", "help": "cells"}.get(screen, screen)
    theme = "textual-light" if look == "light" else "textual-dark"
    app = bench(screen=at, scenario=SCENARIO, theme=theme, filter="")
    if screen == "compare":
        app.marked[:] = [stored.dead, stored.alive]
    task = Task(1, "na-nzsp-nvp pressure=0.2 MPa", "run", {}, 40, state="starting")
    about = {"run": "llllllll", "cell": "na-nzsp-nvp", "kind": "full", "area": "1 cm^2"}
    task.hear({"says": "started", **about, "total": 40, "done": 0})
    task.hear({"says": "cycles", "rows": cycle_rows(6), "rate": 0.5, "eta_s": 68.0})
    series = {"time_h": [0.0, 0.5, 1.0], "voltage": [3.0, 3.5, 4.0], "current": [-1e-3] * 3}
    task.hear({"says": "series", "cycle": 6, **series})
    pictures: list[str] = []

    async def flow(pilot):
        await pilot.settle()
        if screen == "live":
            app.run_queue.tasks.append(task)
            pilot.screen.tasks_changed()
            await pilot.sees("running 6/40")
        if screen == "run":
            await pilot.press("enter")
            await pilot.sees("Evidence")
        if screen == "help":
            await pilot.press("f1")
        text = await pilot.settle()
        assert all(len(line) <= size[0] for line in text.splitlines())
        pictures.append(app.export_screenshot())
        task.state = "finished"  # or quitting would ask

    drive(app, flow, size)
    folder = Path(os.environ.get("TWIN_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{screen}-{look}-{size[0]}x{size[1]}.svg"
    (folder / name).write_text(pictures[0], encoding="utf-8")
