"""Checking a case without running it: units, cells, modes, keys and bounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twin.errors import InputError, Problem, SpecError, TwinError
from twin.modes.manager import plugin_manager
from twin.validation.bench import Bench
from twin.validation.calibration import Calibrator
from twin.validation.loader import load_case
from twin.validation.observables import Eye, unfit_unit


def check_case(source: str | Path) -> None:
    """Read a case and everything it names; nothing is simulated.

    Raises
    ------
    TwinError
        With everything that is wrong with it, each with file, key, reason and fix.
    """
    case = load_case(source)
    bench = Bench(case)
    problems: list[Problem] = []

    def note(error: TwinError, key: str) -> None:
        for problem in error.problems:
            if problem.file is None:
                inner = problem.key or ""
                inside = key if not inner or key.endswith(inner) else f"{key}.{inner}"
                problem = replace(problem, key=inside, file=str(source))
            problems.append(problem)

    whole = True
    for name, run in case.run.items():
        try:
            plugin_manager().select(run.modes, (), bench.base(name).kind)
        except TwinError as error:
            whole = False
            note(error, f"run.{name}")
    for name, seen in case.see.items():
        if says := unfit_unit(seen):
            note(InputError(says, fix="give a unit of what is looked at"), f"see.{name}.unit")
    calibrator = Calibrator(Eye(bench))
    for index in range(len(case.calibrate) if whole else 0):
        try:
            calibrator.bounds(index)
        except TwinError as error:
            note(error, f"calibrate[{index}]")
    if problems:
        raise SpecError(problems)
