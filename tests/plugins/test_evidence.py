"""What each mode says it cost, against the law written out: its sign, its size and its unit."""

from __future__ import annotations

import math

import pytest

import twin
from twin.constants import FARADAY, GAS_CONSTANT
from twin.engine.blame import weight
from twin.modes.context import CellContext
from twin.modes.mode import Evidence, RunRecord

R_F = GAS_CONSTANT / FARADAY  # V/K
AREA, NOMINAL, T, J = 2e-4, 3e-3, 333.15, 4.0


@pytest.fixture(scope="module")
def row():
    """``row("na-nzsp-nvp")``: what a cell's own model records in its first cycle."""
    kept = {}

    def find(cell: str):
        if cell not in kept:
            kept[cell] = twin.simulate(cell, model="spm", cycles=1, store="sqlite://").rows[0]
        return kept[cell]

    return find


@pytest.fixture(scope="module")
def cost(row):
    """``cost("pressure", cell, {name: (first, last)})``: a mode's evidence of such a change."""

    def ask(mode: str, cell: str, changes: dict[str, tuple[float, float]]) -> Evidence:
        spec = twin.load_cell(cell)
        base = row(cell)
        assert set(changes) <= set(base), set(changes) - set(base)
        first, last = ({**base, **{k: v[n] for k, v in changes.items()}} for n in (0, 1))
        record = RunRecord(first, last, J, T, AREA, NOMINAL)
        return twin.plugin_manager().modes[mode].diagnose(record, CellContext(spec))

    return ask


def tafel(j: float, j0: float) -> float:
    """Butler and Volmer's overpotential at a transfer coefficient of a half [V]."""
    return 2 * R_F * T * math.asinh(j / (2 * j0))


def test_interphase_costs_the_current_times_what_it_added(cost):
    grown = {
        "Anode interphase resistance [Ohm.m2]": (0.001, 0.004),
        "Cathode interphase resistance [Ohm.m2]": (0.002, 0.003),
    }
    found = cost("interphase", "na-nzsp-nvp", grown)
    assert found.polarisation == pytest.approx(J * 0.004) and found.capacity == 0
    assert "40 ohm cm2" in found.says


def test_interphase_of_a_host_costs_the_charge_it_took(cost):
    cell = "hc-nzsp-nvp"
    grown = {
        "Anode interphase grown [m]": (2e-9, 7e-9),
        "Anode interphase resistance [Ohm.m2]": (0.0, 0.0),
        "Cathode interphase resistance [Ohm.m2]": (0.0, 0.0),
    }
    found = cost("interphase", cell, grown)
    side = twin.load_cell(cell).modes["interphase"].anode
    of_layer = side.electrons.si * FARADAY / side.molar_volume.si * 5e-9  # C/m2
    assert found.capacity == pytest.approx(of_layer * AREA / 3600, rel=1e-6)


def test_delamination_costs_what_parted_and_what_is_crowded(cost):
    gap, active = "Cathode contact fraction of the widest gap", "Cathode connected active fraction"
    j0 = "Cathode reference exchange current density [A.m-2]"
    film = "Cathode pristine resistance [Ohm.m2]"
    still = {j0: (0.5, 0.5), film: (0.002, 0.002)}
    cut = cost("delamination", "na-nzsp-nvp", {gap: (1, 1), active: (0.9, 0.7), **still})
    assert cut.capacity == pytest.approx(NOMINAL * 0.2)
    crowded = cost("delamination", "na-nzsp-nvp", {gap: (1.0, 0.5), active: (0.9, 0.9), **still})
    assert crowded.capacity == 0
    volts = tafel(J, 0.25) - tafel(J, 0.5) + J * 0.002 * (1 / 0.5 - 1)
    assert crowded.polarisation == pytest.approx(volts, rel=1e-6) and volts > 0.01


def test_a_dendrite_costs_the_share_that_leaks(cost):
    short = {"Dendrite short conductance [S.m-2]": (0.0, 0.25), "Voltage [V]": (3.0, 2.0)}
    found = cost("dendrite", "na-nzsp-nvp", short)
    assert found.capacity == pytest.approx(NOMINAL * 0.5 / (0.5 + J)) and found.polarisation == 0
    assert "11.11% of the current leaks" in found.says


@pytest.mark.parametrize(
    ("bears", "says"),
    [
        ((20.0, 1.0), ": 200 mA/cm2 is 100 times the 2 mA/cm2 it bore at first"),
        ((1988.0, 1.0), ": 200 mA/cm2 is 1.01 times the 199 mA/cm2 it bore at first"),
        ((312.5, 1.0), ": 200 mA/cm2 is 6.4 times the 31.2 mA/cm2 it bore at first"),
        ((3000.0, 500.0), " and bears 50 mA/cm2 by now: 200 mA/cm2 is 4 times that"),
        ((3000.0, 2500.0), " and bears 250 mA/cm2"),
        ((0.0, 0.0), " and bears 0 mA/cm2"),
    ],
)
def test_a_dendrite_says_by_how_much_the_current_was_too_high(bears, says):
    """Of what the sound face bore: a filament that has crossed bears nothing any more."""
    from twin_dendrite.mode import _borne

    first, last = ({"c": value} for value in bears)
    assert _borne(RunRecord(first, last, 2000.0, T, AREA, NOMINAL), "c") == says


def test_pressure_costs_constriction_and_crowding(cost):
    touching = "Anode touching fraction"
    changes = {
        "Anode constriction resistance [Ohm.m2]": (0.001, 0.003),
        touching: (1.0, 0.25),
        "Anode conducting fraction": (1.0, 0.25),
        "Anode reference exchange current density [A.m-2]": (20.0, 20.0),
        "Anode pristine resistance [Ohm.m2]": (0.0005, 0.0005),
    }
    found = cost("pressure", "na-nzsp-nvp", changes)
    crowded = (4 - 1) * J * 0.0005 + tafel(4 * J, 20.0) - tafel(J, 20.0)
    assert found.polarisation == pytest.approx(J * 0.002 + crowded, rel=1e-6)
    assert found.capacity == 0


def test_blocking_costs_the_current_times_what_damage_added(cost, row):
    cell = "na-nzsp-na"
    if "Separator blocking factor" not in row(cell):
        pytest.skip("nothing blocks there")
    changes = {
        "Separator resistance [Ohm.m2]": (0.02, 0.025),
        "Electrolyte resistance [Ohm.m2]": (0.02, 0.025),
        "Separator blocking factor": (1.0, 1.25),
    }
    found = cost("blocking", cell, changes)
    assert found.polarisation == pytest.approx(J * 0.005, rel=1e-6)


def test_plating_costs_the_sodium_that_stays_there(cost, row):
    cell = "hc-nzsp-nvp"
    dead, left = "Anode dead plated sodium [C.m-2]", "Anode plated sodium [C.m-2]"
    filling, active = "Anode stoichiometry", "Anode active material fraction"
    changes = {dead: (0.0, 7200.0), left: (0.0, 3600.0)}
    changes |= {filling: (0.01, 0.01), active: (1.0, 0.5)}
    found = cost("plating", cell, changes)
    reserve = 0.01 * CellContext(twin.load_cell(cell)).host_sites("anode")
    assert 0 < reserve < 3600
    assert found.capacity == pytest.approx((10800 - reserve) * AREA / 3600)
    assert found.polarisation == 0
    few = cost("plating", cell, changes | {dead: (0.0, 0.0), left: (0.0, 0.5 * reserve)})
    assert few.capacity == 0


class _Prepared:
    """As much of a built cell as the weighing of costs looks at."""

    def __init__(self, spec):
        self.spec = spec


def test_costs_are_weighed_as_shares_of_the_window_and_of_the_nominal_capacity():
    from twin.model.parameters import nominal_capacity

    spec = twin.load_cell("na-nzsp-nvp")
    nominal = nominal_capacity(spec)
    window = spec.window.upper.si - spec.window.lower.si
    assert weight(Evidence(capacity=nominal / 4), _Prepared(spec)) == pytest.approx(0.25)
    assert weight(Evidence(polarisation=window / 2), _Prepared(spec)) == pytest.approx(0.5)
    both = Evidence(polarisation=-window / 2, capacity=nominal)
    assert weight(both, _Prepared(spec)) == pytest.approx(0.5)
