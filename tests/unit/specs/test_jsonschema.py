"""The JSON Schemas accept the files the loader accepts, and catch what an editor can."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from twin.specs.dump import cell_to_data
from twin.specs.jsonschema import cell_schema, field_docs, overlay_schema, protocol_schema
from twin.specs.schema import Stack

KNOWN = {
    *("$schema", "$defs", "$ref", "title", "description", "default", "x-unit", "discriminator"),
    *("type", "properties", "required", "additionalProperties", "items", "minItems", "const"),
    *("enum", "anyOf", "oneOf", "if", "then", "else", "minimum", "prefixItems", "maxItems"),
}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def fits(data: Any, schema: Any, root: dict[str, Any]) -> bool:
    """Return whether data fit a schema: as much of JSON Schema as these schemas use."""
    if isinstance(schema, bool):
        return schema
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        target = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        if not fits(data, target, root):
            return False
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(
        isinstance(data, TYPES[t]) and (t == "boolean" or not isinstance(data, bool)) for t in types
    ):
        return False
    if "const" in schema and data != schema["const"]:
        return False
    if "enum" in schema and data not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(fits(data, s, root) for s in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(data, s, root) for s in schema["oneOf"]) != 1:
        return False
    if "if" in schema:
        branch = "then" if fits(data, schema["if"], root) else "else"
        if not fits(data, schema[branch], root):
            return False
    if isinstance(data, dict):
        if not set(schema.get("required", [])) <= set(data):
            return False
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties", True)
        return all(fits(v, properties.get(k, rest), root) for k, v in data.items())
    if isinstance(data, list):
        return len(data) >= schema.get("minItems", 0) and all(
            fits(item, schema.get("items", True), root) for item in data
        )
    return True


def refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(refs(value) for value in node.values()))
    return set().union(*(refs(item) for item in node)) if isinstance(node, list) else set()


made: dict[str, Any] = {}


@pytest.fixture
def cell(tree):
    # The schema takes a second to make, and every tree has the same modes.
    schema = made.get("cell") or made.setdefault("cell", cell_schema(tree.modes))
    return schema, tomllib.loads((tree.root / "cells/full.toml").read_text())


def test_every_reference_leads_somewhere(tree):
    for schema in (cell_schema(tree.modes), overlay_schema(tree.modes), protocol_schema()):
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        json.dumps(schema, allow_nan=False)
        missing = {r for r in refs(schema) if r.removeprefix("#/$defs/") not in schema["$defs"]}
        assert missing == set()


def test_the_files_the_loader_reads_fit(tree, cell):
    schema, data = cell
    assert fits(data, schema, schema)
    for name in ("full", "symmetric"):
        text = (tree.root / f"cells/{name}.toml").read_text()
        assert fits(tomllib.loads(text), schema, schema), name
        written = cell_to_data(tree.load(name))
        del written["name"]
        assert fits(written, schema, schema), name


@pytest.mark.parametrize(
    "text",
    [
        'schema = 1\nextends = "full"',
        'schema = 1\nextends = "full"\n[stack]\npressure = { spread = "normal 1" }',
        'schema = 1\nextends = "full"\n[cathode]\nmaterial = { diffusivity = "1e-14 m^2/s" }',
        'schema = 1\nextends = "full"\n'
        '[cathode]\nmaterial = { extends = "nvp", conductivity = { reference = "1 S/m" } }',
        'schema = 1\nextends = "full"\n[modes.rust.anode]\nrate = { status = "assumed" }',
    ],
)
def test_a_cell_that_extends_another_may_leave_things_out(cell, text):
    schema, _ = cell
    assert fits(tomllib.loads(text), schema, schema)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("stack"),
        lambda d: d.pop("schema"),
        lambda d: d["stack"].pop("pressure"),
        lambda d: d["stack"].update(presure="1 MPa"),
        lambda d: d["stack"].update(pressure=5),
        lambda d: d["stack"].update(fixture="loose"),
        lambda d: d.update(thermall={}),
        lambda d: d.update(kind="half"),
        lambda d: d.update(name="mine"),
        lambda d: d["cathode"].update(material=3),
        lambda d: d.update(modes={"rst": {}}),
        lambda d: d.update(modes={"rust": {"anode": {"rat": "1 m/s"}}}),
        lambda d: d["interfaces"]["anode"].update(exchange_current={"law": "linear"}),
        lambda d: d["anode"].update(thickness={"value": "1 um", "status": "guessed"}),
    ],
)
def test_an_editor_sees_these_mistakes(cell, change):
    schema, data = cell
    change(data)
    assert not fits(data, schema, schema)


def test_overlays_and_protocols(tree):
    schema = overlay_schema(tree.modes)
    good = {"schema": 1, "title": "x", "patch": {"stack": {"pressure": "5 MPa"}}}
    assert fits(good, schema, schema)
    assert fits({**good, "requires": {"electrolyte.material.family": "NASICON"}}, schema, schema)
    assert not fits({**good, "patch": {"stack": {"presure": "5 MPa"}}}, schema, schema)
    assert not fits({"schema": 1, "title": "x"}, schema, schema)
    schema = protocol_schema()
    steps = ["Rest for 1 hour", {"do": "Rest for 2 hours", "temperature": "60 degC"}]
    good = {"schema": 1, "title": "x", "phase": [{"name": "a", "cycles": 1, "steps": steps}]}
    assert fits(good, schema, schema)
    assert not fits(
        {**good, "phase": [{"name": "a", "steps": [{"temperature": "1 K"}]}]}, schema, schema
    )


def test_descriptions_come_from_the_docstrings_below_the_fields(tree):
    assert field_docs(Stack)["stiffness"].startswith("Pressure rise per stack thickness change")
    schema = cell_schema(tree.modes)
    stiffness = schema["$defs"]["Stack"]["properties"]["stiffness"]
    assert stiffness["description"].startswith("Pressure rise per")
    rate = schema["$defs"]["mode-rust-Side"]["properties"]["rate"]
    assert rate["description"] == "How fast it grows."
