"""A fan chart in characters: the bands of a forecast shaded, its median a line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

WIDE, NARROW, MEDIAN = "░", "▒", "━"
_AXIS = 7
"""Columns that the axis and its numbers take."""


@dataclass(frozen=True)
class Fan:
    """Capacity of those alive over cycles.

    Parameters
    ----------
    levels : mapping
        ``cycle``, ``p05``, ``p25``, ``median``, ``p75`` and ``p95``, shares; None where nobody
        is alive any more.
    """

    levels: Mapping[str, Sequence[float | None]]

    def draw(self, size: tuple[int, int]) -> Text:
        """Draw it in so many columns and rows."""
        columns, rows = size
        wide, high = columns - _AXIS, rows - 4
        percent = {
            name: 100 * np.array([math.nan if v is None else v for v in values], dtype=float)
            for name, values in self.levels.items()
            if name != "cycle"
        }
        cycles = np.array(self.levels["cycle"], dtype=float)
        if wide < 8 or high < 3 or not np.isfinite(percent["median"]).any():
            return Text("no member has lived two cycles yet")
        least, most = np.nanmin(percent["p05"]), np.nanmax(percent["p95"])
        # A capacity that hardly moves is drawn as one that hardly moves.
        low, high_end = min(least, most - 1.0), most
        at = np.linspace(cycles[0], cycles[-1], wide)
        lines = {name: np.interp(at, cycles, values) for name, values in percent.items()}
        centre = f"{'Capacity of those alive (%) over cycles':^{columns}}"
        text = Text(centre[:columns] + "\n", no_wrap=True)
        step = (high_end - low) / (high - 1)
        marked = labelled_rows(high)
        for row in range(high):
            value = high_end - row * step
            label = f"{value:6.1f}┤" if row in marked else " " * 6 + "│"
            text.append(label)
            for column in range(wide):
                here = {name: line[column] for name, line in lines.items()}
                text.append(*_shade(value, step, here))
            text.append("\n")
        text.append(" " * 6 + "└" + "─" * wide + "\n")
        text.append(_ticks(int(cycles[0]), int(cycles[-1]), wide) + "\n")
        text.append(f"{MEDIAN} median  {NARROW} middle half  {WIDE} 90 %"[:columns])
        return text


def labelled_rows(high: int, most: int = 5) -> set[int]:
    """Return which rows of an axis have a number: the ends, and some between."""
    count = max(2, min(most, (high + 1) // 2))
    return {round(i * (high - 1) / (count - 1)) for i in range(count)}


def _shade(value: float, step: float, here: Mapping[str, float]) -> tuple[str, str]:
    half = step / 2
    if abs(value - here["median"]) <= half:
        return MEDIAN, "bold cyan"
    if here["p25"] - half <= value <= here["p75"] + half:
        return NARROW, "cyan"
    if here["p05"] - half <= value <= here["p95"] + half:
        return WIDE, "cyan"
    return " ", ""


def _ticks(first: int, last: int, wide: int) -> str:
    """Return the numbers below the axis, each at its place."""
    line = [" "] * (wide + _AXIS)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        label = str(round(first + share * (last - first)))
        start = _AXIS + round(share * (wide - 1)) - len(label) // 2
        start = max(min(start, wide + _AXIS - len(label)), 0)
        line[start : start + len(label)] = label
    return "".join(line)
