"""The same numbers on every machine: kernels of linear algebra, hash seeds, workers.

A processor decides which kernels OpenBLAS takes, and with them the last bits of sums;
``OPENBLAS_CORETYPE`` chooses them by hand. ``PYTHONHASHSEED`` decides the order of sets.
Neither may decide anything but last bits of a result. A kernel that this processor cannot
run is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BUILDS_ANEW = True
KERNELS = ("Haswell", "Zen", "SkylakeX", "Sandybridge", "Prescott")
SOLVER = 1e-4
"""The solver's relative tolerance."""
DIFFERENCES = 1e-6
"""An estimate of an error is a difference between two shares of the capacity, itself 1e-5."""

CELL = "na-nzsp-nvp"
_LIVE = """
import json, sys, twin
url, cell, model = sys.argv[1:]
run = twin.simulate(cell, cycles=2, model=model, store=url)
life = twin.life(cell, cycles=80, store=url)
study = twin.forecast(cell, cycles=30, samples=3, seed=3, workers=1, store=url)
members = {r.settings["member"]: study.store.cycles(r.id) for r in study.store.runs(study=study.id)}
print(json.dumps({"life": life.rows, "outcome": life.outcome.to_dict(), "members": members,
                  "first": run.id}))
"""
_GO_ON = """
import json, sys, twin
url, cell, run = sys.argv[1:]
print(json.dumps({"resumed": twin.resume(run, cycles=4, store=url).rows}))
"""
_CLOCKS = {"wall_s", "solver_s", "loop_s", "first"}
"""What a clock tells, and what a run is called."""


def _said(script: str, url: str, what: str, env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-c", script, url, CELL, what]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | env, timeout=280, check=False
    )
    if done.returncode < 0:
        pytest.skip(f"this processor cannot run {env}")
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def numbers(
    folder: Path, env: dict[str, str], then: dict[str, str] | None = None, model: str = "dfn"
) -> dict[str, Any]:
    """Live in one process, go on in the next, and return every number they find."""
    url = f"sqlite:///{folder}/runs.db"
    lived = _said(_LIVE, url, model, env)
    return dict(flat(lived | _said(_GO_ON, url, lived["first"], then or env)))


def flat(value: Any, name: str = "") -> Any:
    """Name every leaf of a document by its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _CLOCKS:
                yield from flat(item, f"{name}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flat(item, f"{name}/{index}")
    else:
        yield name, value


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return numbers(tmp_path_factory.mktemp("here"), {"PYTHONHASHSEED": "0"})


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
def test_no_number_follows_the_order_of_a_set(here, tmp_path, seed):
    """Lived with one hash seed and resumed with another: not a bit is different."""
    there = numbers(tmp_path, {"PYTHONHASHSEED": seed}, {"PYTHONHASHSEED": f"{int(seed) + 1}"})
    assert there == here


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS)
def test_another_processor_finds_the_same_to_the_solvers_tolerance(here, tmp_path, kernel):
    there = numbers(tmp_path, {"PYTHONHASHSEED": "0", "OPENBLAS_CORETYPE": kernel})
    assert there.keys() == here.keys()
    for name, value in here.items():
        if isinstance(value, float):
            near = DIFFERENCES if name.endswith("capacity_error") else 1e-12
            assert there[name] == pytest.approx(value, rel=SOLVER, abs=near), name
        else:
            assert there[name] == value, name
