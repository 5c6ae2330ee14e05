"""A forecast on one worker and on two: the same members, the same store's kind."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import twin
from benchmarks.clock import timed

CELL = "na-nzsp-nvp"
CYCLES = 1000


def measure(samples: int, cycles: int = CYCLES) -> dict[str, Any]:
    """Forecast with one worker (in this process) and with two (processes of their own)."""
    took, lives, spent, began = {}, {}, {}, {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            start = datetime.now(UTC)
            url = f"sqlite:///{Path(folder) / 'forecast.db'}"
            found, seconds = timed(
                lambda workers=workers, url=url: twin.forecast(
                    CELL, cycles=cycles, samples=samples, seed=1, workers=workers, store=url
                )
            )
            took[workers] = seconds.wall
            lives[workers] = [(m.cycles, m.cause) for m in found.members]
            runs = found.store.runs(study=found.id)
            spent[workers] = sum(run.wall_s for run in runs)
            began[workers] = (min(run.created for run in runs) - start).total_seconds()
    return {
        "cell": CELL,
        "members": samples,
        "cycles": cycles,
        "wall_s": {str(workers): wall for workers, wall in took.items()},
        "ratio": took[1] / took[2],
        # What a member costs beside another one, and what passes before the first.
        "member_s": {str(workers): s / samples for workers, s in spent.items()},
        "first_member_after_s": {str(workers): s for workers, s in began.items()},
        "same_lives": lives[1] == lives[2],
    }
