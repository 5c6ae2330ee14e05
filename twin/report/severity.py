"""Which criteria of a run only warn: those that end no life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twin.catalog.entries import stored_cell
from twin.engine.outcome import CORE, RISING
from twin.errors import TwinError
from twin.modes import brought
from twin.modes.context import CellContext
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.store import RunInfo


def warning_margins(info: RunInfo, margins: Mapping[str, float]) -> list[str]:
    """Return which margins are of criteria that only warn; those that kill are the others."""
    warn = warning_criteria(info)
    return [name for name in margins if name in warn]


def warning_criteria(info: RunInfo) -> set[str]:
    """Return the criteria of a run that only warn, as its margins name them."""
    warn = {f"{CORE}: {RISING}"}
    try:
        spec = stored_cell(info.cell_spec or {})
        modes = plugin_manager().modes
        cell = CellContext(spec)
        for mode in (modes[mode] for mode in info.modes if mode in modes):
            criteria = brought.criteria(mode, cell)
            warn |= {f"{mode.id}: {c.what}" for c in criteria if c.severity == "warning"}
    except TwinError:  # a mode, or the cell, is no longer what it was
        pass
    return warn
