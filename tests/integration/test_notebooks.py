"""The notebooks: executed, free of errors and of the machine they ran on, and they still run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
BOOKS = sorted(FOLDER.glob("*.ipynb"))


def code(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_are_three():
    assert [path.stem for path in BOOKS] == ["forecast", "own_mode", "scenario"]


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_executed_in_order_without_an_error(path):
    cells = code(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [out for cell in cells for out in cell["outputs"]]
    assert not [out for out in outputs if out["output_type"] == "error" or out.get("name")]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    assert not re.search(r'"/(home|root|tmp|work|usr|Users)\b', path.read_text(encoding="utf-8"))


def test_the_notebooks_mode_is_the_examples():
    script = (FOLDER.parent / "own_mode_forecast.py").read_text(encoding="utf-8")
    shown = "".join(code(FOLDER / "own_mode.ipynb")[0]["source"])
    part = shown.partition("class Parameters")[2]
    assert part and part.strip() in script


@pytest.mark.slow
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_still_runs(path, tmp_path):
    script = tmp_path / "cells.py"
    script.write_text("\n\n".join("".join(cell["source"]) for cell in code(path)))
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=280,
        env={**os.environ, "TWIN_DATABASE_URL": "sqlite://"},
    )
    assert done.returncode == 0, done.stderr
