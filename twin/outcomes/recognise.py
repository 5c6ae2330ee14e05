"""From the words of a set-up to the classes that rows are compared by."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


class NotMapped(Exception):
    """No cell of the library stands for a row; the message says why."""


@cache
def words() -> dict[str, Any]:
    """Return the words that stand for each class."""
    value: dict[str, Any] = _toml("words.toml")
    return value


@cache
def priors() -> dict[str, dict[str, Any]]:
    """Return what is believed before a table is read."""
    value: dict[str, dict[str, Any]] = _toml("priors.toml")
    return value


@cache
def setup_words() -> dict[str, Any]:
    """Return the words that stand for materials, and what a control is told by."""
    value: dict[str, Any] = _toml("setups.toml")
    return value


@cache
def drawn() -> dict[str, Any]:
    """Return what is drawn where a row does not say it."""
    value: dict[str, Any] = _toml("drawn.toml")
    return value


@cache
def method() -> dict[str, Any]:
    """Return how rows are lived and scored."""
    value: dict[str, Any] = _toml("method.toml")
    return value


def fits(when: Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    """Return whether an entry of ``drawn.toml`` holds: a fact is the value, or one of the list."""
    return all(
        facts[name] in value if isinstance(value, list) else facts[name] == value
        for name, value in when.items()
    )


def number_of(*path: str) -> Any:
    """Return a value of ``method.toml``."""
    number: Any = method()
    for name in path:
        number = number[name]
    return number["value"]


def _toml(name: str) -> Any:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))


def class_of(what: str, text: str | None) -> str | None:
    """Return the class of an electrolyte, cathode or anode; None where no word is known."""
    said = f" {text or ''} ".lower()
    if not said.strip():
        return None
    for name, known in words()[what].items():
        if any(word.lower() in said for word in known):
            value: str | None = name
            return value
    return None


def marks_of(texts: Mapping[str, str | None]) -> frozenset[str]:
    """Return the marks that a set-up's words give: wet, pressed, control."""
    said = " ".join(text or "" for text in texts.values()).lower()
    return frozenset(
        mark for mark, known in words()["marks"].items() if any(word in said for word in known)
    )
