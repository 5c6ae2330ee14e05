"""Whether what is stored of a run or a study can be understood, and what of it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries
from twin.errors import NotFoundError, PluginError, TwinError
from twin.runs.stored import outcome_of, series_table, understood

if TYPE_CHECKING:
    from twin.store import RunInfo, Store

_NEEDED = ("t_start_s", "t_end_s", "capacity_Ah")
_SETTINGS = ("model", "rtol", "atol", "series_every")
_OF_DESIGN = ("cell", "cell_name", "cycles", "model", "rtol", "atol", "inputs", "rebuilt")


def damages(store: Store, of: Iterable[str]) -> Iterator[TwinError]:
    """Yield what is damaged of runs and studies, as the errors that name it.

    Parameters
    ----------
    store : Store
        The database.
    of : iterable of str
        The ids of runs and studies.
    """
    for name in of:
        try:
            info = store.run(name)
        except NotFoundError:
            yield from _study(store, name)
        except TwinError as error:
            yield error
        else:
            yield from _run(store, info)


def _tried(work: Callable[[], Any], of: str, column: str) -> Iterator[TwinError]:
    try:
        with understood(of, column):
            work()
    except TwinError as error:
        yield error


def _run(store: Store, info: RunInfo) -> Iterator[TwinError]:
    from twin.specs.dump import cell_from_data
    from twin.specs.protocol import Protocol

    of = f"run {info.id}"
    try:
        outcome_of(info.id, info.outcome)
    except TwinError as error:
        yield error
    yield from _tried(lambda: Protocol.from_data(info.protocol), of, "protocol")
    missing = list(_missing_modes(of, info.cell_spec, info.modes))
    yield from missing
    if not missing:
        cell = info.cell_spec or {}
        yield from _tried(lambda: cell_from_data(cell, mode_entries()), of, "cell spec")
    yield from _tried(lambda: [info.settings[key] for key in _SETTINGS], of, "settings")
    yield from _tried(lambda: _texts(info.modes), of, "modes")
    yield from _tried(lambda: _tables(info.settings), of, "settings")
    for row in store.cycles(info.id):
        yield from _tried(partial(_row, row), f"{of}, cycle {row['cycle']}", "its row")
    store.events(info.id)
    for cycle, data in store.series(info.id):
        where = f"{of}, cycle {cycle}"
        yield from _tried(partial(series_table, where, data), where, "series")
    yield from _checkpoints(store, info, of)
    yield from (damage.error() for damage in store.damage.get(info.id, ()))


def _missing_modes(of: str, cell: Any, providers: Any) -> Iterator[TwinError]:
    """Yield the modes that a stored cell has and nobody brings: nothing of it is damaged."""
    own = cell.get("modes") if isinstance(cell, Mapping) else None
    for mode in own if isinstance(own, Mapping) else ():
        if mode in mode_entries():
            continue
        provider = providers.get(mode) if isinstance(providers, Mapping) else None
        by = f" (of {provider})" if provider else ""
        yield PluginError(
            f"it has the failure mode {mode!r}{by}, which no installed plugin brings",
            key=of,
            fix="install the plugin that brings it: `twin plugins` lists those there are",
        )


def _texts(table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if not isinstance(value, str):
            raise ValueError(f"{key} is {value!r}")


def _tables(settings: Mapping[str, Any]) -> None:
    if not isinstance(settings.get("overrides", {}), dict):
        raise ValueError("overrides are no table")
    if not isinstance(settings.get("overlays", []), list):
        raise ValueError("overlays are no list")
    for key in ("rtol", "atol", "series_every"):
        if not isinstance(settings[key], int | float):
            raise ValueError(f"{key} is {settings[key]!r}")
    if not isinstance(settings["model"], str):
        raise ValueError(f"the model is {settings['model']!r}")


def _row(row: Mapping[str, Any]) -> None:
    for key in _NEEDED:
        if row[key] is None:
            raise ValueError(f"{key} is missing")
    for name in ("skipped_steps", "solver_rungs"):
        if not isinstance(row.get(name) or [], list):
            raise ValueError(f"{name} is {row[name]!r}")
    for name, margin in (row.get("margins") or {}).items():
        if margin is not None and not isinstance(margin, int | float):
            raise ValueError(f"the margin of {name} is {margin!r}")


def _checkpoints(store: Store, info: RunInfo, of: str) -> Iterator[TwinError]:
    from twin.engine.checkpoint import State

    for cycle in {0, info.last_cycle}:
        where = f"{of}, checkpoint of cycle {cycle}"
        try:
            checkpoint = store.checkpoint(info.id, cycle)
            State.from_bytes(checkpoint.data, where)
        except NotFoundError:
            continue
        except TwinError as error:
            yield error
            continue
        yield from _tried(partial(json.loads, checkpoint.layout), where, "layout")


def _study(store: Store, name: str) -> Iterator[TwinError]:
    from twin.specs.dump import cell_from_data
    from twin.specs.protocol import Protocol

    of = f"study {name}"
    try:
        design = store.study(name).design
    except TwinError as error:
        yield error
        return
    yield from _tried(lambda: [design[key] for key in _OF_DESIGN], of, "design")
    missing = list(_missing_modes(of, design.get("cell"), {}))
    yield from missing
    if not missing:
        yield from _tried(lambda: cell_from_data(design["cell"], mode_entries()), of, "design")
    yield from _tried(lambda: Protocol.from_data(design["protocol"]), of, "design")
    yield from _tried(lambda: _sample(design), of, "design")
    for run in store.runs(study=name):
        yield from _run(store, store.run(run.id))
    yield from (damage.error() for damage in store.damage.get(name, ()))


def _sample(design: Mapping[str, Any]) -> None:
    for row in design.get("values", []):
        for _, value in zip(design["keys"], row, strict=True):
            float(value)
