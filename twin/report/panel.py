"""A panel: labelled lines on a pair of axes, not yet drawn by anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """One labelled line; ``rank`` (0 to 1) orders the lines of a sequence of cycles.

    ``dots`` are points that no line joins: what was measured or simulated, beside what was fitted.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    rank: float | None = None
    dots: bool = False


@dataclass(frozen=True)
class Mark:
    """A point with a word beside it: a frequency on an arc, the end of a life."""

    x: float
    y: float
    text: str
    dot: bool = True


@dataclass(frozen=True)
class Panel:
    """One set of axes.

    Attributes
    ----------
    key : str
        Its name on the command line.
    title, x_label, y_label : str
        In words, with units.
    lines : tuple of Line
        What is drawn; empty if the run has none of it.
    log : bool
        Whether the vertical axis is logarithmic.
    y_range : tuple
        Ends of the vertical axis; None leaves one to the data.
    span : float
        The least length of the vertical axis, as a share of the largest value, so that
        rounding does not look like ageing.
    log_x : bool
        Whether the horizontal axis is logarithmic.
    equal : bool
        Whether both axes have the same scale, as Nyquist's.
    marked : bool
        Whether every point has a mark.
    death : int or None
        The cycle in which the cell died, where the axis counts cycles.
    missing : str
        Why there are no lines.
    marks : tuple of Mark
        Points with a word beside them.
    verticals : tuple of (float, str)
        Where an upright line stands, and what it is.
    include : tuple of float
        Values that the vertical axis shows in any case.
    labelled : bool
        Whether a line that is alone is labelled too.
    """

    key: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log: bool = False
    y_range: tuple[float | None, float | None] = (None, None)
    span: float = 0.0
    death: int | None = None
    missing: str = "the run has no finished cycle"
    log_x: bool = False
    equal: bool = False
    marked: bool = False
    marks: tuple[Mark, ...] = ()
    verticals: tuple[tuple[float, str], ...] = ()
    include: tuple[float, ...] = ()
    labelled: bool = False

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The ends of the vertical axis as far as the panel fixes them."""
        values = [y for line in self.lines for y in line.y if math.isfinite(y)]
        if self.log or not values:
            return None, None
        low, high = self.y_range
        shown = [*values, *self.include]
        least, most = min(shown), max(shown)
        if self.include and low is None and high is None:
            room = 0.05 * (most - least)
            return least - room, most + room
        if low is None and high is None and most - least < self.span * abs(most):
            middle, half = (least + most) / 2, self.span * abs(most) / 2
            return middle - half, middle + half
        if low == 0.0 and high is None:
            return 0.0, 1.06 * most if most > 0 else 1.0
        return low, high

    def to_dict(self) -> dict[str, Any]:
        """Return the panel as plain data."""
        return {
            "panel": self.key,
            "title": self.title,
            "x": self.x_label,
            "y": self.y_label,
            "lines": [
                {"label": line.label, "x": list(line.x), "y": list(line.y)} for line in self.lines
            ],
        }
