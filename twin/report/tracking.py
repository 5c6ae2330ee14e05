"""The figures of a track: health over time, the forecast narrowing, and what the cell dies of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.report.figures import DASHES, MARKERS, PALETTE, figure_target, save_figure
from twin.report.panel import Line, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MODES = 5


def measured_shares(document: Mapping[str, Any], key: str = "capacity") -> list[tuple[int, float]]:
    """Return what was measured, by cycle, as shares of the fresh cell's.

    A capacity that was not told as a share is one of the first that was measured, which is put
    where the first check-up's estimate has it.
    """
    shares: list[tuple[int, float]] = []
    first: float | None = None
    for one in document["checkups"]:
        reading = (one.get("readings") or {}).get(key)
        if reading is None:
            continue
        if reading["share"]:
            shares.append((one["cycle"], reading["value"]))
            continue
        if first is None:
            told = ((one.get("health") or {}).get(key) or {}).get("median")
            first = reading["value"] / (told or 1.0)
        shares.append((one["cycle"], reading["value"] / first))
    return shares


def course_of(document: Mapping[str, Any]) -> str:
    """Return what the course of a track's health is told of: the capacity, or the resistance."""
    return str(document.get("course_of") or "capacity")


def expected_ends(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cycle of death that was expected at each check-up; None beyond the horizon."""
    bands = []
    for one in document["checkups"]:
        left = one["remaining"]
        ends = {
            name: None if left.get(name) is None else one["cycle"] + left[name]
            for name in ("p05", "p25", "median", "p75", "p95")
        }
        bands.append({"cycle": one["cycle"], **ends})
    return bands


def mode_names(document: Mapping[str, Any]) -> list[str]:
    """Return the modes that ever were likely, the most likely at last first."""
    most: dict[str, float] = {}
    for one in document["checkups"]:
        for mode, share in one["modes"].items():
            most[mode] = max(most.get(mode, 0.0), share)
    last = document["checkups"][-1]["modes"]
    ranked = sorted(most, key=lambda mode: (-last.get(mode, 0.0), -most[mode], mode))
    return [mode for mode in ranked if most[mode] >= 0.02][:MOST_MODES]


def margins_left(checkup: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    """Return the margins of a check-up that are not gone, the smallest first.

    What a living cell has crossed for sure is a warning, and kills it no more.
    """
    return [(name, m) for name, m in checkup["margins"].items() if m["p95"] > 0]


def track_panels(document: Mapping[str, Any]) -> list[Panel]:
    """Return a track as panels: health, the death expected, and its modes."""
    return [health_panel(document), narrowing_panel(document), modes_panel(document)]


def health_panel(document: Mapping[str, Any]) -> Panel:
    """Return what was measured of the capacity (or resistance), and its course as expected now."""
    course = document["checkups"][-1].get("course") or {}
    lines = []
    key = course_of(document)
    points = measured_shares(document, key)
    if points:
        lines.append(
            Line("measured", [n for n, _ in points], [100 * v for _, v in points], dots=True)
        )
    for name, label in (("median", "median"), ("p05", "5 %"), ("p95", "95 %")):
        if course:
            values = [math.nan if v is None else 100 * v for v in course[name]]
            lines.append(Line(label, course["cycle"], values))
    return Panel(
        "health",
        f"{key.capitalize()} of those alive",
        "Cycle",
        "Of the fresh cell / %",
        tuple(lines),
        missing=f"the library holds no {key}",
    )


def narrowing_panel(document: Mapping[str, Any]) -> Panel:
    """Return the cycle of death that was expected after each check-up."""
    ends = expected_ends(document)
    horizon = document["cycles"]
    x = [one["cycle"] for one in ends]

    def line(name: str, label: str) -> Line:
        return Line(label, x, [horizon if e[name] is None else e[name] for e in ends])

    lines = (line("median", "median"), line("p05", "5 %"), line("p95", "95 %"))
    title = f"Death expected (drawn to {horizon})"
    return Panel("narrowing", title, "Check-up at cycle", "Cycle of death", lines)


def modes_panel(document: Mapping[str, Any]) -> Panel:
    """Return how likely each mode was to end the cell, after each check-up."""
    x = [one["cycle"] for one in document["checkups"]]
    lines = tuple(
        Line(mode, x, [100 * one["modes"].get(mode, 0.0) for one in document["checkups"]])
        for mode in mode_names(document)
    )
    return Panel(
        "modes", "What it dies of", "Check-up at cycle", "Probability / %", lines,
        y_range=(0.0, 105.0), missing="nothing is known of its death",
    )  # fmt: skip


def plot_track(document: Mapping[str, Any], path: str | Path | None = None) -> Figure:
    """Draw a track: health over time, the forecast narrowing, modes at each check-up.

    Parameters
    ----------
    document : mapping
        As ``twin track --json`` prints it.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from twin.report.shown import ShownFigure

    target = None if path is None else figure_target(path)
    figure = ShownFigure(figsize=(11.4, 3.7), layout="constrained")
    FigureCanvasAgg(figure)
    health, narrowing, modes = figure.subplots(1, 3)
    _draw_health(health, document)
    _draw_narrowing(narrowing, document)
    _draw_modes(modes, document)
    for axes in (health, narrowing, modes):
        axes.tick_params(labelsize=8)
        axes.grid(visible=True, color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    figure.suptitle(title_of(document), fontsize=11)
    if target is not None:
        save_figure(figure, target)
    return figure


def title_of(document: Mapping[str, Any]) -> str:
    """Return a track's title: the cell, where it stands, how long it still lives."""
    if document["outside"]:
        return f"{document['cell']} at cycle {document['cycle']}: outside the model"
    median = document["remaining"]["median"]
    left = f"{median:.0f} cycles left" if median is not None else "outlives the horizon"
    return f"{document['cell']} at cycle {document['cycle']}: {left} (median)"


def _draw_health(axes: Axes, document: Mapping[str, Any]) -> None:
    checkups = [one for one in document["checkups"] if one.get("course")]
    for one, colour, label in _first_and_last(checkups):
        course = one["course"]
        x = course["cycle"]
        bands: Sequence[tuple[str, str, float]] = (("p05", "p95", 0.15), ("p25", "p75", 0.25))
        for low, high, shade in bands:
            axes.fill_between(
                x, _percent(course[low]), _percent(course[high]), color=colour, alpha=shade,
                linewidth=0,
            )  # fmt: skip
        axes.plot(x, _percent(course["median"]), color=colour, linewidth=1.4, label=label)
    key = course_of(document)
    points = measured_shares(document, key)
    if points:
        axes.plot(
            [n for n, _ in points], [100 * v for _, v in points], "o", color="black",
            markersize=4, label="measured",
        )  # fmt: skip
    axes.set_xlabel("Cycle", fontsize=9)
    axes.set_ylabel(f"{key.capitalize()} of the fresh cell's / %", fontsize=9)
    axes.set_title("Health; 50 and 90 % of those alive", fontsize=10)
    rising = key == "resistance"
    axes.legend(fontsize=7, framealpha=0.85, loc="lower right" if rising else "upper right")


def _first_and_last(
    checkups: Sequence[Mapping[str, Any]],
) -> list[tuple[Mapping[str, Any], str, str]]:
    if not checkups:
        return []
    first, last = checkups[0], checkups[-1]
    shown = [(first, "0.55", "expected before the first check-up" if not first["cycle"] else
              f"expected at cycle {first['cycle']}")]  # fmt: skip
    if last is not first:
        shown.append((last, PALETTE[0], f"expected at cycle {last['cycle']}"))
    return shown


def _percent(values: Sequence[float | None]) -> list[float]:
    return [math.nan if v is None else 100 * v for v in values]


def _draw_narrowing(axes: Axes, document: Mapping[str, Any]) -> None:
    ends, horizon = expected_ends(document), document["cycles"]
    x = [one["cycle"] for one in ends]

    def level(name: str) -> list[float]:
        return [horizon if one[name] is None else one[name] for one in ends]

    for low, high, shade, label in (("p05", "p95", 0.15, "90 %"), ("p25", "p75", 0.3, "50 %")):
        axes.fill_between(x, level(low), level(high), color=PALETTE[0], alpha=shade, label=label)
    axes.plot(x, level("median"), "o-", color=PALETTE[0], markersize=3.5, label="median")
    if any(one["p95"] is None for one in ends):
        axes.axhline(horizon, color="0.5", linestyle=":", linewidth=1.0, label="horizon")
    outside = [(n, y) for one, n, y in zip(document["checkups"], x, level("median"), strict=True)
               if one["outside"]]  # fmt: skip
    if outside:
        axes.plot(*zip(*outside, strict=True), "x", color=PALETTE[1], label="outside the model")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Check-up at cycle", fontsize=9)
    axes.set_ylabel("Cycle of death", fontsize=9)
    axes.set_title("Death as expected then", fontsize=10)
    axes.legend(fontsize=7, framealpha=0.85)


def _draw_modes(axes: Axes, document: Mapping[str, Any]) -> None:
    x = [one["cycle"] for one in document["checkups"]]
    for mode, colour, dash, mark in zip(
        mode_names(document), PALETTE, DASHES, MARKERS, strict=False
    ):
        y = [100 * one["modes"].get(mode, 0.0) for one in document["checkups"]]
        axes.plot(x, y, color=colour, linestyle=dash, marker=mark, markersize=3.5, label=mode)
    axes.set_ylim(0, 105)
    axes.set_xlabel("Check-up at cycle", fontsize=9)
    axes.set_ylabel("Probability / %", fontsize=9)
    axes.set_title("What it dies of, if before the horizon", fontsize=10)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, framealpha=0.85)
