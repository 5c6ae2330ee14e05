"""What can be laid over a cell, taken for it and changed in it, by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import library, load_cell
from twin.catalog.entries import cell_numbers, flat
from twin.errors import Problem, SpecError, TwinError
from twin.specs.overrides import PROTOCOL

if TYPE_CHECKING:
    from twin.specs.protocol import Protocol
    from twin.specs.schema import CellSpec


def overlays_for(cell: str | Path) -> list[str]:
    """Return the overlays of the library that fit a cell, by name."""
    names = []
    load_cell(cell)  # what is wrong with the cell itself is told
    for name in library().names("overlays"):
        try:
            load_cell(cell, overlays=[name])
        except TwinError:
            continue
        names.append(name)
    return names


def describe_overlay(name: str | Path) -> dict[str, Any]:
    """Return all about an overlay: its entry, what it needs of a cell, and what it changes.

    Raises
    ------
    SpecError
        If it cannot be read.
    """
    from twin.specs.overlay import read_overlay

    problems: list[Problem] = []
    contents = read_overlay(library().find("overlays", name), problems)
    if contents is None or problems:
        raise SpecError(problems)
    overlay = contents[0]
    return {
        "name": overlay.name,
        "title": overlay.title,
        "kinds": list(overlay.kinds),
        "requires": {key: str(value) for key, value in overlay.requires.items()},
        "because": overlay.because,
        "changes": flat(overlay.patch),
    }


def calibration_in(name: str | Path) -> dict[str, Any]:
    """Return what a calibration left in an overlay besides its patch; nothing if none did."""
    from twin.specs.overlay import read_overlay

    contents = read_overlay(library().find("overlays", name), [])
    return dict(contents[0].calibration or {}) if contents is not None else {}


def material_entry(name: str, *, whole: bool = False) -> dict[str, Any]:
    """Return a material's name, kind, family and title; with ``whole`` what it gives, too."""
    problems: list[Problem] = []
    data = _material(name, problems)
    if problems:
        if whole:
            raise SpecError(problems)
        return {"name": name, "kind": None, "title": None, "problem": problems[0].message}
    entry = {
        "name": name,
        "kind": data.get("kind"),
        "family": data.get("family"),
        "title": data.get("title"),
    }
    if whole:
        left_out = (*entry, "schema", "extends", "provenance")
        entry["numbers"] = flat({k: v for k, v in data.items() if k not in left_out})
    return entry


def _material(name: str, problems: list[Problem], below: int = 20) -> dict[str, Any]:
    """Return a material's table with those that it extends below it."""
    from twin.specs.materials import read_part
    from twin.specs.tree import Rank, plain

    node = read_part(library().path("materials", name), Rank.MATERIAL, problems)
    data: dict[str, Any] = {} if node is None else plain(node)
    parent = data.get("extends")
    if isinstance(parent, str) and below:
        return _laid(_material(parent, problems, below - 1), data)
    return data


def _laid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return nested tables with others laid over them."""
    laid = dict(below)
    for key, value in above.items():
        own = laid.get(key)
        both = isinstance(own, dict) and isinstance(value, dict)
        laid[key] = _laid(own, value) if both and own is not None else value
    return laid


def cell_keys(spec: CellSpec, rules: Protocol) -> list[dict[str, Any]]:
    """Return what ``--set`` can change: each number of a cell, and its protocol's parameters."""
    keys = [
        {"key": n.key, "value": n.text, "status": n.status, "source": n.source}
        for n in cell_numbers(spec)
    ]
    return keys + [
        {"key": f"{PROTOCOL}{key}", "value": str(value), "status": None, "source": rules.name}
        for key, value in rules.parameters.items()
    ]


def kind_of_file(path: str | Path) -> str:
    """Return what a TOML file is: a cell, a scenario, an overlay or a protocol.

    A scenario says so; an overlay has a ``patch``, a protocol a ``phase``. Everything else is
    read as a cell, whose errors tell what is wrong.
    """
    from twin.specs.scenario_file import is_scenario
    from twin.specs.tomlfile import read_toml

    if is_scenario(Path(path)):
        return "scenario"
    data = read_toml(Path(path))
    return "overlay" if "patch" in data else "protocol" if "phase" in data else "cell"


__all__ = [
    "cell_keys",
    "describe_overlay",
    "kind_of_file",
    "material_entry",
    "overlays_for",
]
