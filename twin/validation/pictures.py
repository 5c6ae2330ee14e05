"""Pictures of the published cases: each row of a case, and simulated against measured of all.

A case's picture has a strip a row, on an axis of its own: what the tolerance lets pass is shaded,
the measured value is a bar, the simulated one a dot (filled: within; a diamond: missed; open:
predicted). What is a word or an order stands there as words. Above them are the measured curves
of the case, as dots, with the simulated ones laid over them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.formats import short, typeset
from twin.report.figures import plot_panels
from twin.report.panel import Line as Points
from twin.report.panel import Panel
from twin.report.style import figures_folder, look, new_figure, save_figure
from twin.validation.line import MISSED, WITHIN
from twin.validation.parity import parity
from twin.validation.tolerance import parse_tolerance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twin.validation.line import Line
    from twin.validation.parity import Parity

_FEW = 2
"""With fewer numbers there is nothing to draw."""
_STRIP = 0.42
"""Height of a row [inch]."""
_FOOT = 0.35
_DECADES = 20.0
"""Values that span more than this factor stand on a logarithmic axis."""
_CURVES, _ABREAST = 1.75, 3
"""Height of a row of curves [inch], and how many stand in one."""
_MANY = 40
"""More measured points than these have smaller dots."""
_WORDS, _NUMBERS = 0.37, 0.63
"""Where the strips begin and end, as shares of the figure's width."""


def save_pictures(lines: Sequence[Line], folder: str | Path, suffix: str = ".svg") -> list[Path]:
    """Draw a picture of each case, and one of all, into a folder; return their files.

    Raises
    ------
    InputError
        If they cannot be written there.
    """
    target = figures_folder(folder)
    drawn = {case: case_picture(list(rows)) for case, rows in groupby(lines, lambda x: x.case)}
    if panels := parity_panels(lines):
        drawn["parity"] = plot_panels(panels, "Published cells: simulated against measured")
    files = []
    for name, figure in drawn.items():
        files.append(target / f"{name}{suffix}")
        save_figure(figure, files[-1])
    return files


def case_picture(lines: Sequence[Line]) -> Figure:
    """Return the picture of one case: measured and simulated curves, and a strip a row."""
    count = len(lines)
    curved = [line for line in lines if line.curve is not None]
    strips = _STRIP * count + _FOOT
    height = strips + _CURVES * -(-len(curved) // _ABREAST)
    with new_figure(look().width(2), height, 2) as figure:
        figure.set_layout_engine("none")
        _curves(figure, curved, strips / height)
        for row, line in enumerate(lines):
            bottom = (_FOOT + _STRIP * (count - 1 - row)) / height
            _row(figure, line, bottom, _STRIP / height)
        _key(figure, height)
    return figure


def _curves(figure: Figure, lines: Sequence[Line], foot: float) -> None:
    """Draw the curves above the strips, all on the same axes."""
    if not lines:
        return
    rows = -(-len(lines) // _ABREAST)
    tall = (1 - foot) / rows
    size = 0.92 * look().font(2)
    curves = [line.curve for line in lines if line.curve is not None]
    most = max(max([*c.measured_x, *c.simulated_x]) for c in curves)
    heights = [y for c in curves for y in (*c.measured_y, *c.simulated_y)]
    room = 0.05 * (max(heights) - min(heights))
    for number, (line, curve) in enumerate(zip(lines, curves, strict=True)):
        across, down = number % _ABREAST, number // _ABREAST
        bottom = 1 - tall * (down + 1)
        box = (0.07 + 0.31 * across, bottom + 0.24 * tall, 0.27, 0.62 * tall)
        axes = figure.add_axes(box)
        dot = 2.6 if len(curve.measured_x) <= _MANY else 1.2
        axes.plot(curve.measured_x, curve.measured_y, "o", color=look().ink, ms=dot)
        axes.plot(curve.simulated_x, curve.simulated_y, color=look().palette[0])
        axes.set_xlim(0, 1.03 * most)
        axes.set_ylim(min(heights) - room, max(heights) + room)
        axes.tick_params(labelsize=0.9 * size)
        unit = typeset(curve.unit)
        axes.set_xlabel(f"Charge ({unit})", fontsize=size, labelpad=1)
        if across:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel("Voltage (V)", fontsize=size)
        axes.set_title(_cut(line.says.partition(", rms")[0], 30), fontsize=size, pad=3)
        if not number:
            blue = look().word_colour(look().palette[0])
            for words, place, colour in (("measured", 0.2, look().ink), ("simulated", 0.08, blue)):
                axes.text(0.04, place, words, transform=axes.transAxes, color=colour, fontsize=size)


def _row(figure: Figure, line: Line, bottom: float, tall: float) -> None:
    middle = bottom + tall / 2
    size = 0.92 * look().font(2)
    unit = typeset(line.unit or "")
    says = {WITHIN: "within", MISSED: "missed"}.get(line.status, "predicted")
    number = isinstance(line.simulated, float) and math.isfinite(line.simulated)
    figure.text(0.01, middle, _cut(line.says), va="center", fontsize=size, parse_math=False)
    figure.text(
        _NUMBERS + 0.015 if number else _WORDS,
        middle,
        f"{_value(line.measured)} | {_value(line.simulated)} {unit}\u2002{says}".strip(),
        va="center",
        fontsize=size,
        fontweight="bold" if line.status == MISSED else "normal",
        parse_math=False,
    )
    if not number:
        return
    axes = figure.add_axes((_WORDS, bottom + 0.22 * tall, _NUMBERS - _WORDS, 0.56 * tall))
    _strip(axes, line)


def _strip(axes: Axes, line: Line) -> None:
    assert isinstance(line.simulated, float)
    simulated = line.simulated
    axes.grid(visible=False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)
    measured = line.measured if isinstance(line.measured, float) else None
    low, high = passes(line.tolerance, measured)
    asked = (measured, simulated, low, high, line.low, line.high)
    shown = [value for value in asked if value is not None and math.isfinite(value)]
    least, most = min(shown), max(shown)
    if least > 0 and most > _DECADES * least:
        axes.set_xscale("log")
        least, most = least / 1.6, most * 1.6
    else:
        room = 0.08 * (most - least) or 0.1 * abs(most) or 1.0
        least, most = least - room, most + room
    axes.set_xlim(least, most)
    axes.set_ylim(-1, 1)
    blue, orange = look().palette[0], look().palette[1]
    if low > -math.inf or high < math.inf:
        axes.axvspan(max(low, least), min(high, most), color=look().ink, alpha=0.13, lw=0)
    if measured is not None:
        axes.plot([measured, measured], [-0.9, 0.9], color=look().ink, lw=1.6)
    if line.low is not None and line.high is not None:
        axes.plot([line.low, line.high], [0, 0], color=blue, lw=1.2)
    colour = orange if line.status == MISSED else blue
    full = line.status == WITHIN
    axes.plot([simulated], [0], "o" if line.status != MISSED else "D", color=colour, ms=5.5,
              mfc=colour if full else "none", mew=1.4, clip_on=False)  # fmt: skip


def passes(tolerance: str | None, measured: float | None) -> tuple[float, float]:
    """Return the ends of what a tolerance lets pass; infinite where there is none."""
    if tolerance is None:
        return -math.inf, math.inf
    return parse_tolerance(tolerance).interval(measured)


def _key(figure: Figure, height: float) -> None:
    size = 0.85 * look().font(2)
    words = "shaded: passes   bar: measured   dot: simulated (diamond: missed)"
    figure.text(0.01, 0.1 / height, words, fontsize=size, va="center")
    ends = _NUMBERS + 0.015
    figure.text(ends, 0.1 / height, "measured | simulated", fontsize=size, va="center")


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else short(value)


def _cut(text: str, most: int = 46) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "\u2026"


def said_error(of: Parity) -> str:
    """Return the median error of a quantity in words."""
    if not math.isfinite(of.error):
        return "no number"
    if of.unit == "factor":
        return f"x {of.error:.2f}"
    return f"{short(of.error)} {of.unit}".strip()


def parity_panels(lines: Sequence[Line]) -> list[Panel]:
    """Return simulated against measured, a panel a quantity.

    What cannot stand on a logarithmic axis (nought) or has no number is counted in the title; a
    quantity of one number is in the table only.
    """
    panels = []
    for of in parity(lines):
        points = [
            (m, s, good)
            for m, s, good in zip(of.measured, of.simulated, of.passed, strict=True)
            if math.isfinite(s) and (not of.logarithmic or min(m, s) > 0)
        ]
        if len(points) < _FEW:
            continue
        ends = [min(min(m, s) for m, s, _ in points), max(max(m, s) for m, s, _ in points)]
        drawn = [Points("as measured", ends, ends)]
        for label, wanted in (("within", True), ("missed", False)):
            some = [(m, s) for m, s, good in points if good is wanted]
            # Drawn even if there is none: colours mean the same in every panel.
            drawn.append(Points(label, [m for m, _ in some], [s for _, s in some], dots=True))
        left = of.numbers - len(points)
        units = sorted({line.unit or "1" for line in lines if _drawn(line, of)})
        shown = typeset(units[0]) if len(units) == 1 else "own units"
        unit = "" if shown == "1" else f" ({shown})"
        title = f"{of.quantity}: median error {said_error(of)}"
        title += f" ({left} not shown)" if left else ""
        panels.append(
            Panel(
                of.quantity,
                title,
                f"Measured {of.quantity}{unit}",
                f"Simulated {of.quantity}{unit}",
                tuple(drawn),
                log=of.logarithmic,
                log_x=of.logarithmic,
            )
        )
    return panels


def _drawn(line: Line, of: Parity) -> bool:
    return line.two_sided and line.role == "compared" and line.quantity == of.quantity


__all__ = ["case_picture", "parity_panels", "passes", "said_error", "save_pictures"]
