"""On which line of a TOML file a key stands: for whoever has to go there and mend it."""

from __future__ import annotations

import re
from pathlib import Path

_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(#.*)?$")
_PAIR = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[^\s=]+)*)\s*=")
_MOST_BYTES = 2_000_000


def line_of(file: str | None, key: str | None) -> int | None:
    """Return the line (from 1) on which a dotted key of a file is given, or its nearest table.

    Of a key that is not there it is the line of the nearest table around it that is. None where
    the file cannot be read, or has nothing of the key.
    """
    if not file or not key:
        return None
    path = Path(file)
    try:
        if path.suffix != ".toml" or path.stat().st_size > _MOST_BYTES:
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    wanted, best = _parts(key), (0, 0)
    for number, given in _keys(text):
        shared = len(given) if wanted[: len(given)] == given else 0
        if shared > best[0]:
            best = (shared, number)
    return best[1] or None


def _keys(text: str) -> list[tuple[int, tuple[str, ...]]]:
    """Return each line that names a key or a table, with all of its parts."""
    keys: list[tuple[int, tuple[str, ...]]] = []
    table: tuple[str, ...] = ()
    inside = ""  # the quotes of a text over several lines
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            inside = "" if inside in line else inside
            continue
        header, pair = _HEADER.match(line), _PAIR.match(line)
        if header:
            table = _parts(header[1])
            keys.append((number, table))
        elif pair:
            keys.append((number, (*table, *_parts(pair[1]))))
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                inside = quotes
    return keys


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in key.split("."))
