"""Rows of the cycles nobody simulated: interpolated, and marked so."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from twin.store.tables import CYCLE_COLUMNS

_KEPT = ("cycles_simulated", "estimated_capacity_error")
_AROUND = 4


def between(
    anchors: Sequence[Mapping[str, Any]], origin: int = 0, fatal: Container[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows between the last two of some simulated cycles.

    They hold what has a column in the store, and the margins. Every number is a monotone
    cubic (Fritsch and Carlson) through the last simulated rows, over the cycle number or
    its logarithm, whichever the number is straighter in;
    it never leaves the range of its two neighbours.

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
    used = list(anchors)[-_AROUND:]
    before, after = used[-2], used[-1]
    missing = np.arange(before["cycle"] + 1, after["cycle"])
    if not len(missing):
        return []
    here = np.array([row["cycle"] for row in used], dtype=float) - origin
    wanted = missing.astype(float) - origin
    keys = [key for key in CYCLE_COLUMNS if _all_numbers(used, key)]
    table = np.array([[row[key] for key in keys] for row in used], dtype=float)
    paths = _paths(here, table, wanted)
    margins = _margins(used, here, wanted)
    rows = []
    for i, cycle in enumerate(missing):
        row: dict[str, Any] = {"cycle": int(cycle), "complete": True, "interpolated": True}
        row["phase"] = after.get("phase")
        row |= dict(zip(keys, map(float, paths[i]), strict=True))
        row |= {key: before[key] for key in _KEPT if key in before}
        if margins:
            row["margins"] = {name: float(path[i]) for name, path in margins.items()}
            counted = [n for n in row["margins"] if fatal is None or n in fatal]
            name = min(counted, key=row["margins"].__getitem__, default=None)
            if name is not None:
                row |= {"min_margin": row["margins"][name], "min_margin_name": name}
        rows.append(row)
    return rows


def _all_numbers(rows: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [row.get(key) for row in rows]
    return all(isinstance(v, float) and np.isfinite(v) for v in values)


def _paths(here: np.ndarray, table: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Interpolate each column over ``n`` or ``ln(1 + n)``."""
    even = PchipInterpolator(here, table, axis=0)(wanted)
    if len(here) < 3:
        return even
    logs = PchipInterpolator(np.log1p(here), table, axis=0)(np.log1p(wanted))
    bent = [_off_chord(clock, table) for clock in (here, np.log1p(here))]
    return np.where(bent[0] <= bent[1], even, logs)


def _off_chord(clock: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return how far the middle one of the last three rows is off the others' chord."""
    a, b, c = table[-3:]
    u, v, w = clock[-3:]
    return np.abs(b - (a + (c - a) * (v - u) / (w - u)))


def _margins(
    used: Sequence[Mapping[str, Any]], here: np.ndarray, wanted: np.ndarray
) -> dict[str, np.ndarray]:
    names = [
        name
        for name in used[-1].get("margins", {})
        if _all_numbers([row.get("margins", {}) for row in used], name)
    ]
    table = np.array([[row["margins"][name] for name in names] for row in used], dtype=float)
    return dict(zip(names, _paths(here, table, wanted).T, strict=True)) if names else {}
