"""The design of a study: all that a worker needs to know of it, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries
from twin.engine.outcome import MISSING
from twin.engine.tolerances import ATOL, RTOL
from twin.modes.manager import plugin_manager
from twin.scenario import Scenario
from twin.studies.asked import check, hash_as_named
from twin.studies.registry import kept_design

if TYPE_CHECKING:
    from pathlib import Path

    from twin.scenario import Resolved
    from twin.specs.schema import CellSpec
    from twin.store import Store

NOTHING: Mapping[str, Any] = MappingProxyType({})
DEFAULTS: dict[str, Any] = {"model": "spm", "rtol": RTOL, "atol": ATOL}
"""What the lives of a study are asked for by default."""


def study_design(
    cell: CellSpec | Scenario | str | Path, cycles: int | None, asked: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Return what a worker needs to know of a study, as plain data.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell, or a scenario.
    cycles : int, optional
        The horizon; the scenario's own if not given.
    asked : mapping
        Fields of a scenario.
    """
    wanted = Scenario.of(cell, **{"cycles": cycles, **asked}).filled(DEFAULTS)
    resolved = wanted.resolve()
    resolved.rules.resolve(resolved.spec)  # a protocol that does not fit is better known at once
    return described(wanted, resolved, resolved.cycles(wanted.cycles)) | {
        "inputs": [],
        "rebuilt": [],
    }


def described(wanted: Scenario, resolved: Resolved, cycles: int) -> dict[str, Any]:
    """Return what a study keeps of a scenario, as plain data."""
    from twin.specs.dump import cell_to_data

    return {
        "as_named": hash_as_named(wanted.cell),
        "cell": cell_to_data(resolved.spec),
        "cell_name": resolved.spec.name,
        "protocol": resolved.rules.to_data(),
        "modes": [mode.id for mode in resolved.modes],
        "model": wanted.model,
        "rtol": wanted.rtol,
        "atol": wanted.atol,
        "cycles": cycles,
        **({"instead": wanted.overrides.instead} if wanted.overrides.instead else {}),
        **without_own(resolved.missing),
    }


def without_own(missing: Sequence[str]) -> dict[str, Any]:
    """Return what a study's design says of the twin's own modes that could not be loaded."""
    return {MISSING: list(missing)} if missing else {}


def gone_on_with(
    store: Store, study: str, kind: str, cell: Any, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the design of a study that goes on, after a look at what is asked of it.

    ``asked`` are fields of a scenario; what is None or missing was not given.

    Raises
    ------
    InputError
        If it is not what the study was begun with.
    NotFoundError
        If it is a study of another kind, or none.
    """
    wanted = Scenario.of(cell, **asked)
    design = kept_design(store, study, kind)
    check(study, design, wanted)
    return design


def base_of(design: Mapping[str, Any]) -> Any:
    """Return the cell of a study."""
    from twin.specs.dump import cell_from_data

    return cell_from_data(design["cell"], mode_entries())


def modes_of(design: Mapping[str, Any]) -> list[Any]:
    """Return the failure modes of a study."""
    return plugin_manager().select(design["modes"], (), design["cell"]["kind"])
