"""Ctrl-C, remembered.

It is an exception wherever the program happens to be. Raised inside a library that is being
imported, a callback from C or a destructor, it can be swallowed there, and nobody would ever
know that somebody wanted to stop. So the command line also writes it down, and what is long
asks.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_asked = threading.Event()
_held = threading.Event()


@contextmanager
def remembered() -> Iterator[None]:
    """Write down a Ctrl-C within the block, besides raising it; only in the main thread.

    To be told to end (SIGTERM), or to lose the terminal (SIGHUP, unless that is ignored, as
    ``nohup`` has it), is the same: what was started is ended, and what is done is kept.
    """
    _asked.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: Any) -> None:
        _asked.set()
        if not _held.is_set():
            raise KeyboardInterrupt

    asks = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]
    heard = [n for n in asks if signal.getsignal(n) is not signal.SIG_IGN or n == signal.SIGINT]
    unraisable = sys.unraisablehook

    def quiet(about: Any) -> None:
        # Lost in a destructor or a callback; it is written down, and asked for.
        if not isinstance(about.exc_value, KeyboardInterrupt):
            unraisable(about)

    before = {number: signal.signal(number, note) for number in dict.fromkeys(heard)}
    sys.unraisablehook = quiet
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked.clear()
        _handled()


def _handled() -> None:
    """Tell Python that a Ctrl-C was dealt with, so that the exit code is the program's.

    Python marks a KeyboardInterrupt that leaves code run from a string, as a dataclass is made
    in an import, as one that nobody handled, and ``python -m`` dies of the signal at its exit,
    whoever caught it. The next code from a string clears the mark: a namedtuple is one.
    """
    namedtuple("_Handled", ())


def asked_to_stop() -> bool:
    """Return whether Ctrl-C was pressed, though the exception may have been lost."""
    return _asked.is_set()


@contextmanager
def put_off() -> Iterator[None]:
    """Keep a Ctrl-C back to the end of the block; what is started in it never gets one.

    It goes to every process of the terminal. Threads and processes inherit what their
    starter keeps back, so a worker lives on until the one that started it ends it.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows keeps no signals back
        yield
        return
    from multiprocessing import resource_tracker

    # It would let the first process that is started have its Ctrl-C back.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    _held.set()  # a thread of some library may take the signal all the same
    try:
        yield
    finally:
        _held.clear()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    raise_if_asked()


def raise_if_asked() -> None:
    """Raise the KeyboardInterrupt of a Ctrl-C again, in case that somebody swallowed it."""
    if asked_to_stop():
        raise KeyboardInterrupt
