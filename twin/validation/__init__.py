"""Published cells as data: what was measured, beside what the twin makes of it.

A case is a TOML file: one or more virtual cells and what is done to them (``schema``), what
is looked at (``observables``), what may be calibrated on what (``calibrate``), and the
numbers that were published, each with a tolerance (``tolerance``). A miss stays a miss.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "Case": "twin.validation.schema",
    "case_names": "twin.validation.loader",
    "load_case": "twin.validation.loader",
    "run_case": "twin.validation.runner",
    "validate": "twin.validation.runner",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'twin.validation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
