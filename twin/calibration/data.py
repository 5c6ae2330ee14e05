"""Measured curves as the calibration takes them: pieces of constant current, points to meet.

A record is cut where its current changes; within a piece the mean current flows, so that the
charge is the measured one. A model that is fitted to a voltage asks for no finer current than
the voltage shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from twin.calibration.method import number_of
from twin.columns import CURRENT, VOLTAGE
from twin.errors import InputError
from twin.measured.measured import Measured, needs_cycling
from twin.measured.quantities import CYCLE, TEMPERATURE, TIME

Kind = Literal["discharge", "charge", "rest"]

AT_REST = number_of("record", "rest")
"""A current below this share of the largest is none."""
CHANGE = number_of("record", "change")
"""A piece ends where the current leaves its mean by this share of the largest."""
MOST_PIECES = int(number_of("record", "pieces"))
POINTS = int(number_of("record", "points"))
"""Points of a curve that the fit meets: its own error is correlated over many more."""
FEWEST = int(number_of("record", "fewest"))
_LEAST_CHARGE = number_of("record", "least_charge")
REST_RATE = number_of("record", "rest_rate")
"""Rests count in the discrepancy's coordinate as if this C-rate flowed [1/h]."""


@dataclass(frozen=True)
class Piece:
    """A stretch of constant current.

    Attributes
    ----------
    kind : {"discharge", "charge", "rest"}
        Which way it flows.
    current : float
        Its mean [A], positive on discharge.
    start, end : float
        Its times since the record's beginning [s].
    """

    kind: Kind
    current: float
    start: float
    end: float


@dataclass(frozen=True)
class Curve:
    """A record that a model is compared with.

    Attributes
    ----------
    name, id : str
        The file's name, and its SHA-256.
    pieces : tuple of Piece
        What flows from its first row to its last.
    t, voltage : ndarray, shape (n,)
        Times [s] and voltages [V] of all its rows that count.
    temperature : ndarray or None
        Temperatures of the cell there [K].
    charge : ndarray
        Charge passed either way until then [A.h].
    discharged : ndarray
        Charge discharged until then, less what was charged [A.h].
    s : ndarray
        Coordinate of the discrepancy: charge passed over the nominal capacity.
    rate : float
        Its C-rate: the charge passed over the time in which it did, over the nominal
        capacity [1/h].
    used : ndarray of int
        The rows that the fit meets.
    nominal : float
        The cell's nominal capacity [A.h].
    """

    name: str
    id: str
    pieces: tuple[Piece, ...]
    t: np.ndarray
    voltage: np.ndarray
    temperature: np.ndarray | None
    charge: np.ndarray
    discharged: np.ndarray
    s: np.ndarray
    rate: float
    used: np.ndarray
    nominal: float

    @property
    def current(self) -> np.ndarray:
        """The current at its points [A]."""
        ends = np.array([p.end for p in self.pieces])
        index = np.searchsorted(ends, self.t, side="left").clip(0, len(ends) - 1)
        amps: np.ndarray = np.array([p.current for p in self.pieces])[index]
        return amps

    @property
    def rates(self) -> np.ndarray:
        """The C-rate at its points [1/h]; 0 in a rest."""
        value: np.ndarray = np.abs(self.current) / self.nominal
        return value

    @property
    def thinned(self) -> Curve:
        """The curve at the rows that the fit meets."""
        i = self.used
        return replace(
            self, t=self.t[i], voltage=self.voltage[i], charge=self.charge[i],
            temperature=None if self.temperature is None else self.temperature[i],
            discharged=self.discharged[i], s=self.s[i], used=np.arange(len(i)),
        )  # fmt: skip


def curve_of(
    measured: Measured,
    nominal: float,
    *,
    cycles: Sequence[int] | None = None,
    points: int = POINTS,
    half_cell: bool = False,
) -> Curve:
    """Return a measurement as a curve.

    Parameters
    ----------
    measured : Measured
        Voltage and current over time.
    nominal : float
        The cell's nominal capacity [A.h].
    cycles : sequence of int, optional
        The cycles whose rows count; what flowed before them is gone through all the same.
    points : int
        About how many rows the fit meets.
    half_cell : bool
        Whether it is one electrode's potential, whose sign tells nothing of the current's.

    Raises
    ------
    InputError
        If it is an impedance spectrum, too short, of no current, without such a cycle, or
        its voltage contradicts the sign of its current.
    """
    needs_cycling(measured)
    table = measured.table
    t, current, voltage = table[TIME], table[CURRENT], table[VOLTAGE]
    counts = np.ones(len(t), dtype=bool)
    if cycles is not None:
        counts = np.isin(table[CYCLE], cycles)
        lacking = [n for n in cycles if not np.any(table[CYCLE] == n)]
        if lacking:
            raise _refused(
                measured, f"has no cycle {lacking[0]}", "`twin measured show` lists them"
            )
        last = int(np.flatnonzero(counts)[-1]) + 1
        t, current, voltage, counts = t[:last], current[:last], voltage[:last], counts[:last]
    temperature = table.get(TEMPERATURE)
    temperature = None if temperature is None else temperature[: len(t)]
    _check(measured, t, current, counts, nominal)
    if not half_cell:
        _check_sign(measured, t, current, voltage)
    # A digitised curve of charge begins where its charge is nought, not at its first row.
    digitised = bool(measured.meta.get("asked", {}).get("current"))
    t = t - (0.0 if digitised else t[0])
    pieces = _pieces(measured, t, current)
    held = np.concatenate([[p.current * (p.end - p.start) for p in pieces]]) / 3600
    edges = np.array([pieces[0].start, *(p.end for p in pieces)])
    charge = np.interp(t, edges, np.concatenate([[0.0], np.cumsum(np.abs(held))]))
    discharged = np.interp(t, edges, np.concatenate([[0.0], np.cumsum(held)]))
    resting = np.array([(p.end - p.start) * (p.kind == "rest") for p in pieces]) / 3600
    rest = np.interp(t, edges, np.concatenate([[0.0], np.cumsum(resting)]))
    flowing = max(sum(p.end - p.start for p in pieces if p.kind != "rest") / 3600, 1e-9)
    i = np.flatnonzero(counts)
    s = charge / nominal + REST_RATE * rest
    return Curve(
        measured.name, measured.id, pieces, t[i], voltage[i],
        None if temperature is None or not np.all(np.isfinite(temperature[i])) else temperature[i],
        charge[i], discharged[i], s[i], float(charge[-1] / nominal / flowing),
        _evenly(s[i], voltage[i], points), nominal,
    )  # fmt: skip


def _refused(measured: Measured, says: str, fix: str) -> InputError:
    return InputError(f"{measured.name} {says}", key="data", fix=fix)


def _check(
    measured: Measured,
    t: np.ndarray,
    current: np.ndarray,
    counts: np.ndarray,
    nominal: float,
) -> None:
    if np.count_nonzero(counts) < FEWEST or t[-1] <= t[0]:
        raise _refused(
            measured, f"is too short: {np.count_nonzero(counts)} rows",
            f"give a curve of at least {FEWEST} rows",
        )  # fmt: skip
    passed = np.sum(np.abs(current[1:]) * np.diff(t)) / 3600
    if passed < _LEAST_CHARGE * nominal:
        raise _refused(
            measured,
            f"passes {1e3 * passed:.3g} mA.h, less than {100 * _LEAST_CHARGE:.0f} % of "
            f"the cell's {1e3 * nominal:.3g}",
            "give a longer curve, or correct nominal_capacity",
        )


def _check_sign(
    measured: Measured, t: np.ndarray, current: np.ndarray, voltage: np.ndarray
) -> None:
    """Refuse a record in which the voltage rises as the cell is discharged."""
    dq = np.diff(t) * current[1:] / 3600
    dv = np.diff(voltage)
    whole = abs(float(np.sum(dq)))
    one_way = whole > 0.9 * float(np.sum(np.abs(dq)))
    if one_way and np.sign(np.sum(dq)) * float(np.sum(dv)) > 0.05:
        way = "discharges" if np.sum(dq) > 0 else "charges"
        raise _refused(
            measured,
            f"{way} by the sign of its current, and its voltage says the contrary",
            "import it again with --current charge or --current discharge",
        )


def _pieces(measured: Measured, t: np.ndarray, current: np.ndarray) -> tuple[Piece, ...]:
    """Cut a record where its current changes: row ``k``'s current flows until row ``k``."""
    largest = float(np.max(np.abs(current)))
    if largest <= 0:
        raise _refused(measured, "has no current", "give a curve with a current")
    pieces: list[Piece] = []
    begin, share = 0, CHANGE
    if t[0] > 0:
        t, current = np.append(0.0, t), np.append(current[0], current)
    flows = np.where(np.abs(current) < AT_REST * largest, 0.0, current)
    while begin < len(t) - 1:
        end = begin + 1
        total, span = flows[end] * (t[end] - t[begin]), t[end] - t[begin]
        first = flows[end]
        while end + 1 < len(t):
            mean = total / span if span > 0 else first
            new = flows[end + 1]
            if np.sign(new) != np.sign(first) or abs(new - mean) > share * largest:
                break
            total += new * (t[end + 1] - t[end])
            span += t[end + 1] - t[end]
            end += 1
        if span > 0:
            mean = float(total / span)
            kind: Kind = "rest" if mean == 0 else "discharge" if mean > 0 else "charge"
            pieces.append(Piece(kind, mean, float(t[begin]), float(t[end])))
        begin = end
        if len(pieces) > MOST_PIECES:
            raise _refused(
                measured, f"changes its current more than {MOST_PIECES} times",
                "give a cycle of it (FILE:1), or a record with fewer steps",
            )  # fmt: skip
    return tuple(pieces)


def _evenly(s: np.ndarray, voltage: np.ndarray, points: int) -> np.ndarray:
    """Return about ``points`` rows, evenly along the curve in charge and in voltage."""
    if len(s) <= points:
        return np.arange(len(s))
    span_s, span_v = float(np.ptp(s)) or 1.0, float(np.ptp(voltage)) or 1.0
    along = np.concatenate(
        [[0.0], np.cumsum(np.hypot(np.diff(s) / span_s, 0.5 * np.diff(voltage) / span_v))]
    )
    wanted = np.linspace(0, along[-1], points)
    return np.unique(np.searchsorted(along, wanted).clip(0, len(s) - 1))
