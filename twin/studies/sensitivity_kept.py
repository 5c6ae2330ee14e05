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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twin.specs.schema import CellSpec

log = logging.getLogger("twin.evidence")

FOLDER = "evidence"
_FORMAT = 3
"""Of what is kept in the cache; findings of another are not found."""


def known_sensitivity(spec: CellSpec) -> dict[str, Any] | None:
    """Return what :func:`twin.sensitivity` found for this very cell, if it was kept."""
    from twin.specs.dump import cell_hash

    return known_of_hash(spec.name, cell_hash(spec))


def known_of_hash(name: str, own: str) -> dict[str, Any] | None:
    """Return the same for a cell that is known by its hash alone, as a stored run's is."""
    for file in (_cached(own), *_shipped(name)):
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and "numbers" in found and found.get("hash") == own:
            return found
    return None


def keep(spec: CellSpec, found: dict[str, Any]) -> None:
    """Keep a finding in the user's cache, with the cell's hash and the versions at work."""
    from twin.specs.dump import cell_hash

    found |= {"hash": cell_hash(spec), "versions": _versions()}
    try:
        files.write_text(_cached(found["hash"]), json.dumps(found), parents=True)
    except InputError as error:  # a finding is worth more than its being kept
        log.warning("the finding was not kept for the next time: %s", error.problem)


def _shipped(name: str) -> Iterator[Path]:
    for directory in plugin_manager().spec_directories:
        yield directory / FOLDER / f"{name}.json"


def _versions() -> dict[str, Any]:
    from twin.runs.record import mode_versions, packages

    return packages() | mode_versions(plugin_manager().modes.values())


def _cached(own: str) -> Path:
    import platformdirs

    text = json.dumps([_FORMAT, own, _versions()], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    folder = platformdirs.user_cache_dir("sodium-cell-twin", appauthor=False)
    return Path(folder) / FOLDER / f"{name}.json"
