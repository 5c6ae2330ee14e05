"""The figure of a design: every life that was tried, over each number that was varied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.formats import typeset
from twin.report.style import (
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

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_design(document: Mapping[str, Any], path: str | Path | None = None) -> Figure:
    """Draw lives over each number varied, the best one, and the window around it.

    Parameters
    ----------
    document : mapping
        As ``twin design --json`` prints it.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    """
    target = None if path is None else figure_target(path)
    optimum = list(document["optimum"].values())
    width = max(look().width(2), 1.9 + 2.6 * len(optimum))
    with new_figure(width, look().panel_size(2)[1], 2) as figure:
        panels = figure.subplots(1, len(optimum), squeeze=False, sharey=True)[0]
        modes = sorted({p["mode"] for p in document["path"] if p["mode"]})
        for number, (axes, optimum_there) in enumerate(zip(panels, optimum, strict=True)):
            _lives(axes, document, number, modes)
            axes.axvspan(*optimum_there["window"], color=PALETTE[2], alpha=0.15, linewidth=0)
            axes.axvline(optimum_there["value"], color=PALETTE[2])
            if optimum_there["log"]:
                axes.set_xscale("log")
            unit = typeset(optimum_there["unit"] or "")
            axes.set_xlabel(
                f"{optimum_there['words']} ({unit})" if unit else optimum_there["words"]
            )
            axes.axhline(document["cycles"], color=look().ink, linestyle=":", linewidth=1)
        panels[0].set_yscale("log")
        panels[0].set_ylabel("Life (cycles),\nbeyond the horizon projected")
        for axes, optimum_there in zip(panels, optimum, strict=True):
            if optimum_there["log"]:
                round_ticks(axes.xaxis, *axes.get_xlim())
        round_ticks(panels[0].yaxis, *panels[0].get_ylim())
        figure.legend(handles=_legend(document, modes), loc="outside right upper")
        letters(panels)
        life = document["life"] or f"beyond {document['cycles']}"
        head(figure, f"{document['cell']}: best life {life} cycles, by {document['method']}")
    if target is not None:
        save_figure(figure, target)
    return figure


def _style(mode: str | None, modes: list[str]) -> tuple[str, str]:
    if mode is None:
        return "o", "0.45"
    number = modes.index(mode)
    return MARKERS[(number + 1) % len(MARKERS)], PALETTE[number % len(PALETTE)]


def _lives(axes: Axes, document: Mapping[str, Any], number: int, modes: list[str]) -> None:
    for point in document["path"]:
        mark, colour = _style(point["mode"], modes)
        axes.plot(
            point["shown"][number], max(point["projected_life"], 0.1), mark, markersize=4.5,
            color=colour, markerfacecolor=colour if point["allowed"] else "white",
        )  # fmt: skip
    best = max(
        (p for p in document["path"] if p["run"] == document["run"]),
        key=lambda p: p["projected_life"],
    )
    axes.plot(
        best["shown"][number], best["projected_life"], "*", markersize=12,
        color=PALETTE[2], markeredgecolor="white",
    )  # fmt: skip


def _legend(document: Mapping[str, Any], modes: list[str]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def mark(shape: str, colour: str, label: str, **how: Any) -> Any:
        return Line2D([], [], marker=shape, color=colour, linestyle="", label=label, **how)

    handles = [mark(*_style(mode, modes), f"dies of {mode}", markersize=4.5) for mode in modes]
    if any(p["mode"] is None for p in document["path"]):
        handles.append(mark("o", "0.45", f"lives {document['cycles']} cycles", markersize=4.5))
    if not all(p["allowed"] for p in document["path"]):
        handles.append(mark("o", "0.3", "breaks a limit", markerfacecolor="white", markersize=4.5))
    share = document["window_share"]
    handles += [
        mark("*", PALETTE[2], "best", markersize=9),
        Patch(color=PALETTE[2], alpha=0.15, label=f"{100 * share:.0f} % of the best"),
        Line2D([], [], color="0.3", linestyle=":", linewidth=1, label="horizon"),
    ]
    return handles
