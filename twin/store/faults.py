"""What a database driver's error means, and what the user can do about it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from twin.errors import StoreError
from twin.store.session import shown, sqlite_file


class Fault(Enum):
    """Kinds of database errors, by what can be done about them."""

    LOCKED = "locked"
    CONFLICT = "conflict"
    LOST = "connection lost"
    UNREACHABLE = "unreachable"
    FULL = "full"
    READ_ONLY = "read-only"
    CANNOT_OPEN = "cannot open"
    DUPLICATE = "duplicate"
    REFERENCE = "reference"
    BROKEN = "broken"
    NOT_A_DATABASE = "not a database"
    DISK = "disk"
    NO_TABLE = "no table"
    NO_TEXT = "no text"
    OTHER = "other"


_SQLITE: dict[int, Fault] = {
    sqlite3.SQLITE_BUSY: Fault.LOCKED,
    sqlite3.SQLITE_LOCKED: Fault.LOCKED,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_PERM: Fault.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Fault.CANNOT_OPEN,
    sqlite3.SQLITE_CORRUPT: Fault.BROKEN,
    sqlite3.SQLITE_NOTADB: Fault.NOT_A_DATABASE,
    sqlite3.SQLITE_IOERR: Fault.DISK,
}
_SQLITE_CONSTRAINTS: dict[int, Fault] = {
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Fault.DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Fault.DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Fault.REFERENCE,
}
# The SQLSTATE codes of PostgreSQL, by their first characters: longest match wins.
_POSTGRES: dict[str, Fault] = {
    "55P03": Fault.LOCKED,
    "40": Fault.CONFLICT,
    "08": Fault.LOST,
    "57P": Fault.LOST,
    "28": Fault.UNREACHABLE,
    "3D": Fault.UNREACHABLE,
    "53300": Fault.UNREACHABLE,
    "53100": Fault.FULL,
    "25006": Fault.READ_ONLY,
    "42501": Fault.READ_ONLY,
    "23505": Fault.DUPLICATE,
    "23503": Fault.REFERENCE,
    "42P01": Fault.NO_TABLE,
    "XX": Fault.BROKEN,
    "58": Fault.DISK,
}
_SAYS: dict[Fault, tuple[str, str]] = {
    Fault.LOCKED: (
        "the database stayed locked by another process",
        "wait until the other process has finished writing, or end it; then repeat the command",
    ),
    Fault.CONFLICT: (
        "another process changed the same data at the same time",
        "repeat the command",
    ),
    Fault.LOST: (
        "the connection to the database was lost",
        "check that the database server runs; what was committed is safe, so resume the run",
    ),
    Fault.UNREACHABLE: (
        "the database server cannot be reached",
        "check that the server runs, and the host, port, user, password and database in the URL",
    ),
    Fault.FULL: (
        "the disk that holds the database is full",
        "free some space, then resume the run; the cycles stored so far are safe",
    ),
    Fault.READ_ONLY: (
        "the database may not be written",
        "allow writing to the file and its folder, copy it to a folder of yours, or name another "
        "database with --db",
    ),
    Fault.CANNOT_OPEN: (
        "the database file cannot be opened or created",
        "check that its folder exists and may be written, or name another database with --db",
    ),
    Fault.DUPLICATE: (
        "an entry of that key is already stored",
        "see with `twin runs` whether another process is writing the same run",
    ),
    Fault.REFERENCE: (
        "it refers to a run, cell or study that is not in the database",
        "see with `twin runs` what is there",
    ),
    Fault.BROKEN: (
        "the database is damaged",
        "restore it from a copy, or save what can be read with `sqlite3 FILE .recover`",
    ),
    Fault.NOT_A_DATABASE: (
        "the file is not an SQLite database",
        "name another file with --db or TWIN_DATABASE_URL",
    ),
    Fault.DISK: (
        "the disk reported an error",
        "check the disk and its connection, then resume the run",
    ),
    Fault.NO_TABLE: (
        "a table is missing: the database was deleted or replaced while in use",
        "put the database back, or start again with a new one",
    ),
    Fault.NO_TEXT: (
        "what was asked for is not UTF-8 text",
        "write it in plain characters",
    ),
    Fault.OTHER: (
        "the database refused the operation",
        "run `twin db info` to see whether the database is sound",
    ),
}
_SAYS_OF_POSTGRES: dict[Fault, str] = {
    Fault.READ_ONLY: "grant the user the right to write, or name another database with --db",
    Fault.BROKEN: "see the server's log, and restore the database from a copy",
    Fault.FULL: "free some space on the server, then resume the run; what is stored is safe",
}


RAISED = (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError)
"""What the driver and the system raise; the last where SQLite's own words quote damaged text, or
what is asked for is no text."""


def fault_of(error: BaseException) -> Fault:
    """Return what kind of error this is.

    Parameters
    ----------
    error : BaseException
        SQLAlchemy's, a driver's own, or the operating system's.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(error, PoolTimeoutError):
        return Fault.LOCKED
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Fault.LOST
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        fault = _SQLITE_CONSTRAINTS.get(code) or _SQLITE.get(code & 0xFF, Fault.OTHER)
        return Fault.NO_TABLE if str(cause).startswith("no such table") else fault
    state = getattr(cause, "sqlstate", None)
    if state:
        for length in (5, 3, 2):
            if state[:length] in _POSTGRES:
                return _POSTGRES[state[:length]]
        return Fault.OTHER
    if isinstance(cause, UnicodeDecodeError):
        return Fault.BROKEN
    if isinstance(cause, UnicodeError):  # of what is asked for
        return Fault.NO_TEXT
    if isinstance(cause, OSError):
        return _fault_of_system(cause)
    if type(cause).__module__.startswith("psycopg") and type(cause).__name__.endswith(
        ("OperationalError", "ConnectionTimeout")
    ):
        return Fault.UNREACHABLE  # libpq gives no code for a connection it could not make
    return Fault.OTHER


def _fault_of_system(error: OSError) -> Fault:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Fault.FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Fault.READ_ONLY
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return Fault.CANNOT_OPEN
    return Fault.DISK


def store_error(error: BaseException, url: URL) -> StoreError:
    """Return the error to show: what happened, to which database, what to do.

    Parameters
    ----------
    error : BaseException
        SQLAlchemy's, a driver's own, or the operating system's.
    url : URL
        The database; its password is kept out of the message.
    """
    fault = fault_of(error)
    message, fix = _SAYS[fault]
    if url.get_backend_name() == "postgresql":
        fix = _SAYS_OF_POSTGRES.get(fault, fix)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    detail = " ".join(str(cause).split())
    for secret in (url.password, url.query.get("password"), url.query.get("sslpassword")):
        if isinstance(secret, str) and secret:
            detail = detail.replace(secret, "***")
    return StoreError(f"{message} ({detail})", file=place(url), fix=fix)


def place(url: URL) -> str:
    """Return where the database is: the file, or the URL without its password."""
    return str(sqlite_file(url) or shown(url))


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn whatever the driver or the system raises inside into a StoreError."""
    try:
        yield
    except RAISED as error:
        # The driver's error may quote the URL, so it is not kept as the cause.
        raise store_error(error, url) from None
