"""TOML in, frozen specs out: cells, materials, overlays, protocols and their provenance.

The public names are loaded on first use, so that ``import twin.specs`` is cheap.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "CellSpec": "twin.specs.schema",
    "Q": "twin.specs.quantity",
    "Quantity": "twin.specs.quantity",
    "Library": "twin.specs.library",
    "ModeEntry": "twin.specs.loader",
    "load_cell": "twin.specs.loader",
    "cell_to_data": "twin.specs.dump",
    "cell_from_data": "twin.specs.dump",
    "cell_to_toml": "twin.specs.dump",
    "with_overrides": "twin.specs.dump",
    "cell_hash": "twin.specs.dump",
    "iter_quantities": "twin.specs.dump",
    "provenance_counts": "twin.specs.dump",
    "cell_schema": "twin.specs.jsonschema",
    "overlay_schema": "twin.specs.jsonschema",
    "protocol_schema": "twin.specs.jsonschema",
    "Protocol": "twin.specs.protocol",
    "Phase": "twin.specs.protocol",
    "Step": "twin.specs.protocol",
    "ResolvedProtocol": "twin.specs.protocol_text",
    "load_protocol": "twin.specs.protocol",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'twin.specs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
