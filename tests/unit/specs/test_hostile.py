"""Whatever stands in a spec, a load ends in a cell or in problems with a fix."""

from __future__ import annotations

import datetime
import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from twin.errors import NotFoundError, SpecError
from twin.specs.dump import cell_to_data
from twin.specs.keys import dotted_keys
from twin.specs.overlay import Overlay
from twin.specs.protocol import Protocol
from twin.specs.schema import CellSpec

WORDS = (
    *("value", "law", "source", "status", "kind", "material", "extends", "name", "x", "y", "unit"),
    *("nvp", "sodium", "metal", "porous", "arrhenius", "table", "rust", "schema", "", "1 m"),
)
words = st.sampled_from(WORDS) | st.text(max_size=6)
values = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | words
    | st.just(datetime.date(2026, 1, 1))
    | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=6,
)
KEYS = sorted({*dotted_keys(CellSpec), "modes.rust", "modes.rust.anode.rate", "modes.x"})
patches = st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=3)
hard = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ends_well(action) -> None:
    try:
        action()
    except (SpecError, NotFoundError) as error:
        for problem in error.problems:
            assert problem.message and problem.fix, problem
            assert "pydantic" not in str(problem) and "Traceback" not in str(problem)


@hard
@given(patches)
@example({"cathode.material": {"extends": []}})
@example({"anode.material": {"law": "table", "value": 3}})
@example({"modes": 3, "stack": [], "kind": {}})
def test_any_override(tree, patch):
    ends_well(lambda: tree.load(overrides=patch))


@hard
@given(st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=3))
def test_any_stored_cell(tree, patch):
    from twin.specs.dump import cell_from_data

    data = cell_to_data(tree.load())
    for key, value in patch.items():
        *path, last = key.split(".")
        table = data
        for part in path:
            below = table.get(part)
            table[part] = below if isinstance(below, dict) else {}
            table = table[part]
        table[last] = value
    ends_well(lambda: cell_from_data(data, tree.modes))


def toml(value: object) -> str:
    """Write a value as TOML (inline)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f") if value.isascii() else '"Ω"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value)


@hard
@given(
    st.dictionaries(st.sampled_from(sorted(Overlay.model_fields)) | words, values),
    st.sampled_from(["overlays", "cells", "materials"]),
)
def test_any_file(tree, data, kind):
    whole = {"schema": 1, "title": "any", "patch": {}} | data
    text = "\n".join(f"{toml(key)} = {toml(value)}" for key, value in whole.items())
    path = tree.write(f"{kind}/any.toml", text)
    loads = {
        "overlays": lambda: tree.load(overlays=[path]),
        "cells": lambda: tree.load(path),
        "materials": lambda: tree.load(overrides={"electrolyte.material": "any"}),
    }
    ends_well(loads[kind])


@hard
@given(st.dictionaries(st.sampled_from(["phase", "parameters", "kinds", "title", "x"]), values))
def test_any_protocol(data):
    base = {"schema": 1, "name": "p", "title": "p", "phase": [{"name": "a", "steps": ["Rest"]}]}
    ends_well(lambda: Protocol.from_data(base | data))
