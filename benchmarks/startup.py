"""How long a user waits for the first sign of life, in processes that start cold.

Python's own files of what is compiled (``.pyc``) are there, as they are where the twin is
installed, whatever ``PYTHONDONTWRITEBYTECODE`` says here: the first process is not counted.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.clock import Seconds, median, timed_process, twin_command

CELL = "na-nzsp-nvp"


def imports(repeats: int) -> Seconds:
    """Return what a new process needs before it can follow a life."""
    script = "import twin, twin.lifetime.jump, twin.engine.prepare, twin.store"
    return _median([sys.executable, "-c", script], repeats)


def measure(repeats: int) -> dict[str, Any]:
    """Return the medians of the help page and of a run's first cycle, built and recalled."""
    with tempfile.TemporaryDirectory() as compiled:
        _median(twin_command("run", CELL, "--cycles", "1", "--db", "first.db"), 1, "off", compiled)
        return _measured(repeats, compiled)


def _measured(repeats: int, compiled: str) -> dict[str, Any]:
    found = {}
    for name, words in {
        "help": twin_command("--help"),
        "first_cycle": twin_command("run", CELL, "--cycles", "1", "--json", "--db", "first.db"),
        "first_cycle_spm": twin_command(
            "run", CELL, "--cycles", "1", "--model", "spm", "--json", "--db", "first.db"
        ),
        "python": [sys.executable, "-c", "pass"],
        "import_pybamm": [sys.executable, "-c", "import pybamm"],
    }.items():
        taken = _median(words, repeats, "off", compiled)
        found[name] = {"wall_s": taken.wall, "cpu_s": taken.cpu}
        if name.startswith("first"):
            with tempfile.TemporaryDirectory() as kept:
                _median(words, 1, kept, compiled)
                taken = _median(words, repeats, kept, compiled)
            found[name + "_again"] = {"wall_s": taken.wall, "cpu_s": taken.cpu}
    return found


def _median(words: list[str], repeats: int, kept: str = "off", compiled: str = "") -> Seconds:
    """Return the median of some processes.

    They keep built cells, and what Python compiles, in folders, or nowhere.
    """
    more = {"TWIN_CACHE": kept}
    if compiled:
        more |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}
    taken = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            taken.append(timed_process(words, Path(folder), more)[1])
    return median(taken)
