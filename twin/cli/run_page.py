"""A run as people read it: how it ended, why, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from twin import (
    Outcome,
    Status,
    first_capacity,
    share_left,
    stored_cell,
    turning_number,
    verdict_facts,
)
from twin.cli.formats import duration, margin_text, moment, percent, short
from twin.cli.page import Page
from twin.errors import TwinError
from twin.report.ending import DIED_OF, outcome_facts

if TYPE_CHECKING:
    from twin import RunResult

MOST_WARNINGS = 3
# Words carry the meaning; colour only repeats it.
STYLES = {
    Status.COMPLETED: "green",
    Status.CELL_FAILED: "red",
    Status.LEFT_WINDOW: "yellow",
    Status.SOLVER_GAVE_UP: "yellow",
    Status.CANCELLED: "yellow",
    Status.INTERRUPTED: "yellow",
    "damaged": "yellow",
    Status.RUNNING: "cyan",
}


def summary(sheet: Page, result: RunResult, ends: Sequence[str] | None = None) -> None:
    """Put the end of a run on a page, in a few lines.

    ``ends`` are its verdicts at the other ends of what is not known, said in words; those that
    are known of its very cell by default.
    """
    info, rows = result.info, result.rows
    outcome = result.outcome
    status = info.status if outcome is None else outcome.kind
    sheet.line(f"run {result.id}  {info.cell_name}  {status}", STYLES.get(status, ""))
    _turned(sheet, result)
    complete = [row for row in rows if row.get("complete", True)]
    sheet.facts(
        [
            *ending(outcome),
            *verdict_facts(result, ends),
            ("cycles", f"{len(complete)} of {info.cycles_requested} finished"),
            ("capacity", _from_to(complete, info.cell_kind)),
            *(("warning", text) for text in _warnings(result)),
            ("took", duration(info.wall_s)),
        ]
    )
    sheet.line(f"see more: twin show {result.id}, twin plot {result.id}", "dim")


def _turned(sheet: Page, result: RunResult) -> None:
    """Say which unsourced number turns the verdict, where it is known of this very cell."""
    text = turning_number(result.info)
    if text:
        sheet.line(text, "bold")


def _warnings(result: RunResult) -> list[str]:
    says = [e["says"] for e in result.store.events(result.id) if e["severity"] == "warning"]
    says = [*_of_design(result), *says]
    more = [f"and {len(says) - MOST_WARNINGS} more"] if len(says) > MOST_WARNINGS else []
    return says[:MOST_WARNINGS] + more


def _of_design(result: RunResult) -> list[str]:
    """Return what is surely wrong with how the cell is dimensioned, if it can still be read."""
    from twin.catalog.card import design_warnings

    try:
        return design_warnings(stored_cell(result.info.cell_spec or {}), certain=True)
    except TwinError:
        return []


def _from_to(rows: list[dict[str, Any]], kind: str) -> str:
    if kind != "full" or not rows:
        return ""
    first, last = first_capacity(rows) or 0.0, rows[-1]["capacity_Ah"]
    left = share_left(rows)
    share = "" if left is None else f" ({percent(left)})"
    estimated = ", estimated" if rows[-1].get("capacity_estimated") else ""
    return f"{short(1000 * first, 4)} to {short(1000 * last, 4)} mAh{share}{estimated}"


def ending(outcome: Outcome | None) -> list[tuple[str, Any]]:
    """Return what an outcome says, as facts, what the cell died of in bold."""
    facts = [] if outcome is None else outcome_facts(outcome)
    return [(k, Text(text, style="bold") if k == DIED_OF else text) for k, text in facts]


def show(sheet: Page, result: RunResult, document: dict[str, Any]) -> None:
    """Put everything worth knowing of a run on a page."""
    info = result.info
    status = document["status"]
    sheet.line(f"run {result.id}  {info.cell_name}  {status}", STYLES.get(status, "bold"))
    _turned(sheet, result)
    sheet.line(info.cell_title)
    sheet.line()
    parent = f"branched from {info.parent_run} after cycle {info.parent_cycle}"
    sheet.facts(
        [
            *ending(result.outcome),
            *verdict_facts(result),
            ("cycles", f"{document['cycles']} of {info.cycles_requested} finished"),
            ("protocol", info.protocol.get("name")),
            ("parent", parent if info.parent_run else None),
            ("changed", _changes(info.settings)),
            ("note", info.settings.get("note")),
            ("tags", ", ".join(info.settings.get("tags", ()))),
            ("modes", ", ".join(document["acting_modes"]) or "none"),
            ("solved with", _solver(info.settings, info.cell_kind)),
            ("started", f"{moment(info.created)}, took {duration(info.wall_s)}"),
            ("go on", document["resume"]),
        ]
    )
    _numbers(sheet, document)
    _margins(sheet, document)
    _evidence(sheet, result.outcome)
    _events(sheet, document)


def _changes(settings: dict[str, Any]) -> str:
    overlays = [f"with {name}" for name in settings.get("overlays", ())]
    return "\n".join([*overlays, *(f"{k} = {v}" for k, v in settings.get("overrides", {}).items())])


def _solver(settings: dict[str, Any], kind: str) -> str:
    model = settings.get("model") if kind == "full" else "the symmetric cell's own model"
    return f"{model}, rtol {short(settings.get('rtol'))}, atol {short(settings.get('atol'))}"


def _numbers(sheet: Page, document: dict[str, Any]) -> None:
    table = document["numbers"]
    if not table:
        return
    sheet.heading("The first and the last finished cycle")
    rows = [(n["what"], short(n["first"], 4), short(n["last"], 4), n["unit"]) for n in table]
    sheet.table(("", "first", "last", "unit"), rows, right=(1, 2))


def _margins(sheet: Page, document: dict[str, Any]) -> None:
    margins = document["margins"]
    if not margins:
        return
    warn = set(document["warning_margins"])
    for warns, title in (
        (False, "(1 for the fresh cell, 0 at failure)"),
        (True, "to warnings, which end no run"),
    ):
        chosen = [(margin, name) for name, margin in margins.items() if (name in warn) is warns]
        if chosen:
            sheet.heading(f"Margins in cycle {document['last_cycle']} {title}")
        past = "warns" if warns else "failed"
        for margin, name in sorted(chosen):
            text = margin_text(margin) if margin > 0 else past
            over = document["judged_by"].get(name)
            words = f"{name} ({over})" if over else name
            sheet.line(f"{sheet.bar(margin, 20)} {text:>6}  {words}")


def _evidence(sheet: Page, outcome: Outcome | None) -> None:
    if outcome is None or not outcome.evidence:
        return
    sheet.heading("What each mode cost since the reference cycle")
    rows = [
        (
            mode,
            short(1000 * evidence["polarisation_V"]),
            short(1000 * evidence["capacity_Ah"]),
            evidence["says"],
        )
        for mode, evidence in outcome.evidence.items()
    ]
    sheet.table(("mode", "mV", "mAh", "evidence"), rows, right=(1, 2))


def _events(sheet: Page, document: dict[str, Any]) -> None:
    if not document["events"]:
        return
    sheet.heading("Events")
    rows = [
        (
            e["cycle"],
            short(None if e["t_s"] is None else e["t_s"] / 3600),
            e["severity"],
            f"{e['mode']}: {e['criterion']}" if e["mode"] else e["criterion"],
            e["says"],
        )
        for e in document["events"]
    ]
    sheet.table(("cycle", "h", "severity", "criterion", ""), rows, right=(0, 1))
