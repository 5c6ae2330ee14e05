"""What the store keeps of a run besides its cycles."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from twin.engine.outcome import MISSING, lacking_words
from twin.modes.manager import plugin_manager
from twin.status import Status

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec
    from twin.store import Store


PACKAGES = ("sodium-cell-twin", "pybamm", "pybammsolvers", "casadi", "numpy")


def packages() -> dict[str, str]:
    """Return the versions of what a run's numbers depend on."""
    return dict(_packages())


@cache
def _packages() -> dict[str, str]:
    # Looked up among all installed packages, for every member of a study.
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def cell_record(spec: CellSpec) -> dict[str, Any]:
    """Return what the store keeps of a cell."""
    from twin.specs.dump import cell_hash, cell_to_data

    return {
        "name": spec.name,
        "kind": spec.kind,
        "family": spec.family or "",
        "title": spec.title,
        "hash": cell_hash(spec),
        "spec": cell_to_data(spec),
    }


def mode_versions(modes: Iterable[Any]) -> dict[str, str]:
    """Return each mode's plugin and its version."""
    versions = {p.name: p.version for p in plugin_manager().plugins}
    return {mode.id: f"{mode.provider} {versions.get(mode.provider, '')}".strip() for mode in modes}


def layout_of(prepared: Any) -> str:
    """Return how to read a built cell's state vector."""
    from twin.model.layout import layout_to_text

    return layout_to_text(prepared.compiled.layout)


def keep_summary(store: Store, study: str, summary: Mapping[str, Any]) -> None:
    """Store what a study came to, unless just that is stored: an archive can be read so.

    If some of the twin's own modes could not be loaded as it was begun, it says so.
    """
    from twin.store.plain import plain

    known = store.study(study)
    summary = with_lacking(known.design, summary)
    if known.status != Status.COMPLETED or _lasting(known.summary) != _lasting(plain(summary)):
        store.finish_study(study, status=Status.COMPLETED, summary=summary)


def with_lacking(design: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's document with the twin's own modes that could not be loaded, and a note."""
    missing = design.get(MISSING)
    if not missing:
        return dict(document)
    note, notes = lacking_words(missing), document.get("notes", ())
    return {**document, MISSING: missing, "notes": [*notes, *([] if note in notes else [note])]}


def _lasting(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in summary.items() if key != "wall_s"}


def open_store(store: str | Store | None, *, lock_timeout_s: float | None = None) -> Store:
    """Return an open store: the one given, a URL's, or the default one.

    Parameters
    ----------
    store : str, Store or None
        What to open.
    lock_timeout_s : float, optional
        How long another process may hold it before that is an error [s].
    """
    from twin.store import Store

    if isinstance(store, Store):
        return store
    how = {} if lock_timeout_s is None else {"lock_timeout_s": lock_timeout_s}
    return Store.open(store, **how)
