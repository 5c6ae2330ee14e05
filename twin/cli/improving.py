"""``twin improve``: what would make a cell live longer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.options import Asked, CellName, Solved
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page

LONGEST = 74
"""Characters of a command that stand on one line."""
SHOWN = 3
"""So many changes that gain most are offered as commands."""


def add_commands(app: typer.Typer) -> None:
    """Add ``twin improve``."""
    command(app, "improve")(improve)


def improve(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Solved,
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, help="At most so many changes are tried.")
    ] = 24,
    cycles: Annotated[
        int | None,
        typer.Option("--cycles", metavar="N", help="The cell dies within these [default: 2000]."),
    ] = None,
) -> None:
    """Try what would make a cell live longer.

    One change at a time, each a life by cycle jump (SPM unless told): pressure,
    temperature, thickness, the upper voltage limit, half the current, and every overlay
    that fits the cell. It takes seconds a change.
    """
    import twin
    from twin.cli.ticker import Ticker

    given = asked.given(cell)
    with Ticker(session, cell) as ticker:
        improvements = twin.improvements(
            cell, most=most, cycles=cycles, progress=ticker, **given, **how.given()
        )
    options = _options(asked, given["overrides"])
    for one in improvements["changes"]:
        one["command"] = twin.command_of(cell, [*options, *one["options"]])
    session.finish(improvements, lambda sheet: _page(sheet, improvements))


def _options(asked: Asked, overrides: Sequence[str]) -> list[str]:
    """Return the options that were given already."""
    given = (
        ("--protocol", [asked.protocol] if asked.protocol else []),
        ("--with", asked.overlays or []),
        ("--set", overrides),
        ("--modes", [asked.modes] if asked.modes else []),
        ("--without", asked.without or []),
    )
    return [part for option, values in given for value in values for part in (option, value)]


def _page(sheet: Page, improvements: dict[str, Any]) -> None:
    life = improvements["life_cycles"]
    sheet.line(f"{improvements['cell']}  {life} cycles, then {improvements['died_of']}", "bold")
    helps = [one for one in improvements["changes"] if one["gain_cycles"] > 0]
    if not helps:
        sheet.line("nothing that was tried makes it live longer")
    for one in helps[:SHOWN]:
        sheet.line()
        sheet.line(f"{_gain(one, life)}: {one['change']}", "bold")
        for line in _lines(one["command"]):
            sheet.line(line, indent=4)
    sheet.heading(f"All that was tried, each followed for {improvements['cycles']} cycles at most")
    rows = [
        (one["change"], _cycles(one), f"{one['gain_cycles']:+d}", one["died_of"] or "lives")
        for one in improvements["changes"]
    ]
    sheet.table(("change", "cycles", "gain", "then"), rows, keep=(1, 2), right=(1, 2))
    if improvements["left_out"]:
        sheet.line(f"{improvements['left_out']} more were not tried: --most N", "dim")


def _lines(command: str) -> list[str]:
    """Return a command as lines that can be copied into a shell: an option a line if it is long."""
    if len(command) <= LONGEST:
        return [command]
    words = shlex.split(command)
    parts = [words[:3], *(words[n : n + 2] for n in range(3, len(words), 2))]
    return " \\\n".join(shlex.join(part) for part in parts).split("\n")


def _cycles(one: dict[str, Any]) -> str:
    return f"{one['life_cycles']}" if one["died_of"] else f"> {one['life_cycles']}"


def _gain(one: dict[str, Any], life: int) -> str:
    """Say what a change gains: in cycles, and as a factor where there was a life."""
    least = "" if one["died_of"] else "at least "
    times = f", {least}{one['life_cycles'] / life:.2g} times" if life else ""
    return f"{least}{one['gain_cycles']:+d} cycles{times}"
