"""Material laws as PyBaMM expressions; their equations stand in twin.specs.laws."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from twin.errors import ModelError
from twin.model.tables import held_entry, table
from twin.specs import curves
from twin.specs.naming import parameter_name

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm


def _leaf(law: Any, key: str, name: str) -> pybamm.Parameter:
    return pybamm.Parameter(parameter_name(f"{key}.{name}", getattr(law, name).unit))


def law_expression(
    law: Any, key: str, *, T: Any, sto: Any = None, c_e: Any = None
) -> pybamm.Symbol:
    """Return the value of a law as a PyBaMM expression in SI units.

    Parameters
    ----------
    law : one of the law models of :func:`twin.specs.laws.laws`
        The law.
    key : str
        Where it stands in the spec, e.g. ``"electrolyte.material.conductivity"``; its
        numbers become the PyBaMM parameters of that key.
    T : symbol
        Temperature [K].
    sto, c_e : symbol, optional
        Stoichiometry and electrolyte concentration [mol.m-3], for laws over them.
    """
    R = pybamm.constants.R
    if law.law == "constant":
        return _leaf(law, key, "value")
    if law.law == "arrhenius":
        T_ref = _leaf(law, key, "reference_temperature")
        E_a = _leaf(law, key, "activation_energy")
        value = _leaf(law, key, "reference") * pybamm.exp(-E_a / R * (1 / T - 1 / T_ref))
        return value * T_ref / T if law.form == "sigma-T" else value
    if law.law == "vtf":
        A = _leaf(law, key, "prefactor")
        B = _leaf(law, key, "pseudo_activation")
        T_0 = _leaf(law, key, "ideal_glass_temperature")
        return A * T**-0.5 * pybamm.exp(-B / (T - T_0))
    if law.law in curves.CURVES:
        return curves.potential(law, partial(_leaf, law, key), sto, pybamm)
    if law.law == "table":
        at = {"stoichiometry": sto, "temperature": T, "concentration": c_e}[law.over]
        value = table(law.x, law.values(), at, key, law.over, law.smoothing)
        if law.scale is not None:
            value = value * _leaf(law, key, "scale")
        if law.activation_energy is None:
            return value
        T_ref = _leaf(law, key, "reference_temperature")
        E_a = _leaf(law, key, "activation_energy")
        return value * pybamm.exp(-E_a / R * (1 / T - 1 / T_ref))
    raise ModelError(
        f"law {law.law!r} serves what PyBaMM's own equations read, and this is read by others",
        key=key,
        fix='give it here as "constant", "arrhenius" or "table"',
    )


def pybamm_entry(law: Any, key: str, arguments: Sequence[str]) -> Any:
    """Return what a ``law = "pybamm"`` at ``key`` refers to: a number or a function.

    ``arguments`` name the function's, in order. Its tables are held at their ends.
    """
    scale = None if law.scale is None else _leaf(law, key, "scale")
    entry = pybamm.ParameterValues(law.set)[law.parameter]
    return held_entry(entry, key, arguments, smoothing=law.smoothing, scale=scale)
