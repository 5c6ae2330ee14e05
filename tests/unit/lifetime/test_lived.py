"""What is known of a life when it is over: one rule for all studies."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from twin.errors import SolverGaveUpError, StoreError
from twin.store import Store
from twin.studies.attribution import _followed
from twin.studies.base import study_design
from twin.studies.life_record import lived_of
from twin.studies.operating_map import answer
from twin.studies.registry import Going
from twin.studies.runner import Lives, Variant

CELL = "na-nzsp-na"
AT_A_LIMIT = {"numerics": {"physical_limit_reached": True}, "mode": "dendrite", "criterion": "c"}
LOST = {"numerics": {"physical_limit_reached": False}, "mode": None}


def over(status, cycle=None, last_cycle=0, **outcome):
    outcome |= {"kind": status} | ({} if cycle is None else {"cycle": cycle})
    return lived_of(
        SimpleNamespace(
            id="r", status=status, outcome=outcome, settings={"member": 0}, wall_s=1.0,
            last_cycle=last_cycle,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lived", "state", "finished"),
    [
        (over("completed", 50), "alive", 50),
        (over("cell-failed", 7, mode="pressure"), "dead", 6),
        (over("solver-gave-up", 7, **AT_A_LIMIT), "dead", 6),
        (over("solver-gave-up", 7, **LOST), "censored", 6),
        (over("left-window", 7), "censored", 6),
        (over("solver-gave-up", 1, **LOST), "failed", 0),
        (over("solver-gave-up", last_cycle=12), "censored", 12),  # an error in cycle 13
        (over("solver-gave-up"), "failed", 0),
    ],
)
def test_forecast_map_and_attribution_take_an_end_alike(lived, state, finished):
    assert (lived.state, lived.finished) == (state, finished)
    told = answer(lived)
    known = state in ("dead", "alive")
    assert (told.label == "unknown") is not known
    assert (told.label not in ("unknown", "alive")) is (state == "dead")
    store = SimpleNamespace(cycles=lambda run: [])
    if known:
        assert _followed(store, lived, 100).dead is (state == "dead")
    else:
        with pytest.raises(SolverGaveUpError):
            _followed(store, lived, 100)


def test_a_forecast_counts_a_death_that_was_hard_to_follow(monkeypatch):
    from twin.studies.forecast import Forecast

    ends = [
        over("solver-gave-up", 7, **AT_A_LIMIT),
        over("solver-gave-up", 5, **LOST),
        over("completed", 20),
        over("solver-gave-up"),
    ]
    design = {"cell_name": "c", "keys": [], "values": [[]] * 4, "cycles": 20}
    study = SimpleNamespace(design=design)
    found = Forecast(SimpleNamespace(study=lambda _: study, cycles=lambda run: []), "s")
    found.__dict__["_lives"] = ends
    assert (len(found.members), found.failed, found.censored) == (3, 1, 1)
    # One at risk is lost in cycle 5, so the death in cycle 7 is one of two.
    assert found.criteria() == {"dendrite: c": pytest.approx(0.5)}


class Hands:
    """Workers that never do what they are asked."""

    def __init__(self, error):
        self.error = error

    def give(self, name, what):
        self.given = {name: what}

    def each(self, function, calls, total=None):
        for number, _ in enumerate(calls):
            yield number, self.error


def test_a_worker_that_is_lost_costs_its_life_and_not_the_study(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/runs.db")
    design = study_design(CELL, 5, {"modes": ["interphase"]})
    study = store.start_study(kind="map", cell_name=CELL, design=design)
    told = []
    hands = Hands(RuntimeError("the worker was killed"))
    with Lives(store, study, design, Going(2, told.append), hands) as lives:
        (lived,) = lives.live([Variant("0, 0", modes=())])
    assert lived.state == "failed" and "worker was killed" in lived.outcome["says"]
    assert store.run(lived.run).modes == {}  # none acted, and none is noted
    assert [done.run for done in told] == [lived.run]
    with (
        Lives(store, study, design, Going(2), Hands(StoreError("the disk is full"))) as lives,
        pytest.raises(StoreError),
    ):
        lives.live([Variant("1, 0")])
    store.close()


def test_a_member_that_another_process_lives_is_waited_for_and_then_taken(monkeypatch):
    from twin.errors import NotFoundError
    from twin.studies import once

    monkeypatch.setattr(once, "_PAUSE_S", 0.0)
    statuses, told, asked = ["running", "running", "completed"], [], []

    def run(which):
        if not statuses:
            raise NotFoundError("gone")
        return SimpleNamespace(status_now=statuses.pop(0))

    def live(left):
        asked.append((list(left), len(statuses)))
        for member in left:
            running = member == "b" and len(asked) == 1
            kind = once.RUNNING if running else "completed"
            yield {"member": member, "run": f"r{member}", "kind": kind, "by": "process 1 on here"}

    done = once.lived_once(SimpleNamespace(run=run), ["a", "b"], str, live, told.append)
    assert [member["member"] for member in done] == ["a", "b"]
    assert asked == [(["a", "b"], 3), (["b"], 0)]  # asked again only when it was over
    assert told == ["waiting for a member of the study that process 1 on here is living"]
    assert once._still_lived(SimpleNamespace(run=run), "rb") is False  # given up meanwhile
