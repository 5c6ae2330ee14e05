"""Two processes that go on with one study live each of its members once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from twin.store import Store

CELL = "na-nzsp-na"
SCRIPT = """
import sys, time, twin
url, study, samples = sys.argv[1:4]
sys.stdin.readline()
found = twin.forecast(
    "na-nzsp-na", study=study, samples=int(samples), workers=1, store=url,
    on_member=lambda done: print(done.lived.name, done.run, flush=True),
    on_wait=lambda text: print(text, file=sys.stderr, flush=True),
)
print(len(found.members), flush=True)
"""


def begin(url: str) -> str:
    """Start a study of one member, quickly lived."""
    import twin

    asked = {"cycles": 12, "samples": 1, "seed": 3, "modes": ["pressure"]}
    return twin.forecast(CELL, workers=1, store=url, **asked).id


def goes_on(url: str, study: str, samples: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, url, study, str(samples)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def both_live_the_study(url: str) -> None:
    study = begin(url)
    going = [goes_on(url, study, samples) for samples in (6, 8)]
    for process in going:  # both at once
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=240) for process in going]
    assert [p.returncode for p in going] == [0, 0], told
    lines = [out.split("\n") for out, _ in told]
    seen = [dict(line.split() for line in some if " " in line) for some in lines]
    with Store.open(url) as store:
        runs = {str(r.settings["member"]): r.id for r in store.runs(study=study)}
        assert len(store.runs(study=study)) == 8 and sorted(runs) == list("01234567")
        assert {r.status for r in store.runs(study=study)} == {"completed"}
        assert len(store.study(study).design["values"]) == 8
        assert store.study(study).status == "completed"
    # Each process is told of all it wanted, by whichever it was lived.
    assert [sorted(found) for found in seen] == [list("12345"), list("1234567")]
    assert all(runs[member] == run for found in seen for member, run in found.items())


@pytest.mark.parametrize("end", ["completed", "cell-failed", "left-window", "solver-gave-up"])
def test_a_finished_member_is_not_lived_again_whatever_its_end(tmp_path, monkeypatch, end):
    import twin
    from twin.studies.member import LivesSimulator

    url = f"sqlite:///{tmp_path}/runs.db"
    study = begin(url)
    with Store.open(url) as store:
        (before,) = store.runs(study=study)
        outcome = before.outcome | {"kind": end}
        store.finish_run(before.id, status=end, outcome=outcome, wall_s=1.0)
        # By its study: the one that is done is not asked for, and the one that is not is.
        asked, live = [], LivesSimulator.live
        monkeypatch.setattr(
            LivesSimulator,
            "live",
            lambda self, name, *a, **k: (asked.append(name), live(self, name, *a, **k))[1],
        )
        twin.forecast(CELL, study=study, samples=2, workers=1, store=store)
        assert asked == [1]
        # By the store, for a process that read the study before it was done.
        design = store.study(study).design
        done = LivesSimulator(design, study, store).live(0, {})
        assert (done["run"], done["kind"]) == (before.id, end)
        runs = {str(run.settings["member"]): run for run in store.runs(study=study)}
        assert runs["0"].id == before.id and runs["0"].updated == store.run(before.id).updated
        assert runs["0"].status == end and sorted(runs) == ["0", "1"]


def test_two_processes_live_each_member_once_on_sqlite(tmp_path):
    both_live_the_study(f"sqlite:///{tmp_path}/runs.db")


@pytest.mark.slow
def test_two_processes_live_each_member_once_on_postgresql(url):
    both_live_the_study(url)


def test_a_member_whose_process_was_killed_is_lived_at_once_by_the_next(tmp_path):
    url = f"sqlite:///{tmp_path}/runs.db"
    study = begin(url)
    # Built and begun, then killed as it stores its first member.
    script = SCRIPT.replace("import sys, time, twin", KILLED)
    killed = subprocess.Popen(
        [sys.executable, "-c", script, url, study, "3"], stdin=subprocess.PIPE, text=True
    )
    killed.communicate("\n", timeout=120)
    assert killed.returncode == 9
    with Store.open(url) as store:
        (left,) = (r for r in store.runs(study=study) if r.status == "running")
        # Its cycles would have been stored with its end; it is lived anew in any case.
        assert left.status_now == "interrupted" and left.cycles == 0
    after = goes_on(url, study, 3)
    _, err = after.communicate("\n", timeout=120)
    assert after.returncode == 0 and "waiting" not in err, err
    with Store.open(url) as store:
        runs = store.runs(study=study)
        assert sorted(r.settings["member"] for r in runs) == [0, 1, 2]
        assert {r.status for r in runs} == {"completed"} and left.id not in {r.id for r in runs}


KILLED = """
import os, sys, time, twin
from twin.store import Store
commit = Store.commit_cycle
def die(self, run, number, *given, **more):
    if number > 2:
        os._exit(9)
    commit(self, run, number, *given, **more)
Store.commit_cycle = die
"""


@pytest.mark.parametrize("moment", ["before", pytest.param("after", marks=pytest.mark.slow)])
def test_a_run_killed_at_its_last_commit_has_its_end_or_comes_to_it(moment, tmp_path):
    killed_at_the_end(f"sqlite:///{tmp_path}/runs.db", moment)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_same_on_postgresql(moment, url):
    killed_at_the_end(url, moment)


AT_THE_END = """
import os, sys, twin
from twin.store import Store
url, moment = sys.argv[1:]
commit = Store.commit_cycle
def die(self, *given, ending=None, **more):
    if ending is not None and moment == "before":
        os._exit(9)
    commit(self, *given, ending=ending, **more)
    if ending is not None:
        os._exit(9)
Store.commit_cycle = die
twin.simulate("na-base-na", cycles=50, store=url, modes=["pressure"],
    overrides={"stack.pressure": "0.2 MPa"}, on_start=lambda run: print(run, flush=True))
"""


def killed_at_the_end(url: str, moment: str) -> None:
    import twin

    words = [sys.executable, "-c", AT_THE_END, url, moment]
    killed = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == 9, killed.stderr
    run = killed.stdout.strip()
    found = twin.load_run(run, store=url)
    if moment == "before":
        assert found.info.status_now == "interrupted"
        found = twin.resume(run, store=url)
    assert (found.info.status, found.outcome.kind) == ("cell-failed", "cell-failed")
    whole = twin.simulate(
        "na-base-na",
        cycles=50,
        store="sqlite://",
        modes=["pressure"],
        overrides={"stack.pressure": "0.2 MPa"},
    )
    assert found.outcome.cycle == whole.outcome.cycle == found.info.last_cycle
    assert [r["capacity_Ah"] for r in found.rows] == [r["capacity_Ah"] for r in whole.rows]
