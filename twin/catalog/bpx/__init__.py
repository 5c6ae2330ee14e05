"""BPX, the Battery Parameter eXchange: a cell of the twin from such a file, and one as such a file.

BPX 1.x (https://bpxstandard.com) holds the numbers of PyBaMM's DFN: two porous electrodes, a
separator and one electrolyte. It knows no metal anode, no symmetric cell, no pressure, no interface
resistance and no failure mode. Its files are read and checked by the package ``bpx``, which is
optional.
"""

from __future__ import annotations

import importlib
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from twin.errors import InputError


@cache
def numbers() -> dict[str, Any]:
    """Return what ``numbers.toml`` holds."""
    text = resources.files(__package__).joinpath("numbers.toml").read_text("utf-8")
    return tomllib.loads(text)


def number(table: str, name: str) -> Any:
    """Return a value of ``numbers.toml``."""
    return numbers()[table][name]["value"]


def package() -> Any:
    """Return the package ``bpx``.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return importlib.import_module("bpx")
    except ImportError:
        raise InputError(
            "BPX files are read and checked by the package bpx, which is not installed",
            fix='pip install "sodium-cell-twin[bpx]"',
        ) from None
