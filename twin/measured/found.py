"""What is in a measured table: steps, cycles, pulses, rests, capacities and resistances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.measured.quantities import CYCLE, STEP, TEMPERATURE, TIME
from twin.measured.recording import Chunk

Kind = Literal["charge", "discharge", "rest"]
AFTER_S = (1.0, 10.0, 30.0)
"""Resistances are told so long after a current has changed [s]."""
AT_REST = 1e-3
"""A current below this share of the largest is none."""
PULSE_S = 180.0
"""A charge or discharge that is no longer is a pulse."""
CHANGE = 0.05
"""A resistance is told where the current changes by this share of the largest or more."""
STEADY_CURRENT, STEADY_VOLTAGE = 0.02, 2e-3
TURN = 0.05
_ROWS_OF_START = 4000
MOST_CYCLES = 20_000
MOST_STEPS = 5_000
"""So many steps are listed; what is beyond is counted in its cycle only."""


@dataclass
class Step:
    """A stretch in which the current flows one way, or not at all.

    Charges are in A.h and energies in W.h, both as positive numbers.
    """

    kind: Kind
    cycle: int
    t_start_s: float
    t_end_s: float = 0.0
    rows: int = 0
    charge_Ah: float = 0.0
    energy_Wh: float = 0.0
    voltage_start_V: float = 0.0
    voltage_end_V: float = 0.0
    current_mean_A: float = 0.0
    how: str = ""
    """Constant current, constant voltage, or neither."""
    temperature_mean_K: float | None = None
    resistance_Ohm: dict[str, float | None] = field(default_factory=dict)

    @property
    def is_pulse(self) -> bool:
        """Whether it is a charge or discharge of at most three minutes."""
        return self.kind != "rest" and self.t_end_s - self.t_start_s <= PULSE_S

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


@dataclass
class Cycle:
    """One cycle: what went in and out."""

    cycle: int
    t_start_s: float
    t_end_s: float = 0.0
    charge_Ah: float = 0.0
    discharge_Ah: float = 0.0
    charge_Wh: float = 0.0
    discharge_Wh: float = 0.0
    voltage_min_V: float = np.inf
    voltage_max_V: float = -np.inf
    temperature_max_K: float | None = None

    @property
    def coulombic_efficiency(self) -> float | None:
        """Discharge over charge; None without both."""
        return self.discharge_Ah / self.charge_Ah if self.charge_Ah and self.discharge_Ah else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, under the names of a run's row."""
        return {**vars(self), "coulombic_efficiency": self.coulombic_efficiency}


@dataclass
class Found:
    """What was found in a table.

    Attributes
    ----------
    steps : list of Step
        In the order of time; the first 5,000.
    cycles : list of Cycle
        Whole ones and begun ones.
    counts : dict
        How many steps there are: ``charge``, ``discharge``, ``rest``, ``pulse``.
    own_cycles : bool
        Whether the file counts cycles itself.
    """

    steps: list[Step] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: {"charge": 0, "discharge": 0, "rest": 0, "pulse": 0}
    )
    own_cycles: bool = False

    @property
    def pulses(self) -> list[Step]:
        """The charges and discharges of at most three minutes."""
        return [step for step in self.steps if step.is_pulse]

    @property
    def rests(self) -> list[Step]:
        """The stretches without current."""
        return [step for step in self.steps if step.kind == "rest"]

    @property
    def resistances(self) -> list[Step]:
        """The steps after whose beginning a resistance can be told."""
        return [s for s in self.steps if any(r is not None for r in s.resistance_Ohm.values())]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "counts": dict(self.counts),
            "own_cycles": self.own_cycles,
            "cycles": [cycle.to_dict() for cycle in self.cycles],
            "steps": [step.to_dict() for step in self.steps],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Found:
        """Return what :meth:`to_dict` gave."""
        cycles = [
            {k: v for k, v in c.items() if k != "coulombic_efficiency"} for c in data["cycles"]
        ]
        return cls(
            [Step(**step) for step in data["steps"]],
            [Cycle(**cycle) for cycle in cycles],
            dict(data["counts"]),
            bool(data["own_cycles"]),
        )


class Turns:
    """Finds, in a first pass, the rows at which a cycle begins that nobody counted.

    A cycle begins where the current turns back to the way it first flowed, if since the turn
    before, and after it, more charge passes than :data:`TURN` of what the cell was ever cycled
    over: a pulse or a moment of braking is no cycle.
    """

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []
        self._charges: list[np.ndarray] = []
        self._ways: list[np.ndarray] = []
        self._passed = 0
        self._charge = 0.0
        self._way = 0.0
        self._last: tuple[float, float] | None = None  # time and current of the row before

    def add(self, time: np.ndarray, current: np.ndarray) -> None:
        """Take a block of rows in."""
        before = self._last or (float(time[0]), float(current[0]))
        steps = np.diff(time, prepend=before[0])
        # The charge before each row: what flowed up to the row before it, and then its own.
        charge = self._charge + np.cumsum(steps * current)
        flows = np.flatnonzero(current)
        ways = np.sign(current[flows])
        turns = np.flatnonzero(np.diff(ways, prepend=self._way) != 0)
        rows = flows[turns]
        self._rows.append(rows + self._passed)
        self._charges.append(charge[rows] - (steps * current)[rows])
        self._ways.append(ways[turns])
        self._way = float(ways[-1]) if len(ways) else self._way
        self._charge, self._passed = float(charge[-1]), self._passed + len(time)
        self._last = (float(time[-1]), float(current[-1]))

    def starts(self) -> np.ndarray:
        """Return the rows at which a cycle begins, the first one left out."""
        if not self._rows:
            return np.empty(0, dtype=int)
        rows = np.concatenate(self._rows)
        charges = np.append(np.concatenate(self._charges), self._charge)
        if len(rows) < 3:
            return np.empty(0, dtype=int)
        least = TURN * float(np.ptp(charges))
        ways = np.concatenate(self._ways)
        return np.array(_real_turns(rows.tolist(), charges.tolist(), ways.tolist(), least), int)


def _real_turns(
    rows: list[int], charges: list[float], ways: list[float], least: float
) -> list[int]:
    """Return the rows of turns back to the first way, passing over turns of little charge.

    ``charges[k]`` is the charge at turn k, the last one that at the end.
    """
    turns = []
    first = way = 0.0
    extreme, at = charges[0], 0
    for index in range(1, len(charges)):
        charge = charges[index]
        if way == 0.0:
            if abs(charge - charges[0]) > least:
                first = way = 1.0 if charge > charges[0] else -1.0
                extreme, at = charge, index
        elif (charge - extreme) * way >= 0:
            extreme, at = charge, index
        elif abs(charge - extreme) > least:
            way = -way
            if way == first and at < len(rows):
                turns.append(rows[at])
            extreme, at = charge, index
    return turns


class _Open:
    """A step that is still going on: its sums, and the rows of its beginning."""

    def __init__(self, kind: Kind, cycle: int, start: float, voltage: float):
        self.step = Step(kind, cycle, start, voltage_start_V=voltage)
        self.sum_current = self.sum_temperature = 0.0
        self.least_current = self.least_voltage = np.inf
        self.most_current = self.most_voltage = -np.inf
        self.beginning: list[np.ndarray] = []
        self.kept = 0
        self.ripe = False  # whether a row beyond the last resistance's time is among them


class _Rows:
    """The rows of a chunk, and what each passes of charge and energy since the row before."""

    def __init__(self, chunk: Chunk, begins: np.ndarray, last: np.ndarray | None):
        self.rows = np.column_stack([chunk[TIME], chunk[CURRENT], chunk[VOLTAGE]])
        self.temperature = chunk.get(TEMPERATURE)
        before = np.vstack([self.rows[:1] if last is None else last[None, :], self.rows[:-1]])
        step = self.rows[:, 0] - before[:, 0]
        power, power_before = self.rows[:, 1] * self.rows[:, 2], before[:, 1] * before[:, 2]
        # Inside a step the mean of two rows; the interval before it at its own first one.
        self.charge = step * np.where(begins, self.rows[:, 1], (self.rows[:, 1] + before[:, 1]) / 2)
        self.energy = step * np.where(begins, power, (power + power_before) / 2)


class Finder:
    """Finds what is in a table, chunk by chunk.

    The charge of a step is the current's integral over time, by the trapezoidal rule inside
    a step; the interval between two steps counts to the second, at its current.

    Parameters
    ----------
    largest : float
        The largest current of the whole table [A], without sign: what is rest goes by it.
    starts : array
        The rows at which a cycle begins that the file does not count (:class:`Turns`).
    """

    def __init__(self, largest: float, starts: np.ndarray | None = None):
        self.found = Found()
        self._none = AT_REST * largest
        self._change = CHANGE * largest
        self._starts = np.empty(0, dtype=int) if starts is None else starts
        self._open: _Open | None = None
        self._last: np.ndarray | None = None  # time, current, voltage of the row before
        self._key: tuple[float, ...] | None = None
        self._passed = 0
        self._own_first: float | None = None
        self._own_last = np.nan

    def __call__(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield each chunk with its cycles counted from 1; ``found`` is complete at the end."""
        for chunk in chunks:
            yield self._take(chunk)
        self._close()

    def _take(self, chunk: Chunk) -> Chunk:
        current = chunk[CURRENT]
        way = np.where(np.abs(current) <= self._none, 0.0, np.sign(current))
        step = np.nan_to_num(chunk.get(STEP, np.zeros(len(way))), nan=-1.0)
        cycles = self._cycles(chunk)
        keys = np.column_stack([way, step, cycles])
        before = keys[0] + 1 if self._key is None else np.array(self._key)
        begins = (np.diff(keys, axis=0, prepend=before[None, :]) != 0).any(axis=1)
        rows = _Rows(chunk, begins, self._last)
        bounds = np.unique(np.concatenate([[0], np.flatnonzero(begins), [len(way)]]))
        self._steps(rows, bounds, begins, way, cycles)
        self._sum_cycles(rows, way, cycles)
        self._key, self._last = tuple(keys[-1]), rows.rows[-1]
        self._passed += len(way)
        return {**chunk, CYCLE: cycles}

    def _cycles(self, chunk: Chunk) -> np.ndarray:
        """Return the cycle of each row, from 1: the file's count, or what the turns say."""
        own = chunk.get(CYCLE)
        count = len(chunk[TIME])
        if own is not None:
            own = _carried(own, self._own_last)
            known = own[np.isfinite(own)]
            if len(known):
                self.found.own_cycles = True
                self._own_first = float(known[0]) if self._own_first is None else self._own_first
                self._own_last = float(own[-1])
                own = np.where(np.isfinite(own), own, self._own_first)
                value: np.ndarray = np.maximum(np.floor(own - self._own_first) + 1, 1.0)
                return value
        rows = np.arange(self._passed, self._passed + count)
        return 1.0 + np.searchsorted(self._starts, rows, side="right")

    def _steps(
        self,
        rows: _Rows,
        bounds: np.ndarray,
        begins: np.ndarray,
        way: np.ndarray,
        cycles: np.ndarray,
    ) -> None:
        """Add the chunk's steps: one by one as long as they are listed, then by their number."""
        last = len(bounds) - 2
        for number, (start, end) in enumerate(itertools.pairwise(bounds.tolist())):
            if begins[start]:
                self._close()
                listed = len(self.found.steps) < MOST_STEPS
                if not listed and 0 < number < last:
                    self._count(rows, bounds[number:-1], way)
                    start, end = int(bounds[-2]), int(bounds[-1])
                    number = last
                kind = _kind(way[start])
                self._open = _Open(
                    kind, int(cycles[start]), float(rows.rows[start, 0]), float(rows.rows[start, 2])
                )
            self._add(rows, start, end)
            if number == last:
                return

    def _count(self, rows: _Rows, bounds: np.ndarray, way: np.ndarray) -> None:
        """Count the steps that lie wholly between the bounds."""
        time = rows.rows[:, 0]
        starts, ends = bounds[:-1], bounds[1:] - 1
        of = way[starts]
        counts = self.found.counts
        counts["discharge"] += int((of > 0).sum())
        counts["charge"] += int((of < 0).sum())
        counts["rest"] += int((of == 0).sum())
        counts["pulse"] += int(((of != 0) & (time[ends] - time[starts] <= PULSE_S)).sum())

    def _add(self, rows: _Rows, start: int, end: int) -> None:
        opened = self._open
        assert opened is not None
        part = rows.rows[start:end]
        time, current, voltage = part.T
        step = opened.step
        if step.rows == 0:
            before = rows.rows[start - 1] if start else self._last
            opened.beginning.append((np.full(3, np.nan) if before is None else before)[None, :])
        if not opened.ripe and opened.kept < _ROWS_OF_START:
            soon = int(np.searchsorted(time, step.t_start_s + 2 * AFTER_S[-1], side="right"))
            kept = part[: min(soon + 1, _ROWS_OF_START)]
            opened.beginning.append(kept)
            opened.kept += len(kept)
            opened.ripe = soon < len(time)
        step.rows += end - start
        step.t_end_s, step.voltage_end_V = float(time[-1]), float(voltage[-1])
        step.charge_Ah += abs(float(rows.charge[start:end].sum())) / 3600
        step.energy_Wh += abs(float(rows.energy[start:end].sum())) / 3600
        opened.sum_current += float(current.sum())
        opened.least_current = min(opened.least_current, float(current.min()))
        opened.most_current = max(opened.most_current, float(current.max()))
        opened.least_voltage = min(opened.least_voltage, float(voltage.min()))
        opened.most_voltage = max(opened.most_voltage, float(voltage.max()))
        if rows.temperature is not None:
            opened.sum_temperature += float(rows.temperature[start:end].sum())

    def _sum_cycles(self, rows: _Rows, way: np.ndarray, cycles: np.ndarray) -> None:
        bounds = np.unique(
            np.concatenate([[0], np.flatnonzero(np.diff(cycles)) + 1, [len(cycles)]])
        )
        for start, end in itertools.pairwise(bounds.tolist()):
            number = int(cycles[start])
            known = self.found.cycles
            if not known or known[-1].cycle != number:
                if len(known) >= MOST_CYCLES:
                    return
                known.append(Cycle(number, float(rows.rows[start, 0])))
            _sum(known[-1], rows, way, slice(start, end))

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        step = opened.step
        step.current_mean_A = opened.sum_current / step.rows
        mean = opened.sum_temperature / step.rows
        step.temperature_mean_K = mean if opened.sum_temperature and np.isfinite(mean) else None
        size = max(abs(opened.most_current), abs(opened.least_current))
        if step.kind != "rest":
            if opened.most_current - opened.least_current <= STEADY_CURRENT * size:
                step.how = "constant current"
            elif opened.most_voltage - opened.least_voltage <= STEADY_VOLTAGE * abs(
                opened.most_voltage
            ):
                step.how = "constant voltage"
        step.resistance_Ohm = self._resistances(np.concatenate(opened.beginning))
        counts = self.found.counts
        counts[step.kind] += 1
        counts["pulse"] += step.is_pulse
        if len(self.found.steps) < MOST_STEPS:
            self.found.steps.append(step)

    def _resistances(self, rows: np.ndarray) -> dict[str, float | None]:
        """Return R(t) = -(V(t0 + t) - V(t0-)) / (I(t0 + t) - I(t0-)) [Ohm], I + on discharge.

        t0- is the last row before the step, t0 its first row. None where no row is near
        enough to t0 + t, or the current changes too little.
        """
        before, rows = rows[0], rows[1:]
        resistances: dict[str, float | None] = {}
        if not np.isfinite(before).all() or abs(rows[0, 1] - before[1]) < self._change:
            return resistances
        since = rows[:, 0] - rows[0, 0]
        for after in AFTER_S:
            resistances[f"{after:g}s"] = None
            right = int(np.searchsorted(since, after))
            if right >= len(since) or since[right] - since[max(right - 1, 0)] > after:
                continue
            current = np.interp(after, since, rows[:, 1])
            voltage = np.interp(after, since, rows[:, 2])
            if abs(current - before[1]) >= self._change:
                resistances[f"{after:g}s"] = float(-(voltage - before[2]) / (current - before[1]))
        return resistances


def _kind(way: float) -> Kind:
    return "rest" if way == 0 else "discharge" if way > 0 else "charge"


def _carried(values: np.ndarray, last: float) -> np.ndarray:
    """Return values in which what is missing is what stood there last."""
    known = np.isfinite(values)
    if known.all():
        return values
    place = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(place >= 0, values[np.maximum(place, 0)], last)


def _sum(cycle: Cycle, rows: _Rows, way: np.ndarray, part: slice) -> None:
    """Add rows to their cycle."""
    time, _, voltage = rows.rows[part].T
    charge, energy, ways = rows.charge[part], rows.energy[part], way[part]
    cycle.t_end_s = float(time[-1])
    cycle.voltage_min_V = min(cycle.voltage_min_V, float(voltage.min()))
    cycle.voltage_max_V = max(cycle.voltage_max_V, float(voltage.max()))
    cycle.charge_Ah -= float(charge[ways < 0].sum()) / 3600
    cycle.charge_Wh -= float(energy[ways < 0].sum()) / 3600
    cycle.discharge_Ah += float(charge[ways > 0].sum()) / 3600
    cycle.discharge_Wh += float(energy[ways > 0].sum()) / 3600
    if rows.temperature is not None:
        known = rows.temperature[part][np.isfinite(rows.temperature[part])]
        if len(known):
            most = float(known.max())
            cycle.temperature_max_K = max(cycle.temperature_max_K or most, most)
