"""``twin map``: what kills a cell first, and when, over two axes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.formats import duration, percent
from twin.cli.options import Asked, CellName
from twin.cli.session import Session
from twin.cli.studies import Lived, finish

if TYPE_CHECKING:
    from twin.cli.page import Page

_WIDTH, _HEIGHT = 66, 18


def add_commands(app: typer.Typer) -> None:
    """Add ``twin map``."""
    command(app, "map", "figure")(safe_map)


def safe_map(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Lived,
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="KEY=A..B", help="As 'stack.pressure=0.5..15 MPa,log,9'."),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option("--y", metavar="KEY=A..B", help="As 'current=0.1..2 mA/cm^2'."),
    ] = None,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="The horizon [default: 200].")
    ] = None,
    refine: Annotated[
        int | None,
        typer.Option(
            "--refine", metavar="L", min=0, max=6, help="Times a square is cut [default: 2]."
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option("--most", metavar="M", min=4, help="No more lives than this [default: 300]."),
    ] = None,
    lines: Annotated[
        bool | None,
        typer.Option("--lines/--no-lines", help="Find the critical currents too [default: lines]."),
    ] = None,
) -> None:
    """Map what kills a cell, and in which cycle, over two axes.

    Each point is a life by cycle jump; the grid is refined where neighbours disagree. An
    axis is a key of the cell, 'current', or protocol.PARAMETER; ',log' and a number of points
    may follow its range. On a symmetric cell the critical currents are found along x.
    """
    import twin
    from twin.cli.ticker import Ticker

    ticker = Ticker(session, cell)
    result = twin.safe_map(
        cell,
        x=x,
        y=y,
        cycles=cycles,
        refine=refine,
        most=most,
        lines=lines,
        **asked.given(cell),
        **how.given(session),
        on_lines=ticker,
    )
    colour = session.out.isatty() and not os.environ.get("NO_COLOR")
    finish(session, result, how.figure, lambda sheet, document: _page(sheet, document, colour))


def show_study(sheet: Page, document: dict[str, Any]) -> None:
    """Put what a study came to on a page."""
    _page(sheet, document, colour=False)


def _page(sheet: Page, document: dict[str, Any], colour: bool) -> None:
    from twin.report.maps import draw_map

    sheet.line(f"study {document['study']}  {document['cell']}", "bold")
    sheet.line()
    sheet.raw(draw_map(document, _WIDTH, _HEIGHT, colour=colour))
    sheet.heading(f"What kills it first within {document['cycles']} cycles")
    rows = []
    for label, share in sorted(document["regions"].items(), key=lambda item: -item[1]):
        lives = [p["cycles"] for p in document["points"] if p["label"] == label]
        criteria = sorted(
            {p["criterion"] for p in document["points"] if p["label"] == label} - {None}
        )
        span = f"{min(lives)} to {max(lives)}" if label != "alive" else f"{document['cycles']}"
        rows.append((label, percent(share, 0), span, ", ".join(criteria) or "-"))
    sheet.table(("mode", "of the map", "cycles", "by"), rows, right=(1,))
    for line in document["critical_currents"]:
        at = ", ".join(f"{b:.3g} at {a:.3g}" for a, b in line["points"][:: _every(line)])
        sheet.facts([(line["name"], at)])
    sheet.line()
    sheet.facts(
        [
            ("lives", f"{document['lives']} in {duration(document['wall_s'])}"),
            *(("note", note) for note in document["notes"]),
            ("figure", document.get("figure")),
        ]
    )


def _every(line: dict[str, Any]) -> int:
    return max(len(line["points"]) // 5, 1)
