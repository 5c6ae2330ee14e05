"""The figure of a forecast: what cells die of and when, and how their capacity fades."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.report.figures import label_lines
from twin.report.panel import Line
from twin.report.style import (
    DASHES,
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

STEADY = 1e-6
"""Capacities that differ by no more than this share are one."""
DECADES = 30.0
"""Deaths that lie further apart than this factor go on a logarithmic axis."""


def plot_forecast(
    document: Mapping[str, Any],
    members: Sequence[Any],
    path: str | Path | None = None,
    levels: Mapping[str, Sequence[float | None]] | None = None,
) -> Figure:
    """Draw cumulative incidences with 90 % bands, and each cell's capacity until it dies.

    Capacities that never move, as those of symmetric cells, have no panel.

    Parameters
    ----------
    document : mapping
        As ``twin forecast --json`` prints it.
    members : sequence of Member
        The members, for their capacities.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    levels : mapping, optional
        The fan itself (``cycle``, ``p05`` and so on) where it is not of members.
    """
    target = None if path is None else figure_target(path)
    fades = levels is not None or _fades(members)
    count = 2 if fades else 1
    width, height = look().panel_size(count)
    side_by_side = look().columns(2) == 2
    shape = (1, count) if side_by_side else (count, 1)
    with new_figure(width * shape[1], 1.1 * height * shape[0], count) as figure:
        places = list(figure.subplots(*shape, squeeze=False).flat)
        _incidences(places[0], document, height)
        if levels:
            _fan(places[1], document, levels)
        elif fades:
            _lives(places[1], document, members, height)
        letters(places)
        head(figure, _title(document))
    if target is not None:
        save_figure(figure, target)
    return figure


def _fades(members: Sequence[Any]) -> bool:
    """Return whether any cell's capacity moves: a symmetric cell passes the charge it is asked."""
    shares = [share for member in members for _, share in member.capacity]
    return not shares or max(shares) - min(shares) > STEADY


def _title(document: Mapping[str, Any]) -> str:
    median = document["median_life"]
    life = f"median life {median} cycles" if median else f"most live {document['cycles']} cycles"
    return f"{document['cell']}: {document['samples']} cells, {life}"


def _incidences(axes: Axes, document: Mapping[str, Any], height: float) -> None:
    """Draw what cells have died of by each cycle; lines and bands both go to the horizon."""
    import numpy as np

    horizon, lines, colours = document["cycles"], [], []
    styles = zip(itertools.cycle(look().palette), itertools.cycle(DASHES))
    deaths = [curve[k][0] for curve in document["incidence"].values() for k in _steps(curve)]
    spread = bool(deaths) and max(deaths) > DECADES * max(min(deaths), 1)
    first = 1 if spread else 0
    for (mode, curve), (colour, dash) in zip(document["incidence"].items(), styles, strict=False):
        n, p = _to_the_end(curve, first, horizon)
        axes.step(n, 100 * p, where="post", color=colour, linestyle=dash, label=mode)
        bands = document["incidence_bands"][mode]
        if bands["low"] and bands["high"]:
            a, low = _to_the_end(bands["low"], first, horizon)
            b, high = _to_the_end(bands["high"], first, horizon)
            if np.array_equal(a, b):
                axes.fill_between(
                    a, 100 * low, 100 * high, step="post", color=colour, alpha=0.15, linewidth=0
                )
        lines.append(Line(mode, n.tolist(), (100 * p).tolist()))
        colours.append(colour)
    if spread:
        axes.set_xscale("log")
        round_ticks(axes.xaxis, first, horizon)
    axes.set(xlim=(first, horizon), ylim=(0, 100), xlabel="Cycle")
    axes.set_ylabel("Died of it by that cycle (%)")
    if lines:
        label_lines(axes, lines, colours, height)
    else:
        says = f"none dies within {horizon} cycles"
        axes.text(0.5, 0.5, says, ha="center", transform=axes.transAxes)


def _steps(curve: Sequence[Sequence[float]]) -> list[int]:
    """Return where a curve steps up: the deaths."""
    return [k for k in range(1, len(curve)) if curve[k][1] > curve[k - 1][1]]


def _to_the_end(curve: Sequence[Sequence[float]], first: int, horizon: int) -> tuple[Any, Any]:
    """Return a curve from the first cycle to the horizon: what holds at its last step holds on."""
    import numpy as np

    points = [[max(n, first), p] for n, p in curve]
    n, p = np.array([*points, [horizon, points[-1][1]]], dtype=float).T
    return n, p


def _fan(
    axes: Axes, document: Mapping[str, Any], levels: Mapping[str, Sequence[float | None]]
) -> None:
    """Draw the bands of a forecast that is not of members, and its median."""
    import numpy as np

    cycles = np.array(levels["cycle"], dtype=float)
    drawn = {k: 100 * np.array(v, dtype=float) for k, v in levels.items() if k != "cycle"}
    tint = look().palette[0]
    for low, high, shade, label in (("p05", "p95", 0.15, "90 %"), ("p25", "p75", 0.3, "50 %")):
        axes.fill_between(
            cycles, drawn[low], drawn[high], color=tint, alpha=shade, label=label, linewidth=0
        )
    axes.plot(cycles, drawn["median"], color=tint, label="median")
    lowest = np.nanmin(drawn["p05"]) if np.isfinite(drawn["p05"]).any() else 0.0
    axes.set_ylim(min(lowest - 1, 95), 101)  # a capacity that hardly moves is drawn as such
    axes.set(xlim=(0, document["cycles"]), xlabel="Cycle", ylabel="Capacity of those alive (%)")
    axes.legend()


def _lives(axes: Axes, document: Mapping[str, Any], members: Sequence[Any], height: float) -> None:
    """Draw the capacity of each cell until it dies, with a cross of its cause's colour there.

    The median of those alive would rise where a bad cell dies: no cell's capacity does.
    """
    causes = dict(zip(document["incidence"], itertools.cycle(look().palette), strict=False))
    horizon, known = document["cycles"], [m for m in members if len(m.capacity) > 1]
    faint = min(1.0, max(0.12, 12 / max(len(known), 1)))
    lowest = 100.0
    for member in known:
        n = [point[0] for point in member.capacity]
        share = [100 * point[1] for point in member.capacity]
        lowest = min([lowest, *share])
        axes.plot(n, share, color=look().ink, alpha=faint, linewidth=0.8)
        if member.cause is not None:
            colour = causes.get(member.cause, look().ink)
            axes.plot(n[-1:], share[-1:], "x", color=colour, markersize=5, clip_on=False)
    dead = sum(member.cause is not None for member in known)
    axes.set(xlim=(0, horizon), xlabel="Cycle", ylim=(min(lowest - 2, 90), 102))
    axes.set_ylabel("Capacity of each cell (% of its first)")
    if dead:
        says = f"x: dies there ({dead} of {len(known)} cells)"
        if early := sum(m.cause is not None and len(m.capacity) < 2 for m in members):
            says += f"\n{early} more before their second cycle"
        axes.annotate(says, (0.02, 0.03), xycoords="axes fraction", fontsize="small")
