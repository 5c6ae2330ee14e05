"""What ships with the library's main cells about the numbers their lives hang on."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
import twin_cells

import twin
from twin.cli.cell_page import show_evidence
from twin.cli.page import Page
from twin.specs.dump import iter_quantities

FOLDER = Path(twin_cells.__file__).parent / "evidence"
MAIN = sorted(file.stem for file in FOLDER.glob("*.json"))


def test_the_main_cells_are_among_them():
    assert {"na-nzsp-nvp", "na-nzsp-na", "na-base-na", "na-base-nvp"} <= set(MAIN)


@pytest.mark.parametrize("name", MAIN)
def test_a_main_cell_ships_with_what_its_life_hangs_on(name):
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert found["cell"] == name and found["numbers"]
    keys = dict(iter_quantities(twin.load_cell(name)))
    for number in found["numbers"]:
        assert number["key"] in keys
        assert keys[number["key"]].status in ("assumed", "unverified", None)
    strengths = [abs(n["exponent"]) for n in found["numbers"] if n["exponent"] is not None]
    assert strengths == sorted(strengths, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", MAIN)
def test_it_is_that_of_the_cell_as_it_is(name):
    """Fails where a cell or a mode's defaults were changed: find it anew with --save."""
    assert twin.known_sensitivity(twin.load_cell(name)) is not None


def test_it_is_that_of_the_readmes_cell_as_it_is():
    """A new default of a mode is a new cell: this one's lines are in the README."""
    assert twin.known_sensitivity(twin.load_cell("na-nps-na")) is not None


@pytest.mark.parametrize("name", MAIN)
def test_lives_that_ship_are_in_order_and_say_by_what_they_were_lived(name):
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    sample = found.get("sample")
    if sample is None:
        pytest.skip("its lives were not drawn")
    ends = [math.inf if one["died_of"] is None else one["life_cycles"] for one in sample["lives"]]
    assert ends == sorted(ends) and len(ends) + sample["lost"] == 16
    assert all((one["life_cycles"] is None) == (one["died_of"] is None) for one in sample["lives"])
    assert 0 < sample["assumed"] <= sample["drawn"]
    assert sample["cycles"] == found["cycles"] and sample["modes"]


@pytest.mark.parametrize("name", MAIN)
def test_it_fits_a_page_of_eighty_columns_and_warns(name):
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    sheet = Page(io.StringIO())
    show_evidence(sheet, found)
    text = sheet.text()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert ("Warning: a number that was not measured drives" in text) == bool(twin.drivers(found))
