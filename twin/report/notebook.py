"""What a notebook shows of a result: a few lines and a small table, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.formats import short, typeset
from twin.report.view import ending
from twin.visible import visible

if TYPE_CHECKING:
    from twin.runs.result import RunResult

_SCALARS = (str, int, float)
_MOST = 12


def run_html(run: RunResult) -> str:
    """Return a run: what it is of, how it ended and why, its first and last finished cycle."""
    from twin.report.describe import describe

    document = describe(run)
    outcome = run.outcome
    head = f"{run.info.cell_name}, run {run.id}: {ending(run)}"
    words = [outcome.says] if outcome is not None else []
    near = outcome.runner_up if outcome is not None else None
    if near is not None:
        words.append(f"nearest: {near.mode}: {near.criterion}, margin {near.margin:.2f}")
    rows = [
        (n["what"], short(n["first"], 4), short(n["last"], 4), typeset(n["unit"]))
        for n in document["numbers"]
    ]
    return _html(head, words, ("", "first", "last", "unit"), rows)


def study_html(kind: str, study: str, document: Mapping[str, Any]) -> str:
    """Return a study: its kind, cell and the plain numbers of its document."""
    head = f"{document.get('cell', '')}, {kind} {study}"
    rows = [
        (key.replace("_", " "), short(value) if isinstance(value, float) else str(value))
        for key, value in document.items()
        if isinstance(value, _SCALARS) and key not in ("study", "cell")
    ]
    return _html(head, [], ("", ""), rows[:_MOST])


def _html(
    head: str, words: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    from markupsafe import Markup, escape

    def put(tag: str, text: str) -> Markup:
        return Markup("<{0}>{1}</{0}>").format(Markup(tag), escape(visible(text)))

    def line(tag: str, cells: Sequence[str]) -> Markup:
        return Markup("<tr>{}</tr>").format(Markup("").join(put(tag, cell) for cell in cells))

    paragraphs = Markup("").join(put("p", text) for text in words if text)
    body = Markup("").join(line("td", row) for row in rows)
    heads = line("th", columns) if any(columns) else Markup("")
    table = Markup("<table>{}{}</table>").format(heads, body) if rows else Markup("")
    title = Markup("<p>{}</p>").format(put("b", head))
    return str(title + paragraphs + table)
