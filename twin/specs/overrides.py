"""``--set stack.pressure="10 MPa"``: single keys laid over a cell from outside."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from twin.errors import Problem, SpecError
from twin.specs.quantity import toml_type
from twin.specs.tree import Node, Origin, Rank, plant
from twin.visible import is_text

FILE = "override"
"""What stands for the file in problems with an override."""
_KEY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,15}")

PROTOCOL = "protocol."
"""What the keys of overrides begin with that are the protocol's."""
Overrides = Mapping[str, Any] | Sequence[str]


class Parsed(dict[str, Any]):
    """Overrides that have been read: each value is meant as it stands, and not read again.

    Attributes
    ----------
    pairs : tuple
        All of them in order. A key may come twice: the second adds to the first, if it only
        gives a spread, say. As a mapping, the last one counts.
    instead : dict
        What the cell itself says, as text, of numbers that something learned stands for here.
    """

    def __init__(
        self, pairs: Iterable[tuple[str, Any]] = (), instead: Mapping[str, str] | None = None
    ):
        self.pairs = tuple(pairs)
        self.instead = dict(instead or {})
        super().__init__(self.pairs)


def read_overrides(overrides: Overrides) -> Parsed:
    """Return overrides as they are meant; those that have been read stay as they are.

    Raises
    ------
    SpecError
        With everything that cannot be read.
    """
    problems: list[Problem] = []
    instead = overrides.instead if isinstance(overrides, Parsed) else None
    parsed = Parsed(parse_overrides(overrides, problems), instead)
    if problems:
        raise SpecError(problems)
    return parsed


def split_overrides(overrides: Overrides) -> tuple[Parsed, Parsed]:
    """Tell the cell's overrides from the protocol's, whose keys lose their ``protocol.``."""
    read = read_overrides(overrides)
    pairs = read.pairs
    return (
        Parsed(((k, v) for k, v in pairs if not k.startswith(PROTOCOL)), read.instead),
        Parsed((k.removeprefix(PROTOCOL), v) for k, v in pairs if k.startswith(PROTOCOL)),
    )


def joined_overrides(first: Overrides, then: Overrides) -> Parsed:
    """Return some overrides with others laid over them."""
    one, other = read_overrides(first), read_overrides(then)
    return Parsed((*one.pairs, *other.pairs), {**one.instead, **other.instead})


def split_line(line: str) -> tuple[str, str] | None:
    """Return the key of ``KEY=VALUE`` and its value's text; None where there is no ``=``.

    Quotes are left out where the text means the same without them.
    """
    key, equals, text = line.partition("=")
    text = text.strip()
    value = parse_value(text)
    if isinstance(value, str) and parse_value(value) == value:
        text = value
    return (key.strip(), text) if equals else None


def parse_value(text: str) -> Any:
    """Return the value that an override's text means.

    A TOML number, boolean, quoted string, list or inline table is read as such; any
    other text stays text, so that ``10 MPa`` needs no quotes of its own.
    """
    text = text.strip()
    if "\n" in text or "\r" in text:
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float | str | list | dict) else text


def parse_overrides(overrides: Overrides, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """Yield ``(dotted key, value)`` for each override, in order.

    Parameters
    ----------
    overrides : mapping or sequence of str
        ``{"stack.pressure": "10 MPa"}`` or ``["stack.pressure=10 MPa"]``.
    problems : list of Problem
        Overrides that cannot be read are noted here.
    """
    if isinstance(overrides, Parsed):
        yield from overrides.pairs
        return
    if isinstance(overrides, str):
        overrides = [overrides]
    pairs: list[tuple[str, Any]] = []
    if isinstance(overrides, Mapping):
        pairs = list(overrides.items())
    else:
        for text in overrides:
            pair = split_line(text)
            if pair is not None:
                pairs.append(pair)
            else:
                problems.append(
                    Problem(
                        f"{text!r} has no '='; expected KEY=VALUE",
                        FILE,
                        fix='write it like stack.pressure="10 MPa"',
                    )
                )
    for key, value in pairs:
        key = key.strip()
        if not _KEY.fullmatch(key):
            problems.append(
                Problem(
                    f"{key!r} is not a dotted key",
                    FILE,
                    key or None,
                    'write it like stack.pressure="10 MPa"',
                )
            )
        elif isinstance(value, str) and not is_text(value):
            problems.append(
                Problem(f"{value!r} is not UTF-8 text", FILE, key, "write it in plain characters")
            )
        elif isinstance(value, str):
            yield key, parse_value(value)
        elif isinstance(value, bool | int | float | list | dict):
            yield key, value
        else:
            problems.append(
                Problem(
                    f"expected text or a number, got {toml_type(value)}",
                    FILE,
                    key,
                    'write it like stack.pressure="10 MPa"',
                )
            )


def override_tree(key: str, value: Any) -> Node:
    """Return the patch that sets one dotted key."""
    origin = Origin(FILE, "", Rank.OVERRIDE)
    *tables, last = key.split(".")
    origins = [origin]
    for name in [*tables, last]:
        origins.append(origins[-1].child(name))
    node = plant(value, origins[-1])
    for name, at in zip(reversed([*tables, last]), reversed(origins[:-1]), strict=True):
        node = Node({name: node}, at)
    return node
