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
    """Return the medians of the help page and of the first cycle of a run."""
    found = {}
    for name, words in {
        "help": twin_command("--help"),
        "first_cycle": twin_command("run", CELL, "--cycles", "1", "--json", "--db", "first.db"),
        "first_cycle_spm": twin_command(
            "run", CELL, "--cycles", "1", "--model", "spm", "--json", "--db", "first.db"
        ),
        "python": [sys.executable, "-c", "pass"],
    }.items():
        taken = _median(words, repeats)
        found[name] = {"wall_s": taken.wall, "cpu_s": taken.cpu}
    return found


def _median(words: list[str], repeats: int) -> Seconds:
    taken = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            taken.append(timed_process(words, Path(folder))[1])
    return median(taken)
