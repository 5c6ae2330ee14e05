"""What a jump moves keeps the sodium, however little of it an electrode holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.lifetime.slow import Host, Slow

ANODE = Host(slice(1, 3), 4.0, "Anode stoichiometry", "anode share")
CATHODE = Host(slice(3, 6), 0.5, "Cathode stoichiometry", "cathode share")
FULL_CELL = Slow((), (ANODE, CATHODE), charge_row=0, metal=False)
filling = st.floats(0.001, 0.999)
anywhere = st.floats(-0.5, 1.5)


def state(anode: float, cathode: float) -> np.ndarray:
    return np.array([0.0, anode - 5e-4, anode + 5e-4, cathode, cathode, cathode])


def sodium(y: np.ndarray) -> float:
    return float(sum(h.capacity * y[h.rows].mean() for h in FULL_CELL.hosts))


@given(filling, filling, anywhere, anywhere, st.floats(0, 1))
def test_the_hosts_hold_what_the_increments_say(anode, cathode, there, also, left):
    here = state(anode, cathode)
    change = (left - 0.5) * 2 * min(sodium(here) - 1e-4, 4.5 - 1e-4 - sodium(here))
    moved = FULL_CELL.moved(here, np.array([change, 0.0]), state(there, also))
    assert sodium(moved) == pytest.approx(sodium(here) + change, abs=1e-9)
    assert np.all(moved[1:] >= 0) and np.all(moved[1:] <= 1)


def test_what_the_anode_has_not_got_the_cathode_gives():
    here = state(0.02, 0.9)
    moved = FULL_CELL.moved(here, np.array([-0.2, 0.0]), here)
    assert moved[ANODE.rows] == pytest.approx(0, abs=1e-5)
    assert moved[CATHODE.rows] == pytest.approx(0.9 - (0.2 - 0.08) / 0.5, abs=1e-4)


def test_more_than_there_is_empties_both():
    here = state(0.02, 0.1)
    moved = FULL_CELL.moved(here, np.array([-1.0, 0.0]), here)
    assert moved[1:] == pytest.approx(0, abs=1e-5)


def test_a_metal_gives_it_from_its_reserve():
    cell = Slow((), (CATHODE,), charge_row=0, metal=True)
    here = state(0.5, 0.9)
    moved = cell.moved(here, np.array([-0.1, 0.0]), state(0.5, 0.8))
    assert moved[CATHODE.rows] == pytest.approx(0.8)
    # dG = K dx - dQ with the fillings' own change, so the net charge takes the rest.
    assert 0.5 * (0.8 - 0.9) - (moved[0] - here[0]) == pytest.approx(-0.1)
