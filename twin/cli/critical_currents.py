"""``twin ccd``: critical currents of stripping and of plating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.experiments import Drawn, check_figure, draw, save_figure
from twin.cli.options import CellName, Changed
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.experiments.ccd import Limit, Warned
    from twin.experiments.critical_currents import SweepPoint


def add_commands(app: typer.Typer) -> None:
    """Add ``twin ccd``."""
    command(app, "ccd", "lines")(ccd)


def ccd(
    session: Session,
    cell: CellName,
    changed: Changed,
    to: Drawn,
    start: Annotated[
        str, typer.Option("--start", metavar="J", help="The first current.")
    ] = "0.1 mA/cm^2",
    step: Annotated[
        str, typer.Option("--step", metavar="J", help="From one current to the next.")
    ] = "0.1 mA/cm^2",
    maximum: Annotated[
        str, typer.Option("--max", metavar="J", help="The last current.")
    ] = "10 mA/cm^2",
    half_cycle: Annotated[
        str | None,
        typer.Option("--half-cycle", metavar="T", help="Time of a half cycle [30 minutes]."),
    ] = None,
    areal_capacity: Annotated[
        str | None,
        typer.Option("--capacity", metavar="Q", help="Or its charge, as '0.5 mAh/cm^2'."),
    ] = None,
    rest: Annotated[
        str, typer.Option("--rest", metavar="T", help="Rest after each half cycle.")
    ] = "5 minutes",
    repeats: Annotated[
        int, typer.Option("--cycles-per-step", metavar="N", min=1, help="Cycles at each current.")
    ] = 1,
    direction: Annotated[
        str, typer.Option("--direction", metavar="D", help="alternating, or one-way.")
    ] = "alternating",
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="KEY=V,V", help="As 'stack.pressure=1,2,5 MPa'."),
    ] = None,
) -> None:
    """Find the critical currents of stripping and plating, apart.

    A staircase of currents is climbed until the cell fails; the limit that lies behind the
    first one is found by a ramp of its own, which the result names. With --sweep (repeatable)
    one table and one figure for all combinations.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.report.critical_currents import ramp_panels, sweep_panels

    check_figure(to.figure)
    with Ticker(session, cell) as ticker:
        points = twin.ccd_sweep(
            cell,
            sweep=sweep or (),
            start=start,
            step=step,
            maximum=maximum,
            half_cycle=half_cycle,
            areal_capacity=areal_capacity,
            rest=rest,
            repeats=repeats,
            direction=direction,
            **changed.given(),
            on_progress=ticker,
        )
    panels = sweep_panels(points) if sweep else ramp_panels(points[0].currents)
    title = f"{points[0].spec.name}: critical currents"
    save_figure(panels, title, to.figure)
    document = describe(cell, points, to.figure)

    def page(sheet: Page) -> None:
        if sweep:
            _table(sheet, points)
        else:
            _one(sheet, points[0])
        draw(session, sheet, panels, title, to)

    session.finish(document, page)


def describe(cell: str, points: list[SweepPoint], figure: str | None) -> dict[str, Any]:
    """Return the document of ``twin ccd``: one cell's, or one entry for each point."""
    from twin.experiments.ccd import as_data

    if len(points) == 1 and not points[0].at:
        return {"cell": points[0].spec.name, **as_data(points[0].currents), "figure": figure}
    points_data = [{"at": point.at, **as_data(point.currents)} for point in points]
    wall = sum(point.currents.wall_s for point in points)
    return {"cell": points[0].spec.name, "points": points_data, "wall_s": wall, "figure": figure}


def milli(density: float | None, at_least: float = 0.0) -> str:
    """Return a current density in mA/cm2; what it exceeds, where it is not known."""
    return f">{at_least / 10:.4g}" if density is None else f"{density / 10:.4g}"


def _one(sheet: Page, point: SweepPoint) -> None:
    from twin.cli.formats import duration, short

    currents, spec = point.currents, point.spec
    warm = spec.thermal.ambient.si - 273.15
    sheet.line(f"{spec.name}: critical currents at {spec.stack.pressure.text}, {warm:.4g} degC")
    sheet.line()
    rows = [_row("stripping", currents.stripping), _row("plating", currents.plating)]
    columns = ("", "mA/cm2", "fails at", "limited by", "step", "h")
    sheet.table(columns, rows, right=(1, 2, 4, 5))
    sheet.line()
    onset = (
        ""
        if currents.onset is None
        else f"{milli(currents.onset)} mA/cm2: contact falls as it strips"
    )
    ended = currents.cell.says
    if currents.process is not None:
        cell = currents.cell
        where = f"{milli(cell.failed_at)} mA/cm2, {currents.process} at the {cell.place}"
        ended = f"{where}: {cell.says}"
    sheet.facts(
        [
            ("plain ramp", ended),
            ("voids begin", onset),
            *(("warning", _warning(w)) for w in currents.warnings),
            *(("note", note) for note in currents.notes),
            ("took", f"{duration(currents.wall_s)} for {short(len(currents.levels))} steps"),
        ]
    )


def _warning(warned: Warned) -> str:
    return f"{milli(warned.current)} mA/cm2: {warned.mode}: {warned.criterion}: {warned.says}"


def _row(kind: str, limit: Limit) -> tuple[str, ...]:
    if limit.current is None:
        return kind, milli(None, limit.at_least), "-", "nothing up to there", "-", "-"
    by = f"{limit.mode}: {limit.criterion}"
    hours = f"{limit.time / 3600:.3g}"
    return kind, milli(limit.current), milli(limit.failed_at), by, str(limit.step), hours


def _table(sheet: Page, points: list[SweepPoint]) -> None:
    from twin.cli.formats import duration
    from twin.experiments.sweep import shown

    keys = list(points[0].at)
    heads = []
    for key in keys:
        _, unit = shown(points[0].spec, key)
        words = key.rpartition(".")[2].replace("_", " ")
        heads.append(f"{words} [{unit}]" if unit else words)
    rows = []
    for point in points:
        values = [shown(point.spec, key)[0] for key in keys]
        at = [point.at[k] if v is None else f"{v:g}" for k, v in zip(keys, values, strict=True)]
        currents = point.currents
        first = currents.process or "nothing"
        rows.append(
            (
                *at,
                "-" if currents.onset is None else milli(currents.onset),
                milli(currents.stripping.current, currents.stripping.at_least),
                "-" if currents.plating_onset is None else milli(currents.plating_onset),
                milli(currents.plating.current, currents.plating.at_least),
                first,
            )
        )
    sheet.line(f"{points[0].spec.name}: critical currents, mA/cm2")
    sheet.line()
    columns = (*heads, "voids", "stripping", "warns", "plating", "fails first")
    sheet.table(columns, rows, right=range(len(keys) + 4))
    sheet.line()
    blamed = sorted({p.currents.cell.mode for p in points if p.currents.process})
    notes = sorted({note for point in points for note in point.currents.notes})
    wall = sum(point.currents.wall_s for point in points)
    took = f"{duration(wall)} for {len(points)} points"
    meaning = "from where contact falls on stripping; from where a plated face warns"
    sheet.facts(
        [
            ("voids; warns", meaning),
            ("failed by", ", ".join(blamed)),
            *(("note", note) for note in notes),
            ("took", took),
        ]
    )
