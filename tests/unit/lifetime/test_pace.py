"""How far the next jump goes, from how the last ones went."""

from __future__ import annotations

import math

import pytest

from twin.lifetime.pace import SHORTEST, JumpSettings, Pace


@pytest.fixture
def pace():
    return Pace(JumpSettings())


def length(pace, cycle=10, away=None):
    return pace.before_failure(cycle, away, "core: x")


def test_it_begins_with_single_cycles_and_the_shortest_jump(pace):
    rests = []
    for _ in range(5):
        rests.append(pace.rests)
        pace.alone += 1
    assert rests == [True, True, True, False, False]
    assert length(pace) == (SHORTEST, "")


def test_a_good_jump_is_followed_by_one_at_most_three_times_as_long(pace):
    pace.accepted(9, 1e-6, rejected=0, paid=True)
    assert pace.length == pytest.approx(30)
    pace.accepted(9, 0.9, rejected=0, paid=True)
    assert pace.length < 10


def test_a_predicted_failure_is_neared_and_never_passed(pace):
    pace.length = 1000.0
    assert length(pace, 10, 100) == (84, "near core: x")
    assert length(pace, 10, 3) == (0, "near core: x")
    pace.length = 5.0
    assert length(pace, 10, 100) == (5, "")


def test_a_cycle_the_cell_was_dead_in_is_bisected(pace):
    pace.length = 1000.0
    pace.found_dead(110, "dead after a jump: x")
    pace.found_dead(150, "dead after a jump: y")
    assert length(pace, 10) == (50, "dead after a jump: x")
    assert length(pace, 108) == (1, "dead after a jump: x")  # too short: a single cycle
    assert length(pace, 110) == (1000, "")  # it lived on after all
    assert length(pace, 111) == (1000, "")


def test_a_jump_that_is_too_long_is_shortened_by_its_error(pace):
    assert pace.shortened(100, 4.0) == 40
    assert pace.shortened(100, 1e9) == 20
    assert pace.shortened(100, math.inf) == 50


def test_attempts_for_nothing_make_it_rest_longer_and_longer(pace):
    pace.alone = 3
    waits = []
    for _ in range(7):
        pace.given_up(rejected=1)
        rested = 0
        while pace.rests:
            pace.alone += 1
            rested += 1
        waits.append(rested)
    assert waits == [1, 2, 4, 8, 16, 32, 32]
    pace.accepted(10, 0.1, rejected=0, paid=True)
    pace.given_up(rejected=1)
    assert pace.rests


def test_a_jump_that_spared_cycles_makes_nobody_rest(pace):
    pace.alone = 3
    pace.accepted(20, 0.1, rejected=3, paid=True)
    assert not pace.rests
    pace.accepted(2, 0.1, rejected=3, paid=False)
    assert pace.rests
