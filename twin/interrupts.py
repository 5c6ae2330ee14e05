"""Ctrl-C, remembered.

It is an exception wherever the program happens to be. Raised inside a library that is being
imported, a callback from C or a destructor, it can be swallowed there, and nobody would ever
know that somebody wanted to stop. So the command line also writes it down, and what is long
asks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_asked = threading.Event()


@contextmanager
def remembered() -> Iterator[None]:
    """Write down a Ctrl-C within the block, besides raising it; only in the main thread."""
    _asked.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: Any) -> None:
        _asked.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _asked.clear()


def asked_to_stop() -> bool:
    """Return whether Ctrl-C was pressed, though the exception may have been lost."""
    return _asked.is_set()
