"""Figures of a run with Matplotlib, drawn without a display and without global state."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.report.panel import Line, Panel
from twin.report.panels import SUMMARY, panels, title_of
from twin.report.style import (
    DASHES,
    FORMATS,
    MARKERS,
    PALETTE,
    figure_target,
    head,
    letters,
    look,
    new_figure,
    round_ticks,
    save_figure,
)
from twin.report.view import RunView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW_POINTS = 30
SPARSE = 10
"""At most so many points of a line over cycles have a mark, so that lines below it are seen."""
_WRAP, _TITLE = 24, 34
"""A label beside a line, and a title, are broken after so many letters."""
_LINE = 1.22
"""Height of a line of words, in sizes of its letters."""

__all__ = [
    "DASHES",
    "FORMATS",
    "MARKERS",
    "PALETTE",
    "figure_target",
    "label_lines",
    "plot_panels",
    "plot_run",
    "save_figure",
]


def plot_run(run: RunView, path: str | Path | None = None, what: str = SUMMARY) -> Figure:
    """Draw a run, and save the figure if a path is given.

    Parameters
    ----------
    run : RunView
        The run.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    what : str
        ``"summary"`` or the name of one panel.

    Returns
    -------
    Figure
        A Matplotlib figure on its own canvas (a notebook shows it; nothing pops up).

    Raises
    ------
    InputError
        If there is nothing of the kind to show, or the file's format is not known.
    """
    target = None if path is None else figure_target(path)
    return plot_panels(panels(run, what), title_of(run), target)


_LABEL, _WORD, _UPRIGHT = "label", "word", "upright"
"""What the words beside lines, at marked points and above upright lines are known by."""
_APART = 3.0
"""Words above upright lines are so far from each other [pixels]."""
_BEYOND = 0.2
"""Room beyond the end of an impedance, as a share of it."""


def plot_panels(shown: Sequence[Panel], title: str, path: str | Path | None = None) -> Figure:
    """Draw panels, under a title where the look has one; save the figure if a path is given.

    Raises
    ------
    InputError
        If the file's format is not known.
    """
    target = None if path is None else figure_target(path)
    chosen, count = look(), len(shown)
    columns, (width, height) = chosen.columns(count), chosen.panel_size(count)
    rows = -(-count // columns)
    with new_figure(width * columns, height * rows, count) as figure:
        places = _places(figure, count, columns, first_wide=shown[0].equal)
        for axes, panel in zip(places, shown, strict=True):
            _draw(axes, panel, (width, height))
        letters(places)
        head(figure, title)
        for axes, panel in zip(places, shown, strict=True):
            if panel.equal:
                _alike(figure, axes, panel, height)
            if len(panel.verticals) > 1:
                _stagger(figure, axes)
    if target is not None:
        save_figure(figure, target)
    return figure


def _places(figure: Figure, count: int, columns: int, *, first_wide: bool = False) -> list[Axes]:
    """Return axes row by row; a shorter row fills the width: the last, or the first if asked.

    An impedance is wider than it is high, so Nyquist's plot is put where there is width.
    """
    rows = -(-count // columns)
    short = count - columns * (rows - 1)
    # As few parts as both a full row and the short one divide into.
    parts = math.lcm(columns, short)
    grid = figure.add_gridspec(rows, parts)
    places = []
    for row in range(rows):
        here = short if row == (0 if first_wide else rows - 1) else columns
        width = parts // here
        places += [grid[row, width * i : width * (i + 1)] for i in range(here)]
    return [figure.add_subplot(place) for place in places]


def _draw(axes: Axes, panel: Panel, size: tuple[float, float]) -> None:
    colours = _lines(axes, panel)
    _scales(axes, panel)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    if look().title:
        axes.set_title(textwrap.fill(panel.title, _TITLE))
    if panel.key == "margins":
        axes.axhline(0, color=look().ink, linewidth=0.8)
    upright = [*panel.verticals, *([(panel.death, "death")] if panel.death is not None else [])]
    for place, words in upright:
        axes.axvline(place, color=look().ink, linestyle=":", label=words)
        axes.annotate(
            words,
            (place, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize="small",
            label=_UPRIGHT,
            annotation_clip=False,
        )
    _marks(axes, panel)
    if len(panel.lines) > 1 or panel.labelled or panel.lines[0].rank is not None:
        label_lines(axes, panel.lines, colours, size[1])


def _alike(figure: Figure, axes: Axes, panel: Panel, height: float) -> None:
    """Give both axes one scale in the room that the figure's layout leaves them.

    What is to spare is above and to the right, where the words at marked points are.
    """
    (left, right), (foot, top) = axes.get_xlim(), axes.get_ylim()
    for _ in range(2):  # other limits have other numbers, which leave other room
        figure.draw_without_rendering()
        box = axes.get_window_extent()
        scale = max((right - left) / box.width, (top - foot) / box.height)
        axes.set_xlim(left, left + scale * box.width)
        axes.set_ylim(foot, foot + scale * box.height)
    for words in [text for text in axes.texts if text.get_label() == _LABEL]:
        words.remove()
    _thin_out(figure, axes)
    if len(panel.lines) > 1:
        drawn = [line.get_color() for line in axes.get_lines()[: len(panel.lines)]]
        label_lines(axes, panel.lines, drawn, height)


def _stagger(figure: Figure, axes: Axes) -> None:
    """Raise words above upright lines that would touch those to their left."""
    figure.draw_without_rendering()
    points = 72 / figure.dpi
    last: Any = None
    words = [text for text in axes.texts if text.get_label() == _UPRIGHT]
    for one in sorted(words, key=lambda text: text.get_window_extent().x0):
        box = one.get_window_extent()
        if last is not None and box.x0 < last.x1 + _APART and box.y0 < last.y1:
            one.set_position((0, 3 + points * (last.y1 - box.y0)))
            box = one.get_window_extent()
        last = box


def _thin_out(figure: Figure, axes: Axes) -> None:
    """Take out words at marked points that would lie over earlier ones; their dots stay."""
    figure.draw_without_rendering()
    kept: list[Any] = []
    for words in [text for text in axes.texts if text.get_label() == _WORD]:
        box = words.get_window_extent()
        if any(box.overlaps(other) for other in kept):
            words.remove()
        else:
            kept.append(box)


def _marks(axes: Axes, panel: Panel) -> None:
    """Draw the marked points, each with its word on the side where there is room."""
    low, high = axes.get_xlim()
    for mark in panel.marks:
        if mark.dot:
            axes.plot([mark.x], [mark.y], "o", color=look().ink, markersize=2.5, zorder=4)
        right = mark.x > low + 0.7 * (high - low)
        place, side = ((-5, 2), "right") if right else ((5, -3), "left")
        if panel.equal:  # above an arc is outside it, and so is what is right of the last one
            last = mark.x > 0.9 * max(one.x for one in panel.marks)
            place, side = ((4, 1), "left") if last else ((0, 4), "center")
            if not mark.dot:  # an arc's name, above the frequencies on it
                place, side = (0, 14), "center"
        axes.annotate(
            mark.text,
            (mark.x, mark.y),
            xytext=place,
            textcoords="offset points",
            ha=side,
            va="bottom" if right or panel.equal else "top",
            fontsize="small",
            fontstyle="normal" if mark.dot or not panel.equal else "italic",
            label=_WORD,
        )


def _lines(axes: Axes, panel: Panel) -> list[Any]:
    """Draw a panel's lines, and return their colours."""
    colours = []
    styles = zip(itertools.cycle(look().palette), itertools.cycle(DASHES), itertools.cycle(MARKERS))
    for line, (colour, dash, marker) in zip(panel.lines, styles, strict=False):
        few = panel.marked or (panel.x_label == "Cycle" and len(line.x) <= FEW_POINTS)
        # Cycles are a sequence: one scale from dark to light, legible in grey too.
        ranked = line.rank is not None
        chosen = look().ranked(line.rank) if line.rank is not None else colour
        axes.plot(
            line.x,
            line.y,
            label=line.label,
            color=chosen,
            linestyle="" if line.dots else "-" if ranked else dash,
            marker=marker if few or line.dots else None,
            # A mark on every few points, or the lines below them cannot be seen.
            markevery=1 if line.dots or panel.marked else max(1, -(-len(line.x) // SPARSE)),
            markersize=None if not line.dots or len(line.x) <= FEW_POINTS else 2,
        )
        colours.append(chosen)
    return colours


def _scales(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

    if panel.log:
        axes.set_yscale("log")
    if panel.log_x:
        axes.set_xscale("log")
    if panel.equal:
        left, right = axes.get_xlim()  # room for the word at the last point
        axes.set_xlim(left, right + _BEYOND * (right - left))
    axes.set_ylim(*panel.limits)
    for log, side, ends in (
        (panel.log_x, axes.xaxis, axes.get_xlim()),
        (panel.log, axes.yaxis, axes.get_ylim()),
    ):
        if log:
            round_ticks(side, *ends)
    if not panel.log:
        axes.ticklabel_format(axis="y", useOffset=False)
    if panel.x_label == "Cycle":
        axes.xaxis.set_major_locator(
            MaxNLocator(integer=True, nbins=6, min_n_ticks=1, steps=[1, 2, 5, 10])
        )
        cycles = {x for line in panel.lines for x in line.x} | {panel.death or panel.lines[0].x[0]}
        if len(cycles) == 1:
            (only,) = cycles
            axes.set_xlim(only - 0.5, only + 0.5)


def label_lines(axes: Axes, lines: Sequence[Line], colours: Sequence[Any], height: float) -> None:
    """Write each line's label beside its end, in its colour; labels that would meet move apart.

    Parameters
    ----------
    axes : Axes
        Where the lines are drawn, its scales and ends already set.
    lines : sequence of Line
        The lines.
    colours : sequence
        Their colours.
    height : float
        How high the panel is [inch].
    """
    from matplotlib import rcParams

    size = 0.88 * float(rcParams["font.size"])
    room = 72 * 0.8 * height / (_LINE * size)
    foot, top = axes.get_ylim()
    labels = []
    for number, (line, colour) in enumerate(zip(lines, colours, strict=True)):
        ends = [y for y in line.y if math.isfinite(y)]
        if not ends:
            continue
        outside = not foot <= ends[-1] <= top
        words = textwrap.fill(f"{line.label} ({ends[-1]:.3g})" if outside else line.label, _WRAP)
        share = round(_share(axes, ends[-1]), 3)  # lines that end together keep their order
        labels.append((share, -number, words, look().word_colour(colour)))
    labels.sort(reverse=True, key=lambda item: item[:2])
    heights = [(words.count("\n") + 1) / room for _, _, words, _ in labels]
    middles = apart([share for share, *_ in labels], heights)
    for (_, _, words, colour), middle in zip(labels, middles, strict=True):
        axes.annotate(
            words,
            (1, middle),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            color=colour,
            fontsize=size,
            va="center",
            linespacing=_LINE,
            label=_LABEL,
            annotation_clip=False,
        )


def _share(axes: Axes, y: float) -> float:
    """Return how high a value stands on its axis: 0 at the foot, 1 at the top."""
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log":
        if y <= 0 or low <= 0:
            return 0.0
        low, high, y = math.log(low), math.log(high), math.log(y)
    return min(max((y - low) / (high - low), 0.0), 1.0)


def apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return middles as near as can be to those wanted, from the top down, that do not meet.

    Parameters
    ----------
    wanted : sequence of float
        Where each would stand, falling, from 0 to 1.
    heights : sequence of float
        How high each is.
    """
    # Groups of labels that touch, each about the mean of where its labels would stand.
    groups: list[tuple[list[float], list[float]]] = []
    for place, height in zip(wanted, heights, strict=True):
        groups.append(([place], [height]))
        while len(groups) > 1 and _top(*groups[-1]) > _foot(*groups[-2]):
            places, sizes = groups.pop()
            groups[-1][0].extend(places)
            groups[-1][1].extend(sizes)
    moved = []
    for places, sizes in groups:
        top = _top(places, sizes)
        for size in sizes:
            moved.append(top - size / 2)
            top -= size
    return moved


def _top(places: Sequence[float], sizes: Sequence[float]) -> float:
    """Return the upper edge of a group: about the mean, and inside the axes where it fits."""
    whole = sum(sizes)
    top = sum(places) / len(places) + whole / 2
    return max(min(top, max(1.0, whole)), min(whole, 1.0))


def _foot(places: Sequence[float], sizes: Sequence[float]) -> float:
    return _top(places, sizes) - sum(sizes)
