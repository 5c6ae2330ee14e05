"""Filaments from sodium that has plated on a host: fed by it, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin import FARADAY, CellContext, Port
from twin.testing import ModeConformance

CELL = "hc-nzsp-nvp"
MODES = ("dendrite", "plating")
PARTLY = {"anode.initial_stoichiometry": 0.45}
# A flaw that a few tens of millivolts open.
WEAK = {
    "electrolyte.material.fracture_toughness": "0.1 MPa*m^0.5",
    "modes.dendrite.flaw.length": "100 um",
}
CHARGE = [(-8.0, 2400.0)]
SHARE, FILLING = "Anode stress intensity share", "Anode filament filling"
MODELS = pytest.mark.parametrize("model", ["dfn", "spm"])


def test_only_a_host_that_names_its_metal_has_such_a_face():
    mode = twin.plugin_manager().modes["dendrite"]
    for name, places in ((CELL, ["anode"]), ("nasn-nps-nco", []), ("na-nzsp-nvp", ["anode"])):
        found = mode._metals(CellContext(twin.load_cell(name)))
        assert [i.place for i in found] == places, name


def test_the_metal_must_be_one():
    with pytest.raises(twin.SpecError, match="here it takes one of kind metal"):
        twin.load_cell(CELL, overrides={"anode.metal": "nvp"})


@MODELS
def test_it_is_driven_by_how_far_the_host_is_below_sodium(make_cell, run, limit, model):
    spec = make_cell(CELL, PARTLY)
    seen = run(spec, CHARGE, MODES, model=model)
    plating = seen["Anode face plating current density [A.m-2]"] < -2
    reserve = seen["Anode plating reserve [V]"].flatten()[plating]
    current = -seen["Anode face plating current density [A.m-2]"][plating]
    length = seen["Anode filament length [m]"][plating]
    sigma = spec.electrolyte.thickness.si / seen["Separator resistance [Ohm.m2]"][plating]
    expected = current * length / sigma - reserve
    # At a DFN's face the potential is extrapolated from the last points; plating is rounded.
    within = 1e-3 if model == "spm" else 2e-2
    limit(
        f"E25 drive of a host's filament, {model}",
        seen["Anode tip overpotential [V]"][plating],
        expected,
        within,
    )
    assert expected.max() > 0.02
    v = spec.anode.metal.molar_volume.si / FARADAY
    steady = seen["Anode steady stress intensity share"][plating]
    K_c = spec.electrolyte.material.fracture_toughness.si
    p_c = np.pi**0.5 * K_c / (2 * length**0.5)
    stack = spec.stack.pressure.si
    limit(
        "E25 its steady pressure",
        steady,
        (seen["Anode tip overpotential [V]"][plating] / v + stack) / p_c,
        1e-5,
    )


@MODELS
def test_without_plated_sodium_nothing_fills(make_cell, run, model):
    slow = run(make_cell(CELL, PARTLY), [(-0.25, 4 * 3600.0)], MODES, model=model)
    alone = run(make_cell(CELL, PARTLY), CHARGE, ("dendrite",), model=model)
    for seen in (slow, alone):
        assert np.abs(seen[FILLING]).max() < 1e-9
    both = run(make_cell(CELL, PARTLY), CHARGE, MODES, model=model)
    assert both.end(FILLING) > 1e-4


def test_a_host_charged_too_fast_is_short_circuited():
    fast, slow = (
        twin.simulate(
            CELL,
            cycles=2,
            model="spm",
            modes=MODES,
            store="sqlite://",
            overrides=WEAK | {"protocol.rate": rate},
        )
        for rate in ("1C", "C/50")
    )
    assert slow.outcome.kind == "completed"
    assert fast.outcome.kind == "cell-failed"
    assert (fast.outcome.mode, fast.outcome.criterion) == ("dendrite", "anode hard short")


class TestDendriteOnAHost(ModeConformance):
    mode_id = "dendrite"
    cell = CELL
    overrides = PARTLY
    # No leak; without the mode that plates no filament either.
    neutral = {"electrolyte.material.electronic_conductivity": "0 S/m"}
    current_density = -8.0
    unused_ports = (Port.PARASITIC_CURRENT,)
    cycles = 1
