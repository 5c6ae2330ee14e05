"""A study's members are the same whoever lives them, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest

import twin
from twin.store import Store
from twin.studies.ensemble import spec_of
from twin.studies.member import LivesSimulator

CELL, CYCLES, SAMPLES = "na-nzsp-nvp", 20, 3


def lives(store: Store, study: str) -> dict[int, Any]:
    """Every number of every member, by the member's number; only what it took is left out."""
    found = {}
    for run in store.runs(study=study):
        rows = [{k: v for k, v in r.items() if k != "wall_s"} for r in store.cycles(run.id)]
        outcome = {k: v for k, v in run.outcome.items() if k != "numerics"}
        found[run.settings["member"]] = (rows, outcome)
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('same')}/runs.db"
    return url, twin.forecast(CELL, cycles=CYCLES, samples=SAMPLES, seed=3, workers=1, store=url)


def test_two_workers_find_what_one_does(study, tmp_path):
    _, alone = study
    url = f"sqlite:///{tmp_path}/runs.db"
    two = twin.forecast(CELL, cycles=CYCLES, samples=SAMPLES, seed=3, workers=2, store=url)
    assert lives(two.store, two.id) == lives(alone.store, alone.id)
    assert two.to_dict()["incidence"] == alone.to_dict()["incidence"]


def test_the_order_does_not_matter(study):
    _, alone = study
    design = dict(alone.store.study(alone.id).design)
    _, items = spec_of(design)
    again = Store.open("sqlite://")
    name = again.start_study(kind="forecast", cell_name=CELL, design=design)
    bench = LivesSimulator({k: v for k, v in design.items() if k != "values"}, name, again)
    for index in reversed(range(SAMPLES)):
        values = zip(items, design["values"][index], strict=True)
        bench.live(index, {item.key: item.text(value) for item, value in values})
    assert lives(again, name) == lives(alone.store, alone.id)


def test_a_member_is_measured_by_what_is_fresh_for_itself(study):
    """Its margins are those of the same cell lived alone, to the solver's tolerance of 1e-4."""
    url, found = study
    run = next(r for r in found.store.runs(study=found.id) if r.settings["member"] == SAMPLES - 1)
    alone = twin.life(CELL, cycles=CYCLES, overrides=run.settings["overrides"], store=url)
    mine, its = alone.rows[0]["margins"], found.store.cycles(run.id)[0]["margins"]
    # An energy efficiency is a ratio of two energies, each to 1e-4, and its margin counts the half
    # above the limit as one: four times the solver's tolerance.
    energy = [margins.pop("core: energy lost") for margins in (mine, its)]
    assert energy[0] == pytest.approx(energy[1], abs=4e-4)
    assert mine == pytest.approx(its, rel=1e-4, abs=1e-6)
