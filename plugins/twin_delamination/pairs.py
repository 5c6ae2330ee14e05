"""Which two solids meet at an interface, and whether enough is known of them."""

from __future__ import annotations

from dataclasses import dataclass

from twin import CellContext, Interface

_ELASTIC = ("youngs_modulus", "poisson_ratio")


@dataclass(frozen=True)
class Pair:
    """The electrode's solid and the electrolyte bonded to it, as dotted keys of the spec."""

    interface: Interface
    solid: str
    electrolyte: str
    expands: bool
    """Whether both thermal expansions are known."""
    swells: bool
    """Whether the solid changes volume with its filling."""
    bends: bool = False
    """Whether enough is known of a foil and its electrolyte to say how they bend."""


def bonded_pairs(cell: CellContext) -> list[Pair]:
    """Return the interfaces at which two solids of known elasticity meet.

    Where a material gives too little, or the electrolyte is no solid (no Young's modulus),
    the mode leaves the interface alone.
    """
    pairs = (_pair(cell, i) for i in cell.interfaces)
    return [pair for pair in pairs if pair is not None]


def _pair(cell: CellContext, interface: Interface) -> Pair | None:
    electrode = cell.electrode_key(interface.place)
    solid, electrolyte = f"{electrode}.material", "electrolyte.material"
    if getattr(cell.electrode(interface.place), "electrolyte", None) is not None:
        electrolyte = f"{electrode}.electrolyte"
    expands = _gives(cell, solid, "thermal_expansion") and _gives(
        cell, electrolyte, "thermal_expansion"
    )
    if interface.kind == "metal":
        known = expands and _gives(cell, solid, *_ELASTIC, "yield_strength")
        known = known and _gives(cell, electrolyte, "youngs_modulus")
        bends = _gives(cell, electrolyte, "poisson_ratio")
        return Pair(interface, solid, electrolyte, True, False, bends) if known else None
    swells = _gives(cell, solid, "volume_change")
    known = _gives(cell, electrolyte, *_ELASTIC) and _gives(cell, solid, *_ELASTIC)
    return Pair(interface, solid, electrolyte, expands, swells) if known else None


def _gives(cell: CellContext, key: str, *names: str) -> bool:
    return all(cell.has(f"{key}.{name}") for name in names)
