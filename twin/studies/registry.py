"""The kinds of study there are: how one is gone on with, and how its result is read.

The core's own kinds and those of plugins (the hook ``twin_studies``) stand in one registry,
which :func:`continue_study` and :func:`load_study` go by.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, Unpack

from twin.errors import InputError, NotFoundError
from twin.modes.manager import plugin_manager
from twin.runs.record import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from twin.catalog.asked import GoingAsked
    from twin.store import Store
    from twin.studies.life_record import LifeDone
    from twin.studies.once import OnWait


class StudyResult(Protocol):
    """What a study comes to: a document, which can be drawn."""

    store: Store
    id: str
    design: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the document that the command prints with ``--json``."""

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw it; save the figure if a path is given."""


class KeptResult:
    """A study's result as the store keeps it: its design, and the document made at its end."""

    def __init__(self, store: Store, study: str):
        self.store, self.id = store, study
        info = store.study(study)
        self.design, self._document = info.design, info.summary

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {self.design['cell_name']}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the document that the command prints with ``--json``."""
        return dict(self._document)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from twin.report.notebook import study_html

        return study_html(type(self).__name__, self.id, self._document)


@dataclass(frozen=True)
class Going:
    """How a study is gone on with: by how many processes, and who is told.

    ``more`` is what one kind of study alone can be asked for while it goes on.
    """

    workers: int | None = None
    on_life: Callable[[LifeDone], None] | None = None
    on_start: Callable[[str], None] | None = None
    on_wait: OnWait | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyKind:
    """A kind of study.

    Attributes
    ----------
    id : str
        What the store calls it, and the command: ``"forecast"``.
    title : str
        What it answers, in a few words.
    result : callable
        ``result(store, study)`` reads what a study of this kind has come to.
    go_on : callable
        ``go_on(store, study, design, going)`` lives what is left, and returns the result.
    begin : callable, optional
        ``begin(cell, **asked)`` starts a new one and returns its result.
    parts : str
        What its lives are called there, in the plural.
    defaults : mapping
        What it is asked for where nothing is said.
    more : tuple of str
        What it can be asked for while it goes on (:attr:`Going.more`).
    """

    id: str
    title: str
    result: Callable[[Store, str], StudyResult]
    go_on: Callable[[Store, str, dict[str, Any], Going], StudyResult]
    begin: Callable[..., StudyResult] | None = None
    parts: str = "lives"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[str, ...] = ()


_OWN = (
    "twin.studies.forecast",
    "twin.studies.attribution",
    "twin.studies.operating_map",
    "twin.studies.sweep",
    "twin.studies.optimise",
    "twin.tracking.track",
)
"""The modules of the core's own kinds; each has one as ``STUDY``."""


@lru_cache(maxsize=1)
def study_kinds() -> dict[str, StudyKind]:
    """Return every kind of study by its id: the core's own first, then those of plugins."""
    own = [importlib.import_module(name).STUDY for name in _OWN]
    others = plugin_manager().studies(taken=[kind.id for kind in own])
    return {kind.id: kind for kind in [*own, *others]}


def kept_design(store: Store, study: str, kind: str) -> dict[str, Any]:
    """Return the design of a stored study of a kind.

    Raises
    ------
    NotFoundError
        If it is a study of another kind, or none.
    """
    info = store.study(study)
    if info.kind != kind:
        raise NotFoundError(
            f"study {info.id} is no {kind} but {_a(info.kind)}",
            fix=f"twin.load_study({info.id!r}) reads a study of any kind; a {kind} is started "
            f"with: twin {kind} CELL",
        )
    return dict(info.design)


def load_study(study: str, *, store: str | Store | None = None) -> StudyResult:
    """Return what a stored study has come to, whatever its kind.

    Raises
    ------
    NotFoundError
        If there is no such study, or no plugin for its kind.
    """
    opened = open_store(store)
    return _kind_of(opened, study).result(opened, study)


def continue_study(
    study: str,
    *,
    workers: int | None = None,
    store: str | Store | None = None,
    on_life: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: OnWait | None = None,
    **more: Unpack[GoingAsked],
) -> StudyResult:
    """Go on with a study that was interrupted: its cell and all it was asked for are stored.

    Parameters
    ----------
    study : str
        The study's id.
    workers : int, optional
        Local processes; as many as there are cores by default. (In a script, call this
        under ``if __name__ == "__main__":``.)
    store : str or Store, optional
        The database.
    on_life, on_start, on_wait : callable, optional
        Told of each finished life (:class:`twin.studies.life_record.LifeDone`), the study's id, and
        of lives that other processes are living and that are waited for.
    **more
        Of a forecast: ``samples`` (how many members in all), ``settle``, and ``scheduler``.

    Raises
    ------
    NotFoundError
        If there is no such study.
    InputError
        If it cannot be asked for that.
    """
    opened = open_store(store)
    kind = _kind_of(opened, study)
    for name in more:
        if name not in kind.more:
            raise InputError(
                f"{_a(kind.id)} that goes on has no {name!r}",
                key=name,
                fix=f"it can be given: {', '.join(kind.more)}" if kind.more else "leave it out",
            )
    going = Going(workers, on_life, on_start, on_wait, more)
    return kind.go_on(opened, study, dict(opened.study(study).design), going)


def _kind_of(store: Store, study: str) -> StudyKind:
    kind, kinds = store.study(study).kind, study_kinds()
    if kind not in kinds:
        raise NotFoundError(
            f"study {study} is {_a(kind)}, which nothing that is installed can read",
            fix=f"install the plugin that brings it; there are: {', '.join(kinds)}",
        )
    return kinds[kind]


def _a(kind: str) -> str:
    if not kind:  # what a damaged database holds
        return "a study of no kind"
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
