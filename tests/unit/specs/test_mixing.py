"""How much of a composite is used, learned by how it was made, and what it replaces."""

from __future__ import annotations

import tomllib
from importlib import resources
from statistics import mean
from typing import get_args

import pytest

import twin
from twin.catalog.cells import mode_entries
from twin.errors import SpecError
from twin.modes.context import CellContext
from twin.specs.dump import cell_from_data, cell_hash, cell_to_data, iter_quantities, with_overrides
from twin.specs.mixing import OF_METHOD, Method, learned

TABLE = tomllib.loads(resources.files("twin.specs").joinpath("mixing.toml").read_text("utf-8"))
KEY = "cathode.mixing.utilisation"
# One vote for each paper: published over what the twin gives with all of it used, at most 1.
ROWS = {
    "infiltrated": [1.0, 1.0, 108 / 120],
    "milled": [1.0],
    "dry": [110.6 / 116.65, mean([0.98, 0.83, 0.88])],
    "ceramic": [87 / 116.65, 93.3 / 116.65],
    "hand": [60 / 85.1],
    "polymer": [106 / 116.67, 102 / 116.45],
}


def test_every_method_is_in_the_table_and_no_other():
    assert set(get_args(Method)) == set(TABLE) == set(ROWS)


@pytest.mark.parametrize("method", sorted(ROWS))
def test_a_share_is_the_mean_of_its_rows(method):
    found = learned(method)
    assert found.si == pytest.approx(mean(ROWS[method]), abs=0.0101)
    low, high = map(float, str(found.spread).split()[1:])
    assert low <= found.si <= high <= 1
    assert found.status == "fitted" and found.source and found.text == OF_METHOD


def test_it_is_a_number_of_the_cell_with_its_source():
    spec = twin.load_cell("na-base-nvp-bilayer")
    quantity = dict(iter_quantities(spec))[KEY]
    assert (quantity.si, quantity.status) == (TABLE["ceramic"]["value"], "fitted")
    assert "D21" in str(quantity.source)


def test_it_replaces_the_law_and_is_never_multiplied_with_it():
    for share in (0.5, 0.3, 0.25):
        given = {"cathode.mixing.method": "ceramic", "cathode.electrolyte_fraction": share,
                 "cathode.active_fraction": 0.45}  # fmt: skip
        cell = CellContext(twin.load_cell("na-nzsp-nvp", overrides=given))
        assert cell.utilisation_now("cathode") == TABLE["ceramic"]["value"]
    law = CellContext(twin.load_cell("na-nzsp-nvp")).utilisation_now("cathode")
    assert law == pytest.approx(0.984, abs=1e-3)


def test_a_number_stands_before_the_method():
    given = {"cathode.mixing.method": "dry", KEY: 0.5}
    assert twin.load_cell("na-nzsp-nvp", overrides=given).cathode.mixing.utilisation.si == 0.5


def test_it_is_stored_as_the_word_and_follows_another_method():
    spec = twin.load_cell("na-base-nvp-bilayer")
    data, modes = cell_to_data(spec), mode_entries()
    assert data["cathode"]["mixing"]["utilisation"]["value"] == OF_METHOD
    again = cell_from_data(data, modes)
    assert again == spec and cell_hash(again) == cell_hash(spec)
    other = with_overrides(spec, {"cathode.mixing.method": "polymer"}, modes)
    assert other.cathode.mixing.utilisation == learned("polymer")


@pytest.mark.parametrize(
    ("overrides", "key", "says"),
    [
        ({"cathode.mixing.method": "ceramics"}, "cathode.mixing.method", "none of infiltrated"),
        ({KEY: OF_METHOD}, "cathode.mixing.method", "which is not given"),
        ({KEY: 0.0}, KEY, "is not above 0"),
        ({KEY: 1.2}, KEY, "is above 1"),
        ({"cathode.mixing.network": "random"}, "cathode.mixing.network", "none of"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(overrides, key, says):
    with pytest.raises(SpecError) as raised:
        twin.load_cell("na-nzsp-nvp", overrides=overrides)
    (problem,) = raised.value.problems
    assert problem.key == key and says in problem.message and problem.fix


def test_the_bilayer_uses_three_quarters_of_its_nvp():
    """Published 87 of 117.6 mAh/g at 0.1C; 116 while all of it was used."""
    spec = twin.load_cell("na-base-nvp-bilayer")
    run = twin.simulate("na-base-nvp-bilayer", cycles=1, model="spm", modes=[], store="sqlite://",
                        series_every=0, overrides={"protocol.rate": "C/10"})  # fmt: skip
    c = spec.cathode
    grams = c.active_fraction.si * c.thickness.si * spec.geometry.area.si * c.material.density.si
    assert run.rows[0]["capacity_Ah"] / grams == pytest.approx(89.8, abs=0.5)
