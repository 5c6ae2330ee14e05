"""The typed end of a run: what killed the cell, when, and what came second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from twin.errors import StoreError
from twin.status import ENDS, Status

CORE = "core"
"""Whose the criteria are that belong to no failure mode."""
CAPACITY, RESISTANCE = "capacity lost", "resistance risen"
RISING = "resistance well above its first"


def is_death(outcome: Mapping[str, Any]) -> bool:
    """Return whether an outcome, as plain data, is the death of the cell.

    So is a solver that stopped at a physical limit: it is a death that was hard to follow.
    """
    gave_up_at_a_limit = bool((outcome.get("numerics") or {}).get("physical_limit_reached"))
    return outcome.get("kind") == Status.CELL_FAILED or gave_up_at_a_limit


MISSING = "missing_modes"
"""What settings, designs and documents call the twin's own modes that could not be loaded."""


def lacking_words(modes: Iterable[str]) -> str:
    """Return how it is told that some of the twin's own modes were missing."""
    return f"without {', '.join(modes)}, which could not be loaded"


@dataclass(frozen=True)
class Standing:
    """Where one criterion stands: its variable against its threshold.

    ``margin`` is 1 for the fresh cell and 0 at failure; ``severity`` is the criterion's.
    """

    mode: str
    criterion: str
    margin: float
    variable: str
    value: float
    threshold: float
    severity: str = "fatal"


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    kind : Status
        One of :data:`twin.status.ENDS`.
    mode, criterion : str or None
        The failure mode held responsible and the criterion met. A criterion of the
        core (capacity, resistance, temperature) is put down to the mode that cost most,
        and to the core where none had a part in it that matters. None where the protocol
        left the window.
    cycle : int
        The cycle in which it happened (the last one finished, if none did).
    time_h, temperature_K, pressure_Pa : float or None
        When, how warm, and under what stack pressure.
    variable, value, threshold : str, float, float
        The variable watched, its value, and its threshold.
    runner_up : Standing or None
        The criterion of another kind that was nearest to failure.
    evidence : dict
        For each mode, what it cost: polarisation [V], capacity [A.h], and in words.
    says, fix : str
        One sentence for the user, and what to change.
    outside_tables : list of dict
        The tables of the cell's laws that the run left, by key, variable, value and range.
    missing_modes : list of str
        The twin's own modes that could not be loaded, so that the run knew nothing of them.
    numerics : dict
        For a solver that gave up: its message, whether a physical limit had been
        reached, and what was tried.
    """

    kind: Status
    mode: str | None = None
    criterion: str | None = None
    cycle: int = 0
    time_h: float | None = None
    temperature_K: float | None = None
    pressure_Pa: float | None = None
    variable: str | None = None
    value: float | None = None
    threshold: float | None = None
    runner_up: Standing | None = None
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    says: str = ""
    fix: str = ""
    outside_tables: list[dict[str, Any]] = field(default_factory=list)
    missing_modes: list[str] = field(default_factory=list)
    numerics: dict[str, Any] = field(default_factory=dict)

    @property
    def dead(self) -> bool:
        """Whether the cell died (:func:`is_death`)."""
        return is_death({"kind": self.kind, "numerics": self.numerics})

    def lacking(self, modes: Iterable[str]) -> Outcome:
        """Return the outcome of a run that the twin's own ``modes`` were missing from."""
        lacking = list(modes)
        if not lacking:
            return self
        return replace(self, missing_modes=lacking, says=f"{self.says} ({lacking_words(lacking)})")

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {**asdict(self), "kind": str(self.kind)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Outcome:
        """Read an outcome back from plain data.

        Raises
        ------
        StoreError
            If its kind is none of :data:`twin.status.ENDS`.
        """
        kind = data.get("kind")
        if kind not in ENDS:
            raise StoreError(
                f"{kind!r} is not a way for a run to end", fix="run it again, or restore a backup"
            )
        data = {**data, "kind": Status(kind)}
        if data.get("runner_up"):
            data["runner_up"] = Standing(**data["runner_up"])
        return cls(**data)
