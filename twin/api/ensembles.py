"""The members of a forecast: how they are drawn, and how they are lived."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.api.cells import as_spec, load_protocol, mode_entries, split_overrides
from twin.api.endings import FINISHED
from twin.api.members import Bench, live_member
from twin.errors import InputError, NotFoundError, TwinError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    import numpy as np

    from twin.lifetime.cluster import Workers
    from twin.lifetime.spreads import Uncertain
    from twin.modes.mode import FailureMode
    from twin.specs.protocol import Protocol
    from twin.specs.schema import CellSpec
    from twin.store import Store

MEMORY = "sqlite://"
Live = Callable[[Sequence[int]], Iterator[dict[str, Any]]]
"""Lives the members of these numbers, and yields each as it ends."""


@dataclass(frozen=True)
class Subject:
    """What a forecast is asked of, read and found to make sense."""

    spec: CellSpec
    rules: Protocol
    modes: list[FailureMode]


def subject(cell: Any, asked: Mapping[str, Any]) -> Subject:
    """Read a forecast's cell, protocol and failure modes.

    Raises
    ------
    TwinError
        For input that cannot be used.
    """
    _check(asked)
    for_cell, for_protocol = split_overrides(asked["overrides"])
    spec = as_spec(cell, overlays=asked["overlays"], overrides=for_cell)
    chosen = plugin_manager().select(asked["modes"], asked["without"], spec.kind)
    return Subject(spec, load_protocol(asked["protocol"], spec, for_protocol), chosen)


def design(of: Subject, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything a worker needs to know of a new study, as plain data."""
    from twin.lifetime.inputs import split
    from twin.lifetime.spreads import uncertain
    from twin.specs.dump import cell_to_data, with_overrides

    spec, rules, chosen = of.spec, of.rules, of.modes
    items = uncertain(spec, [mode.id for mode in chosen])
    entries = mode_entries()
    free, rebuilt = split(
        spec, chosen, asked["model"], items, lambda o: with_overrides(spec, o, entries)
    )
    seed = asked["seed"]
    job = {
        "cell": cell_to_data(spec),
        "cell_name": spec.name,
        "protocol": rules.to_data(),
        "modes": [mode.id for mode in chosen],
        "model": asked["model"],
        "rtol": asked["rtol"],
        "atol": asked["atol"],
        "cycles": asked["cycles"],
        "seed": secrets.randbits(32) if seed is None else seed,
        "method": asked["method"],
        "keys": [item.key for item in items],
        "inputs": [item.key for item in free],
        "rebuilt": [item.key for item in rebuilt],
    }
    return job | {"values": _values(spec, items, job, asked["samples"])}


def _check(asked: Mapping[str, Any]) -> None:
    for name in ("cycles", "samples"):
        if asked[name] < 1:
            raise InputError(f"{asked[name]} {name} are none", key=name, fix="ask for at least one")
    settle = asked["settle"]
    if settle is None:
        return
    if not 0 < settle < 0.5:
        raise InputError(
            f"bands cannot settle to {settle:g}",
            key="settle",
            fix="give half the width that a 90 % band may have, between 0 and 0.5, say 0.05",
        )
    if asked["method"] != "sobol":
        raise InputError(
            "members cannot be added to a Latin hypercube",
            key="settle",
            fix="use the Sobol sequence (--method sobol) with --settle",
        )


def _values(
    spec: Any, items: Sequence[Uncertain], job: Mapping[str, Any], count: int
) -> list[list[float]]:
    import numpy as np

    from twin.lifetime.correlations import correlation_matrix, joined

    matrix = correlation_matrix(spec, items, job["modes"])
    cube = joined(_points(job, count), matrix)
    columns = [item.value(cube[:, i]) for i, item in enumerate(items)]
    return [[float(x) for x in row] for row in np.array(columns).T]


def _points(job: Mapping[str, Any], count: int) -> np.ndarray:
    from twin.lifetime.spreads import points

    return points(count, len(job["keys"]), job["seed"], job["method"])


def spec_of(job: Mapping[str, Any]) -> tuple[Any, list[Uncertain]]:
    """Return a stored study's cell, and its uncertain numbers."""
    from twin.lifetime.spreads import uncertain
    from twin.specs.dump import cell_from_data

    spec = cell_from_data(job["cell"], mode_entries())
    return spec, uncertain(spec, job["modes"])


def drawn(job: Mapping[str, Any]) -> tuple[np.ndarray, list[list[int]], list[bool]]:
    """Return a study's independent points, what is drawn together, and what is aleatory."""
    from twin.lifetime.correlations import blocks, correlation_matrix

    spec, items = spec_of(job)
    matrix = correlation_matrix(spec, items, job["modes"])
    return _points(job, len(job["values"])), blocks(matrix), [item.aleatory for item in items]


def continued(store: Store, study: str, samples: int) -> dict[str, Any]:
    """Return a study's design, its sample lengthened if more members are wanted."""
    info = store.study(study)
    if info.kind != "forecast":
        raise NotFoundError(f"study {study} is no forecast", fix="start one: twin forecast CELL")
    job = dict(info.design)
    if samples > len(job["values"]):
        if job["method"] != "sobol":
            raise InputError(
                "a Latin hypercube cannot be lengthened", key="samples", fix="start a new study"
            )
        spec, items = spec_of(job)
        job["values"] = _values(spec, items, job, samples)
        store.change_study(study, design=job)
    return job


def to_do(store: Store, study: str, samples: int) -> list[int]:
    """Return the members that are not done; what an interruption left of them goes."""
    done = set()
    for run in store.runs(study=study):
        if run.status in FINISHED:
            done.add(run.settings["member"])
        elif run.status_now != "running":
            store.delete_run(run.id)
    return [index for index in range(samples) if index not in done]


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
    from twin.lifetime.cluster import Workers

    with Workers(count, scheduler) as hands:
        yield hands


def life_of(store: Store, study: str, job: Mapping[str, Any], hands: Workers | None) -> Live:
    """Return what lives the members of a study, as many at a time as there are hands."""
    _, items = spec_of(job)

    def texts(index: int) -> dict[str, Any]:
        return {i.key: i.text(v) for i, v in zip(items, job["values"][index], strict=True)}

    slim = {key: value for key, value in job.items() if key != "values"}
    if hands is None:
        bench = Bench(slim, study, store)
        return lambda todo: (bench.live(index, texts(index)) for index in todo)

    def live(todo: Sequence[int]) -> Iterator[dict[str, Any]]:
        calls = [(_url(store), study, slim, index, texts(index)) for index in todo]
        for number, ended in hands.each(live_member, calls):
            if isinstance(ended, TwinError):
                raise ended  # the database, say: no member's own fault
            if isinstance(ended, BaseException):
                index = todo[number]
                ended = Bench(slim, study, store).give_up(index, texts(index), ended)
            yield ended

    return live


def _url(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def cores() -> int:
    """Return how many processes there is room for."""
    return os.cpu_count() or 1
