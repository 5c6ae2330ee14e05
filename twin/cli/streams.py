"""The standard streams as the command line writes to them: a write that fails ends nothing.

A reader that has gone away, a full disk or a closed terminal is noted where it happens, at
the bottom of the stream, and what is still to come goes nowhere. So progress that cannot be
shown never ends a run, whichever library prints it; a result that cannot be written is told
once, at the end.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter, TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from twin.errors import InputError


class Sink(io.RawIOBase):
    """The bottom of a stream; the first error is kept in ``failure``, and nothing is raised."""

    def __init__(self, stream: TextIOWrapper, raw: io.FileIO):
        self._stream = stream  # kept, as it closes what is below it when it goes
        self._raw = raw
        self.failure: OSError | None = None
        self.told = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the number of the open file."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Return whether a person may be reading."""
        return self._raw.isatty()

    def write(self, data: Any) -> int:
        """Write some of the bytes; all of them count as written once a write has failed."""
        size = memoryview(data).nbytes
        if self.failure is not None:
            return size
        try:
            while (written := self._raw.write(data)) is None:  # a full pipe that will not wait
                select.select([], [self._raw], [])
        except OSError as error:
            self.failure = error
            return size
        return int(written)


@contextmanager
def tolerant() -> Iterator[None]:
    """Let standard output and standard error note what fails, instead of raising it."""
    before = sys.stdout, sys.stderr
    # A stream closed from outside (>&-) is None; what goes there is not wanted.
    sys.stdout = _tolerant(sys.stdout or _nowhere())
    sys.stderr = _tolerant(sys.stderr or _nowhere())
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def check_written(stream: TextIO) -> None:
    """Raise if what was written did not arrive; a reader that has seen enough is no error.

    Raises
    ------
    InputError
        If it did not; once, as nothing more is tried on the stream.
    """
    stream.flush()
    sink = getattr(getattr(stream, "buffer", None), "raw", None)
    if not isinstance(sink, Sink) or sink.told or sink.failure is None:
        return
    sink.told = True
    failure = sink.failure
    if isinstance(failure, BrokenPipeError):
        return
    says = (failure.strerror or str(failure)).lower()
    raise InputError(
        f"cannot write: {says}",
        file="standard output",
        fix="write to another place; what a run has stored is safe (`twin runs`)",
    )


def _tolerant(stream: TextIO) -> TextIO:
    if not isinstance(stream, TextIOWrapper):
        return stream
    # What an encoding lacks is replaced, too.
    stream.reconfigure(errors="backslashreplace")
    raw = getattr(stream.buffer, "raw", stream.buffer)
    if not isinstance(raw, io.FileIO) or isinstance(raw, Sink):
        return stream
    stream.flush()
    return TextIOWrapper(
        BufferedWriter(Sink(stream, raw)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
