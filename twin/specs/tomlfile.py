"""Reading a TOML file: what can be wrong with it before a key is looked at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from twin.errors import Problem, SpecError
from twin.visible import controls, is_text, visible

MAX_BYTES = 2_000_000
MAX_DEPTH = 32
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|(end of document))\)$")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the data of a TOML file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    SpecError
        If it cannot be read, is no text, is larger than 2 MB, or is not TOML; a syntax
        error names the line and the column and shows the line.
    """
    return parse_toml(read_text(path), str(path))


def read_text(path: Path, most: int = MAX_BYTES, what: str = "") -> str:
    """Return the text of a spec's file, or of ``what``; raises as :func:`read_toml` does."""
    file = str(path)
    if not is_text(path.name):  # it becomes a cell's name, and that is stored as text
        problem = Problem("its name is not UTF-8 text", file, fix="give the file another name")
        raise SpecError([problem])
    try:
        if path.is_dir():
            fix = f"name the file of a {what}" if what else "name a TOML file in it"
            raise SpecError([Problem("is a directory", file, fix=fix)])
        with path.open("rb") as stream:
            raw = stream.read(most + 1)
        if len(raw) > most:
            raise SpecError(
                [
                    Problem(
                        f"is larger than {most / 1e6:.0f} MB, which no {what or 'spec'} is",
                        file,
                        fix=f"name the file of a {what}, with fewer points"
                        if what
                        else "name a cell, material, overlay or protocol file",
                    )
                ]
            )
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        problem = Problem("there is no such file", file, fix="check the path")
    except UnicodeDecodeError as error:
        problem = Problem(
            f"is not UTF-8 text (byte {error.start})", file, fix="save it as UTF-8 text"
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problem = Problem(f"cannot be read: {reason}", file, fix="check the path and the rights")
    raise SpecError([problem]) from None


@lru_cache(maxsize=1024)
def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Return the data of a file's text, read once; raises as :func:`read_toml` does."""
    # Many cells are made of the same materials. What is read is planted, never changed.
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError([_syntax_problem(str(error), text, file)]) from None
    except (RecursionError, ValueError) as error:
        says = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SpecError([Problem(says, file, fix="simplify the file")]) from None
    if _deeper_than(data, MAX_DEPTH):
        raise SpecError([Problem("is nested too deeply", file, fix="simplify the file")])
    problems = [
        Problem(
            f"holds control characters ({', '.join(sorted(set(characters)))}) that a terminal "
            "may obey",
            file,
            visible(key),
            fix="write it in plain characters",
        )
        for key, characters in _controls(data)
    ]
    if problems:
        raise SpecError(problems)
    return data


def _controls(data: Any, key: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the keys whose names or texts hold control characters, and which."""
    if isinstance(data, dict):
        for name, value in data.items():
            inner = f"{key}.{name}" if key else name
            if characters := controls(name):
                yield inner, characters
            yield from _controls(value, inner)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _controls(value, f"{key}[{number}]")
    elif isinstance(data, str) and (characters := controls(data)):
        yield key, characters


def _syntax_problem(message: str, text: str, file: str) -> Problem:
    position = _POSITION.search(message)
    says = message[: position.start()] if position else message
    lines = text.split("\n")
    if position and position[1]:
        number, column = int(position[1]), int(position[2])
    else:
        number = max((n for n, line in enumerate(lines, 1) if line.strip()), default=1)
        column = len(lines[number - 1]) + 1
    if column == 1 and number > 1 and not lines[number - 1].strip():
        # The parser noticed only on the next, empty line.
        number -= 1
        column = len(lines[number - 1]) + 1
    line = lines[number - 1].strip()[:120] if number <= len(lines) else ""
    if says.startswith("Cannot overwrite") or says.startswith("Cannot declare"):
        says, fix = "a key or table is given twice", "keep one of the two"
    else:
        says = f"is not TOML: {says[:1].lower()}{says[1:]}"
        fix = "correct the line; text and quantities with units stand in quotes"
    return Problem(f"line {number}, column {column}: {says}: {line}", file, fix=fix)


def _deeper_than(data: Any, depth: int) -> bool:
    level = [data]
    for _ in range(depth):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
