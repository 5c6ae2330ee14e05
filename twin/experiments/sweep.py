"""Values of a cell that are swept: ``stack.pressure=1 MPa,2 MPa,5 MPa``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from twin.errors import InputError
from twin.specs.display import shown_unit
from twin.specs.naming import find
from twin.specs.quantity import Quantity
from twin.specs.schema import CellSpec

MOST_POINTS = 1000


@dataclass(frozen=True)
class Sweep:
    """One key and the values it takes."""

    key: str
    values: tuple[str, ...]


def parse_sweeps(texts: Iterable[str]) -> list[Sweep]:
    """Read ``KEY=VALUE,VALUE,…``, once for each key.

    Bare numbers take the unit of the last value, as in ``1,2,5 MPa``.

    Raises
    ------
    InputError
        If a text is no sweep, a key comes twice, or there are too many points.
    """
    sweeps: list[Sweep] = []
    for text in texts:
        key, equals, rest = text.partition("=")
        values = tuple(v.strip() for v in rest.split(",") if v.strip())
        if not equals or not values or not key.strip():
            raise InputError(
                f"{text!r} is no sweep; expected KEY=VALUE,VALUE,…",
                key="sweep",
                fix='write it like --sweep "stack.pressure=1 MPa,2 MPa,5 MPa"',
            )
        if key.strip() in [s.key for s in sweeps]:
            raise InputError(
                f"{key.strip()} is swept twice", key="sweep", fix="give all its values at once"
            )
        sweeps.append(Sweep(key.strip(), _with_last_unit(values)))
    points = 1
    for sweep in sweeps:
        points *= len(sweep.values)
    if points > MOST_POINTS:
        raise InputError(f"the sweep has {points} points", key="sweep", fix="give fewer values")
    return sweeps


def _with_last_unit(values: tuple[str, ...]) -> tuple[str, ...]:
    number, _, unit = values[-1].partition(" ")
    if not unit or not _is_number(number):
        return values
    return tuple(f"{value} {unit}" if _is_number(value) else value for value in values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def combinations(sweeps: Iterable[Sweep]) -> list[dict[str, str]]:
    """Return every combination of the swept values, the last key's values fastest."""
    sweeps = list(sweeps)
    return [
        dict(zip([s.key for s in sweeps], values, strict=True))
        for values in itertools.product(*(s.values for s in sweeps))
    ]


def shown(spec: CellSpec, key: str) -> tuple[float | None, str]:
    """Return a swept quantity as it is shown: number and unit (None for no number)."""
    try:
        value: Any = find(spec, key)
    except KeyError:
        return None, ""
    if not isinstance(value, Quantity):
        value = getattr(value, "value", None)  # a constant law
    if not isinstance(value, Quantity):
        return None, ""
    unit, factor, offset = shown_unit(value.unit)
    return round(factor * value.si + offset, 9), unit


def described(at: Mapping[str, str]) -> str:
    """Return a point of a sweep in a line."""
    return ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in at.items())
