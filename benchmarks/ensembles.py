"""A forecast on one worker and on two, usual and fast: the same members, the same store's kind."""

from __future__ import annotations

import os
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import twin
from benchmarks.clock import timed

CELL = "na-nzsp-nvp"
CYCLES = 1000


def measure(samples: int, cycles: int = CYCLES) -> dict[str, Any]:
    """Forecast in the usual way, and by machine code where ``llvmlite`` is installed."""
    from twin.model.native import available

    usual = _forecasts(samples, cycles, fast=False)
    lives = usual.pop("lives")
    if not available():
        return usual
    fast = _forecasts(samples, cycles, fast=True)
    pairs = list(zip(lives, fast.pop("lives"), strict=True))
    fast["same_fate"] = sum(ours[1] == theirs[1] for ours, theirs in pairs) / len(pairs)
    fast["worst_life"] = max(abs(theirs[0] / ours[0] - 1) for ours, theirs in pairs)
    return usual | {"fast": fast}


def _forecasts(samples: int, cycles: int, *, fast: bool) -> dict[str, Any]:
    """Forecast with one worker (in this process) and with two (processes of their own)."""
    took, cpu, lives, spent, began = {}, {}, {}, {}, {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            start, before = datetime.now(UTC), _cpu_s()
            url = f"sqlite:///{Path(folder) / 'forecast.db'}"
            found, seconds = timed(
                lambda workers=workers, url=url: twin.forecast(
                    CELL, cycles=cycles, samples=samples, seed=1, workers=workers, store=url,
                    fast=fast,
                )
            )  # fmt: skip
            took[workers], cpu[workers] = seconds.wall, _cpu_s() - before
            lives[workers] = [(m.cycles, m.way) for m in found.members]
            runs = found.store.runs(study=found.id)
            spent[workers] = sum(run.wall_s for run in runs)
            began[workers] = (min(run.created for run in runs) - start).total_seconds()
    return {
        "cell": CELL,
        "members": samples,
        "cycles": cycles,
        "wall_s": {str(workers): wall for workers, wall in took.items()},
        "cpu_s": {str(workers): s for workers, s in cpu.items()},
        "ratio": took[1] / took[2],
        # What a member costs beside another one, and what passes before the first.
        "member_s": {str(workers): s / samples for workers, s in spent.items()},
        "first_member_after_s": {str(workers): s for workers, s in began.items()},
        "same_lives": lives[1] == lives[2],
        "lives": lives[1],
    }


def _cpu_s() -> float:
    """Return the processor seconds of this process and of those it has waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = os.times()
    return own.user + own.system + ended.ru_utime + ended.ru_stime
