"""The documentation builds as a site, without a warning, with a page for each failure mode."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import twin
from twin.validation.loader import case_names

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("mkdocs"), reason="needs the extra [docs]")
def test_the_site_builds_without_a_warning(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    for mode in twin.plugin_manager().modes:
        page = (tmp_path / "site" / "modes" / f"{mode}.html").read_text(encoding="utf-8")
        assert "Equations" in page and f"{mode}.svg" in page
    commands = (tmp_path / "site" / "reference" / "commands.html").read_text(encoding="utf-8")
    assert "twin report" in commands and "twin modes new" in commands
    cases = (tmp_path / "site" / "cases.html").read_text(encoding="utf-8")
    assert "parity.svg" in cases
    for name in case_names():
        assert (
            f"cases/{name}.svg" in cases and (tmp_path / "site" / "cases" / f"{name}.svg").is_file()
        )
    keys = (tmp_path / "site" / "reference" / "specs.html").read_text(encoding="utf-8")
    assert "transport_efficiency" in keys and "a quantity in" in keys
