"""A run drawn with characters in the terminal."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

from twin.report.panel import Line, Panel
from twin.report.panels import SUMMARY, panels, title_of
from twin.report.view import RunView
from twin.visible import visible

WIDTH, HEIGHT = 80, 24
_NARROWEST, _LOWEST = 40, 10
# Without colour every line has a mark of its own; with it, each is fine and has its number on it.
MARKS = ("braille", "●", "x", "+", "▲", "o")
FINE = "braille"
PLAIN_MARKS = ("*", "x", "+", "o", "#", "@")
_PLAIN = str.maketrans(
    {**dict.fromkeys("┌┐└┘┬┴├┤┼", "+"), "─": "-", "│": "|", "²": "2", "Ω": "ohm"}
)
_SHOWN = {"braille": "⠒"}
POINT, FEW = "●", 60
"""What points are drawn with that no line joins, and up to how many of them."""
_LEGEND_SHARE = 5
"""A small drawing gives at most this part of its rows to the legend."""
COLOURS = ("blue+", "orange+", "green+", "magenta+", "cyan+", "white")
ON_LIGHT = ("blue", "orange", "green", "magenta", "cyan", "black")
"""Colours that can be told from a dark and from a light ground."""


def terminal_size() -> tuple[int, int]:
    """Return the terminal's columns and rows; 80 x 24 where there is none."""
    size = shutil.get_terminal_size((WIDTH, HEIGHT))
    return max(size.columns, _NARROWEST), max(size.lines, _LOWEST)


def draw_run(
    run: RunView,
    what: str = SUMMARY,
    *,
    size: tuple[int, int] | None = None,
    colour: bool = True,
    encoding: str = "utf-8",
) -> str:
    """Return a run as text: one panel after the other.

    Parameters
    ----------
    run : RunView
        The run.
    what : str
        ``"summary"`` or the name of one panel.
    size : tuple of int, optional
        Columns and rows a panel may take; the terminal's by default.
    colour : bool
        Whether to use colours.
    encoding : str
        What the reader can show; without Unicode, plain characters are used.

    Raises
    ------
    InputError
        If there is nothing of the kind to show.
    """
    shown = panels(run, what)
    return draw_panels(shown, title_of(run), size=size, colour=colour, encoding=encoding)


def draw_panels(
    shown: Sequence[Panel],
    title: str,
    *,
    size: tuple[int, int] | None = None,
    colour: bool = True,
    encoding: str = "utf-8",
) -> str:
    """Return panels as text, one after the other, under a title."""
    columns, rows = size or terminal_size()
    fancy = encoding.lower().startswith("utf")
    # With one panel, heading, legend and prompt should still be seen.
    height = max(min(rows - 7, 30 if len(shown) == 1 else 17), _LOWEST)
    parts = [visible(title)]
    colours = COLOURS if colour else ()
    parts += [_draw(panel, columns, height, colours, fancy) for panel in shown]
    text = "\n\n".join(parts) + "\n"
    return text if fancy else text.translate(_PLAIN)


@contextmanager
def _plotter() -> Iterator[Any]:
    """Give plotext, which has one figure for the whole process, with a clean one."""
    import plotext

    plotext.clear_figure()
    try:
        yield plotext
    finally:
        plotext.clear_figure()


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers in [low, high], at most ``most`` of them: steps of 1, 2 or 5.

    The steps are 1, 2 or 5 times a power of ten. Ends that leave no room for two of them have
    the ends themselves.
    """
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    power = math.floor(math.log10(span / most))
    for digits, factor in [(power + k, m) for k in (0, 1) for m in (1, 2, 5)]:
        step = factor * 10.0**digits
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        ticks = [round(n * step, -digits) for n in range(first, last + 1)]
        if len(ticks) <= most:
            break
    return ticks if len(ticks) > 1 else [low, high]


def decade_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    """Return places (as decimal logarithms) and names of the ticks between two values.

    Whole powers of ten, at most ``most`` of them; where fewer than two lie between, those of
    1, 2 and 5 times a power of ten.
    """
    a, b = math.log10(low), math.log10(high)
    first, last = math.ceil(a - 1e-9), math.floor(b + 1e-9)
    if last > first:
        step = max(1, math.ceil((last - first + 1) / most))
        powers = list(range(first, last + 1, step))
        return [float(p) for p in powers], [f"1e{p}" for p in powers]
    fine = [m * 10.0**p for p in range(first - 1, last + 2) for m in (1, 2, 5)]
    inside = [v for v in fine if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)] or [low]
    return [math.log10(v) for v in inside], [f"{v:.4g}" for v in inside]


def _draw(panel: Panel, columns: int, rows: int, colours: Sequence[str], fancy: bool) -> str:
    colour = bool(colours)
    numbered = colour and fancy and len(panel.lines) > 1
    marks = (FINE,) if colour and fancy else MARKS if fancy else PLAIN_MARKS
    numbers = []
    with _plotter() as plt:
        plt.limit_size(False, False)
        plt.plot_size(columns, rows)
        plt.theme("clear")
        for index, line in enumerate(panel.lines):
            how: dict[str, Any] = {"marker": _mark(line, index, marks)}
            if colour:
                how["color"] = colours[index % len(colours)]
            draw = plt.scatter if line.dots else plt.plot
            pieces = list(_pieces(line.x, line.y, positive=panel.log))
            # plotext's own logarithmic axis has numbers like 31622.8.
            pieces = [(_scaled(x, log=panel.log_x), _scaled(y, log=panel.log)) for x, y in pieces]
            for x, y in pieces:
                draw(x, y, **how)
            if numbered and pieces:
                x, y = max(pieces, key=lambda piece: len(piece[0]))
                # Not all in one place: later lines have their number further on.
                wanted = min(x) + (index + 0.5) / len(panel.lines) * (max(x) - min(x))
                at = min(range(len(x)), key=lambda k: abs(x[k] - wanted))
                numbers.append((str(index + 1), x[at], y[at], how["color"]))
        for number, at_x, at_y, tint in numbers:  # over all lines
            plt.text(number, at_x, at_y, color=tint, style="bold")
        _axes(plt, panel, columns, rows)
        if panel.death is not None:
            plt.vline(panel.death, "red" if colour else None)
        plt.title(visible(panel.title))
        plt.xlabel(panel.x_label)
        plt.ylabel(visible(panel.y_label))
        text: str = plt.build()
        if not colour:
            text = plt.uncolorize(text)
        legend = _legend(plt, panel, columns, marks, colours)
    return "\n".join([*(line.rstrip() for line in text.splitlines()), *legend])


def _mark(line: Line, index: int, marks: Sequence[str]) -> str:
    """Return what a line is drawn with; a few points that stand alone are larger."""
    mark = marks[index % len(marks)]
    return POINT if mark == FINE and line.dots and len(line.x) <= FEW else mark


def _legend(
    plt: Any, panel: Panel, columns: int, marks: Sequence[str], colours: Sequence[str]
) -> Iterator[str]:
    """Yield the legend below the axes, where it covers nothing."""
    entries = []
    if len(panel.lines) > 1:
        for index, line in enumerate(panel.lines):
            mark = _mark(line, index, marks)
            mark = _SHOWN.get(mark, mark)
            mark = f"{index + 1} {mark}" if colours and len(marks) == 1 else mark
            shown = plt.colorize(mark, colours[index % len(colours)]) if colours else mark
            entries.append((len(mark) + 1 + len(line.label), f"{shown} {visible(line.label)}"))
    if panel.death is not None:
        text = f"| death in cycle {panel.death}"
        entries.append((len(text), text))
    row, used = "", 0
    for length, text in entries:
        if used and used + 2 + length > columns:
            yield row
            row, used = "", 0
        row += f"  {text}"
        used += 2 + length
    if row:
        yield row


def _pieces(
    x: Sequence[float], y: Sequence[float], *, positive: bool
) -> Iterator[tuple[list[float], list[float]]]:
    """Yield the parts of a line between its gaps."""
    piece: tuple[list[float], list[float]] = ([], [])
    for a, b in zip(x, y, strict=True):
        if math.isfinite(a) and math.isfinite(b) and (b > 0 or not positive):
            piece[0].append(a)
            piece[1].append(b)
        elif piece[0]:
            yield piece
            piece = ([], [])
    if piece[0]:
        yield piece


def _scaled(values: list[float], *, log: bool) -> list[float]:
    return [math.log10(value) for value in values] if log else values


def _axes(plt: Any, panel: Panel, columns: int, rows: int) -> None:
    """Set the ends of both axes, and round numbers on them."""
    across, up = max((columns - 10) // 10, 3), max((rows - 5) // 3, 3)
    finite = [(x, y) for line in panel.lines for x, y in zip(line.x, line.y, strict=True)]
    finite = [(x, y) for x, y in finite if math.isfinite(x) and math.isfinite(y)]
    xs = [x for x, _ in finite if x > 0 or not panel.log_x]
    ys = [y for _, y in finite if y > 0 or not panel.log]
    if ys:
        if panel.log:
            plt.yticks(*decade_ticks(min(ys), max(ys), up))
        else:
            low, high = panel.limits
            low, high = min(ys) if low is None else low, max(ys) if high is None else high
            if high - low < 1e-9 * max(abs(high), abs(low), 1e-9):  # a level line
                low, high = low - 0.05 * abs(low) - 1e-9, high + 0.05 * abs(high) + 1e-9
            plt.ylim(low, high)
            plt.yticks(*_named(round_ticks(low, high, up)))
    if not xs:
        return
    if panel.log_x:
        plt.xticks(*decade_ticks(min(xs), max(xs), across))
    elif panel.x_label == "Cycle":
        first, last = min(xs), max(max(xs), panel.death or 0)
        if first == last:
            plt.xlim(first - 1, last + 1)
            first, last = first - 1, last + 1
        ticks = [tick for tick in round_ticks(first, last, across) if tick == round(tick)]
        plt.xticks(*_named(ticks or [first, last]))
    else:
        plt.xticks(*_named(round_ticks(min(xs), max(xs), across)))


def _named(ticks: Sequence[float]) -> tuple[list[float], list[str]]:
    """Return ticks with their names: as many digits as tell one from the next."""
    if len(ticks) < 2:
        return list(ticks), [f"{tick:.4g}" for tick in ticks]
    step = min(b - a for a, b in pairwise(ticks))
    largest = max(abs(tick) for tick in ticks)
    if largest >= 1e5 or largest < 1e-3:
        digits = max(math.ceil(math.log10(largest / step) + 1e-9), 0)
        return list(ticks), [f"{tick:.{digits}e}" if tick else "0" for tick in ticks]
    digits = max(-math.floor(math.log10(step) + 1e-9), 0)
    return list(ticks), [f"{tick:.{digits}f}" for tick in ticks]


def draw_panel(
    panel: Panel, size: tuple[int, int], *, colour: bool = True, light: bool = False
) -> str:
    """Return one panel as text of so many columns and rows, its legend among them.

    Without ``colour`` every line has a mark of its own; ``light`` is a light ground.
    """
    columns, rows = size
    colours = (ON_LIGHT if light else COLOURS) if colour else ()
    room = max(rows // _LEGEND_SHARE, 1)
    while True:
        drawn = _draw(panel, columns, rows, colours, True).splitlines()
        below = len(drawn) - rows
        if below <= room or len(panel.lines) == 1:
            break
        # Rather fewer lines than none of them legible.
        panel = replace(panel, lines=panel.lines[:-1])
    if below > 0:
        return _draw(panel, columns, max(rows - below, 3), colours, True)
    return "\n".join(drawn)
