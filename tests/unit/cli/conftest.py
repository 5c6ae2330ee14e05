from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import twin
from twin.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout (anything more is an error)."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what the command line sets for a process of its own."""
    root, package = logging.getLogger(), logging.getLogger("twin")
    before = root.handlers[:], root.level, package.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], level, package_level = before
    root.setLevel(level)
    package.setLevel(package_level)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """``cli("runs", "--json")``: run a command in this process."""

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return run


@dataclass(frozen=True)
class Runs:
    """A database with one run that completed and one that died inside a cycle."""

    url: str
    alive: str
    dead: str


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    url = f"sqlite:///{tmp_path_factory.mktemp('cli') / 'runs.db'}"
    # Named, so that another plugin's mode cannot change how these cells live and die.
    chosen = {"modes": ["interphase", "pressure"], "store": url}
    alive = twin.simulate("na-nzsp-na", cycles=4, **chosen)
    low = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}
    dead = twin.simulate("na-base-na", overrides=low, **chosen)
    for run in (alive, dead):
        run.store.close()
    return Runs(url, alive.id, dead.id)


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """The URL of a database that is not there yet."""
    return f"sqlite:///{tmp_path / 'new.db'}"
