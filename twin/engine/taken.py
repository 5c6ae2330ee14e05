"""The charge that each mode's own currents take, added up over the cycles.

A parasitic or a plating current is negative where it reduces, and then takes sodium ::

    q = -int i dt          [C.m-2], from the reference cycle on

Of a cycle that is simulated the integral is taken along its stored points, by trapezoids (dead
sodium of a foil over nine cycles: 0.23 % more than its state). Of ``n`` cycles
covered at once, the last of them simulated, the charges run evenly from the cycle simulated
before (``q_a``) to this one (``q_b``), so that their sum is ``n (q_a + q_b)/2 + (q_b - q_a)/2``;
of one it is ``q_b``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Taken:
    """What has been taken so far, by place and mode [C.m-2]."""

    total: dict[str, dict[str, float]] = field(default_factory=dict)
    latest: dict[str, dict[str, float]] = field(default_factory=dict)
    """In the cycle that was simulated last."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Taken:
        """Read it from plain data; from none, nothing has been taken yet."""
        return cls(data.get("total", {}), data.get("latest", {}))

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"total": self.total, "latest": self.latest}

    def by(self, mode: str, place: str) -> float:
        """Return what a mode has taken at a place [C.m-2]."""
        return self.total.get(place, {}).get(mode, 0.0)

    def and_cycle(
        self,
        columns: Mapping[str, Sequence[np.ndarray]],
        currents: Iterable[tuple[str, str, str]],
        cycles: int = 1,
    ) -> Taken:
        """Return it with a simulated cycle, the last of so many that it stands for.

        Parameters
        ----------
        columns : mapping
            The cycle's stored variables, a list of arrays, one a step, by name.
        currents : iterable of (str, str, str)
            Place, mode and variable of each current that takes sodium.
        cycles : int
            How many cycles it covers.
        """
        total: dict[str, dict[str, float]] = {}
        now: dict[str, dict[str, float]] = {}
        for place, mode, variable in currents:
            charge = 0.0
            for t, i in zip(columns["Time [s]"], columns.get(variable, ()), strict=False):
                charge -= float(np.trapezoid(i, t))
            before = self.latest.get(place, {}).get(mode, charge)
            sum_of = cycles * (before + charge) / 2 + (charge - before) / 2
            now.setdefault(place, {})[mode] = charge
            total.setdefault(place, {})[mode] = self.by(mode, place) + sum_of
        return Taken(total, now)
