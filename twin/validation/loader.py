"""Reading cases: from a name or a file to a checked :class:`Case`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twin.catalog.cells import library
from twin.errors import Problem, SpecError
from twin.specs.complaint import did_you_mean, one_of
from twin.specs.explain import validated
from twin.specs.library import Library
from twin.specs.materials import own_name, read_part
from twin.specs.tree import Node, Rank
from twin.validation.beyond import laid
from twin.validation.schema import Case, Observable, Run
from twin.validation.vocabulary import OF_A_RUN, OF_A_STAIRCASE, OF_OTHERS

# The three ways to say what is done to a run's cell, and how each is left out.
_DOINGS: dict[str, Any] = {"protocol": None, "phase": (), "staircase": None}


def case_names() -> list[str]:
    """Return the names of the cases in the library."""
    return library().names("cases")


def load_case(source: str | Path, *, within: Library | None = None) -> Case:
    """Return the case of a name or a file.

    Parameters
    ----------
    source : str or Path
        A name in the library, or the path of a TOML file.
    within : Library, optional
        Another library than the installed one.

    Raises
    ------
    NotFoundError
        If there is no such case.
    SpecError
        With everything that is wrong with it, each with file, key and fix.
    """
    path = (within or library()).find("cases", source)
    problems: list[Problem] = []
    node = read_part(path, Rank.CELL, problems)
    if node is None:
        raise SpecError(problems)
    case = validated(Case, own_name(node, path, problems), problems)
    if case is not None:
        problems += _unfit(case, node)
        seen = {n: _with_points(s, n, path, problems) for n, s in case.see.items()}
    if problems or case is None:
        raise SpecError(problems)
    runs = {n: _like(case.run, n) for n in case.run}
    return case.model_copy(update={"run": runs, "see": seen})


def _with_points(seen: Observable, name: str, path: Path, problems: list[Problem]) -> Observable:
    """Return an observable with the published curve that its file holds."""
    if seen.file is None:
        return seen
    table, points = path.parent / seen.file, []
    key = f"see.{name}.file"
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(f"{table} cannot be read: {error}", str(path), key, "name a CSV"))
        return seen
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            q, V = map(float, line.split(","))
            if not (math.isfinite(q) and math.isfinite(V)):
                raise ValueError
        except ValueError:
            says = f"line {number} of {table} is no charge and voltage: {line.strip()!r}"
            problems.append(Problem(says, str(path), key, "write two numbers a line"))
            return seen
        points.append((q, V))
    if len(points) < 2:
        problems.append(Problem(f"{table} holds no curve", str(path), key, "add points"))
    return seen.model_copy(update={"points": tuple(points)})


def _like(runs: dict[str, Run], name: str) -> Run:
    """Return a run with what it takes over from the one it is like."""
    run = runs[name]
    if run.like is None:
        return run
    base = _like(runs, run.like)
    own = {field: getattr(run, field) for field in run.model_fields_set - {"patch"}}
    if own.keys() & _DOINGS.keys():
        # What is done to the cell is one thing: the other's goes.
        own = {**_DOINGS, **own}
    return base.model_copy(update={**own, "patch": laid(base.patch, run.patch)})


def _unfit(case: Case, node: Node) -> list[Problem]:
    """Return what does not fit together: names of runs and observables that are not there."""
    problems: list[Problem] = []

    def check(name: str | None, known: Iterable[str], what: str, *path: str) -> None:
        if name is not None and name not in known:
            problems.append(
                Problem(
                    f"there is no {what} {name!r}; there are: {one_of(known)}",
                    node.origin.file,
                    ".".join(path),
                    did_you_mean(name, known, f"name one of these, or add the {what}"),
                )
            )

    for name, run in case.run.items():
        check(run.like, case.run, "run", "run", name, "like")
        problems += _run_problems(case, name, node)
    for name, seen in case.see.items():
        check(seen.run, case.run, "run", "see", name, "run")
        for other in seen.of:
            check(other, set(case.see) - {name}, "observable", "see", name, "of")
        if seen.take not in OF_OTHERS and seen.run is None and len(case.run) > 1:
            problems.append(
                Problem(
                    f"does not say which run it looks at: {one_of(case.run)}",
                    node.origin.file,
                    f"see.{name}.run",
                    'add run = "…"',
                )
            )
    for index, fit in enumerate(case.calibrate):
        check(fit.on, case.see, "observable", f"calibrate[{index}]", "on")
        for run_name in fit.runs:
            check(run_name, case.run, "run", f"calibrate[{index}]", "runs")
    for index, row in enumerate(case.row):
        check(row.see, case.see, "observable", f"row[{index}]", "see")
    if not problems:
        for name in case.see:
            problems += _misplaced(case, name, node)
    return problems


def _misplaced(case: Case, name: str, node: Node) -> list[Problem]:
    """Say so if a staircase is looked at as a run, or a run as a staircase."""
    seen = case.see[name]
    run = seen.run or next(iter(case.run))
    if seen.take in OF_OTHERS:
        return []
    is_staircase = _like(case.run, run).staircase is not None
    if is_staircase == (seen.take in OF_A_STAIRCASE):
        return []
    fitting = OF_A_STAIRCASE if is_staircase else OF_A_RUN
    says = f"{seen.take!r} cannot be read off {'a staircase' if is_staircase else 'a run'}"
    fix = f"use one of: {one_of(fitting)}"
    return [Problem(says, node.origin.file, f"see.{name}.take", fix)]


def _run_problems(case: Case, name: str, node: Node) -> list[Problem]:
    seen, at = [], name
    while case.run[at].like is not None:
        seen.append(at)
        at = str(case.run[at].like)
        if at not in case.run:
            return []
        if at in seen:
            circle = " -> ".join([*seen, at])
            says, fix = f"like goes round in a circle: {circle}", "break the circle"
            return [Problem(says, node.origin.file, f"run.{name}.like", fix)]
    run = _like(case.run, name)
    problems = []
    if run.cell is None:
        problems.append(("cell", "names no cell", 'add cell = "…" (see `twin cells`)'))
    if sum((run.protocol is not None, bool(run.phase), run.staircase is not None)) > 1:
        says = "has more than one of protocol, phase and staircase"
        problems.append(
            ("protocol", says, "keep one of the three (the cell's own protocol if none)")
        )
    return [Problem(m, node.origin.file, f"run.{name}.{key}", fix) for key, m, fix in problems]
