"""The entry point ``twin``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from twin import garbage, interrupts
from twin.cli import faults, logs
from twin.cli.options import Common
from twin.cli.session import Session, discard


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``twin``; the process's own by default.
    """
    if arguments is None:  # else somebody else's process
        garbage.collect_rarely()
    words = list(sys.argv[1:] if arguments is None else arguments)
    # A stream closed from outside (>&-) is None; what goes there is not wanted.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        _tolerant(stream)
    logs.configure(words)
    with interrupts.remembered():
        code = _run(words)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            discard(stream)
    return code


def _run(words: list[str]) -> int:
    out = sys.stdout
    try:
        from twin.cli.app import root_command

        result = root_command().main(args=words, prog_name="twin", standalone_mode=False)
    except BrokenPipeError:
        return faults.DONE
    except SystemExit as stop:
        if sys.stdout is not out:  # how Typer leaves when the reader of its help has gone
            discard(out)
            return faults.DONE
        return stop.code if isinstance(stop.code, int) else faults.BUG
    except (Exception, KeyboardInterrupt) as error:
        return faults.report(error, Session(_as_typed(words)))
    return result if isinstance(result, int) else faults.DONE


def _as_typed(words: list[str]) -> Common:
    """Return the common options of a command line that could not be read as a whole."""
    before = set(words[: words.index("--")] if "--" in words else words)
    return Common(json="--json" in before, verbose=bool({"--verbose", "-v"} & before))


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _tolerant(stream: TextIO) -> None:
    """Let a stream replace what its encoding lacks instead of failing on it."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
