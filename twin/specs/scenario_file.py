"""A scenario as TOML: the cell, what is laid over it, what is done to it, how it is solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from twin.errors import Problem, SpecError
from twin.specs.dump import to_toml
from twin.specs.explain import validated
from twin.specs.laws import Frozen
from twin.specs.library import is_path
from twin.specs.materials import own_name, read_part
from twin.specs.overrides import Parsed, read_overrides
from twin.specs.schema import SCHEMA_VERSION
from twin.specs.tomlfile import parse_toml, read_text
from twin.specs.tree import Node, Rank, plain

Tolerance = Annotated[float, Field(gt=0, lt=1)]
# What tells a table that is one value, a quantity or a law, from one of dotted keys.
_ONE_VALUE = frozenset({"value", "spread", "law", "source", "status", "note"})


class ScenarioFile(Frozen):
    """The content of a scenario's file; what is left out is as the command has it."""

    kind: Literal["scenario"]
    name: str
    """The file's name without ``.toml``."""
    title: str = ""
    cell: str
    """A name in the library, or the path of a TOML file."""
    with_: tuple[str, ...] = Field(default=(), alias="with")
    """Overlays laid over it, in order."""
    changes: dict[str, Any] = Field(default_factory=dict, alias="set")
    """Keys with their new values, e.g. ``"stack.pressure" = "10 MPa"``."""
    protocol: str | None = None
    cycles: Annotated[int, Field(strict=True, ge=1)] | None = None
    modes: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    model: Literal["dfn", "spm"] | None = None
    rtol: Tolerance | None = None
    atol: Tolerance | None = None
    series_every: Annotated[int, Field(strict=True, ge=0)] | None = None


def is_scenario(path: Path) -> bool:
    """Return whether a file is a scenario's; what cannot be read is none."""
    try:
        text = read_text(path)
        # Cells are read far more often, and say this word rarely.
        return "scenario" in text and parse_toml(text, str(path)).get("kind") == "scenario"
    except SpecError:
        return False


def read_scenario(path: Path) -> dict[str, Any]:
    """Return what a scenario's file asks, by the names of :class:`twin.Scenario`'s fields.

    Cells, overlays and protocols given by paths are found from the file's own folder.

    Raises
    ------
    SpecError
        With everything that is wrong, each problem with its file, key and fix.
    """
    problems: list[Problem] = []
    node = read_part(path, Rank.CELL, problems)
    read = None
    if node is not None:
        read = validated(ScenarioFile, own_name(node, path, problems), problems)
    if read is None or problems or node is None:
        raise SpecError(problems)
    folder = path.absolute().parent

    def found(source: str) -> str:
        return str(folder / Path(source).expanduser()) if is_path(source) else source

    asked = read.model_dump(
        include={"cycles", "modes", "without", "model", "rtol", "atol", "series_every"}
    )
    return asked | {
        "cell": found(read.cell),
        "overlays": tuple(map(found, read.with_)),
        "overrides": _changes(node, path),
        "protocol": None if read.protocol is None else found(read.protocol),
    }


def _changes(node: Node, path: Path) -> Parsed:
    table = node.get("set")
    given = {} if table is None else dict(_dotted(plain(table)))
    try:
        return read_overrides(given)
    except SpecError as error:
        raise SpecError(
            [Problem(p.message, str(path), f"set.{p.key}", p.fix) for p in error.problems]
        ) from None


def _dotted(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted keys of a table: ``stack.pressure`` may be written either way."""
    for key, value in table.items():
        if isinstance(value, Mapping) and value and not _ONE_VALUE & set(value):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def scenario_toml(asked: Mapping[str, Any], title: str = "") -> str:
    """Return the text of a scenario's file, which :func:`read_scenario` reads again.

    ``asked`` has the fields of :class:`twin.Scenario`; None and what is empty are left out.
    """
    data: dict[str, Any] = {"schema": SCHEMA_VERSION, "kind": "scenario"}
    if title:
        data["title"] = title
    named = {"overlays": "with", "overrides": "set"}
    for key in (
        *("cell", "overlays", "protocol", "cycles", "modes", "without"),
        *("model", "rtol", "atol", "series_every", "overrides"),
    ):
        value = asked.get(key)
        if value is None or (key != "modes" and value in ((), {}, [])):
            continue
        data[named.get(key, key)] = merged_changes(value) if isinstance(value, Parsed) else value
    return to_toml(data)


def merged_changes(changes: Parsed) -> dict[str, Any]:
    """Return overrides with one value a key: a second one may only add to the first."""
    merged: dict[str, Any] = {}
    for key, value in changes.pairs:
        before = merged.get(key)
        if before is not None and isinstance(value, Mapping) and "value" not in value:
            whole = dict(before) if isinstance(before, Mapping) else {"value": before}
            value = whole | dict(value)
        merged[key] = value
    return merged
