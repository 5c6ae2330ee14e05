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
from twin.api.forecasts import Forecast, forecast, load_forecast
from twin.api.lives import LifeResult, life
from twin.api.result import RunResult
from twin.api.runs import load_run, resume, simulate

__all__ = [
    "Forecast",
    "LifeResult",
    "RunResult",
    "build_model",
    "forecast",
    "library",
    "life",
    "list_cells",
    "load_cell",
    "load_forecast",
    "load_protocol",
    "load_run",
    "mode_entries",
    "parameter_values",
    "plan_of",
    "resume",
    "simulate",
]
