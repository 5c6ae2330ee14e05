"""Bringing a database to the tables this program knows, and refusing any other."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from twin.errors import StoreError
from twin.store import migrations
from twin.store.archives import engine_to_open
from twin.store.faults import Fault, explained, fault_of, place
from twin.store.session import (
    LOCK_TIMEOUT_S,
    parse_url,
    reading,
    sqlite_file,
    writing,
)

SCRIPTS = Path(migrations.__file__).parent
"""The folder of the migration steps (a test puts another one here)."""

# Any number that another program on the same PostgreSQL is unlikely to lock.
_ADVISORY_LOCK = 0x736F6469756D


def head_revision() -> str:
    """Return the revision this program writes."""
    return migrations.HEAD


def current_revision(url: str) -> str | None:
    """Return the revision of a database, None for an empty one.

    Raises
    ------
    StoreError
        If it cannot be read, or is not a database of the twin.
    """
    parsed = parse_url(url)
    file = sqlite_file(parsed)
    if file is not None and not file.exists():
        return None  # connecting would create it
    engine = engine_to_open(parsed)
    try:
        with explained(parsed), reading(engine) as connection:
            return _revision(connection, parsed)
    finally:
        engine.dispose()


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring a database to this program's revision, creating it if need be.

    Returns
    -------
    tuple
        The revision before (None if it was empty) and now.

    Raises
    ------
    StoreError
        If it cannot be written, is newer than this program or is not the twin's.
    """
    engine = engine_to_open(url)
    try:
        return prepare(engine)
    finally:
        engine.dispose()


def prepare(engine: Engine, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> tuple[str | None, str]:
    """Check the database behind an engine and bring it to this program's revision.

    Nothing is written to a database that is not the twin's. Two processes may do this
    at once: one waits for the other and finds the work done.

    Returns
    -------
    tuple
        The revision before (None if it was empty) and now.

    Raises
    ------
    StoreError
        If it cannot be written, is newer than this program or is not the twin's.
    """
    url = engine.url
    with explained(url):
        file = sqlite_file(url)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        with reading(engine) as connection:
            before = _revision(connection, url)
        if before == migrations.HEAD:
            return before, before
        try:
            return _upgraded(engine, lock_timeout_s), migrations.HEAD
        except (SQLAlchemyError, sqlite3.Error, UnicodeDecodeError) as error:
            if before is None or fault_of(error) is not Fault.READ_ONLY:
                raise
            raise StoreError(
                f"the database is older than this program (revision {before}) and may not be "
                "written, so it cannot be brought up to date",
                file=place(url),
                fix="copy it to a folder of yours and name the copy with --db",
            ) from None


def _upgraded(engine: Engine, lock_timeout_s: float) -> str | None:
    """Bring the tables up to date, and return the revision they had."""
    if engine.dialect.name == "sqlite":
        _use_write_ahead_log(engine, lock_timeout_s)
    with _migrating(engine) as connection:
        before = _revision(connection, engine.url)  # another process may have been quicker
        if before != migrations.HEAD:
            if before is not None and engine.dialect.name == "sqlite":
                _copied(engine.url, before)
            _run_steps(connection)
    return before


def _copied(url: URL, revision: str) -> None:
    """Keep a copy of a file beside it, as it was before its tables change.

    Whoever calls holds the file against writers. A connection of its own reads what is
    committed: SQLite copies nothing from one that is writing.

    Raises
    ------
    StoreError
        If it cannot be written: nothing is changed then.
    """
    file = sqlite_file(url)
    if file is None:
        return
    copy = file.with_name(f"{file.name}.revision-{revision}")
    half = file.with_name(f"{copy.name}.part")
    try:
        half.unlink(missing_ok=True)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(half)) as target:
            source.backup(target)
        half.replace(copy)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise StoreError(
            f"the database is older than this program (revision {revision}) and a copy of it "
            f"cannot be kept beside it: {error}",
            file=str(copy),
            fix="make room there; or move the database to a larger disk and name it with --db",
        ) from None


def _revision(connection: Connection, url: URL) -> str | None:
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    revision = None
    if "alembic_version" in tables:
        revisions = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        )
        revision = revisions[0] if len(revisions) == 1 else None
        if revision is not None and not isinstance(revision, str):
            raise StoreError(
                "the revision of the database is damaged",
                file=place(url),
                fix="restore the database from a copy",
            )
    if revision is None or not {"run", "cycle", "checkpoint"} <= tables:
        raise StoreError(
            "the database belongs to another program "
            f"(it has tables such as {', '.join(sorted(tables)[:3])})",
            file=place(url),
            fix="name a new file or an empty database with --db or TWIN_DATABASE_URL",
        )
    if revision != migrations.HEAD and revision not in _known_revisions():
        raise StoreError(
            f"the database was written by a newer version of the twin (revision {revision}; "
            f"this one knows up to {migrations.HEAD})",
            file=place(url),
            fix="pip install --upgrade sodium-cell-twin, or name another database with --db",
        )
    return str(revision)


def _known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}


def _use_write_ahead_log(engine: Engine, lock_timeout_s: float) -> None:
    """Let readers read while a writer writes; the file remembers it.

    SQLite does not wait for other processes here as it does elsewhere, so we do.
    """
    deadline = time.monotonic() + lock_timeout_s
    while True:
        try:
            with engine.connect() as connection:
                _driver(connection).execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.01, 0.05))


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """Give a connection that alone may change the tables, in one transaction."""
    if engine.dialect.name != "sqlite":
        with writing(engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
        return
    # SQLite alters a table by copying and dropping it; with foreign keys on, the drop
    # would delete everything that points to it. They cannot be switched inside a
    # transaction.
    with engine.connect() as connection:
        driver = _driver(connection)
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            connection = connection.execution_options(twin_writes=True)
            with connection.begin():
                yield connection
                if driver.execute("PRAGMA foreign_key_check").fetchone():
                    raise StoreError(
                        "the new tables do not fit the data; nothing was changed",
                        file=place(engine.url),
                        fix="report this, with both versions of the twin",
                    )
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _run_steps(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # Percent signs in the installation's path are not the configuration's own.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
