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
    "simulate": "twin.api",
    "life": "twin.api",
    "forecast": "twin.api",
    "load_forecast": "twin.api",
    "attribute": "twin.api",
    "load_attribution": "twin.api",
    "safe_map": "twin.api",
    "load_map": "twin.api",
    "design": "twin.api",
    "load_design": "twin.api",
    "continue_study": "twin.api",
    "load_study": "twin.api",
    "resume": "twin.api",
    "load_run": "twin.api",
    "RunResult": "twin.api",
    "LifeResult": "twin.api",
    "Forecast": "twin.api",
    "Attribution": "twin.api",
    "SafeMap": "twin.api",
    "Design": "twin.api",
    "StudyKind": "twin.api",
    # cells
    "load_cell": "twin.api",
    "list_cells": "twin.api",
    "with_values": "twin.specs.dump",
    "build_model": "twin.api",
    "parameter_values": "twin.api",
    "CellSpec": "twin.specs.schema",
    "Q": "twin.specs.quantity",
    "Quantity": "twin.specs.quantity",
    # virtual experiments
    "ccd": "twin.api",
    "ccd_sweep": "twin.api",
    "eis": "twin.api",
    "gitt": "twin.api",
    "transference": "twin.api",
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
    "FARADAY": "twin.constants",
    "GAS_CONSTANT": "twin.constants",
    "hookimpl": "twin.modes.hookspecs",
    "plugin_manager": "twin.modes.manager",
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
    from twin.api import (
        Attribution,
        Design,
        Forecast,
        LifeResult,
        RunResult,
        SafeMap,
        StudyKind,
        attribute,
        build_model,
        ccd,
        ccd_sweep,
        continue_study,
        design,
        eis,
        forecast,
        gitt,
        life,
        list_cells,
        load_attribution,
        load_cell,
        load_design,
        load_forecast,
        load_map,
        load_run,
        load_study,
        parameter_values,
        resume,
        safe_map,
        simulate,
        transference,
    )
    from twin.constants import FARADAY, GAS_CONSTANT
    from twin.errors import (
        InputError,
        NotFoundError,
        PluginError,
        SpecError,
        StoreError,
        TwinError,
    )
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
    from twin.specs.dump import with_values
    from twin.specs.quantity import Q, Quantity
    from twin.specs.schema import CellSpec
