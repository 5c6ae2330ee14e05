"""How surely does a cell live, pressed at 2 MPa or at 10 MPa?

Runs in about a minute::

    .venv/bin/python examples/forecast_pressures.py [MEMBERS]
"""

from __future__ import annotations

import sys

import twin

CELL, CYCLES = "na-nzsp-na", 300


def main(members: int = 40) -> None:
    """Forecast the same cells at two pressures: the same seed draws the same flaws."""
    for pressure in ("2 MPa", "10 MPa"):
        found = twin.forecast(
            CELL,
            cycles=CYCLES,
            samples=members,
            seed=1,
            workers=1,
            overrides={"stack.pressure": pressure},
            store="sqlite://",
        )
        document = found.to_dict()
        median = document["median_life"] or f"beyond {CYCLES}"
        short = found.short_before(CYCLES)
        print(f"{pressure:>7}: median life {median}, "
              f"short before cycle {CYCLES} {100 * short['probability']:.0f} % "
              f"(90 % sure: {100 * short['low']:.0f} to {100 * short['high']:.0f} %)")  # fmt: skip
        for number, index in list(document["sensitivity"].get("numbers", {}).items())[:3]:
            print(f"         {number}: {100 * index['total']:.0f} % of the variance")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
