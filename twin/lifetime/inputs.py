"""Which uncertain numbers can change without building the model again.

A number that only stands as a PyBaMM parameter can be an input of one built model. One
that the twin reads in Python (a threshold, a geometry, a law's constant that PyBaMM takes
as a number) changes the model itself. Which is which is found by trying: the
expressions, the criteria and the other parameters are compared with and without a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np

from twin.engine import criteria
from twin.engine.prepare import build_model
from twin.model.parameters import APPLIED_PRESSURE, parameter_values
from twin.specs.naming import parameter_name
from twin.specs.quantity import Quantity


class Varies(Protocol):
    """A number that can take other values: one with a spread, or one on a range."""

    @property
    def key(self) -> str:
        """Its dotted key."""

    @property
    def quantity(self) -> Quantity:
        """What the cell has there."""

    def value(self, u: np.ndarray) -> np.ndarray:
        """Return the values at points of (0, 1)."""

    def text(self, value: float) -> Any:
        """Return a value as a cell file would give it."""


Item = TypeVar("Item", bound=Varies)
Changed = Callable[[Mapping[str, Any]], Any]
"""A function that returns the cell with some keys changed."""


def split(
    spec: Any, modes: Sequence[Any], model: str, items: Sequence[Item], changed: Changed
) -> tuple[list[Item], list[Item]]:
    """Return the uncertain numbers that can be inputs, and those that need a new build."""
    plain = _print(spec, modes, model)
    pressure = "stack.pressure"  # an input of every model already

    def same(some: Sequence[Item]) -> bool:
        other = changed({i.key: i.text(float(i.value(np.array([0.6]))[0])) for i in some})
        own = {parameter_name(i.key, i.quantity.unit) for i in some}
        if any(i.key == pressure for i in some):
            own.add(APPLIED_PRESSURE)
        return _alike(plain, _print(other, modes, model), own)

    def inputs(some: list[Item]) -> list[Item]:
        if not some or same(some):
            return some
        if len(some) == 1:
            return []
        half = len(some) // 2
        return inputs(some[:half]) + inputs(some[half:])

    free = inputs(list(items))
    return free, [item for item in items if item not in free]


def _print(spec: Any, modes: Sequence[Any], model: str) -> tuple[Any, dict[str, Any]]:
    """Return what a model is made of, without its parameters, and these."""
    built = build_model(spec, modes, model)
    # What counts as fresh only scales a margin, which is zero where it was.
    watched = [replace(w.criterion, fresh=0.0) for w in criteria.gather(built.cell, modes)]
    expressions = {
        str(variable): symbol.id
        for table in (built.rhs, built.algebraic, built.initial_conditions)
        for variable, symbol in table.items()
    }
    events = {event.name: event.expression.id for event in built.events}
    scales = {str(v): (v.scale.id, v.reference.id) for v in built.rhs}
    values = {
        name: value
        for name, value in parameter_values(spec).items()
        if isinstance(value, int | float)
    }
    return (expressions, events, scales, watched, spec.end_of_life), values


def _alike(one: Any, other: Any, own: set[str]) -> bool:
    if one[0] != other[0]:
        return False
    names = (set(one[1]) | set(other[1])) - own
    return all(one[1].get(name) == other[1].get(name) for name in names)
