"""The examples and the benchmark run as a reader would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(script: Path, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=cwd,
        env={**os.environ, "TWIN_DATABASE_URL": f"sqlite:///{cwd}/runs.db"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pressing_harder_saves_the_cell(tmp_path):
    said = run(ROOT / "examples" / "pressure_what_if.py", cwd=tmp_path).splitlines()
    assert "dendrite: anode hard short" in said[0] and "dendrite: anode hard short" in said[1]
    assert said[2].endswith("lives") and "the cell lives" in said[3]


def test_the_model_runs_in_plain_pybamm(tmp_path):
    said = run(ROOT / "examples" / "plain_pybamm.py", cwd=tmp_path)
    assert said.startswith("interphase 5.0 nm -> ")


@pytest.mark.parametrize("model", ["spm"])
def test_the_benchmark_gives_one_json_document(tmp_path, model):
    script = ROOT / "benchmarks" / "engine_vs_pybamm.py"
    out = run(script, "--cycles", "1", "--repeats", "1", "--models", model, cwd=tmp_path)
    assert json.loads(out)["models"][model]["ratio"] > 0
