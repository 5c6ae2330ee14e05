"""Runs: starting, finding, listing and ending them. Each function is one transaction's work."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, case, delete, func, select, update
from sqlmodel import col

from twin.errors import NotFoundError, StoreError
from twin.status import ENDS, LIVED, Status
from twin.store.damage import Damage, checked
from twin.store.history import forget
from twin.store.plain import integer, number, plain, text
from twin.store.process import Writer, is_alive, on_this_host, this_process
from twin.store.records import QUIET_AFTER, RunInfo
from twin.store.session import insert_of
from twin.store.tables import Cell, Cycle, Run, Study, now

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BASE32 = _LETTERS + "234567"
_LISTED = 5


def new_id() -> str:
    """Return eight base32 characters, the first a letter so that nothing reads it as a number."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_BASE32) for _ in range(7))


def start(
    connection: Connection,
    *,
    cell: Mapping[str, Any],
    protocol: Mapping[str, Any],
    settings: Mapping[str, Any],
    modes: Mapping[str, Any],
    packages: Mapping[str, Any],
    cycles_requested: int,
    seed: int | None = None,
    parent: tuple[str, int] | None = None,
    study: str | None = None,
    member: str | None = None,
) -> str | None:
    """Insert a run (and its cell, if new) and return its id; None if the study has the member."""
    missing = {"name", "kind", "family", "title", "hash", "spec"} - set(cell)
    if missing:
        raise StoreError(f"the cell has no {', '.join(sorted(missing))}", fix="give all of it")
    if parent is not None:
        _must_exist(connection, parent[0])
    if study is not None and not connection.scalar(
        select(func.count()).where(col(Study.id) == study)
    ):
        raise NotFoundError(f"there is no study {study!r}", fix="start the study first")
    build = insert_of(connection)
    named = {key: text(str(cell[key])) for key in ("hash", "name", "kind", "family", "title")}
    connection.execute(
        build(Cell)
        .values(**named, created=now(), spec=plain(cell["spec"], "spec"))
        .on_conflict_do_nothing()
    )
    run_id = new_id()
    while connection.scalar(select(func.count()).where(col(Run.id) == run_id)):
        run_id = new_id()
    moment = now()
    inserted = connection.execute(
        build(Run)
        .values(
            {
                "id": run_id,
                "cell_hash": named["hash"],
                "cell_name": named["name"],
                "study": study,
                "member": None if member is None else text(member),
                "parent_run": parent[0] if parent else None,
                "parent_cycle": integer(parent[1], "parent") if parent else None,
                "status": Status.RUNNING.value,
                "cycles_requested": integer(cycles_requested, "cycles_requested"),
                "seed": None if seed is None else integer(seed, "seed"),
                "created": moment,
                "updated": moment,
                "wall_s": 0.0,
                **_written_here(),
                "protocol": plain(protocol, "protocol"),
                "settings": plain(settings, "settings"),
                "modes": plain(modes, "modes"),
                "packages": plain(packages, "packages"),
                "outcome": {},
            }
        )
        .on_conflict_do_nothing(index_elements=["study", "member"]),
        execution_options={"preserve_rowcount": True},  # else it may be -1 for an INSERT
    )
    return run_id if inserted.rowcount == 1 else None


def claim(
    connection: Connection,
    study: str,
    member: str,
    living: Collection[str],
    over: bool,
    given: Mapping[str, Any],
) -> str | RunInfo:
    """Start a member's run and return its id, or the run that has it already.

    A run that ended without an end (its process is gone, or it was stopped) is deleted and
    started anew. One that is damaged stays, without its place in the study: what of it can
    be read may be all there is. ``living`` are the runs that this very process is living.
    """
    of_member = (col(Run.study) == study, col(Run.member) == text(member))
    columns = (Run.id, Run.status, Run.updated, Run.host, Run.pid, Run.process_token)
    row = connection.execute(
        select(*map(col, columns)).where(*of_member).with_for_update()
    ).one_or_none()
    if row is not None and _is_damaged(connection, row.id):
        connection.execute(update(Run).where(col(Run.id) == row.id).values(member=None))
    elif row is not None:
        writer = Writer(row.host, row.pid, row.process_token)
        taken = not over and _status_now(row.status, row.updated, writer) == Status.RUNNING
        if writer == this_process():
            taken = taken and row.id in living
        if taken or row.status in LIVED:
            return find(connection, row.id)
        connection.execute(delete(Run).where(col(Run.id) == row.id))
    run_id = start(connection, **given, study=study, member=member)
    if run_id is None:  # another process was quicker
        theirs = connection.scalar(select(col(Run.id)).where(*of_member))
        assert theirs is not None
        return find(connection, theirs)
    return run_id


def _is_damaged(connection: Connection, run_id: str) -> bool:
    query = _listing(connection, with_spec=True).where(col(Run.id) == run_id)
    return bool(_info(connection.execute(query).mappings().one()).damage)


def finish(
    connection: Connection, run_id: str, status: str, outcome: Mapping[str, Any], wall_s: float
) -> None:
    """Write how a run ended."""
    if status not in ENDS:
        raise StoreError(
            f"{status!r} is not a way for a run to end", fix=f"use one of {', '.join(ENDS)}"
        )
    values = {
        "status": str(status),
        "outcome": plain(outcome, "outcome"),
        "wall_s": number(wall_s, "wall_s") or 0.0,
        "updated": now(),
    }
    if not connection.execute(update(Run).where(col(Run.id) == run_id).values(values)).rowcount:
        raise _gone(run_id)


def annotate(connection: Connection, run_id: str, beside: Mapping[str, Any]) -> None:
    """Write what stands beside a run's settings: what is None stays, what is empty goes."""
    of_run = col(Run.id) == run_id
    row = connection.execute(
        select(col(Run.settings)).where(of_run).with_for_update()
    ).one_or_none()
    if row is None:
        raise _gone(run_id)
    settings = dict(row.settings)
    for key, value in beside.items():
        if value is not None:
            settings[key] = value
            if not value:
                del settings[key]
    connection.execute(update(Run).where(of_run).values(settings=plain(settings, "settings")))


def reopen(
    connection: Connection,
    run_id: str,
    cycles_requested: int,
    after: int | None,
    seen: datetime | None,
) -> None:
    """Make this process the writer of a run, unless the recorded one still is."""
    refuse_if_written(connection, run_id, "continued")
    updated = connection.scalar(select(col(Run.updated)).where(col(Run.id) == run_id))
    if seen is not None and updated != seen:
        raise StoreError(
            f"run {run_id} was written by another process in the meantime",
            fix=f"see how it stands (twin show {run_id}), then repeat the command if need be",
        )
    if after is not None:
        forget(connection, run_id, after)
    values = {
        "status": Status.RUNNING.value,
        "outcome": {},
        "cycles_requested": integer(cycles_requested, "cycles_requested"),
        "updated": now(),
        **_written_here(),
    }
    connection.execute(update(Run).where(col(Run.id) == run_id).values(values))


def refuse_if_written(connection: Connection, run_id: str, what: str) -> None:
    """Raise if another living process of this host is writing the run; lock the run's row."""
    columns = (Run.status, Run.host, Run.pid, Run.process_token)
    row = connection.execute(
        select(*map(col, columns)).where(col(Run.id) == run_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise _gone(run_id)
    writer = Writer(row.host, row.pid, row.process_token)
    # A run that this very process left open (an interrupted notebook) is its own.
    others = row.status == Status.RUNNING and on_this_host(writer) and writer != this_process()
    if others and is_alive(writer):
        raise StoreError(
            f"run {run_id} cannot be {what}: process {row.pid} is still writing it",
            fix=f"wait for it or end process {row.pid}; or branch from one of its cycles",
        )


def remove(connection: Connection, run_id: str) -> None:
    """Delete a run with all it left behind, unless a living process is writing it."""
    refuse_if_written(connection, run_id, "deleted")
    connection.execute(delete(Run).where(col(Run.id) == run_id))


def touch(connection: Connection, run_id: str) -> None:
    """Note that a run was written to just now; raise if it is no longer there."""
    if not connection.execute(
        update(Run).where(col(Run.id) == run_id).values(updated=now())
    ).rowcount:
        raise _gone(run_id)


def stamp(connection: Connection, run_id: str) -> tuple[str, datetime]:
    """Return a run's stored status and when it was last written; raise if it is gone."""
    query = select(col(Run.status), col(Run.updated)).where(col(Run.id) == run_id)
    row = connection.execute(query).first()
    if row is None:
        raise _gone(run_id)
    return str(row[0]), row[1]


def find(connection: Connection, ref: str) -> RunInfo:
    """Return the run of an id, a unique beginning of one, or ``"last"``.

    Raises
    ------
    NotFoundError
        If there is none, or more than one.
    """
    wanted = ref.strip().lower()
    query = _listing(connection, with_spec=True)
    newest_first = (col(Run.created).desc(), col(Run.id))
    if wanted == "last":
        own = select(col(Run.id)).where(col(Run.study).is_(None)).order_by(*newest_first).limit(1)
        newest = query.where(col(Run.id) == own.scalar_subquery())
        row = connection.execute(newest).mappings().one_or_none()
        if row is None:
            raise _no_last(connection)
        return _sound(row)
    row = connection.execute(query.where(col(Run.id) == wanted)).mappings().one_or_none()
    if row is not None:
        return _sound(row)
    ids = list(connection.scalars(select(col(Run.id)).order_by(*newest_first)))
    ids = [run_id for run_id in ids if isinstance(run_id, str)]
    matches = [run_id for run_id in ids if wanted and run_id.startswith(wanted)]
    if len(matches) == 1:
        row = connection.execute(query.where(col(Run.id) == matches[0])).mappings().one()
        return _sound(row)
    if matches:
        raise NotFoundError(
            f"{ref!r} is the beginning of {len(matches)} runs: {_some(matches)}",
            fix="give more characters of the id",
        )
    near = difflib.get_close_matches(wanted, ids, n=3, cutoff=0.6)
    if near:
        fix = f"did you mean {' or '.join(near)}?"
    elif ids:
        fix = f"the newest runs are {_some(ids)}; `twin runs` lists all"
    else:
        fix = "the store has no runs yet; start one with `twin run CELL`"
    raise NotFoundError(f"there is no run {ref!r}", fix=fix)


def listing(
    connection: Connection,
    *,
    cell: str | None,
    status: str | None,
    limit: int | None,
    study: str | None = None,
    alone: bool = False,
) -> list[RunInfo]:
    """Return runs, newest first, with their numbers of cycles, in one query."""
    newest_first = (col(Run.created).desc(), col(Run.id))
    wanted = select(col(Run.id))
    if cell is not None:
        wanted = wanted.where(col(Run.cell_name) == cell)
    if study is not None:
        wanted = wanted.where(col(Run.study) == study)
    if alone:
        wanted = wanted.where(col(Run.study).is_(None))
    # Whether a run still runs, or can be read, is known only here: it is cut here too.
    here = status is not None and status not in ENDS
    if status is not None and status != Status.DAMAGED:
        wanted = wanted.where(
            col(Run.status) == (str(status) if status in ENDS else Status.RUNNING.value)
        )
    if limit is not None and not here:
        wanted = wanted.order_by(*newest_first).limit(limit)
    # First which runs, then their cycles: counted of those alone that are listed.
    listed = wanted.subquery()
    query = _listing(connection, with_spec=False).join(listed, listed.c.id == col(Run.id))
    query = query.order_by(*newest_first)
    infos = [_info(row) for row in connection.execute(query).mappings()]
    return [run for run in infos if run.status_now == status][:limit] if here else infos


def _listing(connection: Connection, *, with_spec: bool) -> Select[Any]:
    stored = select(func.count()).where(col(Cycle.run) == col(Run.id)).scalar_subquery()
    last = select(func.max(col(Cycle.number))).where(col(Cycle.run) == col(Run.id))
    # Only the cycle a cell died in can be a part of one; that is the last.
    complete: Any = col(Cycle.other_values)["complete"].as_boolean()
    if connection.dialect.name == "sqlite":  # which refuses the whole query for one bad text
        complete = case((func.json_valid(col(Cycle.other_values)) == 1, complete))
    whole = (
        select(complete)
        .where(col(Cycle.run) == col(Run.id))
        .order_by(col(Cycle.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    finished = stored - case((whole.is_(False), 1), else_=0)
    return select(
        *Run.metadata.tables["run"].columns,
        col(Cell.kind).label("cell_kind"),
        col(Cell.family).label("cell_family"),
        col(Cell.title).label("cell_title"),
        finished.label("cycles"),
        func.coalesce(last.scalar_subquery(), 0).label("last_cycle"),
        *([col(Cell.spec).label("cell_spec")] if with_spec else []),
    ).join(Cell, col(Cell.hash) == col(Run.cell_hash), isouter=True)


def _info(row: RowMapping) -> RunInfo:
    values, damage = checked(row, _columns(row), f"run {row['id']}")
    known = values["status"] in (*ENDS, Status.RUNNING)
    if not known:
        damage.append(Damage(f"run {row['id']}", "status", "not the status of a run"))
    values["status"] = Status(values["status"]) if known else Status.DAMAGED
    token = values.pop("process_token")
    writer = Writer(values["host"], values["pid"], token)
    status = _status_now(values["status"], values["updated"], writer)
    return RunInfo(
        **{"cell_spec": None, **values},
        status_now=Status.DAMAGED if damage else status,
        damage=tuple(damage),
    )


def _sound(row: RowMapping) -> RunInfo:
    """Return a run that can be read; raise what is wrong with any other."""
    info = _info(row)
    if info.damage:
        raise info.damage[0].error()
    return info


def _columns(row: RowMapping) -> dict[str, Any]:
    """Return the columns behind the keys of a listing's row."""
    run, cell, cycle = (Run.metadata.tables[name].c for name in ("run", "cell", "cycle"))
    of_cell = {f"cell_{name}": cell[name] for name in ("kind", "family", "title", "spec")}
    every = {**{column.name: column for column in run}, **of_cell}
    every |= {"cycles": cycle.number, "last_cycle": cycle.number}
    return {key: every[key] for key in row}


def _status_now(status: Status, updated: Any, writer: Writer) -> Status:
    if status != Status.RUNNING:
        return status
    if on_this_host(writer):
        return Status.RUNNING if is_alive(writer) else Status.INTERRUPTED
    return Status.RUNNING_ELSEWHERE if now() - updated > QUIET_AFTER else Status.RUNNING


def _written_here() -> dict[str, Any]:
    writer = this_process()
    return {"host": writer.host, "pid": writer.pid, "process_token": writer.token}


def _must_exist(connection: Connection, run_id: str) -> None:
    if not connection.scalar(select(func.count()).where(col(Run.id) == run_id)):
        raise _gone(run_id)


def _gone(run_id: str) -> NotFoundError:
    return NotFoundError(
        f"run {run_id} is not in the database (any more)", fix="`twin runs` lists the runs"
    )


def _no_last(connection: Connection) -> NotFoundError:
    fix = "start one with `twin run CELL`"
    if connection.scalar(select(func.count()).select_from(Run)):
        return NotFoundError(
            "all runs in the store are members of studies, so there is no last one",
            fix=f"name one (`twin runs` lists them), or {fix}",
        )
    return NotFoundError("the store has no runs yet", fix=fix)


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else ""
    return ", ".join(ids[:_LISTED]) + more
