"""``twin life`` against ``--exact``: how much faster, and how far off.

Each cell is followed both ways in one process, one after the other, and built once before.
Ratios are given of the clock's and the processor's seconds of the whole call, the build
recalled; of those of a cell that is built anew (``first``); of the latter with the imports of a
new process added to both; and of the cycle loops alone. Where the exact life is cut short, what
it would have taken up to the jumped life's end is told from the processor seconds of its middle
cycle::

    exact = spent + (end - followed) * seconds of a cycle
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import twin
from benchmarks.clock import Seconds, median, timed
from twin import garbage

LONG, LONG_GOAL, SHORT_GOAL = 500, 30.0, 5.0
"""A life that ends before so many cycles has the milder goal."""


@dataclass(frozen=True)
class Life:
    """A cell to be followed to its end or over so many cycles."""

    cell: str
    dies_of: str
    cycles: int = 2000
    asked: Mapping[str, Any] = field(default_factory=dict)
    model: str = "dfn"
    """The command's own default; a symmetric cell has one model only."""
    goal: float | None = None
    """So many times faster it is to be; by its length if None."""
    exact: int | None = None
    """So many cycles are simulated of the exact life; all of them if None."""


LIVES = {
    "contact-loss": Life(
        "na-base-na",
        "contact loss",
        asked={
            "overrides": {
                "stack.pressure": "0.5 MPa",
                "modes.pressure.voids.reference_height": "50 um",  # coarse voids: slower
            },
            "modes": ["interphase", "pressure"],
        },
    ),
    "inventory": Life("hc-nzsp-nvp", "sodium used up by the interphase"),
    "interphase": Life("na-nzsp-nvp", "nothing: its interphase grows, and it lives"),
    "reserve": Life("nasn-nps-nyzc-nco", "sodium used up, felt when the reserve is"),
    "anode-free": Life("al-nbh-nco", "nothing: anode-free", asked={"without": ["dendrite"]}),
    "knee": Life("nasn-natacl6-nvp", "the catholyte's interphase, with its knee", goal=30.0),
    "short": Life(
        "na-nzsp-nvp",
        "a filament across the electrolyte",
        asked={"overrides": {"protocol.rate": "C/2"}},
    ),
    "lives": Life("na-base-na", "nothing: a symmetric cell that lives", goal=30.0),
    "early": Life("na-nps-na", "a filament across the electrolyte, in cycle 129"),
    "early-full": Life("nasn-nps-tis2", "capacity lost, in cycle 48"),
    "full-lives": Life(
        "na-nzsp-nvp", "nothing: a full cell that lives", asked={"without": ["interphase"]}
    ),
}
# An exact cycle of the SPM takes a fifth of the DFN's, the build nearly as long.
LIVES |= {
    f"{name}-spm": replace(LIVES[name], model="spm")
    for name in (
        "inventory",
        "reserve",
        "interphase",
        "short",
        "knee",
        "full-lives",
        "early-full",
    )
}
QUICK = {
    "early": LIVES["early"],
    "knee-spm": replace(LIVES["knee-spm"], exact=20),
    "lives": replace(LIVES["lives"], exact=20),
}


def measure(
    lives: Mapping[str, Life], imports: Seconds, repeats: int, tell: Any
) -> dict[str, dict[str, Any]]:
    """Follow each cell both ways, and compare; as the command's own process would."""
    garbage.collect_rarely()
    twin.life("na-nzsp-na", cycles=2, store="sqlite://")  # imports, and whatever fills caches
    found = {}
    for name, life in lives.items():
        with tempfile.TemporaryDirectory() as folder:
            found[name] = compare(life, imports, repeats, Path(folder))
        tell(name, found[name])
    return found


def compare(life: Life, imports: Seconds, repeats: int, folder: Path) -> dict[str, Any]:
    """Follow one cell both ways; the exact life once, the jumped one a few times."""
    asked = {"model": life.model, **life.asked}
    url = f"sqlite:///{folder / 'lives.db'}"

    def follow(cycles: int, exact: bool, **more: Any) -> tuple[Any, Seconds]:
        return timed(
            lambda: twin.life(life.cell, cycles=cycles, exact=exact, store=url, **asked, **more)
        )

    ends: list[float] = []
    with patch.dict(os.environ, {"TWIN_CACHE": str(folder / "kept")}):
        _, first = follow(life.cycles, False)
        jumped, once = follow(life.cycles, False)
        exact, whole = follow(
            life.exact or life.cycles, True, on_cycle=lambda _: ends.append(time.process_time())
        )
        again = [follow(life.cycles, False)[1] for _ in range(repeats - 1)]
    fast = median([once, *again])
    loops = [run.info.outcome["numerics"]["loop_s"] for run in (exact, jumped)]
    followed, end = exact.info.cycles, exact.outcome.cycle
    cut = followed == life.exact and exact.outcome.kind == "completed"
    if cut:
        end = jumped.outcome.cycle
        whole = gone_on(whole, ends, followed, end)
    build = Seconds(first.wall - fast.wall, first.cpu - fast.cpu)
    ratio = {
        "wall": whole.wall / fast.wall,
        "cpu": whole.cpu / fast.cpu,
        "first_cpu": (whole.cpu + build.cpu) / first.cpu,
        "loop": None if cut else loops[0] / loops[1],
        "cycles": end / jumped.cycles_simulated,
        "process_wall": (whole.wall + build.wall + imports.wall) / (first.wall + imports.wall),
        "process_cpu": (whole.cpu + build.cpu + imports.cpu) / (first.cpu + imports.cpu),
    }
    return {
        "cell": life.cell,
        "model": life.model,
        "dies_of": life.dies_of,
        "goal": life.goal or (SHORT_GOAL if end < LONG else LONG_GOAL),
        "cut": cut,
        "exact": _end(exact) | {"cycle": end, "wall_s": whole.wall, "cpu_s": whole.cpu},
        "jumped": _end(jumped)
        | {
            "wall_s": fast.wall,
            "cpu_s": fast.cpu,
            "cycles_simulated": jumped.cycles_simulated,
            "estimated_capacity_error": jumped.estimated_capacity_error,
            "estimated_death_error_cycles": jumped.estimated_death_error,
        },
        "ratio": ratio,
        "worst_capacity_error": worst_error(exact.rows, jumped.rows),
        "death_error_cycles": None if cut else abs(end - jumped.outcome.cycle),
        "same_death": None if cut else _way(exact) == _way(jumped),
    }


def gone_on(spent: Seconds, ends: Sequence[float], followed: int, end: int) -> Seconds:
    """Return what a life takes that goes on to its end at the pace of its middle cycle.

    ``ends`` are the processor's seconds at which the cycles that were followed ended. On a free
    machine the clock goes on as the processor does.
    """
    more = (end - followed) * statistics.median(b - a for a, b in pairwise(ends))
    return Seconds(spent.wall + more, spent.cpu + more)


def _end(run: Any) -> dict[str, Any]:
    outcome = run.outcome
    return {"kind": outcome.kind, "way": _way(run), "cycle": outcome.cycle}


def _way(run: Any) -> str | None:
    o = run.outcome
    return f"{o.mode}: {o.criterion}" if o.kind == "cell-failed" else None


def worst_error(exact: Sequence[Mapping[str, Any]], jumped: Sequence[Mapping[str, Any]]) -> float:
    """Return the worst relative error of the capacity, over all cycles both have."""
    one, other = (
        {row["cycle"]: row["capacity_Ah"] for row in rows if row.get("complete", True)}
        for rows in (exact, jumped)
    )
    both = sorted(set(one) & set(other))
    if not both:
        return 0.0
    a, b = (np.array([rows[cycle] for cycle in both]) for rows in (one, other))
    return float(np.max(np.abs(b / a - 1)))
