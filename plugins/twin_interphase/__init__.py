"""Interphase growth: the layer that forms where an electrolyte is not stable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the interphase-growth mode."""
    from twin_interphase.mode import InterphaseGrowth

    return [InterphaseGrowth()]


@hookimpl
def twin_cell_specs() -> list[Path]:
    """Bring the interphases that were published, as overlays."""
    return [Path(__file__).parent]
