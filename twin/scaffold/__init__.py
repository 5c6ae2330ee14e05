"""A failure mode's package to begin with: it installs and its tests pass as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from twin import files
from twin.errors import InputError
from twin.modes.manager import plugin_manager

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
        If it is no name, a mode has it already, or the folder is there already.
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
    written = []
    for where, text in _templates(resources.files("twin.scaffold").joinpath("template")):
        place = where.replace("package/", f"twin_{own}/").replace("test_mode", f"test_{own}")
        path = root / place.removesuffix(_SUFFIX)
        files.write_text(path, Template(text).substitute(words), key="name", parents=True)
        written.append(path)
    return written


def _templates(folder: Traversable, under: str = "") -> Iterator[tuple[str, str]]:
    """Yield each template's path inside the template, and its text."""
    for part in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if part.is_dir():
            yield from _templates(part, f"{under}{part.name}/")
        elif part.name.endswith(_SUFFIX):
            yield f"{under}{part.name}", part.read_text(encoding="utf-8")
