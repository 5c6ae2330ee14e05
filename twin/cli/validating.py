"""``twin validate``: the published cases, measured beside simulated."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli import faults
from twin.cli.command import command
from twin.cli.saving import save_json, write_json
from twin.cli.session import Session
from twin.files import check_target

if TYPE_CHECKING:
    from twin.validation.runner import Line, Progress
    from twin.validation.schema import Case


def add_commands(app: typer.Typer) -> None:
    """Add ``twin validate``."""
    command(app, "validate")(validate)


def validate(
    session: Session,
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]…", help="Names or TOML files; all if none is given."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the cases, and run none.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, help="How many processes work on it.")
    ] = 2,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Save the table as JSON, as it goes."),
    ] = None,
) -> int:
    """Run the published cases: measured beside simulated.

    A miss stays a miss, with a sentence on why. Where a measured value is kept back, the
    table holds the twin's prediction and its spread.
    """
    from twin.validation.loader import case_names

    names = list(cases or case_names())
    if listing:
        _list(session, names)
        return faults.DONE
    if save is not None:
        check_target(save, key="save")
    return _run(session, names, jobs, save)


def _list(session: Session, names: list[str]) -> None:
    from twin.cli.validation_page import listing
    from twin.errors import TwinError
    from twin.validation.loader import load_case

    found: list[tuple[str, Case | None, str]] = []
    for name in names:
        try:
            found.append((name, load_case(name), ""))
        except TwinError as error:
            found.append((name, None, str(error.problems[0])))
    document = [_entry(name, case, problem) for name, case, problem in found]
    session.finish(document, lambda sheet: listing(sheet, found))


def _entry(name: str, case: Case | None, problem: str) -> dict[str, Any]:
    if case is None:
        return {"case": name, "problem": problem}
    return {
        "case": case.name,
        "title": case.title,
        "class": case.test,
        "rows": len(case.row),
        "cells": sorted({str(run.cell) for run in case.run.values()}),
        "modes": sorted({mode for run in case.run.values() for mode in run.modes}),
        "calibrated": [fit.key for fit in case.calibrate],
        "missing": case.missing,
        "source": case.source,
    }


def _run(session: Session, names: list[str], jobs: int, save: Path | None) -> int:
    from twin.cli.validation_page import table
    from twin.validation.runner import validate as run_all

    began = time.perf_counter()
    done: dict[str, list[Line]] = {}

    def tell(progress: Progress) -> None:
        done[progress.case] = progress.lines
        if save is not None:  # what is done outlives a kill
            lines = [line for name in names for line in done.get(name, [])]
            write_json(save, [line.to_dict() for line in lines])
        session.say(_progress_line(progress))

    interrupted = False
    try:
        lines = run_all(names, jobs=jobs, on_case=tell, set_up=_hush)
    except KeyboardInterrupt:
        interrupted = True
        lines = [line for name in names for line in done.get(name, [])]
        session.say(f"interrupted: {len(done)} of {len(names)} cases were finished")
    wall = time.perf_counter() - began
    document = [line.to_dict() for line in lines]
    if save is not None:
        save_json(session, save, document)
    session.finish(document, lambda sheet: table(sheet, lines, wall))
    return faults.INTERRUPTED if interrupted else faults.DONE


def _hush() -> None:
    """Set a worker's logging up as the command line's own."""
    from twin.cli.logs import configure

    configure([])


def _progress_line(progress: Progress) -> str:
    from twin.cli.formats import duration

    counts = ", ".join(
        f"{n} {status}"
        for status in ("within", "missed", "predicted")
        if (n := sum(line.status == status for line in progress.lines))
    )
    pace = f"{progress.elapsed_s / progress.done:.1f} s a case"
    left = duration(progress.eta_s) if progress.done < progress.total else "none"
    return f"{progress.done}/{progress.total} {progress.case}: {counts}; {pace}, {left} left"


__all__ = ["add_commands", "validate"]
