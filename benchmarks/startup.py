"""How long a user waits for the first sign of life, in processes that start cold.

Python keeps what it compiles (``.pyc``), as it does for anyone, whatever
``PYTHONDONTWRITEBYTECODE`` says here: the first process is not counted.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.clock import Seconds, median, timed_process, twin_command

CELL = "na-nzsp-nvp"
OFF = "off"
"""No built cell is kept or recalled."""


def imports(repeats: int) -> Seconds:
    """Return what a new process needs before it can follow a life."""
    script = "import twin, twin.lifetime.jump, twin.engine.prepare, twin.store"
    return _median([sys.executable, "-c", script], repeats)


def measure(repeats: int, models: Sequence[str] = ("dfn", "spm")) -> dict[str, Any]:
    """Return the medians of the help page and of a run's first cycle.

    That of a first run, which builds the cell and makes the database, and that of the runs after
    it (``again``).
    """
    found = {}
    with tempfile.TemporaryDirectory() as kept:
        for model in models:
            words = twin_command(
                "run", CELL, "--cycles", "1", "--model", model, "--json", "--db", "first.db"
            )
            _median(words, 1, kept)
            name = "first_cycle" if model == "dfn" else f"first_cycle_{model}"
            found[name] = _median(words, repeats)
            found[name + "_again"] = _median(words, repeats, kept)
    found["help"] = _median(twin_command("--help"), repeats)
    if len(models) > 1:
        for name, script in (("python", "pass"), ("import_pybamm", "import pybamm")):
            found[name] = _median([sys.executable, "-c", script], repeats)
    return {name: {"wall_s": taken.wall, "cpu_s": taken.cpu} for name, taken in found.items()}


def _median(words: list[str], repeats: int, kept: str | None = None) -> Seconds:
    """Return the median of some processes.

    They keep built cells and runs in a folder; without one each begins with nothing.
    """
    taken = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as empty:
            more = {"TWIN_CACHE": kept or OFF, "PYTHONDONTWRITEBYTECODE": ""}
            taken.append(timed_process(words, Path(kept or empty), more)[1])
    return median(taken)
