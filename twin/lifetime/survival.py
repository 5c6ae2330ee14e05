"""Survival of an ensemble: who died of what, when, and how sure that is.

Cells that die of one mode can no longer die of another: the competing risks' cumulative
incidences (Aalen and Johansen, by lifelines) add up to one minus the survival.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import beta, binom

from twin.lifetime.interpolation import along


@dataclass(frozen=True)
class Member:
    """One life of an ensemble: how long, ended by which mode (None: it lives on)."""

    index: int
    cycles: int
    cause: str | None
    values: Mapping[str, float]
    capacity: Sequence[tuple[int, float]] = ()
    criterion: str | None = None

    @property
    def way(self) -> str | None:
        """The way it died, ``"mode: criterion"``; None if it lives on."""
        return None if self.cause is None else f"{self.cause}: {self.criterion}"


def quantile(members: Sequence[Member], share: float) -> int | None:
    """Return the cycle by which a share of the members has died; None if fewer did.

    Every member that lives was followed to the same horizon, so the estimate of Kaplan
    and Meier is the plain count.
    """
    deaths = sorted(m.cycles for m in members if m.cause is not None)
    needed = max(math.ceil(share * len(members)), 1)
    return deaths[needed - 1] if len(deaths) >= needed else None


def incidence(members: Sequence[Member]) -> dict[str, dict[str, Any]]:
    """Return each mode's cumulative incidence, with its 90 % band.

    Returns
    -------
    dict
        By mode: ``curve``, ``low`` and ``high``, each a list of (cycle, probability).
    """
    from lifelines import AalenJohansenFitter

    causes = sorted({m.cause for m in members if m.cause is not None})
    times = np.array([m.cycles for m in members], dtype=float)
    events = np.array([0 if m.cause is None else 1 + causes.index(m.cause) for m in members])
    found: dict[str, dict[str, Any]] = {}
    for number, cause in enumerate(causes, start=1):
        fitter = AalenJohansenFitter(alpha=0.1, seed=0)
        with warnings.catch_warnings():
            # Ties are split by a jitter far below a cycle, which it warns of.
            warnings.simplefilter("ignore")
            fitter.fit(times, events, event_of_interest=number)
        curve = fitter.cumulative_density_.iloc[:, 0]
        bounds = fitter.confidence_interval_
        found[cause] = {
            "curve": _steps(curve.index, curve.to_numpy()),
            "low": _steps(bounds.index, bounds.iloc[:, 0].to_numpy()),
            "high": _steps(bounds.index, bounds.iloc[:, 1].to_numpy()),
        }
    return found


def _steps(cycles: Any, values: np.ndarray) -> list[tuple[int, float]]:
    """Return a step curve as its values at whole cycles, the last of each."""
    by_cycle: dict[int, float] = {0: 0.0}
    for cycle, value in zip(cycles, values, strict=True):
        if math.isfinite(value):
            by_cycle[round(float(cycle))] = float(value)
    return sorted(by_cycle.items())


def half_width(curves: Mapping[str, Mapping[str, Any]]) -> float:
    """Return half the width of the widest 90 % band of some incidences (0 for none)."""
    widths = []
    for found in curves.values():
        low = dict(found["low"])
        widths += [(high - low[n]) / 2 for n, high in found["high"] if n in low]
    return max(widths, default=0.0)


def quantile_band(members: Sequence[Member], share: float) -> list[int | None]:
    """Return the 90 % band of :func:`quantile` that so few members leave.

    By order statistics: of ``n`` lives the number below the true quantile is binomial, so
    its 5 and 95 % points tell the ranks (any distribution). None: beyond the horizon.
    """
    low, high = binom.ppf([0.05, 0.95], len(members), share)
    deaths = sorted(m.cycles for m in members if m.cause is not None)
    ranks = (max(int(low), 1), int(high) + 1)
    return [deaths[rank - 1] if rank <= len(deaths) else None for rank in ranks]


def probability(
    members: Sequence[Member], cycle: int, of: Callable[[Member], bool]
) -> dict[str, float]:
    """Return the probability of a death by a cycle, with its exact 90 % band.

    Every member is followed to its death or beyond the horizon, so the incidence at a
    cycle is a share of the members, and its band the binomial one (Clopper and Pearson);
    where nobody died so, its upper end says how sure that is.
    """
    n, dead = (
        len(members),
        sum(m.cause is not None and m.cycles <= cycle and of(m) for m in members),
    )
    low = float(beta.ppf(0.05, dead, n - dead + 1)) if dead else 0.0
    high = float(beta.ppf(0.95, dead + 1, n - dead)) if dead < n else 1.0
    return {"probability": dead / n, "low": low, "high": high}


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
