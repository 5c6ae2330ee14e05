"""From a cell's name or file, its overlays and overrides, to a CellSpec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from twin.errors import NotFoundError, SpecError
from twin.specs.assemble import Assembly, ModeEntry
from twin.specs.library import Library
from twin.specs.materials import own_name, read_part
from twin.specs.overlay import read_overlay, refusals
from twin.specs.overrides import Overrides
from twin.specs.quantity import toml_type
from twin.specs.schema import CellSpec
from twin.specs.tree import Node, Rank

__all__ = ["ModeEntry", "load_cell"]


def load_cell(
    source: str | Path,
    *,
    library: Library,
    mode_models: Mapping[str, ModeEntry],
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
) -> CellSpec:
    """Return the cell of a name or a file, with overlays and overrides laid over it.

    Parameters
    ----------
    source : str or Path
        A name in the library, or the path of a TOML file (text that ends in ``.toml``
        or contains a slash); around a file, its own materials are found first.
    library : Library
        Where names are found.
    mode_models : mapping
        The installed failure modes by id. The result has parameters for each of them.
    overlays : sequence
        Names or paths of overlays, laid over the cell in order.
    overrides : mapping or sequence of str
        ``{"stack.pressure": "10 MPa"}`` or ``["stack.pressure=10 MPa"]``, laid on last.

    Raises
    ------
    NotFoundError
        If there is no such cell.
    SpecError
        With everything that is wrong, each problem with its file, key and fix.
    """
    path = library.find("cells", source)
    load = _Load(library.beside(path))
    tree = load.cell(path)
    if tree is None:
        raise SpecError(load.problems)
    for overlay in [overlays] if isinstance(overlays, str | Path) else overlays:
        tree = load.overlaid(tree, overlay)
    return load.finish(load.override(tree, overrides), mode_models)


class _Load(Assembly):
    """An assembly that reads its parts from files."""

    def cell(self, path: Path, chain: tuple[Path, ...] = ()) -> Node | None:
        """Return the tree of a cell's file laid over those it extends."""
        tree = read_part(path, Rank.CELL, self.problems)
        if tree is None:
            return None
        extends = tree.get("extends")
        tree = own_name(tree, path, self.problems)
        tree = tree.with_child(("schema",), Node(1, tree.origin.child("schema")))
        nothing = Node({}, tree.origin)
        if extends is None:
            return self.lay(nothing, tree)
        tree = tree.with_child(("extends",), None)
        base = self._base(extends, path, (*chain, path.resolve()))
        if base is None:
            self.partial = True
            return self.lay(nothing, tree)
        return replace(self.lay(base, tree), origin=tree.origin)

    def _base(self, extends: Node, path: Path, chain: tuple[Path, ...]) -> Node | None:
        if not isinstance(extends.value, str):
            got = toml_type(extends.value)
            self.complain(
                f"expected the name of a cell, got {got}", extends, 'write extends = "name"'
            )
            return None
        source: str | Path = extends.value
        if "/" in extends.value or extends.value.endswith(".toml"):
            source = path.parent / extends.value
        try:
            base = self.library.find("cells", source)
        except NotFoundError as error:
            self.complain(
                f"there is no cell {extends.value!r} to extend", extends, error.problem.fix
            )
            return None
        if base.resolve() in chain:
            names = [p.stem for p in chain[chain.index(base.resolve()) :]] + [base.stem]
            circle = " -> ".join(names)
            self.complain(f"extends goes round in a circle: {circle}", extends, "break the circle")
            return None
        return self.cell(base, chain)

    def overlaid(self, tree: Node, source: str | Path) -> Node:
        """Return the tree with an overlay laid over it, if it is there and fits."""
        try:
            contents = read_overlay(self.library.find("overlays", source), self.problems)
        except NotFoundError as error:
            self.problems.append(replace(error.problem, key="overlays"))
            return tree
        if contents is None:
            return tree
        overlay, node = contents
        reasons = refusals(overlay, node, tree, self.broken)
        self.problems.extend(reasons)
        return tree if reasons else self.lay(tree, node.value["patch"])
