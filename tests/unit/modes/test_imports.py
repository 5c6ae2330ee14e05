"""Listing plugins stays quick: what is heavy waits until a mode is used."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from twin.modes.manager import ENTRY_POINT_GROUP

HEAVY = ["pybamm", "pydantic", "pint", "pandas", "matplotlib", "sqlmodel", "textual"]
PLUGINS = sorted(
    e.module
    for e in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    if e.dist is not None and e.dist.name == "sodium-cell-twin"
)


def heavy_after(code: str) -> str:
    code = f"import sys; {code}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_there_are_plugins_to_look_at():
    assert {"twin_cells", "twin_interphase", "twin_pressure"} <= set(PLUGINS)


@pytest.mark.parametrize("module", PLUGINS)
def test_importing_a_plugin_brings_nothing_heavy(module):
    assert heavy_after(f"import {module}") == "[]"


def test_finding_all_plugins_brings_nothing_heavy():
    assert heavy_after("import twin; twin.plugin_manager().plugins") == "[]"


def test_reading_all_modes_brings_no_pybamm():
    code = "import twin; assert twin.plugin_manager().modes"
    assert "pybamm" not in heavy_after(code)
