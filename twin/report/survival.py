"""The figure of a forecast: what cells die of and when, and how their capacity fades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.report.figures import DASHES, PALETTE, figure_target, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_forecast(
    document: Mapping[str, Any],
    members: Sequence[Any],
    path: str | Path | None = None,
    levels: Mapping[str, Sequence[float | None]] | None = None,
) -> Figure:
    """Draw cumulative incidences with 90 % bands, and the capacity fan of those alive.

    Parameters
    ----------
    document : mapping
        As ``twin forecast --json`` prints it.
    members : sequence of Member
        The members, for the fan.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    levels : mapping, optional
        The fan itself (``cycle``, ``p05`` and so on) where it is not of members.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from twin.uncertainty.survival import fan

    target = None if path is None else figure_target(path)
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    horizon = document["cycles"]
    for (mode, curve), colour, dash in zip(
        document["incidence"].items(), PALETTE, DASHES, strict=False
    ):
        n, p = np.array([*curve, [horizon, curve[-1][1]]], dtype=float).T
        left.step(n, 100 * p, where="post", color=colour, linestyle=dash, label=mode)
        bands = document["incidence_bands"][mode]
        if bands["low"] and bands["high"]:
            a, low = np.array(bands["low"], dtype=float).T
            b, high = np.array(bands["high"], dtype=float).T
            if len(a) == len(b):
                left.fill_between(
                    a, 100 * low, 100 * high, step="post", color=colour, alpha=0.15, linewidth=0
                )
    left.set(xlim=(0, horizon), ylim=(0, 100), xlabel="Cycle", ylabel="Dead of it by then / %")
    left.set_title("Cumulative incidence, 90 % bands", fontsize=10)
    if document["incidence"]:
        left.legend(fontsize=8, frameon=False)
    if levels:
        cycles = np.array(levels["cycle"], dtype=float)
    else:
        cycles = np.unique(np.round(np.linspace(1, horizon, 200)))
        levels = fan(members, cycles)
    drawn = {k: np.array(v, dtype=float) * 100 for k, v in levels.items()}
    for low, high, shade, label in (("p05", "p95", 0.15, "90 %"), ("p25", "p75", 0.3, "50 %")):
        right.fill_between(
            cycles, drawn[low], drawn[high], color=PALETTE[0], alpha=shade, label=label
        )
    right.plot(cycles, drawn["median"], color=PALETTE[0], label="median")
    lowest = np.nanmin(drawn["p05"]) if np.isfinite(drawn["p05"]).any() else 0.0
    right.set_ylim(min(lowest - 1, 95), 101)  # a capacity that hardly moves is drawn as such
    right.set(xlim=(0, horizon), xlabel="Cycle", ylabel="Capacity of those alive / %")
    right.set_title("Capacity against the first cycle", fontsize=10)
    right.legend(fontsize=8, frameon=False)
    median = document["median_life"]
    life = f"median life {median} cycles" if median else f"most live {horizon} cycles"
    figure.suptitle(f"{document['cell']}: {document['samples']} cells, {life}", fontsize=11)
    if target is not None:
        save_figure(figure, target)
    return figure
