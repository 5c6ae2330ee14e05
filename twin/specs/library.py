"""Where the TOML files are: cells, materials, overlays, protocols and cases by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from twin.errors import NotFoundError, Problem
from twin.specs.complaint import did_you_mean, near_miss, one_of

KINDS = ("cases", "cells", "materials", "overlays", "protocols")


class Library:
    """The TOML files under some directories.

    Parameters
    ----------
    directories : iterable of Path
        Each may hold ``cells/``, ``materials/``, ``cases/`` and so on (``KINDS``). Where
        two define the same name, the first wins and ``problems`` says so.

    Attributes
    ----------
    problems : list of Problem
        Directories that are not there, and names that are defined twice.
    """

    def __init__(self, directories: Iterable[Path]):
        self.directories = [Path(directory) for directory in directories]
        self.problems: list[Problem] = []
        self._files: dict[str, dict[str, Path]] = {kind: {} for kind in KINDS}
        for directory in self.directories:
            if not directory.is_dir():
                self.problems.append(
                    Problem(
                        "this directory of cell specs is not there",
                        str(directory),
                        fix="reinstall the plugin that names it",
                    )
                )
                continue
            for kind in KINDS:
                for path in _toml_files(directory / kind):
                    self._add(kind, path)

    def _add(self, kind: str, path: Path) -> None:
        first = self._files[kind].setdefault(path.stem, path)
        # Nearly every name is new: only a second file of a name is worth resolving.
        if first is not path and first.resolve() != path.resolve():
            self.problems.append(
                Problem(
                    f"{kind[:-1]} {path.stem!r} is already defined by {first}, which is used",
                    str(path),
                    fix="rename one of the two files",
                )
            )

    def names(self, kind: str) -> list[str]:
        """Return the names of one kind (``"cells"``, ``"materials"``, …), sorted."""
        return sorted(self._files[kind])

    def path(self, kind: str, name: str) -> Path:
        """Return the file of a name.

        Raises
        ------
        NotFoundError
            If there is none, with the nearest name or the list of all.
        """
        try:
            return self._files[kind][name]
        except KeyError:
            known = self._files[kind]
            raise NotFoundError(
                f"there is no {kind[:-1]} {name!r}; known: {one_of(known)}",
                fix=did_you_mean(
                    name, known, f"use one of these, or the path of {_one(kind)} file"
                ),
            ) from None

    def beside(self, file: Path) -> Library:
        """Return this library with the files that stand around ``file`` put first.

        Nearest first: ``materials/`` (and ``cells/``, …) in the file's folder, the loose
        files of that folder unless it is itself a ``cells/`` folder or the like, then
        the ``materials/`` next to the folder.
        """
        folder = file.absolute().parent
        here, above = Library([folder]), Library([folder.parent])
        loose = [] if folder.name in KINDS else _toml_files(folder)
        near = Library([])
        near.directories = [*here.directories, *above.directories, *self.directories]
        near.problems = list(self.problems)
        for kind in KINDS:
            # A cell is not its own material, even where the names agree.
            own = {p.stem: p for p in loose if kind == "cells" or p.stem != file.stem}
            near._files[kind] = {
                **self._files[kind],
                **above._files[kind],
                **own,
                **here._files[kind],
            }
        return near

    def find(self, kind: str, source: str | Path) -> Path:
        """Return the file of a name, or the file that a path names.

        Text that ends in ``.toml`` or contains a slash is a path.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        if isinstance(source, str) and not is_path(source):
            return self.path(kind, source)
        path = Path(source).expanduser()
        if not path.exists():
            near = near_miss(path.stem, (other.stem for other in _toml_files(path.parent)))
            raise NotFoundError(
                "there is no such file",
                file=str(path),
                fix=f"did you mean {str(path.parent / f'{near}.toml')!r}?"
                if near
                else f"check the path, or use the name of {_one(kind)}: "
                f"{one_of(self._files[kind])}",
            )
        return path


def is_path(source: str | Path) -> bool:
    """Return whether a source names a file: a path, or text that ends in .toml or has a slash."""
    return isinstance(source, Path) or source.endswith(".toml") or "/" in source


def _one(kind: str) -> str:
    """Return ``"a cell"``, ``"an overlay"``, … for a kind's folder."""
    name = kind.removesuffix("s")
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _toml_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            files = [
                entry.name
                for entry in entries
                if entry.name.endswith(".toml")
                and (entry.is_file(follow_symlinks=False) or (folder / entry.name).is_file())
            ]
    except OSError:
        return []
    return [folder / name for name in sorted(files)]
