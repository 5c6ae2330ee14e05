"""Sampling against closed forms; ensembles here, on workers, interrupted and gone on with."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.specs.quantity import parse_quantity
from twin.studies import ensemble
from twin.uncertainty.spreads import Uncertain, points, uncertain
from twin.uncertainty.survival import (
    Member,
    fan,
    half_width,
    incidence,
    probability,
    quantile,
    quantile_band,
)

CELL = "na-nzsp-na"
# They die within the sixty cycles.
MORTAL = {"modes.interphase.anode.kind": "insulating", "end_of_life.resistance_factor": 3}


def of(value, spread, unit="m"):
    return Uncertain("x.y", parse_quantity({"value": value, "spread": spread}, unit))


@pytest.mark.parametrize(
    ("spread", "at_84"),
    [
        ("normal 1e-6", 10e-6 + 1e-6),
        ("lognormal 0.5", 10e-6 * np.exp(0.5)),
        ("weibull 2", 10e-6 * (np.log(1 / (1 - 0.8413447)) / np.log(2)) ** 0.5),
        ("uniform 8e-6 12e-6", 8e-6 + 4e-6 * 0.8413447),
    ],
)
def test_the_value_is_the_median_and_the_quantiles_are_the_distributions(spread, at_84):
    item = of("10 um", spread)
    median, upper = item.value(np.array([0.5, 0.8413447]))
    assert median == pytest.approx(10e-6, rel=1e-9)
    assert upper == pytest.approx(at_84, rel=1e-6)


def test_a_sampled_value_is_read_back_exactly():
    item = of("10 um", "lognormal 0.5")
    value = float(item.value(np.array([0.3]))[0])
    assert parse_quantity(item.text(value), "m").si == pytest.approx(value, rel=1e-12)


def test_a_sobol_sample_can_be_lengthened_and_the_seed_is_all_there_is():
    assert np.array_equal(points(10, 3, 7), points(50, 3, 7)[:10])
    assert not np.array_equal(points(10, 3, 7), points(10, 3, 8))
    hypercube = points(8, 2, 1, "lhs")
    assert sorted((hypercube[:, 0] * 8).astype(int)) == list(range(8))


def test_a_cell_without_spreads_cannot_be_forecast():
    with pytest.raises(twin.InputError) as caught:
        uncertain(twin.load_cell(CELL), [])
    assert "spread" in caught.value.problem.fix


def member(index, cycles, cause, x=0.0, capacity=()):
    return Member(index, cycles, cause, {"x": x}, capacity)


def test_incidences_of_competing_risks_add_up_to_the_dead():
    lives = [(10, "a"), (20, "b"), (20, "a"), (30, "b"), (40, None), (40, None)]
    members = [member(i, n, cause) for i, (n, cause) in enumerate(lives)]
    found = incidence(members)
    by_20 = {mode: dict(f["curve"])[20] for mode, f in found.items()}
    assert by_20 == {"a": pytest.approx(2 / 6), "b": pytest.approx(1 / 6)}
    assert {m: f["curve"][-1][1] for m, f in found.items()} == pytest.approx(
        {"a": 1 / 3, "b": 1 / 3}
    )
    assert quantile(members, 0.5) == 20 and quantile(members, 0.95) is None
    for mode in found.values():
        assert all(0 <= p <= 1 for side in ("low", "high") for _, p in mode[side])


def test_the_probability_before_a_cycle_has_the_binomial_band():
    members = [member(i, 10 * (i + 1), "a" if i % 2 else "b") for i in range(10)]
    found = probability(members, 60, lambda m: m.cause == "a")
    assert found["probability"] == pytest.approx(0.3)
    # Three of ten: 8.7 and 60.7 % (Clopper and Pearson, tabulated).
    assert (found["low"], found["high"]) == pytest.approx((0.0873, 0.6066), abs=2e-4)
    never = probability(members, 60, lambda m: False)
    assert (never["probability"], never["low"]) == (0.0, 0.0)
    assert never["high"] == pytest.approx(1 - 0.05 ** (1 / 10))


def test_a_quantile_has_the_band_of_its_ranks():
    members = [member(i, i + 1, "a") for i in range(100)]
    low, high = quantile_band(members, 0.5)
    assert (low, high) == (42, 59)  # binomial(100, 1/2): 5 and 95 % points 42 and 58
    members = [member(i, 50, None) for i in range(100)]
    assert quantile_band(members, 0.5) == [None, None]


def test_bands_settle_as_members_are_added():
    few, many = (
        half_width(incidence([member(i, 1 + i % 7, "ab"[i % 2]) for i in range(n)]))
        for n in (20, 320)
    )
    assert many == pytest.approx(few / 4, rel=0.3)
    assert half_width({}) == 0.0


def test_the_fan_is_of_those_alive():
    curves = [[(1, 1.0), (11, 0.9)], [(1, 1.0), (21, 0.6)]]
    members = [member(i, c[-1][0], None, capacity=c) for i, c in enumerate(curves)]
    levels = fan(members, np.array([1.0, 11.0, 21.0]))
    assert levels["median"] == pytest.approx([1.0, 0.85, 0.6])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('fc')}/runs.db"
    return url, twin.forecast(
        CELL, cycles=60, samples=4, seed=3, workers=1, overrides=MORTAL, store=url
    )


def test_a_member_is_the_life_of_the_cell_with_its_values(study):
    url, found = study
    store = found.store
    run = next(r for r in store.runs(study=found.id) if r.settings["member"] == 2)
    alone = twin.life(CELL, cycles=60, overrides=MORTAL | run.settings["overrides"], store=url)
    assert alone.outcome.kind == run.outcome["kind"]
    assert abs(alone.outcome.cycle - run.outcome["cycle"]) <= 1
    mine = alone.rows[0]["resistance_Ohm_m2"]
    assert store.cycles(run.id)[0]["resistance_Ohm_m2"] == pytest.approx(mine, rel=1e-4)


def test_the_document_has_the_keys_scripts_rely_on(study):
    document = study[1].to_dict()
    assert document["samples"] == 4 and document["failed_members"] == 0
    dead = sum(curve[-1][1] for curve in document["incidence"].values())
    assert dead == pytest.approx(1 - document["survive"])
    assert document["p05"] <= document["median_life"]


def test_criteria_and_fan_are_of_the_members(study):
    document, criteria = study[1].to_dict(), study[1].criteria()
    assert sum(criteria.values()) == pytest.approx(1 - document["survive"])
    by_mode = {mode: curve[-1][1] for mode, curve in document["incidence"].items()}
    for mode, share in by_mode.items():
        mine = sum(s for name, s in criteria.items() if name.startswith(f"{mode}: "))
        assert mine == pytest.approx(share)
    shorts = sum(s for name, s in criteria.items() if "short" in name)
    assert study[1].shorted() == pytest.approx(shorts)
    levels = study[1].fan(10)
    assert levels["cycle"][0] == 1 and levels["cycle"][-1] == 60
    assert levels["p05"][0] == levels["p95"][0]  # shares of their own first cycle


def test_a_study_goes_on_where_it_stopped_and_may_grow(study):
    url, found = study
    before = {r.settings["member"]: r.id for r in found.store.runs(study=found.id)}
    found.store.delete_run(before[1])
    again = twin.forecast(CELL, samples=6, study=found.id, workers=1, store=url)
    after = {r.settings["member"]: r.id for r in again.store.runs(study=found.id)}
    assert sorted(after) == list(range(6))
    assert all(after[i] == before[i] for i in (0, 2, 3))


def test_a_member_that_cannot_be_run_is_a_failed_member(tmp_path):
    # Half of this spread is below zero, which no conductivity is.
    wide = {"modes.interphase.anode.conductivity": {"value": "1e-5 S/m", "spread": "normal 1"}}
    spec = twin.load_cell(CELL)
    from twin.catalog.cells import mode_entries
    from twin.specs.dump import with_overrides

    found = twin.forecast(
        with_overrides(spec, wide, mode_entries()),
        cycles=5,
        samples=4,
        seed=0,
        workers=1,
        store=f"sqlite:///{tmp_path}/runs.db",
    )
    document = found.to_dict()
    assert 0 < document["failed_members"] < 4 and document["samples"] == 4


@pytest.mark.slow
def test_local_workers_find_what_one_process_finds(study, tmp_path):
    found = twin.forecast(
        CELL,
        cycles=60,
        samples=4,
        seed=3,
        workers=2,
        overrides=MORTAL,
        store=f"sqlite:///{tmp_path}/runs.db",
    )
    one, two = (
        {r.settings["member"]: (r.outcome["kind"], r.outcome["cycle"]) for r in runs}
        for runs in (found.store.runs(study=found.id), study[1].store.runs(study=study[1].id))
    )
    assert one == {index: two[index] for index in range(4)}


def test_values_are_written_out_as_they_are_asked_for():
    class Item:
        def __init__(self, key):
            self.key = key

        def text(self, value):
            return f"{value} m"

    drawn = ensemble.Drawn([Item("a"), Item("b")], [1.5, 2.0])
    assert dict(drawn) == dict(drawn.items()) == {"a": "1.5 m", "b": "2.0 m"}
    assert (len(drawn), drawn["b"], list(drawn)) == (2, "2.0 m", ["a", "b"])
    with pytest.raises(KeyError):
        drawn["c"]
