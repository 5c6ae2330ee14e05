"""A paper's own negative controls, told by their set-up and never by their value."""

from __future__ import annotations

from dataclasses import replace

from twin.outcomes.entries import limit_of
from twin.outcomes.recognise import NotMapped, setup_words
from twin.outcomes.table import RETENTION, Row
from twin.outcomes.wanted import Wanted, wanted

_TOLD = ("anode", "electrolyte", "cathode")


def control_of(row: Row) -> str | None:
    """Return what makes a set-up a paper's own negative control; None if nothing does.

    Told by its set-up alone: powders mixed by hand; a catholyte charged beyond its measured limit;
    tin that takes up all its sodium; a cathode that swells against a ceramic with nothing between.
    """
    if row.quantity != RETENTION:
        return None
    try:
        want = wanted(row, True)
    except NotMapped:
        return None
    if want.mixing == "hand":
        return "mixed by hand"
    if want.tin:
        return "tin that takes up all of its sodium"
    soft_between = want.electrolyte_class == "soft" or {"wet", "interlayer"} & row.marks
    swells = row.classes.get("cathode") == "conversion"
    if swells and want.electrolyte_class == "ceramic" and not soft_between:
        return "a cathode that swells, uncoated, against a ceramic"
    return "a catholyte charged beyond its limit" if _beyond(row, want) else None


def marked(row: Row) -> Row:
    """Return a row whose control is told by its set-up, where the set-up is told."""
    if row.quantity != RETENTION or not any(row.words.get(k) for k in _TOLD):
        return row
    marks = row.marks - {"control"}
    return replace(row, marks=marks | {"control"} if control_of(row) else marks)


def _beyond(row: Row, want: Wanted) -> bool:
    """Return whether the upper limit passes the catholyte's measured one by a set excess."""
    upper = row.window[1]
    if upper is None:
        return False
    rule = setup_words()["control"]
    name = want.catholyte or want.electrolyte
    limit = limit_of(name)
    if limit is None:
        return False
    if not want.metal:
        upper += float(rule["alloy_potential"]["value"].split()[0])
    return upper - limit >= float(rule["window_excess"]["value"].split()[0]) - 1e-9
