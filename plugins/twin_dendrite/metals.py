"""Where there is metal that a filament can be fed by, and whose it is."""

from __future__ import annotations

from twin import CellContext, Interface


def metal_key(cell: CellContext, interface: Interface) -> str:
    """Return the dotted key of the metal that plates at an interface."""
    what = "material" if interface.kind == "metal" else "metal"
    return f"{cell.electrode_key(interface.place)}.{what}"


def has_metal(cell: CellContext, interface: Interface) -> bool:
    """Return whether a metal plates there: an electrode's own, or one named by a host anode."""
    if interface.kind == "metal":
        return True
    return interface.place == "anode" and cell.has(f"{metal_key(cell, interface)}.molar_volume")
