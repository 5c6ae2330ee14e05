"""Another number in a finished cell, without writing the cell out and reading it in again.

Only the tables that hold the number are made anew, from the inside out; each is validated as
it is when a cell is read, with all that must fit together in it. What is not this simple (a
key that holds no number yet, a table for a value, a wrong value) is left to the long way
(:func:`twin.specs.dump.with_overrides`), whose result is the same and whose errors name the
fix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from twin.specs.laws import BESIDE, REMARKS
from twin.specs.naming import LAWS
from twin.specs.quantity import Quantity
from twin.specs.schema import CellSpec

Tree = dict[str, Any]


def with_numbers(spec: CellSpec, pairs: Iterable[tuple[str, Any]]) -> CellSpec | None:
    """Return a cell with other numbers; None where they cannot be changed in this way.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    pairs : iterable
        Dotted keys with values as a cell file would give them: text, or plain numbers.
    """
    tree: Tree = {}
    for key, value in pairs:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        *tables, last = key.split(".")
        below = tree
        for name in tables:
            below = below.setdefault(name, {})
            if not isinstance(below, dict):
                return None
        if isinstance(below.get(last), dict):
            return None
        below[last] = value
    try:
        result: CellSpec | None = _changed(spec, tree)
        return result
    except (_NotSimple, ValidationError):
        return None


class _NotSimple(Exception):
    """A change that the long way has to make."""


def _changed(node: Any, tree: Tree) -> Any:
    """Return a table with what stands in ``tree`` changed, validated."""
    if isinstance(node, dict):
        return {**node, **{key: _child(node.get(key), new) for key, new in tree.items()}}
    fields = type(node).model_fields
    if not tree.keys() <= fields.keys():
        raise _NotSimple
    given = {name: getattr(node, name) for name in fields}
    if getattr(node, "law", None) in LAWS and not tree.keys() <= BESIDE:
        given = _with_remarks_on_each(given)
    given |= {name: _child(given[name], new) for name, new in tree.items()}
    aliased = {field.alias or name: given[name] for name, field in fields.items()}
    # What is a model already is taken as it is; what was left out stays left out.
    kept = {key: value for key, value in aliased.items() if value is not None}
    return type(node).model_validate(kept)


def _child(node: Any, new: Any) -> Any:
    if isinstance(new, dict):
        if isinstance(node, BaseModel | dict):
            return _changed(node, new)
        raise _NotSimple
    if not isinstance(node, Quantity):
        raise _NotSimple
    return new


def _with_remarks_on_each(law: Mapping[str, Any]) -> dict[str, Any]:
    """Move a law's source, status and note onto each of its numbers (see ``tree.merge``)."""
    remarks = {key: law[key] for key in REMARKS if law[key] is not None}
    if not remarks:
        return dict(law)

    def own(value: Any) -> Any:
        if not isinstance(value, Quantity) or value.source or value.status:
            return value
        return replace(
            value,
            source=remarks.get("source"),
            status=remarks.get("status"),
            note=value.note or remarks.get("note"),
        )

    return {key: None if key in REMARKS else own(value) for key, value in law.items()}


def differing(one: Any, other: Any, key: str = "") -> Iterator[str]:
    """Yield the dotted keys at which two cells differ.

    Of a quantity only the value counts, not how it is written, its spread or its source; so
    with a law's remarks.
    Tables that two cells share are not looked into, so that one changed number is found in
    some microseconds.
    """
    if one is other:
        return
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        if (one.si, one.unit) != (other.si, other.unit):
            yield key
    elif isinstance(one, BaseModel) and type(one) is type(other):
        for name in [name for name in type(one).model_fields if name not in REMARKS]:
            below = f"{key}.{name}" if key else name
            yield from differing(getattr(one, name), getattr(other, name), below)
    elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name, value in one.items():
            yield from differing(value, other[name], f"{key}.{name}" if key else str(name))
    elif one != other:
        yield key
