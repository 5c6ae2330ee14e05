"""PyBaMM's IDAKLU solver, fed with scalar instead of matrix expressions.

PyBaMM hands CasADi matrix (MX) expressions. Their Jacobian is swept once for every
column that shares a row with another, and one state that every node of an electrode
acts on, as failure modes have many, makes that nearly every column. Expanded to scalar
(SX) expressions, the same functions have the same values and a Jacobian of the entries
that are not zero: for a DFN with five failure modes it costs a thirtieth.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

import casadi
import pybamm

log = logging.getLogger("twin.model")


class _ScalarFunctions(pybamm.BaseSolver):
    """Stands between IDAKLU and PyBaMM's base solver, and exchanges what the base built."""

    def set_up(
        self,
        model: pybamm.BaseModel,
        inputs: Any = None,
        t_eval: Any = None,
        ics_only: bool = False,
    ) -> None:
        """Set the model up; its right-hand side, Jacobian and events as scalar functions.

        A model that cannot be expanded (it holds a table that CasADi looks up) keeps
        PyBaMM's functions.
        """
        if ics_only or not model.use_jacobian or getattr(model, "calculate_sensitivities", None):
            return super().set_up(model, inputs, t_eval, ics_only)
        # Without a Jacobian first: the matrix one is dear to build and would be dropped.
        model.use_jacobian = False
        try:
            super().set_up(model, inputs, t_eval, ics_only)
        finally:
            model.use_jacobian = True
        try:
            scalar = _expanded(model)
        except RuntimeError as reason:
            log.debug("%s keeps matrix expressions: %s", model.name, reason)
            return super().set_up(model, inputs, t_eval, ics_only)
        for name, function in scalar.items():
            setattr(model, name, function)
        return None


class ScalarIDAKLUSolver(pybamm.IDAKLUSolver, _ScalarFunctions):
    """IDAKLU on scalar expressions; same options, same solutions, less time."""


def _expanded(model: pybamm.BaseModel) -> dict[str, Any]:
    """Return the functions of a set-up model, expanded, by their names on the model.

    Raises
    ------
    RuntimeError
        From CasADi, if a function cannot be expanded.
    """
    functions: dict[str, Any] = {}
    # What IDAKLU asks for: all rows to integrate, the algebraic ones to begin with.
    for name, derived in (("rhs", ()), ("algebraic", ("",)), ("rhs_algebraic", ("", "action_"))):
        value = getattr(model, f"{name}_eval")
        if not isinstance(value, casadi.Function):
            raise RuntimeError(f"{name} is no CasADi function")
        functions |= _with_jacobian(model, name, value, derived)
    functions["terminate_events_eval"] = [e.expand() for e in model.terminate_events_eval]
    return functions


def _with_jacobian(
    model: pybamm.BaseModel, name: str, function: casadi.Function, derived: Collection[str]
) -> dict[str, casadi.Function]:
    t, y, p = (function.sx_in(i) for i in range(3))
    value = function.expand()(t, y, p)
    parts = {f"{name}_eval": ([t, y, p], value)}
    if "" in derived:
        parts[f"jac_{name}_eval"] = ([t, y, p], model.build_casadi_jacobian(value, y))
    if "action_" in derived:
        v = casadi.SX.sym("v", y.shape[0])
        action = casadi.densify(casadi.jtimes(value, y, v))
        parts[f"jac_{name}_action_eval"] = ([t, y, p, v], action)
    # Common subexpressions are found once: a mode's rate stands in many rows.
    return {
        key: casadi.Function(key, arguments, [result], {"cse": True})
        for key, (arguments, result) in parts.items()
    }
