"""The public functions: load a cell, run it, resume it, look at what came of it."""

from __future__ import annotations

from twin.api.attribution import Attribution, attribute, load_attribution
from twin.api.catalog import (
    cell_entry,
    cell_numbers,
    cell_toml,
    describe_mode,
    differences,
    known_share,
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
    split_overrides,
)
from twin.api.comparing import compare
from twin.api.critical_currents import ccd, ccd_sweep
from twin.api.designs import Design, design, load_design
from twin.api.evidence import drivers, sensitivity
from twin.api.evidence_kept import known_sensitivity
from twin.api.forecasts import Forecast, forecast, load_forecast
from twin.api.impedance import eis
from twin.api.kinds import StudyKind, continue_study, load_study, study_kinds
from twin.api.lives import LifeResult, life
from twin.api.maps import SafeMap, load_map, safe_map
from twin.api.maps_so_far import map_so_far
from twin.api.recording import open_store
from twin.api.result import RunResult
from twin.api.resuming import resume
from twin.api.runs import load_run, simulate
from twin.api.titration import gitt, transference
from twin.specs.overrides import PROTOCOL, split_line

__all__ = [
    "PROTOCOL",
    "Attribution",
    "Design",
    "Forecast",
    "LifeResult",
    "RunResult",
    "SafeMap",
    "StudyKind",
    "attribute",
    "build_model",
    "ccd",
    "ccd_sweep",
    "cell_entry",
    "cell_numbers",
    "cell_toml",
    "compare",
    "continue_study",
    "describe_mode",
    "design",
    "differences",
    "drivers",
    "eis",
    "forecast",
    "gitt",
    "known_sensitivity",
    "known_share",
    "library",
    "life",
    "list_cells",
    "load_attribution",
    "load_cell",
    "load_design",
    "load_forecast",
    "load_map",
    "load_protocol",
    "load_run",
    "load_study",
    "map_so_far",
    "mode_entries",
    "mode_entry",
    "numbers_by_status",
    "open_store",
    "overlay_entry",
    "parameter_values",
    "plan_of",
    "protocol_entry",
    "resume",
    "safe_map",
    "sensitivity",
    "simulate",
    "split_line",
    "split_overrides",
    "stored_cell",
    "study_kinds",
    "transference",
]
