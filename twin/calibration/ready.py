"""A cell made ready to be calibrated: its tables smoothed, the numbers that are to move in place.

A law that is a table or PyBaMM's gets a ``scale`` of 1 and rounded corners; a layer with a binary
electrolyte the ``transport_efficiency`` that its porosity and exponent make. The cell is the same
but for the rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.calibration.method import number_of
from twin.specs.naming import walk_laws
from twin.specs.percolation import is_packed
from twin.specs.schema import PorousElectrode

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

SMOOTHING = number_of("half_cell", "table")
"""Of a table's span."""


def readying(spec: CellSpec) -> dict[str, Any]:
    """Return the changes, by dotted key, that make a cell ready."""
    changes: dict[str, Any] = {}
    for key, law in walk_laws(spec):
        if law.law not in ("table", "pybamm") or key.startswith("modes."):
            continue
        if law.smoothing is None:
            changes[f"{key}.smoothing"] = SMOOTHING
        if law.scale is None and "open_circuit" not in key and "entropic" not in key:
            changes[f"{key}.scale"] = {
                "value": 1.0, "status": "assumed", "note": "the law as it was found",
            }  # fmt: skip
    if spec.electrolyte.material.transport == "binary":
        for place in ("anode", "cathode"):
            layer = getattr(spec, place)
            if not isinstance(layer, PorousElectrode) or layer.transport_efficiency is not None:
                continue
            if is_packed(layer):
                continue
            share = layer.electrolyte_fraction.si**layer.tortuosity_exponent.si
            changes[f"{place}.transport_efficiency"] = {
                "value": float(f"{share:.6g}"), "status": "assumed",
                "note": "electrolyte_fraction to the tortuosity_exponent",
            }  # fmt: skip
    return changes
