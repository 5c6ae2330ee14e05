"""The electrolyte's own conductivity law, as far as grains and layers need it.

Grain boundaries and depletion layers belong to single-ion solids whose conductivity is a
constant or activated. Another law (a polymer's, a liquid's) has neither.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, arrhenius


def activation(cell: CellContext, key: str) -> Any:
    """Return the law's activation energy [J.mol-1]; nought for a constant."""
    law = f"{key}.conductivity"
    named = cell.has(f"{law}.activation_energy")
    return cell.parameter(f"{law}.activation_energy") if named else pybamm.Scalar(0)


def total_conductivity(cell: CellContext, key: str, T: Any) -> pybamm.Symbol:
    """Return the material's conductivity [S.m-1] at ``T`` [K], grain boundaries included."""
    law = f"{key}.conductivity"
    if cell.has(f"{law}.value"):
        return cell.parameter(f"{law}.value")
    T_ref = cell.parameter(f"{law}.reference_temperature")
    value = cell.parameter(f"{law}.reference") * arrhenius(activation(cell, key), T, T_ref)
    electrolyte: Any = cell.spec
    for name in key.split("."):
        electrolyte = getattr(electrolyte, name)
    return value * T_ref / T if electrolyte.conductivity.form == "sigma-T" else value
