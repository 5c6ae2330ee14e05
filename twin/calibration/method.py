"""The numbers a calibration is made by (``method.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from twin.specs.quantity import parse_quantity
from twin.units import UnitError

_UNITS = ("", "V", "K", "V/K")


@cache
def _method() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("method.toml").read_text("utf-8")
    method: dict[str, Any] = tomllib.loads(text)
    return method


@cache
def number_of(table: str, name: str) -> float:
    """Return a value of ``method.toml`` in SI units."""
    return _si(_method()[table][name])


@cache
def prior_of(name: str) -> tuple[str, float]:
    """Return in what a prior is normal, ``"log"`` or ``"linear"``, and its width there."""
    prior = _method()["prior"][name]
    return str(prior["kind"]), _si(prior["width"])


def _si(raw: dict[str, Any]) -> float:
    for unit in _UNITS:
        try:
            return parse_quantity(raw, unit).si
        except (ValueError, UnitError):
            continue
    raise ValueError(f"{raw} has none of the units {_UNITS}")
