"""How far the next jump of a life goes, from how the last ones went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SHORTEST = 2
"""A jump over a single cycle, with its correction, costs what the cycle would."""


@dataclass(frozen=True)
class JumpSettings:
    """How far a life may jump.

    Attributes
    ----------
    tolerance : float
        What one jump may add to the error of the capacity, as a share of it; four times
        as much is allowed on any criterion's margin.
    sodium : float
        What may be in doubt of the change of the composites' sodium over a jump, as a share
        of it, whether the capacity has felt it yet or not.
    settle : int
        Cycles simulated one by one at the start of each phase.
    growth : float
        A jump is at most so many times the one before.
    near : int
        So close to a predicted failure every cycle is simulated.
    reach : float
        The share of the way to a predicted failure that one jump may go.
    bisect : float
        The share of the way to a cycle that a jump found the cell dead in.
    patience : int
        After an attempt that came to nothing the next jump is tried some cycles later, and
        twice as many after each further one, but at most so many.
    stale : float
        By how much more than its own swing's share the increments of a cycle are off that
        began fuller or emptier than it would have: the power of the steepest rates.
    """

    tolerance: float = 1e-3
    sodium: float = 0.01
    settle: int = 3
    growth: float = 3.0
    near: int = 3
    reach: float = 0.85
    bisect: float = 0.5
    patience: int = 32
    stale: float = 4.0


@dataclass
class JumpSize:
    """The length of the next jump within one phase of the protocol.

    An attempt's ``error`` is in units of what is allowed, infinite where the cell was dead
    after it.

    Attributes
    ----------
    length : float
        So many cycles, where nothing is in the way.
    alone : int
        Cycles simulated one by one so far.
    """

    settings: JumpSettings
    length: float = float(SHORTEST)
    alone: int = 0
    _rest: int = field(init=False)
    _failures: int = field(init=False, default=0)
    _dead: tuple[float, str] = field(init=False, default=(float("inf"), ""))

    def __post_init__(self) -> None:
        self._rest = self.settings.settle

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data, but for the settings."""
        cycle, why = self._dead
        return {
            "length": self.length,
            "alone": self.alone,
            "rest": self._rest,
            "failures": self._failures,
            "dead": [None if cycle == float("inf") else cycle, why],
        }

    @classmethod
    def from_data(cls, settings: JumpSettings, data: Mapping[str, Any]) -> JumpSize:
        """Return what :meth:`to_data` was asked of."""
        size = cls(settings, data["length"], data["alone"])
        size._rest, size._failures = data["rest"], data["failures"]
        cycle, why = data["dead"]
        size._dead = (float("inf") if cycle is None else cycle, why)
        return size

    @property
    def rests(self) -> bool:
        """Whether the next cycle is to be simulated by itself."""
        return self.alone < self._rest

    def before_failure(self, cycle: int, away: int | None, name: str) -> tuple[int, str]:
        """Return how far to go from a cycle, and what is in the way (empty: nothing).

        Parameters
        ----------
        cycle : int
            The last one covered.
        away : int or None
            In how many cycles a failure is predicted.
        name : str
            Its name.
        """
        length, why = int(self.length), ""
        if away is not None:
            near = away <= self.settings.near
            allowed = 0 if near else int(self.settings.reach * away) - 1
            if allowed < length:
                length, why = allowed, f"near {name}"
        if cycle >= self._dead[0]:
            self._dead = (float("inf"), "")  # it lives, so that jump was wrong
        half = self.settings.bisect * (self._dead[0] - cycle)
        if half < length:
            length, why = int(half), self._dead[1]
        return max(length, 0), why

    def found_dead(self, cycle: int, why: str) -> None:
        """Note that a jump found the cell dead in a cycle."""
        self._dead = min(self._dead, (cycle, why))

    def shortened(self, length: int, error: float) -> int:
        """Return the length to try after one that was too long."""
        alive = np.isfinite(error)
        by = float(np.clip(0.8 / error**0.5, 0.2, 0.6)) if alive else 0.5
        return int(length * by)

    def accepted(self, length: int, error: float, *, rejected: int, paid: bool) -> None:
        """Note a jump that was made, after so many attempts; ``paid``: it spared cycles."""
        growth = 0.9 * max(error, 1e-3) ** (-1 / 3)
        self.length = (length + 1) * float(np.clip(growth, 0.3, self.settings.growth))
        self._learn(0 if paid else rejected)

    def given_up(self, rejected: int) -> None:
        """Note that no jump was made, after so many attempts; none at all teach nothing."""
        self.length = float(SHORTEST)
        if rejected:
            self._learn(rejected)

    def _learn(self, rejected: int) -> None:
        if rejected:
            self._failures += rejected
            self._rest = self.alone + min(2 ** (self._failures - 1), self.settings.patience)
        else:
            self._failures = max(self._failures - 1, 0)
