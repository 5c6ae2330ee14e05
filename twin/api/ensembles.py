"""The members of a forecast: how they are drawn, and how they are lived."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.api.asked import check, hash_as_named, same
from twin.api.cells import as_spec, load_protocol, mode_entries, split_overrides
from twin.api.endings import FINISHED
from twin.api.members import Bench, live_member
from twin.api.once import OnWait, lived_once
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
    as_named: str | None
    """The hash of the cell before overlays and overrides."""


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
    rules = load_protocol(asked["protocol"], spec, for_protocol)
    return Subject(spec, rules, chosen, hash_as_named(cell))


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
        "as_named": of.as_named,
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
        "settle": asked["settle"],
        "keys": [item.key for item in items],
        "inputs": [item.key for item in free],
        "rebuilt": [item.key for item in rebuilt],
    }
    return job | {"values": _values(spec, items, job, asked["samples"])}


def _check(asked: Mapping[str, Any]) -> None:
    for name in ("cycles", "samples"):
        if asked[name] < 1:
            raise InputError(f"{asked[name]} {name} are none", key=name, fix="ask for at least one")
    _check_settle(asked["settle"], asked["method"])


def _check_settle(settle: float | None, method: str) -> None:
    if settle is None:
        return
    if not 0 < settle < 0.5:
        raise InputError(
            f"bands cannot settle to {settle:g}",
            key="settle",
            fix="give half the width that a 90 % band may have, between 0 and 0.5, say 0.05",
        )
    if method != "sobol":
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


def continued(store: Store, study: str, cell: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's design, its sample lengthened if more members are wanted.

    Parameters
    ----------
    store : Store
        Where it is.
    study : str
        Its id.
    cell : CellSpec, str or Path
        The cell asked for.
    asked : mapping
        What else is asked of it; None is what was not given.

    Raises
    ------
    InputError
        If it is not what the study was begun with.
    NotFoundError
        If there is no such forecast.
    """
    info = store.study(study)
    if info.kind != "forecast":
        raise NotFoundError(f"study {study} is no forecast", fix="start one: twin forecast CELL")
    job = dict(info.design)
    check(study, job, cell, asked)
    for name in ("seed", "method"):
        if asked[name] is not None:
            same(study, name, asked[name], job[name])
    have, samples, settle = len(job["values"]), asked["samples"], asked["settle"]
    _check_settle(settle, job["method"])
    if samples is None or samples == have:
        return job | ({} if settle is None else {"settle": settle})
    if samples < have:
        raise InputError(
            f"study {study} has {have} members, and cannot have {samples}",
            key="samples",
            fix="leave it out, or ask for more",
        )
    if job["method"] != "sobol":
        raise InputError(
            "a Latin hypercube cannot be lengthened", key="samples", fix="start a new study"
        )
    spec, items = spec_of(job)
    values = _values(spec, items, job, samples)
    # Another process may have asked it for more in the meantime.
    job = store.change_study(
        study, lambda now: now if len(now["values"]) >= samples else now | {"values": values}
    )
    return (
        job | {"values": job["values"][:samples]} | ({} if settle is None else {"settle": settle})
    )


def to_do(store: Store, study: str, samples: int) -> list[int]:
    """Return the members that are not done."""
    runs = store.runs(study=study)
    done = {run.settings["member"] for run in runs if run.status in FINISHED}
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


def life_of(
    store: Store,
    study: str,
    job: Mapping[str, Any],
    hands: Workers | None,
    on_wait: OnWait | None = None,
) -> Live:
    """Return what lives the members of a study, as many at a time as there are hands.

    Those that other processes are living are waited for, and ``on_wait`` is told so.
    """
    live = _life_of(store, study, job, hands)
    return lambda todo: lived_once(store, todo, str, live, on_wait)


def _life_of(store: Store, study: str, job: Mapping[str, Any], hands: Workers | None) -> Live:
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
                ended = Bench(slim, study, store).give_up(index, texts(index), ended, over=True)
            yield ended

    return live


def _url(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def cores() -> int:
    """Return how many processes there is room for."""
    return os.cpu_count() or 1
