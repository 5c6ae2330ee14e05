"""How much of a metal foil is bonded, and the misfit it feels.

The state is ``y = -ln(1 - D)`` with ``D`` the share parted: the bond left, ``exp(-y)``,
stays positive and its last part goes as smoothly as its first. The second state is the
misfit strain the interface feels, which follows the one temperature and filling ask for
within ``tau``::

    d eps_lag/dt = (eps - eps_lag)/tau

so that a step of an isothermal cell's temperature counts with its full amplitude, at a
rate the interface could see. It starts at nought: the way from the stress-free state to
the first operating point is the first half cycle.

The bond left is the contact. The bonds of a composite's particles are another matter
(``particles.py``).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel
from twin_delamination.pairs import Pair
from twin_delamination.parameters import table_of

# With q < 1 the damage is complete in finite time and the state would be infinite: once a
# thousandth of the bond is left, what is left no longer multiplies the rate.
_MAX_EXPONENT = 7
# A cycle parts a ten-thousandth: the solver is to mind it.
_SCALE = 1e-3


def exponential(exponent: Any) -> pybamm.Symbol:
    """Return ``exp``, capped at a thousandfold."""
    return pybamm.exp(pybamm.minimum(exponent, _MAX_EXPONENT))


class BondSubModel(ModeSubModel):
    """What a bond and its loss share: the pair of solids and the parameter table."""

    def __init__(self, cell: Any, mode_id: str, pair: Pair):
        super().__init__(cell, mode_id, pair.interface)
        self.pair = pair
        self.side = table_of(pair.interface)
        self.table = getattr(cell.parameters(mode_id), self.side)

    def own(self, name: str) -> pybamm.Parameter:
        """Return a parameter of this interface's table."""
        return self.p(f"{self.side}.{name}")


class Bond(BondSubModel):
    """The bond: its states, and what follows from them alone."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define damage and felt strain."""
        i = self.interface
        y = self.state(i("damage state"), scale=_SCALE)
        strain = self.state(i("felt misfit strain"), scale=1e-3)
        return {
            i("damage state"): y,
            i("delaminated fraction"): 1 - exponential(-y),
            i("bonded contact fraction"): exponential(-y),
            i("felt misfit strain"): strain,
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Stress-free, and whole but for what was never bonded."""
        i = self.interface
        self.initial_conditions = {
            variables[i("damage state")]: -pybamm.log(1 - self.own("initial_damage")),
            variables[i("felt misfit strain")]: pybamm.Scalar(0),
        }
