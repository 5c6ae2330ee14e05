"""The bench: virtual cells built once where they can be, and solved as often as asked.

A run's sweep, calibration and spread only change numbers. Those numbers stay inputs of
the built model, and a change of them is solved without building again
(:class:`twin.engine.simulator.Simulator`). Whatever else changes is built anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.catalog.cells import library, load_cell, load_protocol, mode_entries, plan_of
from twin.engine.checkpoint import State
from twin.engine.outcome import Outcome
from twin.engine.plan import Plan
from twin.engine.prepare import Prepared
from twin.engine.recorder import CycleRecord
from twin.engine.run import RunLoop
from twin.engine.settings import RunSettings
from twin.engine.simulator import Simulator
from twin.errors import InputError
from twin.lifetime.jump import JumpLoop
from twin.lifetime.kept_rows import KeptRows
from twin.modes.manager import plugin_manager
from twin.specs.dump import with_overrides
from twin.specs.overrides import PROTOCOL, joined_overrides, split_overrides
from twin.specs.protocol import Protocol
from twin.status import Status
from twin.validation.beyond import beyond_death, laid
from twin.validation.schema import Case, Run
from twin.validation.stairs import StairData

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

Changes = Mapping[str, Any]
# Series are kept of every cycle, or of the first ones and the last.
_ALL, _FEW = 1, 10**9
# A run of so many cycles is followed as `twin life` follows one: a jump is checked against
# the cycle after it to a thousandth of the capacity, finer than any tolerance here.
_LONG = 30
_BUILDS = 16
"""So many builds of a run are kept: its sweep may change what needs one."""


@dataclass
class RunData(KeptRows):
    """One solved run.

    Attributes
    ----------
    spec : CellSpec
        The cell as it was solved.
    outcome : Outcome
        How it ended.
    tables : dict
        The time series of the cycles kept, by cycle: arrays by variable.
    """

    spec: CellSpec
    outcome: Outcome
    tables: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)

    def commit_cycle(self, run_id: str, number: int, row: Mapping[str, Any], **more: Any) -> None:
        """Keep a cycle, those jumped before it, and its series."""
        super().commit_cycle(run_id, number, row, **more)
        if more.get("series") is not None:
            self.tables[number] = more["series"]


class CaseBench:
    """The runs of one case.

    Parameters
    ----------
    case : Case
        The case.
    """

    def __init__(self, case: Case):
        self.case = case
        self.solved = 0
        self._bases: dict[str, CellSpec] = {}
        self._simulators: dict[str, Simulator] = {}
        self._data: dict[Any, RunData | StairData] = {}
        self._numbers = _numeric_keys(case)
        self._whole = _need_series(case)
        self._also = sorted({s.variable for s in case.see.values() if s.variable is not None})

    def base(self, name: str) -> CellSpec:
        """Return a run's cell, before anything is changed."""
        if name not in self._bases:
            run = self.case.run[name]
            assert run.cell is not None  # the loader sees to it
            patch = run.patch
            if run.beyond_death:
                # Of the modes that are at work: another cannot end it.
                modes = [mode for mode in plugin_manager().modes.values() if mode.id in run.modes]
                patch = laid(beyond_death(modes), patch)
            self._bases[name] = load_cell(run.cell, overlays=run.overlays, overrides=patch)
        return self._bases[name]

    def cell(self, name: str, changes: Changes) -> CellSpec:
        """Return a run's cell with changes."""
        for_cell, _ = split_overrides(changes)
        base = self.base(name)
        if not for_cell:
            return base
        return with_overrides(base, for_cell, mode_entries(), library=library())

    def solve(self, name: str, changes: Changes) -> RunData | StairData:
        """Return a run's data, solving it unless that has been done."""
        key = (name, tuple(sorted((k, str(v)) for k, v in changes.items())))
        if key not in self._data:
            self._data[key] = self._solve(name, changes)
        return self._data[key]

    def _solve(self, name: str, changes: Changes) -> RunData | StairData:
        run = self.case.run[name]
        spec = self.cell(name, changes)
        self.solved += 1
        if run.staircase is not None:
            chosen = plugin_manager().select(run.modes, (), spec.kind)
            return StairData(spec, chosen, run.staircase)
        plan = self._plan(run, spec, changes)
        cycles = run.cycles or plan.total
        if cycles is None:
            raise InputError(
                f"run {name!r} has no end", key=f"run.{name}.cycles", fix="say how many cycles"
            )
        prepared = self._prepared(name, spec, plan)
        data = RunData(spec, Outcome(Status.COMPLETED))
        jumps = cycles >= _LONG and not run.exact and name not in self._whole
        kind = JumpLoop if jumps else RunLoop
        loop = kind(prepared, data, f"{self.case.name}/{name}", State(0, 0.0, None))
        data.outcome = loop.run(cycles)
        return data

    def _plan(self, run: Run, spec: CellSpec, changes: Changes) -> Plan:
        _, own = split_overrides(changes)
        if not run.phase:
            rules = load_protocol(run.protocol, spec, joined_overrides(run.parameters, own))
        else:
            rules = Protocol.from_data(
                {
                    "schema": 1,
                    "name": self.case.name,
                    "title": self.case.title,
                    "parameters": dict(joined_overrides(run.parameters, own)),
                    "phase": list(run.phase),
                }
            )
        return plan_of(rules, spec)

    @property
    def built(self) -> int:
        """How many builds there have been."""
        return sum(simulator.built for simulator in self._simulators.values())

    def _prepared(self, name: str, spec: CellSpec, plan: Plan) -> Prepared:
        if name not in self._simulators:
            run = self.case.run[name]
            chosen = plugin_manager().select(run.modes, (), spec.kind)
            series = _ALL if name in self._whole else _FEW
            self._simulators[name] = Simulator(
                self.base(name),
                chosen,
                RunSettings(run.model, run.rtol, run.atol, series),
                self._numbers,
                also=self._also,
                keep=_BUILDS,
            )
        prepared = self._simulators[name].at(spec, plan)
        # Nothing is stored: the series stay arrays, which is three times as fast.
        prepared.recorder.parquet = _arrays  # type: ignore[method-assign,assignment]
        return prepared


def _arrays(record: CycleRecord) -> tuple[dict[str, np.ndarray], int]:
    table = {name: np.concatenate(parts) for name, parts in record.columns.items()}
    return table, len(table["Time [s]"])


def _numeric_keys(case: Case) -> list[str]:
    """Return the keys that sweeps, calibrations and spreads change, and that may stay free.

    What stands in ``thermal`` and ``geometry`` goes into many parameters and into the
    steps themselves.
    """
    keys = [run.vary.key for run in case.run.values() if run.vary is not None]
    keys += [fit.key for fit in case.calibrate]
    keys += [key for row in case.row for key in row.spread]
    apart = (PROTOCOL, "calibrate.", "thermal.", "geometry.", "window.")
    return sorted({key for key in keys if not key.startswith(apart)})


def _need_series(case: Case) -> set[str]:
    """Return the runs that are looked at inside their cycles."""
    only = next(iter(case.run))
    runs = set()
    for seen in case.see.values():
        run = seen.run or only
        inside = seen.take == "precedes" or seen.at not in ("start", "end")
        looks_inside = seen.take in ("polarisation", "curve", "interface-resistance")
        if looks_inside and seen.cycle not in (None, 1, 2, 3):
            inside = seen.cycle != case.run[run].cycles  # the first and the last are kept
        if inside:
            runs.add(run)
    return runs
