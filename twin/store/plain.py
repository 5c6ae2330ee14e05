"""Plain data that every database takes: no NaN, no NumPy, no NUL characters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import PurePath
from typing import Any

from twin.errors import StoreError

_LARGEST_INTEGER = 2**63 - 1


def plain(value: Any, key: str = "") -> Any:
    """Return ``value`` as data that JSON and PostgreSQL's JSONB both hold.

    Non-finite floats become None (JSON has no NaN); NumPy scalars and arrays become
    Python's; dates, paths and enumerations become text; characters that PostgreSQL
    refuses in text (NUL, lone surrogates) become the replacement character.

    Parameters
    ----------
    value : object
        Any nesting of mappings, sequences and scalars.
    key : str
        The dotted key of ``value``, for the error.

    Raises
    ------
    StoreError
        If something in it is none of these.
    """
    if type(value) is float:  # nearly all there is
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value, key)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {text(str(k)): _below(v, key, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v, f"{key}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [plain(v, key) for v in sorted(value, key=str)]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return text(str(value))
    if hasattr(value, "tolist") and not isinstance(value, type):  # NumPy scalars and arrays
        return plain(value.tolist(), key)
    raise StoreError(
        f"a {type(value).__name__} cannot be stored",
        key=key or None,
        fix="store numbers, text, lists and tables of these",
    )


def _below(value: Any, key: str, name: str) -> Any:
    if type(value) is float:  # spares it a dotted key that only an error would tell
        return value if math.isfinite(value) else None
    return plain(value, f"{key}.{name}" if key else name)


def text(value: str) -> str:
    """Return text without the characters that PostgreSQL refuses."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def number(value: Any, key: str) -> float | None:
    """Return a finite float for a column, or None for None, NaN and infinity.

    Raises
    ------
    StoreError
        If ``value`` is not a number.
    """
    cleaned = plain(value, key)
    if cleaned is None:
        return None
    if isinstance(cleaned, bool | int | float):
        try:
            return float(cleaned)
        except OverflowError:
            return None
    raise StoreError(
        f"{value!r} is not a number", key=key, fix=f"give {key} as a number or leave it out"
    )


def integer(value: Any, key: str) -> int:
    """Return an integer that fits a database's integer column.

    Raises
    ------
    StoreError
        If it is not a whole number or does not fit 64 bits.
    """
    cleaned = plain(value, key)
    if isinstance(cleaned, bool) or not isinstance(cleaned, int):
        raise StoreError(f"{value!r} is not a whole number", key=key, fix="give a whole number")
    if abs(cleaned) > _LARGEST_INTEGER:
        raise StoreError(
            f"{cleaned} does not fit the database's integers",
            key=key,
            fix=f"give a number of at most {_LARGEST_INTEGER}",
        )
    return cleaned
