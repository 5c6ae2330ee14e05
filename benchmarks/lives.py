"""``twin life`` against ``--exact``: how much faster, and how far off.

Each cell is followed both ways in one process, one after the other. Three ratios are given
of each of clock and processor seconds: of the cycle loops alone, of the whole call (the
model's build in both), and with the imports of a new process added to both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import twin
from benchmarks.clock import Seconds, median, timed
from twin import garbage

LONG = 500
"""A life cut short before this many cycles has a milder goal."""


@dataclass(frozen=True)
class Life:
    """A cell to be followed to its end or over so many cycles."""

    cell: str
    dies_of: str
    cycles: int = 2000
    asked: Mapping[str, Any] = field(default_factory=dict)
    model: str = "dfn"
    """The command's own default; a symmetric cell has one model only."""


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
    "knee": Life("nasn-natacl6-nvp", "the catholyte's interphase, with its knee"),
    "short": Life(
        "na-nzsp-nvp",
        "a filament across the electrolyte",
        asked={"overrides": {"protocol.rate": "C/2"}},
    ),
    "lives": Life("na-base-na", "nothing: a symmetric cell that lives"),
    "full-lives": Life(
        "na-nzsp-nvp", "nothing: a full cell that lives", asked={"without": ["interphase"]}
    ),
}
# An exact cycle of the SPM takes a fifth of the DFN's, the build nearly as long.
LIVES |= {
    f"{name}-spm": replace(LIVES[name], model="spm")
    for name in ("inventory", "reserve", "interphase", "short", "knee", "full-lives")
}
QUICK = {"interphase-60": replace(LIVES["interphase-spm"], cycles=60)}


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
    asked = {"cycles": life.cycles, "model": life.model, **life.asked}
    url = f"sqlite:///{folder / 'lives.db'}"

    def follow(exact: bool) -> tuple[Any, Seconds]:
        return timed(lambda: twin.life(life.cell, exact=exact, store=url, **asked))

    jumped, once = follow(False)
    exact, whole = follow(True)
    again = [follow(False)[1] for _ in range(repeats - 1)]
    fast = median([once, *again])
    loops = [run.info.outcome["numerics"]["loop_s"] for run in (exact, jumped)]
    return {
        "cell": life.cell,
        "model": life.model,
        "dies_of": life.dies_of,
        "exact": _end(exact) | {"wall_s": whole.wall, "cpu_s": whole.cpu},
        "jumped": _end(jumped)
        | {
            "wall_s": fast.wall,
            "cpu_s": fast.cpu,
            "cycles_simulated": jumped.cycles_simulated,
            "estimated_capacity_error": jumped.estimated_capacity_error,
            "estimated_death_error_cycles": jumped.estimated_death_error,
        },
        "ratio": {
            "wall": whole.wall / fast.wall,
            "cpu": whole.cpu / fast.cpu,
            "loop": loops[0] / loops[1],
            "cycles": exact.info.cycles / jumped.cycles_simulated,
            "process_wall": (whole.wall + imports.wall) / (fast.wall + imports.wall),
            "process_cpu": (whole.cpu + imports.cpu) / (fast.cpu + imports.cpu),
        },
        "worst_capacity_error": worst_error(exact.rows, jumped.rows),
        "death_error_cycles": abs(exact.outcome.cycle - jumped.outcome.cycle),
        "same_death": _way(exact) == _way(jumped),
    }


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
