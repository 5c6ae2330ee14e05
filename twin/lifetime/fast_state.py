"""How full each electrode is after a jump: carried on from the last simulated cycles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from twin.lifetime.envelope import MOST_POINTS, lagrange_weights
from twin.ties import MARGIN, first_least

CLOCKS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (np.log1p, np.sqrt, np.asarray)
"""Over which a state is a polynomial that settles, grows through a film, or drifts."""


class FastState:
    """The states at the ends of the latest simulated cycles, and the curve through them.

    The curve is a polynomial through the last three over ``ln(1 + n)``, ``sqrt(n)`` or
    ``n``, counted from the origin: the one over which the cycles before would have
    predicted the latest one best (of equals the first).

    Parameters
    ----------
    measure : callable
        What a state is judged by, such as how full each electrode is.
    origin : int
        The cycle the clocks start from.
    """

    def __init__(self, measure: Callable[[np.ndarray], np.ndarray], origin: int = 0):
        self._measure = measure
        self._origin = origin
        self._known: list[tuple[int, np.ndarray]] = []

    def to_data(self) -> dict[str, Any]:
        """Return the origin, and the cycles whose states are known; the states are stored."""
        return {"origin": self._origin, "cycles": [cycle for cycle, _ in self._known]}

    def add(self, cycle: int, y: np.ndarray) -> None:
        """Note the state ``y``, shape (states,), at the end of a cycle."""
        self._known = [*self._known, (cycle, y)][-MOST_POINTS - 1 :]

    def latest(self, count: int) -> list[tuple[int, np.ndarray]]:
        """Return the last few cycles noted and the states at their ends, oldest first."""
        return self._known[-count:]

    def at(self, cycle: int) -> np.ndarray:
        """Return the state expected at the end of a later cycle, shape (states,)."""
        known = self._known
        if len(known) < 3:
            return self._curve(CLOCKS[0], known, cycle)
        (latest, y), before = known[-1], known[:-1]
        measured = self._measure(y)

        def miss(clock: Callable[[np.ndarray], np.ndarray]) -> float:
            off = self._measure(self._curve(clock, before, latest)) - measured
            return float(np.max(np.abs(off), initial=0.0))

        rounding = MARGIN * float(np.max(np.abs(measured), initial=0.0))
        best = int(first_least([miss(clock) for clock in CLOCKS], rounding))
        return self._curve(CLOCKS[best], known, cycle)

    def _curve(
        self,
        clock: Callable[[np.ndarray], np.ndarray],
        known: list[tuple[int, np.ndarray]],
        cycle: int,
    ) -> np.ndarray:
        used = known[-MOST_POINTS:]
        here = clock(np.array([c - self._origin for c, _ in used], dtype=float))
        there = clock(np.array([cycle - self._origin], dtype=float))
        carried: np.ndarray = lagrange_weights(here, there)[0] @ np.array([y for _, y in used])
        return carried
