from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.cli import live_line as module
from twin.cli.options import Common
from twin.cli.progress import Watcher, live_line, nearest, plain_line
from twin.cli.session import Session
from twin.engine.outcome import Standing
from twin.engine.run import Progress


def standing(margin: float, criterion: str = "contact lost", **changed) -> Standing:
    values = {"mode": "pressure", "variable": "x", "value": 0.5, "threshold": 0.1}
    return Standing(criterion=criterion, margin=margin, **(values | changed))


def progress(*standings: Standing, cycle: int = 7, **row) -> Progress:
    values = {"voltage_min_V": -0.02, "voltage_max_V": 0.03, "capacity_Ah": 1e-3}
    return Progress(
        run="abcdefgh",
        cell="a-cell",
        cycle=cycle,
        total=50,
        row=values | row,
        standings=standings,
        rate=2.0,
        eta_s=21.5,
        elapsed_s=3.5,
    )


NAMES = st.text(st.characters(codec="latin-1", categories=["L", "Zs"]), min_size=1, max_size=60)


@given(st.lists(st.tuples(st.floats(-1, 2), NAMES), max_size=8), st.integers(40, 200))
def test_the_line_never_wraps(found, width):
    line = live_line(progress(*(standing(m, name) for m, name in found)), width)
    assert len(line) <= width
    assert "\n" not in line


def test_the_three_smallest_margins_are_shown_smallest_first():
    found = [standing(m, f"criterion {m}") for m in (0.9, 0.2, float("nan"), 0.5, 0.7)]
    assert [s.margin for s in nearest(progress(*found))] == [0.2, 0.5, 0.7]


def test_at_80_columns_three_gauges_and_the_time_left_are_legible():
    found = [
        standing(0.4, "resistance risen", mode="core"),
        standing(0.9, "anode contact lost"),
        standing(0.95, "anode interphase resistance", mode="interphase"),
    ]
    line = live_line(progress(*found), 77)
    assert line.startswith("7/50 ")
    assert "22 s left" in line
    assert all(word in line for word in ("resistan", "anode c", "anode i"))


def test_full_names_are_used_where_there_is_room():
    assert "pressure: contact lost" in live_line(progress(standing(0.4)), 120)


def test_capacity_is_a_share_of_the_first_where_the_engine_compares_it():
    share = standing(0.9, "capacity lost", mode="core", variable="capacity share", value=0.983)
    assert "98.3 %" in plain_line(progress(share))


def test_a_symmetric_cell_shows_its_polarisation():
    margins = {"core: polarised (positive)": 0.9}
    assert "30 mV" in plain_line(progress(standing(0.5), margins=margins))


def test_before_there_is_a_reference_the_capacity_itself_is_shown():
    assert "1 mAh" in plain_line(progress(standing(0.5)))


def watched(monkeypatch, *, quiet: bool = False, seconds: float) -> str:
    """Show ten cycles that take some seconds each; return what was written."""
    err = io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    clock = iter(range(1000))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock) * seconds)
    with Watcher(Session(Common(quiet=quiet)), "a-cell") as watcher:
        watcher.started("abcdefgh")
        for cycle in range(1, 11):
            watcher.cycle(progress(standing(0.5), cycle=cycle))
    return err.getvalue()


def test_without_a_terminal_there_is_a_plain_line_now_and_then(monkeypatch):
    lines = watched(monkeypatch, seconds=2.0).splitlines()
    assert "twin resume abcdefgh" in lines[0]
    assert [line.split(";")[0] for line in lines[1:]] == [
        "cycle 3/50",
        "cycle 6/50",
        "cycle 9/50",
    ]
    assert not any("\x1b" in line or "\r" in line for line in lines)


def test_quiet_says_nothing(monkeypatch):
    assert watched(monkeypatch, quiet=True, seconds=10.0) == ""


class Gone(io.StringIO):
    """A terminal that went away."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_goes_away_does_not_end_the_run(monkeypatch):
    err = io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    with Watcher(Session(Common()), "a-cell") as watcher:
        watcher._live = type("Live", (), {"console": None})()
        monkeypatch.setattr(Watcher, "_redraw", staticmethod(lambda live, p: Gone().write("x")))
        monkeypatch.setattr(module, "LIVE_EVERY_S", 0.0)
        watcher.cycle(progress(standing(0.5)))
        watcher.cycle(progress(standing(0.5)))


@pytest.mark.parametrize("rate", [0.02, 0.0, 250.0])
def test_slow_and_fast_runs_have_a_pace(rate):
    from dataclasses import replace

    line = plain_line(replace(progress(standing(0.5)), rate=rate))
    assert {0.02: "50 s each", 0.0: "0/s", 250.0: "250/s"}[rate] in line
