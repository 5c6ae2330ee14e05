"""What stands on the bench's screens: control characters of others are shown, not sent."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from twin.visible import visible


class Visible(LineFilter):
    """The last thing that happens to a line: titles, notes and names end up in one somewhere."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return a line's segments with pictures for control characters, no wider than before."""
        if all(text.isascii() and text.isprintable() for text, _, _ in segments):
            return segments
        shown = [
            Segment(text if control else visible(text), style, control)
            for text, style, control in segments
        ]
        wide = sum(cell_len(text) for text, _, control in segments if not control)
        # A picture takes a cell, where what it stands for took none.
        return Segment.adjust_line_length(shown, wide, pad=False)
