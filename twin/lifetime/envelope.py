"""Following the envelope of a cycled cell over the cycle number.

Let ``z_n`` be the slow states at the end of cycle ``n``. One simulated cycle gives one
increment ``f_n = z_{n+1} - z_n``. A jump over ``M`` cycles sums increments nobody
simulated, taken from a curve through the latest known ones::

    z_{n+M} = z_n + sum_{j=n}^{n+M-1} f(j)

For each slow state the curve is a polynomial in ``s = ln(1 + j - j_0)``, or ``ln |f|`` is:
a power of the cycle number, as of an interphase that grows through itself, is straight in
the second, and damage that feeds itself often in the first. Whichever would have predicted
the latest increment better from those before it is taken; a constant rate is exact in both.
The predictor extrapolates; once the cycle after the jump has been
simulated, the corrector interpolates the same sum with its increment. Their difference
is the embedded error estimate (the predictor's error; the corrector's is smaller). For
``M = 0`` nothing is left of it but the simulation itself.

References: L. Petzold, SIAM J. Numer. Anal. 18 (1981) 1 (the method); K. Sulzer et al.,
J. Electrochem. Soc. 168 (2021) 120531 (batteries).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.ties import MARGIN

MOST_POINTS = 3
"""Increments the polynomial goes through: at most a parabola in ``s``."""

_REACH = 5.0
"""How far an extrapolated logarithm may go beyond those known (a factor of 150)."""

_FAR = 700.0
"""Where an exponential has no double any more."""


@dataclass
class Envelope:
    """The latest increments of the slow states.

    Attributes
    ----------
    origin : int
        The cycle ``j_0`` that the clock ``s`` starts from (a new phase, a break).
    points : list of (int, ndarray)
        Index ``j`` and increment ``f_j``, oldest first.
    """

    origin: int = 0
    points: list[tuple[int, np.ndarray]] = field(default_factory=list)

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"origin": self.origin, "points": [[j, f.tolist()] for j, f in self.points]}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Envelope:
        """Return what :meth:`to_data` was asked of."""
        return cls(data["origin"], [(j, np.array(f, dtype=float)) for j, f in data["points"]])

    def add(self, index: int, increment: np.ndarray) -> None:
        """Note an increment; one of the same index is replaced."""
        self.points = [p for p in self.points if p[0] < index]
        self.points = [*self.points, (index, increment)][-MOST_POINTS:]

    def forget(self, keep: int = 2) -> None:
        """Keep only the newest increments, after something that was not smooth."""
        self.points = self.points[-keep:]

    def clock(self, index: np.ndarray | float) -> np.ndarray:
        """Return ``s`` of an index."""
        value: np.ndarray = np.log1p(np.maximum(np.asarray(index, dtype=float) - self.origin, 0.0))
        return value

    def predicted(self, start: int, jump: int) -> np.ndarray:
        """Return the sum of the increments ``start .. start + jump - 1``, extrapolated."""
        return self._sum(self.points, start, jump)

    def corrected(self, start: int, jump: int, increment: np.ndarray) -> np.ndarray:
        """Return the same sum with the increment after the jump known."""
        return self._sum([*self.points, (start + jump, increment)][-MOST_POINTS:], start, jump)

    def _sum(self, points: list[tuple[int, np.ndarray]], start: int, jump: int) -> np.ndarray:
        s_known = self.clock(np.array([p[0] for p in points]))
        s_wanted = self.clock(np.arange(start, start + jump))
        weights = lagrange_weights(s_known, s_wanted)
        known = np.array([p[1] for p in points])
        total = weights.sum(axis=0) @ known
        powers = _powers(s_known, known)
        logs = np.log(np.abs(known[:, powers]))
        path = np.clip(weights @ logs, logs.min(axis=0) - _REACH, logs.max(axis=0) + _REACH)
        total[powers] = np.sign(known[-1, powers]) * np.exp(path).sum(axis=0)
        value: np.ndarray = total
        return value


def _powers(clock: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return which increments follow a power of the cycle rather than a parabola.

    Those of one sign whose latest value the logarithms of the others predict better. Of
    two increments nobody can tell, nor of three that both predict (a constant rate): most
    ageing slows down like a power, so that is taken.
    """
    one_way: np.ndarray = np.all(known > 0, axis=0) | np.all(known < 0, axis=0)
    if len(known) < 3:
        return one_way
    weights = lagrange_weights(clock[:-1], clock[-1:])
    values = np.where(one_way, np.abs(known), 1.0)
    straight = (weights @ values[:-1])[0]
    power = np.exp(np.clip(weights @ np.log(values[:-1]), -_FAR, _FAR))[0]
    missed, rounding = np.abs(straight - values[-1]), MARGIN * np.abs(values).max(axis=0)
    better: np.ndarray = np.abs(power - values[-1]) <= missed + rounding
    value: np.ndarray = one_way & better
    return value


def lagrange_weights(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the matrix that takes values at ``known`` to the polynomial's at ``wanted``."""
    weights = np.ones((len(wanted), len(known)))
    for i, x in enumerate(known):
        for j, other in enumerate(known):
            if i != j:
                weights[:, i] *= (wanted - other) / (x - other)
    return weights


def onward(clock: np.ndarray, horizon: np.ndarray) -> np.ndarray:
    """Return the matrix that extrapolates values at the last three of ``clock`` to ``horizon``."""
    return lagrange_weights(clock[-MOST_POINTS:], horizon)


def crossing(values: np.ndarray, ahead: np.ndarray) -> int | None:
    """Return the first index where extrapolated values are not above zero.

    Parameters
    ----------
    values : ndarray
        What is known (the last three are used).
    ahead : ndarray
        What takes them to where to look, in order (:func:`onward`).
    """
    below = np.flatnonzero(ahead @ values[-MOST_POINTS:] <= 0)
    return int(below[0]) if len(below) else None
