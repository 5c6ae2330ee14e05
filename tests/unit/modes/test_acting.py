"""Which modes act in a cell: those with nothing to do there are in no list."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import twin
from twin import Criterion, Port, SlowState
from twin.catalog import card
from twin.catalog.cells import load_protocol, plan_of
from twin.engine.blame import gather_evidence
from twin.engine.prepare import RunSettings, prepare
from twin.modes.acting import acts, moves
from twin.modes.context import CellContext
from twin.modes.manager import plugin_manager

ALWAYS = {"blocking", "delamination", "dendrite", "interphase", "pressure"}
ONLY_IN_SOME = {"fade", "plating", "pulverisation"}


@pytest.mark.parametrize(
    ("cell", "also"),
    [
        ("na-nzsp-na", set()),
        ("na-nzsp-nvp", {"fade"}),
        ("hc-nzsp-nvp", {"fade", "plating"}),
        ("sn-nbh-nco", {"fade", "plating", "pulverisation"}),
        ("na-base-s-330c", set()),
    ],
)
def test_a_cell_has_the_modes_that_have_something_to_do(cell, also):
    assert set(twin.acting_modes(cell)) & ONLY_IN_SOME == also
    if cell == "na-nzsp-na":
        assert set(twin.acting_modes(cell)) == ALWAYS


def test_what_is_left_out_or_asked_for_counts():
    assert twin.acting_modes("hc-nzsp-nvp", without=["plating"]) == [
        m for m in twin.acting_modes("hc-nzsp-nvp") if m != "plating"
    ]
    assert twin.acting_modes("na-nzsp-nvp", ["plating", "fade"]) == ["fade"]
    never = twin.load_cell("na-nzsp-nvp", overrides={"modes.fade.family": "none"})
    assert "fade" not in twin.acting_modes(never)


@pytest.mark.parametrize("cell", ["na-nzsp-na", "na-nzsp-nvp", "hc-nzsp-nvp"])
def test_modes_that_do_not_act_bring_nothing_to_the_model(cell):
    spec = twin.load_cell(cell)
    context = CellContext(spec)
    for mode in plugin_manager().select(kind=spec.kind):
        assert acts(mode, context) is bool(mode.submodels(context)), mode.id


@pytest.mark.parametrize(
    ("brings", "expected"),
    [
        ({}, False),
        ({"contributions": lambda s, c: {Port.HEAT_SOURCE.at(): "Heat"}}, True),
        ({"criteria": lambda s, c: [Criterion(what="x", variable="X", threshold=1.0,
          direction="above", fresh=0.0, says="x")]}, True),
        ({"outputs": lambda s, c: ["X"]}, True),
        ({"contributions": lambda s, c: 1 / 0}, True),
    ],
    ids=["nothing", "a port", "a criterion", "an output", "a mistake"],
)  # fmt: skip
def test_what_a_mode_brings_tells_whether_it_acts(mode, brings, expected):
    made = mode("own", writes=(Port.HEAT_SOURCE,), **brings)
    assert acts(made, CellContext(twin.load_cell("na-nzsp-na"))) is expected


@pytest.mark.parametrize(
    ("brings", "expected"),
    [
        ({}, False),
        ({"contributions": lambda s, c: {Port.HEAT_SOURCE.at(): "Heat"}}, True),
        ({"slow_states": lambda s, c: [SlowState("X")]}, True),
        ({"criteria": lambda s, c: [Criterion(what="x", variable="X", threshold=1.0,
          direction="above", fresh=0.0, says="x")]}, False),
        ({"outputs": lambda s, c: ["X"]}, False),
        ({"outputs": lambda s, c: ["Anode void fraction"]}, True),  # as `dendrite` reads it
    ],
    ids=["nothing", "a port", "a state", "a criterion", "an output", "what another one reads"],
)  # fmt: skip
def test_what_a_mode_brings_tells_whether_it_moves_a_life(mode, brings, expected):
    made = mode("own", writes=(Port.HEAT_SOURCE,), **brings)
    every = [made, *plugin_manager().select(kind="symmetric")]
    assert moves(made, CellContext(twin.load_cell("na-nzsp-na")), every) is expected


def test_evidence_and_warnings_are_of_those_that_act():
    spec = twin.load_cell("na-nzsp-nvp")
    modes = plugin_manager().select(["fade", "plating", "pulverisation"])
    plan = plan_of(load_protocol(None, spec, {}), spec)
    ready = prepare(spec, modes, plan, RunSettings(model="spm"))
    seen = ready.recorder.values_at(ready.compiled, 0, 0.0, None, ready.inputs(None))
    assert list(gather_evidence(ready, seen, seen, 1.0)) == ["fade"]
    hot = {"thermal.ambient": "105 degC"}
    for cell, warned in (("na-nzsp-nvp", False), ("hc-nzsp-nvp", True)):
        said = " ".join(card.warnings(twin.load_cell(cell, overrides=hot)))
        assert ("plating is not trusted above a temperature of 370.97 K" in said) is warned
        assert "pulverisation" not in said


def test_a_loss_is_split_over_those_that_act():
    from twin.studies.attribution import _acting, _players
    from twin.studies.base import study_design

    design = study_design("na-nzsp-nvp", 10, {})
    assert set(design["modes"]) - set(_acting(design)) == {"plating", "pulverisation"}
    assert len(_players(_acting(design), ())) == 6
    with pytest.raises(twin.InputError, match="'plating' is no failure mode of this study"):
        twin.attribute("na-nzsp-nvp", cycles=10, groups=["plating+fade"], store="sqlite://")


def test_the_pages_list_those_that_act(capsys):
    from twin.cli.main import main

    told = {}
    for words in (["cells", "show"], ["cells", "check"]):
        with pytest.raises(SystemExit) as done:
            raise SystemExit(main([*words, "na-nzsp-nvp", "--json"]))
        assert not done.value.code
        told[words[1]] = json.loads(capsys.readouterr().out)
    acting = twin.acting_modes("na-nzsp-nvp")
    assert told["show"]["acting_modes"] == told["check"]["modes"] == acting
    with pytest.raises(SystemExit):
        raise SystemExit(main(["cells", "show", "na-nzsp-nvp"]))
    page = " ".join(capsys.readouterr().out.split())
    assert f"modes that act {', '.join(acting)}" in page


def test_to_say_it_of_a_cell_or_what_it_did_to_one_needs_no_pybamm():
    code = (
        "import sys, twin\n"
        "from twin.modes.context import CellContext\n"
        "for cell in ('na-nzsp-na', 'na-nzsp-nvp', 'hc-nzsp-nvp', 'sn-nbh-nco'):\n"
        "    spec = twin.load_cell(cell)\n"
        "    for mode in twin.acting_modes(spec):\n"
        "        twin.plugin_manager().modes[mode].contributions(CellContext(spec))\n"
        "print('pybamm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("cell_spec", [None, {}, {"kind": "full"}])
def test_of_a_run_whose_cell_cannot_be_read_all_modes_are_told(cell_spec):
    from types import SimpleNamespace

    from twin.report.describe import acting_in

    info = SimpleNamespace(cell_spec=cell_spec, modes={"plating": "1", "gone": "1"})
    assert acting_in(info) == ["plating", "gone"]
