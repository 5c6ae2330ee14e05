"""Overlays: TOML patches laid over a cell, and the cells they may be laid over."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from twin.errors import Problem
from twin.specs.complaint import one_of
from twin.specs.explain import validated
from twin.specs.keys import fields_of
from twin.specs.laws import Frozen
from twin.specs.materials import own_name, read_part
from twin.specs.schema import CellSpec, Provenance
from twin.specs.tree import Node, Rank, plain
from twin.units import UnitError, to_si

BOUNDS = (">", "<")
Kind = Literal["full", "symmetric"]


class Overlay(Frozen):
    """A patch for cells: what it is, which cells it fits, and what it changes.

    ``requires`` maps dotted keys of the cell to the value they must have (or a list of
    the values they may have, or a bound of a quantity: ``"> 126 ohm*cm^2"``), ``because``
    says why; ``patch`` holds the tables to merge into the cell.
    """

    name: str
    title: str
    kinds: tuple[Kind, ...] = Field(default=("full", "symmetric"), min_length=1)
    requires: dict[str, Any] = Field(default_factory=dict)
    because: str = ""
    patch: dict[str, Any]
    calibration: dict[str, Any] | None = None
    """What a calibration leaves besides: its posterior and its discrepancy (docs/calibration.md).
    A cell takes nothing of it."""
    provenance: Provenance = Field(default_factory=Provenance)


def read_overlay(path: Path, problems: list[Problem]) -> tuple[Overlay, Node] | None:
    """Return an overlay and the tree of its file, or ``None`` with its problems noted."""
    node = read_part(path, Rank.OVERLAY, problems)
    if node is None:
        return None
    before = len(problems)
    node = own_name(node, path, problems)
    for key in sorted(set(node.value) & set(fields_of(CellSpec)) - set(fields_of(Overlay))):
        problems.append(
            Problem(
                f"{key!r} is a key of the cell, which an overlay changes under [patch]",
                str(path),
                key,
                f"write [patch.{key}], or patch.{key} = …",
            )
        )
        node = node.with_child((key,), None)
    overlay = validated(Overlay, node, problems)
    for key in ("extends", "name", "schema"):
        misplaced = node.get("patch", key)
        if misplaced is not None:
            problems.append(
                Problem(
                    f"an overlay cannot change a cell's {key}",
                    misplaced.origin.file,
                    misplaced.origin.key,
                    "remove it",
                )
            )
    return (overlay, node) if overlay is not None and len(problems) == before else None


def refusals(
    overlay: Overlay, node: Node, cell: Node, unknown: set[tuple[str, ...]]
) -> list[Problem]:
    """Return why an overlay does not fit a cell (nothing if it does).

    Parameters
    ----------
    overlay, node : Overlay, Node
        The overlay and the tree of its file.
    cell : Node
        The cell so far, its materials in their places.
    unknown : set of path
        The parts of the cell that could not be read; nothing is required of those.
    """
    problems = []
    why = f" ({overlay.because})" if overlay.because else ""
    name, kind = cell.text("name"), cell.text("kind")
    if kind in ("full", "symmetric") and kind not in overlay.kinds:
        problems.append(
            Problem(
                f"overlay {overlay.name!r} is for {one_of(overlay.kinds)} cells; "
                f"{name!r} is {kind}",
                node.origin.file,
                "kinds",
                "leave the overlay out, or use it on a cell of that kind",
            )
        )
    for key, allowed in _flat(overlay.requires):
        path = tuple(key.split("."))
        if any(path[: len(part)] == part for part in unknown):
            continue
        at = cell.get(*path)
        value = plain(at) if at is not None else None
        values = allowed if isinstance(allowed, list) else [allowed]
        bound = str(allowed) if str(allowed)[:1] in BOUNDS else ""
        if not (_keeps(value, bound) if bound else value in values):
            has = "has none" if at is None else f"has {_told(value)!r}"
            needs = bound or "= " + " or ".join(map(repr, values))
            problems.append(
                Problem(
                    f"overlay {overlay.name!r} needs {key} {needs}; {name!r} {has}{why}",
                    node.origin.file,
                    f"requires.{key}",
                    "leave the overlay out, or use it on a cell that has what it requires",
                )
            )
    return problems


def _keeps(value: Any, bound: str) -> bool:
    """Return whether a quantity as written lies beyond a bound such as ``"> 5 MPa"``."""
    sign, limit = bound[0], bound[1:].strip()
    unit = limit.partition(" ")[2].strip()
    try:
        here, there = to_si(str(_told(value)), unit), to_si(limit, unit)
    except UnitError:
        return False
    return here > there if sign == ">" else here < there


def _told(value: Any) -> Any:
    """Return the text of a quantity written as a table."""
    return value.get("value", value) if isinstance(value, dict) else value


def _flat(requires: dict[str, Any], key: str = "") -> list[tuple[str, Any]]:
    """Return dotted keys, whether they were quoted or written as nested tables."""
    flat: list[tuple[str, Any]] = []
    for name, value in requires.items():
        dotted = f"{key}.{name}" if key else name
        flat += _flat(value, dotted) if isinstance(value, dict) else [(dotted, value)]
    return flat
