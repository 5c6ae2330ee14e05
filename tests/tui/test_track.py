"""The screen of tracked cells, on a stored track."""

from __future__ import annotations

import pytest
from twin_tui.runs.scenario import Scenario

import twin
from twin.store import Store


def checkup(cycle, left, shares, modes, outside=False):
    names = ("p05", "p25", "median", "p75", "p95")
    levels = {n: [1.0 - 0.001 * cycle, 0.9, 0.8] for n in names}
    return {
        "cycle": cycle,
        "readings": {"capacity": {"value": 1 - 0.001 * cycle, "share": True}} if cycle else {},
        "outside": outside,
        "remaining": dict(zip(names, left, strict=True)) | {"beyond": 0.1},
        "remaining_before": None,
        "modes": modes,
        "health": {
            "capacity": dict.fromkeys(names, shares),
            "resistance": dict.fromkeys(names, 1.2),
        },
        "margins": {"core: capacity lost": dict.fromkeys(names, 0.61)},
        "course": {"cycle": [max(cycle, 1), 300, 600], **levels, "alive": [1, 0.9, 0.4]},
    }


DOCUMENT = {
    "study": "x",
    "cell": "na-nzsp-nvp",
    "library": "libstudy",
    "lives": 300,
    "cycles": 3000,
    "cycle": 120,
    "data": ["cell-7.csv"],
    "told": ["cell-7.csv: 12 of its cycles are taken as check-ups"],
    "outside": False,
    "thin": True,
    "remaining": {"p05": 300, "p25": 420, "median": 500, "p75": 640, "p95": None},
    "checkups": [
        checkup(0, (100, 400, 900, 2000, None), 1.0, {"fade": 0.6, "pressure": 0.4}),
        checkup(120, (300, 420, 500, 640, None), 0.88, {"fade": 0.9, "pressure": 0.1}),
    ],
}


@pytest.fixture
def url(tmp_path):
    """A database of its own: that of the other screens has no tracks."""
    return f"sqlite:///{tmp_path}/tracks.db"


@pytest.fixture
def tracked(url):
    with Store.open(url) as store:
        study = store.start_study(
            kind="track", cell_name="na-nzsp-nvp", design={"cell_name": "na-nzsp-nvp"}
        )
        store.finish_study(study, status="completed", summary=DOCUMENT | {"study": study})
        assert twin.load_track(study, store=store).to_dict()["cycle"] == 120
    return study


def test_the_screen_tells_health_death_and_what_is_left(bench, drive, url, tracked):
    async def flow(pilot):
        await pilot.sees("cycle 120: 500 (300 to beyond) left")
        await pilot.sees("88 %", "300 to beyond", "! few lives", "Capacity of those")
        await pilot.press("v")
        await pilot.sees("Death expected")
        await pilot.press("v")
        await pilot.sees("What it dies of")

    drive(bench(url, screen="track"), flow, (80, 24))


def test_a_track_is_exported(bench, drive, url, tracked, settings):
    async def flow(pilot):
        await pilot.sees("500 (300", "0.61", "fade")
        await pilot.press("e")
        await pilot.hears(f"track-{tracked}.png")

    drive(bench(url, screen="track"), flow)
    names = {path.name for path in settings.exports_folder.iterdir()}
    assert names == {f"track-{tracked}.png", f"track-{tracked}.json"}


def test_nothing_is_tracked_yet_and_new_asks_for_check_ups(bench, drive, url):
    async def flow(pilot):
        await pilot.sees("No measured cell is tracked")
        await pilot.press("n")
        await pilot.sees("Check-ups (files, ids)")
        await pilot.press("escape")

    scenario = Scenario(cell="na-nzsp-nvp", cycles=40, model="spm")
    drive(bench(url, screen="track", scenario=scenario), flow)
