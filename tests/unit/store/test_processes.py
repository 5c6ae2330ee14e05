"""Several processes, some of which die."""

from __future__ import annotations

import random
import signal
import sqlite3
import time

import pytest

from twin.errors import StoreError
from twin.store import Store
from twin.store.process import Writer, is_alive, on_this_host, this_process

WRITE = """
    with Store.open(sys.argv[1]) as store:
        run = start(store) if len(sys.argv) < 3 else sys.argv[2]
        if len(sys.argv) >= 3:
            store.reopen_run(run, 10**6)
        done = store.run(run).last_cycle
        say(run)
        while True:
            done += 1
            commit(store, run, done)
"""


def test_a_killed_writer_leaves_only_whole_cycles(file, process):
    """kill -9 at any moment, again and again; each time the next writer goes on."""
    rng = random.Random(5)
    run, last = None, 0
    for _ in range(3):
        writer = process(WRITE, file, *([run] if run else []))
        run = writer.stdout.readline().strip()
        assert run, writer.communicate()[1]
        time.sleep(rng.uniform(0.05, 0.4))
        writer.send_signal(signal.SIGKILL)
        assert writer.wait(30) == -signal.SIGKILL
        with Store.open(str(file)) as store:
            assert store.run(run).status_now == "interrupted"
            cycles = [row["cycle"] for row in store.cycles(run)]
            assert cycles == list(range(1, len(cycles) + 1))
            assert [cycle for cycle, _ in store.series(run)] == cycles
            assert [event["cycle"] for event in store.events(run)] == cycles
            assert store.info()["counts"]["checkpoint"] == len(cycles)
            assert len(cycles) > last
            last = len(cycles)
            assert store.checkpoint(run).cycle == last
    raw = sqlite3.connect(file)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_two_processes_write_at_once(file, at_once):
    code = """
        with Store.open(sys.argv[1]) as store:
            go()
            run = start(store)
            for cycle in range(1, 201):
                time.sleep(0.002)  # the cycle is computed
                commit(store, run, cycle)
            store.finish_run(run, status="completed", outcome={}, wall_s=1.0)
    """
    assert at_once([(code, file)] * 2) == ["", ""]
    with Store.open(str(file)) as store:
        assert [run.cycles for run in store.runs(status="completed")] == [200, 200]
        for run in store.runs():
            assert [cycle for cycle, _ in store.series(run.id)] == list(range(1, 201))
        assert store.info()["counts"]["checkpoint"] == 400
        spans = [(run.created, run.updated) for run in store.runs()]
        assert max(a for a, _ in spans) < min(b for _, b in spans), "they did not overlap"


def test_a_run_that_is_being_written_is_neither_resumed_nor_deleted(file, process):
    writer = process(WRITE, file)
    run = writer.stdout.readline().strip()
    with Store.open(str(file)) as store:
        assert store.run(run).status_now == "running"
        assert [r.id for r in store.runs(status="running")] == [run]
        for action in (lambda: store.reopen_run(run, 5), lambda: store.delete_run(run)):
            with pytest.raises(StoreError, match=f"process {writer.pid} is still writing") as no:
                action()
            assert no.value.problem.fix
        writer.kill()
        writer.wait(30)
        assert [r.id for r in store.runs(status="interrupted")] == [run]
        store.reopen_run(run, 5)
        assert store.run(run).pid == this_process().pid
        store.reopen_run(run, 6)  # one's own run, left open by an interruption
        store.delete_run(run)
        assert store.runs() == []


def test_a_run_of_another_host(store, start, monkeypatch):
    run = start(store)
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    assert store.run(run).status_now == "running"
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE run SET updated = '2020-01-01 00:00:00.000000'")
    assert store.run(run).status_now == "running elsewhere?"
    assert [r.id for r in store.runs(status="running elsewhere?")] == [run]
    store.reopen_run(run, 5)
    assert (store.run(run).host, store.run(run).status_now) == ("elsewhere", "running")


def test_a_process_is_known_by_more_than_its_pid(process):
    me = this_process()
    assert on_this_host(me)
    assert is_alive(me)
    assert not is_alive(me._replace(token="another-boot-1")), "a reused pid"
    child = process("say('up'); time.sleep(60)")
    child.stdout.readline()
    other = Writer(me.host, child.pid, "")
    assert is_alive(other)
    child.kill()
    for _ in range(100):  # a zombie until we wait for it, yet dead
        if not is_alive(other):
            break
        time.sleep(0.05)
    assert not is_alive(other)
    child.wait(10)
    assert not is_alive(other)
