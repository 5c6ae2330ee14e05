"""The design of a study: all that a worker needs to know of it, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import as_spec, load_protocol, mode_entries, split_overrides
from twin.engine.tolerances import ATOL, RTOL
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.studies.asked import check, given, hash_as_named
from twin.studies.registry import kept_design

if TYPE_CHECKING:
    from twin.store import Store

ASKED: dict[str, Any] = {
    "protocol": None,
    "overlays": (),
    "overrides": (),
    "modes": None,
    "without": (),
    "model": "spm",
    "rtol": RTOL,
    "atol": ATOL,
}
"""What the lives of a study are asked for by default."""
MISSING = "missing_modes"
"""What a design calls the twin's own modes that could not be loaded."""


def study_design(cell: Any, cycles: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a worker needs to know of a study, as plain data.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    cycles : int
        The horizon.
    asked : mapping
        As :data:`ASKED`.
    """
    from twin.engine.prepare import MODELS
    from twin.specs.dump import cell_to_data

    unknown = set(asked) - set(ASKED)
    if unknown:
        raise TypeError(f"there is no argument {sorted(unknown)[0]!r}")
    asked = ASKED | given(asked)
    if cycles < 1:
        raise InputError(f"{cycles} cycles are none", key="cycles", fix="ask for at least one")
    if asked["model"] not in MODELS:
        raise InputError(
            f"there is no model {asked['model']!r}", key="model", fix=f"one of {', '.join(MODELS)}"
        )
    for_cell, for_protocol = split_overrides(asked["overrides"])
    spec = as_spec(cell, overlays=asked["overlays"], overrides=for_cell)
    chosen = plugin_manager().select(asked["modes"], asked["without"], spec.kind)
    rules = load_protocol(asked["protocol"], spec, for_protocol)
    rules.resolve(spec)  # a protocol that does not fit is better known at once
    total = rules.total_cycles
    return {
        "as_named": hash_as_named(cell),
        "cell": cell_to_data(spec),
        "cell_name": spec.name,
        "protocol": rules.to_data(),
        "modes": [mode.id for mode in chosen],
        "model": asked["model"],
        "rtol": asked["rtol"],
        "atol": asked["atol"],
        "cycles": cycles if total is None else min(cycles, total),
        "inputs": [],
        "rebuilt": [],
        **without_own(plugin_manager().lacking(asked["modes"], asked["without"])),
    }


def without_own(missing: Sequence[str]) -> dict[str, Any]:
    """Return what a study's design says of the twin's own modes that could not be loaded."""
    return {MISSING: list(missing)} if missing else {}


def gone_on_with(
    store: Store, study: str, kind: str, cell: Any, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the design of a study that goes on, after a look at what is asked of it.

    ``asked`` is as :data:`ASKED`, and the ``cycles``; what is None or missing was not given.

    Raises
    ------
    InputError
        If it is not what the study was begun with.
    NotFoundError
        If it is a study of another kind, or none.
    """
    unknown = set(asked) - {*ASKED, "cycles"}
    if unknown:
        raise TypeError(f"there is no argument {sorted(unknown)[0]!r}")
    job = kept_design(store, study, kind)
    check(study, job, cell, asked)
    return job


def base_of(job: Mapping[str, Any]) -> Any:
    """Return the cell of a study."""
    from twin.specs.dump import cell_from_data

    return cell_from_data(job["cell"], mode_entries())


def modes_of(job: Mapping[str, Any]) -> list[Any]:
    """Return the failure modes of a study."""
    return plugin_manager().select(job["modes"], (), job["cell"]["kind"])
