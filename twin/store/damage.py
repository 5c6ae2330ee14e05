"""Values in a sound database that cannot be read: found where they are read, and named.

One damaged value must not make the others unusable. What a driver cannot turn into a value
comes back as :class:`Unreadable`; :func:`checked` compares each value of a row with its
column. Listings go on with neutral values and say what is damaged; whoever needs the very
value gets an error that names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twin.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Column, RowMapping

FIX = "restore it from a copy of the database; the others can be used as they are"
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    bool: ((bool,), "truth value"),
    int: ((int,), "whole number"),
    float: ((float, int), "number"),
    bytes: ((bytes,), "binary data"),
    datetime: ((datetime,), "moment"),
}
"""What a column of a Python type may hold, and in words."""
_TABLE = (dict,), "table"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What an id may be: it becomes the name of a file, and stands in commands to be copied."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Unreadable:
    """Stands where a stored value should be, with why it is not."""

    why: str


@dataclass(frozen=True)
class Damage:
    """A damaged value: what it belongs to (``"run x, cycle 3"``), its column, and why."""

    of: str
    column: str
    why: str

    def __str__(self) -> str:
        return f"{self.of}: {self.column} is damaged ({self.why})"

    def error(self) -> StoreError:
        """Return the error for those who cannot do without it."""
        return StoreError(f"{self.column} is damaged ({self.why})", key=self.of, fix=FIX)


def from_json(text: Any) -> Any:
    """Return what stored JSON says; an :class:`Unreadable` where it is none."""
    if isinstance(text, Unreadable):
        return text
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return Unreadable("no JSON")


def from_utf8(data: bytes) -> Any:
    """Return stored text; an :class:`Unreadable` where it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Unreadable("no UTF-8 text")


def checked(
    row: Mapping[str, Any] | RowMapping, columns: Mapping[str, Column[Any]], of: str
) -> tuple[dict[str, Any], list[Damage]]:
    """Return a row's values, neutral ones for those that do not fit their columns, and which.

    Parameters
    ----------
    row : mapping
        What was read.
    columns : mapping
        The columns of its keys; a key without one is not looked at.
    of : str
        What the row is, for the damage.
    """
    values: dict[str, Any] = {str(key): value for key, value in row.items()}
    damages = []
    for key, column in columns.items():
        why = _wrong(values[key], column)
        if why is not None:
            damages.append(Damage(of, key, why))
            values[key] = _neutral(column)
    return values, damages


def _wrong(value: Any, column: Column[Any]) -> str | None:
    if value is None:
        return None if column.nullable else "nothing is there"
    if isinstance(value, Unreadable):
        return value.why
    kinds, words = _expected(column)
    fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    if not fits:
        return f"no {words}"
    an_id = column.name == "id" and column.primary_key and isinstance(value, str)
    return "no id" if an_id and not _ID.fullmatch(value) else None


def _expected(column: Column[Any]) -> tuple[tuple[type, ...], str]:
    if column.name == "names":  # the one JSON that is no table
        return (list,), "list"
    kind = column.type
    plain = getattr(kind, "impl_instance", kind)  # of a column that converts its values
    return _KINDS.get(plain.python_type, _TABLE)  # JSON has no type of its own


def _neutral(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    kinds, _ = _expected(column)
    return {str: "?", datetime: _BEGINNING}.get(kinds[0]) or kinds[0]()
