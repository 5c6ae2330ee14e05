"""What a pair of sodium and electrolyte is known for, said once: in the electrolyte's file.

How sodium touches an electrolyte, how fast it refills what is stripped there, and what it
makes of the electrolyte are properties of the two together. An electrolyte's file says them
in ``[against_sodium.<mode>]``, in the words of the mode's own table. They are laid over the
mode's defaults and under what the cell itself says, in every cell with a metal electrode.
"""

from __future__ import annotations

from collections.abc import Mapping

from twin.specs.materials import SLOTS
from twin.specs.schema import electrode_kind
from twin.specs.tree import Node, plain

KEY = "against_sodium"


def take_pair(tree: Node) -> tuple[Node, Mapping[str, Node]]:
    """Return a cell's tree without the pairs in its materials, and its own pair by mode."""
    node = tree.get("electrolyte", "material", KEY)
    for path in SLOTS:
        if tree.get(*path, KEY) is not None:
            tree = tree.with_child((*path, KEY), None)
    anode = tree.get("anode")
    faces = anode is not None and anode.is_table and electrode_kind(plain(anode)) == "metal"
    return tree, node.value if faces and node is not None and node.is_table else {}
