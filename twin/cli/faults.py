"""Errors as people and scripts see them: text on stderr or one document, and a code."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from twin import interrupts
from twin.cli.session import Session, as_json, write
from twin.errors import Problem, TwinError
from twin.visible import visible

log = logging.getLogger("twin.cli")

_WRONG_PATH = (
    FileNotFoundError,
    FileExistsError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
)
_WRONG_NAME = (errno.ENAMETOOLONG, errno.ELOOP, errno.EILSEQ, errno.EINVAL)
DONE, BUG, BAD_INPUT, GAVE_UP, DIFFERS, INTERRUPTED = 0, 1, 2, 3, 4, 130


def problems_of(error: BaseException) -> tuple[tuple[Problem, ...], int]:
    """Return what to tell the user of an exception, and the exit code."""
    if isinstance(error, TwinError):
        return error.problems, error.exit_code
    if isinstance(error, KeyboardInterrupt):
        problem = Problem("interrupted", fix="what was finished is kept; see `twin runs`")
        return (problem,), INTERRUPTED
    if is_usage(error):
        return (usage_problem(error),), BAD_INPUT
    if isinstance(error, OSError) and error.filename is not None:
        wrong = isinstance(error, _WRONG_PATH) or error.errno in _WRONG_NAME
        says = (error.strerror or str(error)).lower()
        problem = Problem(says, str(error.filename), fix="check the path and its permissions")
        return (problem,), BAD_INPUT if wrong else BUG
    first = (str(error).strip() or "no message").splitlines()[0]
    problem = Problem(
        f"this is a bug: {type(error).__name__}: {first}",
        fix="report it with what --verbose shows",
    )
    return (problem,), BUG


def is_usage(error: BaseException) -> bool:
    """Return whether the command line itself was wrong.

    Typer's exceptions are known by what they can do: some of its releases bring the
    classes themselves, others take them from click.
    """
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def usage_problem(error: Any) -> Problem:
    """Return a mistake on the command line, and the help that would have prevented it."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "twin"
    return Problem(str(error.format_message()).strip(), fix=f"see `{path} --help`")


def document(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the error document: the first problem, and all of them."""
    every = as_data(problems)
    return {"error": {**every[0], "problems": every}}


def as_data(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as plain data."""
    return [
        {"message": p.message, "file": p.file, "key": p.key, "fix": p.fix or None, "line": _line(p)}
        for p in problems
    ]


def report(error: BaseException, session: Session) -> int:
    """Tell the user, and return the exit code.

    What follows from a Ctrl-C that some library swallowed, half an import, say, is no error
    of its own.
    """
    if interrupts.asked_to_stop() and not isinstance(error, KeyboardInterrupt):
        log.debug("after Ctrl-C: %s: %s", type(error).__name__, error)
        error = KeyboardInterrupt()
    problems, code = problems_of(error)
    if code == BUG and session.common.verbose:
        write(sys.stderr, visible("".join(traceback.format_exception(error))))
    if session.wants_json:
        write(session.out, as_json(document(problems), session.out))
    write(sys.stderr, visible(text(problems)))
    return code


def _line(problem: Problem) -> int | None:
    from twin.specs.lines import line_of

    return line_of(problem.file, problem.key)


def _with_line(problem: Problem) -> str:
    """Return a problem with the line of its file, where the key can be found there."""
    line = _line(problem)
    return str(problem if line is None else replace(problem, file=f"{problem.file}:{line}"))


def text(problems: Sequence[Problem]) -> str:
    """Return problems as lines for the terminal."""
    lines = [f"error: {_with_line(problem)}" for problem in problems]
    if len(problems) > 1:
        lines.append(f"{len(problems)} problems")
    return "\n".join(lines) + "\n"
