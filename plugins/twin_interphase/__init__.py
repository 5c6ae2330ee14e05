"""Interphase growth: the layer that forms where an electrolyte is not stable."""

from __future__ import annotations

from twin import hookimpl


@hookimpl
def twin_failure_modes():
    """Bring the interphase-growth mode."""
    from twin_interphase.mode import InterphaseGrowth

    return [InterphaseGrowth()]
