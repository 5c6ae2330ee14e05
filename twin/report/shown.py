"""A figure that a notebook shows wherever it stands last in a cell, with no magic before it."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

DPI = 144


class ShownFigure(Figure):
    """A Matplotlib figure that gives itself as a picture when it is asked for one."""

    def _repr_png_(self) -> bytes:
        """Return the figure as PNG."""
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=DPI, facecolor=self.get_facecolor())
        return picture.getvalue()
