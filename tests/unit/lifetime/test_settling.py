"""States that each cycle settles: jumped over as what they are, not as sums."""

from __future__ import annotations

import numpy as np
import pytest

from twin.lifetime.corrector import Corrector
from twin.lifetime.envelope import Envelope
from twin.lifetime.settling import DISPLACED, LEAST, Settling
from twin.lifetime.slow import Entry, Slow

GROWS, SETTLED = 0.5, 3.0
SLOW = Slow((Entry("grows", 0), Entry("settles", 1)), (), 0, metal=False)


def added(y, share, drift=0.0):
    """Return what a cycle adds: one state grows evenly, the other forgets what it is off by."""
    return np.array([GROWS, drift - share * (y[1] - SETTLED), 0.0, 1.0])


def corrector(length, share, off=0.0, settling=None):
    """Return what tries a jump from cycle 10, at which the settling state is off."""
    envelope = Envelope()
    here = np.array([5.0, SETTLED + off])
    for cycle in (7, 8, 9):
        envelope.add(cycle, added(here, share))
    made = Corrector(envelope, settling or Settling(), SLOW, here, 10, length)
    made.suspects[:] = True
    return made


def tried(made, by, share, drift=0.0):
    y = made.here + by[:2]
    return made.corrected(by, y, added(y, share, drift))


@pytest.mark.parametrize("share", [0.3, 0.99, 1.0, 1.5])
@pytest.mark.parametrize("length", [8, 300])
def test_what_a_cycle_forgets_is_found_by_two_tries_and_where_it_settles(share, length):
    # The sum of increments multiplies what is off by the cycles jumped, whatever is corrected.
    made = corrector(length, share, off=0.01)
    by = made.predicted([])
    assert by[1] == pytest.approx(-0.01 * share * length)
    once = tried(made, by, share)
    assert not once.settling and abs(once.left[1]) > 0.1 * share * length * abs(by[1])
    twice = tried(made, once.next_by, share)
    assert twice.settling and made.settling.shares == {1: pytest.approx(share)}
    # It is where nothing is added any more, but for the clock's chord from where it was off.
    left_of_it = made._pace / (made._pace + share)
    assert twice.change[1] == pytest.approx(-0.01 * (1 - left_of_it))
    assert twice.change[0] == pytest.approx(GROWS * length)


def test_a_state_that_has_settled_begins_there_and_ends_there():
    made = corrector(100, 0.8, settling=Settling({1: 0.8}))
    begun = np.array([50.0, 0.02, 0.0, 100.0])
    found = tried(made, begun, 0.8)
    assert found.change[1] == pytest.approx(0.0, abs=1e-15)
    # The cycle has forgotten 0.8 of the displacement; the rest is taken back at its end.
    end = SETTLED + 0.02 + added([0.0, SETTLED + 0.02], 0.8)[1] + found.left[1]
    assert end == pytest.approx(SETTLED, abs=1e-15)
    assert found.increment[1] == pytest.approx(0.0, abs=1e-15)


def test_a_drift_is_followed_with_the_lag_of_the_cell_itself():
    # Where a cycle adds a little to what it forgets the state lags by that over the share.
    made = corrector(50, 0.5, settling=Settling({1: 0.5}))
    found = tried(made, made.predicted([]), 0.5, drift=0.01)
    assert found.change[1] == pytest.approx(0.01 / (made._pace + 0.5))


def test_the_first_try_is_not_believed_and_the_second_tells_whether_it_still_forgets():
    known = Settling({1: 0.9})
    made = corrector(100, 0.9, settling=known)
    by = np.array([50.0, 1e-3, 0.0, 100.0])
    first = tried(made, by, 0.9)
    assert first.off[1] > 50 * first.likely[1] > 0
    assert abs(first.next_by[1] - by[1]) >= DISPLACED * SETTLED * (1 - 1e-9)
    second = tried(made, first.next_by, 0.9)
    assert second.off[1] < 1e-9
    # By now it has stopped to forget: what was added counts for each cycle of the jump.
    made = corrector(100, 0.9, settling=known)
    first = tried(made, by, 0.0, drift=1e-3)
    second = tried(made, first.next_by, 0.0, drift=1e-3)
    assert not second.settling and not known.shares
    assert second.change[1] == pytest.approx(100 * 1e-3, rel=0.7) and second.off[1] > 0.02


def test_the_chord_goes_on_over_the_clock():
    made = corrector(20, 0.9, settling=Settling({1: 0.9}))
    ends = [(4, np.array([0.0, SETTLED - 0.1])), (10, np.array([0.0, SETTLED]))]
    slope = 0.1 / (np.log(11) - np.log(5))
    assert made.predicted(ends)[1] == pytest.approx(slope * (np.log(31) - np.log(11)))


def test_what_is_too_little_displaced_or_only_answers_to_another_tells_nothing():
    settling, size = Settling({0: 0.5, 1: 0.5}), np.ones(2)
    both = np.array([0, 1])
    moved, answer = np.array([0.1, 0.01]), np.array([-0.09, -0.09])
    assert list(settling.measured(both, moved, answer, size)) == [0]
    assert settling.shares == {0: pytest.approx(0.9), 1: 0.5}
    assert not len(settling.measured(both, np.full(2, 0.1 * DISPLACED), answer, size))
    settling.measured(both, np.full(2, 0.1), np.array([0.1, -0.2]) * [1, 1.0], size)
    assert not settling.shares  # one grows by itself, the other comes back on the other side


def test_it_settles_within_a_jump_that_is_long_enough_and_can_be_kept():
    settling = Settling({3: LEAST, 1: 0.5})
    assert [list(settling.within(jump)) for jump in (2, 3, 11)] == [[], [1], [1, 3]]
    assert Settling.from_data(settling.to_data()) == settling
