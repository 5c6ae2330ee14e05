"""``twin plot``: a run as a figure, or drawn in the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.experiments import save_numbers
from twin.cli.options import Data, DataCycle, RunId
from twin.cli.session import Session
from twin.cli.ticker import Ticker

if TYPE_CHECKING:
    from twin import RunResult
    from twin.cli.page import Page

FACE = "face"


def add_commands(app: typer.Typer) -> None:
    """Add ``twin plot``."""
    command(app, "plot", "lines")(plot)


def plot(
    session: Session,
    run: RunId,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A .png, .svg or .pdf; of a face, a .gif too."),
    ] = None,
    what: Annotated[
        str,
        typer.Option(
            "--what",
            metavar="PANEL",
            help="summary, coupling (contact and pressure beside what each mode shows itself "
            "by), voltage, capacity, rate, efficiency, polarisation, resistance, contact, "
            "pressure, margins, or face (a metal face in patches; into a .gif, as a film).",
        ),
    ] = "summary",
    data: Data = None,
    data_cycle: DataCycle = None,
) -> None:
    """Plot a run: into a file, or with characters in the terminal.

    With --data, measured points are laid over the voltage. With --json and no file, the
    plotted numbers themselves.
    """
    import twin
    from twin.report.panels import panels, title_of

    result = twin.load_run(run, store=session.store)
    document: dict[str, Any] = {"run": result.id, "what": what, "file": file, "data": None}
    if what == FACE:
        _face(session, result, document, data)
        return
    shown = panels(result, what)
    if data is not None:
        from twin.report.beside import with_data

        measured = twin.measured_or_file(data, store=session.store)
        shown = with_data(shown, result, measured, data_cycle)
        document["data"] = measured.id
    title = title_of(result)
    save_numbers(shown)
    if file is not None:
        from twin.report.figures import plot_panels

        plot_panels(shown, title, file)
        session.finish(document, lambda sheet: sheet.line(f"written: {file}"))
    elif session.wants_json:
        document["panels"] = [panel.to_dict() for panel in shown]
        session.finish(document, lambda sheet: None)
    else:
        from twin.report.terminal import draw_panels

        out = session.out
        colour = out.isatty() and not os.environ.get("NO_COLOR")
        text = draw_panels(shown, title, colour=colour, encoding=out.encoding or "ascii")

        def page(sheet: Page) -> None:
            sheet.raw(text)

        session.finish(document, page)


def _face(session: Session, result: RunResult, document: dict[str, Any], data: str | None) -> None:
    """Show a run's faces patch by patch."""
    from twin.errors import InputError
    from twin.report.face import animate_face, draw_face, face_fields, plot_face
    from twin.report.terminal import terminal_size

    if data is not None:
        raise InputError(
            "measured points lie over a voltage, not over a face",
            key="data",
            fix="leave --data or --what face out",
        )
    file = document["file"]
    if file is not None and file.lower().endswith(".gif"):
        with Ticker(session, "the film") as ticker:
            frames = animate_face(result, file, lambda share: ticker(share, "drawing"))
        document["frames"] = frames
        session.finish(document, lambda sheet: sheet.line(f"written: {file}, {frames} frames"))
        return
    if file is not None:
        plot_face(result, file)
        session.finish(document, lambda sheet: sheet.line(f"written: {file}"))
        return
    if session.wants_json:
        document["fields"] = [field.to_dict() for field in face_fields(result)]
        session.finish(document, lambda sheet: None)
        return
    columns, _ = terminal_size()
    text = draw_face(result, width=columns, encoding=session.out.encoding or "ascii")
    session.finish(document, lambda sheet: sheet.raw(text))
