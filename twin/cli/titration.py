"""``twin gitt``: open-circuit points and apparent diffusivities by titration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.command import command
from twin.cli.experiments import Drawn, check_figure, draw, save_figure
from twin.cli.options import CellName, Changed
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.experiments.gitt import Gitt


def add_commands(app: typer.Typer) -> None:
    """Add ``twin gitt``."""
    command(app, "gitt", "lines")(gitt)


def gitt(
    session: Session,
    cell: CellName,
    changed: Changed,
    to: Drawn,
    electrode: Annotated[
        str, typer.Option("--electrode", metavar="PLACE", help="cathode or anode.")
    ] = "cathode",
    points: Annotated[
        int, typer.Option("--points", metavar="N", min=1, help="Pulses over the capacity.")
    ] = 20,
    current: Annotated[
        str | None, typer.Option("--current", metavar="J", help="Of the pulses [C/20].")
    ] = None,
    pulse: Annotated[
        str | None, typer.Option("--pulse", metavar="T", help="Their length [0.01 R^2/D].")
    ] = None,
    rest: Annotated[
        str | None, typer.Option("--rest", metavar="T", help="Rest around them [0.5 R^2/D].")
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option("--direction", metavar="D", help="charge or discharge."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="spm|dfn", help="The cell's model [default: spm]."),
    ] = None,
) -> None:
    """Titrate an electrode with pulses and rests (GITT).

    Gives the potential at rest and the apparent diffusivity (Weppner and Huggins) over the
    filling, beside the diffusivity that the cell was given.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.experiments.gitt import as_data
    from twin.report.titration import titration_panels

    check_figure(to.figure)
    with Ticker(session, cell) as ticker:
        titration = twin.gitt(
            cell,
            electrode=electrode,
            points=points,
            current=current,
            pulse=pulse,
            rest=rest,
            direction=direction,
            model=model,
            **changed.given(),
            on_progress=ticker,
        )
    panels = titration_panels(titration)
    title = f"{cell}: titration of the {titration.place}"
    if titration.points:
        save_figure(panels, title, to.figure)
    document = {
        "cell": cell,
        **as_data(titration),
        "figure": to.figure if titration.points else None,
    }

    def page(sheet: Page) -> None:
        _page(sheet, titration, title)
        if titration.points:
            draw(session, sheet, panels, title, to)

    session.finish(document, page)


def _page(sheet: Page, titration: Gitt, title: str) -> None:
    from twin.cli.formats import duration

    plan = titration.titration
    sheet.line(title)
    sheet.line()
    rows = [
        (
            f"{p.stoichiometry:.4f}",
            f"{p.potential:.4f}",
            f"{p.voltage:.4f}",
            f"{p.diffusivity:.3g}",
            f"{p.own:.3g}",
            f"{p.diffusivity / p.own:.3f}",
        )
        for p in titration.points
    ]
    columns = ("filling", "V vs Na", "cell V", "D found [m2/s]", "its own", "ratio")
    sheet.table(columns, rows, right=range(6))
    sheet.line()
    way = "discharge" if plan.sign > 0 else "charge"
    sheet.facts(
        [
            ("pulses", f"{plan.density / 10:.3g} mA/cm2 for {duration(plan.pulse)}, {way}"),
            ("rests", duration(plan.rest)),
            ("ended at", titration.ended),
            *(("note", note) for note in titration.notes),
            ("took", duration(titration.wall_s)),
        ]
    )
