"""A tiny case that every test here can bend: one cell, driven for a minute."""

from __future__ import annotations

import pytest

CASE = """
schema = 1
title  = "A test"
class  = "C"
source = "nowhere"
set_up = "one minute of current"

[run.minute]
cell   = "na-nzsp-na"
cycles = 1
phase  = [{ name = "minute", cycles = 1, steps = ["Discharge at {j} for 1 minute"] }]
parameters = { j = "0.1 mA/cm^2" }

[see.film]
take     = "value"
variable = "Anode series resistance [Ohm.m2]"
unit     = "ohm*cm^2"
"""
ROW = """
[[row]]
see       = "film"
says      = "the film"
measured  = 6.3
tolerance = "+-1 %"
"""


@pytest.fixture
def write(tmp_path):
    """Write a case's file and return its path."""

    def write(text: str = CASE + ROW, name: str = "a-case"):
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def case() -> str:
    """The tiny case without its row."""
    return CASE


@pytest.fixture
def row() -> str:
    """Its row: the interface's film of 7 ohm cm2, which the cell's file gives."""
    return ROW
