"""The one runner of all studies: variants of a cell, each lived once.

A study's design says all a worker needs to know; its runs are what has been lived so far.
A variant that has been lived is not lived again, so a study that was interrupted goes on.
A life that could not be run (an exception in a worker, a worker that was killed) is stored
as such, and the study goes on without it; what is wrong with the database ends the study.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from twin.engine.outcome import MISSING
from twin.errors import TwinError
from twin.status import LIVED
from twin.studies.life_record import LifeDone, Lived, lived_of
from twin.studies.member import LivesSimulator, live_member
from twin.studies.once import lived_once
from twin.studies.registry import Going

if TYPE_CHECKING:
    from twin.engine.simulator import Builds
    from twin.store import Store
    from twin.studies.cluster import Workers

MEMORY = "sqlite://"
_SLIM = ("cell", "cell_name", "protocol", "modes", "model", "rtol", "atol", "cycles")


@dataclass(frozen=True)
class Variant:
    """One life of a study: its name there, what is changed, and the modes that act."""

    name: int | str
    changes: Mapping[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] | None = None


def cores() -> int:
    """Return how many processes there is room for."""
    return os.cpu_count() or 1


@contextmanager
def workers_for(store: Store, count: int, scheduler: str | None) -> Iterator[Workers | None]:
    """Open what lives the members: local processes or a cluster's; None is this process.

    Parameters
    ----------
    store : Store
        Where they are stored; those of one in memory are lived in this process.
    count : int
        How many local processes.
    scheduler : str or None
        A running scheduler's address instead.
    """
    if scheduler is None and (count == 1 or _url(store) == MEMORY):
        yield None
        return
    from twin.studies.cluster import Workers

    with Workers(count, scheduler) as hands:
        yield hands


class Lives:
    """Lives the variants of a study, here or on workers; use it in a ``with`` block.

    Parameters
    ----------
    store : Store
        The database.
    study : str
        The study's id.
    design : mapping
        Its design (:func:`twin.studies.base.study_design`).
    going : Going
        By how many local processes (a batch of fewer than two lives a worker is lived in
        this process, whose build is kept), and who is told of the study's id, of each
        finished life, and of lives that another process is living.
    hands : Workers, optional
        Workers that are open already, and that live everything.
    builds : Builds, optional
        Those of other studies, which lives in this process use and add to.
    """

    def __init__(
        self,
        store: Store,
        study: str,
        design: Mapping[str, Any],
        going: Going,
        hands: Workers | None = None,
        builds: Builds | None = None,
    ):
        self.store, self.study = store, study
        more = [name for name in ("seed", "jump", "fast", MISSING) if design.get(name) is not None]
        self.design = {k: design[k] for k in (*_SLIM, "inputs", "rebuilt", *more)}
        self.workers = going.workers or cores()
        self.on_life, self.on_wait = going.on_life, going.on_wait
        self.asked_for = 0
        self._bench: LivesSimulator | None = None
        self._builds = builds
        self._hands = hands
        self._borrowed = hands is not None
        runs = store.runs(study=study)
        if going.on_start is not None:
            going.on_start(study)
        self._known = {str(r.settings["member"]): lived_of(r) for r in runs if r.status in LIVED}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._hands is not None and not self._borrowed:
            self._hands.close(at_once=error is not None)

    def live(self, variants: Iterable[Variant], expected: int = 0) -> list[Lived]:
        """Live what has not been lived yet, and return how each variant ended, in order.

        Parameters
        ----------
        variants : iterable of Variant
            In an order that keeps those together that share a build.
        expected : int
            How many more are expected after these, for the onlooker.
        """
        wanted = list(variants)
        todo = [v for v in wanted if str(v.name) not in self._known]
        before = self.asked_for + len(wanted) - len(todo)
        self.asked_for += len(wanted)
        each = lived_once(self.store, todo, lambda v: str(v.name), self._each, self.on_wait)
        for number, done in enumerate(each, start=1):
            lived = lived_of(self.store.run(done["run"]))
            self._known[str(done["member"])] = lived
            if self.on_life is not None:
                total = self.asked_for + expected
                self.on_life(LifeDone(self.study, before + number, total, lived))
        return [self._known[str(v.name)] for v in wanted]

    def _each(self, todo: Sequence[Variant]) -> Iterator[dict[str, Any]]:
        url = _url(self.store)
        few = self.workers == 1 or url == MEMORY or len(todo) < 2 * self.workers
        if few and not self._borrowed:
            for v in todo:
                yield self._here().live(v.name, dict(v.changes.items()), v.modes)
            return
        if self._hands is None:
            from twin.studies.cluster import Workers

            self._hands = Workers(self.workers)
        self._hands.give(self.study, self.design)
        calls = ((url, self.study, v.name, dict(v.changes.items()), v.modes) for v in todo)
        for number, ended in self._hands.each(live_member, calls, len(todo)):
            if isinstance(ended, TwinError):
                raise ended  # the database, say: no life's own fault
            if isinstance(ended, BaseException):
                ended = self._lost(todo[number], ended)
            yield ended

    def _here(self) -> LivesSimulator:
        """Return this process's own worker."""
        if self._bench is None:
            self._bench = LivesSimulator(self.design, self.study, self.store, self._builds)
        return self._bench

    def _lost(self, variant: Variant, error: BaseException) -> dict[str, Any]:
        """Store a life whose worker was lost."""
        bench = self._here()
        modes = [m for m in bench.modes if variant.modes is None or m.id in variant.modes]
        return bench.give_up(
            variant.name, dict(variant.changes.items()), error, modes=modes, over=True
        )


def _url(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)
