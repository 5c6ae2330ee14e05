"""The progress of an experiment on stderr: share done, rate, and time left."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from twin.cli.formats import bar, duration, percent
from twin.cli.session import Session
from twin.visible import visible

if TYPE_CHECKING:
    from rich.live import Live

PLAIN_EVERY_S = 5.0
LIVE_EVERY_S = 0.1


class Ticker:
    """Tells how far an experiment has come; never disturbs it.

    Parameters
    ----------
    session : Session
        The command's session.
    what : str
        What is being prepared, for the time before the first share.
    """

    def __init__(self, session: Session, what: str):
        self._session = session
        self._what = what
        self._stack = ExitStack()
        self._live: Live | None = None
        self._last = time.monotonic()
        self._first: tuple[float, float] | None = None

    def __enter__(self) -> Self:
        if not self._session.quiet and sys.stderr.isatty():
            from rich.live import Live
            from rich.text import Text

            from twin.cli.page import console_for

            self._live = Live(
                Text(visible(f"assembling {self._what} …"), style="dim"),
                console=console_for(sys.stderr),
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
            )
            self._stack.enter_context(self._live)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def __call__(self, share: float, text: str) -> None:
        """Show the share done, if it is time to."""
        now = time.monotonic()
        if self._first is None and share > 0:  # what came before it was setting up
            self._first = now, share
        wait = LIVE_EVERY_S if self._live is not None else PLAIN_EVERY_S
        if self._session.quiet or now - self._last < wait:
            return
        self._last = now
        try:
            if self._live is not None:
                self._redraw(self._live, share, self._line(share, text, now))
            else:
                self._session.say(self._line(share, text, now))
        except OSError:
            # A terminal that has gone away must not end the experiment.
            self._live = None

    def _line(self, share: float, text: str, now: float) -> str:
        began, before = self._first or (now, share)
        return progress_line(share, text, now - began, before)

    @staticmethod
    def _redraw(live: Live, share: float, told: str) -> None:
        from rich.text import Text

        console = live.console
        line = f"{bar(share, 12, console.encoding)} {told}"
        cut = Text(visible(line[: console.width - 1]), no_wrap=True, overflow="crop")
        live.update(cut, refresh=True)


def progress_line(share: float, text: str, elapsed: float, before: float = 0.0) -> str:
    """Return the share done, its rate, the time left, and what is being done.

    ``before`` is the share that was done ``elapsed`` seconds ago.
    """
    if not before < share <= 1 or elapsed <= 0:
        return text
    rate = (share - before) / elapsed
    left = duration((1 - share) / rate)
    return f"{percent(share, 0)}, {100 * rate:.2g} %/s, {left} left; {text}"
