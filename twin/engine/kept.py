"""What a built cell hangs on: the name that it is kept under (:mod:`twin.shelf`)."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from twin.engine.plan import Plan
from twin.engine.settings import RunSettings
from twin.model.mesh import MESHES
from twin.modes.manager import plugin_manager
from twin.modes.mode import FailureMode
from twin.shelf import digest_of, folder, sources
from twin.specs.dump import cell_to_data
from twin.specs.schema import CellSpec

FORMAT = 2
_VERSIONS = ("sodium-cell-twin", "pybamm", "pybammsolvers", "casadi", "numpy", "scipy")


def name_of(
    spec: CellSpec,
    modes: Sequence[FailureMode],
    plan: Plan,
    settings: RunSettings,
    free: Sequence[str],
    also: Sequence[str],
) -> str | None:
    """Return the name of a cell built of these; None if it cannot be kept.

    Everything that can change a number of the built cell is in it: the cell to the last digit,
    the modes and all their packages' files, what is done, tolerances and mesh, what is left
    free, and the versions of what it is built with. A mode that no installed plugin brings has
    no files to tell it by.
    """
    return name_of_cell(
        spec,
        modes,
        {
            "steps": [_told(step) for step in plan.unique_steps],
            "settings": (settings.model, settings.rtol, settings.atol),
            "mesh": repr(MESHES[settings.mesh]),
            "free": list(free),
            "also": list(also),
        },
    )


def name_of_cell(
    spec: CellSpec, modes: Sequence[FailureMode], asked: Mapping[str, Any]
) -> str | None:
    """Return the name of what is worked out from a cell with its modes; None if it cannot be kept.

    ``asked`` is what it hangs on besides, as plain data.
    """
    if folder() is None:
        return None
    installed = plugin_manager().modes
    if any(installed.get(mode.id) is not mode for mode in modes):
        return None
    packages = sorted({type(mode).__module__.partition(".")[0] for mode in modes} | {"twin"})
    return digest_of(
        _worked_out_with(*packages)
        | {
            "cell": cell_to_data(spec),
            "modes": [(mode.id, type(mode).__module__, type(mode).__qualname__) for mode in modes],
        }
        | dict(asked)
    )


def name_with_versions(inputs: Mapping[str, Any]) -> str | None:
    """Return the name of what is worked out from plain data alone; None if it cannot be kept."""
    return None if folder() is None else digest_of({**_worked_out_with("twin"), **inputs})


def _worked_out_with(*packages: str) -> dict[str, Any]:
    return {"format": FORMAT, "versions": _versions(), "sources": _sources(packages)}


def _told(step: Any) -> tuple[str, float | None, str]:
    return (step.do, step.temperature, "" if step.drive is None else step.drive.digest)


@cache
def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _VERSIONS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = ""
    return versions


@cache
def _sources(packages: tuple[str, ...]) -> dict[str, str]:
    return sources({name: sys.modules[name].__file__ or "" for name in packages})
