"""One exception tree: what happened, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    Attributes
    ----------
    message : str
        What is wrong, and what was expected.
    file : str or None
        The file it was found in.
    key : str or None
        The dotted key, e.g. ``"stack.pressure"``.
    fix : str or None
        What to do about it.
    """

    message: str
    file: str | None = None
    key: str | None = None
    fix: str | None = None

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.key) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text}\n    fix: {self.fix}" if self.fix else text


class TwinError(Exception):
    """Base of every error the twin raises on purpose.

    Parameters
    ----------
    message : str
        What happened.
    file, key, fix : str, optional
        Where it happened and what to do.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        key: str | None = None,
        fix: str | None = None,
    ):
        self.problem = Problem(message, file, key, fix)
        super().__init__(str(self.problem))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem this error carries (one, unless the error is a list)."""
        return (self.problem,)


class InputError(TwinError):
    """Something the user gave cannot be used (exit code 2)."""

    exit_code = 2


class SpecError(InputError):
    """A cell, material, overlay or protocol file has problems: all of them at once."""

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]):
        self._problems = tuple(problems)
        first = self._problems[0]
        super().__init__(first.message, file=first.file, key=first.key, fix=first.fix)
        self.args = ("\n".join(str(p) for p in self._problems),)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem found in the file."""
        return self._problems


class NotFoundError(InputError):
    """A cell, run, mode or protocol of that name does not exist."""


class PluginError(TwinError):
    """A plugin broke its contract with the twin."""

    exit_code = 2


class ModelError(TwinError):
    """The cell and its modes cannot be assembled into a model."""

    exit_code = 2


class StoreError(TwinError):
    """The database could not be read or written."""

    exit_code = 2


class SolverGaveUpError(TwinError):
    """The solver could not go on after every fallback (exit code 3)."""

    exit_code = 3
