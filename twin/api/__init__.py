"""The public functions: load a cell, run it, resume it, look at what came of it."""

from __future__ import annotations

from twin.api.cells import (
    build_model,
    library,
    list_cells,
    load_cell,
    load_protocol,
    mode_entries,
    parameter_values,
    plan_of,
)
from twin.api.experiments import ccd, ccd_sweep
from twin.api.result import RunResult
from twin.api.runs import load_run, resume, simulate

__all__ = [
    "RunResult",
    "build_model",
    "ccd",
    "ccd_sweep",
    "library",
    "list_cells",
    "load_cell",
    "load_protocol",
    "load_run",
    "mode_entries",
    "parameter_values",
    "plan_of",
    "resume",
    "simulate",
]
