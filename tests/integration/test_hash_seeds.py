"""The order of a set is no one's business: each process has a hash seed of its own.

Two processes, one after the other, each of another seed, begin and go on with a run of each
model and a study; the second does each once as a whole. What they come to is looked at afterwards.
What one of them has built is of its own seed: only itself recalls it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HELPER = Path(__file__).with_name("digest_helper.py")
SEEDS = ("0", "1")
"""These order the parts of the electrolyte's potential differently."""
CELL, MODELS = "na-nzsp-nvp", ("dfn", "spm")
LIFE = {"of": CELL, "cycles": 40, "model": "spm"}
STUDY = {"of": CELL, "workers": 1}
BEGUN = STUDY | {"samples": 1, "seed": 3, "cycles": 12}
GONE_ON = STUDY | {"samples": 2, "study": None}

Task = tuple[str, str, dict[str, Any]]
"""The store's name, the verb, and its arguments."""


def tasks(number: int) -> list[Task]:
    """Return what the process of a number does."""
    runs: list[Task] = []
    for model in MODELS:
        asked = {"of": CELL, "model": model, "modes": ["interphase", "pressure"]}
        begun = [("simulate", asked | {"cycles": 2}), ("resume", {"of": None, "cycles": 4})]
        runs.append((f"parts {model}", *begun[number]))
        if number == 1:
            runs.append((f"whole {model}", "simulate", asked | {"cycles": 4}))
    lives: list[Task] = [(f"life {number}", "life", dict(LIFE))]
    studies: list[list[Task]] = [
        [("study", "forecast", BEGUN)],
        [("study", "forecast", GONE_ON), ("whole study", "forecast", BEGUN | {"samples": 2})],
    ]
    return [*runs, *lives, *studies[number]]


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, list[tuple[str, str]]]:
    """The id and the digest of each thing done, by the store's name, in order."""
    folder = tmp_path_factory.mktemp("seeds")
    come: dict[str, list[tuple[str, str]]] = {}
    for number, seed in enumerate(SEEDS):
        asked = tasks(number)
        lines = [json.dumps([f"sqlite:///{folder}/{n}.db", v, a]) for n, v, a in asked]
        told = subprocess.run(
            [sys.executable, str(HELPER)],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": seed, "TWIN_CACHE": str(folder / f"built-{seed}")},
        )
        assert told.returncode == 0, told.stderr
        for (name, *_), line in zip(asked, told.stdout.splitlines(), strict=True):
            come.setdefault(name, []).append(tuple(line.split()))
    return come


@pytest.mark.parametrize("model", MODELS)
def test_a_run_goes_on_in_a_process_of_any_seed(model, found):
    ids, digests = zip(*found[f"parts {model}"], strict=True)
    assert len(set(ids)) == 1 and len(set(digests)) == 2
    assert digests[-1] == found[f"whole {model}"][0][1]


def test_a_life_by_jumps_is_the_same_under_every_seed(found):
    assert len({found[f"life {number}"][0][1] for number in range(len(SEEDS))}) == 1


def test_a_study_goes_on_in_a_process_of_any_seed(found):
    (begun, half), (gone_on, both) = found["study"]
    assert begun == gone_on and half != both == found["whole study"][0][1]
