"""How runs and studies stand, and how they end."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How a run or a study stands; a string, as it is stored and printed."""

    RUNNING = "running"
    """Cycles are still to come."""
    COMPLETED = "completed"
    """Every cycle asked for was run, and the cell lives."""
    CELL_FAILED = "cell-failed"
    """A criterion was met: the cell is dead."""
    LEFT_WINDOW = "left-window"
    """The protocol took a sound cell out of its voltage window."""
    SOLVER_GAVE_UP = "solver-gave-up"
    """The equations could not be solved on; a death only where a limit had been reached."""
    CANCELLED = "cancelled"
    """Stopped by who ran it."""
    INTERRUPTED = "interrupted"
    """Stored as running, but the process that ran it is gone."""
    RUNNING_ELSEWHERE = "running elsewhere?"
    """Stored as running on another host, and long quiet."""
    DAMAGED = "damaged"
    """What is stored of it cannot be read."""


ENDS = (
    Status.COMPLETED,
    Status.CELL_FAILED,
    Status.LEFT_WINDOW,
    Status.SOLVER_GAVE_UP,
    Status.CANCELLED,
)
"""The ways a run ends."""

LIVED = tuple(end for end in ENDS if end is not Status.CANCELLED)
"""The ends after which a member of a study is done, and not begun again."""

UNTOLD = (Status.LEFT_WINDOW, Status.SOLVER_GAVE_UP)
"""The ends after which nothing more is known of the life, unless it was a death
(:func:`twin.engine.outcome.is_death`)."""
