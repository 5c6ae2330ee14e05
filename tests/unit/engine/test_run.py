"""Whole runs on real cells: outcomes, resuming, branching, and a solver that gives up."""

from __future__ import annotations

import math

import numpy as np
import pytest

import twin
from twin.engine import cycler
from twin.engine.outcome import Outcome
from twin.engine.solver_fallbacks import FallbacksExhausted
from twin.model.pybamm_compat import FailureAtStart

MEMORY = "sqlite://"
LOW_PRESSURE = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}


@pytest.fixture
def store(tmp_path):
    from twin.store import Store

    with Store.open(f"sqlite:///{tmp_path}/runs.db") as opened:
        yield opened


def same_rows(a, b, rel=0.0, skip=("wall_s",)):
    assert len(a) == len(b)
    for one, other in zip(a, b, strict=True):
        assert one.keys() == other.keys()
        for key in one.keys() - set(skip):
            x, y = one[key], other[key]
            if isinstance(x, float) and isinstance(y, float) and rel:
                assert math.isclose(x, y, rel_tol=rel, abs_tol=1e-12), (key, x, y)
            else:
                assert x == y, (key, x, y)


def test_a_cell_that_lives_is_completed_and_names_what_is_nearest(store):
    run = twin.simulate("na-nzsp-na", cycles=4, store=store)
    outcome = run.outcome
    assert outcome.kind == "completed" and outcome.cycle == 4
    assert outcome.runner_up is not None and 0 < outcome.runner_up.margin < 1
    frame = run.cycles
    assert list(frame.index) == [1, 2, 3, 4]
    # 0.3 mA/cm2 for an hour each way over the cell's area.
    area = twin.load_cell("na-nzsp-na").geometry.area.si
    assert frame["charge_Ah"].to_numpy() == pytest.approx(3.0 * area, rel=1e-9)
    assert frame["discharge_Ah"].to_numpy() == pytest.approx(3.0 * area, rel=1e-9)


def test_too_little_pressure_kills_by_contact_loss(store):
    run = twin.simulate(
        "na-base-na", cycles=50, overrides=LOW_PRESSURE, modes=["pressure"], store=store
    )
    outcome = run.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "pressure")
    assert outcome.criterion == "anode contact lost"
    assert outcome.value == pytest.approx(outcome.threshold, rel=1e-6)
    assert outcome.pressure_Pa == pytest.approx(0.2e6)
    assert outcome.temperature_K == pytest.approx(298.15)
    assert outcome.runner_up.criterion != outcome.criterion
    last = run.rows[-1]
    assert last["complete"] is False and last["cycle"] == outcome.cycle
    fatal = [e for e in store.events(run.id) if e["severity"] == "fatal"]
    assert len(fatal) == 1 and fatal[0]["mode"] == "pressure"


def test_leaving_the_killer_out_lets_the_cell_live(store):
    run = twin.simulate(
        "na-base-na", cycles=10, overrides=LOW_PRESSURE, without=["pressure"], store=store
    )
    # Without lost contact there is nothing to crowd the current into a filament, either.
    assert "dendrite" in run.info.modes
    assert run.outcome.kind == "completed"


def test_interphase_growth_is_blamed_for_a_risen_resistance(store):
    run = twin.simulate(
        "na-nzsp-nvp",
        model="spm",
        cycles=60,
        overrides={
            "modes.interphase.anode.kind": "insulating",
            "end_of_life.resistance_factor": 2,
        },
        modes=["interphase", "pressure"],
        store=store,
    )
    outcome = run.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "interphase")
    assert outcome.criterion == "resistance risen"
    assert outcome.value == pytest.approx(2, abs=0.05) and outcome.threshold == 2
    assert outcome.evidence["interphase"]["polarisation_V"] > 0
    assert outcome.evidence["pressure"]["weight"] < outcome.evidence["interphase"]["weight"]


def test_resuming_equals_never_having_stopped(store):
    whole = twin.simulate("na-nzsp-nvp", model="spm", cycles=6, store=store)
    half = twin.simulate("na-nzsp-nvp", model="spm", cycles=3, store=store)
    resumed = twin.resume(half.id, cycles=6, store=store)
    assert resumed.id == half.id
    # Each cycle starts from the stored state vector either way: equal to the last bit.
    same_rows(whole.rows, resumed.rows)


def test_a_branch_without_change_goes_where_its_parent_went(store):
    parent = twin.simulate("na-nzsp-na", cycles=5, store=store)
    branch = twin.resume(parent.id, from_cycle=2, store=store)
    assert branch.id != parent.id
    assert (branch.info.parent_run, branch.info.parent_cycle) == (parent.id, 2)
    same_rows(parent.rows, branch.rows)


def test_a_branch_with_more_pressure_saves_the_cell(store):
    parent = twin.simulate(
        "na-base-na", cycles=20, overrides=LOW_PRESSURE, modes=["pressure"], store=store
    )
    assert parent.outcome.kind == "cell-failed"
    branch = twin.resume(
        parent.id, from_cycle=1, overrides={"stack.pressure": "10 MPa"}, store=store
    )
    assert branch.outcome.kind == "completed"
    assert branch.rows[0]["Stack pressure [Pa]"] == pytest.approx(0.2e6)
    assert branch.rows[1]["Stack pressure [Pa]"] == pytest.approx(10e6)


def test_a_branch_may_leave_a_mode_out(store):
    parent = twin.simulate("na-nzsp-na", cycles=3, store=store)
    branch = twin.resume(parent.id, from_cycle=2, without=["pressure"], store=store)
    assert branch.outcome.kind == "completed"
    assert set(parent.info.modes) - set(branch.info.modes) == {"pressure"}
    # The interphase goes on from where it was; without voids nothing crowds its current.
    key = "Anode interphase thickness [m]"
    assert parent.rows[1][key] < branch.rows[2][key] < parent.rows[2][key]


def test_a_branch_remembers_every_change_since_the_first_run(store):
    first = twin.simulate(
        "na-nzsp-na",
        cycles=1,
        overlays=["warm-60C"],
        overrides={"stack.pressure": "6 MPa"},
        store=store,
    )
    branch = twin.resume(
        first.id, from_cycle=0, overrides={"protocol.current_density": "0.2 mA/cm^2"}, store=store
    )
    assert branch.info.settings["overlays"] == ["warm-60C"]
    assert branch.info.settings["overrides"] == {
        "stack.pressure": "6 MPa",
        "protocol.current_density": "0.2 mA/cm^2",
    }


def test_the_dead_cannot_be_resumed_only_branched(store):
    dead = twin.simulate("na-base-na", cycles=9, overrides=LOW_PRESSURE, store=store)
    with pytest.raises(twin.InputError) as caught:
        twin.resume(dead.id, cycles=20, store=store)
    assert "--from-cycle" in caught.value.problem.fix


def test_a_finished_run_wants_more_cycles_to_go_on(store):
    run = twin.simulate("na-nzsp-na", cycles=2, store=store)
    with pytest.raises(twin.InputError) as caught:
        twin.resume(run.id, store=store)
    assert caught.value.problem.key == "cycles"


@pytest.mark.parametrize(("pressure", "physical"), [("5 MPa", False), ("0.2 MPa", True)])
def test_a_solver_that_gives_up_says_whether_the_cell_was_dying(
    store, monkeypatch, pressure, physical
):
    def fail_late(cell, base, index, t, y, user, real=cycler.solve_with_fallbacks):
        result, tried = real(cell, base, index, t, y, user)
        if t > 1.0:  # the first step is solved, the second never
            raise FallbacksExhausted("IDA_CONV_FAIL at t = 1", ["tighter", "looser"])
        return result, tried

    monkeypatch.setattr(cycler, "solve_with_fallbacks", fail_late)
    overrides = {
        "stack.pressure": pressure,
        "protocol.half_cycle": "0.8 hours",
        "modes.pressure.contact_limit": 0.4,
    }
    run = twin.simulate("na-base-na", cycles=5, overrides=overrides, store=store)
    outcome = run.outcome
    assert outcome.kind == "solver-gave-up"
    assert outcome.numerics["physical_limit_reached"] is physical
    message = outcome.numerics["message"]
    assert message.startswith("in the step '") and ": IDA_CONV_FAIL" in message
    assert outcome.fix
    assert run.info.status == "solver-gave-up"


@pytest.mark.parametrize(
    ("dies_after", "mode", "criterion"),
    [(8, "pressure", "anode contact lost"), (1, "core", "Maximum voltage [V]")],
)
def test_a_cell_that_is_dead_before_a_cycle_is_judged_by_how_the_last_one_left_it(
    store, monkeypatch, dies_after, mode, criterion
):
    def dead_at_the_start(cell, base, index, t, y, user, real=cycler.solve_with_fallbacks):
        if index == 0 and y is not None and t > dies_after * 7200 - 60:
            raise FailureAtStart("Maximum voltage [V]")
        return real(cell, base, index, t, y, user)

    monkeypatch.setattr(cycler, "solve_with_fallbacks", dead_at_the_start)
    run = twin.simulate(
        "na-base-na",
        cycles=9,
        overrides={"stack.pressure": "0.2 MPa", "protocol.half_cycle": "1 hour"},
        modes=["pressure"],
        store=store,
    )
    outcome = run.outcome
    assert (outcome.kind, outcome.cycle) == ("cell-failed", dies_after + 1)
    assert (outcome.mode, outcome.criterion) == (mode, criterion)
    assert "a volt above" in outcome.says
    assert (outcome.evidence["pressure"]["polarisation_V"] > 0) is (mode == "pressure")


def test_a_protocol_may_change_the_pressure_on_the_way(store):
    run = twin.simulate("na-nzsp-na", protocol="pressure-steps", cycles=40, store=store)
    pressures = run.cycles["Stack pressure [Pa]"].unique() / 1e6
    assert len(pressures) > 1 and np.all(np.diff(pressures) < 0)


def test_observers_hear_of_every_cycle_and_of_the_end(store):
    heard = []
    run = twin.simulate(
        "na-nzsp-na",
        cycles=3,
        store=store,
        on_start=lambda run_id: heard.append(("start", run_id)),
        on_cycle=lambda p: heard.append((p.cycle, p.total, p.eta_s >= 0)),
    )
    assert heard[0] == ("start", run.id)
    assert [h[0] for h in heard[1:]] == [1, 2, 3]


def test_the_outcome_survives_the_database(store):
    run = twin.simulate("na-base-na", cycles=9, overrides=LOW_PRESSURE, store=store)
    outcome = run.outcome
    assert Outcome.from_dict(outcome.to_dict()) == outcome


def test_series_hold_every_contribution_to_a_port(store):
    run = twin.simulate("na-nzsp-na", cycles=2, store=store)
    series = run.series
    parts = (
        series["Anode interphase resistance [Ohm.m2]"]
        + series["Anode constriction resistance [Ohm.m2]"]
    )
    np.testing.assert_allclose(parts, series["Anode interface resistance [Ohm.m2]"], rtol=1e-12)
    assert set(np.unique(series["cycle"])) == {1, 2}


@pytest.mark.parametrize("cycles", [0, -3])
def test_nonsense_cycle_numbers_are_refused(cycles):
    with pytest.raises(twin.InputError):
        twin.simulate("na-nzsp-na", cycles=cycles, store=MEMORY)


def test_a_window_the_cell_is_never_in_is_said_so(store):
    run = twin.simulate(
        "na-nzsp-nvp",
        model="spm",
        cycles=3,
        overrides={"window.upper": "2.4 V", "window.lower": "2.3 V"},
        store=store,
    )
    outcome = run.outcome
    assert (outcome.kind, outcome.criterion) == ("cell-failed", "no capacity from the start")
    assert "voltage window" in outcome.says and outcome.cycle == 1
