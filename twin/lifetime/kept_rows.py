"""A life whose rows are kept in memory: for those who store nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class KeptRows:
    """The engine's sink, where the rows of a life are all that is wanted of it.

    Attributes
    ----------
    rows : list of dict
        The summary row of each cycle covered, in order.
    """

    rows: list[dict[str, Any]] = field(default_factory=list, kw_only=True)

    def commit_cycle(self, run_id: str, number: int, row: Mapping[str, Any], **more: Any) -> None:
        """Keep a cycle, and those jumped before it."""
        self.rows += [dict(one) for one in more.get("jumped", ())]
        self.rows.append(dict(row))
