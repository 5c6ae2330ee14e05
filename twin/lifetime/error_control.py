"""What the correction of a jump puts in doubt, and whether that is too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.lifetime.jump_size import JumpSettings
from twin.lifetime.rows import interpolation_error
from twin.lifetime.slow import SODIUM, TIME, Slow
from twin.model.names import SHORT_CHARGE
from twin.ties import MARGIN, first_best, first_least

Row = Mapping[str, Any]

BENDS = "the capacity bends"


@dataclass(frozen=True)
class ErrorEstimate:
    """What is in doubt after a jump.

    Attributes
    ----------
    error : float
        In units of what is allowed.
    share : float
        Of what capacity and margins changed over the jump.
    late : float
        By how many cycles the composites' sodium may be early or late.
    why : str
        What is to blame.
    of_each : ndarray
        The error that each slow state would make by itself.
    """

    error: float
    share: float = 0.0
    late: float = 0.0
    why: str = ""
    of_each: np.ndarray = field(default_factory=lambda: np.zeros(0), compare=False)


def judge(
    slow: Slow,
    settings: JumpSettings,
    size: np.ndarray,
    off: np.ndarray,
    moved: np.ndarray,
    stale: float,
    rows: Sequence[Row],
) -> ErrorEstimate:
    """Return what a correction puts in doubt.

    Its share is the largest part of any slow state's change that the correction moved;
    capacity and margins changed by what the slow states did, so the same share of
    their change is in doubt. A state that hardly moves is measured by its own size.
    Of the composites' sodium the share counts too as long as capacity and margins have
    not changed: an inventory tells nothing until it runs out.

    Parameters
    ----------
    slow : Slow
        The slow states.
    settings : JumpSettings
        What is allowed.
    size, off, moved : ndarray
        The slow states' sizes, by how much the correction moved them, and what they changed.
    stale : float
        The share that is in doubt as the cycle began at other fillings (:func:`stale_share`).
    rows : sequence of mapping
        The last simulated cycles and the one after the jump.
    """
    last, row = rows[-2:]
    relative = np.abs(off) / np.maximum(moved, 1e-2 * size + 1e-12)
    # Time follows the others; so does what a short carries, where the composites' sodium counts it.
    relative[[name in (SHORT_CHARGE, TIME) for name in slow.names]] = 0.0
    worst = int(first_least(-relative, MARGIN * float(relative.max())))
    share = float(relative[worst]) + stale
    sodium = float(relative[slow.names.index(SODIUM)])
    lost = abs(row["capacity_Ah"] - last["capacity_Ah"]) / max(last["capacity_Ah"], 1e-30)
    margin = max(
        (
            abs(value - last["margins"][name])
            for name, value in row["margins"].items()
            if name in last["margins"] and np.isfinite(value) and value < 1
        ),
        default=0.0,
    )
    felt = max(lost, margin / 4)
    allowed = settings.tolerance
    errors = {
        f"{slow.names[worst]} changes its pace": share * felt / allowed,
        f"{SODIUM} changes its pace": sodium / settings.sodium,
    }
    why = first_best(errors, errors.__getitem__)
    late = sodium * (row["cycle"] - last["cycle"])
    return ErrorEstimate(errors[why], share, late, why, relative * felt / allowed)


def bend(settings: JumpSettings, rows: Sequence[Row], origin: int) -> ErrorEstimate:
    """Return what drawing the capacity over a jump puts in doubt; parameters as :func:`judge`."""
    return ErrorEstimate(interpolation_error(rows, origin) / settings.tolerance, why=BENDS)


def stale_share(
    slow: Slow, settings: JumpSettings, off: np.ndarray, columns: Mapping[str, list[np.ndarray]]
) -> float:
    """Return the share of a cycle's increments in doubt, as it began at other fillings.

    Parameters
    ----------
    slow, settings
        As for :func:`judge`.
    off : ndarray
        By how much each host would have begun it fuller.
    columns : mapping
        The cycle's stored variables, step by step.
    """
    swings = np.array([np.ptp(np.concatenate(columns[host.filling])) for host in slow.hosts])
    share = np.abs(off) / np.maximum(swings, 1e-6)
    return settings.stale * float(np.max(share, initial=0.0))
