"""The public functions: load a cell, run it, resume it, look at what came of it."""

from __future__ import annotations

from twin.api.catalog import (
    cell_entry,
    cell_numbers,
    cell_toml,
    describe_mode,
    differences,
    mode_entry,
    numbers_by_status,
    overlay_entry,
    protocol_entry,
    stored_cell,
)
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
from twin.api.runs import load_run, open_store, resume, simulate

__all__ = [
    "RunResult",
    "build_model",
    "ccd",
    "ccd_sweep",
    "cell_entry",
    "cell_numbers",
    "cell_toml",
    "describe_mode",
    "differences",
    "library",
    "list_cells",
    "load_cell",
    "load_protocol",
    "load_run",
    "mode_entries",
    "mode_entry",
    "numbers_by_status",
    "open_store",
    "overlay_entry",
    "parameter_values",
    "plan_of",
    "protocol_entry",
    "resume",
    "simulate",
    "stored_cell",
]
