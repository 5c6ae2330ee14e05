"""Running cases: calibrate, look, judge, and put it in the table's words."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from twin.errors import Problem, SpecError, TwinError
from twin.validation.bench import CaseBench
from twin.validation.calibration import Calibrator, Fitted, calibrated_index
from twin.validation.check import refuse_unfit
from twin.validation.line import MISSED, PREDICTED, WITHIN, Line
from twin.validation.loader import load_case
from twin.validation.observables import Eye
from twin.validation.parity import quantity_of
from twin.validation.schema import Case, Row
from twin.validation.tolerance import Value


@dataclass(frozen=True)
class Progress:
    """How far a table is: cases done, their lines, and the time.

    ``rate`` is in cases per second, ``eta_s`` the time left at that rate [s].
    """

    case: str
    done: int
    total: int
    lines: list[Line] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def rate(self) -> float:
        """Cases per second."""
        return self.done / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def eta_s(self) -> float:
        """Time left [s]."""
        return (self.total - self.done) / self.rate if self.rate > 0 else 0.0


def run_case(case: Case | str | Path) -> list[Line]:
    """Run a case and return its lines.

    A case that cannot be run here (a plugin is missing, say) is missed in every line,
    with the reason. Where a calibration does not reach its target, the cell's own numbers
    stand, and what is missed or predicted says so.

    Raises
    ------
    TwinError
        If the case itself cannot be read, or looks at a variable or in a unit that does
        not fit.
    """
    source = None if isinstance(case, Case) else case
    case = case if isinstance(case, Case) else load_case(case)
    refuse_unfit(case, CaseBench(case), source)
    return _lines(case)


def _lines(case: Case | str) -> list[Line]:
    """Run a case that has been checked."""
    case = case if isinstance(case, Case) else load_case(case)
    began = time.perf_counter()
    eye = Eye(CaseBench(case))
    calibrator = Calibrator(eye)
    fitted: list[Fitted | None] = []
    problems: dict[int, str] = {}
    try:
        fitted, errors = calibrator.fit_each([fit.target for fit in case.calibrate])
        problems = {k: error.problems[0].message for k, error in errors.items()}
    except TwinError as error:
        problems = dict.fromkeys(range(len(case.calibrate)), error.problems[0].message)
    lines = [_line(row, eye, calibrator, fitted, problems) for row in case.row]
    for line in lines:
        line.wall_s = time.perf_counter() - began
    return lines


def _blank(row: Row, eye: Eye, fitted: Sequence[Fitted | None] = ()) -> Line:
    """Return a row's line before anything is simulated."""
    case = eye.case
    seen = case.see[row.see]
    run = case.run[seen.run or next(iter(case.run))]
    target = row.see in {fit.on for fit in case.calibrate}
    return Line(
        case=case.name,
        cell=str(run.cell),
        says=row.says,
        measured=row.measured,
        simulated=None,
        unit=eye.unit(row.see),
        tolerance=row.tolerance,
        status=PREDICTED if row.predict else MISSED,
        calibrated=[str(value) for value in fitted if value is not None],
        source=case.source,
        role="predicted" if row.predict else "calibrated" if target else "compared",
        test=case.test,
        why=row.why,
        tested=row.tested,
        two_sided=row.two_sided,
        quantity=quantity_of(case, row.see),
    )


def _line(
    row: Row,
    eye: Eye,
    calibrator: Calibrator,
    fitted: Sequence[Fitted | None],
    problems: dict[int, str],
) -> Line:
    line = _blank(row, eye, fitted)
    cut: list[str] = []
    try:
        line.simulated = eye.see(row.see, calibrator.changes(fitted))
        line.curve = eye.curve(row.see, calibrator.changes(fitted))
        if row.spread:
            line.low, line.high, cut = _spread(row, eye, calibrator, fitted, line.simulated)
    except TwinError as error:
        line.status, line.simulated = MISSED, None
        line.why = " ".join(p for p in (row.why, error.problems[0].message) if p)
        return line
    _judge(line, row)
    fits = eye.case.calibrate
    if any(fits[k].on == row.see for k in problems):
        # What was to be hit was not, and nothing was set on it.
        line.status, line.role = MISSED, "predicted" if row.predict else "uncalibrated"
    told = [text for k, text in problems.items() if _touches(calibrator, k, row.see)]
    if told and line.status != WITHIN:
        said = f"not calibrated, the cell's own numbers stand: {'; '.join(dict.fromkeys(told))}"
        line.why = ". ".join(part for part in (line.why, said) if part)
    if cut:
        said = f"the spread is cut short: {'; '.join(dict.fromkeys(cut))}"
        line.why = ". ".join(part for part in (line.why, said) if part)
    if line.status == MISSED:
        died = eye.death(row.see, calibrator.changes(fitted))
        line.why = ". ".join(part for part in (line.why, died) if part)
    return line


def _touches(calibrator: Calibrator, k: int, name: str) -> bool:
    try:
        return calibrator.touches(k, name)
    except TwinError:
        return True  # its key is in no cell: every line is told


def _judge(line: Line, row: Row) -> None:
    measured, simulated = _number(row.measured), line.simulated
    if isinstance(measured, int | float) and isinstance(simulated, float) and measured:
        line.ratio = simulated / measured
    band = row.band
    if band is None or simulated is None:
        return
    line.status = WITHIN if band.allows(simulated, measured) else MISSED
    if line.status == WITHIN:
        # The reason in the file is for a miss.
        line.why, line.tested = "", None


def _number(value: Value | int | None) -> Value | None:
    return float(value) if isinstance(value, int | float) else value


def _spread(
    row: Row, eye: Eye, calibrator: Calibrator, fitted: Sequence[Fitted | None], best: Value
) -> tuple[float | None, float | None, list[str]]:
    """Return the least and the greatest prediction, one range after another at its ends.

    The calibration is repeated each time: what is uncertain must not spoil the fit. An end at
    which there is no calibration is left out, and why is told.
    """
    if isinstance(best, str):
        return None, None, []
    case, spread_values = eye.case, [best]
    cut: list[str] = []
    targets = [fit.target for fit in case.calibrate]
    for key, ends in row.spread.items():
        for end in ends:
            whole = bool(fitted) and None not in fitted
            aims, more, values = targets, {key: end}, fitted
            index = calibrated_index(key, len(targets))
            if index is not None:
                if not whole:
                    continue
                aims = [float(end) if k == index else t for k, t in enumerate(targets)]
                more = {}
            if whole:
                try:
                    values = calibrator.fit(aims, more)
                except TwinError as error:
                    cut.append(f"{key} = {end}: {error.problems[0].message}")
                    continue
            value = eye.see(row.see, calibrator.changes(values, more))
            if isinstance(value, float) and math.isfinite(value):
                spread_values.append(value)
    return (
        (min(spread_values), max(spread_values), cut)
        if len(spread_values) > 1
        else (None, None, cut)
    )


def validate(
    cases: Iterable[str | Path],
    *,
    jobs: int = 1,
    on_case: Callable[[Progress], None] | None = None,
    set_up: Callable[[], None] | None = None,
) -> list[Line]:
    """Run cases and return the whole table, in the order they were asked for.

    Parameters
    ----------
    cases : iterable of str or Path
        Names or files.
    jobs : int
        How many processes work on them.
    on_case : callable, optional
        Told of each case as it is finished.
    set_up : callable, optional
        Called first in each process (what is logged, say).

    Raises
    ------
    TwinError
        If a case cannot be read, or looks at a variable or in a unit that does not fit;
        before any is run.
    """
    names = [str(case) for case in cases]
    problems: list[Problem] = []
    for name in names:
        try:
            case = load_case(name)
            refuse_unfit(case, CaseBench(case), name)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    began = time.perf_counter()
    done: dict[int, list[Line]] = {}

    def note(index: int, lines: list[Line]) -> None:
        done[index] = lines
        if on_case is not None:
            elapsed = time.perf_counter() - began
            on_case(Progress(names[index], len(done), len(names), lines, elapsed))

    if len(names) == 1:
        note(0, _lines(names[0]))
    else:
        _in_processes(names, jobs, note, set_up)
    return [line for index in sorted(done) for line in done[index]]


def _in_processes(
    names: Sequence[str],
    jobs: int,
    note: Callable[[int, list[Line]], None],
    set_up: Callable[[], None] | None,
) -> None:
    """Run cases in processes of their own kind; what takes one down does not take the rest.

    Fresh processes, because PyBaMM's threads and a fork do not get on. A process that dies
    (a crash inside a solver's C code) breaks its whole pool, so the cases that were not
    finished are run once more, one to a pool.
    """
    context = get_context("spawn")
    left = dict(enumerate(names))
    with ProcessPoolExecutor(jobs, context, set_up) as pool:
        waiting = {pool.submit(_lines, name): k for k, name in left.items()}
        try:
            for future in as_completed(waiting):
                with suppress(BrokenProcessPool):
                    note(waiting[future], future.result())
                    del left[waiting[future]]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for index, name in left.items():
        with ProcessPoolExecutor(1, context, set_up) as pool:
            try:
                lines = pool.submit(_lines, name).result()
            except BrokenProcessPool:
                lines = _crashed(load_case(name))
        note(index, lines)


def _crashed(case: Case) -> list[Line]:
    """Return the lines of a case whose process died."""
    problem = "the solver's process crashed: run this case's cell alone to see where"
    lines = [_blank(row, Eye(CaseBench(case))) for row in case.row]
    for line in lines:
        line.status, line.why = MISSED, " ".join(part for part in (line.why, problem) if part)
    return lines
