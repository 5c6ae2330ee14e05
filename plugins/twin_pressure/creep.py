"""Norton creep of sodium, ``de/dt = (1 - f) e_0 (s/s_0)^n exp(-Q/R (1/T - 1/T_ref))`` [s-1].

``f`` is the liquid share (``melting.py``): molten sodium does not creep.

Reference: Wang, Chang, Wolfenstine, Sakamoto, Materialia (2020) 100792: 0.53 s-1 at
1 MPa and room temperature, n = 5.0.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Location, ModeSubModel, arrhenius
from twin_pressure.melting import liquid_share


def norton_rate(submodel: ModeSubModel, place: Location, stress: Any, T: Any) -> pybamm.Symbol:
    """Return the creep rate [s-1] of the metal at ``place`` under ``stress`` [Pa].

    Raises
    ------
    twin.errors.ModelError
        If the material gives no creep law.
    """
    cell = submodel.cell
    key = f"{cell.electrode_key(place)}.material"
    rate = cell.parameter(f"{key}.creep_rate")
    reference = cell.parameter(f"{key}.creep_reference_stress")
    exponent = cell.parameter(f"{key}.creep_exponent")
    energy = cell.parameter(f"{key}.creep_activation_energy")
    T_ref = cell.parameter(f"{key}.creep_reference_temperature")
    solid = 1 - liquid_share(submodel, place, T)
    return solid * rate * (stress / reference) ** exponent * arrhenius(energy, T, T_ref)


def creep_exponent(cell: CellContext, place: Location) -> pybamm.Parameter:
    """Return the metal's Norton exponent n."""
    return cell.parameter(f"{cell.electrode_key(place)}.material.creep_exponent")
