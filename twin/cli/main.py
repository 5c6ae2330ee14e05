"""The entry point ``twin``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from twin import garbage, interrupts
from twin.cli import faults, logs, passwords, streams
from twin.cli.options import Common
from twin.cli.session import Session


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``twin``; the process's own by default.
    """
    if arguments is None:  # else somebody else's process
        passwords.hide()
        garbage.collect_rarely()
    words = list(sys.argv[1:] if arguments is None else arguments)
    with streams.tolerant():
        logs.configure(words)
        with interrupts.remembered():
            return _run(words)


def _run(words: list[str]) -> int:
    try:
        from twin.cli.app import root_command

        result = root_command(words).main(args=words, prog_name="twin", standalone_mode=False)
        streams.check_written(sys.stdout)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else faults.BUG
    except (Exception, KeyboardInterrupt) as error:
        return faults.report(error, Session(_as_typed(words)))
    return result if isinstance(result, int) else faults.DONE


def _as_typed(words: list[str]) -> Common:
    """Return the common options of a command line that could not be read as a whole."""
    before = set(words[: words.index("--")] if "--" in words else words)
    return Common(json="--json" in before, verbose=bool({"--verbose", "-v"} & before))
