"""Which failure modes act in a cell: not all that could are given anything to do there.

A mode is selected by the kind of cell (:meth:`PluginManager.select`). Of those selected some bring
nothing to a certain cell: plating to a metal anode, pulverisation where there is no alloy. Such
a mode costs nothing and is still part of the run; but it is no mode *that acts*, in no list,
no count and no warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from twin.errors import PluginError
from twin.modes import brought

if TYPE_CHECKING:
    from twin.modes.context import CellContext
    from twin.modes.mode import FailureMode

_BRINGS = (brought.criteria, brought.slow_states, brought.outputs, brought.contributions)


def acts(mode: FailureMode, cell: CellContext) -> bool:
    """Return whether a mode acts in a cell: contributes to a port, may kill or warn, or tells.

    A mode whose own code raises counts as acting: what is wrong with it is told where it is used.
    """
    try:
        return any(part(mode, cell) for part in _BRINGS)
    except PluginError:
        return True


def acting(modes: Iterable[FailureMode], cell: CellContext) -> list[FailureMode]:
    """Return those of the modes that act in a cell, in their order."""
    return [mode for mode in modes if acts(mode, cell)]


def moves(mode: FailureMode, cell: CellContext, beside: Iterable[FailureMode]) -> bool:
    """Return whether a mode can change what happens in a cell, besides ending it.

    It does by what it contributes to a port, by a state of its own, and by a variable that one of
    the modes ``beside`` it reads. One that does not only judges: a life that it does not end is the
    same without it.
    """
    if brought.contributions(mode, cell) or brought.slow_states(mode, cell):
        return True
    read = {
        template.replace("{interface}", interface.prefix)
        for other in beside
        if other.id != mode.id
        for template in other.optional_reads
        for interface in cell.interfaces
    }
    return not read.isdisjoint(brought.provides(mode, cell))
