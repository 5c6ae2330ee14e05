"""What a run leaves behind: cycle rows, series, checkpoints, failure events.

Each function is a part of one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeVar

from sqlalchemy import Connection, String, bindparam, delete, insert, literal, select, update
from sqlmodel import col

from twin.errors import NotFoundError, StoreError
from twin.store.damage import Damage, checked
from twin.store.packed import pack, unpack
from twin.store.plain import integer, number, plain, text
from twin.store.records import Checkpoint as CheckpointRecord
from twin.store.session import insert_of
from twin.store.tables import (
    CYCLE_COLUMNS,
    Checkpoint,
    Cycle,
    FailureEvent,
    SeriesChunk,
    VariableSet,
    metadata,
)

_TEXT = ("min_margin_name",)
_FLAGS = ("interpolated",)
_EVENT_NUMBERS = ("t_s", "value", "threshold")
_OF_CYCLES = {
    "cycle": "number",
    "series_chunk": "cycle",
    "checkpoint": "cycle",
    "failure_event": "cycle",
}
"""The tables with what a cycle leaves behind, and their columns with its number."""
# Made once: SQLAlchemy takes as long to make a statement as SQLite to do it.
_SETS = select(col(VariableSet.hash)).where(
    col(VariableSet.hash).in_(bindparam("hashes", expanding=True))
)
_CYCLE, _SERIES, _CHECKPOINT = insert(Cycle), insert(SeriesChunk), insert(Checkpoint)
_EVENT_TEXTS = ("mode", "criterion", "severity", "variable", "says")


T = TypeVar("T")
Read = tuple[list[T], list[Damage]]
"""What could be read, and what could not."""


@dataclass(frozen=True)
class CycleRow:
    """A row for the cycle table, and the names of the numbers packed in it."""

    values: dict[str, Any]
    names: list[list[str]]


def cycle_row(run_id: str, cycle: int, row: Mapping[str, Any]) -> CycleRow:
    """Sort a flat row into the columns of the cycle table.

    Raises
    ------
    StoreError
        If a value does not fit its column, or the row is that of another cycle.
    """
    others = dict(row)
    if others.pop("cycle", cycle) != cycle:
        raise StoreError(f"the row of cycle {row['cycle']} was given as that of cycle {cycle}")
    values: dict[str, Any] = {"run": run_id, "number": integer(cycle, "cycle")}
    for key in CYCLE_COLUMNS:
        value = others.pop(key, None)
        if key in _FLAGS:
            values[key] = bool(value)
        elif key in _TEXT:
            values[key] = None if value is None else text(str(value))
        elif type(value) is float and isfinite(value):  # nearly all
            values[key] = value
        else:
            values[key] = number(value, key)
    packed = pack(plain(others))
    values["variables"] = packed.set_hash if packed.names else None
    values["numbers"], values["other_values"] = packed.numbers, packed.rest
    return CycleRow(values, packed.names)


def flat_row(values: Mapping[str, Any], names: Sequence[list[str]]) -> dict[str, Any]:
    """Return a stored cycle as the flat row it came from."""
    row: dict[str, Any] = {"cycle": values["number"]}
    row.update((key, values[key]) for key in CYCLE_COLUMNS)
    row.update(sorted(unpack(names, bytes(values["numbers"]), values["other_values"]).items()))
    return row


def event_values(run_id: str, cycle: int, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a failure event as a row of its table.

    Raises
    ------
    StoreError
        If it has a key the table has no column for, or lacks criterion or severity.
    """
    unknown = set(event) - {"cycle", *_EVENT_NUMBERS, *_EVENT_TEXTS}
    missing = {"criterion", "severity"} - set(event)
    if unknown or missing:
        raise StoreError(
            "a failure event "
            + " and ".join(
                f"{verb} {', '.join(sorted(keys))}"
                for verb, keys in (("lacks", missing), ("has unknown keys", unknown))
                if keys
            ),
            fix=f"give {', '.join((*_EVENT_TEXTS, *_EVENT_NUMBERS))}",
        )
    values: dict[str, Any] = {"run": run_id, "cycle": integer(event.get("cycle", cycle), "cycle")}
    for key in _EVENT_NUMBERS:
        values[key] = number(event.get(key), key)
    for key in _EVENT_TEXTS:
        values[key] = text(str(event.get(key) or ""))
    values["mode"] = values["mode"] or None
    return values


def write_checkpoint(
    connection: Connection, run_id: str, cycle: int, data: bytes, layout: str
) -> None:
    """Insert the state at the end of a cycle."""
    connection.execute(
        _CHECKPOINT, {"run": run_id, "cycle": cycle, "layout": text(layout), "data": data}
    )


def write_rows(connection: Connection, rows: Sequence[CycleRow]) -> None:
    """Insert cycle rows, and the sets of names that are new."""
    if not rows:
        return
    sets = {row.values["variables"]: row.names for row in rows if row.names}
    # Nearly always all of them are there: to ask costs less than to write what is left out.
    there = set(connection.scalars(_SETS, {"hashes": sorted(sets)})) if sets else set()
    if not sets.keys() <= there:
        build = insert_of(connection)
        # In one order, or two writers could wait for each other.
        known = [{"hash": k, "names": names} for k, names in sorted(sets.items()) if k not in there]
        connection.execute(build(VariableSet).values(known).on_conflict_do_nothing())
    connection.execute(_CYCLE, [row.values for row in rows])


def write_cycle(
    connection: Connection,
    row: CycleRow,
    *,
    series: bytes | None,
    series_rows: int,
    checkpoint: bytes | None,
    layout: str,
    events: Sequence[Mapping[str, Any]],
) -> None:
    """Insert a cycle's row and all that belongs to it."""
    run_id, cycle = row.values["run"], row.values["number"]
    write_rows(connection, [row])
    if series is not None:
        connection.execute(
            _SERIES,
            {"run": run_id, "cycle": cycle, "rows": series_rows, "data": series},
        )
    if checkpoint is not None:
        write_checkpoint(connection, run_id, cycle, checkpoint, layout)
    if events:
        connection.execute(insert(FailureEvent), [dict(event) for event in events])


def is_stored(connection: Connection, row: CycleRow) -> bool:
    """Return whether exactly this cycle row is in the database."""
    run_id, number = row.values["run"], row.values["number"]
    stored, _ = _read_rows(connection, col(Cycle.run) == run_id, col(Cycle.number) == number)
    return stored == [flat_row(row.values, row.names)]


def read_cycles(
    connection: Connection, run_id: str, cycles: Iterable[int] | None = None
) -> Read[dict[str, Any]]:
    """Return the flat rows of a run (or of some of its cycles) that can be read, in order."""
    some = () if cycles is None else (col(Cycle.number).in_(list(cycles)),)
    return _read_rows(connection, col(Cycle.run) == run_id, *some)


def _read_rows(connection: Connection, *which: Any) -> Read[dict[str, Any]]:
    of_rows = select(col(Cycle.variables)).where(*which)
    sets = select(col(VariableSet.hash), col(VariableSet.names)).where(
        col(VariableSet.hash).in_(of_rows)
    )
    names: dict[str | None, Any] = {None: []}
    names.update((key, name) for key, name in connection.execute(sets))
    rows = select(*metadata.tables["cycle"].columns).where(*which).order_by(col(Cycle.number))
    columns = {column.name: column for column in metadata.tables["cycle"].columns}
    name, damages = [], []
    for row in connection.execute(rows).mappings():
        of = f"run {row['run']}, cycle {row['number']}"
        values, damage = checked(row, columns, of)
        if not damage:
            try:
                name.append(flat_row(values, names[values["variables"]]))
            except (ValueError, TypeError, LookupError, AttributeError):
                damage.append(Damage(of, "numbers", "they do not fit their names"))
        damages += damage
    return name, damages


def series_cycles(connection: Connection, run_id: str) -> list[int]:
    """Return the cycles whose time series are stored."""
    query = select(col(SeriesChunk.cycle)).where(col(SeriesChunk.run) == run_id)
    return sorted(cycle for cycle in connection.scalars(query) if isinstance(cycle, int))


def read_series(
    connection: Connection, run_id: str, cycles: Iterable[int]
) -> Read[tuple[int, bytes]]:
    """Return the series chunks of some cycles that can be read, in order."""
    query = (
        select(col(SeriesChunk.cycle), col(SeriesChunk.data))
        .where(col(SeriesChunk.run) == run_id, col(SeriesChunk.cycle).in_(list(cycles)))
        .order_by(col(SeriesChunk.cycle))
    )
    columns = {name: metadata.tables["series_chunk"].c[name] for name in ("cycle", "data")}
    rows, damages = [], []
    for row in connection.execute(query).mappings():
        of = f"run {run_id}, cycle {row['cycle']}"
        values, damage = checked(row, columns, of)
        if not damage:
            rows.append((values["cycle"], values["data"]))
        damages += [Damage(of, f"series {d.column}", d.why) for d in damage]
    return rows, damages


def read_checkpoint(
    connection: Connection, run_id: str, cycle: int | None, before: int | None = None
) -> CheckpointRecord:
    """Return one checkpoint of a run, or the latest (before a cycle).

    Raises
    ------
    NotFoundError
        If it is not stored; the message says which are.
    """
    query = select(col(Checkpoint.cycle), col(Checkpoint.data), col(Checkpoint.layout)).where(
        col(Checkpoint.run) == run_id
    )
    if cycle is not None:
        query = query.where(col(Checkpoint.cycle) == cycle)
    if before is not None:
        query = query.where(col(Checkpoint.cycle) < before)
    query = query.order_by(col(Checkpoint.cycle).desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    if row is not None:
        of = f"run {run_id}, checkpoint of cycle {row['cycle']}"
        table = metadata.tables["checkpoint"].c
        values, damage = checked(row, {key: table[key] for key in row}, of)
        if damage:
            raise damage[0].error()
        brought = _layout(connection, run_id, values["cycle"])
        return CheckpointRecord(values["cycle"], values["data"], *brought)
    cycles = connection.scalars(select(col(Checkpoint.cycle)).where(col(Checkpoint.run) == run_id))
    stored = sorted(number for number in cycles if isinstance(number, int))
    if not stored:
        raise NotFoundError(
            f"run {run_id} has no checkpoints", fix="start it again; it cannot be continued"
        )
    raise NotFoundError(
        f"run {run_id} has no checkpoint of cycle {cycle}; it has those of {spans(stored)}",
        fix=f"use cycle {min(stored, key=lambda c: abs(c - (cycle or 0)))}",
    )


def _layout(connection: Connection, run_id: str, cycle: int) -> tuple[str, int]:
    """Return the layout of a cycle's state, and the cycle whose checkpoint brought it."""
    query = select(col(Checkpoint.layout), col(Checkpoint.cycle)).where(
        col(Checkpoint.run) == run_id, col(Checkpoint.cycle) <= cycle, col(Checkpoint.layout) != ""
    )
    query = query.order_by(col(Checkpoint.cycle).desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return "", cycle
    table = metadata.tables["checkpoint"].c
    of = f"run {run_id}, checkpoint of cycle {row['cycle']}"
    values, damage = checked(row, {key: table[key] for key in row}, of)
    if damage:
        raise damage[0].error()
    return values["layout"], values["cycle"]


def read_events(connection: Connection, run_id: str) -> Read[dict[str, Any]]:
    """Return the failure events of a run that can be read, in the order they happened."""
    table = metadata.tables["failure_event"]
    columns = [column for column in table.columns if column.name not in ("id", "run")]
    query = select(*columns).where(table.c.run == run_id)
    query = query.order_by(table.c.cycle, table.c.id)
    events, damages = [], []
    for row in connection.execute(query).mappings():
        of = f"run {run_id}, event in cycle {row['cycle']}"
        values, damage = checked(row, {column.name: column for column in columns}, of)
        if not damage:
            events.append(values)
        damages += damage
    return events, damages


def copy(
    connection: Connection,
    from_run: str,
    to_run: str,
    up_to_cycle: int,
    state: tuple[bytes, str] | None = None,
) -> None:
    """Copy everything up to and with a cycle from one run to another, inside the database.

    ``state``, with its layout, takes the place of the state after that cycle.
    """
    for name, counted in _OF_CYCLES.items():
        table = metadata.tables[name]
        kept = [column for column in table.columns if column.name not in ("id", "run")]
        source = select(literal(to_run, String), *kept).where(
            table.c.run == from_run, table.c[counted] <= up_to_cycle
        )
        if name == "failure_event":
            source = source.order_by(table.c.id)
        names = ["run", *(column.name for column in kept)]
        connection.execute(insert(table).from_select(names, source))
    if state is not None:
        data, layout = state
        there = (col(Checkpoint.run) == to_run, col(Checkpoint.cycle) == up_to_cycle)
        connection.execute(update(Checkpoint).where(*there).values(data=data, layout=text(layout)))


def forget(connection: Connection, run_id: str, after: int) -> None:
    """Delete what a run left of the cycles after one, as those are to be lived (again)."""
    for name, counted in _OF_CYCLES.items():
        table = metadata.tables[name]
        connection.execute(delete(table).where(table.c.run == run_id, table.c[counted] > after))


def spans(numbers: Sequence[int]) -> str:
    """Write sorted numbers as spans: ``0-3, 7``."""
    parts: list[list[int]] = []
    for value in numbers:
        if parts and value == parts[-1][1] + 1:
            parts[-1][1] = value
        else:
            parts.append([value, value])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in parts]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:4], "…", *shown[-3:]])
