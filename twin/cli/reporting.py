"""``twin report``: one page to send."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.command import command
from twin.cli.session import Session


def add_commands(app: typer.Typer) -> None:
    """Add ``twin report``."""
    command(app, "report")(report)


def report(
    session: Session,
    of: Annotated[
        str, typer.Argument(metavar="RUN|STUDY", help="A run's id or 'last', or a study's id.")
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="A file or a folder [default: ID.html, here]."),
    ] = None,
) -> None:
    """Write a run or a study as one HTML page to send.

    The question, the answer and its evidence, the cell to scale, figures, every number with
    its source, versions, how to do it again, what to cite. One file, no script, nothing
    fetched: it opens anywhere, prints on A4, and has the same bytes for the same run.
    """
    import twin

    path = twin.write_report(of, out, store=session.store)
    session.finish({"of": of, "file": str(path)}, lambda sheet: sheet.line(f"written: {path}"))
