"""Survival of an ensemble: who died of what, when, and how sure that is.

Cells that die of one mode can no longer die of another: the competing risks' cumulative
incidences (Aalen and Johansen, by lifelines) add up to one minus the survival.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr


@dataclass(frozen=True)
class Member:
    """One life of an ensemble: how long, ended by which mode (None: it lives on)."""

    index: int
    cycles: int
    cause: str | None
    values: Mapping[str, float]
    capacity: Sequence[tuple[int, float]] = ()


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


def sensitivity(members: Sequence[Member], horizon: int) -> dict[str, float]:
    """Return Spearman's rank correlation of each number with the life, strongest first.

    A member that lives counts with the horizon.
    """
    lives = np.array([m.cycles if m.cause is not None else horizon for m in members], dtype=float)
    if len(members) < 3 or np.ptp(lives) == 0:
        return {}
    found = {}
    for key in members[0].values:
        values = np.array([m.values[key] for m in members])
        if np.ptp(values) > 0:
            found[key] = float(spearmanr(values, lives).statistic)
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


def fan(members: Sequence[Member], cycles: np.ndarray) -> dict[str, list[float | None]]:
    """Return the 5, 25, 50, 75 and 95 % quantiles of the capacity share of those alive."""
    table = np.full((len(members), len(cycles)), np.nan)
    for i, member in enumerate(members):
        if len(member.capacity) < 2:
            continue
        n, share = np.array(member.capacity, dtype=float).T
        table[i] = np.interp(cycles, n, share, right=np.nan)
    alive = np.isfinite(table).any(axis=0)
    levels = np.full((5, len(cycles)), np.nan)
    levels[:, alive] = np.nanquantile(table[:, alive], [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    names = ("p05", "p25", "median", "p75", "p95")
    return {
        name: [float(x) if math.isfinite(x) else None for x in level]
        for name, level in zip(names, levels, strict=True)
    }
