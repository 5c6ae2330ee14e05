"""The cycle loop that jumps: few cycles simulated, all covered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from twin.engine.outcome import Outcome, Standing
from twin.engine.run import Before, RunLoop, Solved
from twin.lifetime.corrector import Corrector
from twin.lifetime.envelope import Envelope, crossing, onward
from twin.lifetime.error_budget import ErrorBudget
from twin.lifetime.error_control import BENDS, ErrorEstimate, bend, judge, stale_share
from twin.lifetime.fast_state import FastState
from twin.lifetime.interpolation import MOST_POINTS as ANCHORS
from twin.lifetime.jump_size import SHORTEST, JumpSettings, JumpSize
from twin.lifetime.rows import between, error_between
from twin.lifetime.settling import Settling
from twin.lifetime.slow import Slow, find_slow
from twin.status import Status

HOPELESS = 20.0
"""An error so many times what is allowed is not made small by simulating the cycle again, nor
is a capacity that bends made straight."""


Learn = Callable[[int, ErrorEstimate], None]
"""Told of the cycle a jump has led to, and of what it leaves in doubt."""


@dataclass
class JumpLoop(RunLoop):
    """A :class:`RunLoop` that simulates only the cycles it has to.

    After a few single cycles it predicts the slow states some cycles ahead
    (:class:`Envelope`), simulates one cycle there and corrects the prediction with it.
    A jump is taken back when the correction is too large or when the cell died in the
    cycle after it; so a death is always that of a cell whose last cycles were simulated
    one by one.

    Parameters
    ----------
    jump : JumpSettings
        How far it may jump.
    keeps_jumped : bool
        Whether the sink is given rows of the cycles that were jumped over.
    """

    jump: JumpSettings = field(default_factory=JumpSettings)
    keeps_jumped: bool = True

    def run(self, cycles: int) -> Outcome:
        """Cover cycles up to number ``cycles``, and return how the run ended."""
        self.budget = ErrorBudget()
        self.envelope, self.settling = Envelope(), Settling()
        self.anchors: list[dict[str, Any]] = []
        self.jump_size = JumpSize(self.jump)
        self.slow, self.notes = find_slow(self.prepared)
        self.fast_state = FastState(self._filled)
        self._fatal_before: list[str] = []
        if self.before is not None and self.state.cycle:
            self._take_up(self.before)
        return super().run(cycles)

    def _numerics(self, outcome: Outcome) -> dict[str, Any]:
        return {
            **super()._numerics(outcome),
            "cycles_simulated": self.budget.simulated,
            "estimated_capacity_error": self.budget.worst_error,
            "estimated_death_error_cycles": self._death_error(outcome),
            "slowed": self.budget.slowed,
            "notes": self.notes,
        }

    def _course(self) -> dict[str, Any]:
        return {
            "tally": asdict(self.budget),
            "pace": self.jump_size.to_data(),
            "envelope": self.envelope.to_data(),
            "settling": self.settling.to_data(),
            "carried": self.fast_state.to_data(),
            "anchors": [row["cycle"] for row in self.anchors],
            "fatal": self._fatal,
        }

    def _take_up(self, before: Before) -> None:
        """Go on as if there had been no interruption.

        What is in doubt stays so; a branch that changes the cell has nothing else to go by,
        and neither has a life whose checkpoints are older than this.
        """
        course = self.state.course
        if "tally" not in course:
            self.budget = ErrorBudget.of_row(before.row(self.state.cycle))
            return
        self.budget = ErrorBudget(**course["tally"])
        if "pace" not in course:
            return
        self.jump_size = JumpSize.from_data(self.jump, course["pace"])
        self.envelope = Envelope.from_data(course["envelope"])
        self.settling = Settling.from_data(course.get("settling", []))
        carried = course["carried"]
        self.fast_state = FastState(self._filled, carried["origin"])
        for cycle in carried["cycles"]:
            self.fast_state.add(cycle, before.state(cycle))
        self.anchors = [_as_solved(before.row(cycle)) for cycle in course["anchors"]]
        self._fatal_before = course["fatal"]

    @property
    def _fatal(self) -> list[str]:
        """The criteria that kill, by name, in one order."""
        labels = {f"{s.mode}: {s.criterion}" for s in self._latest[1] if s.severity == "fatal"}
        return sorted(labels) or self._fatal_before

    def _cycle_through(self, first: int, last: int) -> tuple[Outcome | None, list[Standing]]:
        began = time.perf_counter()
        latest: list[Standing] = []
        while self.state.cycle < last:
            solved = self._jump(last) if self.slow is not None else None
            if solved is None:
                solved = self._single(last)
            latest = solved.standings or latest
            if solved.outcome is not None:
                return solved.outcome, latest
            self._tell(began, first, self.state.cycle, last)
        return None, latest

    def _death_error(self, outcome: Outcome) -> float | None:
        if outcome.kind != Status.CELL_FAILED:
            return None
        row = self._latest[0]
        return self.budget.death_error(row.get("min_margin_name", ""), self.anchors)

    # ------------------------------------------------------------ one cycle

    def _single(self, last: int) -> Solved:
        state = self.state
        number = state.cycle + 1
        phase = self.prepared.plan.phase(number)
        assert phase is not None
        if phase is not self.prepared.plan.phase(max(number - 1, 1)):
            self._start_over(number - 1)
        before = (state.t, state.y)
        solved = self._try(number, state.t, state.y)
        if solved.record.empty:
            return solved
        self._price(solved.row)
        if solved.complete and self.slow is not None and before[1] is not None:
            self.envelope.add(number - 1, self._increment(before, solved))
        self.jump_size.alone += 1
        self._accept(solved, number == last, [])
        return solved

    @property
    def _here(self) -> np.ndarray:
        """The state after the last cycle; there is one after the first."""
        assert self.state.y is not None
        return self.state.y

    def _start_over(self, cycle: int) -> None:
        """Begin the envelope anew: another phase has other increments."""
        self.envelope, self.settling = Envelope(origin=cycle), Settling()
        self.anchors, self.fast_state = [], FastState(self._filled, cycle)
        self.jump_size = JumpSize(self.jump)

    def _increment(self, before: tuple[float, Any], solved: Solved) -> np.ndarray:
        assert self.slow is not None
        recorder, end = self.prepared.recorder, solved.end
        first, last = (
            values(solved.record) for values in (recorder.first_values, recorder.last_values)
        )
        return self.slow.increment(before, (end.t, end.y), first, last)

    def _try(self, number: int, t: float, y: Any) -> Solved:
        phase = self.prepared.plan.phase(number)
        assert phase is not None
        self.budget.simulated += 1
        return self._solve(number, phase, t, y)

    def _accept(self, solved: Solved, is_last: bool, jumped: list[dict[str, Any]]) -> None:
        """Note all that a cycle tells, and store it with that."""
        self.budget.told(solved.row["estimated_capacity_error"])
        if solved.complete:
            self.anchors = [*self.anchors, solved.row][-ANCHORS:]
            self.fast_state.add(solved.row["cycle"], solved.end.y)
        self._keep(solved, is_last, jumped)

    def _price(self, row: dict[str, Any]) -> None:
        row["cycles_simulated"] = self.budget.simulated
        row["estimated_capacity_error"] = self.budget.error_of([*self.anchors, row])

    # ---------------------------------------------------------------- jumps

    def _jump(self, last: int) -> Solved | None:
        """Jump and simulate the cycle after; None if the next cycle has to be a single one."""
        first, spent = self.state.cycle, self.budget.simulated
        length, why = self._length(last)
        rejected = 0

        def learn(number: int, estimate: ErrorEstimate) -> None:
            if why:
                self.budget.slow(first + 1, number, why)
            paid = number - first > self.budget.simulated - spent
            self.jump_size.accepted(length, estimate.error, rejected=rejected, paid=paid)

        while length >= SHORTEST:
            solved, estimate = self._attempt(length, learn)
            if solved is not None and solved.outcome is not None and solved.end.reason == "stopped":
                return solved
            if solved is not None and estimate.error <= 1.0:
                return solved
            rejected += 1
            length, why = self.jump_size.shortened(length, estimate.error), estimate.why
        if why:
            self.budget.slow(first + 1, first + 1, why)
        if self.jump_size.alone >= self.jump.settle:
            self.envelope.forget()
        self.jump_size.given_up(rejected)
        return None

    def _length(self, last: int) -> tuple[int, str]:
        """Return how many cycles to jump, and what limits them (empty: only growth)."""
        state, plan = self.state, self.prepared.plan
        settled = not self.jump_size.rests and len(self.envelope.points) >= 2
        past_reference = state.cycle > self.prepared.spec.end_of_life.reference_cycle
        new_phase = plan.phase(state.cycle + 1) is not plan.phase(max(state.cycle, 1))
        if new_phase or not settled or not past_reference or not self.anchors:
            return 0, ""
        phase = plan.phase(state.cycle + 1)
        end = last
        if phase is not None and phase.cycles is not None:
            while end > state.cycle and plan.phase(end) is not phase:
                end -= 1
        away, name = self._to_failure(end - state.cycle)
        length, why = self.jump_size.before_failure(state.cycle, away, name)
        left = max(end - state.cycle - 1, 0)
        return (left, "") if left < length else (length, why)

    def _to_failure(self, horizon: int) -> tuple[int | None, str]:
        """Return in how many cycles which fatal criterion is predicted to be met."""
        rows = self.anchors
        here = self.envelope.clock(np.array([row["cycle"] for row in rows]))
        ahead = np.arange(1, horizon + 1)
        extrapolated = onward(here, self.envelope.clock(self.state.cycle + ahead))
        nearest: tuple[int | None, str] = (None, "")
        for name in self._fatal:  # of two in the same cycle, always the same
            values = np.array([row["margins"].get(name, np.nan) for row in rows])
            if len(rows) < 2 or not np.isfinite(values).all():
                continue
            crossed = crossing(values, extrapolated)
            if crossed is not None and (nearest[0] is None or crossed + 1 < nearest[0]):
                nearest = crossed + 1, name
        return nearest

    def _attempt(self, length: int, learn: Learn) -> tuple[Solved | None, ErrorEstimate]:
        """Jump, simulate, correct; accept if the error allows.

        ``learn`` is told of the cycle accepted before it is stored. Returns that cycle (or
        None), and what is in doubt.
        """
        slow, state = self.slow, self.state
        assert isinstance(slow, Slow)
        n, number = state.cycle, state.cycle + length + 1
        corrector = Corrector(self.envelope, self.settling, slow, self._here, n, length)
        by = corrector.predicted(self.fast_state.latest(2))
        fast = self._fast(n + length)
        estimate, differential = ErrorEstimate(np.inf), self.prepared.compiled.differential
        for last in (False, True, True):
            t, y = state.t + float(by[-1]), slow.moved(self._here, by, fast)
            solved = self._try(number, t, y)
            if solved.end.reason == "stopped":
                return solved, ErrorEstimate(0.0)
            if solved.outcome is not None or not solved.complete:
                died = solved.outcome.criterion if solved.outcome else "an incomplete cycle"
                why = f"dead after a jump: {died}"
                self.jump_size.found_dead(number, why)
                return None, ErrorEstimate(np.inf, why=why)
            found = corrector.corrected(by, y, self._increment((t, y), solved))
            # The cycle has found its own fast state: one earlier, it was nearly there.
            healed = self._here + (solved.end.y - self._here) * length / (length + 1)
            after, stale = found.change + found.increment, healed - y
            estimate = self._estimate(solved, found.off, after, stale)
            if estimate.error <= 1.0:
                self.envelope.add(number - 1, found.increment)
                learn(number, estimate)
                self._take(solved, number, found.left, estimate)
                return solved, estimate
            likely = estimate
            if found.likely is not found.off:
                likely = self._estimate(solved, found.likely, after, stale)
            hopeless = likely.error > HOPELESS or likely.why == BENDS
            if hopeless or (last and not found.settling):
                break
            corrector.suspects = likely.of_each > 1.0
            fast = np.concatenate([healed[:differential], y[differential:]])
            by = found.next_by
        return None, estimate

    def _estimate(
        self, solved: Solved, off: np.ndarray, change: np.ndarray, stale: np.ndarray
    ) -> ErrorEstimate:
        """Return what the correction of a jump puts in doubt.

        A slow state that turns round on the way is measured by what it would have changed
        at the fastest of its known paces.
        """
        slow, last = self.slow, self.anchors[-1]
        assert isinstance(slow, Slow)
        rate = np.max([np.abs(increment) for _, increment in self.envelope.points], axis=0)
        moved = np.maximum(np.abs(change), (solved.row["cycle"] - last["cycle"]) * rate)
        rows = [*self.anchors, solved.row]
        share = stale_share(slow, self.jump, slow.filled(stale), solved.record.columns)
        estimate = judge(slow, self.jump, slow.sizes(self._here), off, moved, share, rows)
        bent = bend(self.jump, rows, self.envelope.origin)
        return (
            replace(estimate, error=bent.error, why=bent.why)
            if bent.error > estimate.error
            else estimate
        )

    def _take(self, solved: Solved, number: int, left: np.ndarray, estimate: ErrorEstimate) -> None:
        """Accept the cycle after a jump, its end corrected."""
        slow, last = self.slow, self.anchors[-1]
        assert isinstance(slow, Slow)
        self.budget.jumped(estimate.share, estimate.late, last, solved.row)
        solved.end.y = slow.moved(solved.end.y, left)
        solved.end.t += float(left[-1])
        solved.row["t_end_s"] += float(left[-1])
        solved.row["t_start_s"] += float(left[-1])
        fatal = {f"{s.mode}: {s.criterion}" for s in solved.standings if s.severity == "fatal"}
        self._price(solved.row)
        rows, origin = [*self.anchors, solved.row], self.envelope.origin
        self.budget.told(error_between(rows, origin))
        jumped = between(rows, origin, fatal) if self.keeps_jumped else []
        self._accept(solved, number == self._last, jumped)

    def _fast(self, cycle: int) -> np.ndarray:
        """Return the state after the last cycle, with the fillings carried on to a later one."""
        assert self.slow is not None
        fast, carried = self._here.copy(), self.fast_state.at(cycle)
        for host in self.slow.hosts:
            fast[host.rows] = carried[host.rows]
        return fast

    def _filled(self, y: np.ndarray) -> np.ndarray:
        return self.slow.filled(y) if self.slow is not None else np.zeros(0)


def _as_solved(row: dict[str, Any]) -> dict[str, Any]:
    """Return a stored row as it was when it was solved: the store has no NaN."""
    margins = {k: np.nan if m is None else m for k, m in row.get("margins", {}).items()}
    return {**row, "margins": margins}
