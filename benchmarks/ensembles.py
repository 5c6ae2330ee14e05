"""A forecast on one worker and on two: the same members, the same store's kind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import twin
from benchmarks.clock import timed

CELL = "na-nzsp-nvp"
CYCLES = 1000


def measure(samples: int) -> dict[str, Any]:
    """Forecast with one worker (in this process) and with two (processes of their own)."""
    took, lives = {}, {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'forecast.db'}"
            found, seconds = timed(
                lambda workers=workers, url=url: twin.forecast(
                    CELL, cycles=CYCLES, samples=samples, seed=1, workers=workers, store=url
                )
            )
            took[workers] = seconds.wall
            lives[workers] = [(m.cycles, m.cause) for m in found.members]
            if workers == 2:
                # What the two did while both were at it, without their start.
                runs = found.store.runs(study=found.id)
                busy = sum(run.wall_s for run in runs)
                span = max(r.updated for r in runs) - min(r.created for r in runs)
                overlap = busy / max(span.total_seconds(), 1e-9)
    return {
        "cell": CELL,
        "members": samples,
        "cycles": CYCLES,
        "wall_s": {str(workers): wall for workers, wall in took.items()},
        "ratio": took[1] / took[2],
        "both_at_work": overlap,
        "same_lives": lives[1] == lives[2],
    }
