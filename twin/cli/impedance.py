"""``twin eis``: the impedance of a cell, fresh or after any cycle of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.command import command
from twin.cli.experiments import Drawn, check_figure, draw, save_figure
from twin.cli.options import Changed
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.experiments.eis import Impedance


def add_commands(app: typer.Typer) -> None:
    """Add ``twin eis``."""
    command(app, "eis", "lines")(eis)


def eis(
    session: Session,
    changed: Changed,
    to: Drawn,
    cell: Annotated[
        str | None,
        typer.Argument(metavar="CELL", help="A name from `twin cells`, or a TOML file."),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="A stored run instead.")
    ] = None,
    cycle: Annotated[
        int | None,
        typer.Option("--cycle", metavar="N", min=0, help="After this cycle of it [the last]."),
    ] = None,
    low: Annotated[
        str, typer.Option("--from", metavar="F", help="The lowest frequency.")
    ] = "10 mHz",
    high: Annotated[
        str | None,
        typer.Option("--to", metavar="F", help="The highest [beyond the fastest arc]."),
    ] = None,
    per_decade: Annotated[
        int, typer.Option("--per-decade", metavar="N", help="Points a decade [up to 100].")
    ] = 10,
    rest: Annotated[
        str | None,
        typer.Option("--rest", metavar="T", help="Rest before [1 s; of a stored run 1 hour]."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="dfn|spm", help="The full cell's model [default: dfn]."),
    ] = None,
) -> None:
    """Simulate a cell's impedance, fresh or aged; fit its arcs.

    The fit tells grains, grain boundaries and interfaces apart by their capacitances, and
    gives the electrolyte's conductivity.
    """
    import twin
    from twin.cli.ticker import Ticker
    from twin.experiments.eis import as_data
    from twin.report.impedance import impedance_panels

    check_figure(to.figure)
    with Ticker(session, cell or f"run {run}"):
        impedance = twin.eis(
            cell,
            run=run,
            cycle=cycle,
            low=low,
            high=high,
            per_decade=per_decade,
            rest=rest,
            model=model,
            **changed.given(),
            store=None if run is None else session.store,
        )
    what = cell or ""
    if run is not None:
        info = session.store.run(run)
        what = f"{info.cell_name}, run {info.id}, after cycle {impedance.cycle}"
    panels = impedance_panels(impedance)
    title = f"{what}: impedance"
    save_figure(panels, title, to.figure)
    document = {
        "cell": cell,
        "run": run,
        "cycle": impedance.cycle,
        **as_data(impedance),
        "figure": to.figure,
    }

    def page(sheet: Page) -> None:
        _page(sheet, impedance, title)
        draw(session, sheet, panels, title, to)

    session.finish(document, page)


def _page(sheet: Page, impedance: Impedance, title: str) -> None:
    from twin.cli.formats import duration, short

    sheet.line(
        f"{title} at {impedance.temperature - 273.15:.4g} degC, "
        f"{abs(impedance.voltage):.4g} V at rest"
    )
    sheet.line()
    rows = [
        (
            arc.what,
            short(1e4 * arc.resistance, 4),
            "-" if arc.capacitance is None else f"{1e-4 * arc.capacitance:.3g}",
            "above the range" if arc.frequency is None else f"{arc.frequency:.3g}",
        )
        for arc in impedance.fit.arcs
    ]
    bend = impedance.fit.bend
    if bend is not None:
        rows.append(("diffusion", short(1e4 * bend[0], 4), "-", f"{1 / bend[1]:.3g}"))
    sheet.table(("fitted", "ohm cm2", "F/cm2", "Hz"), rows, right=(1, 2, 3))
    sheet.line()
    facts = [
        ("conductivity", _conductivity(impedance)),
        ("fit", f"off by {100 * impedance.fit.error:.2g} % of the modulus (root mean square)"),
        ("range", f"{impedance.frequency[-1]:.3g} to {impedance.frequency[0]:.3g} Hz"),
        *(("note", note) for note in impedance.notes),
        ("took", duration(impedance.wall_s)),
    ]
    refusal = impedance.refusal
    if refusal is not None:
        facts[1:1] = [("refused", refusal.says), ("fix", refusal.fix)]
    sheet.facts(facts)


def _conductivity(impedance: Impedance) -> str:
    from twin.cli.formats import short

    own, seen = impedance.conductivity, impedance.fitted_conductivity
    mine = f"{short(10 * own, 4)} the cell's own"
    if seen is None:
        return f"not fitted; the cell's own is {short(10 * own, 4)} mS/cm"
    return f"{short(10 * seen, 4)} mS/cm fitted, {mine} ({100 * (seen / own - 1):+.2f} %)"
