"""Streams that are full, closed or gone: a run goes on, a result that is lost is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TWIN = [sys.executable, "-c", "import sys; from twin.cli.main import main; sys.exit(main())"]
FULL = "/dev/full"
RUN = ("run", "na-nzsp-na", "--cycles", "1", "--modes", "none")


def shell(line: str, db: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which ``twin`` is this program."""
    program = " ".join(f"'{word}'" for word in TWIN)
    script = f'twin() {{ {program} "$@"; }}; {line}'
    env = os.environ | {"TWIN_DATABASE_URL": f"sqlite:///{db}", "NO_COLOR": "1"}
    how = {"capture_output": True, "text": True, "timeout": 200, "env": env}
    return subprocess.run(["bash", "-o", "pipefail", "-c", script], **how)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("streams") / "runs.db"
    assert shell(f"twin {' '.join(RUN)}", file).returncode == 0
    return file


@pytest.mark.parametrize("words", ["runs --json", "plot last", "--help", "cells schema cell"])
def test_a_result_that_cannot_be_written_is_told_in_a_line(db, words):
    done = shell(f"twin {words} >{FULL}", db)
    assert done.returncode == 2, done.stderr
    first, fix = done.stderr.splitlines()
    assert first == "error: standard output: cannot write: no space left on device"
    assert fix.strip().startswith("fix: ")


@pytest.mark.parametrize("lost", [f"2>{FULL}", "2>&-", "0<&- >&- 2>&-"])
def test_a_run_goes_on_where_nothing_can_be_shown(db, tmp_path, lost):
    file = tmp_path / "runs.db"
    done = shell(f"twin {' '.join(RUN)} {lost}", file)
    assert done.returncode == 0 and "Traceback" not in done.stderr
    listed = json.loads(shell("twin runs --json", file).stdout)
    assert [(run["status"], run["cycles"]) for run in listed] == [("completed", 1)]


def test_both_streams_full_is_an_exit_code(db):
    assert shell(f"twin runs --json >{FULL} 2>{FULL}", db).returncode == 2
    assert shell(f"twin nosuch 2>{FULL}", db).returncode == 2


def test_a_reader_of_one_line_is_no_error(db):
    done = shell("twin cells | head -1", db)
    assert done.returncode == 0 and done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
