"""Measurements: files of measured data. Each function is one transaction's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select
from sqlmodel import col

from twin.errors import NotFoundError
from twin.store.damage import Damage, checked
from twin.store.plain import integer, plain, text
from twin.store.records import MeasurementInfo
from twin.store.tables import Measurement, MeasurementChunk, metadata, now

SHORTEST = 4
"""A beginning of an id is at least so long, lest a name be taken for one."""


def add(
    connection: Connection,
    measurement: str,
    values: Mapping[str, Any],
    pieces: Iterable[tuple[int, bytes]],
    replace: bool,
) -> bool:
    """Insert a measurement and its chunks; False if it is there already and stays."""
    there = select(col(Measurement.id)).where(col(Measurement.id) == measurement)
    if connection.execute(there).one_or_none() is not None:
        if not replace:
            return False
        remove(connection, measurement)
    connection.execute(
        insert(Measurement),
        {
            "id": measurement,
            "cell_name": text(values["cell_name"]),
            "name": text(values["name"]),
            "source": text(values["source"]),
            "created": now(),
            "kind": text(values["kind"]),
            "rows": integer(values["rows"], "rows"),
            "meta": plain(values["meta"], "meta"),
        },
    )
    for number, (rows, data) in enumerate(pieces):
        chunk = {"measurement": measurement, "number": number, "rows": rows, "data": data}
        connection.execute(insert(MeasurementChunk), chunk)
    return True


def remove(connection: Connection, measurement: str) -> None:
    """Delete a measurement with its chunks."""
    connection.execute(
        delete(MeasurementChunk).where(col(MeasurementChunk.measurement) == measurement)
    )
    connection.execute(delete(Measurement).where(col(Measurement.id) == measurement))


def find(connection: Connection, ref: str) -> MeasurementInfo:
    """Return a measurement by its id, a beginning of it, its file's name, or ``"last"``.

    Raises
    ------
    NotFoundError
        If there is none, or more than one.
    """
    wanted = ref.strip()
    query = select(*metadata.tables["measurement"].columns)
    newest = query.order_by(col(Measurement.created).desc(), col(Measurement.id))
    if wanted == "last":
        rows = connection.execute(newest.limit(1)).mappings().all()
    else:
        ids = connection.execute(select(col(Measurement.id), col(Measurement.name))).all()
        matches = [i for i, name in ids if name == wanted or i == wanted]
        if not matches and len(wanted) >= SHORTEST:
            matches = [i for i, _ in ids if str(i).startswith(wanted.lower())]
        if len(matches) > 1:
            raise NotFoundError(
                f"{ref!r} is what {len(matches)} measurements are called",
                fix=f"give the beginning of an id: {', '.join(i[:10] for i in matches[:3])}",
            )
        rows = connection.execute(query.where(col(Measurement.id).in_(matches))).mappings().all()
    if not rows:
        raise NotFoundError(
            f"there is no measurement {ref!r}",
            fix="`twin measured` lists them; `twin import FILE` takes one in",
        )
    values, damage = _checked(rows[0])
    if damage:
        raise damage[0].error()
    return MeasurementInfo(**values)


def listing(
    connection: Connection, *, cell: str | None, limit: int | None
) -> list[MeasurementInfo]:
    """Return measurements, newest first; of one that is damaged, what can be read."""
    query = select(*metadata.tables["measurement"].columns).order_by(
        col(Measurement.created).desc(), col(Measurement.id)
    )
    if cell is not None:
        query = query.where(col(Measurement.cell_name) == cell)
    infos = []
    for row in connection.execute(query.limit(limit)).mappings():
        values, damage = _checked(row)
        infos.append(MeasurementInfo(**values, damage=tuple(damage)))
    return infos


def count_chunks(connection: Connection, measurement: str) -> int:
    """Return how many chunks a measurement has."""
    of = col(MeasurementChunk.measurement) == measurement
    return len(connection.execute(select(col(MeasurementChunk.number)).where(of)).all())


def read_chunk(connection: Connection, measurement: str, number: int) -> bytes:
    """Return the bytes of one chunk.

    Raises
    ------
    StoreError
        If it is not there or damaged.
    """
    query = select(col(MeasurementChunk.data)).where(
        col(MeasurementChunk.measurement) == measurement, col(MeasurementChunk.number) == number
    )
    data = connection.execute(query).scalar_one_or_none()
    if not isinstance(data, bytes | memoryview):
        raise Damage(f"measurement {measurement[:10]}", f"chunk {number}", "no bytes").error()
    return bytes(data)


def _checked(row: RowMapping) -> tuple[dict[str, Any], list[Damage]]:
    columns = metadata.tables["measurement"].c
    return checked(row, {key: columns[key] for key in row}, f"measurement {str(row['id'])[:10]}")
