"""JSON Schemas (2020-12) of the TOML files, for editors that complete and check them."""

from __future__ import annotations

import ast
import copy
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from twin.specs.assemble import ModeEntry
from twin.specs.keys import fields_of, models_in
from twin.specs.overlay import Overlay
from twin.specs.schema import CellSpec, Electrolyte, Intercalation, Metal

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/"
_NAME = {"type": "string", "description": "A name in the library"}
_MATERIALS = (Metal, Intercalation, Electrolyte)


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings that stand below a model's fields, by key.

    A model without source (made in a notebook, say) has none.
    """
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except (OSError, TypeError):
        return {}
    body = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)).body
    docs: dict[str, str] = {}
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            docs[field.target.id] = inspect.cleandoc(text.value.value)
    return docs


def cell_schema(mode_models: Mapping[str, ModeEntry]) -> dict[str, Any]:
    """Return the JSON Schema of a cell file, with a table for each installed mode.

    A cell that ``extends`` another may leave out any key; one that does not, none of
    the required ones.

    Parameters
    ----------
    mode_models : mapping
        The installed failure modes by id.
    """
    defs, strict, patch = _cell_defs(mode_models)
    return {
        "$schema": _DIALECT,
        "title": "A cell of the twin",
        "type": "object",
        "required": ["schema"],
        "if": {"required": ["extends"]},
        "then": {"$ref": _REF + patch},
        "else": {"$ref": _REF + strict},
        "$defs": defs,
    }


def overlay_schema(mode_models: Mapping[str, ModeEntry] | None = None) -> dict[str, Any]:
    """Return the JSON Schema of an overlay file; ``patch`` may change any key of a cell."""
    defs, _, patch = _cell_defs(mode_models or {})
    schema, own = _schema_of(Overlay)
    # A patch changes keys; the cell's own top-level words are not its to change.
    inner = copy.deepcopy(defs[patch])
    for key in ("schema", "extends"):
        inner["properties"].pop(key, None)
    schema["properties"]["patch"] = inner
    values = {"anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "array"}]}
    schema["properties"]["requires"] = {
        "type": "object",
        "description": "Dotted keys of the cell and the value, or values, they must have",
        "additionalProperties": {"anyOf": [*values["anyOf"], {"type": "object"}]},
    }
    return _file(schema, {**own, **defs})


def protocol_schema() -> dict[str, Any]:
    """Return the JSON Schema of a protocol file."""
    from twin.specs.protocol import Protocol

    schema, defs = _schema_of(Protocol)
    step = {"type": "string", "description": "A PyBaMM experiment step with {placeholders}"}
    items = defs["Phase"]["properties"]["steps"]["items"]
    defs["Phase"]["properties"]["steps"]["items"] = {"anyOf": [step, items]}
    return _file(schema, defs)


def _file(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    schema["properties"].pop("name", None)
    schema["properties"]["schema"] = {"const": 1}
    required = {*schema.get("required", []), "schema"} - {"name"}
    return {"$schema": _DIALECT, **schema, "required": sorted(required), "$defs": defs}


def _schema_of(model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a model's schema and its definitions, described from the docstrings."""
    schema = model.model_json_schema(by_alias=True, ref_template=_REF + "{model}")
    schema = _renamed(schema)
    defs: dict[str, Any] = schema.pop("$defs", {})
    tables = {**defs, model.__name__: schema}
    for at in _all_models(model):
        table = tables.get(at.__name__, {})
        for name, text in field_docs(at).items():
            field = at.model_fields.get(name)
            key = (field.alias or name) if field is not None else name
            if key in table.get("properties", {}):
                table["properties"][key]["description"] = text
    return schema, defs


def _all_models(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[Any]:
    seen = set() if seen is None else seen
    if model not in seen:
        seen.add(model)
        for base in model.__mro__[1:]:
            if issubclass(base, BaseModel) and base is not BaseModel:
                seen.add(base)
        for field in fields_of(model).values():
            for _, inner in models_in(field.annotation):
                _all_models(inner, seen)
    return seen


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """Give the definitions of laws, one set for each unit, names a reader can bear."""
    long = re.compile(r"twin__specs__laws__laws___locals___(\w+?)__(\d+)")
    renamed = {
        name: long.sub(r"\1-\2", name) for name in schema.get("$defs", {}) if long.fullmatch(name)
    }

    schema = _mapped(schema, lambda name: renamed.get(name, name))
    if "$defs" in schema:
        schema["$defs"] = {renamed.get(key, key): value for key, value in schema["$defs"].items()}
    return schema


def _cell_defs(mode_models: Mapping[str, ModeEntry]) -> tuple[dict[str, Any], str, str]:
    """Return all definitions, and the names of the strict and of the patch form of a cell."""
    cell, defs = _schema_of(CellSpec)
    cell["properties"].pop("name")
    cell["required"] = [key for key in cell["required"] if key != "name"]
    cell["properties"]["schema"] = {"const": 1}
    defs["Cell"] = cell
    cell["properties"]["modes"] = {
        "type": "object",
        "description": "What the cell changes of the failure modes' own parameters",
        "additionalProperties": False,
        "properties": {},
    }
    for name, entry in sorted(mode_models.items()):
        schema, own = _schema_of(entry.parameters)
        # The plugin's defaults fill what the cell leaves out: every key is optional.
        prefix = f"mode-{name}-"
        own = {prefix + key: _relaxed(_prefixed(value, prefix)) for key, value in own.items()}
        defs.update(own)
        cell["properties"]["modes"]["properties"][name] = _relaxed(_prefixed(schema, prefix))
    for model in _MATERIALS:
        defs[model.__name__]["required"].remove("name")
    patches = {f"{key}-patch": _relaxed(_patched(value)) for key, value in defs.items()}
    for name in ("Cell", *(model.__name__ for model in _MATERIALS)):
        patches[f"{name}-patch"]["properties"]["extends"] = dict(_NAME)
    defs |= patches
    for name in ("MetalElectrode", "PorousElectrode", "Separator"):
        for form in ("", "-patch"):
            _name_materials(defs[name + form]["properties"], form)
    return defs, "Cell", "Cell-patch"


def _prefixed(node: Any, prefix: str) -> Any:
    return _mapped(node, lambda name: prefix + name)


def _patched(node: Any) -> Any:
    return _mapped(node, lambda name: f"{name}-patch")


def _mapped(node: Any, rename: Callable[[str], str]) -> Any:
    """Return a schema whose references point to renamed definitions."""
    if isinstance(node, dict):
        return {
            key: _REF + rename(value.removeprefix(_REF))
            if key == "$ref"
            else _mapped(value, rename)
            for key, value in node.items()
        }
    return [_mapped(item, rename) for item in node] if isinstance(node, list) else node


def _relaxed(node: Any) -> Any:
    """Return a schema with nothing required, as what it lacks may come from elsewhere."""
    if isinstance(node, dict):
        return {
            # With nothing required, several forms may fit at once.
            "anyOf" if key == "oneOf" else key: _relaxed(value)
            for key, value in node.items()
            if not (key == "required" and isinstance(value, list))
        }
    return [_relaxed(item) for item in node] if isinstance(node, list) else node


def naming_materials(schema: Any, names: Sequence[str]) -> Any:
    """Return a schema that knows the library's materials by name, for editors to offer."""
    if isinstance(schema, dict):
        named = {key: naming_materials(value, names) for key, value in schema.items()}
        options = named.get("anyOf")
        if isinstance(options, list) and _NAME in options:
            named["anyOf"] = [{"enum": list(names)}, *options]
        return named
    return (
        [naming_materials(item, names) for item in schema] if isinstance(schema, list) else schema
    )


def _name_materials(properties: dict[str, Any], form: str) -> None:
    """Let a material be given by name, or as a table that extends a named one."""
    for key in ("material", "electrolyte", "metal"):
        at = properties.get(key)
        if at is None:
            continue
        refs = [at["$ref"]] if "$ref" in at else [o["$ref"] for o in at["anyOf"] if "$ref" in o]
        material = refs[0].removesuffix("-patch")
        options = [dict(_NAME), {"$ref": refs[0]}]
        if not form:
            options.append({"$ref": f"{material}-patch", "required": ["extends"]})
        if key == "electrolyte":
            options.append({"type": "object", "required": ["material"]})
        properties[key] = {"anyOf": options, "description": at.get("description", "The material")}
