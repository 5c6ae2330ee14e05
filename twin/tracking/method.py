"""The numbers a cell is tracked by (``method.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from twin.tracking.posterior import Method


@cache
def _method() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("method.toml").read_text("utf-8")
    method: dict[str, Any] = tomllib.loads(text)
    return method


def number_of(table: str, name: str) -> float:
    """Return a value of ``method.toml``."""
    return float(_method()[table][name]["value"])


def posterior_method() -> Method:
    """Return how a posterior is made."""
    values = {name: of["value"] for name, of in _method()["posterior"].items()}
    return Method(**values)
