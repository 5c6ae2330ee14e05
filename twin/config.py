"""The user's own defaults: a TOML file in their configuration folder.

``config.toml`` may say where the database is, and whether remarks are wanted::

    database = "postgresql://user@host/twin"
    quiet = true

``TWIN_CONFIG`` names another file. What is given on the command line, or in
``TWIN_DATABASE_URL``, comes before it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from twin.errors import InputError

_TYPES: dict[str, tuple[type, str]] = {
    "database": (str, "a URL or the path of an SQLite file, in quotes"),
    "quiet": (bool, "true or false"),
}


@dataclass(frozen=True)
class Config:
    """The user's defaults.

    Attributes
    ----------
    database : str
        The database; empty for the twin's own file.
    quiet : bool
        Whether progress and remarks are left out.
    """

    database: str = ""
    quiet: bool = False


def config_file() -> Path:
    """Return where the user's defaults are, whether there are any or not."""
    given = os.environ.get("TWIN_CONFIG", "").strip()
    if given:
        return Path(given).expanduser()
    import platformdirs

    folder = platformdirs.user_config_dir("sodium-cell-twin", appauthor=False)
    return Path(folder) / "config.toml"


def load_config() -> Config:
    """Return the user's defaults; the twin's own where there is no file.

    Raises
    ------
    InputError
        If the file is not TOML, or has a key or a value that is none of its.
    """
    import tomllib

    file = config_file()
    try:
        data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as error:
        raise InputError(
            f"it cannot be read: {error}", file=str(file), fix="correct it, or take it away"
        ) from error
    known = {field.name for field in fields(Config)}
    for key, value in data.items():
        if key not in known:
            raise InputError(
                f"there is no default {key!r}",
                file=str(file),
                key=key,
                fix=f"one of {', '.join(sorted(known))}",
            )
        kind, words = _TYPES[key]
        if not isinstance(value, kind):
            raise InputError(
                f"{value!r} is not {words}", file=str(file), key=key, fix=f"give {words}"
            )
    return Config(**data)
