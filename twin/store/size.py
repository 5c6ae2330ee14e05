"""How big a database is, and what of it is what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.engine import URL

from twin.store.session import shown, sqlite_file
from twin.store.tables import metadata


def describe(connection: Connection, url: URL, revision: str) -> dict[str, Any]:
    """Return where the database is, its revision, sizes in bytes and row counts.

    ``bytes_per_cycle_row`` is what one row of the cycle table costs with its share of
    indexes and page overhead, without series and checkpoints; None without cycles, and
    where SQLite was built without its page statistics.
    """
    counts = {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in sorted(metadata.tables.items())
    }
    blobs = {
        name: _blob_bytes(connection, name)
        for name in ("series_chunk", "checkpoint", "measurement_chunk")
    }
    if url.get_backend_name() == "sqlite":
        total = _pragma(connection, "page_count") * _pragma(connection, "page_size")
        rows = _pages_of_cycles(connection)
    else:
        total = int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
        rows = int(connection.scalar(text("SELECT pg_total_relation_size('cycle')")) or 0)
    file = sqlite_file(url)
    log = Path(f"{file}-wal") if file else None
    cycles = counts["cycle"]
    return {
        "url": shown(url),
        "backend": url.get_backend_name(),
        "revision": revision,
        "bytes": total,
        "log_bytes": log.stat().st_size if log and log.exists() else 0,
        "series_bytes": blobs["series_chunk"],
        "checkpoint_bytes": blobs["checkpoint"],
        "measured_bytes": blobs["measurement_chunk"],
        "bytes_per_cycle_row": round(rows / cycles) if rows and cycles else None,
        "counts": counts,
    }


def _blob_bytes(connection: Connection, name: str) -> int:
    data = metadata.tables[name].c.data
    return int(connection.scalar(select(func.sum(func.length(data)))) or 0)


def _pages_of_cycles(connection: Connection) -> int | None:
    built_in = connection.exec_driver_sql("PRAGMA compile_options").scalars()
    if "ENABLE_DBSTAT_VTAB" not in built_in:
        return None
    query = "SELECT sum(pgsize) FROM dbstat WHERE name = :name AND aggregate = TRUE"
    names = ("cycle", "sqlite_autoindex_cycle_1")
    return sum(int(connection.scalar(text(query), {"name": name}) or 0) for name in names)


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
