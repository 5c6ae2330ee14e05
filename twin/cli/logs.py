"""What is logged, where, and what is kept off the screen."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from twin.visible import visible

_SUNDIALS = ("SUNLOGGER_ERROR_FILENAME", "SUNLOGGER_WARNING_FILENAME")


class _ToStderr(logging.StreamHandler[Any]):
    """Writes to whatever stderr is at the moment, so that a progress line can make way."""

    @property
    def stream(self) -> object:
        return sys.stderr

    @stream.setter
    def stream(self, value: object) -> None:
        """Ignore the stream the base class would keep."""


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(f"{record.levelname.lower()}: {super().format(record)}")


def configure(arguments: Sequence[str]) -> None:
    """Set logging up before anything else happens, from the command line as it was typed.

    Without ``--verbose``: the twin's own warnings; nothing of PyBaMM's, NumPy's or
    SUNDIALS', because what goes wrong there comes back as a typed outcome that carries
    their message. SUNDIALS writes from C, past ``sys.stderr``; its documented
    environment variables are the one safe way to quiet it (redirecting the file
    descriptor would also swallow what other threads and plugins have to say).
    """
    words = _before_double_dash(arguments)
    verbose = bool({"--verbose", "-v"} & words)
    quiet = bool({"--quiet", "-q"} & words)
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _ToStderr)]:
        root.removeHandler(handler)
    handler = _ToStderr()
    handler.setFormatter(_Plain("%(name)s: %(message)s" if verbose else "%(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING if verbose else logging.CRITICAL)
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING
    logging.getLogger("twin").setLevel(level)
    logging.captureWarnings(True)
    pybamm = logging.getLogger("pybamm.logger")
    pybamm.propagate = False  # it brings a handler of its own
    pybamm.filters.clear()
    if not verbose:
        # A filter, because PyBaMM sets its level when it is imported.
        pybamm.addFilter(lambda record: False)
        for name in _SUNDIALS:
            os.environ.setdefault(name, os.devnull)


def _before_double_dash(arguments: Sequence[str]) -> set[str]:
    words = list(arguments)
    return set(words[: words.index("--")] if "--" in words else words)
