"""A whole life by cycle jump, beside the same life cycle by cycle.

The interphase grows as if it did not limit itself: what the twin took it for before it knew
the pair, and what a pair nobody has looked at may do. It counts as dead at three times its
first resistance; the particles hold, so that growth alone decides.

Runs in about ten seconds::

    .venv/bin/python examples/lifetime.py [CELL] [CYCLES]
"""

from __future__ import annotations

import sys
import time

import twin

GROWS = {f"modes.interphase.{place}.kind": "insulating" for place in ("anode", "cathode")}
TRIPLED = {"end_of_life.resistance_factor": 3.0}


def main(cell: str = "na-nzsp-nvp", cycles: int = 400) -> None:
    """Follow a cell both ways and compare its death, its capacity and the time it took."""
    lives, took = {}, {}
    for exact in (False, True):
        began = time.perf_counter()
        how = {"cycles": cycles, "model": "spm", "exact": exact, "store": "sqlite://"}
        how["without"] = ["delamination"]
        lives[exact] = twin.life(cell, overrides=GROWS | TRIPLED, **how)
        took[exact] = time.perf_counter() - began
    jumped, every = lives[False], lives[True]
    print(f"died of {jumped.outcome.mode}: {jumped.outcome.criterion}")
    print(f"in cycle {jumped.outcome.cycle}, cycle by cycle in {every.outcome.cycle}")
    rows = [run.cycles[run.cycles["complete"]]["capacity_Ah"] for run in (jumped, every)]
    both = rows[0].index.intersection(rows[1].index)
    worst = float((rows[0].loc[both] / rows[1].loc[both] - 1).abs().max())
    print(f"worst capacity error {100 * worst:.3f} %, estimated at the end "
          f"{100 * jumped.estimated_capacity_error:.3f} %")  # fmt: skip
    print(f"{jumped.cycles_simulated} cycles simulated of {jumped.info.cycles}; "
          f"{took[False]:.1f} s against {took[True]:.1f} s")  # fmt: skip
    for first, last, why in jumped.slowed:
        print(f"slowed in cycles {first}-{last}: {why}")


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
