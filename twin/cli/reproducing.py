"""``twin reproduce``: a stored run, run again and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from twin.cli import faults
from twin.cli.command import command
from twin.cli.formats import duration, short
from twin.cli.options import RunId
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin import Reproduction
    from twin.cli.page import Page

MOST_SHOWN = 10
_STYLES = {"identical": "green", "within tolerance": "green", "differs": "red"}


def add_commands(app: typer.Typer) -> None:
    """Add ``twin reproduce``."""
    command(app, "reproduce")(reproduce)


def reproduce(session: Session, run: RunId) -> int:
    """Run a stored run again from what is stored, and compare.

    The cell, the protocol, the modes and the tolerances are the stored ones; the new run is
    not kept. Exit code 0 if all is the same within the solver's tolerance, 4 if something
    differs, and what. With --db the run may be of any database, an archive too.
    """
    import twin
    from twin.cli.progress import Watcher

    store = session.store
    with Watcher(session, f"run {run} again") as watcher:
        reproduction = twin.reproduce(run, store=store, on_cycle=watcher.cycle)
    session.finish(reproduction.to_dict(), lambda sheet: _page(sheet, reproduction))
    return faults.DONE if reproduction.same else faults.DIFFERS


def _page(sheet: Page, reproduction: Reproduction) -> None:
    sheet.line(
        f"run {reproduction.run}  {reproduction.cell}  {reproduction.verdict}",
        _STYLES[reproduction.verdict],
    )
    where = ""
    if reproduction.largest_at is not None:
        cycle, name = reproduction.largest_at
        where = f"{short(100 * reproduction.largest)} % of what is allowed: {name}, cycle {cycle}"
    sheet.facts(
        [
            ("compared", f"{reproduction.numbers} numbers of {reproduction.cycles} cycles"),
            ("largest", where or "no difference, to the last bit"),
            ("ended then", _end(reproduction.stored_outcome)),
            ("ended now", _end(reproduction.outcome)),
            *(
                ("version", f"{name}: {then} then, {now} now")
                for name, (then, now) in reproduction.versions.items()
            ),
            ("took", duration(reproduction.wall_s)),
        ]
    )
    if not reproduction.differences:
        return
    sheet.heading("What differs, and where first")
    rows = [
        (
            d.what,
            "end" if d.cycle is None else d.cycle,
            _shown(d.stored),
            _shown(d.now),
            "" if d.allowed is None else short(d.allowed, 2),
        )
        for d in reproduction.differences[:MOST_SHOWN]
    ]
    sheet.table(("what", "cycle", "then", "now", "allowed"), rows, keep=(1, 2, 3, 4), right=(1,))
    more = len(reproduction.differences) - MOST_SHOWN
    if more > 0:
        sheet.line(f"and {more} more; all with --json", "dim")


def _end(outcome: dict[str, object]) -> str:
    if not outcome:
        return "it had not ended"
    cause = f" of {outcome['mode']}: {outcome['criterion']}" if outcome.get("criterion") else ""
    return f"{outcome['kind']} in cycle {outcome['cycle']}{cause}"


def _shown(value: object) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)
