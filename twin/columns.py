"""The columns of a cycle's row: what each is, in which unit, and how it is read and shown.

One table, from which the recorder computes what follows from a cycle's series, a cycle jump
knows what to interpolate, pages, panels, comparisons and screens take words and units, and a
design what it may limit. A new column stands here and in docs/variables.md, nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

CURRENT, VOLTAGE = "Current [A]", "Voltage [V]"
TEMPERATURE, PRESSURE = "Volume-averaged cell temperature [K]", "Stack pressure [Pa]"
AGED_RESISTANCE = "Area-specific resistance at ambient [Ohm.m2]"

How = Literal["highest", "lowest", "largest", "mean"]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Column:
    """One number of a cycle's row.

    Attributes
    ----------
    key : str
        Its key in the row, with its unit at the end.
    unit : str
        That unit, as the unit parser reads it.
    words : str
        What it is, in words.
    shown, factor, offset : str, float, float
        The unit people read it in: ``factor * value + offset``.
    how, of : str, str
        How it follows from a stored variable over the cycle; empty where it does not.
    between : bool
        Whether cycles that nobody simulated have it, interpolated.
    told : int
        Its place among the numbers whose first and last value ``twin show`` tells; 0 if it
        does not.
    limit : str
        The name under which a design may limit it; of the first cycle, or (``over_life``)
        the highest of all.
    """

    key: str
    unit: str
    words: str
    shown: str = ""
    factor: float = 1.0
    offset: float = 0.0
    how: How | None = None
    of: str = ""
    between: bool = True
    told: int = 0
    limit: str = ""
    over_life: bool = False

    def show(self, value: float) -> float:
        """Return a value in the unit that people read."""
        return self.factor * value + self.offset

    def over(self, rows: Rows) -> float:
        """Return what of it a limit is on, over a life's finished cycles."""
        if not self.over_life:
            return float(rows[0][self.key])
        return max(float(row[self.key]) for row in rows if row.get(self.key) is not None)


def _of(key: str, unit: str, words: str, how: How, of: str, **more: Any) -> Column:
    return Column(key, unit, words, how=how, of=of, **more)


_DEGC: dict[str, Any] = {"shown": "degC", "offset": -273.15}
_MPA: dict[str, Any] = {"shown": "MPa", "factor": 1e-6, "between": False}

_TABLE = (
    Column("t_start_s", "s", "start of the cycle"),
    Column("t_end_s", "s", "end of the cycle"),
    Column("capacity_Ah", "A*hour", "capacity", "mAh", 1e3, told=1),
    Column("charge_Ah", "A*hour", "charged"),
    Column("discharge_Ah", "A*hour", "discharged"),
    Column("charge_Wh", "W*hour", "energy charged"),
    Column("discharge_Wh", "W*hour", "energy discharged", limit="energy"),
    Column("coulombic_efficiency", "", "coulombic efficiency", "%", 100.0, told=2),
    _of("current_max_A", "A", "largest current", "largest", CURRENT, between=False),
    _of("voltage_min_V", "V", "lowest voltage", "lowest", VOLTAGE, shown="V", told=4),
    _of("voltage_max_V", "V", "highest voltage", "highest", VOLTAGE, shown="V", told=5),
    _of("temperature_max_K", "K", "highest temperature", "highest", TEMPERATURE, told=8,
        limit="temperature", over_life=True, **_DEGC),
    _of("temperature_min_K", "K", "lowest temperature", "lowest", TEMPERATURE, between=False,
        **_DEGC),
    _of("pressure_min_Pa", "Pa", "lowest stack pressure", "lowest", PRESSURE, told=6, **_MPA),
    _of("pressure_max_Pa", "Pa", "highest stack pressure", "highest", PRESSURE, told=7,
        limit="pressure", over_life=True, **_MPA),
    _of("resistance_Ohm_m2", "ohm*m^2", "area-specific resistance", "mean", AGED_RESISTANCE,
        shown="ohm cm2", factor=1e4, told=3, limit="resistance"),
    Column("min_margin", "", "smallest margin"),
)  # fmt: skip
COLUMNS: dict[str, Column] = {column.key: column for column in _TABLE}
"""Every column by its key."""


def _mean(y: np.ndarray, t: np.ndarray) -> float:
    span = t[-1] - t[0]
    return float(y[-1]) if span <= 0 else float(np.trapezoid(y, t)) / span


_WAYS: dict[How, Callable[[np.ndarray, np.ndarray], float]] = {
    "highest": lambda y, t: float(y.max()),
    "lowest": lambda y, t: float(y.min()),
    "largest": lambda y, t: float(np.abs(y).max()),
    "mean": _mean,
}


def of_series(table: Mapping[str, np.ndarray], t: np.ndarray) -> dict[str, float]:
    """Return the columns that follow from a cycle's series: variables over the times ``t`` [s]."""
    return {
        column.key: _WAYS[column.how](table[column.of], t)
        for column in COLUMNS.values()
        if column.how is not None
    }
