"""``twin attribute``: what a life lost, split over its failure modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.formats import duration, short
from twin.cli.options import Asked, CellName
from twin.cli.session import Session
from twin.cli.studies import Lived, finish

_MOST_PAIRS = 6

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin attribute``."""
    command(app, "attribute", "figure")(attribute)


def attribute(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Lived,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="The horizon [default: 500].")
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="A+B", help="Count these modes as one (repeatable)."),
    ] = None,
) -> None:
    """Split what a cell loses over its failure modes (Shapley).

    A life is simulated with every subset of the modes; the shares are Shapley's values,
    which add up to the total. What two modes do to each other is shown beside them.
    """
    import twin

    result = twin.attribute(
        cell,
        cycles=cycles,
        groups=groups or (),
        **asked.given(cell),
        **how.given(session),
    )
    finish(session, result, how.figure, show_study)


def show_study(sheet: Page, document: dict[str, Any]) -> None:
    """Put what a study came to on a page."""
    horizon = document["cycles"]
    outcome = document["outcome"]
    sheet.line(f"study {document['study']}  {document['cell']}", "bold")
    blamed = document.get("died_of") or outcome.get("mode")
    ended = (
        f"in cycle {document['life']} of {blamed}: {outcome.get('criterion')}"
        if document["life"]
        else f"not within {horizon} cycles"
    )
    sheet.facts(
        [
            ("dies", ended),
            (
                "without any mode",
                f"lives {document['life_without_modes'] or f'more than {horizon}'}",
            ),
            ("compared in", f"cycle {document['compared_in_cycle']}"),
            ("lives", f"{len(document['coalitions'])} in {duration(document['wall_s'])}"),
            *(("note", note) for note in document["notes"]),
            ("figure", document.get("figure")),
        ]
    )
    losses = document["losses"]
    capacity, resistance = losses["capacity_Ah"], losses["resistance_Ohm_m2"]
    life = losses["life_cycles"]["all"]
    sheet.heading("Lost to each mode (Shapley values)")
    columns = ("mode", "capacity/mAh", "at once", "R/ohm cm2", "at once", "life/cycles")
    rows = [
        (
            mode,
            _milli(capacity["all"]["by_mode"][mode]),
            _milli(capacity["first_cycle"]["by_mode"][mode]),
            _ohm(resistance["all"]["by_mode"][mode]),
            _ohm(resistance["first_cycle"]["by_mode"][mode]),
            f"{life['by_mode'][mode]:.1f}",
        )
        for mode in document["modes"]
    ]
    rows.append(
        (
            "together",
            _milli(capacity["all"]["total"]),
            _milli(capacity["first_cycle"]["total"]),
            _ohm(resistance["all"]["total"]),
            _ohm(resistance["first_cycle"]["total"]),
            f"{life['total']:.1f}",
        )
    )
    sheet.table(columns, rows, right=range(1, 6))
    pairs = _strongest(losses)
    if pairs:
        sheet.heading("Interaction: what two lose together beyond what each loses alone")
        sheet.table(("modes", "capacity/mAh", "R/ohm cm2", "life/cycles"), pairs, right=(1, 2, 3))


def _milli(value: float) -> str:
    return short(1e3 * value)


def _ohm(value: float) -> str:
    return short(1e4 * value)


def _strongest(losses: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the pairs whose interaction is largest, as a share of any of the totals."""
    parts = [losses[key]["all"] for key in ("capacity_Ah", "resistance_Ohm_m2", "life_cycles")]
    scales = [max(abs(part["total"]), 1e-30) for part in parts]
    table = []
    for number, pair in enumerate(parts[0]["interactions"]):
        values = [part["interactions"][number]["value"] for part in parts]
        weight = max(abs(v) / s for v, s in zip(values, scales, strict=True))
        shown = (_milli(values[0]), _ohm(values[1]), f"{values[2]:.1f}")
        table.append((weight, (" x ".join(pair["modes"]), *shown)))
    table.sort(key=lambda item: -item[0])
    return [row for weight, row in table[:_MOST_PAIRS] if weight > 1e-3]
