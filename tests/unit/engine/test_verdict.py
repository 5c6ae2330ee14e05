"""What an outcome says of a death: when, of what, and what came second."""

from __future__ import annotations

import math

import pytest

import twin
from twin.engine.cause_of_death import nearest
from twin.engine.outcome import Standing


def standing(mode: str, margin: float, severity: str = "fatal") -> Standing:
    return Standing(mode, "worn", margin, "Wear", 1.0, 2.0, severity)


def test_nearest_is_the_least_margin_of_what_can_kill():
    found = [standing("a", 0.9), standing("b", 0.2), standing("c", 0.5)]
    assert nearest(found).mode == "b"
    assert nearest(found, ("b", "worn")).mode == "c"
    assert nearest([*found, standing("d", 0.1, "warning")]).mode == "b"
    assert nearest([*found, standing("d", math.nan)]).mode == "b"
    assert nearest([standing("z", 0.2), standing("b", 0.2)]).mode == "z"  # the first of equals
    assert nearest([standing("d", 0.1, "warning")]) is None


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
