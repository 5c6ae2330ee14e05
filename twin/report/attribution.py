"""The figure of an attribution: shares of the losses, and what two modes do together."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.report.style import figure_target, head, look, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Key, title, factor, unit and format of each loss.
_LOSSES = (
    ("capacity_Ah", "Capacity lost", 1e3, "mAh", "{:.3g}"),
    ("resistance_Ohm_m2", "Resistance gained", 1e4, "Ω cm²", "{:.3g}"),
    ("life_cycles", "Life lost", 1.0, "cycles", "{:.3g}"),
)
_LEAST = 0.05
_SEEN, _NOUGHT = 0.01, 1e-3
"""An interaction is shown from this share of a loss on; less than the second is nothing."""
_LETTERS = 13.0
"""So many letters of 8 points stand in an inch."""
_ABOUT = 95
"""Letters in a line of the words below the axes."""


def plot_attribution(document: Mapping[str, Any], path: str | Path | None = None) -> Figure:
    """Draw the shares of each loss as bars, and the pairs' interactions below.

    Parameters
    ----------
    document : mapping
        As ``twin attribute --json`` prints it.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    """
    target = None if path is None else figure_target(path)
    modes = list(document["modes"])
    shown = [loss for loss in _LOSSES if loss[0] != "life_cycles" or document["life"]]
    # A symmetric cell has no capacity to lose: a panel of noughts tells nothing.
    shown = [loss for loss in shown if _any(document["losses"][loss[0]]["all"])] or shown
    pairs = _telling(document, [key for key, *_ in shown])
    scale = look().font(2) / 8
    heights = [scale * (0.9 + 0.34 * len(modes))]
    if pairs:
        heights.append(scale * (0.8 + 0.2 * len(pairs)))
    with new_figure(look().width(2), 0.5 * scale + sum(heights), 2) as figure:
        axes = figure.subplots(len(heights), len(shown), squeeze=False, height_ratios=heights)
        for column, (key, title, factor, unit, form) in enumerate(shown):
            loss, top = document["losses"][key], axes[0][column]
            _bars(top, modes, loss, factor, form)
            total = form.format(factor * loss["all"]["total"])
            least = "at least " if key == "life_cycles" and _open_ended(document) else ""
            top.set_title(f"{title}: {least}{total} {unit}")
            top.set_xlabel(f"Share of each mode ({unit})")
            if pairs:
                _pairs(axes[1][column], pairs, loss["all"], factor, form)
                axes[1][column].set_xlabel(f"Interaction of two ({unit})")
            if column:
                for row in axes:
                    row[column].set_yticklabels([])
        # Below the axes: of six modes, some bar reaches into any corner of them.
        handles, labels = axes[0][0].get_legend_handles_labels()
        letters = int(figure.get_figwidth() * _LETTERS * 8 / look().font(2))
        about = textwrap.fill(_when(document), min(_ABOUT, letters))
        figure.legend(handles, labels, loc="outside lower center", ncols=2, title=about)
        head(figure, f"{document['cell']}: what each mode costs")
    if target is not None:
        save_figure(figure, target)
    return figure


def _any(split: Mapping[str, Any]) -> bool:
    """Return whether anything of a loss was lost, by any mode."""
    return bool(split["total"]) or any(split["by_mode"].values())


def _telling(document: Mapping[str, Any], keys: Sequence[str]) -> list[int]:
    """Return which pairs' interactions can be seen beside any of the losses shown."""
    numbers = set()
    for key in keys:
        split = document["losses"][key]["all"]
        for number, pair in enumerate(split["interactions"]):
            if abs(pair["value"]) > _SEEN * abs(split["total"]):
                numbers.add(number)
    return sorted(numbers)


def _open_ended(document: Mapping[str, Any]) -> bool:
    """Return whether the cell without these modes outlives the horizon."""
    return document["life_without_modes"] is None


def _when(document: Mapping[str, Any]) -> str:
    """Say against what and when the losses are, and what a life beyond the horizon means."""
    life, horizon = document["life"], document["cycles"]
    ended = (
        f"The cell dies in cycle {life}."
        if life
        else f"The cell outlives the horizon of {horizon} cycles, so that no life lost can be seen."
    )
    when = f"Losses in cycle {document['compared_in_cycle']}, against the cell without these modes."
    return f"{when} {ended}"


def _bars(axes: Axes, modes: list[str], loss: Mapping[str, Any], factor: float, form: str) -> None:
    places = range(len(modes))
    whole = [factor * loss["all"]["by_mode"][mode] for mode in modes]
    if "cycling" in loss:
        # Two bars in one slot: parts of unlike sign cannot be stacked.
        for offset, part, colour, label in (
            (-0.2, "first_cycle", look().palette[4], "in the first cycle"),
            (0.2, "cycling", look().palette[0], "by cycling"),
        ):
            values = [factor * loss[part]["by_mode"][mode] for mode in modes]
            axes.barh([p + offset for p in places], values, 0.4, color=colour, label=label)
    else:
        axes.barh(list(places), whole, 0.7, color=look().palette[0])
    _dress(axes, modes, whole, form, abs(factor * loss["all"]["total"]))


def _pairs(
    axes: Axes, chosen: Sequence[int], split: Mapping[str, Any], factor: float, form: str
) -> None:
    pairs = [split["interactions"][number] for number in chosen]
    names = [" × ".join(pair["modes"]) for pair in pairs]
    values = [factor * pair["value"] for pair in pairs]
    axes.barh(range(len(names)), values, 0.7, color=look().palette[1])
    # What is small beside the loss is drawn as such.
    least = _LEAST * factor * abs(split["total"])
    if max(map(abs, values)) < least:
        axes.set_xlim(-least, least)
    _dress(axes, names, values, form, abs(factor * split["total"]))


def _dress(axes: Axes, names: list[str], values: list[float], form: str, total: float) -> None:
    """Label bars, with the numbers in a column on the right where no bar reaches."""
    from matplotlib.ticker import MaxNLocator

    axes.axvline(0, color=look().ink, linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    low, high = axes.get_xlim()
    largest = max(map(abs, values), default=0.0)
    if largest == 0:
        low, high = -1.0, 1.0
    axes.set_xlim(low, high + 0.28 * (high - low))
    for place, value in enumerate(values):
        text = form.format(value) if abs(value) > _NOUGHT * total else "0"
        axes.annotate(
            text, (0.985, place), xycoords=("axes fraction", "data"), ha="right", va="center",
            fontsize="small",
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.grid(visible=False, axis="y")
