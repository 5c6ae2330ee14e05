"""Databases that can be read though nothing can be written beside them.

SQLite needs files of its own beside a database, even to read it: where the folder takes
none, it refuses. A database that nobody is writing is then read as one that does not change;
one whose log was left beside it is read from a copy, because the log holds what was
committed last. Neither can be written.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from twin.errors import StoreError
from twin.store.faults import Fault, fault_of
from twin.store.session import LOCK_TIMEOUT_S, engine_for, parse_url, reading, sqlite_file

_LOGS = ("-wal", "-journal")


def engine_to_open(url: str | URL, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Engine:
    """Return an engine for a database, one that only reads where nothing can be written.

    Parameters
    ----------
    url : str or URL
        As for :func:`twin.store.session.engine_for`.
    lock_timeout_s : float
        How long to wait for another writer [s].

    Raises
    ------
    StoreError
        If the URL cannot be used, or the database has a log that may not be read.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    usual = engine_for(parsed, lock_timeout_s=lock_timeout_s)
    file = sqlite_file(parsed)
    if file is None or not os.access(file, os.R_OK) or not _is_closed(usual):
        return usual
    usual.dispose()
    logs = [log for end in _LOGS if (log := Path(f"{file}{end}")).exists() and log.stat().st_size]
    if not logs:
        return engine_for(
            parsed, lock_timeout_s=lock_timeout_s, read_as=f"{_uri(file)}?immutable=1"
        )
    return _engine_on_copy(parsed, file, logs, lock_timeout_s)


def _is_closed(engine: Engine) -> bool:
    """Return whether a database cannot be read as it usually is: its folder takes no file."""
    try:
        with reading(engine) as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    except (SQLAlchemyError, UnicodeDecodeError) as error:
        return fault_of(error) in (Fault.READ_ONLY, Fault.CANNOT_OPEN)
    return False


def _engine_on_copy(url: URL, file: Path, logs: list[Path], lock_timeout_s: float) -> Engine:
    folder = Path(tempfile.mkdtemp(prefix="twin-"))
    try:
        for source in (file, *logs):
            copy = folder / source.name
            shutil.copyfile(source, copy)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(
            f"its log cannot be read ({error.strerror}); what was stored last is in there",
            file=str(source),
            fix="allow reading it, or copy the database and its log to a folder of yours",
        ) from None
    engine = engine_for(url, lock_timeout_s=lock_timeout_s, read_as=_uri(folder / file.name))
    weakref.finalize(engine, partial(shutil.rmtree, folder, ignore_errors=True))
    return engine


def _uri(file: Path) -> str:
    return file.absolute().as_uri()
