"""The impedance of every cell of the library: it dissipates, and says what it can say."""

from __future__ import annotations

import pytest

import twin


@pytest.mark.slow
@pytest.mark.parametrize("name", twin.list_cells())
def test_a_cells_impedance_is_positive_and_its_conductivity_right_or_refused(name):
    found = twin.eis(name)
    assert (found.z.real > 0).all()
    if found.refusal is None:
        assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=0.01)
    else:
        assert found.fitted_conductivity is None
        assert found.refusal.says and found.refusal.fix
        assert found.refusal.kind in ("no-bulk-arc", "arcs-overlap", "poor-fit")
