"""Which failure mode cost a cell how many of its cycles?

Runs in about ten seconds::

    .venv/bin/python examples/whose_fault.py [CYCLES]
"""

from __future__ import annotations

import sys

import twin


def main(cycles: int = 60) -> None:
    """Split the life that a badly pressed cell loses over two modes."""
    found = twin.attribute(
        "na-base-na",
        cycles=cycles,
        modes=["interphase", "pressure"],
        overrides={"stack.pressure": "0.5 MPa"},
        store="sqlite:///attribution.db",
    )
    document = found.to_dict()
    lost = document["losses"]["life_cycles"]["all"]
    print(f"it lived {document['life']} of {cycles} cycles")
    for mode, share in sorted(lost["by_mode"].items(), key=lambda item: -item[1]):
        print(f"{mode}: {share:.1f} cycles lost")
    print(f"sum {sum(lost['by_mode'].values()):.1f} of {lost['total']:.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
