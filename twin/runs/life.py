"""Whole lives: thousands of cycles by few simulated ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.engine.tolerances import LIFE_ATOL, LIFE_RTOL
from twin.runs.result import RunResult
from twin.runs.simulate import start
from twin.scenario import Scenario

if TYPE_CHECKING:
    from twin.catalog.asked import LifeAsked
    from twin.engine.run import Progress
    from twin.specs.schema import CellSpec
    from twin.store import Store

DEFAULTS: dict[str, Any] = {
    "cycles": 2000,
    "rtol": LIFE_RTOL,
    "atol": LIFE_ATOL,
    "series_every": 0,
}
"""What a life is asked for by default."""


class LifeResult(RunResult):
    """A life in the store: a run, most of whose cycles were interpolated.

    ``rows`` and ``cycles`` hold every cycle covered; ``interpolated`` says which of them
    nobody simulated.
    """

    @property
    def cycles_simulated(self) -> int:
        """How many cycles were solved, those of jumps taken back among them."""
        rows = self.rows
        value: int = _last(rows, "cycles_simulated", len(rows))
        return value

    @property
    def estimated_capacity_error(self) -> float:
        """The largest error of any cycle's capacity, as estimated on the way, as a share of it."""
        return max((float(r.get("estimated_capacity_error", 0.0)) for r in self.rows), default=0.0)

    @property
    def estimated_death_error(self) -> float | None:
        """By how many cycles the death may be off; None for a cell that lives."""
        error = self.info.outcome.get("numerics", {}).get("estimated_death_error_cycles")
        return None if error is None else float(error)

    @property
    def slowed(self) -> list[list[Any]]:
        """Where it slowed and why: first cycle, last cycle, reason."""
        return list(self.info.outcome.get("numerics", {}).get("slowed", []))

    @property
    def notes(self) -> list[str]:
        """What stood in the way of jumping at all."""
        return list(self.info.outcome.get("numerics", {}).get("notes", []))

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``twin life --json`` prints."""
        rows = [row for row in self.rows if row.get("complete", True)]
        return super().to_dict() | {
            "cycles_covered": len(rows),
            "cycles_simulated": self.cycles_simulated,
            "estimated_capacity_error": self.estimated_capacity_error,
            "estimated_death_error_cycles": self.estimated_death_error,
            "capacity": [[row["cycle"], row["capacity_Ah"]] for row in rows],
            "interpolated": sum(bool(row.get("interpolated")) for row in rows),
            "slowed": self.slowed,
            "notes": self.notes,
        }


def _last(rows: list[dict[str, Any]], key: str, otherwise: Any) -> Any:
    return rows[-1].get(key, otherwise) if rows else otherwise


def life(
    cell: CellSpec | Scenario | str | Path,
    *,
    store: str | Store | None = None,
    exact: bool = False,
    on_cycle: Callable[[Progress], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    **asked: Unpack[LifeAsked],
) -> LifeResult:
    """Follow a cell to its end, or over so many cycles, simulating only the cycles it takes.

    Parameters
    ----------
    cell, store, on_cycle, on_start
        As in :func:`twin.simulate`.
    exact : bool
        Simulate every cycle, to compare with.
    **asked
        ``cycles`` (2000 by default), ``protocol``, ``overlays``, ``overrides``, ``modes``,
        ``without``, ``model``, ``rtol``, ``atol`` and ``series_every`` (0 by default) of
        :func:`twin.simulate`.

    Returns
    -------
    LifeResult
        The outcome, every cycle covered, and what it cost.

    Raises
    ------
    TwinError
        For input that cannot be used.
    """
    wanted = Scenario.of(cell, **asked).filled(DEFAULTS)
    run = start(wanted, "every" if exact else "jump", store, on_cycle, on_start)
    return LifeResult(run.store, run.id)
