from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import twin
from twin.store import Store

PRELUDE = """
import os, sys, time
from twin.errors import StoreError, TwinError
from twin.store import Store

CELL = dict(name="c", kind="full", family="f", title="t", hash="h", spec={})

def start(store, **more):
    given = dict(cell=CELL, protocol={}, settings={}, modes={}, packages={}, cycles_requested=9)
    return store.start_run(**(given | more))

def commit(store, run, cycle):
    event = dict(criterion="c", severity="warning")
    store.commit_cycle(run, cycle, {"capacity_Ah": 1.0, "x": cycle}, series=bytes(10_000),
                       series_rows=5, checkpoint=bytes(4_000), layout="v1", events=[event])

def say(*words):
    print(*words, flush=True)

def go():
    say("ready")
    sys.stdin.readline()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "runs.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store.open(str(file)) as opened:
        yield opened


@pytest.fixture
def start():
    """Return a function that starts a run with ordinary arguments, any of them replaced."""

    def start(store: Store, **replaced) -> str:
        cell = {
            "name": "na-nzsp-nvp",
            "kind": "full",
            "family": "nasicon",
            "title": "Na | NZSP | NVP",
            "hash": "sha256:0123",
            "spec": {"stack": {"pressure": 5e6}},
        }
        arguments = {
            "cell": cell | replaced.pop("cell", {}),
            "protocol": {"name": "cccv"},
            "settings": {"model": "DFN", "rtol": 1e-6},
            "modes": {"dendrite": {"provider": "twin-dendrite", "version": "0.1.0"}},
            "packages": {"pybamm": "26.10.1"},
            "cycles_requested": 100,
        }
        return store.start_run(**(arguments | replaced))

    return start


@pytest.fixture
def process() -> Iterator[Callable[..., subprocess.Popen]]:
    """Return a function that runs code in a process of its own, with the store at hand."""
    started: list[subprocess.Popen] = []

    def run(code: str, *arguments: object, **how) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(code), *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(Path(twin.__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )
        started.append(child)
        return child

    yield run
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.fixture
def at_once(process) -> Callable[..., list[str]]:
    """Return a function that runs (code, arguments…) in processes that meet at ``go()``."""

    def run(jobs: list[tuple]) -> list[str]:
        children = [process(*design, stdin=subprocess.PIPE) for design in jobs]
        for child in children:
            assert child.stdout.readline().strip() == "ready"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        return [child.communicate(timeout=120)[1] for child in children]

    return run
