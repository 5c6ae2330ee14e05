"""A digital twin of a solid-state sodium cell that knows how it will die.

The public names are loaded on first use, so that ``import twin`` is quick::

    import twin

    run = twin.simulate("na-nzsp-nvp", cycles=50, overrides={"stack.pressure": "10 MPa"})
    run.outcome, run.cycles, run.series
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

# PyBaMM asks about telemetry on import; the twin sends nothing anywhere.
os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

__version__ = "0.1.0"

_PUBLIC = {
    # running
    "Scenario": "twin.scenario",
    "simulate": "twin.runs.simulate",
    "life": "twin.runs.life",
    "resume": "twin.runs.resume",
    "load_run": "twin.runs.simulate",
    "RunResult": "twin.runs.result",
    "damages": "twin.runs.soundness",
    "LifeResult": "twin.runs.life",
    "compare": "twin.runs.compare",
    "open_store": "twin.runs.record",
    "describe": "twin.report.describe",
    # studies
    "forecast": "twin.studies.forecast",
    "load_forecast": "twin.studies.forecast",
    "attribute": "twin.studies.attribution",
    "load_attribution": "twin.studies.attribution",
    "safe_map": "twin.studies.operating_map",
    "load_map": "twin.studies.operating_map",
    "design": "twin.studies.optimise",
    "load_design": "twin.studies.optimise",
    "continue_study": "twin.studies.registry",
    "load_study": "twin.studies.registry",
    "Forecast": "twin.studies.forecast",
    "Attribution": "twin.studies.attribution",
    "SafeMap": "twin.studies.operating_map",
    "Design": "twin.studies.optimise",
    "StudyKind": "twin.studies.registry",
    "drivers": "twin.studies.sensitivity",
    "sensitivity": "twin.studies.sensitivity",
    "known_sensitivity": "twin.studies.sensitivity_kept",
    "turning_number": "twin.studies.turning",
    "ends_of_run": "twin.studies.ends",
    "said_of_ends": "twin.studies.ends",
    "verdict_ends": "twin.studies.ends",
    "study_kinds": "twin.studies.registry",
    "map_so_far": "twin.studies.map_so_far",
    "FINISHED": "twin.studies.life_record",
    "LifeDone": "twin.studies.runner",
    "Going": "twin.studies.registry",
    # cells, and what there is
    "load_cell": "twin.catalog.cells",
    "list_cells": "twin.catalog.cells",
    "acting_modes": "twin.catalog.cells",
    "build_model": "twin.catalog.cells",
    "parameter_values": "twin.catalog.cells",
    "cell_entry": "twin.catalog.entries",
    "cell_numbers": "twin.catalog.entries",
    "cell_toml": "twin.catalog.entries",
    "describe_mode": "twin.catalog.entries",
    "differences": "twin.catalog.entries",
    "known_share": "twin.catalog.entries",
    "mode_entry": "twin.catalog.entries",
    "numbers_by_status": "twin.catalog.entries",
    "overlay_entry": "twin.catalog.entries",
    "protocol_entry": "twin.catalog.entries",
    "stored_cell": "twin.catalog.entries",
    "library": "twin.catalog.cells",
    "load_protocol": "twin.catalog.cells",
    "mode_entries": "twin.catalog.cells",
    "plan_of": "twin.catalog.cells",
    # numbers, and other values for them
    "with_values": "twin.specs.dump",
    "CellSpec": "twin.specs.schema",
    "Q": "twin.specs.quantity",
    "Quantity": "twin.specs.quantity",
    "split_overrides": "twin.specs.overrides",
    "PROTOCOL": "twin.specs.overrides",
    "split_line": "twin.specs.overrides",
    # virtual experiments
    "ccd": "twin.experiments.critical_currents",
    "ccd_sweep": "twin.experiments.critical_currents",
    "eis": "twin.experiments.impedance",
    "gitt": "twin.experiments.titration",
    "transference": "twin.experiments.titration",
    # writing a failure mode
    "FailureMode": "twin.modes.mode",
    "ModeParameters": "twin.modes.mode",
    "Criterion": "twin.modes.mode",
    "SlowState": "twin.modes.mode",
    "Evidence": "twin.modes.mode",
    "RunRecord": "twin.modes.mode",
    "Validity": "twin.modes.mode",
    "Port": "twin.modes.ports",
    "PortAt": "twin.modes.ports",
    "Location": "twin.modes.ports",
    "CellContext": "twin.modes.context",
    "Interface": "twin.modes.context",
    "ModeSubModel": "twin.modes.submodel",
    "arrhenius": "twin.modes.submodel",
    "hookimpl": "twin.modes.hookspecs",
    "plugin_manager": "twin.modes.manager",
    # what a run says
    "share_left": "twin.engine.capacity",
    "first_capacity": "twin.engine.capacity",
    "UNTOLD": "twin.engine.outcome",
    "Outcome": "twin.engine.outcome",
    "Standing": "twin.engine.outcome",
    "Progress": "twin.engine.run",
    "COLUMNS": "twin.columns",
    # measured data of a real cell
    "import_file": "twin.measured.measured",
    "load_measured": "twin.measured.measured",
    "measured_or_file": "twin.measured.measured",
    "save_measured": "twin.measured.saving",
    "check_name": "twin.measured.saving",
    "Measured": "twin.measured.measured",
    "Reader": "twin.measured.recording",
    "Recording": "twin.measured.recording",
    "all_readers": "twin.measured.importing",
    # files
    "export_run": "twin.report.exports",
    # constants of nature
    "FARADAY": "twin.constants",
    "GAS_CONSTANT": "twin.constants",
    # errors
    "TwinError": "twin.errors",
    "InputError": "twin.errors",
    "SpecError": "twin.errors",
    "NotFoundError": "twin.errors",
    "PluginError": "twin.errors",
    "StoreError": "twin.errors",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'twin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from twin.catalog.cells import (
        build_model,
        library,
        list_cells,
        load_cell,
        load_protocol,
        mode_entries,
        parameter_values,
        plan_of,
    )
    from twin.catalog.entries import (
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
    from twin.columns import COLUMNS
    from twin.constants import FARADAY, GAS_CONSTANT
    from twin.engine.capacity import first_capacity, share_left
    from twin.engine.outcome import UNTOLD, Outcome, Standing
    from twin.engine.run import Progress
    from twin.errors import InputError, NotFoundError, PluginError, SpecError, StoreError, TwinError
    from twin.experiments.critical_currents import ccd, ccd_sweep
    from twin.experiments.impedance import eis
    from twin.experiments.titration import gitt, transference
    from twin.measured.importing import all_readers
    from twin.measured.measured import Measured, import_file, load_measured, measured_or_file
    from twin.measured.recording import Reader, Recording
    from twin.measured.saving import check_name, save_measured
    from twin.modes.context import CellContext, Interface
    from twin.modes.hookspecs import hookimpl
    from twin.modes.manager import plugin_manager
    from twin.modes.mode import (
        Criterion,
        Evidence,
        FailureMode,
        ModeParameters,
        RunRecord,
        SlowState,
        Validity,
    )
    from twin.modes.ports import Location, Port, PortAt
    from twin.modes.submodel import ModeSubModel, arrhenius
    from twin.report.describe import describe
    from twin.report.exports import export_run
    from twin.runs.compare import compare
    from twin.runs.life import LifeResult, life
    from twin.runs.record import open_store
    from twin.runs.result import RunResult
    from twin.runs.resume import resume
    from twin.runs.simulate import load_run, simulate
    from twin.runs.soundness import damages
    from twin.scenario import Scenario
    from twin.specs.dump import with_values
    from twin.specs.overrides import PROTOCOL, split_line, split_overrides
    from twin.specs.quantity import Q, Quantity
    from twin.specs.schema import CellSpec
    from twin.studies.attribution import Attribution, attribute, load_attribution
    from twin.studies.ends import ends_of_run, said_of_ends, verdict_ends
    from twin.studies.forecast import Forecast, forecast, load_forecast
    from twin.studies.life_record import FINISHED
    from twin.studies.map_so_far import map_so_far
    from twin.studies.operating_map import SafeMap, load_map, safe_map
    from twin.studies.optimise import Design, design, load_design
    from twin.studies.registry import Going, StudyKind, continue_study, load_study, study_kinds
    from twin.studies.runner import LifeDone
    from twin.studies.sensitivity import drivers, sensitivity
    from twin.studies.sensitivity_kept import known_sensitivity
    from twin.studies.turning import turning_number
