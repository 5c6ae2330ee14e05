"""The command line as a process: what a shell, a script and a keyboard see of it."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TWIN = [sys.executable, "-c", "import sys; from twin.cli.main import main; sys.exit(main())"]
# Tolerances below what numbers can hold, so that no solver can keep them.
HOPELESS = (
    "run", "na-nzsp-na", "--modes", "none", "--cycles", "2", "--rtol", "1e-16", "--atol", "1e-300",
)  # fmt: skip
# Named, so that another plugin's mode cannot change how these cells live and die.
TWO_MODES = ("--modes", "interphase,pressure")
LONG = ("run", "na-nzsp-nvp", "--model", "spm", "--cycles", "5000", "--modes", "pressure")
HEAVY = ("pybamm", "pydantic", "pint", "sqlmodel", "sqlalchemy", "numpy", "pandas", "matplotlib")


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TWIN_", "SUNLOGGER_"))}
    built = {k: v for k, v in os.environ.items() if k == "TWIN_CACHE"}
    return kept | built | {"NO_COLOR": "1"} | more


def twin(*words: str, **how) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TWIN, *words], capture_output=True, text=True, timeout=200, env=environment(), **how
    )


@pytest.fixture
def db(tmp_path: Path) -> tuple[str, str]:
    return ("--db", f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.fixture
def begin() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """``begin("run", …)``: a process that is killed when the test is over."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **how) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
        child = subprocess.Popen([*TWIN, *words], text=True, env=environment(), **streams)
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


def until_cycle(number: int, run: str, db: tuple[str, str]) -> None:
    """Wait until a run has stored a cycle."""
    from twin.store import Store

    deadline = time.monotonic() + 120
    with Store.open(db[1]) as store:
        while store.run(run).cycles < number:
            assert time.monotonic() < deadline, "the run does not get on"
            time.sleep(0.05)


def test_help_appears_without_loading_what_only_a_run_needs():
    code = (
        "import json, sys; from twin.cli.main import main; code = main(['--help']); "
        f"loaded = [m for m in {HEAVY!r} + ('rich.console', 'textual') if m in sys.modules]; "
        "print(json.dumps([code, loaded]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
    )
    assert json.loads(done.stderr) == [0, []]


def test_a_cell_that_dies_is_a_result_and_stdout_is_one_document(db):
    done = twin("run", "na-base-na", "--set", "stack.pressure=0.2 MPa", *TWO_MODES, "--json", *db)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["outcome"]["kind"] == "cell-failed"
    assert document["outcome"]["mode"] == "pressure"
    assert document["run"] in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_solver_that_gives_up_is_exit_code_3_without_its_c_messages(db):
    done = twin(*HOPELESS, "--json", *db)
    assert done.returncode == 3
    outcome = json.loads(done.stdout)["outcome"]
    assert outcome["kind"] == "solver-gave-up"
    assert outcome["numerics"]["message"] and outcome["numerics"]["tried"]
    assert "[ERROR]" not in done.stderr and "Warning" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_verbose_lets_the_solver_speak(db):
    done = twin(*HOPELESS, "--verbose", *db)
    assert done.returncode == 3
    assert "[ERROR]" in done.stderr
    assert "[ERROR]" not in done.stdout and "solver-gave-up" in done.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_finished(begin, db, how):
    child = begin(*LONG, "--json", *db)
    run = child.stderr.readline().split()[1]
    until_cycle(3, run, db)
    child.send_signal(how)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    document = json.loads(out)
    assert document["outcome"]["kind"] == "cancelled"
    assert document["cycles"] >= 3
    assert "Traceback" not in err
    shown = json.loads(twin("show", run, "--json", *db).stdout)
    assert shown["capacity_Ah"] == document["capacity_Ah"]
    assert f"twin resume {run}" in shown["resume"]


def test_ctrl_c_before_the_first_cycle_is_no_traceback_either(begin, db):
    child = begin("run", "na-nzsp-nvp", "--json", *db)
    time.sleep(1.0)  # PyBaMM is being imported
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in err
    document = json.loads(out)
    assert "error" in document or document["outcome"]["kind"] == "cancelled"


def test_a_killed_run_is_resumed_by_the_id_it_printed(begin, db):
    child = begin(*LONG, *db)
    run = child.stderr.readline().split()[1]
    until_cycle(3, run, db)
    child.kill()
    child.wait()
    (listed,) = json.loads(twin("runs", "--json", *db).stdout)
    assert (listed["run"], listed["status"]) == (run, "interrupted")
    shown = twin("show", run, *db)
    assert f"twin resume {run}" in shown.stdout
    goal = str(listed["cycles"] + 2)
    done = twin("resume", run, "--cycles", goal, "--json", *db)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["run"], str(document["cycles"])) == (run, goal)


def test_a_reader_that_has_seen_enough_is_no_error(begin, db):
    for words in (("--help",), ("cells", "--json")):
        read, written = os.pipe()
        os.close(read)
        child = begin(*words, stdout=written)
        os.close(written)
        _, err = child.communicate(timeout=60)
        assert (child.returncode, err) == (0, "")


def test_a_log_that_cannot_be_written_does_not_end_a_run(begin, db):
    read, written = os.pipe()
    os.close(read)
    child = begin("run", "na-nzsp-na", "--cycles", "3", "--json", *db, stderr=written)
    os.close(written)
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    assert json.loads(out)["cycles"] == 3


def test_a_screen_that_is_no_unicode_screen_is_no_error():
    done = subprocess.run(
        [*TWIN, "cells", "show", "na-nzsp-na"],
        capture_output=True,
        env=environment(PYTHONIOENCODING="ascii"),
        timeout=100,
    )
    assert done.returncode == 0 and done.stdout.isascii()
    assert b"\\u" not in done.stdout  # replaced by characters, not by codes


def on_a_terminal(*words: str) -> str:
    """Return what a command shows on a terminal of 80 columns."""
    parent, child = pty.openpty()
    env = environment(TERM="xterm", COLUMNS="80", LINES="24")
    process = subprocess.Popen([*TWIN, *words], stdout=child, stderr=child, env=env)
    os.close(child)
    shown = b""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        ready, _, _ = select.select([parent], [], [], 1.0)
        if ready:
            try:
                part = os.read(parent, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    process.wait(timeout=10)
    os.close(parent)
    assert process.returncode == 0
    return shown.decode()


def test_on_a_terminal_one_line_is_updated_and_then_gives_way_to_the_result(db):
    shown = on_a_terminal("run", "na-nzsp-nvp", "--model", "spm", "--cycles", "30", *TWO_MODES, *db)
    assert "assembling na-nzsp-nvp" in shown
    assert "/30 100.0 %" in shown and " left  " in shown
    assert "\x1b[2K" in shown  # the line is cleared, not left behind
    result = shown[shown.rindex("\x1b[2K") :]
    assert "30 of 30 finished" in result and "█" not in result
    assert "[3" not in result.replace("\x1b[3m", "")  # NO_COLOR


def test_the_installed_command_is_this_one():
    from importlib.metadata import entry_points

    from twin.cli.main import main

    (found,) = entry_points(group="console_scripts", name="twin")
    assert found.load() is main
