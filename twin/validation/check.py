"""Checking a case without running it: units, variables, cells, modes, keys and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from twin.engine.prepare import build_model
from twin.engine.recorder import CORE
from twin.errors import Problem, SpecError, TwinError
from twin.modes import brought
from twin.modes.context import CellContext
from twin.modes.manager import plugin_manager
from twin.specs.complaint import did_you_mean
from twin.validation.bench import CaseBench
from twin.validation.calibration import Calibrator
from twin.validation.loader import load_case
from twin.validation.observables import Eye, unfit_unit
from twin.validation.schema import Case

# Domains of what is one number at a time.
_OF_ONE: tuple[list[str], ...] = ([], ["current collector"])


def check_case(source: str | Path) -> None:
    """Read a case and everything it names; nothing is simulated.

    Raises
    ------
    TwinError
        With everything that is wrong with it, each with file, key, reason and fix.
    """
    case = load_case(source)
    bench = CaseBench(case)
    problems = [_in_file(problem, source) for problem in unfit_seen(case, bench)]
    eye = Eye(bench)

    def note(error: TwinError, key: str) -> None:
        for problem in error.problems:
            inner = problem.key or ""
            inside = key if not inner or key.endswith(inner) else f"{key}.{inner}"
            # What a case changes in a cell is an override to the cell.
            own = problem.file in (None, "override")
            own_problem = replace(problem, key=inside, file=str(source)) if own else problem
            problems.append(own_problem)

    whole = True
    for name, run in case.run.items():
        try:
            plugin_manager().select(run.modes, (), bench.base(name).kind)
            if run.vary is not None:
                for value in run.vary.values or run.vary.between or ():
                    eye.swept(name, run.vary, value, {})
        except TwinError as error:
            whole = False
            note(error, f"run.{name}")
    calibrator = Calibrator(eye)
    for index in range(len(case.calibrate) if whole else 0):
        try:
            calibrator.bounds(index)
        except TwinError as error:
            note(error, f"calibrate[{index}]")
    for index, row in enumerate(case.row if whole else ()):
        for key in row.spread:
            try:
                calibrator.check_spread(key, row.spread[key])
            except TwinError as error:
                note(error, f"row[{index}].spread")
    if problems:
        raise SpecError(problems)


def refuse_unfit(case: Case, bench: CaseBench, source: str | Path | None = None) -> None:
    """Refuse a case whose observables name variables or units that do not fit.

    Raises
    ------
    SpecError
        With every such observable: better told before the runs than after them.
    """
    problems = [_in_file(problem, source) for problem in unfit_seen(case, bench)]
    if problems:
        raise SpecError(problems)


def unfit_seen(case: Case, bench: CaseBench) -> Iterator[Problem]:
    """Yield what is wrong with the units and the variables of a case's observables."""
    for name, seen in case.see.items():
        if says := unfit_unit(seen):
            key = f"see.{name}.unit"
            yield Problem(says, None, key, "give a unit of what is looked at")
    names: dict[str, set[str]] = {}
    for name, seen in case.see.items():
        if seen.variable is None:
            continue
        run = seen.run or next(iter(case.run))
        with suppress(TwinError):  # a run that cannot be built is told as such
            if seen.variable in _recorded(bench, run):
                continue
            names[run] = names.get(run) or _scalars(bench, run)
            if seen.variable not in names[run]:
                says = f"run {run!r} has no variable {seen.variable!r}"
                see = "see `twin modes show MODE` for a mode's variables (and name the mode)"
                fix = did_you_mean(seen.variable, names[run], see)
                yield Problem(says, None, f"see.{name}.variable", fix)


def _recorded(bench: CaseBench, name: str) -> set[str]:
    """Return variables that a run's model has, known without building it."""
    run = bench.case.run[name]
    spec = bench.base(name)
    cell, modes = CellContext(spec), plugin_manager().select(run.modes, (), spec.kind)
    return {*CORE, *(key for mode in modes for key in brought.outputs(mode, cell))}


def _scalars(bench: CaseBench, name: str) -> set[str]:
    """Return the variables of a run's model that are one number at a time."""
    run = bench.case.run[name]
    spec = bench.base(name)
    model = build_model(spec, plugin_manager().select(run.modes, (), spec.kind), run.model)
    return {key for key, variable in model.variables.items() if variable.domain in _OF_ONE}


def _in_file(problem: Problem, source: str | Path | None) -> Problem:
    return problem if problem.file or source is None else replace(problem, file=str(source))


__all__ = ["check_case", "refuse_unfit", "unfit_seen"]
