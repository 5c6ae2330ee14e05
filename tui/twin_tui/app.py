"""The application: screens, settings, runs, and what holds them together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from textual.app import SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter
from textual.screen import Screen

from twin.visible import visible
from twin_tui import pauses
from twin_tui.bench import BenchApp
from twin_tui.colours import ON_DARK, ON_LIGHT
from twin_tui.runs.task import Task
from twin_tui.screens.base import NAMES, BenchScreen
from twin_tui.screens.places import PLACES
from twin_tui.settings import Settings, State, read_settings
from twin_tui.shown import Visible
from twin_tui.widgets.images import Images

REDRAW_S = 0.4
LAST_S = 5.0
"""How long the bench has to leave once its process was told to end [s]."""
READY_AFTER_S, AGAIN_S = 2.0, 0.5
"""When the rest is imported [s]: not before the first screen is there and nobody is at work."""


class Bench(BenchApp):
    """The lab bench.

    Parameters
    ----------
    url : str, optional
        The database; the default one if not given.
    settings, state : Settings, State, optional
        Those of the user's files if not given.
    warm : bool
        Whether to have a worker, and what is imported, ready before it is needed.
    images : Images, optional
        What shows pictures in the terminal; charts are drawn with characters without.
    """

    TITLE = "twin"
    MODES = PLACES
    DEFAULT_MODE = "start"
    COMMAND_PALETTE_DISPLAY = "ctrl+p"
    BINDINGS = [
        *[
            Binding(str(n), f"go('{key}')", name, show=False, id=f"go.{key}")
            for n, (key, name) in enumerate(NAMES.items())
        ],
        Binding("ctrl+t", "light", "Light or dark", show=False, id="bench.light"),
        Binding("q,ctrl+q", "leave", "Quit", key_display="q", id="bench.quit"),
    ]
    CSS = """
    Screen { layout: vertical; }
    .pane { border: round $primary-darken-1; border-title-color: $text-accent; padding: 0 1; }
    .pane:focus-within { border: round $accent; }
    .title { text-style: bold; }
    .hint { color: $text-muted; }
    .problem { color: $text-error; }
    #facts, #says, #text { padding-right: 1; }
    Input { height: 1; border: none; padding: 0; background: $panel; }
    Input:light, TextArea:light, Select:light > SelectCurrent { background: white; }
    Input:focus, Input:light:focus { border: none; background: $primary-muted; }
    Input > .input--placeholder { color: $text-muted; }
    DataTable { height: 1fr; }
    TabbedContent, ContentSwitcher, TabPane { height: 1fr; }
    """

    def __init__(
        self,
        url: str | None = None,
        settings: Settings | None = None,
        state: State | None = None,
        *,
        warm: bool = True,
        images: Images | None = None,
    ):
        here = State.read() if state is None else state
        if here.screen in NAMES:
            # Where the user was; Textual reads it now.
            setattr(self, "DEFAULT_MODE", here.screen)  # noqa: B010
        self._controls_shown = Visible()
        chosen, wrong = read_settings() if settings is None else (settings, None)
        self._wrong_settings = wrong
        self._dirty = False
        super().__init__(url, chosen, here, warm=warm)
        self.images = images if chosen.images else None
        self.ansi_theme_dark, self.ansi_theme_light = ON_DARK, ON_LIGHT

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Show control characters, whatever widget they stand in, and do as Textual does."""
        return [*super().get_line_filters(), self._controls_shown]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text, which may end up in a terminal, with its control characters shown."""
        super().copy_to_clipboard(visible(text))

    def on_mount(self) -> None:
        """Put the user's theme and keys in place."""
        pauses.give_way_soon()
        self.theme = self.state.theme or self.settings.theme
        if self.settings.keymap:
            self.set_keymap(self.settings.keymap)
        if self._wrong_settings:
            self.notify(self._wrong_settings, severity="warning", timeout=10, markup=False)
        self.set_interval(REDRAW_S, self._redraw)
        self._listen_to_signals()
        if self._warm:
            self.set_timer(READY_AFTER_S, self._get_ready)

    def _listen_to_signals(self) -> None:
        """Leave in order, the terminal as it was, whoever ends the process; runs go on."""
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            # Not on Windows, nor where the application is not in the main thread.
            with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), self._told_to_end)

    def _told_to_end(self) -> None:
        if not self.is_headless:
            # Where the terminal is gone, what waits for its keys may never end by itself.
            last = threading.Timer(LAST_S, os._exit, [0])
            last.daemon = True
            last.start()
        self._leave(stop=False)

    def _get_ready(self) -> None:
        """Import the rest when nobody waits for anything."""
        if any(not worker.is_finished for worker in self.workers):
            self.set_timer(AGAIN_S, self._get_ready)
        else:
            # No worker: those hold up who quits meanwhile.
            threading.Thread(target=pauses.get_ready, daemon=True).start()

    def task_changed(self, task: Task) -> None:
        """Mark what is shown as old, and tell that a run or a study is over."""
        self._dirty = True
        if task.over and not task.told:
            task.told = True
            self.notify(
                f"{task.id}: {task.progress()}" if task.state == "finished" else task.last_words,
                title=task.label,
                severity="error" if task.state == "failed" else "information",
                markup=False,
            )

    def _redraw(self) -> None:
        """Show what has changed about the runs, not more often than people can see."""
        if not self._dirty:
            return
        self._dirty = False
        screen = self.screen
        if isinstance(screen, BenchScreen):
            screen.redraw_bar()
            screen.tasks_changed()

    def action_light(self) -> None:
        """Change between a light and a dark theme."""
        self.theme = "textual-dark" if not self.current_theme.dark else "textual-light"

    def action_leave(self) -> None:
        """Quit; ask first what becomes of runs that still go."""
        busy = self.run_queue.busy
        if not busy:
            self._leave(stop=True)
            return
        from twin_tui.screens.dialogs import Choose

        plural = "s are" if len(busy) > 1 else " is"
        waiting = sum(task.state == "waiting" for task in busy)
        queued = f" ({waiting} of them waiting, which would be dropped)" if waiting else ""
        self.push_screen(
            Choose(
                f"{len(busy)} run{plural} not finished{queued}. Every finished cycle is stored "
                "already; `twin resume` (of a forecast or a map: G) goes on from there.",
                [
                    ("stop", "Stop and quit"),
                    ("leave", "Let them go on, quit"),
                    ("stay", "Stay"),
                ],
            ),
            self._left,
        )

    def _left(self, answer: str | None) -> None:
        if answer in ("stop", "leave"):
            self._leave(stop=answer == "stop")

    def _leave(self, *, stop: bool) -> None:
        self.run_queue.close(stop=stop)
        self.keep_state()
        self.exit()

    async def action_quit(self) -> None:
        """Quit as ``q`` does, whoever asks."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Say how to quit: Ctrl-C copies in a field, and does not end what has gone all day."""
        self.notify("q quits, and asks first if runs go", title="Ctrl-C does not quit")

    def on_unmount(self) -> None:
        """Close what is open, however the application ends."""
        self.run_queue.close(stop=False)
        self.twin.close()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Put everything into the command palette."""
        for key, name in NAMES.items():
            yield SystemCommand(
                f"Go to {name}", f"The screen {name}", lambda k=key: self.action_go(k)
            )
        seen = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            # The bench's own have ids; the rest moves cursors and scrolls.
            own = binding.id is not None and not binding.id.startswith("go.")
            if own and binding.description and binding.action not in seen:
                seen.add(binding.action)

                def run(action: str = binding.action, node: Any = active.node) -> None:
                    self.call_later(self.run_action, action, node)

                yield SystemCommand(binding.description, f"the key {binding.key}", run)
        yield from super().get_system_commands(screen)
