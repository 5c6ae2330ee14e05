"""Charts as pictures, in terminals that show pictures (sixel, or kitty's protocol).

`textual-image` draws them. It is under the LGPL, so it is no dependency but an extra,
``pip install 'sodium-cell-twin[images]'``: where it is missing, or the terminal shows none,
charts are drawn with characters as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from textual.widget import Widget


@dataclass(frozen=True)
class Images:
    """What shows pictures in a terminal.

    Attributes
    ----------
    kind : type of Widget
        The widget that does, with an ``image``.
    cell : tuple of int
        The width and the height of a character [pixels].
    """

    kind: type[Widget]
    cell: tuple[int, int]

    def pixels(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return how many pixels there are in so many columns and rows."""
        return size[0] * self.cell[0], size[1] * self.cell[1]

    def widget(self) -> Any:
        """Return a widget for a picture: what it sends is the picture, not to be made visible."""
        widget = self.kind()
        own = widget.compose

        def compose() -> Iterator[Widget]:
            for child in own():
                yield _as_it_is(child)

        widget.compose = compose  # type: ignore[method-assign]
        return _as_it_is(widget)


def _as_it_is(widget: Widget) -> Widget:
    """Return a widget whose lines go to the terminal as they are (:mod:`twin_tui.shown`)."""
    widget.get_line_filters = list  # type: ignore[method-assign]
    return widget


def images_here() -> Images | None:
    """Return what shows pictures in the terminal at hand; None where nothing does.

    The terminal is asked: before Textual has it.
    """
    try:
        from textual_image import widget
        from textual_image._terminal import get_cell_size
        from textual_image.renderable import Image, SixelImage, TGPImage
    except Exception:  # not installed, or a terminal that it cannot talk to
        return None
    kinds: dict[Any, Any] = {SixelImage: widget.SixelImage, TGPImage: widget.TGPImage}
    if Image not in kinds:
        return None
    width, height = get_cell_size()
    return Images(kinds[Image], (width, height))
