"""``twin design``: the pressure, temperature and current at which a cell lives longest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.formats import duration, short
from twin.cli.options import Asked, CellName
from twin.cli.session import Session
from twin.cli.studies import Lived, finish

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin design``."""
    command(app, "design", "figure")(design)


def design(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Lived,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=A..B", help="As 'stack.pressure=1..20 MPa'."),
    ] = None,
    limits: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="NAME<=X", help="As 'cycle_time<=12 hours'."),
    ] = None,
    maximise: Annotated[
        str | None,
        typer.Option("--maximise", metavar="life", help="What is to be largest [default: life]."),
    ] = None,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="The horizon [default: 500].")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", metavar="M", min=0, help="Maximise the median of so many [default: 0]."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the samples [default: 0].")
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--most", metavar="P", min=8, help="About so many places are tried [default: 60]."
        ),
    ] = None,
) -> None:
    """Find the values at which a cell lives longest, under limits.

    By gradients where the model is smooth and they agree with whole lives, by search where
    not: the result says which. Limits are on capacity, energy, efficiency, cycle_time,
    resistance, temperature and pressure. --vary and --limit may be repeated.
    """
    import twin

    result = twin.design(
        cell,
        vary=vary or (),
        limits=limits or (),
        maximise=maximise,
        cycles=cycles,
        samples=samples,
        seed=seed,
        most=most,
        **asked.given(cell),
        **how.given(session),
    )
    finish(session, result, how.figure, show_study)


def _lived(document: dict[str, Any], entry: dict[str, Any], died_of: str | None) -> str:
    if entry["life"] is None:
        return f"beyond {document['cycles']} cycles (projected: {short(entry['projected_life'])})"
    return f"{entry['life']} cycles, then {died_of}"


def show_study(sheet: Page, document: dict[str, Any]) -> None:
    """Put what a study came to on a page."""
    sheet.line(f"study {document['study']}  {document['cell']}", "bold")
    written = document["as_it_is"]
    what = "median life" if document["samples"] else "life"
    sheet.facts(
        [
            (f"best {what}", _lived(document, document, document["died_of"])),
            ("as it is", _lived(document, written, written["mode"]) if written else None),
            ("found by", f"{document['method']}: {document['why']}"),
            ("held by", "; ".join(document["active"]) or "nothing: the best lies inside"),
            ("allowed", None if document["allowed"] else "no place tried keeps every limit"),
            ("lives", f"{document['lives']} in {duration(document['wall_s'])}"),
            ("figure", document.get("figure")),
        ]
    )
    sheet.heading("The best values")
    share = document["window_share"]
    rows = []
    for key, best in document["optimum"].items():
        unit = f" {best['unit']}" if best["unit"] else ""
        low, high = best["window"]
        rows.append(
            (
                key,
                f"{short(best['value'])}{unit}",
                f"{short(low)} to {short(high)}",
                f"{best['slope']:+.2g}",
            )
        )
    sheet.table(("key", "best", f"{share:.0%} of it", "slope"), rows, right=(1, 3))
    sheet.line("slope: of ln(life), for a tenth of the range", "dim")
    if document["limits"]:
        sheet.heading("Limits")
        kept = [
            (x["limit"], short(x["value"]), short(x["bound"]), _state(x))
            for x in document["limits"]
        ]
        sheet.table(("limit", "here (SI)", "bound (SI)", ""), kept, right=(1, 2))


def _state(limit: dict[str, Any]) -> str:
    return ("active" if limit["active"] else "kept") if limit["kept"] else "broken"
