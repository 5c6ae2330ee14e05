"""What an outcome says of a death: when, of what, and what came second."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import twin
from twin.engine import blame, cause_of_death
from twin.engine.blame import Found
from twin.engine.cause_of_death import at_start, nearest
from twin.engine.criteria import CAPACITY, CORE, RESISTANCE, STILLBORN, Watched
from twin.engine.outcome import Standing
from twin.modes.mode import Criterion
from twin.status import Status


def standing(mode: str, margin: float, severity: str = "fatal") -> Standing:
    return Standing(mode, "worn", margin, "Wear", 1.0, 2.0, severity)


@pytest.mark.parametrize(("direction", "worst"), [("above", 3.0), ("below", -1.0)])
def test_the_worst_value_is_the_nearest_to_failure_whatever_is_no_number(direction, worst):
    watched = Watched(CORE, Criterion("worn", "Wear", 1.0, direction, 0.0, "it is worn"))
    assert watched.worst(np.array([0.5, 3.0, -1.0, 2.0])) == worst
    assert watched.worst([0.5, 3.0, math.nan, -1.0]) == worst
    # Of two zeros the first, whose sign is told in a row.
    signs = [
        math.copysign(1.0, watched.worst(np.array(both))) for both in ([0.0, -0.0], [-0.0, 0.0])
    ]
    assert signs == [1.0, -1.0]


def test_nearest_is_the_least_margin_of_what_can_kill():
    found = [standing("a", 0.9), standing("b", 0.2), standing("c", 0.5)]
    assert nearest(found).mode == "b"
    assert nearest(found, ("b", "worn")).mode == "c"
    assert nearest([*found, standing("d", 0.1, "warning")]).mode == "b"
    assert nearest([*found, standing("d", math.nan)]).mode == "b"
    assert nearest([standing("z", 0.2), standing("b", 0.2)]).mode == "z"  # the first of equals
    assert nearest([standing("d", 0.1, "warning")]) is None


def number(si):
    return SimpleNamespace(si=si)


@pytest.fixture
def prepared(monkeypatch):
    """A full cell of 1 cm2, 1 A.h, between 2 and 4 V, at 300 K; one step is at 320 K."""
    monkeypatch.setattr(blame, "nominal_capacity", lambda spec: 1.0)
    spec = SimpleNamespace(
        thermal=SimpleNamespace(ambient=number(300.0), model="lumped"),
        geometry=SimpleNamespace(area=number(1e-4)),
        window=SimpleNamespace(lower=number(2.0), upper=number(4.0)),
    )
    steps = [SimpleNamespace(do=do, temperature=t) for do, t in (("warm", 320.0), ("cool", None))]
    return SimpleNamespace(
        spec=spec, plan=SimpleNamespace(unique_steps=steps), cell=SimpleNamespace(kind="full")
    )


ROW = {"current_max_A": 0.01, "resistance_Ohm_m2": 0.01, "Voltage [V]": 1.9}
"""At 100 A/m2 the resistance takes 1 V, half of the window."""


@pytest.mark.parametrize(
    ("step", "polarisation", "who"),
    [("cool", 0.6, "film"), ("cool", 0.4, CORE), ("warm", 1.2, "film"), ("warm", 0.8, CORE)],
)
def test_an_oven_takes_its_part_of_a_heat_death(prepared, step, polarisation, who):
    # To 340 K the oven went half of the way: a mode has to have made half of all the heat, 1 V
    # for itself; without the oven half of that will do.
    evidence = {"film": Found(polarisation=polarisation)}
    end = SimpleNamespace(step=step)
    assert cause_of_death._who_heats(prepared, end, 340.0, ROW, evidence) == who


def test_what_a_risen_resistance_took_is_what_it_has_risen_by(prepared):
    four = Standing(CORE, RESISTANCE, 0.0, "R", 4.0, 4.0)
    assert cause_of_death._loss(prepared, four, ROW) == pytest.approx(0.75 * 0.5)
    rest = Standing(CORE, CAPACITY, 0.0, "C", 0.7, 0.8)
    assert cause_of_death._loss(prepared, rest, ROW) == pytest.approx(0.3)
    assert "fell to 70.0% of its first" in cause_of_death._core_words(
        rest, "film", {}, ROW, prepared
    )


@pytest.mark.parametrize(("volts", "side"), [(1.9, "below"), (4.1, "above")])
def test_a_window_is_left_by_the_protocol_unless_a_mode_drove_the_cell_out(prepared, volts, side):
    event = {"below": "Minimum voltage [V]", "above": "Maximum voltage [V]"}[side]
    end = SimpleNamespace(message=event, unguarded=True, step="Discharge at 1 A for 1 h")
    row, where = ROW | {"Voltage [V]": volts}, {"cycle": 1}
    ends = [
        cause_of_death._ran_into_limit(prepared, end, row, [], evidence, where)
        for evidence in ({}, {"film": Found(polarisation=0.3)})
    ]
    assert [found.kind for found in ends] == [Status.LEFT_WINDOW, Status.CELL_FAILED]
    assert f"{side} its" in ends[0].says and ends[0].mode is None
    assert ends[1].mode == "film"


def test_a_start_beyond_the_cells_own_limit_is_a_death_by_it_and_says_how_far(prepared):
    """A symmetric cell at -2.3 V whose window ends at -1 V: PyBaMM watches a volt further on."""
    limit = Criterion("polarised (negative)", "Voltage [V]", -1.0, "below", 0.0, says="left it")
    prepared.watched = [Watched(CORE, limit)]
    prepared.cell.kind = "symmetric"
    end = SimpleNamespace(
        reason="limit", message="Minimum voltage [V]", t=0.0, start={}, unguarded=True, step="s"
    )
    for volts, ends in ((-2.3, ": 2.3 times as far as it may go"), (-1.01, "left it")):
        row = {"Voltage [V]": volts, "Voltage [V] (worst)": volts, "current_max_A": 1e-3}
        found = cause_of_death.judge(prepared, end, 1, row, [], {})
        assert (found.mode, found.criterion) == (CORE, "polarised (negative)")
        assert (found.value, found.threshold, found.runner_up) == (volts, -1.0, None)
        assert found.says.startswith("left it") and found.says.endswith(ends)


def test_a_cell_that_gives_nothing_says_what_its_resistance_takes(prepared):
    """100 A/m2 and 0.01 ohm m2 take 1 V of the 2 V between 2 and 4 V."""
    dead = Standing(CORE, STILLBORN, -0.1, "share", 0.0, 0.1)
    words = cause_of_death._core_words(dead, CORE, {}, ROW, prepared)
    assert words.endswith("rate (at 10 mA/cm2 its 100 ohm cm2 take 1 V of a window of 2 V)")
    for unknown in (ROW | {"resistance_Ohm_m2": math.nan}, {"current_max_A": 0.01}):
        assert cause_of_death._core_words(dead, CORE, {}, unknown, prepared).endswith("rate")


def test_what_held_as_a_step_could_not_begin_counts_for_the_end():
    item = SimpleNamespace(criterion=SimpleNamespace(variable="T"), worst=max)
    row = {"T": 2.0, "T (worst)": 3.0, "a": 1.0}
    assert at_start([item], row, SimpleNamespace(start={})) == row
    for value, worst in ((5.0, 5.0), (1.0, 3.0)):
        found = at_start([item], row, SimpleNamespace(start={"T": value}))
        assert found == {"T": value, "T (worst)": worst, "a": 1.0}


@pytest.fixture(scope="module")
def dead():
    low = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}
    return twin.simulate(
        "na-base-na", modes=["interphase", "pressure"], overrides=low, store="sqlite://"
    )


def test_a_death_is_told_in_hours(dead):
    last = dead.rows[-1]
    assert dead.outcome.time_h == pytest.approx(last["t_end_s"] / 3600)
    assert dead.outcome.cycle == last["cycle"] and dead.outcome.dead


def test_who_came_second_is_not_who_killed_and_is_nearest_of_the_rest(dead):
    outcome, margins = dead.outcome, dead.rows[-1]["margins"]
    second = outcome.runner_up
    assert (second.mode, second.criterion) != (outcome.mode, outcome.criterion)
    rest = {k: v for k, v in margins.items() if k != f"{outcome.mode}: {outcome.criterion}"}
    fatal = {w for w in rest if "warn" not in w}
    assert second.margin == pytest.approx(min(rest[name] for name in fatal))
