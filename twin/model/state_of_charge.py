"""The state of charge that a protocol's steps may end at.

By the nominal capacity ``C``, counted from the full state::

    SOC = 1 - q/C,    q = (x - x_full) Q

with the cathode's filling ``x``, the sites that it has left, ``Q`` [A.h], and ``x_full``, its
filling where the new cell's open-circuit voltage is its upper limit. ``q`` is the charge that
the cathode has taken up since then, so that a charge lost elsewhere does not shift it. A
cell that holds less than its nominal capacity is empty above 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.model.core import cell_area, scalar
from twin.model.names import FULL
from twin.model.parameters import NOMINAL_CAPACITY
from twin.modes.ports import Port
from twin.specs.steps import STATE_OF_CHARGE

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm


def add_state_of_charge(model: Any) -> None:
    """Name the state of charge in the model of a full cell."""
    variables, cell = model.variables, model.cell
    interface = next(i for i in cell.interfaces if i.place == "cathode")
    active = variables[Port.ACTIVE_FRACTION.at("cathode").variable]
    sites = cell.sites("cathode") * cell_area() / 3600 * active
    taken = (variables[interface("stoichiometry")] - pybamm.InputParameter(FULL)) * sites
    # Without the domain of the current collector, like the voltages that steps end at.
    share = pybamm.yz_average(scalar(taken)) / pybamm.Parameter(NOMINAL_CAPACITY)
    variables[STATE_OF_CHARGE] = 1 - share
