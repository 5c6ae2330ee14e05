"""What is in a measured table: steps, cycles, pulses, rests, capacities and resistances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from twin.measured.quantities import CURRENT, CYCLE, STEP, TEMPERATURE, TIME, VOLTAGE
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
_ROWS_OF_START = 4000
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


class _Open:
    """A step that is still going on: its sums, and the rows of its beginning."""

    def __init__(self, kind: Kind, cycle: int, start: float):
        self.step = Step(kind, cycle, start)
        self.sum_current = self.sum_temperature = 0.0
        self.least_current = self.least_voltage = np.inf
        self.most_current = self.most_voltage = -np.inf
        self.beginning: list[np.ndarray] = []
        self.kept = 0


class Finder:
    """Finds what is in a table, chunk by chunk.

    The charge of a step is the current's integral over time, by the trapezoidal rule inside
    a step; the interval between two steps counts to the second, at its current.

    Parameters
    ----------
    largest : float
        The largest current of the whole table [A], without sign: what is rest goes by it.
    """

    def __init__(self, largest: float):
        self.found = Found()
        self._none = AT_REST * largest
        self._change = CHANGE * largest
        self._open: _Open | None = None
        self._last: np.ndarray | None = None  # time, current, voltage of the row before
        self._key: tuple[float, ...] | None = None
        self._cycle_now = 1
        self._first_way = 0
        self._last_way = 0
        self._own_first: float | None = None

    def __call__(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield each chunk with its cycles counted from 1; ``found`` is complete at the end."""
        for chunk in chunks:
            yield self._take(chunk)
        self._close()

    def _take(self, chunk: Chunk) -> Chunk:
        current = chunk[CURRENT]
        way = np.where(np.abs(current) <= self._none, 0.0, np.sign(current))
        step = np.nan_to_num(chunk.get(STEP, np.zeros(len(way))), nan=-1.0)
        own = chunk.get(CYCLE)
        usable = own is not None and bool(np.isfinite(own).all())
        self.found.own_cycles = self.found.own_cycles or usable
        number = own if usable and own is not None else np.zeros(len(way))
        keys = np.column_stack([way, step, number])
        changes = (np.diff(keys, axis=0) != 0).any(axis=1)
        first = self._key is None or tuple(keys[0]) != self._key
        starts = np.flatnonzero(np.append(first, changes))
        bounds = np.unique(np.concatenate([[0], starts, [len(way)]]))
        begins = set(starts.tolist())
        cycles = np.empty(len(way))
        for start, end in itertools.pairwise(bounds):
            if int(start) in begins:
                self._begin(keys[start], chunk, int(start), usable)
            cycles[start:end] = self._cycle_now
            self._add(chunk, int(start), int(end))
        self._key = tuple(keys[-1])
        return {**chunk, CYCLE: cycles}

    def _begin(self, key: np.ndarray, chunk: Chunk, start: int, usable: bool) -> None:
        self._close()
        way = int(key[0])
        if usable:
            if self._own_first is None:
                self._own_first = float(key[2])
            self._cycle_now = max(int(key[2] - self._own_first) + 1, 1)
        elif way:
            self._first_way = self._first_way or way
            # A cycle begins when the current turns back to the way it first flowed.
            if way == self._first_way and self._last_way == -way:
                self._cycle_now += 1
            self._last_way = way
        kind: Kind = "rest" if way == 0 else "discharge" if way > 0 else "charge"
        self._open = _Open(kind, self._cycle_now, float(chunk[TIME][start]))
        if not self.found.cycles or self.found.cycles[-1].cycle != self._cycle_now:
            self.found.cycles.append(Cycle(self._cycle_now, float(chunk[TIME][start])))

    def _add(self, chunk: Chunk, start: int, end: int) -> None:
        opened = self._open
        assert opened is not None
        part = {name: values[start:end] for name, values in chunk.items()}
        time, current, voltage = part[TIME], part[CURRENT], part[VOLTAGE]
        step = opened.step
        rows = np.column_stack([time, current, voltage])
        charge, energy = _integrals(rows, self._last, inside=step.rows > 0)
        if step.rows == 0:
            step.voltage_start_V = float(voltage[0])
            opened.beginning.append(
                np.full((1, 3), np.nan) if self._last is None else self._last[None, :]
            )
        soon = time <= step.t_start_s + 2 * AFTER_S[-1]
        if soon.any() and opened.kept < _ROWS_OF_START:
            kept = rows[: min(int(soon.sum()) + 1, _ROWS_OF_START)]
            opened.beginning.append(kept)
            opened.kept += len(kept)
        elif opened.kept and opened.kept < _ROWS_OF_START and len(opened.beginning) < 8:
            opened.beginning.append(rows[:1])
        step.rows += end - start
        step.t_end_s, step.voltage_end_V = float(time[-1]), float(voltage[-1])
        step.charge_Ah += charge
        step.energy_Wh += energy
        opened.sum_current += float(current.sum())
        opened.least_current = min(opened.least_current, float(current.min()))
        opened.most_current = max(opened.most_current, float(current.max()))
        opened.least_voltage = min(opened.least_voltage, float(voltage.min()))
        opened.most_voltage = max(opened.most_voltage, float(voltage.max()))
        if TEMPERATURE in part:
            opened.sum_temperature += float(part[TEMPERATURE].sum())
        self._cycle(step.kind, charge, energy, part)
        self._last = rows[-1]

    def _cycle(self, kind: Kind, charge: float, energy: float, part: Chunk) -> None:
        cycle = self.found.cycles[-1]
        cycle.t_end_s = float(part[TIME][-1])
        cycle.voltage_min_V = min(cycle.voltage_min_V, float(part[VOLTAGE].min()))
        cycle.voltage_max_V = max(cycle.voltage_max_V, float(part[VOLTAGE].max()))
        if TEMPERATURE in part and np.isfinite(part[TEMPERATURE]).any():
            most = float(np.nanmax(part[TEMPERATURE]))
            cycle.temperature_max_K = max(cycle.temperature_max_K or most, most)
        if kind == "charge":
            cycle.charge_Ah += charge
            cycle.charge_Wh += energy
        elif kind == "discharge":
            cycle.discharge_Ah += charge
            cycle.discharge_Wh += energy

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
        found: dict[str, float | None] = {}
        if not np.isfinite(before).all() or abs(rows[0, 1] - before[1]) < self._change:
            return found
        since = rows[:, 0] - rows[0, 0]
        for after in AFTER_S:
            found[f"{after:g}s"] = None
            right = int(np.searchsorted(since, after))
            if right >= len(since) or since[right] - since[max(right - 1, 0)] > after:
                continue
            current = np.interp(after, since, rows[:, 1])
            voltage = np.interp(after, since, rows[:, 2])
            if abs(current - before[1]) >= self._change:
                found[f"{after:g}s"] = float(-(voltage - before[2]) / (current - before[1]))
        return found


def _integrals(rows: np.ndarray, last: np.ndarray | None, *, inside: bool) -> tuple[float, float]:
    """Return the charge [A.h] and the energy [W.h] of rows, and of the interval before them."""
    time, current, voltage = rows.T
    power = current * voltage
    charge = float(np.trapezoid(current, time))
    energy = float(np.trapezoid(power, time))
    if last is not None:
        interval = float(time[0] - last[0])
        if inside:
            charge += interval * (current[0] + last[1]) / 2
            energy += interval * (power[0] + last[1] * last[2]) / 2
        else:
            charge += interval * current[0]
            energy += interval * power[0]
    return float(abs(charge)) / 3600, float(abs(energy)) / 3600
