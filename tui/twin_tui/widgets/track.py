"""A tracked cell in words: health, what it dies of, how long it still lives, margins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from twin.formats import bar, percent
from twin.report.tracking import margins_left

SMALLEST = 5


def left_of(document: Mapping[str, Any]) -> str:
    """Return what is left of a tracked cell's life, in a line of a list."""
    if document.get("outside"):
        return f"cycle {document.get('cycle')}: outside the model"
    left = document.get("remaining") or {}
    return f"cycle {document.get('cycle')}: {_range(left, 'p05', 'p95')} left"


def _range(left: Mapping[str, Any], low: str, high: str) -> str:
    ends = ["beyond" if left.get(n) is None else f"{left[n]:.0f}" for n in ("median", low, high)]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def draw_track(view: Mapping[str, Any], width: int) -> Text:
    """Draw the table of a track.

    Parameters
    ----------
    view : mapping
        The document of ``twin track --json``.
    width : int
        Columns there are.
    """
    last = view["checkups"][-1]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{view['cell']}\n", "bold")
    text.append(f"{len(view['checkups']) - 1} check-ups, to cycle {view['cycle']}\n")
    if view["outside"]:
        text.append("! outside the model: no life is like it\n", "yellow")
    elif view["thin"]:
        text.append("! few lives are like it: --refresh\n", "yellow")
    health = last["health"] or {}
    for key, words, factor, unit in (
        ("capacity", "capacity", 100.0, " %"),
        ("resistance", "resistance", 1.0, " x"),
    ):
        if key in health:
            text.append(f"{words:<13}")
            text.append(f"{factor * health[key]['median']:.3g}{unit}\n", "bold")
    left = last["remaining"]
    if left.get("p05") is not None:
        text.append("\nCycles left\n", "bold")
        for words, low, high in (("90 %", "p05", "p95"), ("50 %", "p25", "p75")):
            ends = ["beyond" if left[n] is None else f"{left[n]:.0f}" for n in (low, high)]
            text.append(f"{words:<13}{ends[0]} to {ends[1]}\n")
        text.append(f"{'median':<13}")
        text.append("beyond\n" if left["median"] is None else f"{left['median']:.0f}\n", "bold")
    if last["modes"]:
        text.append("\nDies of\n", "bold")
        for mode, share in list(last["modes"].items())[:4]:
            text.append(f"{mode[:13]:<14}{bar(share)} {percent(share, 0)}\n")
    if last["margins"]:
        text.append("\nSmallest margins\n", "bold")
        room = max(width - 9, 10)  # the bar beside it takes two
        for name, margin in margins_left(last)[:SMALLEST]:
            text.append(f"{name[:room]:<{room}} {margin['median']:5.2f}\n")
    text.append(f"\nlibrary {view['library']}, {view['lives']} lives\n", "dim")
    for one in view["told"]:
        text.append(f"{one}\n", "dim")
    return text
