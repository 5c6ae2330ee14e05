"""What is kept of a cycle: a summary row, and a thinned series as Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.columns import (
    AGED_RESISTANCE,
    COLUMNS,
    CURRENT,
    PRESSURE,
    TEMPERATURE,
    VOLTAGE,
    of_series,
)
from twin.engine import leaving
from twin.engine.checkup import Taken
from twin.engine.costs import takers
from twin.engine.criteria import Watched
from twin.engine.crowding import crowding, of_crowding
from twin.engine.plan import PlanStep
from twin.engine.sampling import at_period, sample
from twin.model.names import ISOLATED, RESISTANCE
from twin.model.observer import Observer
from twin.model.pybamm_compat import CompiledCell, StepResult
from twin.model.tables import Beyond, TableWatch, keep_worst
from twin.modes import brought
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.modes.ports import PortAt

AMBIENT = "Ambient temperature [K]"
DISCHARGED = "Discharge capacity [A.h]"
THROUGHPUT = "Throughput capacity [A.h]"
CORE = (
    CURRENT,
    VOLTAGE,
    DISCHARGED,
    THROUGHPUT,
    TEMPERATURE,
    PRESSURE,
    RESISTANCE,
    AGED_RESISTANCE,
    "Electrolyte resistance [Ohm.m2]",
    "Separator resistance [Ohm.m2]",
    "Internal short current density [A.m-2]",
)
FILLING = "stoichiometry"
_INTERFACE = (
    "conducting fraction",
    "series resistance [Ohm.m2]",
    "charge-transfer resistance [Ohm.m2]",
    "reaction overpotential [V]",
    "sodium thickness [m]",
    "sodium lost [C.m-2]",
    FILLING,
    "isolated host share",
    ISOLATED,
)
LEAST_CHARGE = 1e-4
"""Of the nominal capacity: less charge than this has no efficiency. Ratios of charges are told
to 0.1 % and better, and the solver's tolerance leaves some 1e-7 of the nominal in doubt."""


def recorded_names(
    cell: CellContext,
    modes: Iterable[FailureMode],
    watched: Iterable[Watched],
    contributions: Mapping[PortAt, Mapping[str, str]],
) -> list[str]:
    """Return the scalar variables stored for a cell and its modes, in a fixed order.

    Every contribution to a port is among them, so that losses can be told apart later.
    """
    names = list(CORE)
    names += [i(what) for i in cell.interfaces for what in _INTERFACE]
    for at, by_mode in contributions.items():
        names += [at.variable, *by_mode.values()]
    for mode in modes:
        names += brought.outputs(mode, cell)
    names += [w.criterion.variable for w in watched]
    return list(dict.fromkeys(names))


def named_inside(
    names: Iterable[str],
    cell: CellContext,
    watched: Iterable[Watched],
    contributors: Mapping[PortAt, Mapping[str, str]],
) -> list[str]:
    """Return those of the stored variables of which a row or a jump asks more than their ends."""
    asked = {DISCHARGED, THROUGHPUT, *(column.of for column in COLUMNS.values())}
    asked |= {i(FILLING) for i in cell.interfaces} | {w.criterion.variable for w in watched}
    asked |= {variable for _, _, variable in takers(contributors)}
    return [name for name in names if name in asked or of_crowding(name)]


def efficiency(charge: float, discharge: float, nominal: float) -> float | None:
    """Return what came back of what went in; None where there was too little of either."""
    return discharge / charge if min(charge, discharge) > LEAST_CHARGE * nominal else None


@dataclass
class CycleRecord:
    """The steps of one cycle as they are solved."""

    number: int
    phase: str
    t_start: float
    columns: dict[str, list[np.ndarray]] = field(default_factory=dict)
    """The series, a list of arrays, one a step, by name."""
    blocks: list[np.ndarray] = field(default_factory=list)
    """The observed ones of them, all variables of a step together."""
    ends: list[np.ndarray] = field(default_factory=list)
    """All stored variables of each step, the first and the last point of it at least."""
    steps: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    rungs: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    charge_Wh: float = 0.0
    discharge_Wh: float = 0.0
    outside: dict[str, Beyond] = field(default_factory=dict)

    @property
    def numbers(self) -> bool:
        """Whether all that was seen of the cycle is a number."""
        seen = (*self.blocks, *self.ends)
        return not np.isnan(np.concatenate([part.ravel() for part in seen])).any()

    @property
    def empty(self) -> bool:
        """Whether no step was solved."""
        return not self.columns


class Recorder:
    """Evaluates and collects the stored variables of each step.

    Parameters
    ----------
    compiled : CompiledCell
        The built cell.
    names : sequence of str
        The variables to store.
    watched : list of Watched
        The criteria, whose worst values in a cycle go into its row.
    dissipates : bool
        Whether the cell stores nothing, as a symmetric one.
    """

    def __init__(
        self,
        compiled: CompiledCell,
        names: Iterable[str],
        watched: list[Watched],
        dissipates: bool = False,
    ):
        self.dissipates = dissipates
        self.observer: Observer = compiled.observer(list(names))
        self.power: Observer = compiled.observer([CURRENT, VOLTAGE]).narrow()
        self.tables = compiled.table_watch(self.observer.names)
        self.watched = watched
        self._inside = self.observer

    def to_data(self) -> dict[str, Any]:
        """Return what was made of the model as plain data."""
        observer, power = self.observer.to_data(), self.power.to_data()
        return {"observer": observer, "power": power, "tables": self.tables.to_data()}

    @classmethod
    def from_data(
        cls, data: Mapping[str, Any], watched: list[Watched], dissipates: bool
    ) -> Recorder:
        """Return the recorder that :meth:`to_data` wrote; it needs no model."""
        made = cls.__new__(cls)
        made.dissipates, made.watched = dissipates, watched
        made.observer, made.power = (Observer.from_data(data[k]) for k in ("observer", "power"))
        made.tables = TableWatch.from_data(data["tables"])
        made._inside = made.observer
        return made

    def compile(self, names: Sequence[str] | None = None) -> None:
        """Look at points by machine code from now on, and inside of steps at some names only.

        The other variables are then stored of each step's first and last point. That serves a
        life of which no series is stored: ``names`` are those of which more than that is asked.
        """
        if names is not None:
            self._inside = self.observer.part(names)
            self._inside.compile()
        for observer in (self.observer, self.power):
            observer.compile()

    def add(self, record: CycleRecord, step: PlanStep, result: StepResult, inputs: Any) -> None:
        """Add a solved step to a cycle, at its own period if it has one.

        ``Step`` is the step's place in its phase of the protocol, counted from 0; one that was
        skipped or left out leaves a gap.
        """
        given = self.observer.given(inputs)
        sampled = sample(result, lambda t: self.power.looked(result, given, t), self.dissipates)
        record.charge_Wh += sampled.charge_Wh
        record.discharge_Wh += sampled.discharge_Wh
        if step.period is None:
            t = sampled.t[sampled.thinned()]
        else:
            t = at_period(result.t[0], result.t[-1], step.period)
        block = self._inside.looked(result, given, t)
        record.blocks.append(block)
        whole = self._inside is self.observer
        record.ends.append(block if whole else self.observer.looked(result, given, t[[0, -1]]))
        values = dict(zip(self._inside.names, block, strict=True))
        values["Time [s]"] = t
        values["Step"] = np.full(len(t), float(step.place))
        if self.tables.watches:
            for left in self.tables(t, result.at(t), inputs).values():
                keep_worst(record.outside, left)
        for name, column in values.items():
            record.columns.setdefault(name, []).append(column)
        record.steps.append(step.do)

    def values_at(
        self,
        compiled: CompiledCell,
        index: int,
        t: float,
        y: np.ndarray | None,
        user: Mapping[str, float],
        ambient: float | None = None,
    ) -> dict[str, float]:
        """Return every stored variable in a state, at the conditions of a step.

        ``index`` is the step, ``t`` [s] and ``y`` time and state (the initial one if None),
        and ``user`` the model's own inputs. With ``ambient`` the variables are those of the
        same state at that temperature [K].
        """
        state = (compiled.initial_state(user) if y is None else y).reshape(-1, 1)
        inputs = compiled.inputs(index, t, user)
        observed = self.observer(np.array([t]), state, inputs)
        if ambient is not None:
            state = state.copy()
            for name, start, stop in compiled.layout:
                if name == TEMPERATURE:  # a state where the heat is balanced, scaled from 0 K
                    state[start:stop] *= ambient / observed[TEMPERATURE][0]
            observed = self.observer(np.array([t]), state, {**inputs, AMBIENT: ambient})
        return {name: float(values[0]) for name, values in observed.items()}

    def first_values(self, record: CycleRecord) -> dict[str, float]:
        """Return every stored variable at the cycle's first point."""
        return self._values(record.ends[0][:, 0])

    def last_values(self, record: CycleRecord) -> dict[str, float]:
        """Return every stored variable at the cycle's last point."""
        return self._values(record.ends[-1][:, -1])

    def _values(self, observed: np.ndarray) -> dict[str, float]:
        return dict(zip(self.observer.names, observed.tolist(), strict=True))

    def stored(self, record: CycleRecord) -> dict[str, list[np.ndarray]]:
        """Return what is known of every stored variable: its series, or its steps' ends."""
        rows = zip(*record.ends, strict=True)
        ends = {name: [*row] for name, row in zip(self.observer.names, rows, strict=True)}
        return ends | record.columns

    def row(self, record: CycleRecord, complete: bool, nominal: float) -> dict[str, Any]:
        """Return a cycle's summary row, of a cell of a nominal capacity [A.h].

        Charges come from the model's own counters, energies from the refined points (see
        :mod:`twin.engine.sampling`); resistance is the mean over the cycle's time, at the
        ambient temperature [Ohm.m2] (see :mod:`twin.model.referred`).
        """
        whole = np.concatenate(record.blocks, axis=1)
        table = dict(zip(self._inside.names, whole, strict=True))
        t = np.concatenate(record.columns["Time [s]"])
        charge, discharge = self._charges(record)
        row: dict[str, Any] = {
            "cycle": record.number,
            "phase": record.phase,
            "complete": complete,
            "t_start_s": record.t_start,
            "t_end_s": float(t[-1]),
            "charge_Ah": charge,
            "discharge_Ah": discharge,
            "capacity_Ah": discharge,
            "charge_Wh": record.charge_Wh,
            "discharge_Wh": record.discharge_Wh,
            "coulombic_efficiency": efficiency(charge, discharge, nominal),
            **of_series(table, t),
        }
        if record.skipped:
            row["skipped_steps"] = list(record.skipped)
        if record.outside:
            row[leaving.COLUMN] = leaving.listed(record.outside)
        if record.rungs:
            row["solver_rungs"] = list(record.rungs)
        last = self.last_values(record)
        row |= {name: last[name] for name in self.observer.names}
        row |= crowding(table)
        for item in self.watched:
            name = item.criterion.variable
            if name in table:
                row[f"{name} (worst)"] = float(item.worst(table[name]))
        return row

    @staticmethod
    def _charges(record: CycleRecord) -> tuple[float, float]:
        """Return charge and discharge [A.h] from the counters, step by step."""
        charge = discharge = 0.0
        for index in range(len(record.columns[DISCHARGED])):
            in_, out = Recorder.passed(record, index)
            charge, discharge = charge + in_, discharge + out
        return float(max(charge, 0.0)), float(max(discharge, 0.0))

    @staticmethod
    def passed(record: CycleRecord, index: int) -> tuple[float, float]:
        """Return what a solved step charged and what it discharged [A.h]."""
        net, through = (record.columns[name][index] for name in (DISCHARGED, THROUGHPUT))
        d_net, d_through = float(net[-1] - net[0]), float(through[-1] - through[0])
        return (d_through - d_net) / 2, (d_through + d_net) / 2

    @staticmethod
    def parquet(record: CycleRecord) -> tuple[bytes, int]:
        """Return the cycle's series as Parquet bytes, and its number of rows.

        Dictionaries and statistics are left out: few numbers of a series repeat, and both
        cost more time, written and read, than the numbers themselves. The first bytes of all
        numbers stand together, then the second ones: neighbours' signs and exponents are
        alike, so that a quick compression makes less of them than a thorough one otherwise.
        """
        table = pa.table({n: _column(np.concatenate(p)) for n, p in record.columns.items()})
        sink = io.BytesIO()
        pq.write_table(
            table,
            sink,
            compression="lz4",
            column_encoding="BYTE_STREAM_SPLIT",
            use_dictionary=False,
            write_statistics=False,
        )
        return sink.getvalue(), table.num_rows


def _column(values: np.ndarray) -> pa.Array:
    """Return an array's numbers as Arrow's, without pandas, which ``pa.array`` asks for."""
    plain = np.ascontiguousarray(values, dtype=np.float64)
    return pa.Array.from_buffers(pa.float64(), len(plain), [None, pa.py_buffer(plain)])
