"""Variants of one cell, each lived once: what attribution, maps and designs are made of.

A study's design says all a worker needs to know; its runs are what has been lived so far.
A variant that has been lived is not lived again, so a study that was interrupted goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from twin.api.asked import check, given, hash_as_named
from twin.api.cells import as_spec, load_protocol, mode_entries, split_overrides
from twin.api.endings import FINISHED, UNTOLD
from twin.api.members import Bench, live_member
from twin.api.once import OnWait, lived_once
from twin.engine.tolerances import ATOL, RTOL
from twin.errors import InputError, NotFoundError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.lifetime.cluster import Workers
    from twin.store import RunInfo, Store

MEMORY = "sqlite://"
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


@dataclass(frozen=True)
class Variant:
    """One life of a study: its name there, what is changed, and the modes that act."""

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class VariantDone:
    """What an onlooker is told after each life: ``total`` may grow while a study refines."""

    study: str
    done: int
    total: int
    run: str


@dataclass(frozen=True)
class Lived:
    """How a variant's life ended.

    ``cycles`` is the cycle it died in, or the last one if it lives; ``mode`` the failure
    mode held responsible, None for one that lives.
    """

    name: str
    run: str
    kind: str
    cycles: int
    mode: str | None
    criterion: str | None
    outcome: Mapping[str, Any]

    @property
    def dead(self) -> bool:
        """Whether the cell died; one whose solver stopped at a physical limit did too."""
        if self.kind == "solver-gave-up":
            return bool(self.outcome.get("numerics", {}).get("physical_limit_reached"))
        return self.kind == "cell-failed"

    @property
    def failed(self) -> bool:
        """Whether nothing is known of the life's end: the numerics gave up, or the protocol
        left the voltage window.
        """
        return self.kind in UNTOLD and not self.dead


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
    }


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
    job = continued(store, study, kind)
    check(study, job, cell, asked)
    return job


def continued(store: Store, study: str, kind: str) -> dict[str, Any]:
    """Return the design of a study that goes on.

    Raises
    ------
    NotFoundError
        If it is a study of another kind, or none.
    """
    info = store.study(study)
    if info.kind != kind:
        raise NotFoundError(f"study {study} is no {kind}", fix=f"start one: twin {kind} CELL")
    return dict(info.design)


class Lives:
    """Lives the variants of a study, here or on workers; use it in a ``with`` block.

    Parameters
    ----------
    store : Store
        The database.
    study : str
        The study's id.
    job : mapping
        Its design (:func:`study_design`).
    workers : int, optional
        Local processes; as many as there are cores by default. A batch of fewer than two
        lives a worker is lived in this process, whose build is kept.
    on_done : callable, optional
        Told of each finished life.
    on_wait : callable, optional
        Told of lives that another process is living, and that are waited for.
    """

    def __init__(
        self,
        store: Store,
        study: str,
        job: Mapping[str, Any],
        workers: int | None = None,
        on_done: Callable[[VariantDone], None] | None = None,
        on_wait: OnWait | None = None,
    ):
        self.store, self.study = store, study
        slim = ("cell", "cell_name", "protocol", "modes", "model", "rtol", "atol", "cycles")
        self.job = {k: job[k] for k in (*slim, "inputs", "rebuilt")}
        self.workers = workers or os.cpu_count() or 1
        self.on_done, self.on_wait = on_done, on_wait
        self.asked_for = 0
        self._bench: Bench | None = None
        self._hands: Workers | None = None
        self._known = self._what_is_done()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._hands is not None:
            self._hands.close(at_once=error is not None)

    def _what_is_done(self) -> dict[str, Lived]:
        """Read what the study holds."""
        runs = self.store.runs(study=self.study)
        return {str(r.settings["member"]): _lived(r) for r in runs if r.status in FINISHED}

    @property
    def known(self) -> Mapping[str, Lived]:
        """Every variant lived so far, by its name."""
        return self._known

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
        todo = [v for v in wanted if v.name not in self._known]
        before = self.asked_for + len(wanted) - len(todo)
        self.asked_for += len(wanted)
        for number, done in enumerate(self._once(todo), start=1):
            self._known[str(done["member"])] = _lived(self.store.run(done["run"]))
            if self.on_done is not None:
                total = self.asked_for + expected
                self.on_done(VariantDone(self.study, before + number, total, done["run"]))
        return [self._known[v.name] for v in wanted]

    def _once(self, todo: Sequence[Variant]) -> Iterator[dict[str, Any]]:
        return lived_once(self.store, todo, lambda v: v.name, self._each, self.on_wait)

    def _each(self, todo: Sequence[Variant]) -> Iterator[dict[str, Any]]:
        url = self.store.engine.url.render_as_string(hide_password=False)
        if self.workers == 1 or url == MEMORY or len(todo) < 2 * self.workers:
            if self._bench is None:
                self._bench = Bench(self.job, self.study, self.store)
            for v in todo:
                yield self._bench.live(v.name, v.changes, v.modes)
            return
        if self._hands is None:
            from twin.lifetime.cluster import Workers

            self._hands = Workers(self.workers)
        calls = [(url, self.study, self.job, v.name, v.changes, v.modes) for v in todo]
        yield from self._hands.each_as_done(live_member, calls)


def _lived(run: RunInfo) -> Lived:
    outcome = run.outcome
    mode = outcome.get("mode")
    return Lived(
        name=str(run.settings["member"]),
        run=run.id,
        kind=run.status,
        cycles=int(outcome.get("cycle") or 0),
        mode=mode if run.status != "completed" else None,
        criterion=outcome.get("criterion") if run.status != "completed" else None,
        outcome=outcome,
    )


def base_of(job: Mapping[str, Any]) -> Any:
    """Return the cell of a study."""
    from twin.specs.dump import cell_from_data

    return cell_from_data(job["cell"], mode_entries())


def modes_of(job: Mapping[str, Any]) -> list[Any]:
    """Return the failure modes of a study."""
    return plugin_manager().select(job["modes"], (), job["cell"]["kind"])
