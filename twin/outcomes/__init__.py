"""Published outcomes as a table: what was measured on cells nobody here fitted, and how well the
twin would have said it.

A row is one measured number of one paper (:mod:`twin.outcomes.table`); a prediction is a set of
members (:mod:`twin.outcomes.learning`); its worth is a proper score over that of what one could
have said from the other numbers alone (:mod:`twin.outcomes.scores`, :mod:`twin.outcomes.nulls`),
with whole papers left out at a time.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "Row": "twin.outcomes.table",
    "read_outcomes": "twin.outcomes.table",
    "Skill": "twin.outcomes.skill",
    "score_outcomes": "twin.outcomes.skill",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'twin.outcomes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
