"""Putting a cell together: patches laid over a tree, then the tree made a CellSpec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from twin.errors import Problem, SpecError
from twin.specs.complaint import did_you_mean, one_of
from twin.specs.explain import Path, blame, complaint_problem, explain, validated
from twin.specs.face_files import read_faces
from twin.specs.library import Library
from twin.specs.materials import Materials
from twin.specs.overrides import Overrides, override_tree, parse_overrides
from twin.specs.pairs import take_pair
from twin.specs.quantity import toml_type
from twin.specs.rules import kind_complaints
from twin.specs.schema import CellSpec, electrode_kind
from twin.specs.tree import Node, Origin, Rank, merge, plain, plant


@dataclass(frozen=True)
class ModeEntry:
    """What the loader needs to know of a failure mode.

    Attributes
    ----------
    parameters : type
        The pydantic model of the table ``[modes.<id>]``.
    defaults : dict
        The plugin's own table, laid under the cell's.
    provider : str
        The plugin that brings the mode.
    """

    parameters: type[BaseModel]
    defaults: dict[str, Any]
    provider: str


class Assembly:
    """One cell being put together: what is wrong so far, and what could not be had.

    Parameters
    ----------
    library : Library
        Where materials are found.
    """

    def __init__(self, library: Library):
        self.library = library
        self.problems: list[Problem] = []
        self.materials = Materials(library, self.problems)
        self.broken: set[Path] = set()
        self.partial = False

    def complain(self, message: str, node: Node, fix: str | None) -> None:
        """Note a problem at a node."""
        self.problems.append(Problem(message, node.origin.file, node.origin.key, fix))

    def lay(self, tree: Node, patch: Node) -> Node:
        """Return the tree with a patch laid over it, its materials put in place first."""
        patch, broken = self.materials.place(patch)
        merged = merge(tree, patch)
        self.broken = {
            path
            for path in self.broken
            if merged.get(*path) is not None and patch.get(*path) is None
        } | broken
        return merged

    def override(self, tree: Node, overrides: Overrides) -> Node:
        """Return the tree with overrides laid over it, in order."""
        for key, value in parse_overrides(overrides, self.problems):
            patch = override_tree(key, value)
            if key == "name":
                self.complain("a cell's name is its file's name", patch.value[key], "copy the file")
            else:
                tree = self.lay(tree, patch)
        return tree

    def finish(self, tree: Node, mode_models: Mapping[str, ModeEntry]) -> CellSpec:
        """Return the cell of a tree.

        Raises
        ------
        SpecError
            With everything that is wrong, each problem once.
        """
        skip = {*self.broken, *self.materials.check_kinds(tree), ("modes",)}
        tree, pair = take_pair(tree)
        tree = read_faces(tree, self.problems)
        modes = _modes(tree, mode_models, self.problems, pair)
        if not self.partial:
            self.problems.extend(_kind_problems(tree, skip))
        try:
            spec = CellSpec.model_validate({**plain(tree), "modes": modes})
        except ValidationError as error:
            explained = explain(error, CellSpec, tree, skip=skip, partial=self.partial)
            self.problems.extend(problem for problem in explained if problem not in self.problems)
        if self.problems:
            raise SpecError(self.problems)
        return spec


def _kind_problems(tree: Node, skipped: set[Path]) -> list[Problem]:
    complaints = kind_complaints(
        tree.text("kind") or "",
        anode=_electrode(tree, "anode", skipped),
        cathode=_electrode(tree, "cathode", skipped),
        # Where the whole table is missing, that is said once, of the table.
        cathode_interface=tree.get("interfaces") is None
        or tree.get("interfaces", "cathode") is not None,
    )
    return [complaint_problem(complaint, tree) for complaint in complaints]


def _electrode(tree: Node, place: str, skipped: set[Path]) -> str | None:
    """Return an electrode's kind; ``"unknown"`` where its material could not be had."""
    node = tree.get(place)
    if node is None:
        return None
    return "unknown" if (place, "material") in skipped else electrode_kind(plain(node))


def _modes(
    tree: Node,
    mode_models: Mapping[str, ModeEntry],
    problems: list[Problem],
    pair: Mapping[str, Node],
) -> dict[str, BaseModel]:
    given = tree.get("modes")
    if given is not None and not given.is_table:
        problems.append(
            blame(f"expected tables, got {toml_type(given.value)}", "write [modes.…]", given.origin)
        )
        given = None
    for name, node in (given.value if given is not None else {}).items():
        if name not in mode_models:
            problems.append(_no_such_mode(name, node, mode_models))
    modes: dict[str, BaseModel] = {}
    for name, entry in sorted(mode_models.items()):
        patch = given.get(name) if given is not None else None
        # The path tells a mode's own "anode" table from the cell's electrode.
        laid = [over for over in (pair.get(name), patch) if over is not None]
        if not laid and (kept := _KEPT.get(_key(entry))) is not None:
            modes[name] = kept
            continue
        origin = Origin(f"plugin {entry.provider}", f"modes.{name}", Rank.PLUGIN)
        table = plant(entry.defaults, origin)
        if patch is not None and not table.value:
            table = replace(table, origin=patch.origin)
        for over in laid:
            table = merge(table, over, ("modes", name))
        parameters = validated(entry.parameters, table, problems)
        if parameters is not None:
            modes[name] = parameters
            if not laid:
                _keep(entry, parameters)
    return modes


_Key = tuple[type[BaseModel], str]
_KEPT: dict[_Key, BaseModel] = {}
"""What most cells have of most modes: the plugin's own table, as parameters (frozen)."""
_MOST_KEPT = 256


def _key(entry: ModeEntry) -> _Key:
    return entry.parameters, repr(entry.defaults)


def _keep(entry: ModeEntry, parameters: BaseModel) -> None:
    if entry.parameters.model_config.get("frozen"):
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[_key(entry)] = parameters


def _no_such_mode(name: str, node: Node, mode_models: Mapping[str, ModeEntry]) -> Problem:
    install = "install the plugin that brings it, or remove the table"
    near = did_you_mean(name, mode_models, "")
    return Problem(
        f"no installed plugin brings a failure mode {name!r}; installed: {one_of(mode_models)}",
        node.origin.file,
        node.origin.key,
        f"{near} Otherwise {install}" if near else install,
    )
