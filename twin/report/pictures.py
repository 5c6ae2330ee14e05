"""Panels of a run, or of several, and their drawing with characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twin.report.panel import Line, Panel
from twin.report.panels import PANELS, SUMMARY, panels
from twin.report.style import Look, drawn_as
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
    "panel_picture",
    "panels",
]


@dataclass(frozen=True)
class _OnScreen(Look):
    """A look for a room of its own [inch]."""

    room: tuple[float, float] = (3.5, 2.5)

    def panel_size(self, panels: int) -> tuple[float, float]:
        """Return the room."""
        return self.room


_POINTS_AN_INCH = 72
_LETTER = 0.7
"""Height of a figure's letters, as a share of a terminal's line."""


def panel_picture(
    panel: Panel, pixels: tuple[int, int], *, letter: int, light: bool = False
) -> bytes:
    """Return a panel as a PNG for a screen, in the style of figures.

    Parameters
    ----------
    panel : Panel
        What is drawn.
    pixels : tuple of int
        How wide and how high it is [pixels].
    letter : int
        The height of a line of words on the screen [pixels].
    light : bool
        Whether the ground is light.
    """
    import io

    from twin.report.figures import plot_panels

    wanted = _OnScreen(style="paper" if light else "dark")
    # Letters of so many points are to be as high as the screen's.
    dpi = _LETTER * letter * _POINTS_AN_INCH / wanted.font(1)
    room = (pixels[0] / dpi, pixels[1] / dpi)
    sink = io.BytesIO()
    with drawn_as(replace(wanted, room=room)):
        plot_panels([panel], "").savefig(sink, format="png", dpi=dpi)
    return sink.getvalue()


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
