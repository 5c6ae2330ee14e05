"""A Ctrl-C that somebody swallowed still stops a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import twin
from twin import interrupts
from twin.cli import faults
from twin.cli.options import Common
from twin.cli.session import Session


def swallowed():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)
    except KeyboardInterrupt:
        return True
    return False


def test_a_swallowed_interrupt_is_remembered_until_the_next_command():
    before = signal.getsignal(signal.SIGINT)
    with interrupts.remembered():
        assert not interrupts.asked_to_stop()
        assert swallowed() and interrupts.asked_to_stop()
    assert signal.getsignal(signal.SIGINT) is before and not interrupts.asked_to_stop()
    with interrupts.remembered():
        assert not interrupts.asked_to_stop()


def test_what_follows_from_a_swallowed_one_is_told_as_that(capsys):
    session, error = Session(Common()), twin.InputError("half of an import is missing")
    assert faults.report(error, session) == faults.BAD_INPUT
    with interrupts.remembered():
        assert swallowed()
        assert faults.report(error, session) == faults.INTERRUPTED
    assert faults.report(error, session) == faults.BAD_INPUT
    said = capsys.readouterr().err
    assert said.count("half of an import") == 2 and said.count("error: interrupted") == 1


def test_a_run_does_not_begin_after_one(monkeypatch):
    monkeypatch.setattr("twin.runs.drive.asked_to_stop", lambda: True)
    run = twin.simulate("na-nzsp-na", cycles=3, store="sqlite://")
    assert run.outcome.kind == "cancelled" and run.info.cycles == 0


def test_another_thread_is_left_alone():
    found = []

    def work():
        with interrupts.remembered():
            found.append(interrupts.asked_to_stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_a_ctrl_c_is_put_off_to_the_end_of_a_block_and_kept_from_what_starts_in_it():
    show = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    reached = False
    with interrupts.remembered():
        try:
            with interrupts.put_off():
                os.kill(os.getpid(), signal.SIGINT)
                said = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True)
                reached = True
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError("the Ctrl-C was lost")
    assert reached and said.stdout.strip() == "True"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_each_way_to_be_told_to_end_is_an_interrupt(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupts.remembered():
        os.kill(os.getpid(), number)
        time.sleep(1)
    assert signal.getsignal(number) is before
