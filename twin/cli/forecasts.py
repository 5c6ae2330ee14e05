"""``twin forecast``: how long cells of a kind live, and what they die of."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.formats import duration, percent, short
from twin.cli.options import CellName, Overlays, Overrides, Without, names
from twin.cli.running import chosen
from twin.cli.session import Session, write

if TYPE_CHECKING:
    from twin.api.forecasts import MemberDone
    from twin.cli.page import Page

_EVERY_S = 5.0
_MOST = 5


def add_commands(app: typer.Typer) -> None:
    """Add ``twin forecast``."""
    command(app, "forecast")(forecast)


def forecast(
    session: Session,
    cell: CellName,
    cycles: Annotated[int, typer.Option("--cycles", metavar="N", help="The horizon.")] = 1000,
    samples: Annotated[
        int, typer.Option("--samples", metavar="M", help="How many members in all.")
    ] = 100,
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", metavar="P", help="A name or a file [default: the cell's]."),
    ] = None,
    overlays: Overlays = None,
    overrides: Overrides = None,
    modes: Annotated[
        str | None, typer.Option("--modes", metavar="A,B", help="Only these failure modes.")
    ] = None,
    without: Without = None,
    model: Annotated[
        str, typer.Option("--model", metavar="spm|dfn", help="The full cell's model.")
    ] = "spm",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the sample [default: drawn].")
    ] = None,
    method: Annotated[
        str, typer.Option("--method", metavar="sobol|lhs", help="How to sample.")
    ] = "sobol",
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Local processes [default: one a core]."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="tcp://…", help="A running Dask scheduler instead."),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option("--study", metavar="ID", help="Go on with this study; CELL must be its cell."),
    ] = None,
    figure: Annotated[
        str | None, typer.Option("--figure", metavar="FILE", help="A .png, .svg or .pdf to write.")
    ] = None,
) -> None:
    """Forecast how long such cells live, and what they die of.

    Every quantity with a spread is sampled; every member is a life by cycle jump. A study
    that was interrupted goes on with --study ID, and so does one that wants more --samples.
    """
    from twin import api

    teller = _Teller(session)
    result = api.forecast(
        cell,
        cycles=cycles,
        samples=samples,
        protocol=protocol,
        overlays=overlays or (),
        overrides=overrides or (),
        modes=chosen(modes),
        without=names(without),
        model=model,
        seed=seed,
        method=method,
        workers=workers,
        scheduler=scheduler,
        study=study,
        store=session.store,
        on_member=teller.member,
        on_start=teller.started,
    )
    document = result.to_dict()
    if figure is not None:
        result.plot(Path(figure))
        document["figure"] = figure
    session.finish(document, lambda sheet: _page(sheet, document))


class _Teller:
    """Tells how many members are done, now and then."""

    def __init__(self, session: Session):
        self._session = session
        self._began = self._last = time.monotonic()
        self._first: int | None = None

    def started(self, study: str) -> None:
        self._session.say(f"study {study} (if it is interrupted: --study {study})")

    def member(self, progress: MemberDone) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = progress.done - 1
        last = progress.done == progress.total
        if self._session.common.quiet or (now - self._last < _EVERY_S and not last):
            return
        self._last = now
        rate = (progress.done - self._first) / max(now - self._began, 1e-9)
        left = duration((progress.total - progress.done) / rate)
        line = f"{progress.done}/{progress.total} members, {short(rate, 2)}/s, {left} left\n"
        write(sys.stderr, line)


def _page(sheet: Page, document: dict[str, Any]) -> None:
    horizon = document["cycles"]
    beyond = f"beyond {horizon}"
    sheet.line(f"study {document['study']}  {document['cell']}", "bold")
    sheet.facts(
        [
            ("members", f"{document['samples']}, {document['failed_members']} failed"),
            ("median life", f"{document['median_life'] or beyond} cycles"),
            ("90 % of lives", f"{document['p05'] or beyond} to {document['p95'] or beyond} cycles"),
            ("alive at the end", percent(document["survive"]) if document["samples"] else None),
            ("rebuilt for", ", ".join(document["rebuilt"]) or None),
            ("figure", document.get("figure")),
        ]
    )
    if document["incidence"]:
        sheet.heading(f"What they die of within {horizon} cycles")
        rows = [
            (mode, percent(curve[-1][1])) for mode, curve in sorted(document["incidence"].items())
        ]
        sheet.table(("mode", "share"), rows, right=(1,))
    if document["sensitivity"]:
        sheet.heading("What the life depends on most (rank correlation)")
        strongest = list(document["sensitivity"].items())[:_MOST]
        sheet.table(("number", ""), [(k, f"{v:+.2f}") for k, v in strongest], right=(1,))
