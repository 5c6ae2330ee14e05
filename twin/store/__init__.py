"""The store: what every run was, did and died of, in one database.

It knows nothing of cells or solvers: it takes plain data and bytes. The names are
loaded on first use, because importing SQLModel is slow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.store.records import Checkpoint, MeasurementInfo, RunInfo, StudyInfo
    from twin.store.repository import Store

_HOMES = {
    "Checkpoint": "twin.store.records",
    "MeasurementInfo": "twin.store.records",
    "RunInfo": "twin.store.records",
    "Store": "twin.store.repository",
    "StudyInfo": "twin.store.records",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


__all__ = ["Checkpoint", "MeasurementInfo", "RunInfo", "Store", "StudyInfo"]
