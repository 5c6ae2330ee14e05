"""Asked to end at random moments, by whatever signal: no traceback, and all that was done kept."""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import sys
import time

import pytest

from twin.store import Store

MOMENTS = 50
TWIN = [sys.executable, "-c", "import sys; from twin.cli.main import main; sys.exit(main())"]
RUN = ("run", "na-nzsp-nvp", "--model", "spm", "--cycles", "5000")
FORECAST = ("forecast", "na-nzsp-na", "--cycles", "200", "--samples", "64", "--workers", "2")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("words", [RUN, FORECAST], ids=["run", "forecast"])
def test_a_signal_at_any_moment(times, figure, tmp_path, name, words):
    chance, codes, noisy = random.Random(3), {}, []
    for moment in range(times(MOMENTS)):
        url = f"sqlite:///{tmp_path}/{moment}.db"
        one = subprocess.Popen(
            [*TWIN, *words, "--db", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        time.sleep(chance.uniform(0.2, 12.0))
        one.send_signal(getattr(signal, name))
        out, err = one.communicate(timeout=120)
        codes[one.returncode] = codes.get(one.returncode, 0) + 1
        if any(word in out + err for word in ("Traceback", "this is a bug", "leaked", "resource_")):
            noisy.append(err[-400:])
    figure(moments=sum(codes.values()), codes=codes, noisy=len(noisy))
    assert not noisy, noisy[0]


def test_a_terminal_that_is_closed(times, figure, tmp_path):
    chance, kept = random.Random(5), 0
    for moment in range(times(MOMENTS)):
        url = f"sqlite:///{tmp_path}/{moment}.db"
        ours, theirs = pty.openpty()
        one = subprocess.Popen(
            [*TWIN, *RUN[:-1], "60", "--db", url], stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        time.sleep(chance.uniform(1.0, 6.0))
        os.close(ours)
        assert one.wait(timeout=120) is not None
        with Store.open(url) as store:
            runs = store.runs()
            kept += bool(runs and runs[0].cycles == 60)  # the run outlives its terminal
    figure(moments=times(MOMENTS), ran_to_their_end=kept)
