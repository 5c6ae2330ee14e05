"""Scores of predictions that are sets of members, against numbers that may be intervals.

A measured number is an interval ``[lo, hi]``: a value is ``lo = hi``, "at least v" is ``[v, inf]``.
A prediction is a set of members ``x_1 .. x_m``. All is in the quantity's own scale: per cent for a
retention, decades (log10) for the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.outcomes.recognise import number_of

RESAMPLED = int(number_of("scores", "resampled"))
"""So many times are the papers drawn anew for a band."""
BINS = int(number_of("scores", "bins"))
"""Of the reliability figure."""


def crps(members: Sequence[float] | np.ndarray, lo: float, hi: float) -> float:
    """Return the continuous ranked probability score against an interval, censored.

    ::

        v(x) = x            below lo
             = lo           inside
             = x - (hi-lo)  above hi     (min(x, lo) where hi is infinite)
        CRPS = mean_i |v_i - lo| - sum_ij |v_i - v_j| / (2 m (m - 1))

    Proper as long as the interval does not depend on the prediction; the usual score where
    ``lo = hi``.

    Parameters
    ----------
    members : array of shape (m,)
        At least two.
    lo, hi : float
        The interval.

    Returns
    -------
    float
        In the members' own unit; smaller is better.
    """
    x = np.sort(np.asarray(members, dtype=float))
    if len(x) < 2:
        raise ValueError("a score takes two members at least")
    v = np.sort(np.minimum(x, lo) if np.isinf(hi) else _folded(x, lo, hi))
    m = len(v)
    # Each difference once, of sorted numbers: sum_{i<j} (v_j - v_i) = sum_k (2k - m + 1) v_k.
    pairs = float(np.dot(2 * np.arange(m) - m + 1, v))
    return float(np.abs(v - lo).mean()) - pairs / (m * (m - 1))


def _folded(x: np.ndarray, lo: float, hi: float) -> np.ndarray:
    return np.where(x < lo, x, np.where(x > hi, x - (hi - lo), lo))


def distance(value: float, lo: float, hi: float) -> float:
    """Return how far a value is from an interval; 0 inside."""
    return max(lo - value, value - hi, 0.0)


def pit(members: Sequence[float] | np.ndarray, lo: float, hi: float) -> tuple[float, float]:
    """Return the interval ``[F(lo-), F(hi)]`` of the probability integral transform."""
    x = np.asarray(members, dtype=float)
    return float((x < lo).mean()), float((x <= hi).mean())


def share_within(interval: tuple[float, float], low: float, high: float) -> float:
    """Return the share of a PIT interval that lies within ``[low, high]``.

    A single point counts whole or not at all.
    """
    a, b = interval
    if b <= a:
        return float(low <= a <= high)
    return max(0.0, min(b, high) - max(a, low)) / (b - a)


def reliability(intervals: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return the shares of PIT in five bins, and how far from even they are.

    Returns
    -------
    dict
        ``shares``; ``off``, the sum of the shares' distances from a fifth; ``limit``, what 95 % of
        as many uniform draws stay below.
    """
    edges = np.linspace(0, 1, BINS + 1)
    shares = np.zeros(BINS)
    for interval in intervals:
        inside = [share_within(interval, a, b) for a, b in itertools.pairwise(edges)]
        # A point on an edge is in both of its bins.
        shares += np.array(inside) / max(sum(inside), 1e-300)
    shares /= max(len(intervals), 1)
    even = np.random.default_rng(0).multinomial(max(len(intervals), 1), [1 / BINS] * BINS, 1000)
    off = np.abs(even / max(len(intervals), 1) - 1 / BINS).sum(axis=1)
    return {
        "shares": [float(s) for s in shares],
        "off": float(np.abs(shares - 1 / BINS).sum()),
        "limit": float(np.quantile(off, 0.95)),
    }


@dataclass(frozen=True)
class Band:
    """A number, and its 5th and 95th percentile over resampled papers."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """Return it as plain data; None for what cannot be told."""
        data = {"value": self.value, "p05": self.low, "p95": self.high}
        return {name: v if np.isfinite(v) else None for name, v in data.items()}


def resampled(papers: Sequence[Hashable], statistic: Any) -> Band:
    """Return a statistic of rows, with its band from whole papers drawn anew.

    Parameters
    ----------
    papers : sequence
        The paper of each row.
    statistic : callable
        Given the indices of rows (some more than once), returns a number.
    """
    order = list(dict.fromkeys(papers))
    rows = {paper: [i for i, p in enumerate(papers) if p == paper] for paper in order}
    rng = np.random.default_rng(0)
    values = []
    for _ in range(RESAMPLED):
        drawn = rng.integers(len(order), size=len(order))
        values.append(statistic([i for k in drawn for i in rows[order[k]]]))
    known = np.array(values)[np.isfinite(values)]
    low, high = np.quantile(known, (0.05, 0.95)) if len(known) else (np.nan, np.nan)
    return Band(float(statistic(list(range(len(papers))))), float(low), float(high))


def skill(scores: Sequence[float], null: Sequence[float], papers: Sequence[Hashable]) -> Band:
    """Return ``1 - sum CRPS / sum CRPS(null)``, both on the same rows and the same draws."""
    mine, theirs = np.asarray(scores, dtype=float), np.asarray(null, dtype=float)

    def of(rows: list[int]) -> float:
        below = float(theirs[rows].sum())
        return 1 - float(mine[rows].sum()) / below if below else float("nan")

    return resampled(papers, of)


def brier(survive: Sequence[float], seen: Sequence[bool]) -> float:
    """Return the mean squared error of probabilities of events that were seen or not."""
    p, o = np.asarray(survive, dtype=float), np.asarray(seen, dtype=float)
    return float(((p - o) ** 2).mean())
