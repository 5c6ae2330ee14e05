"""The library's lives, drawn once: found in the store, gone on with, or begun."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries
from twin.errors import InputError
from twin.scenario import Scenario
from twin.specs.dump import cell_from_data, cell_hash, cell_to_data
from twin.store import Store
from twin.studies import ensemble
from twin.studies.ensemble import KIND
from twin.studies.registry import Going, kept_design
from twin.studies.runner import Lives, cores, workers_for
from twin.tracking.library import FEWEST
from twin.tracking.method import number_of

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

LIBRARY_DEFAULTS: dict[str, Any] = {
    "cycles": int(number_of("library", "horizon")),
    "samples": int(number_of("library", "lives")),
    "model": "spm",
    "rtol": number_of("library", "rtol"),
    "atol": number_of("library", "atol"),
    "method": "sobol",
}
"""What a library is drawn with where nothing is said."""


def drawn_library(
    store: Store,
    wanted: Scenario,
    lives: int | None,
    seed: int | None,
    library: str | None,
    going: Going,
) -> str:
    """Return the study of a cell's library, all its lives lived.

    Parameters
    ----------
    store : Store
        The database.
    wanted : Scenario
        The cell, what is laid over it, and how it is lived.
    lives : int, optional
        How many.
    seed : int, optional
        Of the sample.
    library : str, optional
        The study, if it is known.
    going : Going
        By how many processes, and who is told.

    Raises
    ------
    InputError
        If it is a library of another cell, or too small.
    """
    if lives is not None and lives < FEWEST:
        raise InputError(
            f"{lives} lives are too few to track a cell by",
            key="lives",
            fix=f"at least {FEWEST}; 300 to 600 serve well",
        )
    filled = wanted.filled(LIBRARY_DEFAULTS)
    if library is not None:
        design = kept_design(store, library, KIND)
        _check_library(design, filled.cell_and_modes()[0], library)
        return _lived(store, library, design, max(lives or 0, len(design["values"])), going)
    design = _design(filled, lives or LIBRARY_DEFAULTS["samples"], seed)
    there = _stored(store, design, None if seed is None else int(seed))
    if there is not None:
        have = dict(store.study(there).design)
        return _lived(store, there, have, max(lives or 0, len(have["values"])), going)
    study = store.start_study(kind=KIND, cell_name=design["cell_name"], design=design)
    return _lived(store, study, design, len(design["values"]), going)


def _check_library(design: Mapping[str, Any], spec: CellSpec, study: str) -> None:
    """Refuse a library of another cell.

    Raises
    ------
    InputError
        If it is.
    """
    if design["cell_name"] != spec.name:
        raise InputError(
            f"library {study} is of {design['cell_name']}, not of {spec.name}",
            key="library",
            fix="leave --library out: a library of the cell is found or drawn",
        )
    if cell_hash(cell_from_data(design["cell"], mode_entries())) != cell_hash(spec):
        raise InputError(
            f"library {study} is of {spec.name} with other numbers",
            key="library",
            fix="give the same overlays and --set as it was drawn with, or leave --library out",
        )


def _design(filled: Scenario, lives: int, seed: int | None) -> dict[str, Any]:
    asked = LIBRARY_DEFAULTS | {
        "cycles": filled.cycles,
        "samples": lives,
        "model": filled.model,
        "rtol": filled.rtol,
        "atol": filled.atol,
        "settle": None,
        "seed": seed,
        "jump": {name: number_of("library", name) for name in ("tolerance", "sodium")},
    }
    of = ensemble.subject(filled, asked)
    if seed is None:  # of the cell alone, so that everybody draws the same lives
        text = json.dumps(cell_to_data(of.spec), sort_keys=True, default=str)
        asked["seed"] = zlib.crc32(text.encode())
    return ensemble.design(of, asked)


_DECIDE = ("cell", "protocol", "modes", "model", "rtol", "atol", "cycles", "method", "jump")


def _stored(store: Store, design: dict[str, Any], seed: int | None) -> str | None:
    """Return the stored library of just these lives, the largest first; None if there is none."""
    names = []
    for info in store.studies(kind=KIND):
        if info.cell_name != design["cell_name"] or info.damage:
            continue
        stored = store.study(info.id).design
        same = all(_plain(stored.get(k)) == _plain(design.get(k)) for k in _DECIDE)
        if same and (seed is None or stored.get("seed") == seed):
            names.append((-len(stored["values"]), info.id))
    return min(names)[1] if names else None


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, sort_keys=True, default=str))


def _lived(store: Store, study: str, design: dict[str, Any], lives: int, going: Going) -> str:
    """Live what has not been lived of a library."""
    if lives > len(design["values"]):
        design = ensemble.lengthened(store, study, design, {"samples": lives, "settle": None})
    left = ensemble.to_do(store, study, len(design["values"]))
    if left:
        live(store, study, design, ensemble.variants(design), left, going)
        store.finish_study(study, status="completed", summary=store.study(study).summary)
    return study


def live(
    store: Store, study: str, design: dict[str, Any], variants: Any, left: int, going: Going
) -> None:
    """Live some lives, here or on local processes."""
    from dataclasses import replace

    places = min(going.workers or cores(), max(left, 1))
    with (
        workers_for(store, places, None) as hands,
        Lives(store, study, design, replace(going, workers=1), hands) as lives,
    ):
        lives.live(variants)
