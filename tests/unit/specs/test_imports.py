"""Importing the specs stays quick: what is heavy waits until it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

import twin.specs


@pytest.mark.parametrize(
    ("module", "not_yet"),
    [
        ("twin.specs", ["pydantic", "pint", "pybamm"]),
        ("twin.specs.schema", ["pint", "pybamm"]),
        ("twin.specs.loader", ["pint", "pybamm"]),
        ("twin.specs.protocol", ["pint", "pybamm"]),
    ],
)
def test_what_an_import_does_not_bring(module, not_yet):
    code = f"import sys, {module}; print([m for m in {not_yet!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", twin.specs.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(twin.specs, name).__doc__


def test_there_are_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'load_sell'"):
        twin.specs.load_sell  # noqa: B018
