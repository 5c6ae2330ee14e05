"""Overrides are read once: each door to a cell takes the same text for the same thing."""

from __future__ import annotations

import pytest

import twin
from twin.catalog.cells import load_protocol
from twin.specs.overrides import joined_overrides, read_overrides, split_line, split_overrides

CELL = "na-nzsp-na"
TITLE = ['title="5"']
"""A text that would be a number if it were read twice."""


def test_what_has_been_read_is_not_read_again():
    once = read_overrides(['title="5"', 'protocol.note="7"', "stack.pressure=2 MPa"])
    assert once == {"title": "5", "protocol.note": "7", "stack.pressure": "2 MPa"}
    assert read_overrides(once).pairs == once.pairs
    for_cell, for_protocol = split_overrides(once)
    assert for_cell == {"title": "5", "stack.pressure": "2 MPa"} and for_protocol == {"note": "7"}
    assert twin.load_cell(CELL, overrides=for_cell).title == "5"
    assert joined_overrides(TITLE, {"title": '"6"'})["title"] == "6"


def test_every_door_takes_a_text_for_a_text():
    from twin.experiments.critical_currents import _at
    from twin.scenario import Scenario
    from twin.studies.base import base_of, study_design

    assert twin.load_cell(CELL, overrides=TITLE).title == "5"
    assert base_of(study_design(CELL, 5, {"overrides": TITLE})).title == "5"
    assert _at(Scenario.of(CELL, overrides=TITLE), {"stack.pressure": "3 MPa"}).title == "5"
    run = twin.simulate(
        CELL, overrides=[*TITLE, "protocol.half_cycle=1 minute"], modes=[], cycles=1,
        store="sqlite://", series_every=0,
    )  # fmt: skip
    assert run.info.cell_title == "5"
    branch = twin.resume(run.id, overrides=['title="6"'], from_cycle=0, store=run.store)
    assert branch.info.cell_title == "6"


def test_an_override_of_a_spread_adds_to_the_one_before_it():
    texts = ["stack.pressure=2 MPa", "title=x", 'stack.pressure={spread="normal 1e5"}']
    for_cell, _ = split_overrides(texts)
    for given in (texts, for_cell):
        pressure = twin.load_cell(CELL, overrides=given).stack.pressure
        assert (pressure.text, pressure.spread) == ("2 MPa", "normal 1e5")


def test_a_protocols_parameter_is_read_once():
    spec = twin.load_cell(CELL)
    _, own = split_overrides(["protocol.half_cycle=2 hours"])
    for given in (own, {"half_cycle": "2 hours"}):
        assert load_protocol(None, spec, given).to_data()["parameters"]["half_cycle"] == "2 hours"


def test_a_line_is_split_as_the_command_line_splits_it():
    assert split_line('stack.pressure = "10 MPa"') == ("stack.pressure", "10 MPa")
    assert split_line('title="5"') == ("title", '"5"')
    assert split_line("a = b = c") == ("a", "b = c") and split_line("nothing") is None


def test_what_cannot_be_read_is_said_of_all():
    with pytest.raises(twin.SpecError) as caught:
        split_overrides(["nothing", "a b=1"])
    assert len(caught.value.problems) == 2
