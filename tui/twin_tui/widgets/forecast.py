"""A forecast in words and curves: when the members die, of what, and what that hangs on."""

from __future__ import annotations

import math
from typing import Any

from rich.text import Text

from twin.formats import bar, percent
from twin.report.pictures import Line, Panel

STRONGEST = 5


def draw_forecast(view: dict[str, Any], progress: str, width: int) -> Text:
    """Draw the table of a forecast.

    Parameters
    ----------
    view : dict
        From :func:`twin_tui.runs.views.forecast_view`.
    progress : str
        How far it is, if it still goes.
    width : int
        Columns there are.
    """
    horizon, done = view["cycles"], view["samples"]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{view['cell']}\n", "bold")
    text.append(f"{progress}\n" if progress else "")
    text.append(f"{done} of {view['asked']} members, {view['model']}\nto cycle {horizon}\n")
    if view["failed_members"]:
        text.append(f"! {view['failed_members']} without a result, left out\n", "yellow")
    if view["censored_members"]:
        text.append(f"! {view['censored_members']} followed part of the way\n", "yellow")
    if view["survive"] is None:
        text.append("\nno member is done yet")
        return text
    beyond = f"beyond {horizon}"
    text.append("\n")
    for name, value in (
        ("median life", view["median_life"] or beyond),
        ("5 % dead by", view["p05"] or beyond),
        ("95 % dead by", view["p95"] or beyond),
        ("alive at the end", percent(view["survive"])),
        ("a short by then", percent(view["shorted"])),
    ):
        text.append(f"{name:<17}")
        text.append(f"{value}\n", "bold")
    _causes(text, view, width)
    _sensitivity(text, view, width)
    text.append(f"\nseed {view['seed']}, {view['method']}\n", "dim")
    text.append(f"modes: {', '.join(view['modes'])}\n", "dim")
    if view["rebuilt"]:
        text.append(f"rebuilt for each member: {', '.join(view['rebuilt'])}\n", "dim")
    return text


def _causes(text: Text, view: dict[str, Any], width: int) -> None:
    text.append("\nDied of\n", "bold")
    for name, share in view["criteria"].items():
        mode, _, criterion = name.partition(": ")
        line = f"{bar(share, 6)} {percent(share):>7} {mode}: {criterion}"
        if len(line) > width:
            line = f"{bar(share, 6)} {percent(share):>7} {mode}:\n   {criterion}"
        text.append(f"{line}\n")
    if not view["criteria"]:
        text.append("nothing: all live\n")


def _sensitivity(text: Text, view: dict[str, Any], width: int) -> None:
    if not view["sensitivity"]:
        return
    sensitivity = view["sensitivity"]
    how = " (share of its variance)" if width >= 45 else ""
    text.append(f"\nThe life hangs most on{how}\n", "bold")
    for key, number in list(sensitivity["numbers"].items())[:STRONGEST]:
        arrow = "longer ↑" if (number["rank_correlation"] or 0) > 0 else "shorter ↓"
        own_line = width < 45
        # The end of a key tells most.
        room = max(width - (3 if own_line else 17), 10)
        name = key if len(key) <= room else "…" + key[1 - room :]
        share = f"{number['total']:.2f} {arrow:<9}"
        text.append(share + ("\n  " if own_line else " ") + f"{name}\n")
    text.append(f"the estimate explains {percent(max(sensitivity['explained'], 0.0))}\n", "dim")


def lives_panel(view: dict[str, Any]) -> Panel:
    """Return the capacity of each cell until it dies, and where it dies of what.

    No line is a quantile of those alive: that one rises where a bad cell dies, as no cell does.
    """
    x: list[float] = []
    y: list[float] = []
    ends: dict[str, tuple[list[float], list[float]]] = {
        mode: ([], []) for mode in view["incidence"]
    }
    for life in view["lives"]:
        points = life["capacity"]
        if len(points) < 2:
            continue
        x += [*(n for n, _ in points), math.nan]  # a gap between one life and the next
        y += [*(100 * share for _, share in points), math.nan]
        if life["cause"] in ends:
            at, left = ends[life["cause"]]
            at.append(x[-2])
            left.append(y[-2])
    lines = [Line("each cell", x, y)] if x else []
    lines += [Line(f"dies of {m}", at, left, dots=True) for m, (at, left) in ends.items() if at]
    return Panel(
        "lives",
        "Capacity of each cell",
        "Cycle",
        "Capacity (% of its first)",
        tuple(lines),
        span=0.05,
        missing="no member has lived two cycles yet",
    )


def incidence_panel(view: dict[str, Any]) -> Panel:
    """Return the cumulative incidence of each mode as a panel of steps."""
    lines = []
    for mode, curve in view["incidence"].items():
        x: list[float] = []
        y: list[float] = []
        for cycle, share in [*curve, [view["cycles"], curve[-1][1]]]:
            if y:  # a step: the old height up to here
                x.append(cycle)
                y.append(y[-1])
            x.append(cycle)
            y.append(100 * share)
        lines.append(Line(f"{mode} ({y[-1]:.0f} %)", x, y))
    # The legend names the lines only where there are several.
    alone = f": {lines[0].label}" if len(lines) == 1 else ", by what killed them"
    return Panel(
        "incidence",
        f"Dead by then{alone}",
        "Cycle",
        "Dead (%)",
        tuple(lines),
        y_range=(0.0, None),
    )
