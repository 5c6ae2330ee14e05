"""A run drawn with characters in the terminal."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from twin.report.panel import Panel
from twin.report.panels import SUMMARY, panels, title_of
from twin.report.view import RunView
from twin.visible import visible

WIDTH, HEIGHT = 80, 24
_NARROWEST, _LOWEST = 40, 10
# Every line has a mark of its own, so that colour is never the only difference.
MARKS = ("braille", "●", "x", "+", "▲", "o")
PLAIN_MARKS = ("*", "x", "+", "o", "#", "@")
_PLAIN = str.maketrans(
    {**dict.fromkeys("┌┐└┘┬┴├┤┼", "+"), "─": "-", "│": "|", "²": "2", "Ω": "ohm"}
)
_SHOWN = {"braille": "⠒"}
_LEGEND_SHARE = 5
"""A small drawing gives at most this part of its rows to the legend."""
COLOURS = ("blue+", "orange+", "green+", "magenta+", "cyan+", "white")


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
    parts += [_draw(panel, columns, height, colour, fancy) for panel in shown]
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


def _draw(panel: Panel, columns: int, rows: int, colour: bool, fancy: bool) -> str:
    marks = MARKS if fancy else PLAIN_MARKS
    with _plotter() as plt:
        plt.limit_size(False, False)
        plt.plot_size(columns, rows)
        plt.theme("clear")
        for index, line in enumerate(panel.lines):
            how: dict[str, Any] = {"marker": marks[index % len(marks)]}
            if colour:
                how["color"] = COLOURS[index % len(COLOURS)]
            draw = plt.scatter if line.dots else plt.plot
            # plotext's own logarithmic axis has numbers like 31622.8.
            places = [math.log10(x) for x in line.x] if panel.log_x else line.x
            for x, y in _pieces(places, line.y, positive=panel.log):
                draw(x, y, **how)
        if panel.log:
            plt.yscale("log")
        if panel.log_x:
            _decades(plt, panel)
        _limits(plt, panel)
        if panel.death is not None:
            plt.vline(panel.death, "red" if colour else None)
        plt.title(visible(panel.title))
        plt.xlabel(panel.x_label)
        plt.ylabel(visible(panel.y_label))
        text: str = plt.build()
        if not colour:
            text = plt.uncolorize(text)
        legend = _legend(plt, panel, columns, marks, colour)
    return "\n".join([*(line.rstrip() for line in text.splitlines()), *legend])


def _legend(
    plt: Any, panel: Panel, columns: int, marks: Sequence[str], colour: bool
) -> Iterator[str]:
    """Yield the legend below the axes, where it covers nothing."""
    entries = []
    if len(panel.lines) > 1:
        for index, line in enumerate(panel.lines):
            mark = _SHOWN.get(marks[index % len(marks)], marks[index % len(marks)])
            shown = plt.colorize(mark, COLOURS[index % len(COLOURS)]) if colour else mark
            entries.append((len(line.label) + 2, f"{shown} {visible(line.label)}"))
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


def _decades(plt: Any, panel: Panel) -> None:
    """Put whole powers of ten on the horizontal axis."""
    places = [math.log10(x) for line in panel.lines for x in line.x]
    first, last = math.ceil(min(places) - 1e-9), math.floor(max(places) + 1e-9)
    ticks = list(range(first, last + 1, max(1, round((last - first) / 8))))
    plt.xticks(ticks, [f"1e{tick}" for tick in ticks])


def _limits(plt: Any, panel: Panel) -> None:
    low, high = panel.limits
    values = [y for line in panel.lines for y in line.y if math.isfinite(y)]
    if values and not panel.log:
        low = min(values) if low is None else low
        high = max(values) if high is None else high
        if high - low < 1e-9 * max(abs(high), abs(low), 1e-9):  # a level line
            low, high = low - 0.05 * abs(low) - 1e-9, high + 0.05 * abs(high) + 1e-9
        plt.ylim(low, high)
    if panel.x_label == "Cycle":
        cycles = [x for line in panel.lines for x in line.x]
        first, last = min(cycles), max(max(cycles), panel.death or 0)
        if first == last:
            plt.xlim(first - 1, last + 1)
        step = max(1, round((last - first) / 8))
        plt.xticks(list(range(int(first), int(last) + 1, step)))


def draw_panel(panel: Panel, size: tuple[int, int], *, colour: bool = True) -> str:
    """Return one panel as text of so many columns and rows, its legend among them."""
    columns, rows = size
    room = max(rows // _LEGEND_SHARE, 1)
    while True:
        drawn = _draw(panel, columns, rows, colour, True).splitlines()
        below = len(drawn) - rows
        if below <= room or len(panel.lines) == 1:
            break
        # Rather fewer lines than none of them legible.
        panel = replace(panel, lines=panel.lines[:-1])
    if below > 0:
        return _draw(panel, columns, max(rows - below, 3), colour, True)
    return "\n".join(drawn)
