"""What jumps leave in doubt: of the capacity, of a margin, of the cycle of a death."""

from __future__ import annotations

from itertools import pairwise

import pytest

from twin.lifetime.error_budget import ErrorBudget


def row(cycle, capacity, **margins):
    named = {f"core: {name}": margin for name, margin in margins.items()}
    return {"cycle": cycle, "capacity_Ah": capacity, "margins": named}


ROWS = [row(10, 1.0, x=1.0, y=0.5), row(60, 0.9, x=0.5, y=0.5), row(90, 0.8, x=0.2, y=0.6)]


def test_a_correction_leaves_its_share_of_every_change_in_doubt():
    budget = ErrorBudget()
    for before, after in pairwise(ROWS):
        budget.jumped(0.01, 0.0, before, after)
    assert budget.capacity_error == pytest.approx(0.01 * (0.1 + 0.1 / 0.9))
    assert budget.margin_errors == pytest.approx({"core: x": 0.008, "core: y": 0.001})


def test_a_death_is_in_doubt_by_the_margin_over_its_pace():
    budget = ErrorBudget()
    budget.jumped(0.01, 0.0, *ROWS[:2])  # 0.005 of the margin, which falls by 0.01 a cycle
    assert budget.death_error("core: x", ROWS) == pytest.approx(0.5)


@pytest.mark.parametrize("criterion", ["core: y", "core: z"], ids=["rising", "unknown"])
def test_a_margin_that_does_not_fall_tells_nothing(criterion):
    budget = ErrorBudget(margin_errors={"core: y": 0.1})
    assert budget.death_error(criterion, ROWS) == 0.0
    assert budget.death_error(criterion, ROWS[:1]) == 0.0


def test_sodium_that_is_late_tells_when_the_capacity_falls():
    budget = ErrorBudget()
    budget.jumped(0.0, 0.2, *ROWS[:2])
    assert budget.capacity_error == 0 and budget.error_of(ROWS[:1]) == 0
    flat = [row(60, 0.9), row(61, 0.9)]
    kink = [row(61, 0.9), row(62, 0.81)]
    assert budget.error_of(flat) == 0
    assert budget.error_of(kink) == pytest.approx(0.2 * 0.1)
    died = [row(61, 0.9), row(62, 0.1) | {"complete": False}]  # no capacity of a cycle
    assert budget.error_of(died) == 0
    assert budget.death_error("core: z", ROWS) == pytest.approx(0.2)


def test_a_place_where_it_slowed_is_told_once():
    budget = ErrorBudget()
    for cycle in (4, 5, 6):
        budget.slow(cycle, cycle, "near death")
    budget.slow(7, 7, "a knee")
    assert budget.slowed == [[4, 6, "near death"], [7, 7, "a knee"]]
