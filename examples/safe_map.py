"""Where may a cell be run: the first failure over stack pressure and current.

Runs in about half a minute on two cores; writes ``map.png`` where it is started::

    .venv/bin/python examples/safe_map.py [POINTS] [CYCLES]
"""

from __future__ import annotations

import sys

import twin


def main(points: int = 4, cycles: int = 30) -> None:
    """Draw the map in the terminal and as a figure, and name the modes on it."""
    drawn = twin.safe_map(
        "na-base-na",
        x=f"stack.pressure=0.5..8 MPa,{points}",
        y=f"current=0.2..1 mA/cm^2,{points}",
        cycles=cycles,
        refine=1,
        lines=False,
        modes=["pressure", "dendrite"],
        store="sqlite:///map.db",
    )
    print(drawn.draw(60, 12))
    for border in drawn.to_dict()["boundaries"]:
        print("border between", " and ".join(border["between"]))
    drawn.plot("map.png")


if __name__ == "__main__":  # the lives run in worker processes, which import this file
    main(*map(int, sys.argv[1:3]))
