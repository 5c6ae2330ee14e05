"""``twin run`` and ``twin resume``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from twin import Status
from twin.cli import faults
from twin.cli.command import command
from twin.cli.options import (
    Asked,
    CellName,
    LeaveOneOut,
    Overrides,
    RunId,
    Solved,
    Without,
    names,
)
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin import RunResult

R = TypeVar("R", bound="RunResult")
Cycles = Annotated[int | None, typer.Option("--cycles", metavar="N", help="How many cycles.")]


@dataclass(frozen=True)
class Branched:
    """What a run that goes on may have changed."""

    overrides: Overrides = None
    without: Without = None


EXIT_CODES = {
    Status.COMPLETED: faults.DONE,
    Status.CELL_FAILED: faults.DONE,
    Status.LEFT_WINDOW: faults.BAD_INPUT,
    Status.SOLVER_GAVE_UP: faults.GAVE_UP,
    Status.CANCELLED: faults.INTERRUPTED,
}


def add_commands(app: typer.Typer) -> None:
    """Add ``twin run`` and ``twin resume``."""
    command(app, "run")(run)
    command(app, "resume")(resume)


def run(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Solved,
    cycles: Cycles = None,
    series_every: Annotated[
        int | None,
        typer.Option(
            "--series-every",
            metavar="N",
            min=0,
            help="Keep the series of every Nth cycle; 0 keeps none [default: 10].",
        ),
    ] = None,
    leave_one_out: LeaveOneOut = None,
) -> int:
    """Cycle a cell until something kills it, and store the run.

    By default: the DFN model with rtol 1e-5 and atol 1e-7, every failure mode that can
    act on the cell, and as many cycles as the protocol has, or 100.
    """
    import twin

    given = how.given() | asked.given(cell)

    def work(**hooks: Any) -> RunResult:
        return twin.simulate(cell, cycles=cycles, series_every=series_every, **given, **hooks)

    return _drive(session, cell, work, leave_one_out)


def resume(
    session: Session,
    run: RunId,
    changed: Branched,
    how: Solved,
    from_cycle: Annotated[
        int | None,
        typer.Option("--from-cycle", metavar="N", min=0, help="Branch after this cycle."),
    ] = None,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="The cycle to reach in all.")
    ] = None,
) -> int:
    """Continue a run, or branch a what-if from one of its cycles.

    With nothing changed, the run goes on under its own id; with --from-cycle, --set,
    --without, --model or tolerances, a new run starts that remembers its parent. What is
    not given stays as it was.
    """
    import twin

    given = how.given()
    before = session.store.run(run)
    if before.status_now == Status.INTERRUPTED:
        session.say(
            f"run {before.id} was interrupted: process {before.pid}, which wrote it, is gone; "
            f"{before.cycles} of {before.cycles_requested} cycles are kept"
        )

    def work(**hooks: Any) -> RunResult:
        return twin.resume(
            run,
            from_cycle=from_cycle,
            cycles=cycles,
            overrides=changed.overrides or (),
            without=names(changed.without),
            **given,
            **hooks,
        )

    return _drive(session, f"run {run}", work)


def _drive(
    session: Session, what: str, work: Callable[..., RunResult], left_out: bool | None = None
) -> int:
    """Do the work under the eyes of the user, and tell what came of it."""
    result = watched(session, what, work)
    if isinstance(result, int):
        return result
    if left_out:
        result = leave_out(session, result)
    from twin.cli.run_page import summary  # after the first cycle: it is not needed before

    document = result.to_dict() | outlook(session, result)
    session.finish(document, lambda sheet: summary(sheet, result))
    return EXIT_CODES[document["outcome"]["kind"]]


def outlook(session: Session, result: RunResult) -> dict[str, Any]:
    """Return how sure a run's verdict is, and the command that tries what would help."""
    import twin

    info = result.info
    return {
        "how_sure": twin.how_sure(info, session.store),
        "what_helps": twin.what_helps(info),
        "left_out": twin.left_out_of(info),
    }


def leave_out(session: Session, result: R, at_most: int | None = None) -> R:
    """Live a dead cell without the modes it had, and return the run with what is kept of that.

    Every mode, or, where ``at_most`` so many cycles may be simulated, the one that is blamed.
    Whatever stands in the way costs only these lives.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.errors import TwinError

    info = result.info
    if not twin.can_be_left_out(info):
        return result
    modes = None if at_most is None else [info.outcome["mode"]]
    try:
        with Ticker(session, "the life with a mode left out") as ticker:
            twin.leave_one_out(
                result.id, modes=modes, at_most=at_most, store=session.store, progress=ticker
            )
    except TwinError as error:
        session.say(f"note: no life with a mode left out: {error.problem}")
    except KeyboardInterrupt:
        session.say("note: no life with a mode left out: stopped")
    return type(result)(result.store, result.id)


def watched(session: Session, what: str, work: Callable[..., RunResult]) -> RunResult | int:
    """Do the work under the eyes of the user; an exit code if it was cut short and told."""
    from twin.cli.progress import Watcher

    store = session.store  # a database that cannot be used is better known at once
    with Watcher(session, what) as watcher:
        try:
            return work(store=store, on_cycle=watcher.cycle, on_start=watcher.started)
        except KeyboardInterrupt:
            if watcher.run is None:
                raise
            return _cut_short(session, watcher.run)


def _cut_short(session: Session, run: str) -> int:
    """Report a run that a second Ctrl-C ended inside a cycle."""
    import twin
    from twin.cli.run_page import summary

    result = twin.load_run(run, store=session.store)
    session.finish(result.to_dict(), lambda sheet: summary(sheet, result))
    return faults.INTERRUPTED
