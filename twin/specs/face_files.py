"""The files of measured faces that a cell names, read while the cell is put together.

What a file holds is kept in the cell itself, with the file's SHA-256: a stored cell, or one
written out, needs no file, and another file is another cell. Where these numbers stand beside the
file's name already they are taken as they are; a name that came later (an override) is read anew.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twin.errors import Problem
from twin.specs.complaint import Complaint
from twin.specs.face_reading import read_face
from twin.specs.patches import MOST, Patches
from twin.specs.tree import Node, Rank, plant
from twin.visible import visible

PLACES = ("anode", "cathode")


def read_faces(tree: Node, problems: list[Problem]) -> Node:
    """Return a cell's tree with the files of its faces read; what is wrong is noted.

    A face whose file cannot be used is left out: no more is said about it.
    """
    for place in PLACES:
        path = ("interfaces", place, "patches")
        patches = tree.get(*path)
        if patches is None or not patches.is_table:
            continue
        try:
            made = _read(patches)
        except Complaint as wrong:
            node = patches.value["map"].value["file"]
            message = f"{visible(str(node.value))!r}: {wrong.message}"
            problems.append(Problem(message, node.origin.file, node.origin.key, wrong.fix))
            made = None
        tree = tree.with_child(path, made)
    return tree


def _read(patches: Node) -> Node:
    """Return a face's table with what its file holds."""
    file = patches.get("map", "file")
    if file is None or not isinstance(file.value, str) or patches.text("kind") != "map":
        return patches
    known = patches.get("map", "sha256")
    if known is not None and known.origin.file == file.origin.file:
        return patches
    most = patches.get("count")
    asked = Patches.model_fields["count"].default if most is None else most.value
    if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= MOST:
        return patches  # said when the table is looked at
    read = read_face(_path(file))
    made = read.made(asked)
    if read.pixel is not None:
        _check_pixel(patches, read.pixel)
        made["pixel_size"] = f"{read.pixel:.6g} m"
    for key, value in made.items():
        patches = patches.with_child(("map", key), plant(value, file.origin.child(key)))
    count = Node(len(made["blocks"]), most.origin if most else file.origin)
    patches = patches.with_child(("count",), count)
    # The hash stands where the name does, so that both are seen to belong together.
    return patches.with_child(("map", "sha256"), replace(file, value=read.sha256))


def _path(file: Node) -> Path:
    given = Path(str(file.value)).expanduser()
    return given if file.origin.rank is Rank.OVERRIDE else Path(file.origin.file).parent / given


def _check_pixel(patches: Node, pixel: float) -> None:
    if patches.get("map", "pixel_size") is not None:
        raise Complaint(
            f"its points are {1e6 * pixel:.4g} um apart, and pixel_size is given too",
            fix="leave pixel_size out: a list of points tells it",
        )
