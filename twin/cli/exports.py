"""``twin export``: a run as files for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.command import command
from twin.cli.options import RunId
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin export``."""
    command(app, "export")(export)


def export(
    session: Session,
    run: RunId,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="parquet, csv, netcdf or bdf.")],
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="PATH", help="A file or a folder [default: here]."),
    ] = None,
) -> None:
    """Export a run.

    parquet: cycles and series; csv: cycles; netcdf: both; bdf: the series in the Battery
    Data Format (current positive on charge).
    """
    import twin
    from twin.report.exports import export_run

    result = twin.load_run(run, store=session.store)
    written = export_run(result, to, out)
    files = [{"path": str(w.path), "holds": w.holds, "rows": w.rows} for w in written]

    def page(sheet: Page) -> None:
        for w in written:
            sheet.line(f"written: {w.path} ({w.holds}, {w.rows} rows)")

    session.finish({"run": result.id, "to": to, "files": files}, page)
