"""Progress on stderr: one updating line in a terminal, or a plain one now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from twin.cli.session import Session
from twin.visible import visible

if TYPE_CHECKING:
    from rich.live import Live

PLAIN_EVERY_S = 5.0
LIVE_EVERY_S = 0.1


class LiveLine:
    """A line that tells how work is getting on; never disturbs it.

    Parameters
    ----------
    session : Session
        The command's session.
    what : str
        What is being prepared, for the time before anything is told.
    """

    def __init__(self, session: Session, what: str):
        self.session = session
        self._what = what
        self._stack = ExitStack()
        self._live: Live | None = None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self.session.quiet and sys.stderr.isatty():
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

    def tell(
        self,
        line: Callable[[int, str], str],
        plain: Callable[[], str],
        last: bool = False,
        now: float | None = None,
    ) -> None:
        """Show a line, if it is time to.

        Parameters
        ----------
        line : callable
            Returns it for a terminal of a width and an encoding.
        plain : callable
            Returns it for a file.
        last : bool
            Whether it is the last: a terminal shows that one in any case.
        now : float, optional
            What the clock says [s].
        """
        now = time.monotonic() if now is None else now
        wait = LIVE_EVERY_S if self._live is not None else PLAIN_EVERY_S
        last = last and self._live is not None
        if self.session.quiet or (now - self._last < wait and not last):
            return
        self._last = now
        try:
            if self._live is not None:
                self._redraw(self._live, line)
            else:
                self.session.say(plain())
        except OSError:
            # A terminal that has gone away must not end the work.
            self._live = None

    @staticmethod
    def _redraw(live: Live, line: Callable[[int, str], str]) -> None:
        from rich.text import Text

        told = visible(line(live.console.width, live.console.encoding))
        live.update(Text(told, no_wrap=True, overflow="crop"), refresh=True)
