"""A panel, redrawn in a thread whenever it or its room changes.

It is drawn with characters, or, in a terminal that shows pictures, as one
(:mod:`twin_tui.widgets.images`).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

_one_at_a_time = threading.Lock()


class Chart(Static):
    """One set of axes.

    Parameters
    ----------
    missing : str
        What to say while there is nothing to draw.
    """

    DEFAULT_CSS = """
    Chart { height: 1fr; width: 1fr; min-height: 6; min-width: 20; }
    Chart > .picture { height: 100%; width: 100%; }
    """

    class Drawn(Message):
        """The drawing is done (or there is only something to say).

        Where there is a ``picture`` (a PNG), it stands for the text.
        """

        def __init__(self, panel: Any, text: Text, picture: bytes | None = None):
            super().__init__()
            self.panel, self.text, self.picture = panel, text, picture

    def __init__(self, missing: str = "", **more: Any):
        super().__init__(missing, **more)
        self.panel: Any = None
        self._make: Callable[[], Any] | None = None
        self._drawn: tuple[int, int] | None = None
        self._picture: Any = None

    def show_panel(self, panel: Any) -> None:
        """Show another panel."""
        self.show_made(lambda: panel)

    def show_made(self, make: Callable[[], Any]) -> None:
        """Show the panel that a function makes, in the thread that draws it."""
        self._make = make
        self._anew()

    def say(self, text: str) -> None:
        """Show words in place of a panel."""
        self.panel = self._make = None
        self._put(Text(text), None)

    def on_mount(self) -> None:
        """Draw in other colours on another ground."""
        self.watch(self.app, "theme", self._anew, init=False)

    def _anew(self) -> None:
        self._drawn = None
        self._redraw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw it for its new room."""
        self._redraw()

    def _redraw(self) -> None:
        size = (self.content_size.width, self.content_size.height)
        if self._make is None or min(size) < 4 or self._drawn == size:
            return
        self._drawn = size
        make, colour = self._make, not self.app.no_color
        light = not self.app.current_theme.dark
        images = getattr(self.app, "images", None) if colour else None

        def draw() -> None:
            from twin import InputError
            from twin.report.pictures import draw_panel, panel_picture

            picture = None
            with _one_at_a_time:
                try:
                    panel = make()
                    if images is not None and panel is not None:
                        picture = panel_picture(
                            panel, images.pixels(size), letter=images.cell[1], light=light
                        )
                    text = Text.from_ansi(draw_panel(panel, size, colour=colour, light=light))
                except InputError as error:  # the run has nothing of the kind (yet)
                    panel, text = None, Text(error.problem.message)
                except Exception as error:
                    panel, text = None, Text(f"cannot be drawn: {type(error).__name__}: {error}")
            self.post_message(self.Drawn(panel, text, picture))

        self.run_worker(draw, thread=True, exclusive=True, exit_on_error=False, group="drawing")

    def on_chart_drawn(self, message: Chart.Drawn) -> None:
        """Put the drawing on the screen."""
        message.stop()
        if self._make is not None:
            self.panel = message.panel
            self._put(message.text, message.picture)

    def _put(self, text: Text, picture: bytes | None) -> None:
        """Put words on the screen, or a picture over them."""
        self.update(text if picture is None else "")
        if picture is None:
            if self._picture is not None:
                self._picture.remove()
                self._picture = None
            return
        if self._picture is None:
            self._picture = self.app.images.widget()  # type: ignore[attr-defined]
            self._picture.add_class("picture")
            self.mount(self._picture)
        self._picture.image = io.BytesIO(picture)
