"""The overlays of the library: refused where they make no sense, and combined."""

from __future__ import annotations

import itertools
from functools import cache

import pytest

import twin
from twin.catalog.entries import flat
from twin.errors import TwinError
from twin.specs.dump import cell_to_data

OVERLAYS = twin.library().names("overlays")
ANY_CELL = {"high-pressure-20MPa", "inert-interphase", "low-pressure-0.5MPa", "warm-60C"}

SAMPLE = (
    "na-nzsp-na", "na-base-na", "na-nzsp-nnmo", "na-peo-nvp", "na-nps-na", "na-ncbb-na",
    "hc-nzsp-nvp", "na-nzsp2-na-unpressed",
)  # fmt: skip
"""Cells that differ in what overlays ask for: family, electrodes, kind."""


@cache
def refusals(overlay: str, cell: str) -> list[str]:
    """What is said where an overlay does not fit a cell; nothing where it does."""
    try:
        twin.load_cell(cell, overlays=[overlay])
    except TwinError as error:
        return [problem.message for problem in error.problems]
    return []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_fits_some_cells_and_tells_the_others_why_not(overlay):
    found = [refusals(overlay, cell) for cell in SAMPLE]
    said = [message for messages in found for message in messages]
    assert [] in found
    assert bool(said) != (overlay in ANY_CELL)
    # No cell is refused for a mistake in the overlay itself.
    assert all("needs " in text or " is for " in text for text in said)
    if overlay not in ANY_CELL | {"thin-electrolyte"}:
        assert any(text.endswith(")") for text in said)  # the reason


def test_a_refusal_says_what_is_needed_what_is_there_and_why():
    with pytest.raises(twin.SpecError) as raised:
        twin.load_cell("na-peo-nvp", overlays=["sbf3-interlayer"])
    (problem,) = raised.value.problems
    assert "'nasicon'" in problem.message and "has 'polymer'" in problem.message
    assert "reacted on a ceramic's face" in problem.message
    assert problem.key == "requires.electrolyte.material.family"


FOILS = {"na-in-anode", "na-k-liquid", "na3sb-naf-anode"}  # one replaces sodium, or another
ON_NZSP = [o for o in OVERLAYS if o not in FOILS and not refusals(o, "na-nzsp-na")]


@pytest.mark.parametrize("pair", itertools.pairwise(ON_NZSP), ids="+".join)
def test_overlays_combine_and_the_later_wins(pair):
    first, second = pair
    both = flat(cell_to_data(load(first, second)))
    alone = flat(cell_to_data(load(second)))
    bare = flat(cell_to_data(load()))
    changed = {key for key in alone if alone[key] != bare.get(key)}
    assert changed and all(both[key] == alone[key] for key in changed)


def load(*overlays: str):
    return twin.load_cell("na-nzsp-na", overlays=overlays)


def test_the_named_pair_does_what_both_say():
    spec = load("sbf3-interlayer", "soft-gradient")
    assert spec.modes["pressure"].voids.refill_current.si == pytest.approx(15.0)  # SbF3
    assert spec.modes["pressure"].contact.effective_modulus.si == 0.5e9  # gradient
    assert spec.modes["delamination"].anode.fracture_energy.si == 20.0
