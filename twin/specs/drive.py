"""Drive cycles: a current, a power or a C-rate over time, read from a CSV file.

The file is text: one line that names two columns with their units, then one line for each
point. The columns are parted by commas, semicolons or tabs; lines that begin with ``#`` are
remarks::

    Time [s], Current [A]
    0, 0
    1, 2.5
    2, -0.4

What is positive discharges the cell, as everywhere in the twin and in PyBaMM, unless the
column's name says ``charge``. Between two points the value goes along a straight line
(PyBaMM's own drive-cycle step).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from twin.errors import Problem, SpecError
from twin.specs.tomlfile import read_text
from twin.units import UnitError, to_si

MAX_BYTES = 10_000_000
MOST_POINTS = 100_000
"""Points of a drive cycle, as often as it is gone through: the solver stops at each."""
HEADER = "Time [s], Current [A]"
_LABEL = re.compile(r"(?P<name>[^\[\](]*?)\s*(?:[\[(](?P<unit>[^\])]*)[\])])?\s*")
_SORTS = (("A", "current"), ("A/m^2", "current density"), ("W", "power"))
_RATE = re.compile(r"c[- ]?rate", re.IGNORECASE)


@dataclass(frozen=True)
class Drive:
    """A drive cycle.

    Attributes
    ----------
    sort : {"current", "current density", "power", "C-rate"}
        What it prescribes; positive discharges.
    times : tuple of float
        The times of its points [s], the first one 0.
    values : tuple of float
        The values there [A], [A.m-2], [W] or [1/h].
    """

    sort: str
    times: tuple[float, ...]
    values: tuple[float, ...]

    @cached_property
    def digest(self) -> str:
        """A short name for what it is, whatever its file is called."""
        whole = repr((self.sort, self.times, self.values))
        return hashlib.sha256(whole.encode()).hexdigest()[:12]

    def on(self, area: float) -> Drive:
        """Return it for a cell of an area [m^2]: a current density becomes a current."""
        if self.sort != "current density":
            return self
        return Drive("current", self.times, tuple(v * area for v in self.values))

    def mean(self) -> float:
        """Return the mean of its value over its time, by the trapezoids between its points."""
        pairs = zip(self.times, self.times[1:], self.values, self.values[1:], strict=False)
        total = sum((after - t) * (a + b) / 2 for t, after, a, b in pairs)
        return total / self.times[-1]

    @property
    def unit(self) -> str:
        """The unit of its values."""
        units = {"current": "A", "current density": "A/m2", "power": "W"}
        return units.get(self.sort, "C")

    @property
    def says(self) -> str:
        """What it is, in a line."""
        low, high = min(self.values), max(self.values)
        return (
            f"{self.sort}, {low:.4g} to {high:.4g} {self.unit} (positive discharges), "
            f"mean {self.mean():.4g} {self.unit}, {len(self.times)} points in "
            f"{self.times[-1]:g} s"
        )

    def to_data(self) -> dict[str, Any]:
        """Return it as plain, JSON-able data."""
        return {"sort": self.sort, "times_s": list(self.times), "values": list(self.values)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Drive:
        """Return the drive cycle that :meth:`to_data` wrote."""
        return cls(data["sort"], tuple(data["times_s"]), tuple(data["values"]))


def read_drive(path: Path) -> Drive:
    """Return the drive cycle of a CSV file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    SpecError
        With the first thing that is wrong with it: the file, the line, why, and a fix.
    """
    text = read_text(path, MAX_BYTES, "drive cycle")
    lines = [
        (number, line)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    try:
        return _read(lines)
    except _Wrong as wrong:
        where = f"line {wrong.line}" if wrong.line else None
        raise SpecError([Problem(wrong.says, str(path), where, wrong.fix)]) from None


class _Wrong(Exception):
    def __init__(self, line: int, says: str, fix: str):
        super().__init__(says)
        self.line, self.says, self.fix = line, says, fix


def _read(lines: Sequence[tuple[int, str]]) -> Drive:
    if not lines:
        raise _Wrong(0, "is empty", f"begin it with a line {HEADER!r}, then one line a point")
    number, header = lines[0]
    split = next((mark for mark in "\t;," if mark in header), ",")
    seconds, (sort, factor) = _columns(number, [part.strip(' "') for part in header.split(split)])
    if len(lines) - 1 > MOST_POINTS:
        raise _Wrong(
            lines[MOST_POINTS + 1][0],
            f"has {len(lines) - 1} points, more than {MOST_POINTS}",
            "leave points out: between two points the value goes along a straight line",
        )
    times: list[float] = []
    values: list[float] = []
    for number, line in lines[1:]:
        t, value = _numbers(number, line, split)
        t, value = t * seconds, value * factor
        if not math.isfinite(t + value):
            raise _Wrong(number, f"{line.strip()!r} is too large", "check the unit of the column")
        if not times and t != 0:
            raise _Wrong(number, f"begins at {t:g} s, not at 0", "subtract its first time from all")
        if times and t <= times[-1]:
            raise _Wrong(
                number,
                f"the time does not increase: {t:g} s after {times[-1]:g} s",
                "sort the lines by time, and give each time once (a jump takes two near times)",
            )
        times.append(t)
        values.append(value)
    if len(times) < 2:
        raise _Wrong(
            lines[-1][0], "has fewer than two points", "give a value at 0 s and at its end"
        )
    return Drive(sort, tuple(times), tuple(values))


def _columns(number: int, labels: list[str]) -> tuple[float, tuple[str, float]]:
    """Return the seconds in a unit of time, and sort and factor of the other column."""
    like = f"name the columns with their units, like {HEADER!r}"
    if len(labels) != 2:
        raise _Wrong(number, f"has {len(labels)} columns, not two", like)
    if all(_is_number(label) for label in labels):
        raise _Wrong(number, "the columns have no names and no units", like)
    matches = [_LABEL.fullmatch(label) for label in labels]
    headings = [("", "") if m is None else (m["name"], (m["unit"] or "").strip()) for m in matches]
    (_, of_time), (name, unit) = headings
    rate = _RATE.search(name) is not None
    for label, given in zip(labels, (of_time, unit or ("1" if rate else "")), strict=True):
        if not given:
            raise _Wrong(number, f"the column {label!r} has no unit", like)
    try:
        seconds = to_si(f"1 {of_time}", "s")
    except UnitError:
        raise _Wrong(number, f"the first column, {labels[0]!r}, is no time", like) from None
    words = name.lower()
    sign = -1.0 if re.search(r"(?<!dis)charg", words) and "discharg" not in words else 1.0
    if rate:
        return seconds, ("C-rate", sign)
    for base, sort in _SORTS:
        try:
            return seconds, (sort, sign * to_si(f"1 {unit}", base))
        except UnitError:
            continue
    raise _Wrong(
        number,
        f"the second column, {labels[1]!r}, is no current, current density, power or C-rate",
        like,
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(number: int, line: str, split: str) -> tuple[float, float]:
    parts = [part.strip(' "') for part in line.split(split)]
    if len(parts) != 2:
        comma = " (a decimal comma? write a point)" if split == "," and len(parts) == 4 else ""
        raise _Wrong(
            number, f"{line.strip()[:60]!r} has {len(parts)} columns, not two{comma}",
            "give a time and a value in each line",
        )  # fmt: skip
    for part in parts:
        if not _is_number(part):
            point = part.replace(",", ".")
            fix = f"write {point!r}" if _is_number(point) else "write a number, or leave it out"
            raise _Wrong(number, f"{part[:60]!r} is no number", fix)
        if not math.isfinite(float(part)):
            raise _Wrong(number, f"{part!r} is not finite", "leave the line out, or mend the value")
    return float(parts[0]), float(parts[1])
