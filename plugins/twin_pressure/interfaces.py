"""Which interfaces a part of the mode acts on, and the names that are told of them.

Nothing here needs what the equations need.
"""

from __future__ import annotations

from twin import CellContext, Interface

DEAD = "dead sodium [C.m-2]"
FIRST = "sodium left of the first plating [C.m-2]"
CURRENT = "isolating current density [A.m-2]"


def isolates(cell: CellContext, mode_id: str, interface: Interface) -> bool:
    """Return whether stripping may cut sodium off at a metal."""
    own = cell.parameters(mode_id).isolation
    if own.law != "auto":
        return bool(own.law == "on")
    return cell.is_bare(interface.place)


def keeps_some(cell: CellContext, mode_id: str, interface: Interface) -> bool:
    """Return whether the first plating on a metal's collector leaves some of it there for good."""
    given = cell.parameters(mode_id).isolation.first is not None
    return given and isolates(cell, mode_id, interface)


def creeping(cell: CellContext, mode_id: str) -> tuple[Interface, ...]:
    """Return the interfaces whose layer is squeezed out against friction."""
    law = cell.parameters(mode_id).stack.creep_relaxation
    if law == "constrained":
        return tuple(i for i in cell.interfaces if i.kind == "metal" or _flows(cell, i))
    if law == "auto" and cell.spec.stack.fixture != "constant-force":
        return tuple(i for i in cell.interfaces if _flows(cell, i))
    return ()


def _flows(cell: CellContext, interface: Interface) -> bool:
    return cell.has(f"{cell.electrode_key(interface.place)}.material.creep_rate")


def feels_pressure(cell: CellContext, mode_id: str, interface: Interface) -> bool:
    """Return whether an electrode's potential follows the pressure."""
    if cell.parameters(mode_id).stack.stress_potential == "off":
        return False
    key = f"{cell.electrode_key(interface.place)}.material"
    return interface.kind == "metal" or cell.has(f"{key}.volume_change")
