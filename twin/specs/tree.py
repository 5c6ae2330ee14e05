"""Spec data while it is put together: every key remembers the file it stands in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from twin.specs.laws import BESIDE, NOT_QUANTITIES, REMARKS
from twin.specs.naming import LAWS
from twin.specs.quantity import QUANTITY_KEYS


class Rank(IntEnum):
    """Who spoke later, and is to blame where several keys do not fit together."""

    PLUGIN = 0
    MATERIAL = 1
    CELL = 2
    OVERLAY = 3
    OVERRIDE = 4


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a key stands: the file, the dotted key within that file, and its rank."""

    file: str
    key: str
    rank: Rank

    def child(self, name: str | int) -> Origin:
        """Return the origin of a key below this one."""
        if isinstance(name, int):
            key = f"{self.key}[{name}]"
        else:
            key = f"{self.key}.{name}" if self.key else name
        return Origin(self.file, key, self.rank)


@dataclass(frozen=True, slots=True)
class Node:
    """A value, or a table of nodes, with its origin.

    Attributes
    ----------
    value : dict of Node, or any TOML value that is no table
        The content.
    origin : Origin
        Where it stands. A table made of several files has the first one's.
    whole : bool
        Merged over something, it replaces it instead of adding to it.
    via : Origin or None
        For a material that a cell named: where it was named.
    """

    value: Any
    origin: Origin
    whole: bool = False
    via: Origin | None = None

    @property
    def is_table(self) -> bool:
        """Whether this is a table."""
        return isinstance(self.value, dict)

    def get(self, *path: str) -> Node | None:
        """Return the node at a path below, if there is one."""
        node: Node | None = self
        for part in path:
            node = node.value.get(part) if node is not None and node.is_table else None
        return node

    def text(self, *path: str) -> str | None:
        """Return the text at a path below; ``None`` where there is none, or no text."""
        node = self.get(*path)
        return node.value if node is not None and isinstance(node.value, str) else None

    def with_child(self, path: tuple[str, ...], child: Node | None) -> Node:
        """Return this table with the node at ``path`` replaced (removed for ``None``)."""
        name, rest = path[0], path[1:]
        if rest:
            child = self.value[name].with_child(rest, child)
        kept = {key: node for key, node in self.value.items() if key != name or child is not None}
        return replace(self, value=kept if child is None else {**kept, name: child})


def plant(data: Any, origin: Origin) -> Node:
    """Return the node of plain data whose top is at ``origin``."""
    if isinstance(data, dict):
        value = {key: plant(child, origin.child(key)) for key, child in data.items()}
        return Node(value, origin)
    return Node(data, origin)


def plain(node: Node) -> Any:
    """Return the plain data of a node."""
    if node.is_table:
        return {key: plain(child) for key, child in node.value.items()}
    return node.value


def walk(node: Node, key: str = "") -> Iterable[str]:
    """Yield the dotted key of every node below this one."""
    if node.is_table:
        for name, child in node.value.items():
            dotted = f"{key}.{name}" if key else name
            yield dotted
            yield from walk(child, dotted)


# What changes its kind is another thing, and keeps nothing of what it was.
_TAGGED = {
    ("anode",),
    ("cathode",),
    ("anode", "material"),
    ("cathode", "material"),
    ("electrolyte", "material"),
}


def merge(base: Node, patch: Node, path: tuple[str, ...] = ()) -> Node:
    """Return ``base`` with ``patch`` laid over it.

    Tables are merged key by key; anything else is replaced. A new value replaces the
    whole quantity or law that stood there, so that it never inherits a source that was
    not its own; a patch without a value only adds to it (a spread, a status).
    """
    if patch.whole or not patch.is_table:
        return patch
    given = set(patch.value)
    if not base.is_table:
        if given and given <= QUANTITY_KEYS - {"value"}:
            return Node({"value": base, **patch.value}, base.origin)
        return patch
    if _is_law(patch) or ("value" in given and given <= QUANTITY_KEYS):
        return patch
    if path in _TAGGED and patch.text("kind") not in (None, base.text("kind")):
        return patch
    if _is_law(base) and not given <= (REMARKS | BESIDE):
        base = _with_remarks_on_each(base)
    merged = dict(base.value)
    for key, child in patch.value.items():
        below = merged.get(key)
        merged[key] = child if below is None else merge(below, child, (*path, key))
    return replace(base, value=merged)


def _is_law(table: Node) -> bool:
    return table.text("law") in LAWS


def _with_remarks_on_each(law: Node) -> Node:
    """Move a law's source, status and note onto each of its quantities.

    Then a quantity that a patch replaces loses them, and the others keep them.
    """
    remarks = {key: node for key, node in law.value.items() if key in REMARKS}
    if not remarks:
        return law
    value = {}
    for key, node in law.value.items():
        if key in REMARKS:
            continue
        if key not in NOT_QUANTITIES:
            own = node.value if node.is_table else {"value": node}
            if not {"source", "status"} & set(own):
                node = Node({**remarks, **own}, node.origin)
        value[key] = node
    return replace(law, value=value)
