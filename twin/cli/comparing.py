"""``twin compare``: cells, overlays or stored runs in one table and one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin import Status
from twin.cli.command import command
from twin.cli.experiments import Drawn, check_figure, draw, save_figure
from twin.cli.options import Changed, Data, DataCycle
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin compare``."""
    command(app, "compare", "lines")(compare)


def compare(
    session: Session,
    items: Annotated[
        list[str], typer.Argument(metavar="ITEM...", help="Runs, cells, or CELL+OVERLAY+OVERLAY.")
    ],
    changed: Changed,
    to: Drawn,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="P", help="One for all [default: its own].")
    ] = None,
    cycles: Annotated[int, typer.Option("--cycles", metavar="N", min=1, help="How many.")] = 20,
    model: Annotated[
        str, typer.Option("--model", metavar="dfn|spm", help="The full cells' model.")
    ] = "spm",
    data: Data = None,
    data_cycle: DataCycle = None,
) -> None:
    """Compare cells, overlays or runs in a table and a figure.

    Runs are read; cells are run now, with the SPM unless told otherwise, and stored. With
    --data one alone may be named, and the voltage of each is compared over the charge passed.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.report import beside
    from twin.report.comparison import compared, comparison_panels

    measured = None if data is None else twin.measured_or_file(data, store=session.store)

    check_figure(to.figure)
    with Ticker(session, f"{len(items)} runs") as ticker:
        runs = twin.compare(
            items,
            store=session.store,
            protocol=protocol,
            cycles=cycles,
            **changed.given(),
            model=model,
            series_every=0 if measured is None else 1,
            progress=ticker,
            alone=measured is not None,
        )
    rows = [compared(label, run) for label, run in runs.items()]
    shown = comparison_panels(runs)
    apart = {}
    if measured is not None:
        for row, (label, run) in zip(rows, runs.items(), strict=True):
            apart[label] = beside.differences_to(run, measured, data_cycle=data_cycle)
            row["data"] = beside.as_data(apart[label])
        shown = [*beside.comparison_panels_with(runs, measured, data_cycle), *shown]
    title = f"{len(rows)} runs compared"
    save_figure(shown, title, to.figure)

    def page(sheet: Page) -> None:
        _table(sheet, rows)
        if measured is not None:
            _to_data(sheet, apart, measured.name)
        draw(session, sheet, shown, title, to)

    document: dict[str, Any] = {"runs": rows, "figure": to.figure}
    if measured is not None:
        document["data"] = {"id": measured.id, "name": measured.name}
    session.finish(document, page)


def _to_data(sheet: Page, apart: dict[str, Any], name: str) -> None:
    """Tell what the voltages differ by, leg by leg."""
    from twin.cli.formats import percent, short

    sheet.heading(f"Beside {name}")
    sheet.table(
        ("what", "leg", "cycle", "of data", "rms mV", "most mV", "mAh", "of data", "over"),
        (
            (
                label,
                d.kind,
                d.cycle,
                d.data_cycle,
                short(d.rms_mV),
                short(d.largest_mV),
                short(1e3 * d.capacity_Ah, 4),
                short(1e3 * d.data_capacity_Ah, 4),
                percent(d.shared, 0),
            )
            for label, differences in apart.items()
            for d in differences
        ),
        right=range(2, 9),
    )


def _table(sheet: Page, rows: list[dict[str, Any]]) -> None:
    from twin.cli.formats import percent, short

    def ends(values: list[float] | None) -> str:
        return " ".join(short(v) for v in values) if values else "-"

    sheet.line("capacity in mAh/cm2 and resistance in ohm cm2, of the first and last cycle", "dim")
    columns = ("", "ended", "hours", "capacity", "resistance", "margin", "limited by")
    table = []
    for row in rows:
        end = {Status.COMPLETED: "lives", Status.CELL_FAILED: "died"}.get(row["kind"], row["kind"])
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
