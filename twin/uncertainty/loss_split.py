"""Whose fault it was: what a life lost, split over its failure modes.

A life is simulated with every subset ``S`` of the modes. Three losses of each are a game
(:mod:`twin.uncertainty.shapley`), all measured against the cell without any of the modes:

- capacity: ``Q_none(n) - Q_S(n)`` [A.h], in one cycle ``n`` for all;
- resistance: ``R_S(n) - R_none(n)`` [Ohm.m2], means over that cycle;
- life: ``T_none - T_S`` [cycles]; what outlives the horizon ``H`` counts with ``H``.

The cycle ``n`` is the last one that every subset finished. A share has two parts that add
up to it: what is lost in the first cycle already (a contact that is poor from the start
on), and what cycling adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.lifetime.interpolation import along
from twin.uncertainty.shapley import Coalition, coalitions, interactions, shapley

_GRAIN = 1e-10


@dataclass(frozen=True)
class CoalitionLife:
    """The life with one subset of the modes.

    ``life`` is the cycle it died in, or the horizon; ``rows`` are its simulated cycles.
    """

    life: int
    dead: bool
    rows: Sequence[Mapping[str, Any]]

    @property
    def first(self) -> int:
        """The first finished cycle."""
        return int(self.rows[0]["cycle"])

    @property
    def last(self) -> int:
        """The last finished cycle; 0 if there is none."""
        return int(self.rows[-1]["cycle"]) if self.rows else 0

    def at(self, key: str, cycle: int) -> float:
        """Return a number of a cycle, between simulated ones as the rows of a life have it."""
        known = np.array([row["cycle"] for row in self.rows], dtype=float)
        values = np.array([row[key] for row in self.rows], dtype=float)
        return float(along(known, values, np.array([float(cycle)]))[0])


@dataclass(frozen=True)
class Split:
    """One loss, split over the players.

    ``residual`` is what the shares miss of the total: rounding, and nothing else.
    """

    total: float
    by_mode: dict[str, float]
    pairs: dict[tuple[str, str], float]

    @property
    def residual(self) -> float:
        """The total less the sum of the shares."""
        return self.total - sum(self.by_mode.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the split as plain data."""
        return {
            "total": self.total,
            "by_mode": dict(self.by_mode),
            "residual": self.residual,
            "interactions": [
                {"modes": list(pair), "value": value} for pair, value in self.pairs.items()
            ],
        }


def split(players: Sequence[str], loss: Mapping[Coalition, float]) -> Split:
    """Split a loss over the players; ``loss`` holds that of every coalition."""
    total = loss[frozenset(players)] - loss[frozenset()]
    return Split(total, shapley(players, loss), interactions(players, loss))


def common_cycle(lives: Mapping[Coalition, CoalitionLife]) -> int:
    """Return the last cycle that every coalition finished (0 if one finished none)."""
    return min(life.last for life in lives.values())


def split_row(
    players: Sequence[str],
    lives: Mapping[Coalition, CoalitionLife],
    key: str,
    cycle: int,
    sign: float,
) -> dict[str, Split]:
    """Split what a row's number lost (``sign`` -1) or gained (+1) by a cycle.

    Returns
    -------
    dict
        ``all``; and its parts ``first_cycle`` and ``cycling``.
    """
    first = max(life.first for life in lives.values())
    early, late = (
        _rounded({s: sign * life.at(key, n) for s, life in lives.items()}) for n in (first, cycle)
    )
    added = {s: late[s] - early[s] for s in lives}
    return {
        "all": split(players, late),
        "first_cycle": split(players, early),
        "cycling": split(players, added),
    }


def _rounded(values: Mapping[Coalition, float]) -> dict[Coalition, float]:
    """Round to far below any tolerance, so that what differs by rounding differs by nothing."""
    size = max(abs(value) for value in values.values())
    grain = _GRAIN * size if size > 0 else 1.0
    return {s: round(value / grain) * grain for s, value in values.items()}


def split_life(players: Sequence[str], lives: Mapping[Coalition, CoalitionLife]) -> Split:
    """Split the cycles of life lost within the horizon."""
    return split(players, {s: -float(life.life) for s, life in lives.items()})


__all__ = [
    "CoalitionLife",
    "Split",
    "coalitions",
    "common_cycle",
    "split",
    "split_life",
    "split_row",
]
