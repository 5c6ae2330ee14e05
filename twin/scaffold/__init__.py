"""A failure mode's package to begin with: it installs and its tests pass as it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template

from twin import files
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.modes.vetting import reserved_ids

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SUFFIX = ".txt"


def new_mode(name: str, folder: str | Path | None = None) -> list[Path]:
    """Write a package that brings one failure mode, and return its files.

    Parameters
    ----------
    name : str
        The mode's id, as ``"cathode-cracking"`` or ``"cathode_cracking"``.
    folder : str or Path, optional
        Where the package's folder ``twin-NAME`` is made; the working folder by default.

    Raises
    ------
    InputError
        If it is no name, something else has it already, or the folder is there already.
    """
    own = name.strip().replace("-", "_")
    if not _NAME.fullmatch(own):
        raise InputError(
            f"{name!r} cannot be the name of a failure mode",
            key="name",
            fix="small letters, digits and single hyphens, as cathode-cracking",
        )
    if own in plugin_manager().modes:
        raise InputError(
            f"there is a failure mode {own!r} already", key="name", fix="choose another name"
        )
    if own in reserved_ids():
        raise InputError(f"{own!r} is a table of every cell", key="name", fix="choose another name")
    if find_spec(f"twin_{own}") is not None:
        raise InputError(
            f"a package twin_{own} is installed already", key="name", fix="choose another name"
        )
    dashed = own.replace("_", "-")
    root = (Path(folder).expanduser() if folder is not None else Path()) / f"twin-{dashed}"
    if root.exists():
        raise InputError(
            "is there already", file=str(root), key="name", fix="remove it, or choose another name"
        )
    lower = own.replace("_", " ")
    words = {
        "name": own,
        "dashed": dashed,
        "lower": lower,
        "words": lower[:1].upper() + lower[1:],
        "camel": "".join(part.capitalize() for part in own.split("_")),
    }
    texts = {}
    for where, text in _templates(resources.files("twin.scaffold").joinpath("template")):
        place = where.replace("package/", f"twin_{own}/").replace("test_mode", f"test_{own}")
        texts[place.removesuffix(_SUFFIX)] = Template(text).substitute(words)
    if any(_means_two(text, words["camel"]) for at, text in texts.items() if at.endswith(".py")):
        raise InputError(
            f"its class would be called {words['camel']}, which is taken",
            key="name",
            fix="choose another name",
        )
    for place, text in texts.items():
        files.write_text(root / place, text, key="name", parents=True)
    return [root / place for place in texts]


def _means_two(text: str, name: str) -> bool:
    """Return whether a module cannot have a class of a name: a keyword, or something else's."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return True
    brought = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    made = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return [*brought, *made].count(name) > 1


def _templates(folder: Traversable, under: str = "") -> Iterator[tuple[str, str]]:
    """Yield each template's path inside the template, and its text."""
    for part in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if part.is_dir():
            yield from _templates(part, f"{under}{part.name}/")
        elif part.name.endswith(_SUFFIX):
            yield f"{under}{part.name}", part.read_text(encoding="utf-8")
