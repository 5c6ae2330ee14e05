"""``--set stack.pressure="10 MPa"``: single keys laid over a cell from outside."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twin.errors import Problem
from twin.specs.quantity import toml_type
from twin.specs.tree import Node, Origin, Rank, plant

FILE = "override"
"""What stands for the file in problems with an override."""
_KEY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,15}")

Overrides = Mapping[str, Any] | Sequence[str]


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
    if isinstance(overrides, str):
        overrides = [overrides]
    pairs: list[tuple[str, Any]] = []
    if isinstance(overrides, Mapping):
        pairs = list(overrides.items())
    else:
        for text in overrides:
            key, equals, value = text.partition("=")
            if equals:
                pairs.append((key, value))
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
