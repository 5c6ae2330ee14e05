"""What a validator says is wrong, and the near-miss for a misspelt word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Complaint(ValueError):
    """A value that cannot be used, with what is needed to say so usefully.

    Validators raise it inside pydantic; the loader turns it into a
    :class:`twin.errors.Problem` with the file and the key.

    Parameters
    ----------
    message : str
        What is wrong and what was expected.
    fix : str, optional
        What to do about it.
    keys : tuple of str
        The keys, relative to the validated table, that the complaint is about. Where
        several files had a say, the one that spoke last is blamed.
    missing : str, optional
        A key that should stand beside ``keys`` and does not.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str | None = None,
        keys: tuple[str, ...] = (),
        missing: str | None = None,
    ):
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.keys = keys
        self.missing = missing


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be, if there is one."""
    known = sorted(known)
    by_lower = {name.lower().replace("-", "_"): name for name in known}
    near = get_close_matches(word.lower().replace("-", "_"), by_lower, 1, cutoff=0.6)
    return by_lower[near[0]] if near else None


def one_of(known: Iterable[str], limit: int = 20) -> str:
    """Return ``"a, b, c"``, cut short after ``limit`` words, or ``"none"``."""
    words = sorted(known)
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more or "none"


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return the fix for an unknown word: the near-miss, or ``otherwise``."""
    near = near_miss(word, known)
    return f"did you mean {near!r}?" if near else otherwise
