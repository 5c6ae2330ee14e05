"""The progress of an experiment on stderr: share done, rate, and time left."""

from __future__ import annotations

import time

from twin.cli.formats import bar, duration, percent
from twin.cli.live_line import LiveLine
from twin.cli.session import Session


class Ticker(LiveLine):
    """Tells how far an experiment has come."""

    def __init__(self, session: Session, what: str):
        super().__init__(session, what)
        self._first: tuple[float, float] | None = None

    def __call__(self, share: float, text: str) -> None:
        """Show the share done, if it is time to."""
        now = time.monotonic()
        if self._first is None and share > 0:  # what came before it was setting up
            self._first = now, share
        began, before = self._first or (now, share)

        def plain() -> str:
            return progress_line(share, text, now - began, before)

        def line(width: int, encoding: str) -> str:
            return f"{bar(share, 12, encoding)} {plain()}"[: width - 1]

        self.tell(line, plain, now=now)


def progress_line(share: float, text: str, elapsed: float, before: float = 0.0) -> str:
    """Return the share done, its rate, the time left, and what is being done.

    ``before`` is the share that was done ``elapsed`` seconds ago.
    """
    if not before < share <= 1 or elapsed <= 0:
        return text
    rate = (share - before) / elapsed
    left = duration((1 - share) / rate)
    return f"{percent(share, 0)}, {100 * rate:.2g} %/s, {left} left; {text}"
