"""How long a user waits for the first sign of life, in processes that start cold."""

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
        taken = _median(words, repeats)
        found[name] = {"wall_s": taken.wall, "cpu_s": taken.cpu}
        if name.startswith("first"):
            with tempfile.TemporaryDirectory() as kept:
                _median(words, 1, kept)
                taken = _median(words, repeats, kept)
            found[name + "_again"] = {"wall_s": taken.wall, "cpu_s": taken.cpu}
    return found


def _median(words: list[str], repeats: int, kept: str = "off") -> Seconds:
    """Return the median of some processes, which keep built cells in a folder, or nowhere."""
    taken = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            taken.append(timed_process(words, Path(folder), {"TWIN_CACHE": kept})[1])
    return median(taken)
