"""A safe operating map in words: its legend, and what stands under the cursor."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from rich.text import Text

from twin import Status
from twin.formats import short, typeset
from twin_tui.widgets.operating_map import (
    ALIVE,
    COLOURS,
    LINES,
    LIVES,
    UNKNOWN,
    Axis,
    Map,
    Point,
    letters_of,
)


def map_of(view: dict[str, Any]) -> Map:
    """Return the map of a document of :func:`twin.map_so_far`."""
    x, y = (_axis(view["axes"][name]) for name in ("x", "y"))
    points = tuple(
        Point(
            p["x"],
            p["y"],
            None if p["label"] in ("alive", "unknown") else p["label"],
            p["cycles"],
            p["criterion"] or "",
            p["run"],
            Status.SOLVER_GAVE_UP if p["label"] == "unknown" else p["kind"],
        )
        for p in view["points"]
    )
    labels = [p.mode for p in points if p.mode is not None]
    # A mode keeps its letter while points come in.
    known = [mode for mode in view["modes"] if mode in labels]
    letters = letters_of([*view["modes"], *sorted(set(labels) - set(known))])
    lines = tuple(
        (line["name"], [a for a, _ in line["points"]], [b for _, b in line["points"]])
        for line in view["critical_currents"]
    )
    shown = {mode: letter for mode, letter in letters.items() if mode in labels}
    return Map(x, y, points, view["cycles"], lines, shown)


def _axis(axis: dict[str, Any]) -> Axis:
    low, high = axis["ends"]
    return Axis(axis["words"], axis["shown"], low, high, log=axis["log"])


def draw_point(shown: Map, point: Point) -> Text:
    """Say what happens at a point."""
    text = Text()
    text.append("Under the cursor\n", "bold")
    for axis, value in ((shown.x, point.x), (shown.y, point.y)):
        text.append(f" {axis.name} = {short(value)} {typeset(axis.unit)}\n")
    text.append("\n")
    if point.unknown:
        text.append(f"{UNKNOWN} the solver gave up in cycle {point.cycles}\n", "bold yellow")
    elif point.mode is None:
        text.append(f"{ALIVE} lives to cycle {shown.horizon}\n", "bold green")
    else:
        text.append(f"{shown.letters[point.mode]} {point.mode}\n", "bold")
        text.append(f" {point.criterion}\n in cycle ")
        text.append(f"{point.cycles}\n", "bold")
    if point.run:
        text.append(f"\nrun {point.run}\n", "dim")
    return text


def draw_legend(shown: Map, width: int, *, colour: bool = True) -> Text:
    """Say what the colours, letters and marks mean, each on one line with its meaning."""
    hues = dict(zip(shown.letters, cycle(COLOURS), strict=False))

    def entry(hue: str, words: str) -> Text:
        return Text.assemble(("■ ", hue), words) if colour else Text(words)

    parts = [entry(hues[mode], f"{letter} {mode}") for mode, letter in shown.letters.items()]
    parts.append(entry(LIVES, f"{ALIVE} lives"))
    if hues and colour:
        parts.append(Text("dark: dies soon"))
    if any(point.unknown for point in shown.points):
        parts.append(Text(f"{UNKNOWN} solver gave up"))
    marks = zip(shown.lines, cycle(LINES), strict=False)
    parts += [Text(f"{mark} {label}") for (label, _, _), mark in marks]
    text, used = Text(no_wrap=True, overflow="ellipsis"), 0
    for part in parts:
        if used and used + 2 + len(part) > width:
            text.append("\n")
            used = 0
        text.append("  " if used else "")
        text.append(part)
        used += 2 + len(part)
    return text
