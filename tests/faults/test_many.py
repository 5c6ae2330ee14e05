"""Many writers at once, and many runs: nothing is lost, and the lists stay quick."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from twin.store import Store

SECONDS, RUNS, ROWS = 60, 10_000, 500
WRITER = """
import sys, time
from twin.store import Store
url, number, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
cell = {"name": "c", "kind": "full", "family": "", "title": "t", "hash": "h", "spec": {"name": "c"}}
with Store.open(url) as store:
    run = store.start_run(cell=cell, protocol={"name": "p"}, settings={"model": "spm"}, modes={},
                          packages={}, cycles_requested=10**6)
    store.commit_initial(run, b"", "[]")
    cycle, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        cycle += 1
        store.commit_cycle(run, cycle, {"capacity_Ah": 1.0 / cycle}, checkpoint=bytes(4000))
print(run, cycle)
"""


def at_once(url: str, writers: int, seconds: float) -> tuple[int, int]:
    """Return how many cycles were written, and how many of them are not there."""
    Store.open(url).close()
    words = [sys.executable, "-c", WRITER, url]
    going = [
        subprocess.Popen(
            [*words, str(n), str(seconds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(writers)
    ]  # fmt: skip
    told = [one.communicate(timeout=600 + 10 * seconds) for one in going]
    assert [one.returncode for one in going] == [0] * writers, [err for _, err in told]
    wrote = {line.split()[0]: int(line.split()[1]) for line, _ in told}
    with Store.open(url) as store:
        kept = {run: [row["cycle"] for row in store.cycles(run)] for run in wrote}
    lost = sum(n - len(kept[run]) for run, n in wrote.items())
    assert all(kept[run] == list(range(1, n + 1)) for run, n in wrote.items())
    return sum(wrote.values()), lost


def test_eight_writers_on_sqlite(times, figure, tmp_path):
    wrote, lost = at_once(f"sqlite:///{tmp_path}/runs.db", 8, times(SECONDS))
    figure(cycles=wrote, seconds=times(SECONDS), lost=lost)
    assert lost == 0


def test_thirty_two_writers_on_postgresql(times, figure, url):
    wrote, lost = at_once(url, max(2, times(32)), times(SECONDS))
    figure(writers=max(2, times(32)), cycles=wrote, seconds=times(SECONDS), lost=lost)
    assert lost == 0


@pytest.fixture
def large(times, tmp_path):
    url = f"sqlite:///{tmp_path}/large.db"
    cell = {"name": "c", "kind": "full", "family": "", "title": "t", "hash": "h",
            "spec": {"name": "c"}}  # fmt: skip
    with Store.open(url) as store:
        for _ in range(times(RUNS)):
            run = store.start_run(cell=cell, protocol={"name": "p"}, settings={"model": "spm"},
                                  modes={}, packages={}, cycles_requested=ROWS)  # fmt: skip
            store.commit_initial(run, b"", "[]")
            earlier = [{"cycle": n, "capacity_Ah": 1.0} for n in range(1, ROWS)]
            store.commit_cycle(run, ROWS, {"capacity_Ah": 1.0}, jumped=earlier)
            end = {"kind": "completed", "cycle": ROWS}
            store.finish_run(run, status="completed", outcome=end, wall_s=1.0)
    return url


def test_lists_of_ten_thousand_runs_and_five_million_rows(times, figure, large):
    from twin.cli.main import main

    took = {}
    with Store.open(large) as store:
        for name, ask in (
            ("runs", lambda: store.runs()), ("newest 50", lambda: store.runs(limit=50)),
            ("one status", lambda: store.runs(status="completed", limit=50)),
            ("one run", lambda: store.run("last")),
            ("its rows", lambda: store.cycles(store.run("last").id)),
            ("studies", lambda: store.studies()), ("db info", lambda: store.info()),
        ):  # fmt: skip
            start = time.monotonic()
            ask()
            took[name] = round(time.monotonic() - start, 3)
    assert main(["--help"]) == 0  # what is imported once is not counted
    start = time.monotonic()
    assert main(["runs", "--db", large]) == 0
    took["twin runs"] = round(time.monotonic() - start, 3)
    figure(runs=times(RUNS), rows=times(RUNS) * ROWS, seconds=took)
    assert took["newest 50"] < 1 and took["twin runs"] < 1
