"""What a design must keep to: ``cycle_time<=12 h``, ``energy>=3 mWh``, ``temperature<=60 degC``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from twin.columns import COLUMNS, Column, Rows
from twin.engine.capacity import first_capacity
from twin.errors import InputError
from twin.units import UnitError, to_si

_LIMIT = re.compile(r"^\s*(\w+)\s*(<=|>=|<|>)\s*(.+?)\s*$")


def _capacity(rows: Rows) -> float:
    capacity = first_capacity(rows)
    return math.nan if capacity is None else float(capacity)


def _energy_efficiency(rows: Rows) -> float:
    """Return that of the first cycle with charge enough both ways to have an efficiency."""
    both = [row for row in rows if row.get("coulombic_efficiency") is not None]
    return float(both[0]["discharge_Wh"]) / float(both[0]["charge_Wh"]) if both else math.nan


def _told(column: Column) -> str:
    when = "the highest of the life" if column.over_life else "of the first cycle"
    return f"{column.words}, {when}"


QUANTITIES: dict[str, tuple[str, Callable[[Rows], float], str]] = {
    "capacity": ("A*hour", _capacity, "of the first cycle"),
    "efficiency": (
        "",
        _energy_efficiency,
        "energy out over energy in, first cycle that has both",
    ),
    "cycle_time": (
        "s",
        lambda rows: float(rows[0]["t_end_s"] - rows[0]["t_start_s"]),
        "of the first cycle",
    ),
    **{
        column.limit: (column.unit, column.over, _told(column))
        for column in COLUMNS.values()
        if column.limit
    },
}
"""By name: unit, how it is read off a life's finished cycles, and in words."""


@dataclass(frozen=True)
class Limit:
    """One limit: a quantity, at most (``sign`` -1) or at least (+1) a bound."""

    name: str
    sign: int
    bound: float
    text: str

    def value(self, rows: Rows) -> float:
        """Return the quantity of a life; nan if it has no finished cycle."""
        try:
            return QUANTITIES[self.name][1](rows) if rows else math.nan
        except (KeyError, ZeroDivisionError, TypeError, ValueError):
            return math.nan

    def slack(self, rows: Rows) -> float:
        """Return by what share of the bound it is kept; negative where it is broken."""
        value = self.value(rows)
        if math.isnan(value):
            return -1.0
        return self.sign * (value - self.bound) / max(abs(self.bound), 1e-30)


def parse_limit(text: str) -> Limit:
    """Read ``NAME<=VALUE`` or ``NAME>=VALUE``.

    Raises
    ------
    InputError
        If it is no limit, with a fix.
    """
    match = _LIMIT.match(text)
    if match is None:
        raise InputError(
            f"{text!r} is no limit; expected NAME<=VALUE or NAME>=VALUE",
            key="limit",
            fix='write it like --limit "cycle_time<=12 hours"',
        )
    name, sense, bound = match[1], match[2], match[3]
    if name not in QUANTITIES:
        raise InputError(
            f"nothing called {name!r} can be limited",
            key="limit",
            fix=f"one of {', '.join(QUANTITIES)}",
        )
    try:
        value = to_si(bound, QUANTITIES[name][0])
    except UnitError as error:
        raise InputError(
            str(error), key="limit", fix=f"give {name} in {QUANTITIES[name][0] or 'no unit'}"
        ) from None
    return Limit(name, -1 if sense[0] == "<" else 1, value, text.strip())
