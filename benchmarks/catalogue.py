"""What ``twin life`` takes over the catalogue: each cell's life, or its first cycles.

Processor seconds of the whole call, the model's build and the store included; imports and what
is loaded once are not. Full cells have the SPM, which a life's members have too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import twin
from benchmarks.clock import timed
from twin import garbage

CYCLES = 300
"""No life is followed further."""


def measure(
    cells: Sequence[str] = (),
    cycles: int = CYCLES,
    tell: Callable[[dict[str, Any]], None] = lambda one: None,
) -> dict[str, Any]:
    """Follow the lives of some cells, or of all; return what each took, the mean and the worst."""
    garbage.collect_rarely()
    twin.life("na-nzsp-na", cycles=2, store="sqlite://")  # imports, and whatever fills caches
    found = []
    for name in cells or twin.list_cells():
        found.append(_life(name, cycles))
        tell(found[-1])
    lived = [one for one in found if "cpu_s" in one]
    return {
        "cycles": cycles,
        "lives": found,
        "mean_cpu_s": sum(one["cpu_s"] for one in lived) / len(lived),
        "worst": max(lived, key=lambda one: float(one["cpu_s"])),
    }


def _life(name: str, cycles: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'life.db'}"
        try:
            run, took = timed(lambda: twin.life(name, cycles=cycles, model="spm", store=url))
        except twin.TwinError as error:
            return {"cell": name, "no_life": error.message}
        return {
            "cell": name,
            "cpu_s": took.cpu,
            "end": str(run.outcome.kind),
            "cycle": run.outcome.cycle,
            "cycles_simulated": run.cycles_simulated,
        }
