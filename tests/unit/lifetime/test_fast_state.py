"""The fillings after a jump are those of the clock that told the last one best."""

from __future__ import annotations

import numpy as np
import pytest

from twin.lifetime.fast_state import FastState

KNOWN = (1, 2, 3, 6, 16)
LAWS = {
    "settles": lambda n: 0.9 - 0.1 * np.log1p(n),
    "grows through a film": lambda n: 0.9 - 0.02 * np.sqrt(n),
    "drifts": lambda n: 0.9 - 4e-3 * n - 1e-5 * n**2,
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("origin", [0, 100])
def test_a_law_of_any_clock_is_carried_on_exactly(law, origin):
    carried = FastState(lambda y: y[:1], origin)
    for n in KNOWN:
        carried.add(origin + n, np.array([LAWS[law](n), 7.0]))
    assert carried.at(origin + 40) == pytest.approx([LAWS[law](40), 7.0], abs=1e-12)


def test_two_cycles_give_a_line_over_the_logarithm():
    carried = FastState(lambda y: y)
    carried.add(1, np.array([0.5]))
    carried.add(3, np.array([0.4]))
    assert carried.at(7) == pytest.approx([0.3])


def test_a_cell_without_electrodes_to_fill_is_carried_too():
    carried = FastState(lambda y: y[:0])
    for n in KNOWN:
        carried.add(n, np.array([2.0]))
    assert carried.at(99) == pytest.approx([2.0])
