"""What a life would have been without a mode: kept with the run, told, held against the blame."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import twin
from twin.status import Status
from twin.store import Store
from twin.studies import leave_one_out as of
from twin.studies.verdict import verdict_facts

MODES = {"dendrite": "d 1", "interphase": "i 1", "pressure": "p 1"}


def death(cycle=129, mode="dendrite", **more):
    evidence = {m: {"polarisation_V": 0, "capacity_Ah": 0, "says": ""} for m in MODES}
    outcome = twin.Outcome(
        kind=Status.CELL_FAILED, mode=mode, criterion="hard short", cycle=cycle, evidence=evidence
    )
    return outcome.to_dict() | more


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def dead(store):
    """A stored death by dendrite in cycle 129 of 1000."""

    def make(outcome=None, cycles=1000, **more):
        cell = {"name": "c", "kind": "symmetric", "family": "", "title": "", "hash": "h"}
        given = {"cell": cell | {"spec": {}}, "protocol": {}, "settings": {"model": "spm"}}
        given |= {"modes": MODES, "packages": {}, "cycles_requested": cycles}
        run = store.start_run(**given | more)
        outcome = outcome or death()
        store.finish_run(run, status=outcome["kind"], outcome=outcome, wall_s=1.0)
        return run

    return make


@pytest.fixture
def lives(monkeypatch):
    """``lives(dendrite=(312, "interphase: consumed"))``: how the cell ends without each mode."""
    asked = []

    def set_lives(**ends):
        def lived(info, mode, horizon, at_most):
            asked.append((mode, horizon))
            end = ends[mode]
            if isinstance(end, Exception):
                raise end
            cycle, died = end
            who, _, what = (died or ":").partition(": ")
            kind = Status.CELL_FAILED if died else Status.COMPLETED
            return {"kind": kind, "cycle": cycle, "mode": who, "criterion": what}

        monkeypatch.setattr(of, "_lived", lived)
        return asked

    return set_lives


def said(store, run):
    return of.said_of_left_out(of.left_out_of(store.run(run)))


def test_the_blamed_mode_comes_first_and_a_life_is_lived_once(dead, lives, store):
    asked = lives(dendrite=(312, "interphase: consumed"), interphase=(140, "dendrite: hard short"),
                  pressure=(129, "dendrite: hard short"))  # fmt: skip
    run = dead()
    told = twin.leave_one_out(run, modes=["dendrite"], store=store)
    assert asked == [("dendrite", 1000)]
    assert told["lives"]["dendrite"]["gain_cycles"] == 312 - 129 and told["agree"] is True
    assert said(store, run) == [
        "without dendrite: dies in cycle 312 of interphase: consumed (+183 cycles)"
    ]
    told = twin.leave_one_out(run, store=store)
    assert [mode for mode, _ in asked] == ["dendrite", "interphase", "pressure"]
    assert twin.leave_one_out(run, store=store) == told and len(asked) == 3
    assert said(store, run)[1:] == [
        "without interphase: dies in cycle 140 of dendrite: hard short (+11 cycles)",
        "without pressure: no later",
        "nothing else that is left out gains more than dendrite",
    ]


def test_two_ways_to_blame_that_disagree_say_so(dead, lives, store):
    lives(dendrite=(129, "interphase: consumed"), interphase=(1000, None),
          pressure=(90, "dendrite: hard short"))  # fmt: skip
    run = dead()
    told = twin.leave_one_out(run, modes=["dendrite"], store=store)
    assert told["agree"] is False
    assert said(store, run) == [
        "without dendrite: dies in cycle 129 of interphase: consumed, no later",
        "dendrite is blamed for what it took, but leaving it out gains nothing: the two disagree",
    ]
    told = twin.leave_one_out(run, store=store)
    assert told["agree"] is False
    assert said(store, run)[1:] == [
        "without interphase: lives more than 1000 cycles",
        "without pressure: dies in cycle 90 of dendrite: hard short (-39 cycles)",
        "dendrite is blamed for what it took, but leaving out interphase gains more: "
        "the two disagree",
    ]


def test_where_another_mode_gains_more_the_two_disagree(dead, lives, store):
    lives(dendrite=(140, "interphase: consumed"), interphase=(150, "dendrite: hard short"),
          pressure=(129, "dendrite: hard short"))  # fmt: skip
    run = dead()
    assert twin.leave_one_out(run, modes=["dendrite"], store=store)["agree"] is True
    assert twin.leave_one_out(run, store=store)["agree"] is False
    assert said(store, run)[-1].endswith("leaving out interphase gains more: the two disagree")


def test_as_much_is_no_disagreement(dead, lives, store):
    lives(dendrite=(1000, None), interphase=(1000, None), pressure=(129, "dendrite: hard short"))
    assert twin.leave_one_out(dead(), store=store)["agree"] is True


def test_of_two_deaths_in_one_cycle_hours_tell(dead, store, monkeypatch):
    ends = {"dendrite": (0.4, "pressure"), "interphase": (0.0700001, "dendrite"),
            "pressure": (0.05, "dendrite")}  # fmt: skip

    def lived(info, mode, horizon, at_most):
        time_h, who = ends[mode]
        return {"kind": Status.CELL_FAILED, "cycle": 1, "time_h": time_h, "mode": who,
                "criterion": "gone"}  # fmt: skip

    monkeypatch.setattr(of, "_lived", lived)
    run = dead(death(cycle=1, time_h=0.07))
    assert twin.leave_one_out(run, store=store)["agree"] is True
    assert said(store, run) == [
        "without dendrite: dies in cycle 1 of pressure: gone (0.33 h later)",
        "without pressure: dies in cycle 1 of dendrite: gone (0.02 h sooner)",
        "without interphase: no later",
        "nothing else that is left out gains more than dendrite",
    ]


def test_what_cannot_be_followed_is_not_known(dead, lives, store):
    lives(dendrite=twin.InputError("it needs dendrite"), interphase=(150, "dendrite: hard short"))
    run = dead()
    told = twin.leave_one_out(run, modes=["dendrite", "interphase"], store=store)
    assert told["agree"] is None and told["lives"]["dendrite"]["gain_cycles"] is None
    assert said(store, run)[0] == "without dendrite: not known: the solver could not follow it"
    assert len(said(store, run)) == 2


def test_what_takes_too_long_stays_unknown_and_is_not_kept(dead, lives, store):
    lives(dendrite=of._TooLongError())
    run = dead()
    assert twin.leave_one_out(run, at_most=9, store=store)["lives"] == {}
    assert of.left_out_of(store.run(run)) is None and said(store, run) == []


def test_lives_are_followed_some_cycles_at_the_least(dead, lives, store):
    asked = lives(dendrite=(50, None))
    twin.leave_one_out(dead(death(cycle=1), cycles=1), modes=["dendrite"], store=store)
    assert asked == [("dendrite", of.SHORTEST)]


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (death(mode="core"), "no failure mode is blamed"),
        (twin.Outcome(kind=Status.COMPLETED, cycle=5).to_dict(), "not the death of a cell"),
    ],
)
def test_there_has_to_be_a_death_of_a_mode(dead, store, outcome, says):
    run = dead(outcome)
    with pytest.raises(twin.InputError, match=says):
        twin.leave_one_out(run, store=store)
    assert not twin.can_be_left_out(store.run(run))


def test_a_branch_and_an_unknown_mode_are_refused(dead, store):
    run = dead()
    with pytest.raises(twin.InputError, match="'fade' is no failure mode of run"):
        twin.leave_one_out(run, modes=["fade"], store=store)
    branch = SimpleNamespace(**{**vars(store.run(run)), "parent_run": "abc"})
    assert twin.can_be_left_out(store.run(run)) and not twin.can_be_left_out(branch)


def test_what_is_kept_of_another_end_or_is_damaged_is_not_told(dead, lives, store):
    lives(dendrite=(312, "interphase: consumed"))
    run = dead()
    twin.leave_one_out(run, modes=["dendrite"], store=store)
    kept = store.run(run).settings["left_out"]
    for wrong in (kept | {"cycle": 7}, kept | {"lives": 3}, kept | {"lives": {"dendrite": 1}}, "x"):
        store.annotate_run(run, left_out=wrong)
        assert said(store, run) == []
    store.annotate_run(run, note="n")  # and a note leaves it alone
    store.annotate_run(run, left_out=kept)
    assert len(said(store, run)) == 1


def test_it_stands_beside_the_verdict(dead, lives, store):
    lives(dendrite=(312, "interphase: consumed"))
    run = dead()
    twin.leave_one_out(run, modes=["dendrite"], store=store)
    result = SimpleNamespace(info=store.run(run), store=store, rows=[], id=run)
    facts = dict(verdict_facts(result, ends=()))
    assert facts["left out"].startswith("without dendrite: dies in cycle 312 of ")


def test_a_life_that_nobody_asked_for_is_given_up_by_its_cycles_not_its_seconds(store):
    press = {"stack.pressure": "0.2 MPa"}
    found = twin.life("na-base-na", cycles=60, modes=["pressure"], overrides=press, store=store)
    assert found.outcome.mode == "pressure"
    assert twin.leave_one_out(found.id, at_most=3, store=store)["lives"] == {}
    told = twin.leave_one_out(found.id, at_most=60, store=store)["lives"]["pressure"]
    assert told["kind"] == Status.COMPLETED and told["known"]


@pytest.mark.slow
def test_a_life_with_a_mode_left_out_is_the_life_without_it():
    """At 2 mA/cm2 a dendrite kills Na | Na3PS4 | Na at once; without it, its contact goes later."""
    asked = {"overrides": {"protocol.current_density": "2 mA/cm^2"}, "store": "sqlite://"}
    run = twin.life("na-nps-na", cycles=60, **asked)
    assert run.outcome.mode == "dendrite"
    told = twin.leave_one_out(run.id, modes=["dendrite"], store=run.store)
    alone = twin.life("na-nps-na", cycles=60, without=["dendrite"], **asked)
    left = told["lives"]["dendrite"]
    assert (left["kind"], left["cycle"]) == (alone.outcome.kind, alone.outcome.cycle)
    assert left["time_h"] == alone.outcome.time_h > run.outcome.time_h
    assert left["died_of"] == f"{alone.outcome.mode}: {alone.outcome.criterion}"
    assert told["agree"] is True
