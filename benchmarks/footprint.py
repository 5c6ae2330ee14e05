"""What a run takes of memory and of the database, against its cycles."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.clock import timed_process

CELL = "na-base-na"

_SCRIPT = """
import json, resource, sys
from pathlib import Path
import twin

url, few, many, cell = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

def resident():
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

seen = {}
def look(progress):
    if progress.cycle in (few, many):
        seen[progress.cycle] = resident()

run = twin.simulate(cell, cycles=many, store=url, on_cycle=look)
print(json.dumps({"cycles": run.info.cycles, "resident_MiB": seen}))
"""


def measure(few: int, many: int) -> dict[str, Any]:
    """Run a cell in a process of its own; return memory after few and many cycles, and bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "runs.db"
        words = [sys.executable, "-c", _SCRIPT, f"sqlite:///{file}", str(few), str(many), CELL]
        text, _ = timed_process(words, folder)
        told = json.loads(text)
        _checkpointed(file)
        whole = file.stat().st_size
        rows = _rows_alone(file)
    cycles, resident = told["cycles"], told["resident_MiB"]
    return {
        "cell": CELL,
        "cycles": cycles,
        "resident_MiB": resident,
        "growth_MiB_per_1000_cycles": 1000
        * (resident[str(many)] - resident[str(few)])
        / (many - few),
        "row_B_per_cycle": rows / cycles,
        "all_B_per_cycle": whole / cycles,
    }


def _checkpointed(file: Path) -> None:
    """Bring what is in the log into the file."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows_alone(file: Path) -> int:
    """Return the file's size without series and states, and without the empty tables'."""
    with sqlite3.connect(file, isolation_level=None) as connection:
        sizes = []
        for tables in (("series_chunk", "checkpoint", "failure_event"), ("cycle",)):
            for table in tables:
                connection.execute(f"DELETE FROM {table}")  # names of our own, no input
            connection.execute("VACUUM")
            pages, size = (
                connection.execute(f"PRAGMA {what}").fetchone()[0]
                for what in ("page_count", "page_size")
            )
            sizes.append(pages * size)
    return int(sizes[0] - sizes[1])
