"""How far the next jump goes, from how the last ones went."""

from __future__ import annotations

import math

import pytest

from twin.lifetime.jump_size import SHORTEST, JumpSettings, JumpSize


@pytest.fixture
def size():
    return JumpSize(JumpSettings())


def length(size, cycle=10, away=None):
    return size.before_failure(cycle, away, "core: x")


def test_it_begins_with_single_cycles_and_the_shortest_jump(size):
    rests = []
    for _ in range(5):
        rests.append(size.rests)
        size.alone += 1
    assert rests == [True, True, True, False, False]
    assert length(size) == (SHORTEST, "")


def test_a_good_jump_is_followed_by_one_at_most_three_times_as_long(size):
    size.accepted(9, 1e-6, rejected=0, paid=True)
    assert size.length == pytest.approx(30)
    size.accepted(9, 0.9, rejected=0, paid=True)
    assert size.length < 10


def test_a_predicted_failure_is_neared_and_never_passed(size):
    size.length = 1000.0
    assert length(size, 10, 100) == (84, "near core: x")
    assert length(size, 10, 3) == (0, "near core: x")
    size.length = 5.0
    assert length(size, 10, 100) == (5, "")


def test_a_cycle_the_cell_was_dead_in_is_bisected(size):
    size.length = 1000.0
    size.found_dead(110, "dead after a jump: x")
    size.found_dead(150, "dead after a jump: y")
    assert length(size, 10) == (50, "dead after a jump: x")
    assert length(size, 108) == (1, "dead after a jump: x")  # too short: a single cycle
    assert length(size, 110) == (1000, "")  # it lived on after all
    assert length(size, 111) == (1000, "")


def test_a_jump_that_is_too_long_is_shortened_by_its_error(size):
    assert size.shortened(100, 4.0) == 40
    assert size.shortened(100, 1e9) == 20
    assert size.shortened(100, math.inf) == 50


def test_attempts_for_nothing_make_it_rest_longer_and_longer(size):
    size.alone = 3
    waits = []
    for _ in range(7):
        size.given_up(rejected=1)
        rested = 0
        while size.rests:
            size.given_up(rejected=0)  # nothing tried, nothing forgiven
            size.alone += 1
            rested += 1
        waits.append(rested)
    assert waits == [1, 2, 4, 8, 16, 32, 32]
    size.accepted(10, 0.1, rejected=0, paid=True)
    size.given_up(rejected=1)
    assert size.rests


def test_a_jump_that_spared_cycles_makes_nobody_rest(size):
    size.alone = 3
    size.accepted(20, 0.1, rejected=3, paid=True)
    assert not size.rests
    size.accepted(2, 0.1, rejected=3, paid=False)
    assert size.rests
