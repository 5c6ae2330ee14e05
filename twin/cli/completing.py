"""What the shell may complete: names of the library and the store, keys of a cell.

Whatever goes wrong completes nothing: a shell that waits for a word is no place for an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import typer

MOST = 200
"""So many of the newest runs are offered."""


def _beginning(candidates: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    try:
        return [name for name in candidates() if name.startswith(incomplete)]
    except Exception:  # as above: nothing is completed
        return []


def _library(kind: str, incomplete: str) -> list[str]:
    def names() -> Iterable[str]:
        import twin

        return twin.library().names(kind)

    return _beginning(names, incomplete)


def cells(incomplete: str) -> list[str]:
    """Return the cells that begin so."""
    return _library("cells", incomplete)


def overlays(incomplete: str) -> list[str]:
    """Return the overlays that begin so."""
    return _library("overlays", incomplete)


def protocols(incomplete: str) -> list[str]:
    """Return the protocols that begin so."""
    return _library("protocols", incomplete)


def materials(incomplete: str) -> list[str]:
    """Return the materials that begin so."""
    return _library("materials", incomplete)


def modes(incomplete: str) -> list[str]:
    """Return the failure modes that begin so, after what is given before a comma."""
    before, comma, word = incomplete.rpartition(",")

    def names() -> Iterable[str]:
        import twin

        return twin.plugin_manager().modes

    return [f"{before}{comma}{name}" for name in _beginning(names, word)]


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Return the newest runs that begin so."""

    def names() -> Iterable[str]:
        from twin.store import Store

        common = getattr(context, "obj", None)
        url = context.params.get("db") or getattr(common, "db", None)
        with Store.open(url) as store:
            return ["last", *(run.id for run in store.runs(limit=MOST, alone=True))]

    return _beginning(names, incomplete)


def _typed_cell(known: Iterable[str]) -> str:
    """Return the cell among the words typed: an option still without its value hides it."""
    words = f"{os.environ.get('COMP_WORDS', '')} {os.environ.get('_TYPER_COMPLETE_ARGS', '')}"
    names = set(known)
    return next(w for w in words.split() if w in names or w.endswith(".toml"))


def keys(context: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of the cell on the command line that begin so, ready for a value."""
    if "=" in incomplete:
        return []

    def names() -> Iterable[str]:
        import twin

        cell = context.params.get("cell") or _typed_cell(twin.library().names("cells"))
        resolved = twin.Scenario.of(cell).resolve()
        return [f"{entry['key']}=" for entry in twin.cell_keys(resolved.spec, resolved.rules)]

    return _beginning(names, incomplete)
