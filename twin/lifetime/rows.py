"""Rows of the cycles nobody simulated: interpolated, and marked so."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from twin.columns import COLUMNS
from twin.lifetime.interpolation import MOST_POINTS, last_span
from twin.ties import first_best

BETWEEN = tuple(key for key, column in COLUMNS.items() if column.between)
"""What is interpolated between simulated cycles."""
_ERROR, _CAPACITY = "estimated_capacity_error", "capacity_Ah"
_ESTIMATED = "capacity_estimated"


def between(
    anchors: Sequence[Mapping[str, Any]], origin: int = 0, fatal: Container[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows between the last two of some simulated cycles.

    They hold what :data:`twin.columns.COLUMNS` says, and the margins; each number follows its last
    simulated values (:func:`twin.lifetime.interpolation.last_span`) and never leaves the
    range of its two neighbours. The error of the capacity estimated for them is that of the
    simulated rows on both sides, the larger, and what the interpolation leaves in doubt.

    Parameters
    ----------
    anchors : sequence of mapping
        Rows of simulated cycles, in order.
    origin : int
        Where the clock starts.
    fatal : container of str, optional
        The margins that can be the smallest of a row, by name; all by default. A warning
        kills nobody.
    """
    used, here, missing = _span(anchors, origin)
    before, after = used[-2:]
    if not len(missing):
        return []
    wanted = missing.astype(float) - origin
    keys = [key for key in BETWEEN if _all_numbers(used, key)]
    table = np.array([[row[key] for key in keys] for row in used], dtype=float)
    paths, errors = last_span(here, table, wanted)
    error = float(errors[keys.index(_CAPACITY)]) / max(before[_CAPACITY], 1e-30)
    margins = _margins(used, here, wanted)
    rows = []
    for i, cycle in enumerate(missing):
        row: dict[str, Any] = {"cycle": int(cycle), "complete": True, "interpolated": True}
        row["phase"] = after.get("phase")
        row |= dict(zip(keys, map(float, paths[i]), strict=True))
        row[_ESTIMATED] = any(one.get(_ESTIMATED, False) for one in (before, after))
        if _ERROR in before:
            row["cycles_simulated"] = before["cycles_simulated"]
            row[_ERROR] = max(before[_ERROR], after[_ERROR]) + error
        if margins:
            row["margins"] = here_margins = {n: float(path[i]) for n, path in margins.items()}
            counted = {n: -m for n, m in here_margins.items() if fatal is None or n in fatal}
            if counted:
                name = first_best(counted, counted.__getitem__)
                row |= {"min_margin": here_margins[name], "min_margin_name": name}
        rows.append(row)
    return rows


def error_between(anchors: Sequence[Mapping[str, Any]], origin: int = 0) -> float | None:
    """Return the error of the capacity that :func:`between` gives its rows; None without rows."""
    before, after = anchors[-2:]
    if after["cycle"] - before["cycle"] < 2:
        return None
    return float(max(before[_ERROR], after[_ERROR]) + interpolation_error(anchors, origin))


def interpolation_error(anchors: Sequence[Mapping[str, Any]], origin: int = 0) -> float:
    """Return how far off the capacity between the last two of some cycles may be drawn.

    Relative to the capacity before; parameters as for :func:`between`.
    """
    used = anchors[-MOST_POINTS:]
    cycles, capacities = (tuple(row[key] for row in used) for key in ("cycle", _CAPACITY))
    return _drawn_off(cycles, capacities, origin)


@lru_cache(maxsize=8)
def _drawn_off(cycles: tuple[int, ...], capacities: tuple[float, ...], origin: int) -> float:
    # The same jump is asked about when it is judged and when it is taken.
    missing = np.arange(cycles[-2] + 1, cycles[-1])
    if not len(missing):
        return 0.0
    here = np.array(cycles, dtype=float) - origin
    table = np.array(capacities, dtype=float)[:, None]
    errors = last_span(here, table, missing.astype(float) - origin)[1]
    return float(errors[0]) / float(max(capacities[-2], 1e-30))


def _span(
    anchors: Sequence[Mapping[str, Any]], origin: int
) -> tuple[list[Mapping[str, Any]], np.ndarray, np.ndarray]:
    """Return the rows used, their clock, and the cycles missing between the last two."""
    used = list(anchors)[-MOST_POINTS:]
    here = np.array([row["cycle"] for row in used], dtype=float) - origin
    return used, here, np.arange(used[-2]["cycle"] + 1, used[-1]["cycle"])


def _all_numbers(rows: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [row.get(key) for row in rows]
    return all(isinstance(v, float) and np.isfinite(v) for v in values)


def _margins(
    used: Sequence[Mapping[str, Any]], here: np.ndarray, wanted: np.ndarray
) -> dict[str, np.ndarray]:
    names = [
        name
        for name in used[-1].get("margins", {})
        if _all_numbers([row.get("margins", {}) for row in used], name)
    ]
    table = np.array([[row["margins"][name] for name in names] for row in used], dtype=float)
    return dict(zip(names, last_span(here, table, wanted)[0].T, strict=True)) if names else {}
