"""Studies as a user starts them: by the command line, killed, gone on with, a member broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

import twin
from twin.cli.main import main
from twin.outcomes.ignorance import with_ignorance
from twin.store import Store

TWIN = [sys.executable, "-m", "twin"]
CELL = "na-nzsp-na"
QUICK = ["--cycles", "12", "--modes", "pressure", "--workers", "1"]


@pytest.fixture
def db(tmp_path):
    return f"sqlite:///{tmp_path}/runs.db"


def twin_json(*words, db, code=0):
    done = subprocess.run([*TWIN, *words, "--db", db], capture_output=True, text=True, timeout=200)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture
def document(capsys, db) -> Callable[..., Any]:
    """``document("map", …)``: the one document of a command run in this process, and its log."""

    def run(*words: str, code: int = 0) -> tuple[Any, str]:
        capsys.readouterr()
        ended = main([*words, "--json", "--db", db])
        out, err = capsys.readouterr()
        assert ended == code, err
        return json.loads(out), err

    return run


def test_attribute_gives_one_document_and_says_its_study(document, tmp_path):
    figure = tmp_path / "shares.png"
    asked = ["--set", "stack.pressure=0.5 MPa", "--figure", str(figure)]
    found, said = document("attribute", "na-base-na", *asked, *QUICK)
    life = found["losses"]["life_cycles"]["all"]
    assert life["by_mode"]["pressure"] == pytest.approx(life["total"])
    assert found["study"] in said and figure.stat().st_size > 0
    again, _ = document("attribute", "na-base-na", "--study", found["study"])
    assert again["losses"] == found["losses"]


def test_map_and_design_give_one_document(document):
    axes = ["--x", "stack.pressure=0.5..8 MPa,2", "--y", "current=0.2..1 mA/cm^2,2"]
    plain = ["--refine", "0", "--no-lines"]
    drawn, _ = document("map", "na-base-na", *axes, *plain, *QUICK)
    assert {p["label"] for p in drawn["points"]} == {"alive", "pressure"}
    vary = ["--vary", "stack.pressure=0.4..1 MPa", "--limit", "pressure<=0.7 MPa", "--most", "8"]
    best, _ = document("design", "na-base-na", *vary, *QUICK)
    assert 0.5 < best["optimum"]["stack.pressure"]["value"] <= 0.7
    assert best["method"] == "search"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["map", "na-base-na", "--x", "stack.pressure=8..8 MPa", "--y", "current=1..2 A/m^2"], "x"),
        (["design", "na-base-na", "--vary", "stack.pressure=low..high"], "vary"),
        (["attribute", "na-base-na", "--group", "pressure+luck"], "group"),
        (["forecast", "na-nzsp-na", "--study", "nowhere1"], "study"),
        (["forecast", "na-nzsp-na", "--before", "3000"], "before"),
        (["forecast", "na-nzsp-na", "--figure", "x.bmp"], "figure"),
    ],
)
def test_what_makes_no_study_is_one_error_with_a_fix(words, key, document, db):
    said, _ = document(*words, code=2)
    assert said["error"]["fix"], (key, said)
    assert key in str(said["error"])
    with Store.open(db) as store:
        assert store.studies() == []


def members(db, study):
    with Store.open(db) as store:
        return {
            run.settings["member"]: (run.status, run.outcome.get("kind"), run.outcome.get("cycle"))
            for run in store.runs(study=study)
        }


def test_a_forecast_killed_in_the_middle_goes_on_to_what_it_would_have_been(db, tmp_path):
    asked = ["--cycles", "12", "--samples", "6", "--seed", "3", "--workers", "1"]
    asked += ["--modes", "interphase,pressure"]
    killed = subprocess.Popen(
        [*TWIN, "forecast", CELL, *asked, "--db", db],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    study, done, deadline = None, 0, time.monotonic() + 120
    while done < 2 and time.monotonic() < deadline and killed.poll() is None:
        time.sleep(0.1)
        if (tmp_path / "runs.db").exists():
            with Store.open(db) as store:
                study = next((s.id for s in store.studies()), None)
            found = members(db, study) if study else {}
            done = sum(status != "running" for status, *_ in found.values())
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert study is not None and done >= 2
    kept = {m: v for m, v in members(db, study).items() if v[0] != "running"}
    found, _ = twin_json(
        "forecast", CELL, "--study", study, "--samples", "6", "--workers", "1", "--json", db=db
    )
    after = members(db, study)
    assert sorted(after) == list(range(6)) and found["samples"] == 6
    assert {m: after[m] for m in kept} == kept
    other = f"sqlite:///{tmp_path}/other.db"
    whole = twin.forecast(
        CELL, cycles=12, samples=6, seed=3, workers=1, modes=["interphase", "pressure"],
        overrides=with_ignorance(CELL), store=other,
    )  # fmt: skip
    assert members(other, whole.id) == after
    assert found["median_life"] == whole.to_dict()["median_life"]


@pytest.mark.parametrize("moment", [pytest.param("before", marks=pytest.mark.slow), "within"])
def test_ctrl_c_ends_a_forecast_and_its_workers_without_a_traceback(moment, db, tmp_path):
    words = ["forecast", CELL, "--cycles", "40", "--samples", "200", "--workers", "2", "--db", db]
    words += ["--modes", "pressure"]
    going = subprocess.Popen(
        [*TWIN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    if moment == "before":  # the store is open: the workers are started next
        opened = time.monotonic() + 60
        while not (tmp_path / "runs.db").exists() and time.monotonic() < opened:
            time.sleep(0.02)
        time.sleep(0.3)
    else:
        assert going.stderr.readline().startswith("study")
    os.killpg(going.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, said = going.communicate(timeout=30)
    assert going.returncode == 130, said
    assert "error: interrupted" in said and "Traceback" not in said, said
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and alive(going.pid):
        time.sleep(0.1)
    assert not alive(going.pid)


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_bands_that_settle_early_end_the_study(document):
    asked = ["--samples", "64", "--settle", "0.4", "--seed", "1"]
    found, _ = document("forecast", CELL, *asked, *QUICK)
    # 32 members to begin with; all of them live, and the band of none in 32 is narrow.
    assert found["samples"] == 32


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="os.kill means something else there")
def test_a_member_that_takes_its_worker_down_is_a_failed_member(db, tmp_path):
    script = tmp_path / "killer.py"
    script.write_text(
        f"""
import os, signal
import twin
from twin.studies import member as members

live = members.LivesSimulator.live

def dies(self, index, *rest):
    if index == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return live(self, index, *rest)

members.LivesSimulator.live = dies  # a worker imports this file too
if __name__ == "__main__":
    found = twin.forecast({CELL!r}, cycles=5, samples=4, seed=0, workers=2, store={db!r})
    print(found.to_dict()["failed_members"], found.id)
"""
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    failed, study = done.stdout.split()[-2:]
    assert failed == "1"
    assert {m for m, (_, kind, _) in members(db, study).items() if kind == "completed"} == {0, 1, 3}
