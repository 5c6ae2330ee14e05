"""``twin life``: a cell's whole life by few simulated cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin import Status
from twin.cli.command import command
from twin.cli.formats import short
from twin.cli.options import Asked, CellName, LeaveOneOut, Solved
from twin.cli.running import EXIT_CODES, leave_out, outlook, watched
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin import LifeResult
    from twin.cli.page import Page

_MOST = 6


def add_commands(app: typer.Typer) -> None:
    """Add ``twin life``."""
    command(app, "life")(life)


def life(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Solved,
    cycles: Annotated[
        int | None,
        typer.Option("--cycles", metavar="N", help="How many cycles to cover [default: 2000]."),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Simulate every cycle, to compare with.")
    ] = False,
    one_end: Annotated[
        bool,
        typer.Option("--one-end", help="Leave out the lives at other ends of what is not known."),
    ] = False,
    leave_one_out: LeaveOneOut = None,
) -> int:
    """Follow a cell to its end by a few simulated cycles.

    The slow states that the failure modes declare are carried over the cycles between;
    near a failure or a sudden change every cycle is simulated. The rows of cycles nobody
    simulated are marked as interpolated. Where a mode has two sets of numbers that no data
    decide between, the verdict is given at the other one too. After a death the cell is
    lived again without the mode that is blamed, if that takes no more than some seconds.
    """
    import twin

    given = {name: value for name, value in how.given().items() if value is not None}
    given |= asked.given(cell)

    def work(**hooks: Any) -> LifeResult:
        return twin.life(cell, cycles=cycles, exact=exact, **given, **hooks)

    result: Any = watched(session, cell, work)
    if isinstance(result, int):
        return result
    for note in result.notes:
        session.say(f"note: {note}")
    if leave_one_out is not False:
        result = leave_out(session, result, None if leave_one_out else twin.AFFORDABLE_CYCLES)
    document = result.to_dict() | outlook(session, result)
    judged = document["outcome"]["kind"] in (Status.COMPLETED, Status.CELL_FAILED) and not one_end
    given["model"] = result.info.settings["model"]
    document["ends"] = _other_ends(session, cell, cycles, given) if judged else []
    horizon = result.info.cycles_requested
    session.finish(document, lambda sheet: _page(sheet, result, document, horizon))
    return EXIT_CODES[document["outcome"]["kind"]]


def _other_ends(
    session: Session, cell: str, cycles: int | None, given: dict[str, Any]
) -> list[dict[str, Any]]:
    """Live the cell at the other ends; whatever stands in the way costs only these lives."""
    import twin
    from twin.cli.ticker import Ticker
    from twin.errors import TwinError

    try:
        with Ticker(session, "the other end of what is not known") as ticker:
            return twin.verdict_ends(cell, cycles=cycles, progress=ticker, **given)
    except TwinError as error:
        session.say(f"note: no verdict at the other end: {error.problem}")
    except KeyboardInterrupt:
        session.say("note: no verdict at the other end: stopped")
    return []


def _page(sheet: Page, result: LifeResult, document: dict[str, Any], horizon: int) -> None:
    import twin
    from twin.cli.run_page import summary

    summary(sheet, result, twin.said_of_ends(document["ends"], horizon))
    covered, simulated = document["cycles_covered"], document["cycles_simulated"]
    slowed = [
        f"cycle {a}: {why}" if a == b else f"cycles {a}-{b}: {why}"
        for a, b, why in document["slowed"]
    ]
    error = f"{short(100 * document['estimated_capacity_error'], 2)} % of the capacity"
    if document["estimated_death_error_cycles"]:
        error += f", {short(document['estimated_death_error_cycles'], 2)} cycles of the death"
    more = [f"and in {len(slowed) - _MOST} more places"] if len(slowed) > _MOST else []
    sheet.facts(
        [
            ("simulated", f"{simulated} cycles for {covered} covered"),
            ("error", error),
            *(("slowed", text) for text in [*slowed[-_MOST:], *more]),
        ]
    )
