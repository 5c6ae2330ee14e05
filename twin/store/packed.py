"""The numbers of a cycle row as bytes, and their names apart from them.

A row has a hundred numbers under long names, and nearly every row of a run has the same
names. So the names are stored once, and each row holds its numbers as IEEE doubles, least
byte first. What is no float (text, whole numbers, lists, missing values) stays JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

Path = list[str]
"""Where a number stands in a row: its key, or the key of a table and its key there."""

_DOUBLES = np.dtype("<f8")


@dataclass(frozen=True)
class Packed:
    """A row's values, taken apart.

    Attributes
    ----------
    names : list of list of str
        Where each number stands.
    numbers : bytes
        The numbers, in the order of the names.
    rest : dict
        Everything else.
    """

    names: list[Path]
    numbers: bytes
    rest: dict[str, Any]

    @property
    def set_hash(self) -> str:
        """The name of the set of names."""
        return _hash(tuple(map(tuple, self.names)))


@lru_cache(maxsize=64)
def _hash(names: tuple[tuple[str, ...], ...]) -> str:
    # One row after the other has the same names.
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16]


def pack(values: Mapping[str, Any]) -> Packed:
    """Take plain values apart: the floats among them, and those in tables one level down."""
    names: list[Path] = []
    numbers: list[float] = []
    rest: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, float):
            names.append([key])
            numbers.append(value)
        elif isinstance(value, Mapping) and value:
            inner = {k: v for k, v in value.items() if not isinstance(v, float)}
            floats = {k: v for k, v in value.items() if isinstance(v, float)}
            names += [[key, k] for k in floats]
            numbers += floats.values()
            if inner:
                rest[key] = inner
        else:
            rest[key] = value
    return Packed(names, np.array(numbers, dtype=_DOUBLES).tobytes(), rest)


def unpack(names: Sequence[Path], numbers: bytes, rest: Mapping[str, Any]) -> dict[str, Any]:
    """Put a row's values together again."""
    row = {key: dict(value) if isinstance(value, Mapping) else value for key, value in rest.items()}
    for path, value in zip(names, np.frombuffer(numbers, dtype=_DOUBLES).tolist(), strict=True):
        if len(path) == 1:
            row[path[0]] = value
        else:
            row.setdefault(path[0], {})[path[1]] = value
    return row
