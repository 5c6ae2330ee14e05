"""``twin compare``: cells, overlays or stored runs in one table and one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.experiments import FigureFile, Modes, Plot, check_figure, chosen, draw, save_figure
from twin.cli.options import Overlays, Overrides, Without, names
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin compare``."""
    command(app, "compare")(compare)


def compare(
    session: Session,
    items: Annotated[
        list[str], typer.Argument(metavar="ITEM...", help="Runs, cells, or CELL+OVERLAY+OVERLAY.")
    ],
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="P", help="One for all [default: its own].")
    ] = None,
    cycles: Annotated[int, typer.Option("--cycles", metavar="N", min=1, help="How many.")] = 20,
    overlays: Overlays = None,
    overrides: Overrides = None,
    modes: Modes = None,
    without: Without = None,
    model: Annotated[
        str, typer.Option("--model", metavar="dfn|spm", help="The full cells' model.")
    ] = "spm",
    figure: FigureFile = None,
    plot: Plot = False,
) -> None:
    """Compare cells, overlays or runs in a table and a figure.

    Runs are read; cells are run now, with the SPM unless told otherwise, and stored.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.report.comparison import compared, comparison_panels

    check_figure(figure)
    with Ticker(session, f"{len(items)} runs") as ticker:
        runs = twin.compare(
            items,
            store=session.store,
            protocol=protocol,
            cycles=cycles,
            overlays=overlays or (),
            overrides=overrides or (),
            modes=chosen(modes),
            without=names(without),
            model=model,
            series_every=0,
            progress=ticker,
        )
    rows = [compared(label, run) for label, run in runs.items()]
    shown = comparison_panels(runs)
    title = f"{len(rows)} runs compared"
    save_figure(shown, title, figure)

    def page(sheet: Page) -> None:
        _table(sheet, rows)
        draw(session, sheet, shown, title, figure, plot)

    session.finish({"runs": rows, "figure": figure}, page)


def _table(sheet: Page, rows: list[dict[str, Any]]) -> None:
    from twin.cli.formats import percent, short

    def ends(values: list[float] | None) -> str:
        return " ".join(short(v) for v in values) if values else "-"

    sheet.line("capacity in mAh/cm2 and resistance in ohm cm2, of the first and last cycle", "dim")
    columns = ("", "ended", "hours", "capacity", "resistance", "margin", "limited by")
    table = []
    for row in rows:
        end = {"completed": "lives", "cell-failed": "died"}.get(row["kind"], row["kind"])
        table.append(
            (
                row["label"].replace("+", "\n+ "),
                f"{end}, {row['cycle']}",
                short(row["time_h"]),
                ends(row["capacity_mAh_cm2"]),
                ends(row["resistance_Ohm_cm2"]),
                percent(row["margin"], 0),
                ": ".join(p for p in (row["limiting"], row["criterion"]) if p and p != "core"),
            )
        )
    sheet.table(columns, table, right=(2, 5))
    sheet.line()
    sheet.line(f"runs: {', '.join(row['run'] for row in rows)}", "dim")
