"""What there is to choose from, as plain data: cells, overlays, protocols, failure modes."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import library, load_cell, mode_entries
from twin.constants import ZERO_CELSIUS
from twin.errors import TwinError
from twin.modes.manager import plugin_manager
from twin.specs.balance import height, nominal_per_area

if TYPE_CHECKING:
    from twin.catalog.parameters import Number
    from twin.modes.mode import FailureMode
    from twin.specs.schema import CellSpec


_MOST_EXTENDED = 8


def cell_heading(name: str | Path) -> dict[str, str]:
    """Return what a cell's file says of its name, kind, family and title, unchecked.

    A list is made of it in no time; :func:`cell_entry` reads the whole cell. What neither the
    file says nor those that it extends, or what cannot be read, is left out.
    """
    told: dict[str, str] = {"name": Path(name).stem}
    of: str | Path = name
    shelf = library()
    for _ in range(_MOST_EXTENDED):
        try:
            path = shelf.find("cells", of)
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (TwinError, OSError, ValueError):
            break
        own = {key: data.get(key) for key in ("kind", "family", "title")}
        told = {key: text for key, text in own.items() if isinstance(text, str)} | told
        shelf, of = shelf.beside(path), str(data.get("extends", ""))
        if not of:
            break
    return told


def cell_entry(name: str | Path) -> dict[str, Any]:
    """Return a cell's name, kind, family, title, materials and data, or its first problem.

    ``numbers_by_status`` counts where its numbers come from; ``known`` is the share of
    them that is measured, fitted or exact.
    """
    try:
        spec = load_cell(name)
    except TwinError as error:
        problem = error.problems[0]
        where = ": ".join(part for part in (problem.key, problem.message) if part)
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        return {
            "name": str(name),
            "kind": None,
            "family": None,
            "title": None,
            "problem": f"{where}{more}",
        }
    counts = numbers_by_status(spec)
    return {
        "name": spec.name,
        "kind": spec.kind,
        "family": spec.family,
        "title": spec.title,
        "anode": spec.anode.material.name,
        "electrolyte": spec.electrolyte.material.name,
        "cathode": spec.cathode.material.name if spec.cathode is not None else None,
        "numbers_by_status": counts,
        "known": known_share(counts),
        "nominal_mAh_cm2": nominal_per_area(spec) / 36000,
        "thickness_um": 1e6 * height(spec),
        "ambient_degC": spec.thermal.ambient.si - ZERO_CELSIUS,
        "pressure_MPa": 1e-6 * spec.stack.pressure.si,
    }


KNOWN = ("measured", "fitted", "exact")
"""The statuses that rest on something; the others do not."""


def known_share(counts: Mapping[str, int]) -> float:
    """Return the share of numbers that are measured, fitted or exact."""
    return sum(counts.get(status, 0) for status in KNOWN) / max(sum(counts.values()), 1)


def protocol_entry(name: str) -> dict[str, Any]:
    """Return a protocol's name, title, kinds of cell, cycles and parameters, or its problem."""
    from twin.specs.protocol import load_protocol

    try:
        protocol = load_protocol(name, library=library())
    except TwinError as error:
        return {"name": name, "kinds": [], "title": None, "problem": error.problems[0].message}
    return {
        "name": protocol.name,
        "title": protocol.title,
        "kinds": list(protocol.kinds),
        "cycles": protocol.total_cycles,
        "parameters": dict(protocol.parameters),
    }


def overlay_entry(name: str) -> dict[str, Any]:
    """Return an overlay's name, title and kinds of cell, or its first problem."""
    from twin.errors import Problem
    from twin.specs.overlay import read_overlay

    problems: list[Problem] = []
    contents = read_overlay(library().path("overlays", name), problems)
    if contents is None:
        return {"name": name, "kinds": [], "title": None, "problem": problems[0].message}
    overlay = contents[0]
    return {"name": overlay.name, "title": overlay.title, "kinds": list(overlay.kinds)}


def mode_entry(mode: FailureMode) -> dict[str, Any]:
    """Return what a failure mode says of itself, without its parameters."""
    ranges = mode.validity
    return {
        "id": mode.id,
        "title": mode.title,
        "plugin": mode.provider,
        "kinds": list(mode.kinds),
        "reads": list(mode.reads),
        "optional_reads": dict(mode.optional_reads),
        "writes": [port.title for port in mode.writes],
        "references": list(mode.references),
        "validity": {
            "temperature_K": list(ranges.temperature),
            "pressure_Pa": list(ranges.pressure),
            "current_density_A_m2": list(ranges.current_density),
            "says": ranges.says,
        },
    }


def describe_mode(mode_id: str) -> dict[str, Any]:
    """Return all about a failure mode: description, parameters, what each of them means.

    Raises
    ------
    NotFoundError
        If there is no such mode, with the nearest one.
    """
    from dataclasses import asdict

    from twin.catalog.parameters import parameters
    from twin.specs.jsonschema import field_docs

    manager = plugin_manager()
    manager.select([mode_id], kind=getattr(manager.modes.get(mode_id), "kinds", ("full",))[0])
    mode = manager.modes[mode_id]
    defaults = mode.Parameters.model_validate(mode.defaults())
    return mode_entry(mode) | {
        "equations": _equations(mode),
        "description": inspect.cleandoc(type(mode).__doc__ or "").replace("``", "`"),
        "parameters": [asdict(p) for p in parameters(defaults)],
        "explanations": field_docs(mode.Parameters),
    }


def _equations(mode: FailureMode) -> dict[str, str]:
    """Return the docstrings of the mode's package that hold indented equations, by module."""
    import ast

    from twin.modes.mode import package_files

    equations = {}
    own = package_files(mode)
    if own is None:
        return {}  # made in a notebook
    try:
        files = sorted(own.iterdir(), key=str)
        texts = {f.name: f.read_text(encoding="utf-8") for f in files if f.name.endswith(".py")}
    except OSError:
        return {}
    for name, text in texts.items():
        doc = ast.get_docstring(ast.parse(text))
        if doc is not None and "::\n" in doc:
            equations[name.removesuffix(".py")] = doc.replace("``", "`").replace("::\n", ":\n")
    return equations


def cell_numbers(spec: CellSpec) -> list[Number]:
    """Return every number of a cell with its unit, source and status, by dotted key."""
    from twin.catalog.parameters import Number
    from twin.specs.dump import iter_quantities

    return [
        Number(key, q.text, q.si, q.unit, q.status, q.source, q.spread, q.note)
        for key, q in iter_quantities(spec)
    ]


def numbers_by_status(spec: CellSpec) -> dict[str, int]:
    """Return how many of a cell's numbers are measured, fitted, assumed … or unstated."""
    from twin.specs.dump import provenance_counts

    return provenance_counts(spec)


def cell_toml(spec: CellSpec) -> str:
    """Return a cell as the text of one TOML file that stands on its own."""
    from twin.specs.dump import cell_to_toml

    return cell_to_toml(spec)


def stored_cell(data: Mapping[str, Any]) -> CellSpec:
    """Return the cell that a run was stored with (``run.info.cell_spec``).

    Raises
    ------
    SpecError
        If it needs a failure mode that is no longer installed.
    """
    from twin.specs.dump import cell_from_data

    return cell_from_data(data, mode_entries())


def differences(base: CellSpec, changed: CellSpec) -> list[tuple[str, ...]]:
    """Return ``(key, before, after)`` for all in which two cells differ as written."""
    return table_differences(_leaves(base), _leaves(changed))


def table_differences(*tables: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return ``(key, value in each table)`` where the tables differ; ``"-"`` for none."""
    keys = dict.fromkeys(key for table in tables for key in table)
    rows = [(key, *(table.get(key, "-") for table in tables)) for key in keys]
    return [row for row in rows if len(set(row[1:])) > 1]


def _leaves(spec: CellSpec) -> dict[str, str]:
    from twin.specs.dump import cell_to_data

    return flat(cell_to_data(spec))


_NOT_CONTENT = {"name", "title", "provenance", "source", "status", "note", "valid_for"}


def flat(data: Any, key: str = "") -> dict[str, str]:
    """Return plain cell data as ``{dotted key: value}``, without sources and remarks."""
    if not isinstance(data, Mapping):
        return {key: _text(data)}
    texts: dict[str, str] = {}
    for name, value in data.items():
        if name in _NOT_CONTENT:
            continue
        dotted = key if name == "value" and key else f"{key}.{name}" if key else str(name)
        texts |= flat(value, dotted)
    return texts


def _text(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a table of {len(value)}"
    return str(value)
