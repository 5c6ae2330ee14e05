"""``twin run`` and ``twin resume``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin import Status
from twin.cli import faults
from twin.cli.command import command
from twin.cli.options import Asked, CellName, Overrides, RunId, Solved, Without, names
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin import RunResult

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
) -> int:
    """Cycle a cell until something kills it, and store the run.

    By default: the DFN model with rtol 1e-5 and atol 1e-7, every failure mode that can
    act on the cell, and as many cycles as the protocol has, or 100.
    """
    import twin

    given = how.given() | asked.given(cell)

    def work(**hooks: Any) -> RunResult:
        return twin.simulate(cell, cycles=cycles, series_every=series_every, **given, **hooks)

    return _drive(session, cell, work)


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


def _drive(session: Session, what: str, work: Callable[..., RunResult]) -> int:
    """Do the work under the eyes of the user, and tell what came of it."""
    result = watched(session, what, work)
    if isinstance(result, int):
        return result
    from twin.cli.run_page import summary  # after the first cycle: it is not needed before

    document = result.to_dict() | outlook(session, result)
    session.finish(document, lambda sheet: summary(sheet, result))
    return EXIT_CODES[document["outcome"]["kind"]]


def outlook(session: Session, result: RunResult) -> dict[str, Any]:
    """Return how sure a run's verdict is, and the command that tries what would help."""
    import twin

    info = result.info
    return {"how_sure": twin.how_sure(info, session.store), "what_helps": twin.what_helps(info)}


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
