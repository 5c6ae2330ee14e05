"""Panels of a run, or of several, and their drawing with characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twin.report.panel import Line, Panel
from twin.report.panels import PANELS, SUMMARY, panels
from twin.report.terminal import draw_panel
from twin.report.view import RunView, ending

__all__ = [
    "PANELS",
    "SUMMARY",
    "Line",
    "Panel",
    "RunView",
    "draw_panel",
    "ending",
    "overlaid",
    "panels",
]


def overlaid(runs: Sequence[RunView], what: str) -> Panel | None:
    """Return one panel with the chief line of each run, labelled with its id.

    Parameters
    ----------
    runs : sequence of RunView
        The runs.
    what : str
        A panel over cycles: ``"capacity"``, ``"resistance"``, ``"contact"`` …; of
        ``"margins"`` each run's least is taken.

    Returns
    -------
    Panel or None
        None if no run has anything of the kind.
    """
    from twin.errors import InputError

    drawn: list[tuple[RunView, Panel]] = []
    for run in runs:
        try:
            drawn.append((run, panels(run, what)[0]))
        except InputError:
            continue
    if not drawn:
        return None
    lines = tuple(
        replace(panel.lines[0], label=f"{run.id} {panel.lines[0].label}", rank=None)
        for run, panel in drawn
    )
    first = drawn[0][1]
    return replace(first, lines=lines, death=None, log=any(p.log for _, p in drawn))
