"""Materials by name: a cell's ``material = "…"`` becomes the material file's table."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from twin.errors import NotFoundError, Problem, SpecError
from twin.specs.library import Library
from twin.specs.quantity import toml_type
from twin.specs.schema import ELECTRODE_OF, SCHEMA_VERSION
from twin.specs.tomlfile import parse_toml, read_text
from twin.specs.tree import Node, Origin, Rank, merge, plant

_ELECTRODES = frozenset(ELECTRODE_OF)
SLOTS: dict[tuple[str, ...], frozenset[str]] = {
    ("anode", "material"): _ELECTRODES,
    ("cathode", "material"): _ELECTRODES,
    ("electrolyte", "material"): frozenset({"electrolyte"}),
    ("anode", "electrolyte"): frozenset({"electrolyte"}),
    ("cathode", "electrolyte"): frozenset({"electrolyte"}),
    ("anode", "metal"): frozenset({"metal"}),
}
"""Where a material may stand, and the kinds of material that fit."""


class Materials:
    """Reads materials, each file once, and puts them where a cell names them.

    Parameters
    ----------
    library : Library
        Where material files are found.
    problems : list of Problem
        What is wrong with them is added here.
    """

    def __init__(self, library: Library, problems: list[Problem]):
        self.library = library
        self.problems = problems
        self._known: dict[str, Node | None] = {}

    def load(self, name: str, via: Origin, chain: tuple[str, ...] = ()) -> Node | None:
        """Return the table of a material with its ``name``, or ``None`` with a problem.

        Parameters
        ----------
        name : str
            The material's name.
        via : Origin
            Where it is named.
        chain : tuple of str
            The materials that extend it, to notice a circle.
        """
        if name in chain:
            circle = " -> ".join([*chain[chain.index(name) :], name])
            self._complain(f"extends goes round in a circle: {circle}", via, "break the circle")
            return None
        if name not in self._known:
            self._known[name] = self._read(name, via, chain)
        node = self._known[name]
        return node and replace(node, via=via)

    def _read(self, name: str, via: Origin, chain: tuple[str, ...]) -> Node | None:
        try:
            path = self.library.path("materials", name)
        except NotFoundError as error:
            self._complain(error.problem.message, via, error.problem.fix)
            return None
        node = read_part(path, Rank.MATERIAL, self.problems)
        if node is None:
            return None
        node = own_name(node, path, self.problems, schema_needed=False)
        base_name = node.get("extends")
        if base_name is None:
            return node
        base = self._extended(base_name, (*chain, name))
        node = node.with_child(("extends",), None)
        if base is None:
            return None
        name_node = node.value["name"]
        return replace(merge(base, node), origin=node.origin).with_child(("name",), name_node)

    def _extended(self, base: Node, chain: tuple[str, ...]) -> Node | None:
        if not isinstance(base.value, str):
            self._complain(
                f"expected the name of a material, got {toml_type(base.value)}",
                base.origin,
                'write extends = "name"',
            )
            return None
        return self.load(base.value, base.origin, chain)

    def place(self, tree: Node) -> tuple[Node, set[tuple[str, ...]]]:
        """Return a cell's (or a patch's) tree with the materials it names in their places.

        Also the paths whose material could not be had: nothing more is worth saying
        about those.
        """
        broken: set[tuple[str, ...]] = set()
        for path in SLOTS:
            node = tree.get(*path)
            if node is None:
                continue
            placed = self._resolve(node, wrapped=path[-1] == "electrolyte")
            if placed is None:
                broken.add(path)
            else:
                tree = _state_kind(tree.with_child(path, placed), path)
        return tree, broken

    def _resolve(self, node: Node, *, wrapped: bool) -> Node | None:
        if isinstance(node.value, str):
            material = self.load(node.value, node.origin)
            return material and replace(material, whole=True)
        if not node.is_table:
            return node
        inner = node.get("material") if wrapped else None
        if inner is not None:
            # [cathode.electrolyte] material = "…" says the same as cathode.electrolyte = "…".
            material = self._resolve(inner, wrapped=False)
            rest = node.with_child(("material",), None)
            return material and replace(merge(material, rest), whole=material.whole)
        extends = node.get("extends")
        if extends is None:
            return node
        base = self._extended(extends, ())
        patch = node.with_child(("extends",), None)
        return base and replace(merge(base, patch), whole=True, via=node.origin)

    def check_kinds(self, tree: Node) -> set[tuple[str, ...]]:
        """Report materials that stand where their kind does not fit; return their paths."""
        misfits = set()
        made_by = {electrode: kind for kind, electrode in ELECTRODE_OF.items()}
        known = frozenset().union(*SLOTS.values())
        for path, fitting in SLOTS.items():
            node, kind = tree.get(*path), tree.text(*path, "kind")
            stated = tree.text(path[0], "kind")
            if path[-1] == "material" and stated in made_by:
                fitting = frozenset({made_by[stated]})
            if node is None or kind not in known or kind in fitting:
                continue
            misfits.add(path)
            name = node.text("name")
            wanted = " or ".join(sorted(fitting))
            self._complain(
                f"{repr(name) if name else 'the material'} is of kind {kind!r}; "
                f"here it takes one of kind {wanted}",
                node.via or node.origin,
                f"name a material whose file says kind = {wanted}",
            )
        return misfits

    def _complain(self, message: str, origin: Origin, fix: str | None) -> None:
        self.problems.append(Problem(message, origin.file, origin.key, fix))


def _state_kind(tree: Node, path: tuple[str, ...]) -> Node:
    """State the electrode's kind where its material decides it."""
    place, what = path
    if what != "material" or place == "electrolyte" or tree.get(place, "kind") is not None:
        return tree
    kind = tree.get(place, "material", "kind")
    made = ELECTRODE_OF.get(str(kind.value)) if kind is not None else None
    if kind is None or made is None:
        return tree
    return tree.with_child((place, "kind"), Node(made, kind.origin))


def read_part(path: Path, rank: Rank, problems: list[Problem]) -> Node | None:
    """Return the tree of a TOML file, or ``None`` with its problems noted."""
    try:
        return _planted(read_text(path), str(path), rank)
    except SpecError as error:
        problems.extend(error.problems)
        return None


@lru_cache(maxsize=1024)
def _planted(text: str, file: str, rank: Rank) -> Node:
    # Many cells are made of the same materials. A node is never changed, only replaced.
    return plant(parse_toml(text, file), Origin(file, "", rank))


def own_name(
    node: Node, path: Path, problems: list[Problem], *, schema_needed: bool = True
) -> Node:
    """Return a file's tree named after the file, its ``schema`` checked and taken off."""
    schema = node.get("schema")
    if schema is None and schema_needed:
        problems.append(
            Problem(
                f"says no schema; this twin reads schema {SCHEMA_VERSION}",
                str(path),
                "schema",
                f"add schema = {SCHEMA_VERSION} at the top of the file",
            )
        )
    elif schema is not None:
        # bool is an int in Python, not in TOML.
        if schema.value != SCHEMA_VERSION or isinstance(schema.value, bool):
            problems.append(
                Problem(
                    f"schema {schema.value!r} is not one this twin reads "
                    f"(it reads schema {SCHEMA_VERSION})",
                    str(path),
                    "schema",
                    f"set schema = {SCHEMA_VERSION}, or upgrade the twin for a newer file",
                )
            )
        node = node.with_child(("schema",), None)
    if node.get("name") is not None:
        problems.append(
            Problem(
                "a file's name is the file name without .toml, not a key",
                str(path),
                "name",
                "remove the key, or rename the file",
            )
        )
    return node.with_child(("name",), Node(path.stem, node.origin.child("name")))
