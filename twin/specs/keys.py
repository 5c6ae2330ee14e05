"""Which keys a spec model takes, looked up along the path of an error."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from twin.specs.laws import LawSchema
from twin.specs.quantity import QuantityUnit

Model = type[BaseModel]


def is_tag(part: Any) -> bool:
    """Whether a part of an error's path only tells which kind or law was meant."""
    return isinstance(part, str) and part.startswith(("kind:", "law:"))


def fields_of(model: Model) -> dict[str, FieldInfo]:
    """Return a model's fields by the key they have in TOML."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_in(annotation: Any, tag: str | None = None) -> list[tuple[str | None, Model]]:
    """Return the models that a field may hold, each with its tag in a union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        tags = [item.tag for item in metadata if isinstance(item, Tag)]
        return models_in(inner, tags[0] if tags else tag)
    if origin in (Union, types.UnionType, tuple, list):
        return [model for arg in get_args(annotation) for model in models_in(arg, tag)]
    if origin is dict:
        return models_in(get_args(annotation)[1], tag)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [(tag, annotation)]
    return []


def models_at(model: Model, path: Sequence[Any]) -> list[Model]:
    """Return the models that may stand at the end of an error's path.

    Parts of the path that are no key, such as the tag of a union, choose among them.
    """
    models: list[tuple[str | None, Model]] = [(None, model)]
    for part in path:
        below = [
            child
            for _, at in models
            for child in models_in(getattr(fields_of(at).get(part), "annotation", None))
        ]
        if below:
            models = below
        else:
            chosen = [item for item in models if part in (item[0], item[1].__name__)]
            models = chosen or models
    return [at for _, at in models]


def field_at(model: Model, path: Sequence[Any]) -> FieldInfo | None:
    """Return the field at the end of an error's path."""
    for at in models_at(model, path[:-1]):
        field = fields_of(at).get(path[-1])
        if field is not None:
            return field
    return None


def unit_of(annotation: Any, metadata: Sequence[Any] = ()) -> str | None:
    """Return the unit of a field that holds a quantity or a law, else ``None``."""
    for item in metadata:
        if isinstance(item, QuantityUnit):
            return item.unit
        if isinstance(item, LawSchema):
            return unit_of(item.quantity)
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        return unit_of(inner, extra)
    if origin in (Union, types.UnionType):
        units = [unit_of(arg) for arg in get_args(annotation)]
        return next((unit for unit in units if unit is not None), None)
    return None


def expected(field: FieldInfo) -> tuple[str, str | None]:
    """Return what a field wants, in words, and its unit if it holds a quantity."""
    unit = unit_of(field.annotation, field.metadata)
    if unit is not None:
        return (f"a quantity in {unit}" if unit else "a number without a unit"), unit
    if models_in(field.annotation):
        return "a table", None
    simple = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    options = [str(arg) for arg in get_args(field.annotation) if isinstance(arg, str | int)]
    known = simple.get(field.annotation, "a value")  # type: ignore[arg-type]
    return ("one of " + ", ".join(options) if options else known), None


def required_keys(field: FieldInfo) -> list[str]:
    """Return the keys that a field's table cannot do without."""
    for _, model in models_in(field.annotation)[:1]:
        return [key for key, inner in fields_of(model).items() if inner.is_required()]
    return []


def dotted_keys(model: Model, prefix: str = "") -> Iterator[str]:
    """Yield every dotted key that a model takes, laws and quantities counted as one."""
    for key, field in fields_of(model).items():
        dotted = f"{prefix}{key}"
        yield dotted
        if unit_of(field.annotation, field.metadata) is None:
            for _, inner in models_in(field.annotation):
                yield from dotted_keys(inner, f"{dotted}.")
