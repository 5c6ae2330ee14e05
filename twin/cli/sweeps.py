"""``twin sweep``: a cell's life over one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.experiments import save_numbers
from twin.cli.formats import duration, percent, short
from twin.cli.options import Asked, CellName
from twin.cli.session import Session
from twin.cli.studies import Lived, finish

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin sweep``."""
    command(app, "sweep", "lines")(sweep)


def sweep(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Lived,
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="KEY=A..B", help="As 'stack.pressure=0.5..15 MPa,log,9'."),
    ] = None,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="The horizon [default: 200].")
    ] = None,
) -> None:
    """Follow a cell's life over one number, as a line.

    Each place of the axis is a life by cycle jump. An axis is a key of the cell, 'current', or
    protocol.PARAMETER; ',log' and a number of places may follow its range.
    """
    import twin
    from twin.report.sweeps import sweep_panels

    result = twin.sweep(
        cell,
        x=x,
        cycles=cycles,
        **asked.given(cell),
        **how.given(session),
    )
    save_numbers(sweep_panels(result.to_dict()))
    finish(session, result, how.figure, _page)


def _page(sheet: Page, document: dict[str, Any]) -> None:
    axis = document["axis"]
    sheet.line(f"study {document['study']}  {document['cell']}", "bold")
    sheet.line()
    unit = f"/{axis['shown']}" if axis["shown"] else ""
    rows = []
    for point in document["points"]:
        ohms = point["resistance_Ohm_m2"]
        cause = f"{point['mode']}: {point['criterion']}" if point["mode"] else point["state"]
        rows.append(
            (
                short(point["x"]),
                point["cycles"],
                cause,
                percent(point["capacity_left"]),
                "-" if ohms is None else short(1e4 * ohms[0]),
                "-" if ohms is None else short(1e4 * ohms[1]),
            )
        )
    columns = (f"{axis['words']}{unit}", "cycles", "end", "left", "ohm cm2 first", "last")
    sheet.table(columns, rows, keep=(1, 3, 4, 5), right=(0, 1, 3, 4, 5))
    sheet.facts(
        [
            ("lives", f"{len(rows)} in {duration(document['wall_s'])}"),
            *(("note", note) for note in document["notes"]),
            ("figure", document.get("figure")),
        ]
    )
