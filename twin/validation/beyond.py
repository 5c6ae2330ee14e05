"""Following a cell beyond its death: the limits that somebody set, put where they end nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from twin.modes.mode import FailureMode


def laid(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with another laid over it; a quantity's table replaces the old one."""
    merged = dict(base)
    for key, value in patch.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict) and "value" not in value
        merged[key] = laid(old, value) if both and isinstance(old, dict) else value
    return merged


def beyond_death(modes: Iterable[FailureMode]) -> dict[str, Any]:
    """Return the patch that lets a cell go on past the limits of its own and of the modes.

    What a cell cannot live through stays its death: a short, lost contact of the metal, no
    sodium, salt or electrolyte left, heat.
    """
    text = (resources.files("twin.validation") / "beyond.toml").read_text(encoding="utf-8")
    limits = tomllib.loads(text)
    own = {mode.id: mode.beyond() for mode in modes}
    return limits | {"modes": {name: table for name, table in own.items() if table}}
