"""The cells and protocols of the library: every family has one, and every cell lives or dies."""

from __future__ import annotations

import pytest

import twin

CELLS = twin.list_cells()
FAMILIES = {
    "polymer", "gel", "beta-alumina", "nasicon", "sulfide", "halide", "hydride", "mixed-anion",
    "composite",
}  # fmt: skip


def test_every_family_of_the_review_has_a_full_cell():
    entries = [twin.cell_entry(name) for name in CELLS]
    assert not [entry["name"] for entry in entries if "problem" in entry]
    assert {e["family"] for e in entries if e["kind"] == "full"} >= FAMILIES


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_can_be_run_by_its_protocol(name):
    spec = twin.load_cell(name)
    assert twin.load_protocol(None, spec).resolve(spec).phases


@pytest.mark.parametrize(
    "name",
    # A metal against a binary electrolyte once crashed the solver.
    ["na-gel-nvp", "na-base-s-330c"],
)
def test_cheap_cells_cycle(name):
    run = twin.simulate(name, cycles=2, model="spm", store="sqlite://", series_every=0)
    assert run.outcome.kind == "completed"
    assert len(run.rows) == 2 and run.rows[0]["capacity_Ah"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_ten_cycles_or_death_with_every_mode(name):
    run = twin.simulate(name, cycles=10, model="spm", store="sqlite://", series_every=0)
    assert run.outcome.kind in ("completed", "cell-failed"), run.outcome.says
