"""Runs side by side."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from twin.engine.outcome import Outcome, Standing
from twin.report.comparison import compared, comparison_panels

AREA = {"geometry": {"area": "2 cm^2"}}


def made(kind: str, outcome: Outcome | None, *rows: dict) -> SimpleNamespace:
    info = SimpleNamespace(
        cell_kind=kind, cell_name="cell", cell_spec=AREA, status_now="running", last_cycle=1
    )
    return SimpleNamespace(id="abc", info=info, rows=list(rows), outcome=outcome)


def row(cycle: int, capacity: float, resistance: float | None, margin: float, **more) -> dict:
    return {
        "cycle": cycle,
        "capacity_Ah": capacity,
        "resistance_Ohm_m2": resistance,
        "min_margin": margin,
        **more,
    }


def test_numbers_are_per_area_and_name_the_nearest_to_failure():
    near = Standing("interphase", "too resistive", 0.3, "R", 1.0, 2.0)
    run = made(
        "full",
        Outcome("completed", cycle=2, time_h=20.0, runner_up=near),
        row(1, 0.004, 0.01, 0.9),
        row(2, 0.003, 0.02, 0.3),
        row(3, 0.001, 0.05, 0.2, complete=False),
    )
    said = compared("it", run)
    assert said["capacity_mAh_cm2"] == pytest.approx([2.0, 1.5])
    assert said["resistance_Ohm_cm2"] == pytest.approx([100, 200])
    assert (said["limiting"], said["margin"]) == ("interphase", 0.3)


def test_what_killed_it_comes_before_what_was_near():
    near = Standing("interphase", "too resistive", 0.3, "R", 1.0, 2.0)
    dead = Outcome(
        "cell-failed", mode="pressure", criterion="contact lost", cycle=1, runner_up=near
    )
    said = compared("it", made("full", dead, row(1, 0.004, 0.01, 0.0)))
    assert (said["limiting"], said["criterion"], said["margin"]) == ("pressure", "contact lost", 0)


def test_a_run_that_has_not_ended_can_be_compared():
    said = compared("it", made("full", None))
    assert said["kind"] == "running" and said["capacity_mAh_cm2"] is None


def test_each_run_is_a_line_and_symmetric_cells_have_no_capacity():
    done = Outcome("completed", cycle=2)
    full = made("full", done, row(1, 0.004, 0.01, 0.9), row(2, 0.003, 0.02, 0.8))
    bare = made("symmetric", done, row(1, 0.001, 0.5, 0.9), row(2, 0.001, None, 0.8))
    shown = {panel.key: panel for panel in comparison_panels({"a": full, "b": bare})}
    assert [line.label for line in shown["capacity"].lines] == ["a"]
    assert [line.label for line in shown["resistance"].lines] == ["a", "b"]
    assert shown["resistance"].lines[1].y == pytest.approx([5000])
    assert shown["resistance"].log  # fifty times apart
    assert list(comparison_panels({"b": bare})[0].lines[0].y) == pytest.approx([5000])


def test_a_run_that_is_alone_in_a_panel_is_named_and_its_noise_is_not_blown_up():
    done = Outcome("completed", cycle=2)
    run = made("full", done, row(1, 0.004, 0.0100, 0.96), row(2, 0.004, 0.0101, 0.95))
    for panel in comparison_panels({"a": run}):
        low, high = panel.limits
        assert panel.labelled and low <= 0.0 and high > 1.0, panel.key
