"""What a report needs to know of a run: the part of ``twin.RunResult`` it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from twin.status import Status

if TYPE_CHECKING:
    from twin.engine.outcome import Outcome
    from twin.store import RunInfo

CM2_PER_M2 = 1e4


class RunView(Protocol):
    """A stored run, as :class:`twin.RunResult` gives it."""

    id: str

    @property
    def info(self) -> RunInfo:
        """What the store knows of it."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a cycle."""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended."""

    def iter_series(
        self, cycles: Iterable[int] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the stored series."""


def cell_area(info: RunInfo) -> float:
    """Return the area of a run's cell [m2]."""
    from twin.specs.quantity import parse_quantity

    assert info.cell_spec is not None  # listings leave it out, a run has it
    return parse_quantity(info.cell_spec["geometry"]["area"], "m^2").si


def ending(run: RunView) -> str:
    """Return how a run ended, in a line."""
    outcome = run.outcome
    if outcome is None:
        return f"{run.info.status_now} after cycle {run.info.last_cycle}"
    if outcome.kind == Status.CELL_FAILED:
        return f"died in cycle {outcome.cycle} of {outcome.mode}: {outcome.criterion}"
    if outcome.kind == Status.COMPLETED:
        return f"alive after cycle {outcome.cycle}"
    words = {
        Status.LEFT_WINDOW: "the protocol left the voltage window in",
        Status.SOLVER_GAVE_UP: "the solver gave up in",
        Status.CANCELLED: "stopped after",
    }
    return f"{words[outcome.kind]} cycle {outcome.cycle}"
