"""Numbers with their status, and choices: the parameters of a cell and of its modes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from twin.specs.dump import iter_quantities
from twin.specs.quantity import Quantity

UNSTATED = "unstated"
CHOICE = "choice"


@dataclass(frozen=True)
class Parameter:
    """One parameter: its dotted key, its value as written, and where that comes from."""

    key: str
    text: str
    status: str
    spread: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Number:
    """A number of a cell: as written, in its SI unit, and where it was read."""

    key: str
    text: str
    value: float
    unit: str
    status: str | None
    source: str | None
    spread: str | None
    note: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without its key."""
        return {name: value for name, value in asdict(self).items() if name != "key"}


def parameters(table: Any) -> list[Parameter]:
    """Return the parameters of a mode's model, in the order it declares them."""
    rows = [
        Parameter(key, q.text, q.status or UNSTATED, q.spread, q.source)
        for key, q in iter_quantities(table)
    ]
    rows += [Parameter(key, text, CHOICE) for key, text in _choices(table)]
    order = {key: index for index, key in enumerate(_keys(table))}
    return sorted(rows, key=lambda p: order.get(p.key, len(order)))


def _choices(node: Any) -> Iterator[tuple[str, str]]:
    """Yield what is no number with a unit: laws chosen, switches."""
    for key, value in _leaves(node):
        if not isinstance(value, Quantity) and value is not None:
            yield key, str(value)


def _keys(node: Any) -> Iterator[str]:
    return (key for key, _ in _leaves(node))


def _leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(node).model_fields:
        value = getattr(node, name)
        dotted = f"{key}.{name}" if key else name
        if hasattr(type(value), "model_fields"):
            yield from _leaves(value, dotted)
        else:
            yield dotted, value
