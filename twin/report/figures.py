"""Figures of a run with Matplotlib, drawn without a display and without global state."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin import files
from twin.errors import InputError
from twin.report.panel import Panel
from twin.report.panels import SUMMARY, panels, title_of
from twin.report.view import RunView
from twin.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
# Okabe and Ito's colours, told apart by colour-blind readers too; yellow is too pale
# for a line on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), "-")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FEW_POINTS = 30
CROWD, HEADROOM = 4, 1.4
"""So many lines leave no free corner for the legend: it gets room above them."""
_SIZE = (3.9, 3.1)
_LEGEND_LINE = 0.16
"""Height of a line of a legend below the axes [inch]."""


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


def plot_panels(shown: Sequence[Panel], title: str, path: str | Path | None = None) -> Figure:
    """Draw panels under a title, and save the figure if a path is given.

    Raises
    ------
    InputError
        If the file's format is not known.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    target = None if path is None else figure_target(path)
    columns = _columns(len(shown))
    rows = -(-len(shown) // columns)
    size = (6.4, 4.4) if len(shown) == 1 else (_SIZE[0] * columns, _SIZE[1] * rows + 0.4)
    most = max((len(panel.lines) for panel in shown if _below(panel)), default=0)
    size = (size[0], size[1] + _LEGEND_LINE * most * rows)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(_places(figure, len(shown)), shown, strict=True):
        _draw(axes, panel)
    figure.suptitle(title, fontsize=11, parse_math=False)
    if target is not None:
        save_figure(figure, target)
    return figure


def _below(panel: Panel) -> bool:
    """Return whether a panel's legend stands below it: a log scale has no room above."""
    return panel.log and len(panel.lines) > CROWD


def save_figure(figure: Figure, target: Path, dpi: int = 150) -> None:
    """Save a figure in the format that the file's name tells.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    from matplotlib.text import Text

    for words in figure.findobj(Text):
        words.set_text(visible(words.get_text()))  # an SVG with control characters is no XML
    with files.whole(target) as part:
        figure.savefig(part, dpi=dpi, format=target.suffix.lower().removeprefix("."))


def figure_target(path: str | Path, formats: Sequence[str] = FORMATS) -> Path:
    """Return where a figure of one of some formats is to be saved.

    Raises
    ------
    InputError
        If the file's format is not known, or it cannot be written: better told before the
        work than after it.
    """
    target = Path(path).expanduser()
    if target.suffix.lower().removeprefix(".") not in formats:
        raise InputError(
            f"a figure cannot be saved as {target.suffix or 'a file without a suffix'!r}",
            file=str(path),
            fix=f"end the name in .{', .'.join(formats)}",
        )
    files.check_target(target)
    return target


def _columns(count: int) -> int:
    """Return how many panels stand in a row: three, but four in two rows, and eight too."""
    return 2 if count == 4 else min(count, 3 if count <= 6 else 4)


def _places(figure: Figure, count: int) -> list[Axes]:
    """Return axes row by row; a shorter last row fills the width."""
    columns = _columns(count)
    rows = -(-count // columns)
    # As few parts as both a full row and the last one divide into.
    parts = math.lcm(columns, count - columns * (rows - 1))
    grid = figure.add_gridspec(rows, parts)
    places = []
    for row in range(rows):
        here = min(columns, count - row * columns)
        width = parts // here
        places += [grid[row, width * i : width * (i + 1)] for i in range(here)]
    return [figure.add_subplot(place) for place in places]


def _draw(axes: Axes, panel: Panel) -> None:
    from matplotlib import colormaps
    from matplotlib.ticker import MaxNLocator

    styles = zip(itertools.cycle(PALETTE), itertools.cycle(DASHES), itertools.cycle(MARKERS))
    for line, (colour, dash, marker) in zip(panel.lines, styles, strict=False):
        few = panel.marked or (panel.x_label == "Cycle" and len(line.x) <= FEW_POINTS)
        axes.plot(
            line.x,
            line.y,
            label=line.label,
            # Cycles are a sequence: one scale from dark to light, legible in grey too.
            color=colormaps["viridis"](0.88 * line.rank) if line.rank is not None else colour,
            linestyle="" if line.dots else "-" if line.rank is not None else dash,
            linewidth=1.4,
            marker=marker if few or line.dots else None,
            markersize=3.5,
        )
    if panel.log:
        axes.set_yscale("log")
    if panel.log_x:
        axes.set_xscale("log")
    if panel.equal:
        axes.set_aspect("equal", adjustable="datalim")
    low, high = panel.limits
    crowded = len(panel.lines) >= CROWD and low == 0.0 and high is not None
    axes.set_ylim(low, HEADROOM * high if crowded and high is not None else high)
    axes.set_title(panel.title, fontsize=10)
    axes.set_xlabel(panel.x_label, fontsize=9)
    axes.set_ylabel(panel.y_label, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.ticklabel_format(axis="y", useOffset=False) if not panel.log else None
    axes.grid(visible=True, color="0.9", linewidth=0.6)
    if panel.x_label == "Cycle":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
        cycles = {x for line in panel.lines for x in line.x} | {panel.death or panel.lines[0].x[0]}
        if len(cycles) == 1:
            (only,) = cycles
            axes.set_xlim(only - 0.5, only + 0.5)
    if panel.key == "margins":
        axes.axhline(0, color="0.3", linewidth=0.8)
    if panel.death is not None:
        axes.axvline(panel.death, color="0.3", linestyle=":", linewidth=1.4, label="death")
    if len(panel.lines) > 1 or panel.death is not None or panel.lines[0].rank is not None:
        where: dict[str, Any] = {"loc": "upper center", "ncols": 2} if crowded else {"loc": "best"}
        if _below(panel):
            where = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 5}
        axes.legend(fontsize=7, framealpha=0.85, handlelength=2.6, columnspacing=1.2, **where)
