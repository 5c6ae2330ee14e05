"""Connections: where the database is, and how SQLite and PostgreSQL are spoken to.

Every transaction of the store is one :func:`reading` or one :func:`writing` block.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import QueuePool

from twin.config import load_config
from twin.errors import StoreError
from twin.store.damage import from_json, from_utf8

LOCK_TIMEOUT_S = 30.0
"""How long a writer waits for another one before it gives up [s]."""

_CONNECT_TIMEOUT_S = 10
_WRITES = "twin_writes"
_to_json = partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
_URL_FORMS = "give a file (runs.db), sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def default_url() -> str:
    """Return ``TWIN_DATABASE_URL``, the user's default, or an SQLite file in their data folder."""
    given = os.environ.get("TWIN_DATABASE_URL", "").strip() or load_config().database
    if given:
        return given
    folder = Path(platformdirs.user_data_dir("sodium-cell-twin", appauthor=False))
    return f"sqlite:///{folder / 'twin.db'}"


def parse_url(url: str) -> URL:
    """Read a database URL; text without ``://`` is the path of an SQLite file.

    Raises
    ------
    StoreError
        If it is neither SQLite's nor PostgreSQL's. The message never quotes the URL,
        because what cannot be parsed cannot be rid of its password.
    """
    if "://" not in url:
        return _absolute(URL.create("sqlite", database=url.strip()))
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise StoreError("the database URL cannot be read", fix=_URL_FORMS) from None
    # An @ left in host or database means an unescaped @ in the password: parts of
    # the password would then be shown as the host.
    if parsed.get_backend_name() != "sqlite" and "@" in f"{parsed.host}{parsed.database}":
        raise StoreError(
            "the database URL has more than one @",
            fix="write an @ in the user name or password as %40 and a / as %2F",
        )
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _absolute(parsed.set(drivername="sqlite"))
    raise StoreError(
        f"databases of the kind {parsed.drivername!r} are not supported", fix=_URL_FORMS
    )


def _absolute(url: URL) -> URL:
    # A relative path must mean the same file after the program changes its folder.
    if url.database in (None, "", ":memory:"):
        return url
    return url.set(database=str(Path(str(url.database)).expanduser().absolute()))


def shown(url: URL) -> str:
    """Return the URL as it may be shown: without a password, wherever it was given."""
    secret = {"password", "sslpassword"} & set(url.query)
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite URL; None for PostgreSQL and in-memory databases."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def engine_for(
    url: str | URL, *, lock_timeout_s: float = LOCK_TIMEOUT_S, read_as: str | None = None
) -> Engine:
    """Return an engine for SQLite or PostgreSQL that keeps the store's promises.

    Parameters
    ----------
    url : str or URL
        ``sqlite:///FILE``, a bare path, or ``postgresql://…``.
    lock_timeout_s : float
        How long to wait for another writer [s].
    read_as : str, optional
        SQLite's URI by which the file is read instead, and never written.

    Raises
    ------
    StoreError
        If the URL cannot be used, or PostgreSQL's driver is not installed.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, lock_timeout_s, read_as)
    return _postgres_engine(parsed, lock_timeout_s)


def _sqlite_engine(url: URL, lock_timeout_s: float, read_as: str | None) -> Engine:
    # An in-memory database lives in one connection, which the threads take in turn.
    in_memory = sqlite_file(url) is None
    how: dict[str, Any] = {"timeout": lock_timeout_s, "check_same_thread": False}
    special = {"creator": lambda: sqlite3.connect(read_as, uri=True, **how)} if read_as else {}
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=from_json,
        poolclass=QueuePool,
        connect_args=how,
        **special,
        **({"pool_size": 1, "max_overflow": 0} if in_memory else {"max_overflow": 50}),
    )

    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver would begin transactions itself, too late and never immediate.
        connection.isolation_level = None
        connection.text_factory = from_utf8
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA query_only={'ON' if read_as else 'OFF'}")
        connection.execute(f"PRAGMA busy_timeout={int(lock_timeout_s * 1000)}")

    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can find the lock taken and
        # then never get it; one that is going to write takes the lock at its start.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    return _own_connections_per_process(engine)


def _postgres_engine(url: URL, lock_timeout_s: float) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            json_serializer=_to_json,
            pool_pre_ping=True,
            connect_args={"connect_timeout": _CONNECT_TIMEOUT_S}
            if "connect_timeout" not in url.query
            else {},
        )
    except ImportError as error:
        raise StoreError(
            "PostgreSQL's driver (psycopg) is not installed",
            fix='pip install "sodium-cell-twin[postgres]"',
        ) from error

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITES, False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(lock_timeout_s * 1000)}")

    event.listen(engine, "begin", begin)
    return _own_connections_per_process(engine)


def _own_connections_per_process(engine: Engine) -> Engine:
    # Connections do not survive a fork: a child that finds its parent's opens its own.
    def remember(_connection: Any, record: Any) -> None:
        record.info["pid"] = os.getpid()

    def check(_connection: Any, record: Any, proxy: Any) -> None:
        if record.info["pid"] != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None
            raise DisconnectionError("a connection of another process")

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", check)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database and changes nothing."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # SQLite's transactions see one snapshot of their own accord.
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin() as transaction:
            yield connection
            transaction.rollback()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction: committed at the end, or nothing of it."""
    with engine.connect() as connection:
        connection = connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


def insert_of(connection: Connection) -> Any:
    """Return the database's own ``insert``, which can leave out what is there already."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert  # a tenth of a second

        return insert
    from sqlalchemy.dialects.sqlite import insert as plain

    return plain
