"""What the cycle after a jump tells of it: by how much to correct, and what is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from twin.lifetime.envelope import Envelope
from twin.lifetime.settling import DISPLACED, Settling
from twin.lifetime.slow import Slow

REMAINS = 0.1
"""What a corrected sum is off by, as a share of its correction: Milne's device for a parabola
through points equally far apart (1/4 against 9/4 of the same derivative)."""
CONVERGES = 0.3
"""A correction of at most this share of the one before converges. What forgets its error once
over a jump comes to 5/12, the latest increment's weight in the sum."""


@dataclass(frozen=True)
class Corrected:
    """A jump's correction by the cycle after it; all arrays are of the slow states ``z``.

    Attributes
    ----------
    change : ndarray
        What ``z`` changed by over the jump.
    increment : ndarray
        What the cycle after it added, had it begun there.
    off : ndarray
        By how much ``change`` may be off, if nothing is forgotten that was not just seen to be.
    likely : ndarray
        The same, if cycles still forget what they were found to forget.
    left : ndarray
        By how much the state at that cycle's end is still to be moved.
    next_by : ndarray
        By how much to move a state to begin the cycle once more.
    settling : bool
        Whether there are states that settle within the jump.
    """

    change: np.ndarray
    increment: np.ndarray
    off: np.ndarray
    likely: np.ndarray
    left: np.ndarray
    next_by: np.ndarray
    settling: bool


@dataclass(frozen=True)
class _Try:
    """What is remembered of a try: where it began, what was added, by how much it was corrected."""

    begun: np.ndarray
    increment: np.ndarray
    left: np.ndarray
    change: np.ndarray


@dataclass
class Corrector:
    """The tries at one jump of one length.

    States that settle (:class:`Settling`) are carried on and corrected as such, all others by
    the sum of their increments (:class:`Envelope`).

    Parameters
    ----------
    envelope, settling, slow
        What is known of the slow states.
    here : ndarray
        The state before the jump.
    cycle, length : int
        The cycle it begins after, and the cycles it covers.
    """

    envelope: Envelope
    settling: Settling
    slow: Slow
    here: np.ndarray
    cycle: int
    length: int
    suspects: np.ndarray = field(init=False)
    """Which states, by the former try, stand in the way of the jump."""
    _missed: np.ndarray | float = field(init=False, default=0.0)
    _before: _Try | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        s = self.envelope.clock(self.cycle + np.array([0, self.length, self.length + 1]))
        self._jump, self._pace = float(s[1] - s[0]), float((s[2] - s[1]) / (s[1] - s[0]))
        self._own = self.slow.own(self.here)
        self._size = self.slow.sizes(self.here)
        self._places = self.settling.within(self.length)
        self.suspects = np.zeros(len(self._size), dtype=bool)

    def predicted(self, ends: Sequence[tuple[int, np.ndarray]]) -> np.ndarray:
        """Return what ``z`` changes by over the jump, as far as is known before it.

        ``ends`` are the last two cycles simulated and the states at their ends: what settles
        goes on along the chord through them.
        """
        by = self.envelope.predicted(self.cycle, self.length)
        if len(self._places):
            by[self._places] = 0.0
            if len(ends) == 2:
                (first, y0), (last, y1) = ends
                s0, s1 = self.envelope.clock(np.array([first, last]))
                chord = (self.slow.own(y1) - self.slow.own(y0)) / (s1 - s0)
                by[self._places] = chord[self._places] * self._jump
        return by

    def corrected(self, by: np.ndarray, y: np.ndarray, increment: np.ndarray) -> Corrected:
        """Return the correction by a cycle that began at ``y``, ``z`` moved ``by``."""
        begun, own = self.slow.own(y) - self._own, len(self._own)
        change = self.envelope.corrected(self.cycle, self.length, increment)
        left = change - by
        known, before, told = set(self._places.tolist()), self._before, self._places[:0]
        if before is not None:
            stays = np.abs(left[:own]) > CONVERGES * np.abs(before.left[:own])
            places = np.union1d(np.flatnonzero(stays & self.suspects[:own]), self._places)
            answer = increment[:own] - before.increment[:own]
            told = self.settling.measured(places, begun - before.begun, answer, self._size)
            self._places = self.settling.within(self.length)
        off = np.abs(left) + self._missed
        self._missed = REMAINS * off
        self._before = _Try(begun, increment, left, change)
        found = Corrected(change, increment, off, off, left, change, len(self._places) > 0)
        return self._settled(found, before, known & set(told.tolist())) if found.settling else found

    def _settled(self, of_sums: Corrected, before: _Try | None, told: set[int]) -> Corrected:
        """Return a correction with what settles corrected as that."""
        assert self._before is not None
        at, g, begun = self._places, self._pace, self._before.begun[self._places]
        change, increment, off, left = (
            array.copy() for array in (of_sums.change, of_sums.increment, of_sums.off, of_sums.left)
        )
        shares, added = self.settling.of(at), increment[at]
        change[at] = (added + shares * begun) / (g + shares)
        beyond = change[at] - begun
        increment[at] -= shares * beyond
        left[at] = (1.0 - shares) * beyond
        self._before = replace(self._before, change=change)
        # The clock's chord may be off by all that the state drifts in a cycle.
        drift = np.abs(g * change[at]) / (g + shares)
        likely = off.copy()
        likely[at] = drift + np.abs(beyond if before is None else change[at] - before.change[at])
        seen = np.array([i in told for i in at.tolist()])
        off[at] = np.where(seen, likely[at], np.abs(added - g * begun) / g)
        next_by = change.copy()
        least = np.maximum(np.abs(beyond), DISPLACED * self._size[at])
        next_by[at] = begun + np.where(beyond < 0, -least, least)
        return Corrected(change, increment, off, likely, left, next_by, True)
