"""What if I press harder? One symmetric cell at three stack pressures, then a rescue.

Runs in about ten seconds::

    .venv/bin/python examples/pressure_what_if.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import twin

CELL, CYCLES = "na-base-na", 20


def main() -> None:
    """Compare three pressures, then branch a cell that dies before it does."""
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{Path(folder) / 'what_if.db'}"
        runs = {}
        for pressure in ("0.2 MPa", "0.5 MPa", "5 MPa"):
            runs[pressure] = twin.simulate(
                CELL, cycles=CYCLES, overrides={"stack.pressure": pressure}, store=store
            )
            outcome = runs[pressure].outcome
            killer = f"{outcome.mode}: {outcome.criterion}" if outcome.mode else "lives"
            print(f"{pressure:>8}  cycle {outcome.cycle:>3}  {killer}")

        died = runs["0.5 MPa"]
        rescue = twin.resume(
            died.id, from_cycle=1, overrides={"stack.pressure": "10 MPa"}, store=store
        )
        print(f"pressed at 10 MPa after cycle 1: {rescue.outcome.says}")


if __name__ == "__main__":
    main()
