"""Killed at random moments: no finished cycle is lost, all go on, and to the same end."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

import twin
from twin.store import Store

KILLS = 50
KINDS = ("run", "life", "forecast")


def content(url: str, kind: str, which: str) -> Any:
    """Every number that is stored of it; only what it took is left out."""

    def rows(store: Store, run: str) -> list[dict[str, Any]]:
        return [{k: v for k, v in r.items() if k != "wall_s"} for r in store.cycles(run)]

    def ends(outcome: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in outcome.items() if k != "numerics"}

    with Store.open(url) as store:
        if kind != "forecast":
            return rows(store, which), ends(store.run(which).outcome)
        return {
            str(r.settings["member"]): (rows(store, r.id), ends(r.outcome))
            for r in store.runs(study=which)
            if r.status in twin.LIVED
        }


def finished(url: str, kind: str, which: str) -> set[Any]:
    with Store.open(url) as store:
        if kind == "forecast":
            return {
                str(r.settings["member"])
                for r in store.runs(study=which)
                if r.status in twin.LIVED  # a member that died or gave up is done as well
            }
        return {row["cycle"] for row in store.cycles(which)}


def killed_often(going, figure, kills: int, url: str, kind: str, plain: str, between=None) -> None:
    began = time.monotonic()
    whole = going(plain, kind)
    told, err = whole.ended()
    assert told and told[-1] == {"done": True}, err
    takes = time.monotonic() - began
    expected = content(plain, kind, told[0]["id"])
    chance, done, ended, lost, which, began_before = random.Random(7), 0, 0, 0, "-", ""
    known: set[Any] = set()
    while done < kills or which != "-" or not ended:
        one = going(url, kind, which)
        if done < kills:
            time.sleep(chance.uniform(0.3 * takes if takes < 8 else 2.0, takes))
            one.process.kill()
            done += 1
            if between is not None:
                between(done)
        told, err = one.ended()
        for line in told:
            which = line.get("id", which)
            known |= {line[name] for name in ("cycle", "member") if name in line}
        if told and told[-1] == {"done": True}:
            assert content(url, kind, which) == expected, (kind, which)
            ended, which, known = ended + 1, "-", set()
            continue
        assert one.process.returncode == -9, err  # nothing but the kill ended it
        if which != "-":
            lost += len(known - finished(url, kind, which))
            with Store.open(url) as store:
                over = kind != "forecast" and store.run(which).status != "running"
            if over:  # killed after its end was stored
                assert content(url, kind, which) == expected
                ended, which, known = ended + 1, "-", set()
        began_before = which
    figure(kills=done, lost=lost, gone_on_to_the_same_end=ended, last=began_before)
    assert lost == 0 and ended >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_on_sqlite(going, figure, times, tmp_path, kind):
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("killed", "whole")]
    killed_often(going, figure, times(KILLS), urls[0], kind, urls[1])


@pytest.mark.parametrize("kind", KINDS)
def test_on_postgresql(going, figure, times, url, tmp_path, kind):
    killed_often(going, figure, times(KILLS), url, kind, f"sqlite:///{tmp_path}/whole.db")


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_server_breaks_off_goes_on_when_it_is_back(
    going, own_server, figure, times, tmp_path, kind
):
    """The server itself is stopped as by a crash, and started again, in the middle of the work."""
    chance, plain = random.Random(17), f"sqlite:///{tmp_path}/whole.db"
    told, err = going(plain, kind).ended()
    assert told and told[-1] == {"done": True}, err
    expected, moments = content(plain, kind, told[0]["id"]), max(1, times(KILLS) // 10)
    broken, lost = 0, 0
    for moment in range(moments):
        url = own_server.database(f"{kind}{moment}")
        one = going(url, kind)
        assert one.process.stdout is not None
        which, done, wanted = "", set(), chance.randrange(1, 5)
        for line in one.process.stdout:
            if '"id"' in line:
                which = json.loads(line)["id"]
            if '"cycle"' in line or '"member"' in line:
                found = json.loads(line)
                done |= {found[name] for name in ("cycle", "member") if name in found}
            if len(done) >= wanted:
                break
        pids = own_server.pid()
        own_server.restart()
        assert own_server.pid() != pids
        more, err = one.ended()
        broken += one.process.returncode != 0
        done |= {line[name] for line in more for name in ("cycle", "member") if name in line}
        lost += len(done - finished(url, kind, which))
        if one.process.returncode:
            assert "StoreError" in err, err  # named, not a driver's own error
            more, err = going(url, kind, which).ended()
        assert more[-1] == {"done": True}, err
        assert content(url, kind, which) == expected
    figure(restarts=moments, broke_off=broken, lost=lost)
    assert lost == 0
