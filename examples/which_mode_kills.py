"""Which failure mode kills a cell, and how long would it live without that one?

Runs in about ten seconds::

    .venv/bin/python examples/which_mode_kills.py [CELL] [CYCLES]
"""

from __future__ import annotations

import sys

import twin


def main(cell: str = "na-nps-na", cycles: int = 160) -> None:
    """Take away what kills the cell, one mode after the other, until it lives."""
    without: list[str] = []
    while True:
        life = twin.life(cell, cycles=cycles, model="spm", without=without, store="sqlite://")
        died = life.outcome
        told = f"without {', '.join(without)}" if without else "with every mode"
        if died.kind != "cell-failed":
            print(f"{told}: lives {died.cycle} cycles")
            return
        print(f"{told}: {died.mode}, {died.criterion}, in cycle {died.cycle}")
        if died.mode not in twin.plugin_manager().modes:
            return  # the cell itself, no mode
        without.append(died.mode)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
