"""The order of a set is no one's business: each process has a hash seed of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HELPER = Path(__file__).with_name("digest_helper.py")
SEEDS = ("0", "1", "2")
"""Of these, the first two order the parts of the electrolyte's potential differently."""


def done(url: str, hash_seed: str, verb: str, **asked: Any) -> tuple[str, str]:
    """Do something in a new process of a hash seed; return the id, and the digest of all rows."""
    words = [f"{name}={json.dumps(value)}" for name, value in asked.items()]
    told = subprocess.run(
        [sys.executable, str(HELPER), url, verb, *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    assert told.returncode == 0, told.stderr
    found, digest = told.stdout.split()
    return found, digest


@pytest.fixture
def url_of(tmp_path):
    return lambda name: f"sqlite:///{tmp_path}/{name}.db"


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_a_run_goes_on_in_a_process_of_any_seed(model, url_of):
    whole = done(url_of("whole"), "2", "simulate", of="na-nzsp-nvp", cycles=4, model=model)[1]
    url = url_of("parts")
    run, _ = done(url, "0", "simulate", of="na-nzsp-nvp", cycles=2, model=model)
    done(url, "1", "resume", of=run, cycles=3)
    assert done(url, "0", "resume", of=run, cycles=4) == (run, whole)


def test_a_life_by_jumps_is_the_same_under_every_seed(url_of):
    asked = {"of": "na-nzsp-nvp", "cycles": 200, "model": "spm"}
    assert len({done(url_of(seed), seed, "life", **asked)[1] for seed in SEEDS}) == 1


def test_a_study_goes_on_in_a_process_of_any_seed(url_of):
    def in_two_parts(first: str, second: str) -> str:
        url = url_of(f"{first} {second}")
        asked = {"of": "na-nzsp-nvp", "workers": 1}
        study, _ = done(url, first, "forecast", samples=2, seed=3, cycles=60, **asked)
        return done(url, second, "forecast", study=study, samples=4, **asked)[1]

    assert in_two_parts("0", "0") == in_two_parts("2", "1")
