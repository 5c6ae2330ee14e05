"""A panel drawn with characters, redrawn in a thread whenever it or its room changes."""

from __future__ import annotations

import threading
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
    """

    class Drawn(Message):
        """The drawing is done."""

        def __init__(self, text: Text):
            super().__init__()
            self.text = text

    def __init__(self, missing: str = "", **more: Any):
        super().__init__(missing, **more)
        self.panel: Any = None
        self._drawn: tuple[int, tuple[int, int]] | None = None

    def show_panel(self, panel: Any) -> None:
        """Show another panel; None leaves a remark."""
        self.panel = panel
        self._drawn = None
        self._redraw()

    def say(self, text: str) -> None:
        """Show words in place of a panel."""
        self.panel = None
        self.update(text)

    def on_resize(self, _: events.Resize) -> None:
        """Draw it for its new room."""
        self._redraw()

    def _redraw(self) -> None:
        size = (self.content_size.width, self.content_size.height)
        if self.panel is None or not self.panel.lines or min(size) < 4:
            return
        if self._drawn == (id(self.panel), size):
            return
        self._drawn = (id(self.panel), size)
        panel = self.panel

        def draw() -> None:
            from twin.api.pictures import draw_panel

            with _one_at_a_time:
                self.post_message(self.Drawn(Text.from_ansi(draw_panel(panel, size))))

        self.run_worker(draw, thread=True, exclusive=True, exit_on_error=False, group="drawing")

    def on_chart_drawn(self, message: Chart.Drawn) -> None:
        """Put the drawing on the screen."""
        message.stop()
        if self.panel is not None:
            self.update(message.text)
