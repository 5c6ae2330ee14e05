"""A figure that a notebook shows wherever it stands last in a cell, with no magic before it."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

from twin.visible import visible

DPI = 144


class ShownFigure(Figure):
    """A Matplotlib figure that gives itself as a picture when it is asked for one.

    Its words are drawn as they are: a dollar sign in somebody's title begins no formula, and a
    control character is a picture of one (an SVG that held it would be no XML).
    """

    def draw(self, renderer: Any) -> None:
        """Draw the figure."""
        numbers = {id(words) for axis in self.findobj(Axis) for words in _numbers(axis)}
        for words in self.findobj(Text):
            own = id(words) in numbers
            words.set_parse_math(own)
            if not own:
                words.set_text(visible(words.get_text()))
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        """Return the figure as PNG."""
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=DPI, facecolor=self.get_facecolor())
        return picture.getvalue()


def _numbers(axis: Axis) -> list[Text]:
    """Return the labels of an axis that Matplotlib itself writes, powers of ten as formulas."""
    texts = [axis.offsetText]
    for formatter, ticks in (
        (axis.get_major_formatter(), axis.majorTicks),
        (axis.get_minor_formatter(), axis.minorTicks),
    ):
        if isinstance(formatter, LogFormatter | ScalarFormatter):
            texts += [label for tick in ticks for label in (tick.label1, tick.label2)]
    return texts
