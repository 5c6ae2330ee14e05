"""The figure of an attribution: shares of the losses, and what two modes do together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.report.figures import PALETTE, figure_target, save_figure

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


def plot_attribution(document: Mapping[str, Any], path: str | Path | None = None) -> Figure:
    """Draw the shares of each loss as bars, and the pairs' interactions below.

    Parameters
    ----------
    document : mapping
        As ``twin attribute --json`` prints it.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    target = None if path is None else figure_target(path)
    modes = list(document["modes"])
    paired = len(modes) > 1
    heights = [0.9 + 0.34 * len(modes), 0.9 + 0.2 * len(modes) * (len(modes) - 1) / 2]
    heights = heights if paired else heights[:1]
    figure = Figure(figsize=(10.2, 0.6 + sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(heights), 3, squeeze=False, height_ratios=heights)
    for column, (key, title, factor, unit, form) in enumerate(_LOSSES):
        loss = document["losses"][key]
        _bars(axes[0][column], modes, loss, factor, form)
        total = form.format(factor * loss["all"]["total"])
        axes[0][column].set_title(f"{title}: {total} {unit}", fontsize=10)
        axes[0][column].set_xlabel(f"Share of each mode / {unit}", fontsize=9)
        if column:
            axes[0][column].set_yticklabels([])
        if paired:
            _pairs(axes[1][column], loss["all"], factor, form)
            axes[1][column].set_xlabel(f"Interaction of two / {unit}", fontsize=9)
            if column:
                axes[1][column].set_yticklabels([])
    axes[0][0].legend(fontsize=8, frameon=False)
    life = document["life"]
    ended = f"dies in cycle {life}" if life else f"lives beyond {document['cycles']} cycles"
    head = f"{document['cell']}, {ended}; losses in cycle {document['compared_in_cycle']}"
    figure.suptitle(f"{head} against the cell without these modes", fontsize=11)
    if target is not None:
        save_figure(figure, target)
    return figure


def _bars(axes: Axes, modes: list[str], loss: Mapping[str, Any], factor: float, form: str) -> None:
    places = range(len(modes))
    whole = [factor * loss["all"]["by_mode"][mode] for mode in modes]
    if "cycling" in loss:
        # Two bars in one slot: parts of unlike sign cannot be stacked.
        for offset, part, colour, label in (
            (-0.2, "first_cycle", PALETTE[4], "in the first cycle"),
            (0.2, "cycling", PALETTE[0], "by cycling"),
        ):
            values = [factor * loss[part]["by_mode"][mode] for mode in modes]
            axes.barh([p + offset for p in places], values, 0.4, color=colour, label=label)
    else:
        axes.barh(list(places), whole, 0.7, color=PALETTE[0])
    _dress(axes, modes, whole, form)


def _pairs(axes: Axes, split: Mapping[str, Any], factor: float, form: str) -> None:
    names = [" × ".join(pair["modes"]) for pair in split["interactions"]]
    values = [factor * pair["value"] for pair in split["interactions"]]
    axes.barh(range(len(names)), values, 0.7, color=PALETTE[1])
    # What is small beside the loss is drawn as such.
    least = _LEAST * factor * abs(split["total"])
    if max(map(abs, values)) < least:
        axes.set_xlim(-least, least)
    _dress(axes, names, values, form)


def _dress(axes: Axes, names: list[str], values: list[float], form: str) -> None:
    """Label bars, with the numbers in a column on the right where no bar reaches."""
    from matplotlib.ticker import MaxNLocator

    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    low, high = axes.get_xlim()
    largest = max(map(abs, values), default=0.0)
    if largest == 0:
        low, high = -1.0, 1.0
    axes.set_xlim(low, high + 0.28 * (high - low))
    for place, value in enumerate(values):
        text = form.format(value) if abs(value) > 1e-6 * largest else "0"
        axes.annotate(
            text, (0.985, place), xycoords=("axes fraction", "data"), ha="right", va="center",
            fontsize=8,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
