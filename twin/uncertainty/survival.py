"""Survival of an ensemble: who died of what, when, and how sure that is.

Cells that die of one mode can no longer die of another: the competing risks' cumulative
incidences (Aalen and Johansen) add up to one minus the survival (Kaplan and Meier). A life
that was lost on the way (the solver gave up, say) is censored: it counts for as long as it
was followed. Every probability, quantile and band of a forecast comes from this one estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import beta

from twin.lifetime.interpolation import along

_SLACK = 1e-9
"""Far below what one member changes: rounding must not move a quantile by a cycle."""


@dataclass(frozen=True)
class Member:
    """One life of an ensemble: how long, ended by which mode (None: it lives on).

    A life that is ``censored`` was followed through its ``cycles``, no further. ``fitted`` is, by
    cycle, the exponent of what modes have taken since the first that are fitted to published
    retentions (``FailureMode.fitted_loss``).
    """

    index: int
    cycles: int
    cause: str | None
    values: Mapping[str, float]
    capacity: Sequence[tuple[int, float]] = ()
    criterion: str | None = None
    censored: bool = False
    fitted: Sequence[tuple[int, float]] = ()

    @property
    def way(self) -> str | None:
        """The way it died, ``"mode: criterion"``; None if it lives on."""
        return None if self.cause is None else f"{self.cause}: {self.criterion}"


@dataclass(frozen=True)
class Incidence:
    """The probability of a death by each of some cycles, with its 90 % band."""

    cycles: np.ndarray
    probability: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def at(self, cycle: int) -> dict[str, float]:
        """Return ``probability``, ``low`` and ``high`` of a death by a cycle."""
        k = int(np.searchsorted(self.cycles, cycle, side="right")) - 1
        ends = (("probability", self.probability), ("low", self.low), ("high", self.high))
        return {name: float(values[k]) for name, values in ends}

    def reached(self, of: str, share: float) -> int | None:
        """Return the first cycle at which a curve (``low``, …) comes up to a share."""
        up = np.flatnonzero(getattr(self, of) >= share - _SLACK)
        return int(self.cycles[up[0]]) if len(up) else None


def cumulative_incidence(members: Sequence[Member], of: Callable[[Member], bool]) -> Incidence:
    """Return the probability to die in a way, over the cycles: Aalen and Johansen's estimate.

    With ``Y_i`` members at risk in cycle ``t_i``, ``d_i`` deaths in it, ``d_ki`` of them of
    the way in question, and the survival ``S`` of Kaplan and Meier::

        F(t) = sum_(t_i <= t) S(t_i-) d_ki/Y_i,    S(t) = prod_(t_i <= t) (1 - d_i/Y_i)

    Who is censored in a cycle was still at risk in it. The variance is the delta method's::

        V(t) = sum (F(t) - F_i)^2 d_i/(Y_i (Y_i - d_i))
             + sum S(t_i-)^2 (Y_i - d_ki) d_ki/Y_i^3
             - 2 sum (F(t) - F_i) S(t_i-) d_ki/Y_i^2

    The band is that of Clopper and Pearson at the size of the sample that would have this
    variance, ``n = F (1 - F)/V``: exactly theirs where nobody is censored. Where F is 0 or 1,
    ``n`` is the number of members whose fate by then is known.

    References: O. O. Aalen, S. Johansen, Scand. J. Stat. 5 (1978) 141; E. Marubini, M. G.
    Valsecchi, Analysing Survival Data (Wiley 1995), ch. 10; F. J. Dorey, E. L. Korn, Stat.
    Med. 6 (1987) 679 (the effective size).

    Parameters
    ----------
    members : sequence of Member
        The lives.
    of : callable
        Whether a death counts.
    """
    ends = np.array([m.cycles for m in members], dtype=float)
    dead = np.array([m.cause is not None for m in members], dtype=bool)
    mine = np.array([m.cause is not None and of(m) for m in members], dtype=bool)
    lost = np.array([m.censored for m in members], dtype=bool)
    t = np.unique(ends[dead])
    at_risk = (ends[:, None] >= t).sum(axis=0)
    d = (ends[dead][:, None] == t).sum(axis=0)
    d_k = (ends[mine][:, None] == t).sum(axis=0)
    # What is left in whole numbers is exact: without a censored member S is a plain count.
    before = np.concatenate([[1.0], np.cumprod((at_risk - d) / at_risk)[:-1]])
    F = np.cumsum(before * d_k / at_risk)
    V = _variance(F, before, at_risk, d, d_k)
    fates = len(members) - (ends[lost][:, None] < t).sum(axis=0)
    inside = (V > 0) & (F > _SLACK) & (F < 1 - _SLACK)
    n = np.where(inside, F * (1 - F) / np.where(inside, V, 1.0), fates)
    x = n * F
    low = np.where(x > _SLACK, beta.ppf(0.05, np.maximum(x, _SLACK), n - x + 1), 0.0)
    high = np.where(n - x > _SLACK, beta.ppf(0.95, x + 1, np.maximum(n - x, _SLACK)), 1.0)
    start = [np.zeros(1)]
    return Incidence(*(np.concatenate([*start, part]) for part in (t, F, low, high)))


def _variance(
    F: np.ndarray, before: np.ndarray, at_risk: np.ndarray, d: np.ndarray, d_k: np.ndarray
) -> np.ndarray:
    """Return the delta method's variance of Aalen and Johansen's estimate."""
    left = at_risk - d
    # The last of all to die leave nothing that could change later.
    a = np.where(left > 0, d / (at_risk * np.maximum(left, 1)), 0.0)
    b = before * d_k / at_risk**2
    own = before**2 * (at_risk - d_k) * d_k / at_risk.astype(float) ** 3
    rise = F[:, None] - F[None, :]
    past = np.tri(len(F))
    return np.asarray((past * (rise**2 * a + own - 2 * rise * b)).sum(axis=1))


def quantile(members: Sequence[Member], share: float) -> int | None:
    """Return the cycle by which a share of the members has died; None if fewer did."""
    return _any_death(members).reached("probability", share)


def quantile_band(members: Sequence[Member], share: float) -> list[int | None]:
    """Return the 90 % band of :func:`quantile` that so few members leave.

    It holds the cycles at which the share is within the band of the probability to have
    died. Where nobody is censored these are the binomial ranks of order statistics. None:
    beyond the horizon.
    """
    died = _any_death(members)
    first = int(died.cycles[1]) if len(died.cycles) > 1 else None
    low = died.reached("high", share)
    return [first if low == 0 else low, died.reached("low", share)]


def _any_death(members: Sequence[Member]) -> Incidence:
    return cumulative_incidence(members, lambda m: True)


def incidence(members: Sequence[Member]) -> dict[str, dict[str, Any]]:
    """Return each mode's cumulative incidence, with its 90 % band.

    Returns
    -------
    dict
        By mode: ``curve``, ``low`` and ``high``, each a list of (cycle, probability).
    """
    curves: dict[str, dict[str, Any]] = {}
    for cause in sorted({m.cause for m in members if m.cause is not None}):
        one = cumulative_incidence(members, lambda m, cause=cause: m.cause == cause)  # type: ignore[misc]
        cycles = [int(n) for n in one.cycles]
        sides = {"curve": one.probability, "low": one.low, "high": one.high}
        curves[cause] = {
            name: list(zip(cycles, map(float, values), strict=True))
            for name, values in sides.items()
        }
    return curves


def half_width(curves: Mapping[str, Mapping[str, Any]]) -> float:
    """Return half the width of the widest 90 % band of some incidences (0 for none)."""
    widths = []
    for curve in curves.values():
        low = dict(curve["low"])
        widths += [(high - low[n]) / 2 for n, high in curve["high"] if n in low]
    return max(widths, default=0.0)


def probability(
    members: Sequence[Member], cycle: int, of: Callable[[Member], bool]
) -> dict[str, float]:
    """Return the probability of a death by a cycle, with its 90 % band.

    It is the value of :func:`cumulative_incidence` there; where nobody died so, the band's
    upper end says how sure that is.
    """
    incidences = cumulative_incidence(members, of)
    if len(incidences.cycles) > 1 and incidences.cycles[1] <= cycle:
        return incidences.at(cycle)
    fates = sum(not (m.censored and m.cycles < cycle) for m in members)
    return {"probability": 0.0, "low": 0.0, "high": 1 - 0.05 ** (1 / fates) if fates else 1.0}


def fan(members: Sequence[Member], cycles: np.ndarray) -> dict[str, list[float | None]]:
    """Return the 5, 25, 50, 75 and 95 % quantiles of the capacity share of those alive."""
    table = np.full((len(members), len(cycles)), np.nan)
    for i, member in enumerate(members):
        if len(member.capacity) < 2:
            continue
        n, share = np.array(member.capacity, dtype=float).T
        table[i] = along(n, share, np.asarray(cycles, dtype=float))
    alive = np.isfinite(table).any(axis=0)
    levels = np.full((5, len(cycles)), np.nan)
    levels[:, alive] = np.nanquantile(table[:, alive], [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    names = ("p05", "p25", "median", "p75", "p95")
    return {
        name: [float(x) if math.isfinite(x) else None for x in level]
        for name, level in zip(names, levels, strict=True)
    }
