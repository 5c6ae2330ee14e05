"""Where the charge goes: efficiencies and capacities that follow from the stores alone.

Charge per area: ``q_a`` taken at the anode, ``q_o`` of electrolyte oxidised at the cathode, of
the charge ``Q_ch`` passed each time, ``u`` sites of the cathode that are not filled again::

    sodium limits:     CE = 1 - q_a/Q_ch,   Q_(n+1) = Q_n (1 - q_a/Q_ch)/(1 - q_o/Q_ch)
    reserve is left:   CE = 1 - q_o/Q_ch,   the same Q until N* = N_x/(q_a - q_o)
    the first:         CE = 1 - max(q_a, u)/Q_ch, not the product of both

Reactions that take a share of the charging current are pinned at the ports.
"""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import Port

CELL = "na-nzsp-nvp"
CURRENT = "Current collector current density [A.m-2]"
# A bare collector whose sodium covers it to the last atoms; nothing but the stores ends a step.
BARE = {
    "anode.thickness": "0 um",
    "anode.continuity_thickness": "0.1 nm",
    "anode.seed_thickness": "0.1 nm",
    "cathode.material.diffusivity": "1e-12 m^2/s",
    "window.lower": "1.5 V",
    "window.upper": "4.5 V",
}
CYCLE = ("Charge at C/10 until 3.8 V", "Discharge at C/10 until 2.6 V")
TIGHT = {"model": "spm", "rtol": 1e-9, "atol": 1e-11}


@pytest.fixture
def leaks(pin):
    """Shares of the charging current that side reactions take at anode and cathode."""

    def make(anode=0.0, cathode=0.0):
        def share(of):
            return lambda v: of * pybamm.maximum(-v[CURRENT], 0)

        ports = {
            Port.PARASITIC_CURRENT.at("anode"): share(-anode),
            Port.PARASITIC_CURRENT.at("cathode"): share(cathode),
        }
        return pin(ports)

    return make


def charges(seen, area):
    """The charge of each step [C.m-2]."""
    steps = [step for cycle in seen.solution.cycles for step in cycle.steps]
    passed = [step["Discharge capacity [A.h]"].entries for step in steps]
    return np.array([abs(p[-1] - p[0]) * 3600 / area for p in passed])


def cycled(make_cell, run, mode, cycles, overrides=None, cycle=CYCLE):
    spec = make_cell(CELL, BARE | dict(overrides or {}))
    seen = run(spec, cycle * cycles, [mode], **TIGHT)
    found = charges(seen, spec.geometry.area.si)
    return seen, found[0::2], found[1::2]


def test_sodium_limited_cells_lose_what_each_charge_loses(make_cell, run, leaks, limit):
    a, o = 0.05, 0.02
    _, charged, given = cycled(make_cell, run, leaks(a, o), 4)
    limit("E31 Na-limited: CE = 1 - q_a/Q", given / charged, 1 - a, 2e-5)
    ratio = charged[1:] / charged[:-1]
    limit("E31 Na-limited: Q_(n+1)/Q_n", ratio, (1 - a) / (1 - o), 1e-4)


def test_a_reserve_hides_the_loss_until_it_is_used_up(make_cell, run, leaks, limit):
    a, o = 0.05, 0.02
    reserve = {"anode.thickness": "2 um"}
    _, charged, given = cycled(make_cell, run, leaks(a, o), 10, reserve)
    spec = make_cell(CELL, reserve)
    held = twin.CellContext(spec).sodium_at_first("anode")
    # Cycles until it is gone; the first charge leaves the start, not the lower limit.
    lasts = held / ((a - o) * charged[1])
    assert 4 < lasts < 9
    whole = int(lasts)
    limit("E31 reserve: CE = 1 - q_o/Q", given[1:whole] / charged[1:whole], 1 - o, 1e-5)
    limit("E31 reserve: Q constant", charged[1:whole], charged[1], 1e-4)
    # From the cycle after it is sodium that limits.
    later = given[whole + 1 :] / charged[whole + 1 :]
    assert later == pytest.approx(1 - a, abs=1e-4)
    assert given[whole] / charged[whole] < 1 - o - 1e-3


@pytest.mark.parametrize("a", [0.0, 0.01, 0.03, 0.1, 0.18])
def test_first_efficiency_is_the_lesser_of_host_and_cathode(make_cell, run, leaks, limit, a):
    # Assembled fuller than the discharge leaves it: some of what is charged finds no site again.
    start = {"cathode.initial_stoichiometry": 0.999, "window.lower": "1.2 V"}
    cycle = ("Charge at C/50 for 40 hours", "Discharge at C/50 until 3.385 V")
    reserve = {"anode.thickness": "20 um"}
    _, charged, given = cycled(make_cell, run, leaks(), 1, start | reserve, cycle)
    unfilled = 1 - given[0] / charged[0]
    assert 0.01 < unfilled < 0.3
    _, charged, given = cycled(make_cell, run, leaks(a), 1, start, cycle)
    lesser = 1 - max(a, unfilled)
    limit(f"E31 first efficiency, q_a = {a}", given[0] / charged[0], lesser, 1e-4)


def test_powers_of_the_published_efficiencies():
    # X19: 99.95 % in each of 500 cycles is what is left of it; X08: 99.96 % in 400 would leave 85.
    for efficiency, cycles, left in (
        (0.9995, 500, 0.779),
        (0.9996, 400, 0.852),
        (0.9996, 500, 0.819),
    ):
        assert efficiency**cycles == pytest.approx(left, abs=1e-3)
