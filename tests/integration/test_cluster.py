"""A real scheduler, two worker processes, one PostgreSQL."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

import twin

pytestmark = pytest.mark.slow


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def scheduler(tmp_path):
    address = f"tcp://127.0.0.1:{free_port()}"
    host, port = address.removeprefix("tcp://").split(":")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}

    def start(module, *arguments):
        words = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        return subprocess.Popen([*words, "--no-dashboard"], **quiet)

    started = [start("dask_scheduler", "--host", host, "--port", port)]
    time.sleep(3)
    started += [start("dask_worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
    yield address
    for process in reversed(started):
        process.terminate()
    for process in started:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # a worker waits for a scheduler that has gone
            process.kill()
            process.wait()


def test_two_workers_write_one_study_to_one_postgresql(scheduler, url):
    found = twin.forecast(
        "na-nzsp-na", cycles=60, samples=6, seed=3, scheduler=scheduler, store=url
    )
    runs = found.store.runs(study=found.id)
    assert sorted(r.settings["member"] for r in runs) == list(range(6))
    assert len({r.pid for r in runs}) == 2  # both worked, neither was this process
    document = found.to_dict()
    assert document["samples"] == 6 and document["failed_members"] == 0
    assert found.store.study(found.id).status == "completed"


def test_a_scheduler_that_is_not_there_is_said_so(url):
    with pytest.raises(twin.InputError) as caught:
        twin.forecast(
            "na-nzsp-na", cycles=5, samples=2, scheduler=f"tcp://127.0.0.1:{free_port()}", store=url
        )
    assert caught.value.problem.key == "scheduler"
