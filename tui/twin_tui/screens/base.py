"""What every screen of the bench has: a bar of the screens, a foot of keys, questions, help."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from twin import TwinError
from twin_tui.bench import BenchApp

NAMES = {
    "start": "Lab",
    "cells": "Cells",
    "scenario": "Scenario",
    "live": "Live",
    "results": "Results",
    "compare": "Compare",
    "forecast": "Forecast",
    "map": "Map",
    "modes": "Modes",
    "track": "Track",
}

WATCH_EVERY_S = 5.0
"""What others write is looked at again so often [s]."""


def fitting(width: int, current: str) -> list[tuple[str, str]]:
    """Return the screens with their labels, such that all of them stand in one line.

    ``1 Cells`` where there is room, else ``1Cells``, else the longest names are cut; the name
    of the current screen never is.
    """
    names = dict(NAMES)
    gap = " " if sum(len(name) + 3 for name in names.values()) <= width else ""
    while sum(len(name) + 2 + len(gap) for name in names.values()) > width:
        longest = max(names, key=lambda key: (key != current, len(names[key])))
        if longest == current or len(names[longest]) == 1:
            break
        names[longest] = names[longest][:-1]
    return [(key, f"{n}{gap}{name}") for n, (key, name) in enumerate(names.items())]


class Bar(Static):
    """The names of the screens; click one, or press its number."""

    DEFAULT_CSS = """
    Bar { height: 1; background: $panel; color: $foreground; width: 100%; }
    """

    def show(self, current: str, busy: int) -> None:
        """Mark the screen one is on, and say how many runs and studies go (all in 80 columns)."""
        going = f" ▶ {busy}" if busy else ""
        parts = []
        for key, name in fitting(self.app.size.width - len(going), current):
            label = f" [reverse]{name}[/]" if key == current else f" {name}"
            parts.append(f"[@click=app.go('{key}')]{label}[/]")
        self.update("".join(parts) + going)


class Answer(Message):
    """What a question that was asked off the event loop came to."""

    def __init__(self, then: Callable[[Any], None], value: Any, error: BaseException | None):
        super().__init__()
        self.then, self.value, self.error = then, value, error


class BenchScreen(Screen[Any]):
    """A screen of the bench.

    ``KEY`` is its name in the bar (empty for pages on top of one); ``HELP`` says what it is
    for, in words.
    """

    KEY: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]
    VAST: ClassVar[int] = 160
    """From so many columns on a screen is ``-vast`` too, and has room for a figure more."""

    BINDINGS = [
        Binding("f1,question_mark", "help", "Help", key_display="?", id="bench.help"),
    ]

    @property
    def bench(self) -> BenchApp:
        """The application."""
        app = self.app
        assert isinstance(app, BenchApp)
        return app

    def body(self) -> ComposeResult:
        """Yield what stands between the bar and the foot."""
        yield from ()

    def compose(self) -> ComposeResult:
        """Build the screen."""
        yield Bar(id="bar")
        yield from self.body()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Draw the bar."""
        self.redraw_bar()

    def on_resize(self) -> None:
        """Draw the bar for its new room."""
        self.set_class(self.size.width >= self.VAST, "-vast")
        self.redraw_bar()

    def on_screen_resume(self) -> None:
        """Come back to this screen."""
        self.redraw_bar()
        self.resumed()

    def resumed(self) -> None:
        """Do what is to be done when the screen is shown again."""

    def tasks_changed(self) -> None:
        """Show what has changed about the runs and studies that go."""

    def redraw_bar(self) -> None:
        """Draw the bar anew."""
        if self.is_mounted:
            for bar in self.query(Bar):
                bar.show(self.KEY, len(self.bench.run_queue.busy))

    def ask(
        self, question: Callable[[], Any], then: Callable[[Any], None], group: str = "ask"
    ) -> None:
        """Have a question answered in a thread, then go on with the answer.

        A later question of the same group makes an earlier one moot. What goes wrong is
        told in a message.
        """
        moot: list[bool] = []
        for other in self._moot.pop(group, ()):
            other.append(True)
        self._moot[group] = [moot]

        def work() -> None:
            try:
                value, error = question(), None
            except Exception as raised:
                value, error = None, raised
            if not moot:
                self.post_message(Answer(then, value, error))

        self.run_worker(work, thread=True, group=group, exit_on_error=False)

    def __init__(self, **more: Any):
        super().__init__(**more)
        self._moot: dict[str, list[list[bool]]] = {}

    def on_answer(self, answer: Answer) -> None:
        """Go on with an answer, or tell what went wrong."""
        error = answer.error
        if error is None:
            try:
                answer.then(answer.value)
            except Exception as raised:  # a plugin's text, say, that cannot be drawn
                self.log.error(traceback.format_exc())
                error = raised
        if error is not None:
            self.tell_error(error)

    def tell_error(self, error: BaseException) -> None:
        """Show an error as a message."""
        if isinstance(error, TwinError):
            text = "\n".join(str(problem) for problem in error.problems[:3])
        else:
            text = f"{type(error).__name__}: {error}"
        self.notify(text, title="That did not work", severity="error", timeout=10, markup=False)

    def action_help(self) -> None:
        """Explain this screen and its keys."""
        from twin_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.HELP, self.active_bindings))
