"""``twin validate``: the published cases, measured beside simulated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli import faults
from twin.cli.command import command
from twin.cli.saving import save_json, write_json
from twin.cli.session import Session
from twin.errors import InputError
from twin.files import check_target

_MEMBERS = 64
"""So many lives a row are scored."""

if TYPE_CHECKING:
    from twin.validation.line import Line
    from twin.validation.runner import Progress
    from twin.validation.schema import Case


def add_commands(app: typer.Typer) -> None:
    """Add ``twin validate`` and ``twin learn``."""
    command(app, "validate", "figure")(validate)
    command(app, "learn")(learn)


def validate(
    session: Session,
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]…", help="Names or TOML files; all if none is given."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the cases, and run none.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check the cases' files, and run none.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, help="How many processes work on it.")
    ] = 2,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Save the table as JSON, as it goes."),
    ] = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            "--outcomes", metavar="FILE", help="Predict a CSV table of published outcomes."
        ),
    ] = None,
    priors: Annotated[
        Path | None,
        typer.Option("--priors", metavar="FILE", help="With what `twin learn` has saved."),
    ] = None,
    folds: Annotated[
        bool,
        typer.Option("--folds", help="Learn from the table itself, without each row's paper."),
    ] = False,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE", help="Simulated against measured, to a file."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="A picture of each case, and one of all."),
    ] = None,
    members: Annotated[
        int | None,
        typer.Option(
            "--members",
            metavar="N",
            min=0,
            max=4096,
            help="Lives a row of the table [default: 64]; 0 leaves the mechanisms out.",
        ),
    ] = None,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Also with each mechanism off, one by one.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without", metavar="MODE", help="Also with this mechanism off (again for more)."
        ),
    ] = None,
) -> int:
    """Run the published cases: measured beside simulated.

    A miss stays a miss, with a sentence on why. Where a measured value is kept back, the
    table holds the twin's prediction and its spread. With --outcomes a table of published
    numbers is predicted row by row, by an ensemble of lives of each row's cell, and scored
    beside what its other numbers alone predict.
    """
    from twin.validation.loader import case_names

    if outcomes is not None:
        if figures is not None:
            raise InputError(
                "--figures draws cases, and --outcomes predicts a table",
                key="figures",
                fix="--figure FILE draws the table's",
            )
        asked = _Asked(outcomes, priors, folds, _MEMBERS if members is None else members, jobs)
        off = _switched_off(ablate, without or (), asked)
        return _outcomes(session, asked, off, save, figure)
    only = {"priors": priors, "folds": folds or None, "members": members, "without": without}
    for name, given in (only | {"ablate": ablate or None}).items():
        if given is not None:
            raise InputError(
                f"--{name} is of a table of outcomes", key=name, fix="give --outcomes FILE too"
            )

    names = list(cases or case_names())
    if listing:
        _list(session, names)
        return faults.DONE
    if check:
        return _check(session, names)
    if save is not None:
        check_target(save, key="save")
    return _run(session, names, jobs, save, figure, figures)


def learn(
    session: Session,
    outcomes: Annotated[
        list[Path],
        typer.Option(
            "--outcomes",
            metavar="FILE",
            help="A CSV table of published outcomes, or `published` (the library's); repeatable.",
        ),
    ],
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Save what was learned as TOML."),
    ] = None,
    diff: Annotated[
        Path | None,
        typer.Option("--diff", metavar="FILE", help="Write what it changes in the library."),
    ] = None,
    members: Annotated[
        int,
        typer.Option(
            "--members", metavar="N", min=0, max=4096, help="Lives a row; 0 leaves mechanisms out."
        ),
    ] = 64,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, help="How many processes work on it.")
    ] = 2,
) -> int:
    """Learn from tables of published outcomes.

    What cells of a class do and how far they scatter, the same of what the mechanisms leave, and
    where the centres of what is drawn lie, beside what the library has of it. --save FILE keeps
    it, for `twin validate --outcomes … --priors FILE`; --diff FILE says it as a patch of the
    library (`patch -p1 < FILE` in a clone). Your own table beside the library's:
    `twin learn --outcomes published --outcomes mine.csv`.
    """
    from twin import files
    from twin.cli.outcomes_page import learned_page
    from twin.outcomes.centres import learn_centres
    from twin.outcomes.learning import learn as learn_from
    from twin.outcomes.learning import save_learned, shipped
    from twin.outcomes.library_diff import library_diff
    from twin.outcomes.table import read_tables

    for target, key in ((save, "save"), (diff, "diff")):
        if target is not None:
            check_target(target, key=key)
    rows, left = read_tables(outcomes)
    names = " and ".join(table.name for table in outcomes)
    left += _too_few(names, rows, left)
    asked = _Asked(Path(names), None, True, members, jobs)
    told = _tell(session, rows, asked)
    learned_anew = learn_from(rows, told)
    centres = learn_centres(rows, told, learned_anew)
    source = f"{len(rows)} rows of {names}; {members} lives a row"
    if save is not None:
        save_learned(learned_anew, save, source)
    if diff is not None:
        files.write_text(diff, library_diff(learned_anew, centres, source), parents=True)
    document: dict[str, object] = {
        quantity: learned.to_data() for quantity, learned in learned_anew.items()
    }
    document["centres"] = [centre.to_dict() for centre in centres]
    before = shipped()
    session.finish(document, lambda sheet: learned_page(sheet, learned_anew, before, left, centres))
    return faults.DONE


@dataclass(frozen=True)
class _Asked:
    """What is asked of a table of outcomes."""

    table: Path
    priors: Path | None
    folds: bool
    members: int
    jobs: int


def _none_of(names: str, left: Sequence[str]) -> InputError:
    """Return the error for a table with no row that can be predicted."""
    from twin.outcomes.table import SCORED

    return InputError(
        f"no row is of a quantity that is scored{f' ({left[0]})' if left else ''}",
        file=names,
        key="quantity",
        fix=f"rows of {', '.join(SCORED)}",
    )


def _refuse_incomparable(name: str, rows: Sequence[Any]) -> None:
    """Refuse to switch mechanisms off where no score can tell, before anything is lived."""
    from twin.outcomes.ablation import comparable

    if not comparable(rows):
        raise InputError(
            "what a mechanism is worth takes rows of three papers of one quantity, as each is "
            "said by what the others teach",
            file=name,
            key="paper",
            fix="leave out --without and --ablate, or add rows of other papers",
        )


def _too_few(names: str, rows: Sequence[Any], left: Sequence[str]) -> list[str]:
    """Return a line on each quantity that has too few rows to learn of it.

    Tables that can teach nothing are refused, before anything is lived.
    """
    from collections import Counter

    from twin.outcomes.learning import FEWEST

    if not rows:
        raise _none_of(names, left)
    counts = Counter(row.quantity for row in rows if row.measured)
    few = {quantity: count for quantity, count in counts.items() if count < FEWEST}
    if len(few) == len(counts):
        had = ", ".join(f"{quantity} {count}" for quantity, count in few.items()) or "none"
        raise InputError(
            f"it takes {FEWEST} rows of a quantity with a value to learn of it; these are {had}",
            file=names,
            key="outcomes",
            fix="learn from the library's table beside yours: --outcomes published --outcomes FILE",
        )
    return [
        f"{quantity}: {count} rows with a value, it takes {FEWEST}: not learned"
        for quantity, count in few.items()
    ]


def _switched_off(ablate: bool, without: Sequence[str], asked: _Asked) -> list[str]:
    """Return the mechanisms that are to be switched off, one at a time."""
    from twin.outcomes.ablation import mechanisms

    option = "ablate" if ablate else "without"
    if (ablate or without) and not asked.members:
        raise InputError(
            f"--{option} switches mechanisms off, and --members 0 has none",
            key=option,
            fix="leave one of the two out",
        )
    return mechanisms(None if ablate else without)


def _outcomes(
    session: Session, asked: _Asked, off: list[str], save: Path | None, figure: Path | None
) -> int:
    from twin.cli.outcomes_page import skill_page, skill_panels
    from twin.cli.ticker import Ticker
    from twin.outcomes.skill import score_outcomes
    from twin.outcomes.table import read_outcomes
    from twin.report.figures import figure_target, plot_panels

    if asked.priors is not None and asked.folds:
        raise InputError(
            "--priors and --folds: what is learned comes from one of them",
            key="priors",
            fix="leave one of the two out",
        )
    if save is not None:
        check_target(save, key="save")
    target = None if figure is None else figure_target(figure)
    table = asked.table
    rows, left = read_outcomes(table)
    if not rows:
        raise _none_of(table.name, left)
    if off:
        _refuse_incomparable(table.name, rows)
    learned = _learned(session, asked, rows)
    told = _tell(session, rows, asked)
    with Ticker(session, table.name) as ticker:
        skill = score_outcomes(rows, learned=learned, left=left, told=told, on_progress=ticker)
    document = skill.to_dict()
    if off and told is not None:
        document["ablations"] = _ablations(session, rows, told, asked, off)
    if target is not None:
        plot_panels(skill_panels(skill), f"Predicted against measured: {table.name}", target)
    if save is not None:
        save_json(session, save, document)
    session.finish(document, lambda sheet: skill_page(sheet, skill, document.get("ablations")))
    return faults.DONE


def _check(session: Session, names: list[str]) -> int:
    from twin.errors import Problem, SpecError, TwinError
    from twin.validation.check import check_case

    problems: list[Problem] = []
    for name in names:
        try:
            check_case(name)
        except TwinError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    session.finish({"checked": names}, lambda sheet: sheet.line(f"{len(names)} cases are sound"))
    return faults.DONE


def _learned(session: Session, asked: _Asked, rows: list[Any]) -> Any:
    """Return what another table has taught; None where it is learned from this one."""
    from twin.outcomes.learning import load_learned, shipped

    if asked.folds:
        return None
    learned = shipped() if asked.priors is None else load_learned(asked.priors)
    known = {name.split("/")[0] for of in learned.values() for name in of.rows}
    papers = {row.paper for row in rows}
    taught = sorted(known & papers)
    if taught:
        session.say(
            f"{len(taught)} of its papers ({taught[0]}, …) have taught the priors: "
            "learned anew from the table without each of them"
        )
    return learned if papers - known else None


def _tell(session: Session, rows: list[Any], asked: _Asked) -> Any:
    """Live the ensembles of a table's rows; None if none are asked for."""
    from twin.cli.ticker import Ticker
    from twin.outcomes.ensembles import key_of, tell

    if not asked.members:
        return None
    with Ticker(session, f"{asked.table.name}: lives") as ticker:
        predictions = tell(
            rows, session.store, members=asked.members, jobs=asked.jobs, on_progress=ticker
        )
    return {key_of(row): told for row, told in zip(rows, predictions, strict=True)}


def _ablations(
    session: Session, rows: list[Any], told: Any, asked: _Asked, off: list[str]
) -> list[dict[str, Any]]:
    from twin.cli.ticker import Ticker
    from twin.outcomes.ablation import ablate, touched
    from twin.outcomes.ensembles import tell_without

    with Ticker(session, f"{asked.table.name}: lives with modes left out") as ticker:
        less = tell_without(
            touched(rows, told),
            session.store,
            off,
            members=asked.members,
            jobs=asked.jobs,
            on_progress=ticker,
        )
    without = {mode: told | of for mode, of in less.items()}
    with Ticker(session, "ablations") as ticker:
        return [one.to_dict() for one in ablate(rows, told, without, ticker)]


def _list(session: Session, names: list[str]) -> None:
    from twin.cli.validation_page import listing
    from twin.errors import TwinError
    from twin.validation.loader import load_case

    listed: list[tuple[str, Case | None, str]] = []
    for name in names:
        try:
            listed.append((name, load_case(name), ""))
        except TwinError as error:
            listed.append((name, None, str(error.problems[0])))
    document = [_entry(name, case, problem) for name, case, problem in listed]
    session.finish(document, lambda sheet: listing(sheet, listed))


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


def _run(
    session: Session,
    names: list[str],
    jobs: int,
    save: Path | None,
    figure: Path | None,
    figures: Path | None,
) -> int:
    from twin.cli.validation_page import table
    from twin.report.figures import figure_target, plot_panels
    from twin.report.style import figures_folder
    from twin.validation.pictures import parity_panels, save_pictures
    from twin.validation.runner import validate as run_all

    target = None if figure is None else figure_target(figure)
    if figures is not None:
        figures_folder(figures)

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
    if target is not None and (panels := parity_panels(lines)):
        plot_panels(panels, "Published cells: simulated against measured", target)
    if figures is not None:
        drawn = save_pictures(lines, figures)
        session.say(f"{len(drawn)} pictures in {figures}")
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


__all__ = ["add_commands", "learn", "validate"]
