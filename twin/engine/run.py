"""The cycle loop: solve, judge, store, tell; and stop for a good reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from twin.engine import events as run_events
from twin.engine import leaving
from twin.engine.ageing import Ageing
from twin.engine.blame import Found, as_aged, gather_evidence
from twin.engine.cause_of_death import judge, nearest, no_number, standings
from twin.engine.checkpoint import State
from twin.engine.costs import takers
from twin.engine.criteria import cycle_standings
from twin.engine.cycler import CycleEnd, run_cycle
from twin.engine.outcome import Outcome, Standing
from twin.engine.plan import PlanPhase
from twin.engine.prepare import Prepared
from twin.engine.recorder import CycleRecord
from twin.engine.taken import Taken
from twin.model.layout import layout_to_text
from twin.model.parameters import nominal_capacity
from twin.status import Status

ENDS_INSIDE = (Status.CELL_FAILED, Status.LEFT_WINDOW)
"""The ends of a run that keep the row of a cycle that was not finished."""


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
        jumped: Any = (),
        ending: Mapping[str, Any] | None = None,
    ) -> None:
        """Store one cycle, the rows jumped before it, and the run's end if it is the last.

        All of it is one transaction.
        """


class Before(Protocol):
    """What is stored of the cycles before the one that a run goes on with."""

    def row(self, cycle: int) -> dict[str, Any]:
        """Return a cycle's row."""

    def state(self, cycle: int) -> Any:
        """Return the state vector at a cycle's end, as the model at hand has it."""


@dataclass(frozen=True)
class Solved:
    """A cycle that has been solved and judged, not yet stored."""

    record: CycleRecord
    end: CycleEnd
    row: dict[str, Any]
    standings: list[Standing]
    outcome: Outcome | None
    aged: dict[str, Any] = field(default_factory=dict)
    """What the cycles after it are compared with."""

    @property
    def complete(self) -> bool:
        """Whether every step was done."""
        return self.end.reason == "done" and not self.record.empty


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
    spent : callable, optional
        Tells how long the run has taken in all [s].
    before : Before, optional
        What is stored of the cycles so far, of a run that goes on.
    missing : sequence of str
        The twin's own modes that could not be loaded.
    keeps_checkpoints : bool
        Whether the sink is given what the run can be resumed from.

    Attributes
    ----------
    stored_end : Outcome or None
        The run's end, once it is stored with its last cycle.
    """

    prepared: Prepared
    sink: CycleSink
    run_id: str
    state: State
    on_cycle: Callable[[Progress], None] | None = None
    should_stop: Callable[[], bool] = field(default=lambda: False)
    spent: Callable[[], float] = field(default=lambda: 0.0)
    before: Before | None = None
    missing: Sequence[str] = ()
    keeps_checkpoints: bool = True
    stored_end: Outcome | None = field(default=None, init=False)
    _latest: tuple[Mapping[str, Any], tuple[Standing, ...]] = field(default=({}, ()), init=False)

    def run(self, cycles: int) -> Outcome:
        """Cycle up to cycle number ``cycles``, and return how the run ended."""
        first = self.state.cycle
        self._began = time.perf_counter(), self.prepared.compiled.solver_seconds
        self._layout_told = False
        self._last = self._last_cycle(cycles)
        if self.before is not None and first:
            self._latest = (self.before.row(first), ())
        outcome, latest = self._cycle_through(first, self._last)
        return self.stored_end or self._concluded(outcome or self._completed(latest))

    def _concluded(self, outcome: Outcome) -> Outcome:
        """Return the run's end with what it cost."""
        numerics = {**outcome.numerics, **self._numerics(outcome)}
        told = leaving.with_tables(replace(outcome, numerics=numerics), self.state.outside)
        return told.lacking(self.missing)

    def _numerics(self, outcome: Outcome) -> dict[str, Any]:
        began, solver = self._began
        return {
            "solver_s": self.prepared.compiled.solver_seconds - solver,
            "loop_s": time.perf_counter() - began,
        }

    def _course(self) -> dict[str, Any]:
        """Return what the loop has to know of the way so far, for the checkpoint."""
        return {}

    def _cycle_through(self, first: int, last: int) -> tuple[Outcome | None, list[Standing]]:
        """Cycle one by one; return the outcome, if the run has come to one, and the margins."""
        began = time.perf_counter()
        latest: list[Standing] = []
        for number in range(first + 1, last + 1):
            phase = self.prepared.plan.phase(number)
            assert phase is not None  # _last_cycle stops before
            outcome, standings = self._one_cycle(number, phase, number == last)
            latest = standings or latest
            if outcome is not None:
                return outcome, latest
            self._tell(began, first, number, last)
        return None, latest

    def _last_cycle(self, cycles: int) -> int:
        total = self.prepared.plan.total
        return cycles if total is None else min(cycles, total)

    def _one_cycle(
        self, number: int, phase: PlanPhase, is_last: bool
    ) -> tuple[Outcome | None, list[Standing]]:
        state = self.state
        solved = self._solve(number, phase, state.t, state.y)
        if solved.record.empty:
            return solved.outcome, []
        self._keep(solved, is_last)
        return solved.outcome, solved.standings

    def _solve(self, number: int, phase: PlanPhase, t: float, y: Any) -> Solved:
        """Solve and judge one cycle from a state; nothing is stored or moved on."""
        record, end = run_cycle(self.prepared, number, phase, t, y, self.should_stop)
        if end.reason == "stopped":
            return Solved(CycleRecord(number, phase.name, t), end, {}, [], self.cancelled())
        if record.empty:
            return Solved(record, end, {}, [], self._nothing_began(record, end))
        complete = end.reason == "done"
        nominal = nominal_capacity(self.prepared.spec)
        row = self.prepared.recorder.row(record, complete, nominal)
        row["wall_s"] = end.seconds
        of_cycle, aged = self._compare(phase, row, record, end)
        standings_now = standings(self.prepared.watched, row) + of_cycle
        taken = self._taken(record, row, aged)
        outcome = self._judge(end, row, record, of_cycle, (t, y), taken)
        if outcome is None and not record.numbers:
            stored = self.prepared.recorder.stored(record)
            nothing = self.prepared.owners.seen(self.prepared.compiled, stored)
            if nothing is not None:
                where = {"cycle": number, "time_h": end.t / 3600}
                outcome = no_number(nothing, where)
        self._note_margins(row, standings_now)
        return Solved(record, end, row, standings_now, outcome, aged)

    def _keep(
        self, solved: Solved, is_last: bool, jumped: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Move the run on to a solved cycle, and store it with the rows jumped before it."""
        state, row, end = self.state, solved.row, solved.end
        timed_out = solved.record.timed_out
        events = run_events.warnings(self.prepared, row, solved.standings, timed_out, state.warned)
        state.outside = leaving.gather(state.outside, row)
        outcome = solved.outcome
        if outcome is not None:
            events.append(run_events.death(outcome, end.t))
        if solved.complete:
            state.cycle, state.t, state.y = row["cycle"], end.t, end.y
            state.aged = solved.aged
        if solved.complete or (outcome is not None and outcome.kind in ENDS_INSIDE):
            self._latest = (row, tuple(solved.standings))
            if outcome is None and row["cycle"] == self._last:
                outcome = self._completed(solved.standings)
            self._commit(solved, is_last or outcome is not None, events, jumped, outcome)

    def _compare(
        self, phase: PlanPhase, row: dict[str, Any], record: CycleRecord, end: CycleEnd
    ) -> tuple[list[Standing], dict[str, Any]]:
        """Compare a cycle with those before it, and say in its row what its capacity is.

        The state does not move on: a cycle may be taken back.
        """
        state, reference = self.state, self.prepared.spec.end_of_life.reference_cycle
        ageing = Ageing.from_data(state.aged)
        known = state.references.get(phase.fingerprint, {})
        aged = ageing.follow(self.prepared, phase, record, row, known)
        if not row["complete"]:
            return [], state.aged
        ageing.taken = self._and_cycle(ageing.taken, record)
        if record.number >= reference and not state.first:
            state.first = dict(self._aged_at_end(record, end))
            ageing.taken = Taken(latest=ageing.taken.latest)
        return cycle_standings(aged, self.prepared.cell), ageing.to_data()

    def _and_cycle(self, taken: Taken, record: CycleRecord) -> Taken:
        """Return the charges taken with those of a cycle, and of the cycles jumped before it."""
        covered = record.number - self.state.cycle
        return taken.and_cycle(record.columns, takers(self.prepared.contributors), covered)

    def _taken(self, record: CycleRecord, row: Mapping[str, Any], aged: Mapping[str, Any]) -> Taken:
        """Return the charges taken since the reference cycle, up to the end of a cycle."""
        taken = Ageing.from_data(aged).taken
        return taken if row["complete"] else self._and_cycle(taken, record)

    def _judge(
        self,
        end: CycleEnd,
        row: dict[str, Any],
        record: CycleRecord,
        of_cycle: list[Standing],
        began: tuple[float, Any],
        taken: Taken,
    ) -> Outcome | None:
        fatal = [s for s in of_cycle if s.severity == "fatal"]
        if end.reason == "done" and all(s.margin > 0 for s in fatal):
            return None
        last = self._aged_at_end(record, end)
        current = row["current_max_A"] / self.prepared.spec.geometry.area.si
        first: Mapping[str, float] = self.state.first
        if not first:
            seen = self.prepared.recorder.first_values(record)
            first = as_aged(self.prepared, seen, record.taken[0].step, *began)
        evidence = gather_evidence(self.prepared, first, last, current, taken)
        return judge(self.prepared, end, record.number, row, of_cycle, evidence)

    def _aged_at_end(self, record: CycleRecord, end: CycleEnd) -> Mapping[str, float]:
        """Return the stored variables as a cycle left the cell, at its own temperature."""
        seen = self.prepared.recorder.last_values(record)
        return as_aged(self.prepared, seen, record.taken[-1].step, end.t, end.y)

    @staticmethod
    def _note_margins(row: dict[str, Any], standings: list[Standing]) -> None:
        row["margins"] = {f"{s.mode}: {s.criterion}": s.margin for s in standings}
        least = nearest(standings)
        if least is not None:
            row["min_margin"] = least.margin
            row["min_margin_name"] = f"{least.mode}: {least.criterion}"

    def _commit(
        self,
        solved: Solved,
        is_last: bool,
        events: list[dict[str, Any]],
        jumped: Sequence[Mapping[str, Any]],
        outcome: Outcome | None,
    ) -> None:
        """Store a cycle, with the run's end if this is it: neither is there without the other."""
        series, rows, number = None, 0, solved.record.number
        if self.prepared.settings.keeps_series(number, is_last):
            series, rows = self.prepared.recorder.parquet(solved.record)
        checkpoint, layout, ending, end = None, "", None, None
        if solved.complete and self.keeps_checkpoints:
            self.state.course = self._course()
            checkpoint = self.state.to_bytes()
            # What follows is read like it.
            layout = "" if self._layout_told else layout_to_text(self.prepared.compiled.layout)
        if outcome is not None:
            end = self._concluded(outcome)
            ending = {"status": end.kind, "outcome": end.to_dict(), "wall_s": self.spent()}
        self.sink.commit_cycle(
            self.run_id,
            number,
            solved.row,
            series=series,
            series_rows=rows,
            checkpoint=checkpoint,
            layout=layout,
            events=events,
            jumped=jumped,
            ending=ending,
        )
        self._layout_told = self._layout_told or checkpoint is not None
        self.stored_end = end

    def _tell(self, began: float, first: int, number: int, last: int) -> None:
        if self.on_cycle is None:
            return
        elapsed = time.perf_counter() - began
        rate = (number - first) / elapsed if elapsed > 0 else 0.0
        row, standings = self._latest
        self.on_cycle(
            Progress(
                run=self.run_id,
                cell=self.prepared.spec.name,
                cycle=number,
                total=last,
                row=row,
                standings=standings,
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
            kind=Status.CANCELLED,
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
            kind=Status.COMPLETED,
            cycle=self.state.cycle,
            time_h=self.state.t / 3600,
            runner_up=least,
            says=says,
        )

    def _nothing_began(self, record: CycleRecord, end: CycleEnd) -> Outcome:
        """No step of the cycle could be solved: dead at once, or never alive."""
        number = record.number
        if end.reason in ("criterion", "solver", "limit"):
            # What the cell was when the last cycle left it is all there is to go by.
            row, first = self._latest[0], self.state.first
            evidence: Mapping[str, Found] = {}
            if row and first:
                current = row["current_max_A"] / self.prepared.spec.geometry.area.si
                taken = Ageing.from_data(self.state.aged).taken
                evidence = gather_evidence(self.prepared, first, row, current, taken)
            outcome = judge(self.prepared, end, number, row, [], evidence)
            assert outcome is not None
            return outcome
        return Outcome(
            kind=Status.CELL_FAILED,
            mode="core",
            criterion="no step could begin",
            cycle=number,
            time_h=end.t / 3600,
            says="every step of the cycle had its limit behind it already: "
            + "; ".join(record.skipped),
            fix="check the voltage window against the cell's open-circuit voltage",
        )
