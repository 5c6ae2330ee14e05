"""The course of a cell's capacity, as it is expected after a check-up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.tracking.checkups import CheckUp
from twin.tracking.library import on_grid
from twin.tracking.steps import NAMES, SHARES, Step
from twin.tracking.weights import quantile

POINTS = 48
_TO = 1.05
"""The course is told up to so many times the 95 % of lives, or the horizon."""


def drawn_key(checkups: Sequence[CheckUp]) -> str:
    """Return what a track's course is drawn of: the capacity, or the resistance if only that was
    measured.
    """
    measured = {key for one in checkups for key in one.readings}
    return "resistance" if "resistance" in measured and "capacity" not in measured else "capacity"


def course(step: Step, key: str = "capacity") -> dict[str, list[float | None]]:
    """Return quantiles of a cell's capacity (or another key) among those alive.

    A draw follows its life from the check-up on, on the clock on which that life dies when the draw
    does (:mod:`twin.tracking.clocks`); the difference at the check-up fades as what is left of the
    draw's life.

    Parameters
    ----------
    step : Step
        What is known after a check-up.
    key : str
        The observable.

    Returns
    -------
    dict
        ``cycle``, ``p05``, ``p25``, ``median``, ``p75``, ``p95`` (shares of the fresh cell's) and
        ``alive``, the share of draws alive; empty where nothing is known.
    """
    posterior, library = step.posterior, step.library
    if posterior is None or key not in library.curves:
        return {}
    n0, horizon = max(step.cycle, 1), library.horizon
    ends, w = step.ends, posterior.weights
    last = min(float(quantile(ends, w, [0.95])[0]) * _TO, horizon)
    cycles = np.unique(np.round(np.linspace(n0, max(last, n0 + 1), POINTS)))
    own = library.ends[posterior.lives]
    table = library.curves[key] - library.first[key][:, None]
    rows = []
    now = posterior.targets.get(f"log {key}")
    at = on_grid(library.grid, table, [n0])[posterior.lives, 0]
    apart = np.zeros_like(at) if now is None else np.nan_to_num(now - at)
    exponents = np.log(np.maximum(own / n0, 1.0)) / np.log(np.maximum(ends / n0, 1 + 1e-9))
    for n in cycles:
        u = np.clip((n - n0) / np.maximum(ends - n0, 1e-9), 0.0, 1.0)
        theirs = n0 * (n / n0) ** exponents
        rows.append(_each(library.grid, table, posterior.lives, theirs) + apart * (1 - u))
    values = np.exp(np.array(rows))
    told: dict[str, list[float | None]] = {"cycle": [float(n) for n in cycles]}
    levels = np.full((len(SHARES), len(cycles)), np.nan)
    alive = []
    for i, n in enumerate(cycles):
        there = (ends > n) & np.isfinite(values[i])
        alive.append(float(w[ends > n].sum()))
        if w[there].sum() > _LEAST * w.sum():
            levels[:, i] = quantile(values[i][there], w[there], SHARES)
    for name, level in zip(NAMES, levels, strict=True):
        told[name] = [float(v) if np.isfinite(v) else None for v in level]
    told["alive"] = list(alive)
    return told


_LEAST = 0.02
"""Of a smaller share of survivors no quantiles are told."""


def _each(grid: np.ndarray, table: np.ndarray, rows: np.ndarray, cycles: np.ndarray) -> np.ndarray:
    """Return for each of some draws its life's value at a cycle of its own."""
    x, n = np.log(grid), np.log(np.clip(cycles, grid[0], grid[-1]))
    right = np.clip(np.searchsorted(x, n), 1, len(x) - 1)
    share = (n - x[right - 1]) / (x[right] - x[right - 1])
    low, high = table[rows, right - 1], table[rows, right]
    # Where a life's last known cycle is passed, it stays what it was.
    high = np.where(np.isfinite(high), high, low)
    value: np.ndarray = low + share * (high - low)
    return value
