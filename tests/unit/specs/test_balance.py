"""N/P: whether a host anode has room for the sodium of its cell."""

from __future__ import annotations

import json

import pytest

import twin
from twin.catalog import card
from twin.specs.balance import capacity_ratio, host_sites, ratio_warning

CELL = "hc-nzsp-nvp"


def cell(**changes):
    return twin.load_cell(CELL, overrides={k.replace("__", "."): v for k, v in changes.items()})


def test_of_an_empty_anode_and_a_full_cathode_it_is_the_capacities_ratio():
    spec = cell(anode__initial_stoichiometry=1e-6, cathode__initial_stoichiometry=1 - 1e-6)
    assert capacity_ratio(spec) == pytest.approx(host_sites(spec.anode) / host_sites(spec.cathode))
    assert capacity_ratio(spec) == pytest.approx(1.42, abs=0.01)
    assert capacity_ratio(cell(anode__thickness="40 um")) == pytest.approx(0.71, abs=0.01)


def test_sites_are_those_of_the_model():
    from twin.model.parameters import porous_capacity

    spec = cell()
    per_area = porous_capacity(spec, spec.anode) * 3600 / spec.geometry.area.si
    assert host_sites(spec.anode) == pytest.approx(per_area, rel=1e-12)


def test_sodium_that_is_there_already_takes_room():
    empty, half = cell(), cell(anode__initial_stoichiometry=0.5)
    assert capacity_ratio(half) < 0.7 * capacity_ratio(empty)
    assert capacity_ratio(cell(cathode__initial_stoichiometry=0.4)) > 2 * capacity_ratio(empty)


@pytest.mark.parametrize(("thickness", "says"), [("62 um", "N/P is 1.08"), ("64 um", None)])
def test_below_one_and_a_tenth_there_is_a_warning(thickness, says):
    warning = ratio_warning(cell(anode__thickness=thickness))
    assert warning is None if says is None else warning.startswith(says)
    assert (warning in card.warnings(cell(anode__thickness=thickness))) is (says is not None)


@pytest.mark.parametrize("name", ["na-nzsp-nvp", "na-nzsp-na"])
def test_a_metal_has_no_such_ratio(name):
    spec = twin.load_cell(name)
    assert capacity_ratio(spec) is None and ratio_warning(spec) is None


def test_a_check_tells_the_number(capsys):
    from twin.cli.main import main

    changes = ["--set", "anode.thickness=50 um"]
    for extra in ([], ["--json"]):
        with pytest.raises(SystemExit) as done:
            raise SystemExit(main(["cells", "check", CELL, *changes, *extra]))
        assert not done.value.code
    printed = capsys.readouterr().out
    assert "warning: N/P is 0.87" in " ".join(printed.split())
    document = json.loads(printed[printed.index("{") :])
    assert document["warnings"][0].startswith("N/P is 0.87")


def test_the_library_has_one_that_is_small():
    # A published electrolyte cell: its voltage limits leave a fifth of the cathode full.
    small = [n for n in twin.list_cells() if ratio_warning(twin.load_cell(n))]
    assert small == ["na-ion-chayambuka2022"]
