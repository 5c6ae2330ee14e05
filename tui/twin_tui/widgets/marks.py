"""How runs stand, as a mark and a word: never a colour alone."""

from __future__ import annotations

from twin import RunInfo, Status

MARKS = {
    Status.COMPLETED: "✓ completed",
    Status.CELL_FAILED: "✖ died",
    Status.LEFT_WINDOW: "? window",
    Status.SOLVER_GAVE_UP: "? solver",
    Status.CANCELLED: "■ stopped",
    Status.INTERRUPTED: "… interrupted",
    Status.RUNNING: "▶ running",
}


def mark(status: Status) -> str:
    """Return how a run stands as a mark and a word."""
    return MARKS.get(status, f"? {status.value}")


def cause(run: RunInfo) -> str:
    """Return what a run died of, in words; nothing for one that lives."""
    outcome = run.outcome or {}
    return f"{outcome['mode']}: {outcome['criterion']}" if outcome.get("criterion") else ""
