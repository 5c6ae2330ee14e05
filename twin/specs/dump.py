"""A cell as plain data and back, its hash, and where its numbers come from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from twin.errors import Problem
from twin.specs.assemble import Assembly, ModeEntry
from twin.specs.change import with_numbers
from twin.specs.library import Library
from twin.specs.naming import walk_laws, walk_quantities
from twin.specs.overrides import Overrides, parse_overrides
from twin.specs.quantity import Quantity
from twin.specs.schema import CellSpec
from twin.specs.tree import Node, Origin, Rank, plant

UNSTATED = "unstated"


def cell_to_data(spec: CellSpec) -> dict[str, Any]:
    """Return a cell as plain data: everything resolved, nothing left out, JSON-able."""
    data: dict[str, Any] = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    return data


def cell_from_data(data: Mapping[str, Any], mode_models: Mapping[str, ModeEntry]) -> CellSpec:
    """Return the cell that :func:`cell_to_data` wrote.

    An installed mode the data say nothing about gets its plugin's defaults, as it does
    when a cell is loaded from a file.

    Raises
    ------
    SpecError
        If the data are not a cell, or need a mode that is not installed.
    """
    return Assembly(Library([])).finish(_stored(data), mode_models)


def with_overrides(
    spec: CellSpec,
    overrides: Overrides,
    mode_models: Mapping[str, ModeEntry],
    *,
    library: Library | None = None,
) -> CellSpec:
    """Return a finished cell with overrides laid over it, as when it is loaded.

    Parameters
    ----------
    spec : CellSpec
        The cell, perhaps a stored one whose files are gone.
    overrides : mapping or sequence of str
        ``{"stack.pressure": "10 MPa"}`` or ``["stack.pressure=10 MPa"]``.
    mode_models : mapping
        The installed failure modes by id.
    library : Library, optional
        Where an override that names a material finds it.

    Raises
    ------
    SpecError
        If an override cannot be used, with a fix.
    """
    problems: list[Problem] = []
    pairs = list(parse_overrides(overrides, problems))
    if not problems and {name: type(table) for name, table in spec.modes.items()} == {
        name: entry.parameters for name, entry in mode_models.items()
    }:
        changed = with_numbers(spec, pairs)
        if changed is not None:
            return changed
    return remade(spec, overrides, mode_models, library=library)


def remade(
    spec: CellSpec,
    overrides: Overrides,
    mode_models: Mapping[str, ModeEntry],
    *,
    library: Library | None = None,
) -> CellSpec:
    """Do as :func:`with_overrides` does, by writing the whole cell out and reading it in."""
    assembly = Assembly(library or Library([]))
    return assembly.finish(assembly.override(_stored(cell_to_data(spec)), overrides), mode_models)


def with_values(spec: CellSpec, values: Overrides) -> CellSpec:
    """Return a finished cell with other values, validated as when it is loaded.

    It takes a millisecond where the values are numbers.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    values : mapping or sequence of str
        ``{"stack.pressure": "10 MPa"}``.

    Raises
    ------
    SpecError
        If a value cannot be used, with a fix.
    """
    own = {name: ModeEntry(type(table), {}, name) for name, table in spec.modes.items()}
    return with_overrides(spec, values, own)


def _stored(data: Mapping[str, Any]) -> Node:
    return plant(dict(data), Origin(f"stored cell {data.get('name', '')}".strip(), "", Rank.CELL))


def cell_hash(spec: CellSpec) -> str:
    """Return the SHA-256 of a cell's data (:func:`data_hash`)."""
    return data_hash(cell_to_data(spec))


def data_hash(data: Any) -> str:
    """Return the SHA-256 of plain data in canonical JSON (sorted keys, no spaces).

    It is the primary key of cells in every user's database: what it makes of given data must
    never change.
    """
    text = json.dumps(
        data,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def iter_quantities(spec: BaseModel) -> Iterator[tuple[str, Quantity]]:
    """Yield ``(dotted key, quantity)`` for every quantity of a cell, its laws and modes.

    Inside a law, a quantity that says nothing of its own takes the law's source, status
    and note. Every key yielded can be set with an override.
    """
    laws = dict(walk_laws(spec))
    for key, quantity in walk_quantities(spec):
        law = laws.get(key.rpartition(".")[0])
        if law is not None and quantity.source is None and quantity.status is None:
            quantity = replace(
                quantity, source=law.source, status=law.status, note=quantity.note or law.note
            )
        yield key, quantity


def provenance_counts(spec: BaseModel) -> dict[str, int]:
    """Return how many of a cell's numbers are measured, fitted, assumed … or unstated.

    A table of points, or an entry taken from a PyBaMM parameter set, counts as one.
    """
    counts = Counter(quantity.status or UNSTATED for _, quantity in iter_quantities(spec))
    counts.update(
        law.status or UNSTATED for _, law in walk_laws(spec) if law.law in ("table", "pybamm")
    )
    return dict(counts)


def cell_to_toml(spec: CellSpec) -> str:
    """Return a cell as the text of one TOML file that stands on its own.

    The file is named after the cell, so the text does not hold its name.
    """
    return to_toml({key: value for key, value in cell_to_data(spec).items() if key != "name"})


def to_toml(data: dict[str, Any]) -> str:
    """Return plain data as TOML."""
    return "\n".join(_toml_lines(data, ())) + "\n"


def _toml_lines(table: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {
        key: value for key, value in table.items() if isinstance(value, dict) and not _inline(value)
    }
    for key, value in table.items():
        if key not in inner:
            yield f"{_toml_key(key)} = {toml_value(value)}"
    for key, value in inner.items():
        yield ""
        yield f"[{'.'.join(_toml_key(part) for part in (*path, key))}]"
        yield from _toml_lines(value, (*path, key))


def _inline(table: dict[str, Any]) -> bool:
    return "value" in table or "law" in table


def _toml_key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else _toml_text(key)


def _toml_text(text: str) -> str:
    # JSON escapes what TOML wants escaped, except DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_value(value: Any) -> str:
    """Return a value as it stands in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _toml_text(value)
    if isinstance(value, dict):
        items = ", ".join(f"{_toml_key(key)} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {items} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return repr(value)
