"""From pydantic's errors to problems a person can act on: file, key, expectation, fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twin.errors import Problem
from twin.specs.complaint import Complaint, did_you_mean, near_miss, one_of
from twin.specs.keys import (
    dotted_keys,
    expected,
    field_at,
    fields_of,
    is_tag,
    models_at,
    required_keys,
)
from twin.specs.quantity import example, toml_type
from twin.specs.tree import Node, Origin, Rank, plain, plant

M = TypeVar("M", bound=BaseModel)
Path = tuple[str, ...]

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "union_tag_not_found": "a table",
    "is_instance_of": "another kind of value",
}
_HOW = {
    "text": "put it in quotes",
    "a list": "write it in brackets: [ … ]",
    "a table": "write it as a table",
    "true or false": "write true or false, without quotes",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def validated(
    model: type[M],
    tree: Node,
    problems: list[Problem],
    *,
    skip: Iterable[Path] = (),
    partial: bool = False,
) -> M | None:
    """Return the model of a tree, or ``None`` with everything wrong with it noted.

    Parameters
    ----------
    model : type
        The pydantic model.
    tree : Node
        The data, with the origin of every key.
    problems : list of Problem
        Where problems are noted.
    skip : iterable of path
        Parts whose problems are known already.
    partial : bool
        Whether a part of the data could not be read, so that missing keys mean nothing.
    """
    try:
        return model.model_validate(plain(tree))
    except ValidationError as error:
        problems.extend(explain(error, model, tree, skip=skip, partial=partial))
        return None


def explain(
    error: ValidationError,
    model: type[BaseModel],
    tree: Node,
    *,
    skip: Iterable[Path] = (),
    partial: bool = False,
) -> list[Problem]:
    """Return the problems that pydantic's errors amount to, see :func:`validated`."""
    problems: list[Problem] = []
    skipped = tuple(skip)
    errors = error.errors(include_url=False)
    for item in errors:
        below = [other for other in errors if other["loc"][: len(item["loc"])] == item["loc"]]
        if item["type"] == "too_short" and len(below) > 1:
            continue  # pydantic does not count a list's bad items
        keys = tuple(part for part in item["loc"] if not is_tag(part))
        if any(keys[: len(part)] == part for part in skipped):
            continue
        if partial and item["type"] == "missing":
            continue
        problem = _problem(item, model, tree)
        if problem not in problems:
            problems.append(problem)
    return problems


def _problem(item: Any, model: type[BaseModel], tree: Node) -> Problem:
    path, kind = item["loc"], item["type"]
    node = _locate(tree, path)
    if kind == "missing":
        return blame(*_missing(model, path), node.origin.child(str(path[-1])))
    if kind == "extra_forbidden":
        return blame(*_unknown(model, path, node, tree), node.origin)
    if kind == "value_error":
        raised = item["ctx"]["error"]
        if isinstance(raised, Complaint):
            return complaint_problem(raised, node)
        return blame(str(raised), "correct the value", node.origin)
    if kind == "literal_error":
        return blame(*_not_among(item), node.origin)
    return blame(*_wrong(item), node.origin)


def _locate(tree: Node, path: Sequence[Any]) -> Node:
    """Return the deepest node along an error's path."""
    node = tree
    for before, part in zip((None, *path), path, strict=False):
        # A plain quantity was read as a constant law: its "value" is not the file's.
        if before == "law:constant" and node.get("law") is None:
            continue
        if node.is_table and part in node.value:
            node = node.value[part]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = plant(node.value[part], node.origin.child(part))
    return node


def blame(message: str, fix: str | None, origin: Origin) -> Problem:
    """Return a problem at an origin; a plugin's own default is the plugin's problem."""
    if origin.rank is Rank.PLUGIN:
        message = f"the plugin's own default is wrong: {message}"
        fix = f"tell the plugin's author, or give {origin.key} in the cell's file"
    return Problem(message, origin.file, origin.key or None, fix)


def complaint_problem(complaint: Complaint, node: Node) -> Problem:
    """Return the problem of a complaint about a table, blaming who spoke last."""
    about = [(key, node.get(*key.split("."))) for key in complaint.keys]
    given = [(key, at.via or at.origin) for key, at in about if at is not None]
    if given:
        key, origin = max(given, key=lambda pair: pair[1].rank)
        if complaint.missing:
            depth = key.count(".") + 1
            table = ".".join(origin.key.split(".")[:-depth])
            origin = Origin(origin.file, table, origin.rank).child(complaint.missing)
    else:
        origin = node.origin
        if complaint.missing and node.is_table:
            origin = origin.child(complaint.missing)
    return blame(complaint.message, complaint.fix, origin)


def _missing(model: type[BaseModel], path: Sequence[Any]) -> tuple[str, str]:
    name, field = path[-1], field_at(model, path)
    if field is None:
        return "is missing", f"add {name}"
    wanted, unit = expected(field)
    if wanted == "a table":
        if name == "material":
            return "is missing; expected a material", 'name one: material = "…"'
        needed = ", ".join(required_keys(field))
        table = ".".join(str(part) for part in path if not is_tag(part))
        return "this table is missing", f"add [{table}]" + (f" with {needed}" if needed else "")
    if unit is None:
        value = "1" if name == "schema" else "…" if wanted == "a whole number" else '"…"'
    else:
        value = f'"{example(unit)}"' if unit else example(unit)
    return f"is missing; expected {wanted}", f"add {name} = {value}"


def _unknown(
    model: type[BaseModel], path: Sequence[Any], node: Node, tree: Node
) -> tuple[str, str]:
    name = str(path[-1])
    models = list(models_at(model, path[:-1]))
    for at in models:
        if name in (gone := getattr(at, "gone", {})):
            stored = node.origin.file.startswith("stored cell")
            fix = "start a new run from the cell's file" if stored else "remove it"
            return f"{name!r} is no longer a key: {gone[name]}", fix
    known = {key for at in models for key in fields_of(at)}
    known -= {"name"}
    message = f"unknown key {name!r}; expected one of: {one_of(known, limit=40)}"
    near = near_miss(name, known)
    if near is None:
        everywhere = list(dotted_keys(model))
        same = sorted(key for key in everywhere if key.rpartition(".")[2] == name)
        near = ", ".join(same[:4]) or None
    elif node.origin.rank is Rank.OVERRIDE:
        near = f"{node.origin.key.rpartition('.')[0]}.{near}".lstrip(".")
    if near is None:
        return message, "remove it, or use one of the keys above"
    return message, f"did you mean {near}?"


def _not_among(item: Any) -> tuple[str, str]:
    options = re.findall(r"'([^']*)'", item["ctx"]["expected"]) or [item["ctx"]["expected"]]
    message = f"{item['input']!r} is none of {', '.join(options)}"
    return message, did_you_mean(str(item["input"]), options, f"use one of {', '.join(options)}")


def _wrong(item: Any) -> tuple[str, str]:
    kind, context = item["type"], item.get("ctx", {})
    if kind in _WANTED:
        wanted, got = _WANTED[kind], toml_type(item["input"])
        return f"expected {wanted}, got {got}", _HOW.get(wanted, f"give {wanted}")
    if kind in _BOUNDS:
        name, says = _BOUNDS[kind]
        return f"{item['input']!r} must be {says} {context[name]}", f"give {says} {context[name]}"
    if kind == "finite_number":
        return f"{item['input']!r} is not a finite number", "give a finite number"
    if kind in ("too_short", "string_too_short"):
        return f"needs at least {context['min_length']}", "add what is missing"
    # A mode's own model may use any of pydantic's checks; its wording is plain enough.
    says = str(item["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return says.replace("Input should", "the value should"), "correct the value"
