"""What an answer hangs on: the doubtful numbers that drive it, and those that turn it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.formats import typeset
from twin.pages.blocks import Block, Items, Section, Table, Text
from twin.studies.ends import ends_of_run
from twin.studies.sensitivity import drivers
from twin.studies.sensitivity_kept import known_sensitivity
from twin.studies.turning import turning_number

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec
    from twin.store import RunInfo

MOST = 12


def hangs_section(info: RunInfo | None, spec: CellSpec) -> Section:
    """Return what a verdict hangs on, as far as it is known of this very cell.

    Parameters
    ----------
    info : RunInfo, optional
        The run; of a study there is none.
    spec : CellSpec
        Its cell.
    """
    blocks: list[Block] = []
    turns = turning_number(info) if info is not None else ""
    if turns:
        blocks.append(Text(f"{turns}."))
    ends = ends_of_run(info) if info is not None else []
    if ends:
        blocks += [
            Text("No data decide between two sets of numbers; at the other one:"),
            Items(ends),
        ]
    sensitivity = known_sensitivity(spec)
    if sensitivity is None:
        blocks.append(
            Text(
                "Which numbers it hangs on has not been looked for in this very cell: "
                "twin cells evidence with its file finds out."
            )
        )
        return Section("hangs", "What it hangs on", blocks)
    driving = drivers(sensitivity)
    life = sensitivity["life_cycles"]
    lives = f"lives {life:.0f} cycles of" if life is not None else "is not worn out by"
    blocks.append(
        Text(
            f"By cycle jumps this cell {lives} {sensitivity['protocol']}. Of its assumed or "
            f"unverified numbers {len(driving)} drive that: the life goes as the number to the "
            "power given."
        )
    )
    rows = [
        (
            n["key"],
            typeset(str(n["value"])),
            n["status"],
            f"{n['exponent']:+.2f}" if n["exponent"] is not None else "ends it",
        )
        for n in driving[:MOST]
    ]
    if rows:
        blocks.append(Table(("number", "value", "status", "power"), rows, frozenset({3})))
    if len(driving) > MOST:
        blocks.append(Text(f"And {len(driving) - MOST} more."))
    return Section("hangs", "What it hangs on", blocks)
