"""Tables that a run has left: where a cell's laws were held at their end values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from twin.engine.outcome import Outcome
from twin.model.tables import Beyond, keep_worst

COLUMN = "outside_tables"
"""Where a cycle's row holds them: for each, the argument that went farthest."""


def listed(left: Mapping[str, Beyond]) -> list[dict[str, Any]]:
    """Return tables that were left as plain data, in order of name."""
    return [asdict(left[label]) for label in sorted(left)]


def gather(kept: list[dict[str, Any]], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables left so far, with those of a new row."""
    left: dict[str, Beyond] = {}
    for item in [*kept, *row.get(COLUMN, ())]:
        keep_worst(left, Beyond(**item))
    return listed(left)


def events(row: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield a warning for each table that a cycle left."""
    for item in row.get(COLUMN, ()):
        left = Beyond(**item)
        yield {
            "mode": "core",
            "criterion": f"outside its table: {left.label}",
            "variable": left.over,
            "value": left.value,
            "threshold": left.low if left.value < left.low else left.high,
            "says": told(left),
        }


def told(left: Beyond) -> str:
    """Say of one table how far it was left, and what was done."""
    return f"{says(left)}; its end value was held"


def says(left: Beyond) -> str:
    """Say of one table how far it was left."""
    return (
        f"the table of {left.key} runs from {left.low:g} to {left.high:g} over {left.over}, "
        f"which went to {left.value:.6g}"
    )


def with_tables(outcome: Outcome, kept: list[dict[str, Any]]) -> Outcome:
    """Return an outcome that says which tables the run left."""
    if not kept:
        return outcome
    words = "; ".join(says(Beyond(**item)) for item in kept)
    return replace(
        outcome,
        outside_tables=kept,
        says=f"{outcome.says} (outside what was measured: {words}; end values were held)",
    )
