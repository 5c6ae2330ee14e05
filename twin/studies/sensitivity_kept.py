"""Where a cell's evidence is kept: in the user's cache, and with the cells that ship with it.

A finding holds for one cell, number by number. The user's own is found again for the same
cell, the same packages and the same failure modes. One that a plugin ships, in the folder
``evidence/`` of its spec directory, is used while the cell is still the one it was found for,
and names the versions that found it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin import files
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twin.specs.schema import CellSpec
    from twin.store.records import RunInfo

log = logging.getLogger("twin.evidence")

FOLDER = "evidence"
SAMPLES_FOLDER = "samples"
"""The folder of lives drawn from a cell's spreads."""
ENDS_FOLDER = "ends"
"""The folder of verdicts at the other ends of what no data decide."""
_FORMAT = 3
"""Of what is kept in the cache; findings of another are not found."""


def known_sensitivity(spec: CellSpec) -> dict[str, Any] | None:
    """Return what :func:`twin.sensitivity` found for this very cell, if it was kept."""
    from twin.specs.dump import cell_hash

    return known_of_hash(spec.name, cell_hash(spec))


def known_of_hash(name: str, own: str) -> dict[str, Any] | None:
    """Return the same for a cell that is known by its hash alone, as a stored run's is."""
    for file in (_cached(own, FOLDER), *_shipped(name)):
        document = _read(file, own)
        if document is not None and "numbers" in document:
            return document
    return None


def known_sample(name: str, own: str) -> dict[str, Any] | None:
    """Return the lives that were drawn of a cell (:func:`twin.sampled_lives`), if they are kept."""
    for file in (_cached(own, SAMPLES_FOLDER), *_shipped(name)):
        document = _read(file, own) or {}
        sample = document if "lives" in document else document.get("sample")
        if sample is not None:
            return dict(sample)
    return None


def lived_as(document: Mapping[str, Any], info: RunInfo) -> bool:
    """Return whether a finding is of a run's verdict: by the same modes and protocol.

    ``document`` holds the protocol as data, or only the name of one in the library; without
    ``modes`` it was lived with every mode.
    """
    from twin.catalog.cells import library
    from twin.errors import TwinError
    from twin.specs.protocol import load_protocol

    if info.outcome.get("kind") not in (Status.COMPLETED, Status.CELL_FAILED):
        return False
    every = (mode.id for mode in plugin_manager().select(None, (), info.cell_kind))
    if set(document.get("modes", every)) != set(info.modes):
        return False
    own = document.get("protocol")
    if isinstance(own, str):
        try:
            own = load_protocol(own, library=library()).to_data()
        except TwinError:  # the library has lost it, or a file's name was given
            return False
    return own == info.protocol


def kept(own: str, folder: str) -> dict[str, Any] | None:
    """Return a finding of another kind that the user's cache has of a cell's hash."""
    return _read(_cached(own, folder), own)


def _read(file: Path, own: str) -> dict[str, Any] | None:
    try:
        document = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("hash") == own else None


def keep(spec: CellSpec, document: dict[str, Any], folder: str = FOLDER) -> None:
    """Keep a finding in the user's cache, with the cell's hash and the versions at work."""
    from twin.specs.dump import cell_hash

    document |= {"hash": cell_hash(spec), "versions": _versions()}
    try:
        files.write_text(_cached(document["hash"], folder), json.dumps(document), parents=True)
    except InputError as error:  # a finding is worth more than its being kept
        log.warning("the finding was not kept for the next time: %s", error.problem)


def _shipped(name: str) -> Iterator[Path]:
    for directory in plugin_manager().spec_directories:
        yield directory / FOLDER / f"{name}.json"


def _versions() -> dict[str, Any]:
    from twin.runs.record import mode_versions, packages

    return packages() | mode_versions(plugin_manager().modes.values())


def _cached(own: str, folder: str) -> Path:
    import platformdirs

    text = json.dumps([_FORMAT, own, _versions()], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    root = platformdirs.user_cache_dir("sodium-cell-twin", appauthor=False)
    return Path(root) / folder / f"{name}.json"
