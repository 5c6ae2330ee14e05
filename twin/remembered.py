"""What is worked out from a short text again and again, remembered between processes.

One file of the shelf (:mod:`twin.shelf`) holds all that is known of one kind; what is new is
written beside what others have found meanwhile, as the process ends.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Any

from twin import shelf


class Remembered:
    """Plain data by short texts.

    Parameters
    ----------
    kind : str
        What they are, in the file.
    name : callable
        ``name()`` is what the file is kept under; None if nothing is to be.
    is_one : callable
        ``is_one(value)`` says whether something read from the file has the right form.
    most : int
        So many are kept.
    """

    def __init__(
        self,
        kind: str,
        name: Callable[[], str | None],
        is_one: Callable[[Any], bool],
        most: int = 1000,
    ):
        self._kind, self._name, self._is_one, self._most = kind, name, is_one, most
        self.new: dict[str, Any] = {}
        self._kept: dict[str, Any] | None = None

    def get(self, text: str) -> Any:
        """Return what is remembered of a text; None if nothing is."""
        found = self.new.get(text)
        if found is not None:
            return found
        if self._kept is None:
            name = self._name()
            self._kept = {} if name is None else self._read(name)
        return self._kept.get(text)

    def put(self, text: str, value: Any) -> None:
        """Remember something of a text; it is written as the process ends."""
        if not self.new:
            atexit.register(self.keep)
        self.new[text] = value

    def keep(self) -> None:
        """Write what is new to disk, beside what others have found meanwhile."""
        name = self._name()
        if not self.new or name is None:
            return
        every = {**self._read(name), **self.new}
        shelf.keep(name, {self._kind: dict([*every.items()][-self._most :])})

    def forget(self) -> None:
        """Forget what was read from disk."""
        self._kept = None

    def _read(self, name: str) -> dict[str, Any]:
        found = (shelf.recall(name) or {}).get(self._kind)
        if not isinstance(found, dict):
            return {}
        return {text: value for text, value in found.items() if self._is_one(value)}
