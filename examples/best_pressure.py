"""At which stack pressure, of those a fixture can hold, does a cell live longest?

Runs in about ten seconds::

    .venv/bin/python examples/best_pressure.py [CYCLES]
"""

from __future__ import annotations

import sys

import twin


def main(cycles: int = 12) -> None:
    """Look for the best pressure up to what the fixture holds."""
    found = twin.design(
        "na-base-na",
        vary=["stack.pressure=0.4..1 MPa"],
        limits=["pressure<=0.7 MPa"],
        modes=["pressure"],
        cycles=cycles,
        most=16,
        store="sqlite:///design.db",
    )
    document = found.to_dict()
    best = document["optimum"]["stack.pressure"]
    print(f"best at {best['value']:.2f} MPa, found by {document['method']}")
    low, high = best["window"]
    print(f"nearly as good from {low:.2f} to {high:.2f} MPa")
    print(f"projected life {document['projected_life']:.0f} cycles")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
