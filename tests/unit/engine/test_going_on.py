"""A run that was killed goes on as if it had not been; one that ended has its end."""

from __future__ import annotations

import pytest

import twin
from twin.engine.checkpoint import State
from twin.errors import InputError
from twin.lifetime.jump import JumpLoop
from twin.runs.states import layout_of_state
from twin.store import Store

LOW_PRESSURE = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}
LIFE = {"cycles": 120, "model": "spm"}
TIMES = ("wall_s", "solver_s", "loop_s")


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/runs.db") as opened:
        yield opened


def killed_after(stored: int, verb, *words, store, **asked) -> str:
    """Do something that is killed once it has stored so many cycles; return the run's id."""
    told = []

    def kill(progress):
        told.append(progress.run)
        if len(told) == stored:
            raise Killed

    with pytest.raises(Killed):
        verb(*words, store=store, on_cycle=kill, **asked)
    return told[0]


def timeless(found):
    if isinstance(found, dict):
        return {k: timeless(v) for k, v in found.items() if k not in TIMES}
    return [timeless(v) for v in found] if isinstance(found, list | tuple) else found


@pytest.fixture(scope="module")
def whole_life(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('whole')}/runs.db"
    found = twin.life("na-nzsp-nvp", store=url, **LIFE)
    assert found.outcome.numerics["estimated_capacity_error"] > 1e-6
    assert found.outcome.numerics["slowed"]
    return found


@pytest.mark.parametrize(
    "stored", [3, *(pytest.param(stored, marks=pytest.mark.slow) for stored in (1, 6, 9))]
)
def test_a_killed_life_goes_on_to_the_same_end_with_the_same_doubts(stored, store, whole_life):
    run = killed_after(stored, twin.life, "na-nzsp-nvp", store=store, **LIFE)
    resumed = twin.resume(run, store=store)
    assert timeless(resumed.rows) == timeless(whole_life.rows)
    assert timeless(resumed.outcome.to_dict()) == timeless(whole_life.outcome.to_dict())


def test_a_killed_life_goes_on_knowing_what_its_cycles_settle(store):
    asked = {"cycles": 40, "model": "spm", "without": ["dendrite"]}
    asked["overrides"] = {"stack.pressure": "0.56 MPa"}
    whole = twin.life("na-nzsp-nvp", store=store, **asked)
    assert whole.cycles_simulated < 25
    resumed = twin.resume(
        killed_after(9, twin.life, "na-nzsp-nvp", store=store, **asked), store=store
    )
    assert timeless(resumed.rows) == timeless(whole.rows)


def test_a_branch_that_changes_the_life_keeps_what_is_in_doubt(store, whole_life):
    parent = killed_after(9, twin.life, "na-nzsp-nvp", store=store, **LIFE)
    before = twin.load_run(parent, store=store).rows[-1]
    assert before["estimated_capacity_error"] > 0
    done = before["cycle"]
    branch = twin.resume(
        parent, cycles=done + 2, overrides={"stack.pressure": "9 MPa"}, store=store
    )
    after = branch.rows[-1]
    assert after["estimated_capacity_error"] >= before["estimated_capacity_error"]
    assert after["cycles_simulated"] == before["cycles_simulated"] + 2


def test_a_life_whose_checkpoints_know_nothing_goes_by_its_rows(store, monkeypatch):
    monkeypatch.setattr(JumpLoop, "_course", lambda self: {})
    run = killed_after(9, twin.life, "na-nzsp-nvp", store=store, **LIFE)
    monkeypatch.undo()
    before = twin.load_run(run, store=store).rows[-1]
    resumed = twin.resume(run, store=store)
    assert (
        resumed.outcome.numerics["estimated_capacity_error"] >= before["estimated_capacity_error"]
    )
    assert resumed.rows[-1]["cycles_simulated"] > before["cycles_simulated"]


ENDS = {
    "inside a cycle": ({"overrides": LOW_PRESSURE, "modes": ["pressure"]}, 50, "cell-failed"),
    "completed": ({}, 3, "completed"),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_end_is_stored_with_the_last_cycle_or_not_at_all(how, store, monkeypatch):
    more, cycles, kind = ENDS[how]
    cell = "na-base-na"

    def die(self, *given, **more):
        raise Killed

    with monkeypatch.context() as patched:  # where the end used to be stored, later
        patched.setattr(Store, "finish_run", die)
        run = twin.simulate(cell, cycles=cycles, store=store, **more)
    info = store.run(run.id)
    assert (info.status, info.outcome["kind"]) == (kind, kind)
    assert info.outcome["cycle"] == info.last_cycle and info.wall_s > 0


def unended(store: Store, run: str) -> None:
    """Take the end of a run back, as versions left it that were killed before storing it."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE run SET status = 'running', outcome = '{{}}' WHERE id = '{run}'"
        )


@pytest.mark.parametrize("how", ENDS)
def test_a_run_whose_end_was_lost_comes_to_it_again(how, store):
    more, cycles, kind = ENDS[how]
    run = twin.simulate("na-base-na", cycles=cycles, store=store, **more)
    before, events = run.rows, store.events(run.id)
    unended(store, run.id)
    again = twin.resume(run.id, store=store)
    assert again.outcome.kind == kind
    assert timeless(again.rows) == timeless(before) and store.events(run.id) == events


def test_a_death_at_a_cycles_end_is_not_outlived(store):
    # A capacity that is judged after the cycle: the cell dies at its end, with a checkpoint.
    asked = {"cycles": 40, "model": "spm", "overrides": {"end_of_life.capacity_fraction": 0.9999}}
    run = twin.simulate("na-nzsp-nvp", store=store, **asked)
    assert run.outcome.kind == "cell-failed"
    died = run.outcome.cycle
    assert store.checkpoint(run.id).cycle == died
    rows = run.rows
    unended(store, run.id)
    again = twin.resume(run.id, store=store)
    assert (again.outcome.kind, again.outcome.cycle) == ("cell-failed", died)
    assert timeless(again.rows) == timeless(rows)


LUMPED = {"thermal.model": "lumped"}
BRANCHES = {
    "to lumped": ("dfn", {"overrides": LUMPED}),
    "to another model": ("spm", {"model": "dfn"}),
}


@pytest.mark.parametrize(
    "how", ["to lumped", pytest.param("to another model", marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_a_branch_with_other_states_is_read_by_its_own_layout(how, store):
    model, change = BRANCHES[how]
    parent = twin.simulate("na-nzsp-nvp", cycles=2, model=model, store=store)
    branch = twin.resume(parent.id, cycles=4, store=store, **change)
    info = store.run(branch.id)
    layouts = [layout_of_state(store, info, store.checkpoint(branch.id, n)) for n in range(5)]
    sizes = [len(State.from_bytes(store.checkpoint(branch.id, n).data).y) for n in range(1, 5)]
    assert [layout[-1][2] for layout in layouts[1:]] == sizes
    assert layouts[1] != layouts[2] == layouts[3] == layouts[4]  # its own from where it begins
    # It goes on under its own id, and as one that was never interrupted.
    straight = twin.resume(parent.id, cycles=5, store=store, **change)
    resumed = twin.resume(branch.id, cycles=5, store=store)
    assert timeless(resumed.rows) == timeless(straight.rows)
    # A branch of the branch is a cell in the same state.
    again = twin.resume(branch.id, from_cycle=4, cycles=5, store=store)
    assert timeless(again.rows) == timeless(straight.rows)
    assert again.outcome.kind == "completed"


@pytest.mark.slow
def test_a_branch_that_an_older_version_stored_is_read_by_its_own_model(store):
    parent = twin.simulate("na-nzsp-nvp", cycles=2, model="dfn", store=store)
    branch = twin.resume(parent.id, cycles=4, overrides=LUMPED, store=store)
    straight = twin.resume(parent.id, cycles=5, overrides=LUMPED, store=store)
    with store.engine.begin() as connection:  # only cycle 0 had a layout: the parent's
        connection.exec_driver_sql(
            f"UPDATE checkpoint SET layout = '' WHERE run = '{branch.id}' AND cycle > 0"
        )
    resumed = twin.resume(branch.id, cycles=5, store=store)
    assert timeless(resumed.rows) == timeless(straight.rows)
    again = twin.resume(branch.id, from_cycle=4, cycles=5, store=store)
    assert timeless(again.rows) == timeless(straight.rows)
    # What that copied of the branch's own cycles is read as the branch's.
    third = twin.resume(again.id, from_cycle=3, cycles=5, store=store)
    assert timeless(third.rows) == timeless(straight.rows)


def test_a_branch_killed_before_its_first_cycle_goes_on(store):
    parent = twin.simulate("na-nzsp-nvp", cycles=2, model="spm", store=store)
    branch = {}

    def kill(run):
        branch["id"] = run
        raise Killed

    with pytest.raises(Killed):
        twin.resume(parent.id, cycles=3, model="dfn", store=store, on_start=kill)
    straight = twin.resume(parent.id, cycles=3, model="dfn", store=store)
    assert timeless(twin.resume(branch["id"], store=store).rows) == timeless(straight.rows)


def test_a_state_that_does_not_fit_is_refused_and_the_fix_works(store):
    run = twin.simulate("na-nzsp-na", cycles=2, store=store)
    with store.engine.begin() as connection:  # as if a plugin had renamed one of its states
        connection.exec_driver_sql(
            "UPDATE checkpoint SET layout = replace(layout, 'filament', 'needle')"
        )
    with pytest.raises(InputError, match="does not fit the model") as caught:
        twin.resume(run.id, cycles=3, store=store)
    assert "--from-cycle" in caught.value.problem.fix
    branch = twin.resume(run.id, from_cycle=2, cycles=3, store=store)
    assert branch.outcome.kind == "completed"
