"""Trials of what breaks a program: how often, and what came of it, printed at the end.

.venv/bin/python -m pytest -m faults tests/faults            # the full counts: hours
.venv/bin/python -m pytest -m faults tests/faults --share 0.1
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture
def going() -> type[Going]:
    return Going
