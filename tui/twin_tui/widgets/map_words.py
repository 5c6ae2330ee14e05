"""A safe operating map in words: its legend, and what stands under the cursor."""

from __future__ import annotations

from rich.text import Text

from twin.api.formats import short
from twin_tui.widgets.operating_map import ALIVE, COLOURS, LINE, UNKNOWN, Map, Point


def draw_point(shown: Map, point: Point) -> Text:
    """Say what happens at a point."""
    text = Text()
    text.append("Under the cursor\n", "bold")
    for axis, value in ((shown.x, point.x), (shown.y, point.y)):
        text.append(f" {axis.name} = {short(value)} {axis.unit}\n")
    text.append("\n")
    if point.kind == "solver-gave-up":
        text.append(f"{UNKNOWN} the solver gave up in cycle {point.cycles}\n", "bold yellow")
    elif point.mode is None:
        text.append(f"{ALIVE} lives to cycle {shown.horizon}\n", "bold green")
    else:
        text.append(f"{shown.letters[point.mode]} {point.mode}\n", "bold red")
        text.append(f" {point.criterion}\n in cycle ")
        text.append(f"{point.cycles}\n", "bold")
    if point.run:
        text.append(f"\nrun {point.run}\n", "dim")
    return text


def draw_legend(shown: Map) -> Text:
    """Say what the letters mean."""
    text = Text()
    for number, (mode, letter) in enumerate(shown.letters.items()):
        text.append(f"{letter} {mode}  ", COLOURS[number % len(COLOURS)])
    text.append(f"{ALIVE} lives")
    if any(point.kind == "solver-gave-up" for point in shown.points):
        text.append(f"  {UNKNOWN} solver gave up")
    for label, _, _ in shown.lines:
        text.append(f"  {LINE} {label}")
    return text
