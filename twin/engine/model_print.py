"""What a model is made of, without its parameters: two cells whose prints are alike share a build.

A number that only stands as a PyBaMM parameter can be an input of one built model. One
that the twin reads in Python (a threshold, a geometry, a law's constant that PyBaMM takes
as a number) changes the model itself. Which is which is found by trying: the
expressions, the criteria and the other parameters are compared with and without a change
(:func:`twin.engine.simulator.split`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from twin.engine import criteria
from twin.engine.prepare import build_model
from twin.model.parameters import NOMINAL_CAPACITY, nominal_capacity, plain_numbers
from twin.modes.mode import FailureMode
from twin.specs.schema import CellSpec


def model_print(
    spec: CellSpec, modes: Sequence[FailureMode], model: str
) -> tuple[Any, dict[str, Any]]:
    """Build a model; return what it is made of, without its parameters, and these."""
    return print_of(build_model(spec, modes, model), spec, modes)


def print_of(
    built: Any, spec: CellSpec, modes: Sequence[FailureMode]
) -> tuple[Any, dict[str, Any]]:
    """Return what a built model is made of, without its parameters, and these."""
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
    return bool(one[0] == other[0]) and same_but_for(one[1], other[1], own)


def numbers(spec: CellSpec) -> dict[str, float]:
    """Return the plain numbers of a cell, and what its C-rates refer to."""
    return {**plain_numbers(spec), NOMINAL_CAPACITY: nominal_capacity(spec)}


def same_but_for(one: Mapping[str, Any], other: Mapping[str, Any], own: set[str]) -> bool:
    """Return whether two tables of numbers differ at most in those named ``own``."""
    names = (set(one) | set(other)) - own
    return all(one.get(name) == other.get(name) for name in names)
