"""What a mode asks of the cell's electrodes."""

import pytest

import twin
from twin.errors import ModelError
from twin.modes.context import CellContext


def test_an_electrode_of_the_kind_that_is_asked_for():
    cell = CellContext(twin.load_cell("na-nzsp-nvp"))
    assert cell.metal("anode") is cell.spec.anode
    assert cell.porous("cathode") is cell.spec.cathode
    symmetric = CellContext(twin.load_cell("na-nps-na"))
    assert symmetric.metal("cathode") is symmetric.spec.anode


@pytest.mark.parametrize(
    ("ask", "place", "kind"), [("metal", "cathode", "porous"), ("porous", "anode", "metal")]
)
def test_one_of_the_other_kind_is_refused_by_its_key(ask, place, kind):
    cell = CellContext(twin.load_cell("na-nzsp-nvp"))
    with pytest.raises(ModelError, match=f"the {place} of na-nzsp-nvp is {kind}") as caught:
        getattr(cell, ask)(place)
    assert caught.value.problem.key == f"{place}.kind"
    assert caught.value.problem.fix
