"""Studies: many runs with one question. Each function is one transaction's work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlmodel import col

from twin.errors import NotFoundError
from twin.status import ENDS, Status
from twin.store.damage import Damage, checked
from twin.store.plain import plain, text
from twin.store.records import StudyInfo
from twin.store.runs import new_id
from twin.store.runs import remove as remove_run
from twin.store.tables import Run, Study, metadata, now


def start(connection: Connection, kind: str, cell_name: str, design: Mapping[str, Any]) -> str:
    """Insert a study and return its id."""
    study_id = new_id()
    connection.execute(
        insert(Study),
        {
            "id": study_id,
            "kind": text(kind),
            "cell_name": text(cell_name),
            "status": Status.RUNNING.value,
            "created": now(),
            "design": plain(design, "design"),
            "summary": {},
        },
    )
    return study_id


def finish(connection: Connection, study_id: str, status: str, summary: Mapping[str, Any]) -> None:
    """Write how a study ended and what came of it."""
    values = {"status": text(status), "summary": plain(summary, "summary")}
    changed = connection.execute(update(Study).where(col(Study.id) == study_id).values(values))
    if not changed.rowcount:
        raise _unknown(study_id)


def change(
    connection: Connection,
    study_id: str,
    changed: Callable[[dict[str, Any]], Mapping[str, Any]],
) -> dict[str, Any]:
    """Change a study's design, as when it is given more members; return the design."""
    of_study = col(Study.id) == study_id
    query = select(col(Study.design)).where(of_study).with_for_update()
    before = connection.execute(query).one_or_none()
    if before is None:
        raise _unknown(study_id)
    design: dict[str, Any] = plain(changed(dict(before.design)), "design")
    if design != before.design:
        values = {"design": design, "status": Status.RUNNING.value}
        connection.execute(update(Study).where(of_study).values(values))
    return design


def find(connection: Connection, study_id: str) -> StudyInfo:
    """Return a study by its id."""
    query = select(*metadata.tables["study"].columns).where(col(Study.id) == study_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise _unknown(study_id)
    values, damage = _checked(row)
    if damage:
        raise damage[0].error()
    return StudyInfo(**values)


def listing(connection: Connection, *, kind: str | None, limit: int | None) -> list[StudyInfo]:
    """Return studies, newest first, without their designs (a sample can be long)."""
    columns = [c for c in metadata.tables["study"].columns if c.name != "design"]
    query = select(*columns).order_by(col(Study.created).desc(), col(Study.id)).limit(limit)
    if kind is not None:
        query = query.where(col(Study.kind) == kind)
    counts: dict[str, dict[str, int]] = {}
    counted = select(col(Run.study), col(Run.status), func.count()).group_by(
        col(Run.study), col(Run.status)
    )
    for study_id, status, count in connection.execute(counted.where(col(Run.study).is_not(None))):
        counts.setdefault(str(study_id), {})[str(status)] = count
    infos = []
    for row in connection.execute(query).mappings():
        values, damage = _checked(row)
        members = counts.get(str(row["id"]), {})
        infos.append(StudyInfo(**values, design={}, members=members, damage=tuple(damage)))
    return infos


def remove(connection: Connection, study_id: str) -> int:
    """Delete a study with its runs, unless a living process writes one; return how many runs."""
    find(connection, study_id)
    members = select(col(Run.id)).where(col(Run.study) == study_id).order_by(col(Run.id))
    runs = list(connection.scalars(members))
    for run_id in runs:
        remove_run(connection, run_id)
    connection.execute(delete(Study).where(col(Study.id) == study_id))
    return len(runs)


def _checked(row: RowMapping) -> tuple[dict[str, Any], list[Damage]]:
    columns = metadata.tables["study"].c
    name = f"study {row['id']}"
    values, damage = checked(row, {key: columns[key] for key in row}, name)
    known = values["status"] in (*ENDS, Status.RUNNING)
    if not known:
        damage.append(Damage(name, "status", "not the status of a study"))
    values["status"] = Status.DAMAGED if damage else Status(values["status"])
    return values, damage


def _unknown(study_id: str) -> NotFoundError:
    return NotFoundError(f"there is no study {study_id!r}", fix="start the study again")
