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
    "CONDITIONS": "twin.scenario",
    "conditions": "twin.scenario",
    "rate_keys": "twin.scenario",
    "simulate": "twin.runs.simulate",
    "life": "twin.runs.life",
    "resume": "twin.runs.resume",
    "load_run": "twin.runs.simulate",
    "reproduce": "twin.runs.reproduce",
    "Reproduction": "twin.runs.reproduce",
    "RunResult": "twin.runs.result",
    "damages": "twin.runs.soundness",
    "LifeResult": "twin.runs.life",
    "compare": "twin.runs.compare",
    "open_store": "twin.runs.record",
    "describe": "twin.report.describe",
    "plot_run": "twin.report.figures",
    "run_html": "twin.report.notebook",
    "report_html": "twin.pages.report",
    "write_report": "twin.pages.report",
    "overlays_for": "twin.catalog.finding",
    "describe_overlay": "twin.catalog.finding",
    "material_entry": "twin.catalog.finding",
    "cell_keys": "twin.catalog.finding",
    "kind_of_file": "twin.catalog.finding",
    "fresh_resistance": "twin.runs.fresh",
    "SMALLEST": "twin.catalog.smallest",
    "Derived": "twin.catalog.derived",
    "derived": "twin.catalog.derived",
    "cell_from_bpx": "twin.catalog.bpx.reading",
    "bpx_of_cell": "twin.catalog.bpx.writing",
    # studies
    "forecast": "twin.studies.forecast",
    "load_forecast": "twin.studies.forecast",
    "with_ignorance": "twin.outcomes.ignorance",
    "sampled_lives": "twin.outcomes.sampled_lives",
    "attribute": "twin.studies.attribution",
    "load_attribution": "twin.studies.attribution",
    "safe_map": "twin.studies.operating_map",
    "load_map": "twin.studies.operating_map",
    "sweep": "twin.studies.sweep",
    "Sweep": "twin.studies.sweep",
    "design": "twin.studies.optimise",
    "load_design": "twin.studies.optimise",
    "track": "twin.tracking.track",
    "load_track": "twin.tracking.track",
    "Track": "twin.tracking.track",
    "advise": "twin.tracking.advising",
    "forecast_from": "twin.tracking.onward",
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
    "leave_one_out": "twin.studies.leave_one_out",
    "can_be_left_out": "twin.studies.leave_one_out",
    "left_out_of": "twin.studies.leave_one_out",
    "AFFORDABLE_CYCLES": "twin.studies.leave_one_out",
    "verdict_ends": "twin.studies.ends",
    "improvements": "twin.studies.improving",
    "command_of": "twin.studies.improving",
    "how_sure": "twin.studies.sureness",
    "said_of_sample": "twin.studies.sureness",
    "what_helps": "twin.studies.improving",
    "verdict_facts": "twin.studies.verdict",
    "study_kinds": "twin.studies.registry",
    "map_so_far": "twin.studies.map_so_far",
    "LIVED": "twin.status",
    "Status": "twin.status",
    "LifeDone": "twin.studies.life_record",
    "Going": "twin.studies.registry",
    # cells, and what there is
    "load_cell": "twin.catalog.cells",
    "list_cells": "twin.catalog.cells",
    "acting_modes": "twin.catalog.cells",
    "build_model": "twin.catalog.cells",
    "parameter_values": "twin.catalog.cells",
    "cell_entry": "twin.catalog.entries",
    "cell_heading": "twin.catalog.entries",
    "currents_in_words": "twin.catalog.currents",
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
    "new_mode": "twin.scaffold",
    "plugin_manager": "twin.modes.manager",
    # what a run says
    "share_left": "twin.engine.capacity",
    "first_capacity": "twin.engine.capacity",
    "UNTOLD": "twin.status",
    "Outcome": "twin.engine.outcome",
    "is_death": "twin.engine.outcome",
    "RunInfo": "twin.store",
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
    "calibrate_ageing": "twin.ageing.calibrate",
    "save_ageing": "twin.ageing.calibrate",
    "AgeingCalibration": "twin.ageing.calibrate",
    "calibrate": "twin.calibration.calibrate",
    "Calibration": "twin.calibration.result",
    "save_calibration": "twin.calibration.overlay",
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
    from twin.ageing.calibrate import AgeingCalibration as AgeingCalibration
    from twin.ageing.calibrate import calibrate_ageing as calibrate_ageing
    from twin.ageing.calibrate import save_ageing as save_ageing
    from twin.calibration.calibrate import calibrate as calibrate
    from twin.calibration.overlay import save_calibration as save_calibration
    from twin.calibration.result import Calibration as Calibration
    from twin.catalog.bpx.reading import cell_from_bpx as cell_from_bpx
    from twin.catalog.bpx.writing import bpx_of_cell as bpx_of_cell
    from twin.catalog.cells import (
        build_model as build_model,
    )
    from twin.catalog.cells import (
        library as library,
    )
    from twin.catalog.cells import (
        list_cells as list_cells,
    )
    from twin.catalog.cells import (
        load_cell as load_cell,
    )
    from twin.catalog.cells import (
        load_protocol as load_protocol,
    )
    from twin.catalog.cells import (
        mode_entries as mode_entries,
    )
    from twin.catalog.cells import (
        parameter_values as parameter_values,
    )
    from twin.catalog.cells import (
        plan_of as plan_of,
    )
    from twin.catalog.currents import currents_in_words as currents_in_words
    from twin.catalog.derived import (
        Derived as Derived,
    )
    from twin.catalog.derived import (
        derived as derived,
    )
    from twin.catalog.entries import (
        cell_entry as cell_entry,
    )
    from twin.catalog.entries import (
        cell_heading as cell_heading,
    )
    from twin.catalog.entries import (
        cell_numbers as cell_numbers,
    )
    from twin.catalog.entries import (
        cell_toml as cell_toml,
    )
    from twin.catalog.entries import (
        describe_mode as describe_mode,
    )
    from twin.catalog.entries import (
        differences as differences,
    )
    from twin.catalog.entries import (
        known_share as known_share,
    )
    from twin.catalog.entries import (
        mode_entry as mode_entry,
    )
    from twin.catalog.entries import (
        numbers_by_status as numbers_by_status,
    )
    from twin.catalog.entries import (
        overlay_entry as overlay_entry,
    )
    from twin.catalog.entries import (
        protocol_entry as protocol_entry,
    )
    from twin.catalog.entries import (
        stored_cell as stored_cell,
    )
    from twin.catalog.finding import (
        cell_keys as cell_keys,
    )
    from twin.catalog.finding import (
        describe_overlay as describe_overlay,
    )
    from twin.catalog.finding import (
        kind_of_file as kind_of_file,
    )
    from twin.catalog.finding import (
        material_entry as material_entry,
    )
    from twin.catalog.finding import (
        overlays_for as overlays_for,
    )
    from twin.catalog.smallest import SMALLEST as SMALLEST
    from twin.columns import COLUMNS as COLUMNS
    from twin.constants import (
        FARADAY as FARADAY,
    )
    from twin.constants import (
        GAS_CONSTANT as GAS_CONSTANT,
    )
    from twin.engine.capacity import (
        first_capacity as first_capacity,
    )
    from twin.engine.capacity import (
        share_left as share_left,
    )
    from twin.engine.outcome import (
        Outcome as Outcome,
    )
    from twin.engine.outcome import (
        Standing as Standing,
    )
    from twin.engine.outcome import is_death as is_death
    from twin.engine.run import Progress as Progress
    from twin.errors import (
        InputError as InputError,
    )
    from twin.errors import (
        NotFoundError as NotFoundError,
    )
    from twin.errors import (
        PluginError as PluginError,
    )
    from twin.errors import (
        SpecError as SpecError,
    )
    from twin.errors import (
        StoreError as StoreError,
    )
    from twin.errors import (
        TwinError as TwinError,
    )
    from twin.experiments.critical_currents import (
        ccd as ccd,
    )
    from twin.experiments.critical_currents import (
        ccd_sweep as ccd_sweep,
    )
    from twin.experiments.impedance import eis as eis
    from twin.experiments.titration import (
        gitt as gitt,
    )
    from twin.experiments.titration import (
        transference as transference,
    )
    from twin.measured.importing import all_readers as all_readers
    from twin.measured.measured import (
        Measured as Measured,
    )
    from twin.measured.measured import (
        import_file as import_file,
    )
    from twin.measured.measured import (
        load_measured as load_measured,
    )
    from twin.measured.measured import (
        measured_or_file as measured_or_file,
    )
    from twin.measured.recording import (
        Reader as Reader,
    )
    from twin.measured.recording import (
        Recording as Recording,
    )
    from twin.measured.saving import (
        check_name as check_name,
    )
    from twin.measured.saving import (
        save_measured as save_measured,
    )
    from twin.modes.context import (
        CellContext as CellContext,
    )
    from twin.modes.context import (
        Interface as Interface,
    )
    from twin.modes.hookspecs import hookimpl as hookimpl
    from twin.modes.manager import plugin_manager as plugin_manager
    from twin.modes.mode import (
        Criterion as Criterion,
    )
    from twin.modes.mode import (
        Evidence as Evidence,
    )
    from twin.modes.mode import (
        FailureMode as FailureMode,
    )
    from twin.modes.mode import (
        ModeParameters as ModeParameters,
    )
    from twin.modes.mode import (
        RunRecord as RunRecord,
    )
    from twin.modes.mode import (
        SlowState as SlowState,
    )
    from twin.modes.mode import (
        Validity as Validity,
    )
    from twin.modes.ports import (
        Location as Location,
    )
    from twin.modes.ports import (
        Port as Port,
    )
    from twin.modes.ports import (
        PortAt as PortAt,
    )
    from twin.modes.submodel import (
        ModeSubModel as ModeSubModel,
    )
    from twin.modes.submodel import (
        arrhenius as arrhenius,
    )
    from twin.outcomes.ignorance import with_ignorance as with_ignorance
    from twin.outcomes.sampled_lives import sampled_lives as sampled_lives
    from twin.pages.report import (
        report_html as report_html,
    )
    from twin.pages.report import (
        write_report as write_report,
    )
    from twin.report.describe import describe as describe
    from twin.report.exports import export_run as export_run
    from twin.report.figures import plot_run as plot_run
    from twin.report.notebook import run_html as run_html
    from twin.runs.compare import compare as compare
    from twin.runs.fresh import fresh_resistance as fresh_resistance
    from twin.runs.life import (
        LifeResult as LifeResult,
    )
    from twin.runs.life import (
        life as life,
    )
    from twin.runs.record import open_store as open_store
    from twin.runs.reproduce import (
        Reproduction as Reproduction,
    )
    from twin.runs.reproduce import (
        reproduce as reproduce,
    )
    from twin.runs.result import RunResult as RunResult
    from twin.runs.resume import resume as resume
    from twin.runs.simulate import (
        load_run as load_run,
    )
    from twin.runs.simulate import (
        simulate as simulate,
    )
    from twin.runs.soundness import damages as damages
    from twin.scaffold import new_mode as new_mode
    from twin.scenario import CONDITIONS as CONDITIONS
    from twin.scenario import (
        Scenario as Scenario,
    )
    from twin.scenario import conditions as conditions
    from twin.scenario import rate_keys as rate_keys
    from twin.specs.dump import with_values as with_values
    from twin.specs.overrides import (
        PROTOCOL as PROTOCOL,
    )
    from twin.specs.overrides import (
        split_line as split_line,
    )
    from twin.specs.overrides import (
        split_overrides as split_overrides,
    )
    from twin.specs.quantity import (
        Q as Q,
    )
    from twin.specs.quantity import (
        Quantity as Quantity,
    )
    from twin.specs.schema import CellSpec as CellSpec
    from twin.status import LIVED as LIVED
    from twin.status import UNTOLD as UNTOLD
    from twin.status import Status as Status
    from twin.store import RunInfo as RunInfo
    from twin.studies.attribution import (
        Attribution as Attribution,
    )
    from twin.studies.attribution import (
        attribute as attribute,
    )
    from twin.studies.attribution import (
        load_attribution as load_attribution,
    )
    from twin.studies.ends import (
        ends_of_run as ends_of_run,
    )
    from twin.studies.ends import (
        said_of_ends as said_of_ends,
    )
    from twin.studies.ends import (
        verdict_ends as verdict_ends,
    )
    from twin.studies.forecast import (
        Forecast as Forecast,
    )
    from twin.studies.forecast import (
        forecast as forecast,
    )
    from twin.studies.forecast import (
        load_forecast as load_forecast,
    )
    from twin.studies.improving import (
        command_of as command_of,
    )
    from twin.studies.improving import (
        improvements as improvements,
    )
    from twin.studies.improving import (
        what_helps as what_helps,
    )
    from twin.studies.leave_one_out import (
        AFFORDABLE_CYCLES as AFFORDABLE_CYCLES,
    )
    from twin.studies.leave_one_out import (
        can_be_left_out as can_be_left_out,
    )
    from twin.studies.leave_one_out import (
        leave_one_out as leave_one_out,
    )
    from twin.studies.leave_one_out import (
        left_out_of as left_out_of,
    )
    from twin.studies.life_record import LifeDone as LifeDone
    from twin.studies.map_so_far import map_so_far as map_so_far
    from twin.studies.operating_map import (
        SafeMap as SafeMap,
    )
    from twin.studies.operating_map import (
        load_map as load_map,
    )
    from twin.studies.operating_map import (
        safe_map as safe_map,
    )
    from twin.studies.optimise import (
        Design as Design,
    )
    from twin.studies.optimise import (
        design as design,
    )
    from twin.studies.optimise import (
        load_design as load_design,
    )
    from twin.studies.registry import (
        Going as Going,
    )
    from twin.studies.registry import (
        StudyKind as StudyKind,
    )
    from twin.studies.registry import (
        continue_study as continue_study,
    )
    from twin.studies.registry import (
        load_study as load_study,
    )
    from twin.studies.registry import (
        study_kinds as study_kinds,
    )
    from twin.studies.sensitivity import (
        drivers as drivers,
    )
    from twin.studies.sensitivity import (
        sensitivity as sensitivity,
    )
    from twin.studies.sensitivity_kept import known_sensitivity as known_sensitivity
    from twin.studies.sureness import how_sure as how_sure
    from twin.studies.sureness import said_of_sample as said_of_sample
    from twin.studies.sweep import (
        Sweep as Sweep,
    )
    from twin.studies.sweep import (
        sweep as sweep,
    )
    from twin.studies.turning import turning_number as turning_number
    from twin.studies.verdict import verdict_facts as verdict_facts
    from twin.tracking.advising import advise as advise
    from twin.tracking.onward import forecast_from as forecast_from
    from twin.tracking.track import (
        Track as Track,
    )
    from twin.tracking.track import (
        load_track as load_track,
    )
    from twin.tracking.track import (
        track as track,
    )
