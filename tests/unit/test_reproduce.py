from __future__ import annotations

import math

import pytest

import twin
from twin.errors import InputError
from twin.runs import reproduce as module
from twin.runs.reproduce import number_of, reproduce

RTOL, ATOL = 1e-5, 1e-7
SETTINGS = {"rtol": RTOL, "atol": ATOL}
CHOSEN = {"modes": ["interphase", "pressure"], "cycles": 3}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('reproduce')}/runs.db"


@pytest.fixture(scope="module")
def lived(url):
    with twin.open_store(url) as store:
        yield twin.simulate("na-nzsp-na", store=store, **CHOSEN)


@pytest.fixture(scope="module")
def dead(lived):
    """A symmetric cell that loses contact halfway through a cycle."""
    low = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}
    return twin.simulate("na-base-na", overrides=low, store=lived.store, **CHOSEN)


def test_a_run_is_reproduced_to_the_last_bit_and_nothing_is_written(lived, url):
    before = [(r.id, r.updated) for r in lived.store.runs()]
    found = reproduce(lived.id, store=url)
    assert (found.verdict, found.same, found.largest) == ("identical", True, 0.0)
    assert found.cycles == 3 and found.numbers > 3 * 50 and found.versions == {}
    assert [(r.id, r.updated) for r in lived.store.runs()] == before


def test_a_death_is_reproduced_with_its_cause(dead):
    found = reproduce(dead.id, store=dead.store)
    assert found.verdict == "identical"
    assert found.outcome["criterion"] == found.stored_outcome["criterion"] is not None


def test_a_branch_is_reproduced_from_its_own_state_when_its_parent_is_gone(lived):
    parent = twin.simulate("na-nzsp-na", store=lived.store, **CHOSEN)
    more = {"stack.pressure": "10 MPa"}
    branch = twin.resume(parent.id, from_cycle=2, overrides=more, cycles=4, store=lived.store)
    lived.store.delete_run(parent.id)
    found = reproduce(branch.id, store=lived.store)
    assert (found.verdict, found.cycles) == ("identical", 2)


def test_a_life_by_jumps_is_reproduced_by_the_same_jumps(lived):
    life = twin.life("na-nzsp-na", cycles=60, modes=["interphase"], store=lived.store)
    found = reproduce(life.id, store=lived.store)
    assert (found.verdict, found.cycles) == ("identical", 60)


def test_a_version_that_is_another_is_named(lived, monkeypatch):
    real = module.packages()
    monkeypatch.setattr(module, "packages", lambda: real | {"numpy": "0.1"})
    found = reproduce(lived.id, store=lived.store)
    assert found.versions == {"numpy": (real["numpy"], "0.1")}


def test_a_run_without_a_cycle_is_refused(lived):
    empty = lived.store.start_run(
        cell={"name": "c", "kind": "full", "family": "", "title": "", "hash": "0", "spec": {}},
        protocol={}, settings={}, modes={}, packages={}, cycles_requested=1,
    )  # fmt: skip
    with pytest.raises(InputError, match="no cycle of its own"):
        reproduce(empty, store=lived.store)


# ---------------------------------------------------------------------- the comparison


def row(cycle, **more):
    return {"cycle": cycle, "wall_s": 1.0, "capacity_Ah": 2.0, "margins": {"core: hot": 0.5}} | more


def compared(lived, then, now, ends=(None, None)):
    info = lived.info
    return module._compared(info, then, {r["cycle"]: r for r in now}, ends, 0.0)


def test_time_on_the_clock_is_not_compared(lived):
    assert compared(lived, [row(1)], [row(1, wall_s=9.0)]).verdict == "identical"


@pytest.mark.parametrize(("share", "verdict"), [(0.9, "within tolerance"), (1.1, "differs")])
def test_what_is_allowed_is_so_many_tolerances_of_the_columns_largest(lived, share, verdict):
    allowed = number_of("steps_of_error") * (RTOL * 4.0 + ATOL)
    assert lived.info.settings["rtol"] == RTOL and lived.info.settings["atol"] == ATOL
    then = [row(1), row(2, capacity_Ah=4.0)]
    found = compared(lived, then, [row(1, capacity_Ah=2.0 + share * allowed), then[1]])
    assert found.verdict == verdict and found.largest == pytest.approx(share)
    assert found.largest_at == (1, "capacity_Ah")


def test_a_column_is_named_where_it_first_differs(lived):
    then = [row(n) for n in (1, 2, 3)]
    now = [row(1), row(2, capacity_Ah=2.1), row(3, capacity_Ah=3.0, margins={"core: hot": 0.4})]
    found = compared(lived, then, now)
    assert [(d.cycle, d.what) for d in found.differences] == [
        (2, "capacity_Ah"), (3, "margin of core: hot"),
    ]  # fmt: skip
    assert (found.differences[0].stored, found.differences[0].now) == (2.0, 2.1)


def test_what_is_rounding_beside_its_unit_is_no_difference(lived):
    then = [row(1, **{"Leak [A]": 1e-20, "Current [A]": 1.0, "charge_Ah": 1e-16})]
    now = [
        row(1, **{"Leak [A]": 0.9 * number_of("rounding"), "Current [A]": 1.0, "charge_Ah": -1e-16})
    ]
    assert compared(lived, then, now).verdict == "within tolerance"
    now = [
        row(1, **{"Leak [A]": 1.1 * number_of("rounding"), "Current [A]": 1.0, "charge_Ah": 1e-16})
    ]
    assert [d.what for d in compared(lived, then, now).differences] == ["Leak [A]"]


@pytest.mark.parametrize("now", [math.inf, None])
def test_a_number_that_is_gone_or_infinite_differs(lived, now):
    found = compared(lived, [row(1)], [row(1, capacity_Ah=now)])
    assert found.verdict == "differs" and found.differences[0].what == "capacity_Ah"


def test_a_run_that_ends_sooner_or_otherwise_differs(lived, dead):
    end = dead.outcome
    other = twin.Outcome(**{**vars(end), "criterion": "something else"})
    found = compared(lived, [row(1), row(2)], [row(1)], (end, other))
    assert [(d.what, d.stored, d.now) for d in found.differences] == [
        ("last cycle", 2, 1),
        ("criterion of the end", end.criterion, "something else"),
    ]
    assert found.cycles == 1 and not found.same


def test_a_run_that_was_cut_short_has_no_end_to_compare(lived):
    cut, whole = twin.Outcome(kind="cancelled", cycle=1), twin.Outcome(kind="completed", cycle=1)
    assert compared(lived, [row(1)], [row(1)], (cut, whole)).verdict == "identical"


def test_an_interruption_is_no_difference(lived, monkeypatch):
    cancelled = twin.Outcome(kind="cancelled").to_dict()

    def stopped(self, total, began, wall_before=0.0):
        self.store.finish_run(self.run_id, status="cancelled", outcome=cancelled, wall_s=0.0)
        return twin.RunResult(self.store, self.run_id)

    monkeypatch.setattr(module.Drive, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        reproduce(lived.id, store=lived.store)
