"""The safe operating map: what kills the cell as a field of colours or of letters, and a cursor.

With colour, each character is two half blocks, so that a map has twice as many rows; the hue
is the mode's, and the sooner the death, the darker. Without colour, letters fill the field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Static

from twin import UNTOLD
from twin.formats import short, typeset
from twin.report.terminal import decade_ticks, round_ticks

ALIVE, UNKNOWN, LINES = "·", "?", "*+#%@"
COLOURS = ("#d55e00", "#cc79a7", "#e69f00", "#56b4e9", "#0072b2", "#f0e442")
"""For the modes, to be told apart by the colour-blind (Okabe and Ito)."""
LIVES, NOBODY_KNOWS = "#1b4d3e", "#5f5f5f"
_DARKEST = 0.4
"""How bright a mode's colour is where the cell dies in its first cycle; 1 at the horizon."""
_LEFT, _BELOW = 9, 3
"""Columns and rows that the axes take."""


@dataclass(frozen=True)
class Axis:
    """One axis: what is varied, in which unit, from where to where."""

    name: str
    unit: str
    low: float
    high: float
    log: bool = False

    def share(self, value: Any) -> Any:
        """Return where along the axis a value is, 0 to 1."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = np.log(value), math.log(low), math.log(high)
        return (np.asarray(value, dtype=float) - low) / (high - low or 1.0)

    def at(self, share: float) -> float:
        """Return the value at a place along the axis."""
        if self.log:
            value: float = self.low * (self.high / self.low) ** share
            return value
        return self.low + share * (self.high - self.low)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return where round values stand along the axis, 0 to 1, with their names."""
        if self.log:
            values = 10.0 ** np.array(decade_ticks(self.low, self.high, most)[0])
        else:
            values = np.array(round_ticks(self.low, self.high, max(most, 3)))
        return [(float(self.share(value)), short(float(value))) for value in values]

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} ({typeset(self.unit)})" if self.unit else self.name


@dataclass(frozen=True)
class Point:
    """One life on the map; ``mode`` is None where the cell lives to the horizon."""

    x: float
    y: float
    mode: str | None
    cycles: int | None
    criterion: str = ""
    run: str | None = None
    kind: str = ""

    @property
    def unknown(self) -> bool:
        """Whether nobody knows what happens there: a death has a mode, however it was found."""
        return self.kind in UNTOLD and self.mode is None


@dataclass(frozen=True)
class Map:
    """All that is known of a map so far; ``lines`` are (label, x, y) to be drawn on it."""

    x: Axis
    y: Axis
    points: tuple[Point, ...]
    horizon: int
    lines: tuple[tuple[str, Sequence[float], Sequence[float]], ...] = ()
    letters: dict[str, str] = field(default_factory=dict)

    def colour(self, point: Point) -> tuple[int, int, int]:
        """Return the colour of what happens at a point: dark for an early death."""
        if point.unknown:
            return _rgb(NOBODY_KNOWS)
        if point.mode is None:
            return _rgb(LIVES)
        whole = _rgb(COLOURS[list(self.letters).index(point.mode) % len(COLOURS)])
        longest = math.log(max(self.horizon, 2))
        life = min(math.log(max(point.cycles or 1, 1)) / longest, 1.0)
        shade = _DARKEST + (1.0 - _DARKEST) * life
        red, green, blue = (round(part * shade) for part in whole)
        return red, green, blue

    def letter(self, point: Point) -> str:
        """Return the letter for what happens at a point."""
        if point.unknown:
            return UNKNOWN
        return ALIVE if point.mode is None else self.letters[point.mode]


def _rgb(colour: str) -> tuple[int, int, int]:
    """Return ``#rrggbb`` as three numbers."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _on(colour: tuple[int, int, int]) -> str:
    """Return a style that is legible on a colour: black on bright ones, else white."""
    bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 128
    return f"bold {'black' if bright else 'white'} on {_hex(colour)}"


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def letters_of(modes: Sequence[str]) -> dict[str, str]:
    """Return a letter for each mode: the first of its name that is still free."""
    letters: dict[str, str] = {}
    for mode in modes:
        free = [c for c in mode.upper() + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c.isalpha()]
        letters[mode] = next(c for c in free if c not in letters.values())
    return letters


class OperatingMap(Static):
    """A map with a cursor that jumps from point to point.

    The regions between points take the letter of the nearest one.
    """

    can_focus = True
    DEFAULT_CSS = """
    OperatingMap { height: 1fr; width: 1fr; min-height: 8; min-width: 24; }
    """
    BINDINGS = [
        Binding("left", "step(-1, 0)", "Cursor left", show=False, id="map.left"),
        Binding("right", "step(1, 0)", "Cursor right", show=False, id="map.right"),
        Binding("up", "step(0, 1)", "Cursor up", show=False, id="map.up"),
        Binding("down", "step(0, -1)", "Cursor down", show=False, id="map.down"),
    ]

    class Moved(Message):
        """The cursor is at another point."""

        def __init__(self, point: Point):
            super().__init__()
            self.point = point

    def __init__(self, **more: Any):
        super().__init__(**more)
        self.map: Map | None = None
        self.cursor = 0
        self._drawn_for: Any = None
        self._rows: list[list[tuple[str, str]]] = []
        self._places: list[tuple[int, int]] = []

    @property
    def point(self) -> Point | None:
        """The point under the cursor."""
        if self.map is None or not self.map.points:
            return None
        return self.map.points[min(self.cursor, len(self.map.points) - 1)]

    def show_map(self, shown: Map | None) -> None:
        """Show another map, or the same with more points; the cursor stays where it was."""
        before = self.point
        self.map, self._drawn_for = shown, None
        if before is not None and shown is not None:
            places = [(p.x, p.y) for p in shown.points]
            here = (before.x, before.y)
            self.cursor = places.index(here) if here in places else 0
        self._redraw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw it for its new room."""
        self._redraw()

    def on_focus(self) -> None:
        """Show the cursor as the one that the keys move."""
        self._redraw()

    def action_step(self, right: int, up: int) -> None:
        """Move the cursor to the nearest point in a direction."""
        if self.map is None or self.point is None:
            return
        x = self.map.x.share([p.x for p in self.map.points])
        y = self.map.y.share([p.y for p in self.map.points])
        dx, dy = x - x[self.cursor], y - y[self.cursor]
        along, aside = (dx * right, abs(dy)) if right else (dy * up, abs(dx))
        ahead = np.flatnonzero(along > 1e-9)
        if len(ahead):
            # What lies straight ahead comes before what is nearer but aside.
            self.move_to(int(ahead[np.argmin(along[ahead] + 3.0 * aside[ahead])]))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the point nearest to a click."""
        if not self._places:
            return
        at = event.get_content_offset(self)
        if at is not None:
            # A character is about twice as high as it is wide.
            far = [(c - at.x) ** 2 + 4 * (r - at.y) ** 2 for c, r in self._places]
            self.move_to(far.index(min(far)))

    def move_to(self, number: int) -> None:
        """Put the cursor on a point."""
        self.cursor = number
        self._redraw()
        if self.point is not None:
            self.post_message(self.Moved(self.point))

    def _redraw(self) -> None:
        size = (self.content_size.width, self.content_size.height)
        if self.map is None or not self.map.points or size[0] < _LEFT + 8 or size[1] < _BELOW + 3:
            self._places = []
            self.update("no point is done yet" if self.map is not None else "")
            return
        if self._drawn_for != size:
            self._drawn_for = size
            self._rows, self._places = draw_map(self.map, size, colour=not self.app.no_color)
        self.cursor = min(self.cursor, len(self._places) - 1)
        column, row = self._places[self.cursor]
        text = Text(no_wrap=True)
        for number, cells in enumerate(self._rows):
            for place, (character, style) in enumerate(cells):
                here = number == row and place == column
                text.append(character, "bold reverse" if here else style)
            text.append("\n")
        self.update(text)


def draw_map(
    shown: Map, size: tuple[int, int], *, colour: bool = True
) -> tuple[list[list[tuple[str, str]]], list[tuple[int, int]]]:
    """Draw a map without its cursor.

    Between the points, the field is what the nearest one says.

    Returns
    -------
    tuple
        Rows of (character, style), and the column and row of each point.
    """
    columns, rows = size
    wide = columns - _LEFT - 1
    high = rows - _BELOW - len(_names(shown, _LEFT + wide)) + 1
    x = np.clip(shown.x.share([p.x for p in shown.points]), 0, 1)
    y = np.clip(shown.y.share([p.y for p in shown.points]), 0, 1)
    cells = _colours(shown, x, y, wide, high) if colour else _letters(shown, x, y, wide, high)
    for (_, xs, ys), mark in zip(shown.lines, cycle(LINES), strict=False):
        for a, b in zip(shown.x.share(list(xs)), shown.y.share(list(ys)), strict=True):
            if 0 <= a <= 1 and 0 <= b <= 1:
                column, row = round(a * (wide - 1)), round((1 - b) * (high - 1))
                cells[row][column] = (mark, _over(cells[row][column][1]))
    places = [
        (round(a * (wide - 1)), round((1 - b) * (high - 1))) for a, b in zip(x, y, strict=True)
    ]
    for (column, row), point in zip(places, shown.points, strict=True):
        cells[row][column] = (
            shown.letter(point),
            _on(shown.colour(point)) if colour else "bold",
        )
    _number(cells, places, shown.points)
    return _with_axes(cells, shown, wide, high), [(c + _LEFT, r) for c, r in places]


def _nearest(x: Any, y: Any, wide: int, high: int) -> Any:
    """Return for each place of a field which point is nearest (the first of equals)."""
    across, down = np.meshgrid(np.linspace(0, 1, wide), np.linspace(1, 0, high))
    nearest = np.full(across.shape, 0)
    least = np.full(across.shape, np.inf)
    for number in range(len(x)):
        far = (across - x[number]) ** 2 + (down - y[number]) ** 2
        closer = far < least
        nearest[closer], least[closer] = number, far[closer]
    return nearest


def _letters(shown: Map, x: Any, y: Any, wide: int, high: int) -> list[list[tuple[str, str]]]:
    """Fill the field with small letters; with nothing where the cell lives."""
    letters = [shown.letter(point) for point in shown.points]
    small = [letter.lower() if letter.isalpha() else " " for letter in letters]
    return [[(small[n], "dim") for n in row] for row in _nearest(x, y, wide, high)]


def _colours(shown: Map, x: Any, y: Any, wide: int, high: int) -> list[list[tuple[str, str]]]:
    """Fill the field with half blocks: each character shows two rows."""
    colours = [_hex(shown.colour(point)) for point in shown.points]
    nearest = _nearest(x, y, wide, 2 * high)
    return [
        [
            ("▀", f"{colours[top]} on {colours[below]}")
            for top, below in zip(nearest[2 * row], nearest[2 * row + 1], strict=True)
        ]
        for row in range(high)
    ]


def _over(style: str) -> str:
    """Return the style of a mark over a field: legible on what was there."""
    _, on, below = style.partition(" on ")
    return _on(_rgb(below)) if on else "bold"


def _number(
    cells: list[list[tuple[str, str]]],
    places: Sequence[tuple[int, int]],
    points: Sequence[Point],
) -> None:
    """Write the cycles beside the points that have room for them."""
    taken = set(places)
    for (column, row), point in zip(places, points, strict=True):
        if point.mode is None or point.cycles is None:
            continue
        label = str(point.cycles)
        here = [(column + 1 + i, row) for i in range(len(label) + 1)]
        if any(place in taken for place in here) or here[-1][0] > len(cells[row]):
            continue
        for (place, _), character in zip(here, label, strict=False):
            cells[row][place] = (character, cells[row][column][1])
        taken.update(here)


def _with_axes(
    cells: list[list[tuple[str, str]]], shown: Map, wide: int, high: int
) -> list[list[tuple[str, str]]]:
    rows = []
    marked = {round((1 - at) * (high - 1)): name for at, name in shown.y.ticks(max(high // 3, 2))}
    for number, line in enumerate(cells):
        name = marked.get(number)
        left = " " * (_LEFT - 1) + "│" if name is None else f"{name:>{_LEFT - 1}}┤"
        rows.append([*((c, "") for c in left), *line])
    rows.append([(c, "") for c in " " * (_LEFT - 1) + "└" + "─" * wide])
    ticks = [" "] * (_LEFT + wide)
    for share, label in shown.x.ticks(max(wide // 10, 2)):
        start = _LEFT + round(share * (wide - 1)) - len(label) // 2
        start = min(start, _LEFT + wide - len(label))
        ticks[start : start + len(label)] = label
    rows.append([(c, "") for c in ticks])
    for name in _names(shown, _LEFT + wide):
        rows.append([(c, "bold") for c in f"{name:^{_LEFT + wide}}"[: _LEFT + wide]])
    return rows


def _names(shown: Map, room: int) -> list[str]:
    """Return the names of the axes, on one line if they fit there."""
    names = [f"{shown.x.label} →", f"↑ {shown.y.label}"]
    together = "   ".join(names)
    return [together] if len(together) <= room else names
