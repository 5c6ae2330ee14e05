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
from twin.errors import TwinError
from twin.model.parameters import (
    NOMINAL_CAPACITY,
    built_in,
    nominal_capacity,
    plain_numbers,
)
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
    plain = model_print(spec, modes, model)
    fixed = built_in(spec, build_model(spec, modes, model).default_geometry)

    def own(some: Sequence[Item]) -> set[str]:
        return {parameter_name(i.key, i.quantity.unit) for i in some}

    def other(some: Sequence[Item]) -> Any:
        return changed({i.key: i.text(float(i.value(np.array([0.6]))[0])) for i in some})

    def alone(item: Item) -> bool:
        # Cheap, and spares the search below most of its builds.
        if own([item]) & fixed:
            return False
        try:
            after = numbers(other([item]))
        except TwinError:
            return False
        return _same_but_for(plain[1], after, own([item]))

    def same(some: Sequence[Item]) -> bool:
        try:
            return alike(plain, model_print(other(some), modes, model), own(some))
        except TwinError:
            return False  # they cannot all be changed together

    def inputs(some: list[Item]) -> list[Item]:
        if not some or same(some):
            return some
        if len(some) == 1:
            return []
        half = len(some) // 2
        return inputs(some[:half]) + inputs(some[half:])

    free = inputs([item for item in items if alone(item)])
    return free, [item for item in items if item not in free]


def model_print(spec: Any, modes: Sequence[Any], model: str) -> tuple[Any, dict[str, Any]]:
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
    return (expressions, events, scales, watched, spec.end_of_life), numbers(spec)


def alike(one: Any, other: Any, own: set[str]) -> bool:
    """Return whether two prints differ at most in the parameters named ``own``."""
    return bool(one[0] == other[0]) and _same_but_for(one[1], other[1], own)


def numbers(spec: Any) -> dict[str, float]:
    """Return the plain numbers of a cell, and what its C-rates refer to."""
    return {**plain_numbers(spec), NOMINAL_CAPACITY: nominal_capacity(spec)}


def _same_but_for(one: Mapping[str, Any], other: Mapping[str, Any], own: set[str]) -> bool:
    names = (set(one) | set(other)) - own
    return all(one.get(name) == other.get(name) for name in names)
