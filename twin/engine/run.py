"""The cycle loop: solve, judge, store, tell; and stop for a good reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from twin.engine import notices
from twin.engine.checkpoint import State
from twin.engine.criteria import cycle_standings, first_cycle_standings
from twin.engine.cycler import CycleEnd, run_cycle
from twin.engine.outcome import Outcome, Standing
from twin.engine.plan import PlanPhase
from twin.engine.prepare import Prepared
from twin.engine.recorder import CycleRecord
from twin.engine.verdict import gather_evidence, judge, nearest, standings


class CycleSink(Protocol):
    """Where finished cycles go: the store, seen from the engine."""

    def commit_cycle(
        self,
        run_id: str,
        number: int,
        row: Mapping[str, Any],
        *,
        series: bytes | None = None,
        series_rows: int = 0,
        checkpoint: bytes | None = None,
        layout: str = "",
        events: Any = (),
    ) -> None:
        """Store one cycle in one transaction."""


@dataclass(frozen=True)
class Progress:
    """What an onlooker is told after each cycle.

    ``rate`` is in cycles per second, ``eta_s`` the time left at that rate [s].
    """

    run: str
    cell: str
    cycle: int
    total: int
    row: Mapping[str, Any]
    standings: tuple[Standing, ...]
    rate: float
    eta_s: float
    elapsed_s: float


@dataclass
class RunLoop:
    """One run of a prepared cell.

    Parameters
    ----------
    prepared : Prepared
        The built cell.
    sink : CycleSink
        Where cycles are stored.
    run_id : str
        The run's id.
    state : State
        Where it starts from.
    on_cycle : callable, optional
        Called with a :class:`Progress` after each stored cycle.
    should_stop : callable, optional
        Asked between steps; the run ends as cancelled when it says True.
    """

    prepared: Prepared
    sink: CycleSink
    run_id: str
    state: State
    on_cycle: Callable[[Progress], None] | None = None
    should_stop: Callable[[], bool] = field(default=lambda: False)

    def run(self, cycles: int) -> Outcome:
        """Cycle up to cycle number ``cycles``, and return how the run ended."""
        began, first = time.perf_counter(), self.state.cycle
        solver_before = self.prepared.compiled.solver_seconds
        outcome: Outcome | None = None
        latest: list[Standing] = []
        last = self._last_cycle(cycles)
        for number in range(first + 1, last + 1):
            phase = self.prepared.plan.phase(number)
            assert phase is not None  # _last_cycle stops before
            outcome, found = self._one_cycle(number, phase, number == last)
            latest = found or latest
            if outcome is not None:
                break
            self._tell(began, first, number, last)
        if outcome is None:
            outcome = self._completed(latest)
        solver = self.prepared.compiled.solver_seconds - solver_before
        spent = time.perf_counter() - began
        numerics = {**outcome.numerics, "solver_s": solver, "loop_s": spent}
        return replace(outcome, numerics=numerics)

    def _last_cycle(self, cycles: int) -> int:
        total = self.prepared.plan.total
        return cycles if total is None else min(cycles, total)

    def _one_cycle(
        self, number: int, phase: PlanPhase, is_last: bool
    ) -> tuple[Outcome | None, list[Standing]]:
        state = self.state
        record, end = run_cycle(self.prepared, number, phase, state.t, state.y, self.should_stop)
        if end.reason == "stopped":
            return self.cancelled(), []
        if record.empty:
            return self._nothing_began(record, end), []
        complete = end.reason == "done"
        row = self.prepared.recorder.row(record, complete)
        row["wall_s"] = end.seconds
        of_cycle = self._compare(phase, row, record) if complete else []
        found = standings(self.prepared.watched, row) + of_cycle
        outcome = self._judge(end, number, row, record, of_cycle)
        self._note_margins(row, found)
        events = notices.warnings(self.prepared, row, found, record.timed_out, self.state.warned)
        if outcome is not None:
            events.append(notices.death(outcome, end.t))
        if complete:
            state.cycle, state.t, state.y = number, end.t, end.y
        if complete or (outcome is not None and outcome.kind == "cell-failed"):
            self._commit(number, row, record, complete, is_last or outcome is not None, events)
            self._latest = (row, tuple(found))
        return outcome, found

    def _compare(
        self, phase: PlanPhase, row: dict[str, Any], record: CycleRecord
    ) -> list[Standing]:
        """Compare a cycle with the first of its kind, which it may be itself."""
        state, end_of_life = self.state, self.prepared.spec.end_of_life
        if record.number < end_of_life.reference_cycle:
            return []
        stillborn: list[Standing] = []
        if not state.first:
            state.first = self.prepared.recorder.last_values(record)
            if row["discharge_Ah"] > 0 or row["charge_Ah"] > 0:
                stillborn = first_cycle_standings(row, self.prepared.cell)
        reference = state.references.setdefault(
            phase.fingerprint,
            {key: float(row[key]) for key in ("capacity_Ah", "resistance_Ohm_m2")},
        )
        return cycle_standings(row, reference, self.prepared.cell) + stillborn

    def _judge(
        self,
        end: CycleEnd,
        number: int,
        row: dict[str, Any],
        record: CycleRecord,
        of_cycle: list[Standing],
    ) -> Outcome | None:
        if end.reason == "done" and all(s.margin > 0 for s in of_cycle):
            return None
        last = self.prepared.recorder.last_values(record)
        current = row["current_max_A"] / self.prepared.spec.geometry.area.si
        first = self.state.first or self.prepared.recorder.first_values(record)
        evidence = gather_evidence(self.prepared, first, last, current)
        return judge(self.prepared, end, number, row, of_cycle, evidence)

    @staticmethod
    def _note_margins(row: dict[str, Any], found: list[Standing]) -> None:
        row["margins"] = {f"{s.mode}: {s.criterion}": s.margin for s in found}
        least = nearest(found)
        if least is not None:
            row["min_margin"] = least.margin
            row["min_margin_name"] = f"{least.mode}: {least.criterion}"

    def _commit(
        self,
        number: int,
        row: dict[str, Any],
        record: CycleRecord,
        complete: bool,
        is_last: bool,
        events: list[dict[str, Any]],
    ) -> None:
        series, rows = None, 0
        if self.prepared.settings.keeps_series(number, is_last):
            series, rows = self.prepared.recorder.parquet(record)
        checkpoint = self.state.to_bytes() if complete else None
        self.sink.commit_cycle(
            self.run_id,
            number,
            row,
            series=series,
            series_rows=rows,
            checkpoint=checkpoint,
            events=events,
        )

    def _tell(self, began: float, first: int, number: int, last: int) -> None:
        if self.on_cycle is None:
            return
        elapsed = time.perf_counter() - began
        rate = (number - first) / elapsed if elapsed > 0 else 0.0
        row, found = self._latest
        self.on_cycle(
            Progress(
                run=self.run_id,
                cell=self.prepared.spec.name,
                cycle=number,
                total=last,
                row=row,
                standings=found,
                rate=rate,
                eta_s=(last - number) / rate if rate > 0 else 0.0,
                elapsed_s=elapsed,
            )
        )

    def cancelled(self, inside: bool = False) -> Outcome:
        """Return the outcome of a run stopped by hand, between steps or ``inside`` a cycle."""
        done = self.state.cycle
        when = f"at once, inside cycle {done + 1}" if inside else f"by hand after cycle {done}"
        return Outcome(
            kind="cancelled",
            cycle=done,
            time_h=self.state.t / 3600,
            says=f"stopped {when}; what was finished is kept",
            fix=f"go on with `twin resume {self.run_id}`",
        )

    def _completed(self, latest: list[Standing]) -> Outcome:
        least = nearest(latest)
        says = f"the cell lives after {self.state.cycle} cycles"
        if least is not None:
            says += f"; nearest to failure: {least.mode}: {least.criterion}"
        return Outcome(
            kind="completed",
            cycle=self.state.cycle,
            time_h=self.state.t / 3600,
            runner_up=least,
            says=says,
        )

    def _nothing_began(self, record: CycleRecord, end: CycleEnd) -> Outcome:
        """No step of the cycle could be solved: dead at once, or never alive."""
        number = record.number
        if end.reason in ("criterion", "solver", "limit"):
            outcome = judge(self.prepared, end, number, {}, [], {})
            assert outcome is not None
            return outcome
        return Outcome(
            kind="cell-failed",
            mode="core",
            criterion="no step could begin",
            cycle=number,
            time_h=end.t / 3600,
            says="every step of the cycle had its limit behind it already: "
            + "; ".join(record.skipped),
            fix="check the voltage window against the cell's open-circuit voltage",
        )
