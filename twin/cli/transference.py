"""``twin transference``: the transference number by a small step of voltage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.command import command
from twin.cli.experiments import Drawn, check_figure, draw, save_figure
from twin.cli.options import CellName, Changed
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.experiments.transference import Transference


def add_commands(app: typer.Typer) -> None:
    """Add ``twin transference``."""
    command(app, "transference", "lines")(transference)


def transference(
    session: Session,
    cell: CellName,
    changed: Changed,
    to: Drawn,
    voltage: Annotated[
        str, typer.Option("--voltage", metavar="U", help="The step, at most 10 mV.")
    ] = "10 mV",
    hold: Annotated[
        str | None, typer.Option("--hold", metavar="T", help="How long [until steady].")
    ] = None,
) -> None:
    """Simulate a transference number (Bruce and Vincent).

    A small voltage is held until the current is steady; the impedance before and after gives
    the interfaces' resistances, the conductivity and the salt's diffusivity.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.experiments.transference import as_data
    from twin.report.transference import transference_panels

    check_figure(to.figure)
    with Ticker(session, cell) as ticker:
        measurement = twin.transference(
            cell,
            voltage=voltage,
            hold=hold,
            **changed.given(),
            on_progress=ticker,
        )
    panels = transference_panels(measurement)
    title = f"{cell}: transference number {measurement.t_plus:.3f}"
    save_figure(panels, title, to.figure)
    document = {"cell": cell, **as_data(measurement), "figure": to.figure}

    def page(sheet: Page) -> None:
        _page(sheet, measurement, title)
        draw(session, sheet, panels, title, to)

    session.finish(document, page)


def _page(sheet: Page, measurement: Transference, title: str) -> None:
    from twin.cli.formats import duration, short

    sheet.line(title)
    sheet.line()
    rows = [
        (
            "current",
            short(measurement.initial_current / 10, 4),
            short(measurement.steady_current / 10, 4),
            "mA/cm2",
        ),
        (
            "interfaces",
            short(1e4 * measurement.initial_resistance, 4),
            short(1e4 * measurement.steady_resistance, 4),
            "ohm cm2",
        ),
    ]
    sheet.table(("", "first", "steady", "unit"), rows, right=(1, 2))
    sheet.line()
    held = duration(float(measurement.t[-1] - measurement.t[0]))
    D = measurement.diffusivity
    sheet.facts(
        [
            ("t+", f"{measurement.t_plus:.3f}"),
            (
                "Bruce-Vincent",
                f"{measurement.bruce_vincent:.3f}, the share of the conductivity left",
            ),
            ("conductivity", f"{short(10 * measurement.conductivity, 4)} mS/cm"),
            ("salt diffusivity", None if D is None else f"{D:.3g} m2/s"),
            (
                "held",
                f"{1e3 * measurement.voltage:.3g} mV, {held}",
            ),
            *(("note", note) for note in measurement.notes),
            ("took", duration(measurement.wall_s)),
        ]
    )
