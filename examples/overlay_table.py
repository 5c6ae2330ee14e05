"""What each interface treatment is worth: every overlay on one symmetric cell, in one table.

For each overlay that the cell takes: the resistance of one interface when new, the
critical currents of stripping and of plating (half cycles of 30 minutes), and how long
the cell lives at a current (until it shorts, loses contact or its voltage runs away),
with what limits it. Overlays that the cell refuses are
listed with the reason. All failure modes act. Takes a few minutes::

    .venv/bin/python examples/overlay_table.py
    .venv/bin/python examples/overlay_table.py sbf3-interlayer soft-gradient --hours 200
    .venv/bin/python examples/overlay_table.py sbf3-interlayer+soft-gradient --json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import twin

BARE = "(bare)"
CM2 = 1e4  # cm2 in a m2
FILM = "Anode series resistance [Ohm.m2]"
TRANSFER = "Anode charge-transfer resistance [Ohm.m2]"


def sort_out(cell: str, wanted: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return what the cell takes, and what it refuses with the reason."""
    fits, refused = [], []
    for name in wanted:
        try:
            twin.load_cell(cell, overlays=laid(name))
            fits.append(name)
        except twin.TwinError as error:
            refused.append((name, error.problems[0].message))
    return fits, refused


def laid(name: str) -> list[str]:
    return [] if name == BARE else name.split("+")


def row(cell: str, name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Return one line of the table: three virtual tests of one cell."""
    stairs = {"step": "0.2 mA/cm^2", "start": "0.2 mA/cm^2", "maximum": args.maximum}
    found = twin.ccd(cell, overlays=laid(name), half_cycle="30 minutes", **stairs)
    cycles = max(1, round(args.hours / 2))
    run = twin.simulate(
        cell,
        cycles=cycles,
        protocol="galvanostatic-symmetric",
        overlays=laid(name),
        overrides={"protocol.current_density": args.current},
        store="sqlite://",
        series_every=cycles,
    )
    try:
        # A cell that dies at once leaves no series.
        _, first = next(iter(run.iter_series()), (0, None))
        outcome, rows = run.outcome, run.rows
    finally:
        run.store.close()
    dead = outcome.kind == "cell-failed"
    mode, criterion = (outcome.mode, outcome.criterion) if dead else wearing(rows)
    return {
        "overlay": name,
        "interface_ohm_cm2": None
        if first is None
        else CM2 * float(first[FILM][0] + first[TRANSFER][0]),
        "stripping_mA_cm2": milli(found.stripping),
        "plating_mA_cm2": milli(found.plating),
        "ramp_limited_by": found.cell.mode or None,
        "hours": outcome.time_h,
        "outcome": outcome.kind,
        "limited_by": mode,
        "criterion": criterion,
    }


def wearing(rows: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Return the mode and the criterion whose margin would run out first, as it falls."""
    first, last = (row["margins"] for row in (rows[1], rows[-1]))
    left = {
        name: margin / (first[name] - margin)
        for name, margin in last.items()
        if first.get(name, 0.0) - margin > 1e-9
    }
    if not left:
        return None, None
    mode, criterion = min(left, key=left.__getitem__).split(": ", 1)
    return mode, criterion


def milli(limit: Any) -> tuple[float, bool]:
    """Return a limit in mA/cm2, and whether anything failed there."""
    return limit.at_least / 10, limit.current is not None


def ohms(resistance: float | None) -> str:
    return "-" if resistance is None else f"{resistance:.1f}"


def shown(limit: tuple[float, bool]) -> str:
    return f"{'' if limit[1] else '>'}{limit[0]:.1f}"


def page(rows: list[dict[str, Any]], refused: list[tuple[str, str]], args: Any) -> None:
    head = f"{'':27} {'ohm cm2':>7} {'strip':>6} {'plate':>6} {'hours':>6}  limited by"
    print(f"{args.cell}: one interface; critical currents [mA/cm2]; life at {args.current}")
    print(head)
    for r in rows:
        lives = "" if r["outcome"] == "cell-failed" else "lives; wears: "
        limit = r["criterion"] if r["limited_by"] == "core" else r["limited_by"] or "nothing"
        print(
            f"{r['overlay']:27} {ohms(r['interface_ohm_cm2']):>7} "
            f"{shown(r['stripping_mA_cm2']):>6} "
            f"{shown(r['plating_mA_cm2']):>6} {r['hours']:6.0f}  {lives}{limit}"
        )
    for name, reason in refused:
        print(f"{name} does not fit: {reason}")


def main() -> None:
    """Make the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overlays", nargs="*", help="all if none is given; join with +")
    parser.add_argument("--cell", default="na-nzsp-na", help="a symmetric cell")
    parser.add_argument("--current", default="0.3 mA/cm^2")
    parser.add_argument("--hours", type=float, default=1000)
    parser.add_argument("--maximum", default="10 mA/cm^2", help="top of the staircase")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    wanted = args.overlays or twin.library().names("overlays")
    fits, refused = sort_out(args.cell, [BARE, *wanted])
    began, rows = time.perf_counter(), []
    for done, name in enumerate(fits, start=1):
        rows.append(row(args.cell, name, args))
        pace = (time.perf_counter() - began) / done
        left = pace * (len(fits) - done)
        print(f"{done}/{len(fits)} {name}; {pace:.1f} s each, {left:.0f} s left", file=sys.stderr)
    if args.json:
        print(json.dumps({"cell": args.cell, "rows": rows, "refused": dict(refused)}, indent=2))
    else:
        page(rows, refused, args)


if __name__ == "__main__":
    main()
