"""Nothing is lost: kill -9, Ctrl-C, two at once; and memory that does not grow."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import twin

HELPER = Path(__file__).with_name("kill_helper.py")


def start(url: str, cycles: int, model: str = "spm") -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(
        [sys.executable, str(HELPER), url, model, str(cycles)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def wait_for_cycle(process: subprocess.Popen, cycle: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= cycle:
            return
    raise AssertionError("the run ended early")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/runs.db"


def assert_same_life(one, other):
    """Rows equal to the last bit, but for the wall time each cycle took."""
    assert [r["cycle"] for r in one] == [r["cycle"] for r in other]
    for a, b in zip(one, other, strict=True):
        assert {k: v for k, v in a.items() if k != "wall_s"} == {
            k: v for k, v in b.items() if k != "wall_s"
        }


def test_kill_nine_keeps_every_finished_cycle_and_resume_goes_on(url, tmp_path):
    process, run_id = start(url, 8)
    wait_for_cycle(process, 3)
    process.kill()
    process.wait()
    killed = twin.load_run(run_id, store=url)
    done = killed.info.cycles
    assert done >= 3 and killed.info.status_now == "interrupted"
    resumed = twin.resume(run_id, store=url)
    assert resumed.info.cycles == 8 and resumed.outcome.kind == "completed"
    whole = twin.simulate("na-nzsp-nvp", model="spm", cycles=8, store=f"sqlite:///{tmp_path}/b.db")
    assert_same_life(whole.rows, resumed.rows)


def test_ctrl_c_keeps_what_is_done_and_says_so(url):
    process, run_id = start(url, 5000)
    wait_for_cycle(process, 3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    run = twin.load_run(run_id, store=url)
    assert run.info.status == "cancelled"
    assert run.outcome.kind == "cancelled" and run.outcome.cycle == run.info.cycles >= 3
    assert "twin resume" in run.outcome.fix
    assert twin.resume(run_id, cycles=run.info.cycles + 1, store=url).outcome.kind == "completed"


def test_two_runs_at_once_into_one_file(url):
    first, one = start(url, 5)
    second, other = start(url, 5)
    for process in (first, second):
        process.communicate(timeout=120)
        assert process.returncode == 0
    rows = [twin.load_run(run, store=url).rows for run in (one, other)]
    assert_same_life(*rows)
    assert len(rows[0]) == 5


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_cycles(tmp_path):
    script = (
        "import twin, resource, sys\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "seen = {}\n"
        "twin.simulate('na-nzsp-na', cycles=400, store=sys.argv[1], without=['interphase'],\n"
        "    on_cycle=lambda p: seen.update({p.cycle: peak()}) if p.cycle in (50, 399) else None)\n"
        "print(seen[399] - seen[50])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"sqlite:///{tmp_path}/m.db"],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    growth_mb = float(done.stdout)
    assert not math.isnan(growth_mb) and growth_mb < 30
