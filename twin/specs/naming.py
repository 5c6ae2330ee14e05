"""From a dotted spec key to a PyBaMM parameter name, and the walk over all quantities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from twin.specs.quantity import Quantity
from twin.units import pybamm_unit

LAWS = ("constant", "arrhenius", "vtf", "table", "plateau", "plateaus", "pybamm")
"""The material laws of :func:`twin.specs.laws.laws`, by their tags."""


def parameter_name(key: str, unit: str) -> str:
    """Return the PyBaMM name of the quantity at a dotted spec key.

    ``("stack.pressure", "Pa")`` becomes ``"Stack pressure [Pa]"``, and
    ``("modes.interphase.anode.rate", "m/s")`` becomes ``"Interphase anode rate [m.s-1]"``.
    """
    words = key.removeprefix("modes.").replace(".", " ").replace("_", " ")
    bracket = f" [{pybamm_unit(unit)}]" if unit else ""
    return f"{words[:1].upper()}{words[1:]}{bracket}"


def walk_quantities(node: Any, key: str = "") -> Iterator[tuple[str, Quantity]]:
    """Yield ``(dotted key, quantity)`` for every quantity under a spec model."""
    if isinstance(node, Quantity):
        yield key, node
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from walk_quantities(getattr(node, name), f"{key}.{name}" if key else name)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from walk_quantities(value, f"{key}.{name}" if key else str(name))


def walk_laws(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``(dotted key, law)`` for every material law under a spec model."""
    if isinstance(node, BaseModel):
        if getattr(node, "law", None) in LAWS:
            yield key, node
        children = [(name, getattr(node, name)) for name in type(node).model_fields]
    else:
        children = list(node.items()) if isinstance(node, dict) else []
    for name, child in children:
        yield from walk_laws(child, f"{key}.{name}" if key else str(name))


def find(node: Any, key: str) -> Any:
    """Return what stands at a dotted key of a spec model.

    Raises
    ------
    KeyError
        If there is nothing of that name.
    """
    for part in key.split("."):
        if isinstance(node, dict):
            node = node[part]
        else:
            try:
                node = getattr(node, part)
            except AttributeError:
                raise KeyError(key) from None
    return node
