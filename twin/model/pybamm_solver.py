"""PyBaMM's IDAKLU solver, fed with scalar instead of matrix expressions.

PyBaMM hands CasADi matrix (MX) expressions. Their Jacobian is swept once for every
column that shares a row with another, and one state that every node of an electrode
acts on, as failure modes have many, makes that nearly every column. Expanded to scalar
(SX) expressions, the same functions have the same values and a Jacobian of the entries
that are not zero: for a DFN with five failure modes it costs a thirtieth.
"""

from __future__ import annotations

import logging
from typing import Any

import casadi
import numpy as np
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
            super().set_up(model, inputs, t_eval, ics_only)
            return
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
            super().set_up(model, inputs, t_eval, ics_only)
            return
        for name, function in scalar.items():
            setattr(model, name, function)


class ScalarIDAKLUSolver(pybamm.IDAKLUSolver, _ScalarFunctions):
    """IDAKLU on scalar expressions; same options, same solutions, less time."""


def functions_of(model: pybamm.BaseModel) -> dict[str, casadi.Function]:
    """Return the functions of a set-up model that the integrator takes (``twin.model.stepping``).

    As PyBaMM makes them; where all of them are scalar, the events are one function, in which
    what they share is computed once, and the Jacobian is one with the mass matrix.
    """
    scalar = model.rhs_algebraic_eval.is_a("SXFunction")
    symbols: Any = casadi.SX if scalar else casadi.MX
    t, y = symbols.sym("t"), symbols.sym("y", model.len_rhs_and_alg)
    p = symbols.sym("p", model.rhs_algebraic_eval.numel_in(2))
    c, v = symbols.sym("c"), symbols.sym("v", model.len_rhs_and_alg)
    mass = casadi.DM(model.mass_matrix.entries)
    events = casadi.vertcat(*[event(t, y, p) for event in model.terminate_events_eval])
    rates = model.rhs_eval(t, y, p)
    if not model.is_standard_form_dae:
        differential = slice(0, model.len_rhs)
        rates = casadi.solve(mass[differential, differential], rates)
    moved = casadi.densify(symbols(mass) @ v)
    slopes = model.jac_rhs_algebraic_eval(t, y, p) - c * mass
    given = [t, y, p]
    made = {
        "rhs_algebraic": (given, model.rhs_algebraic_eval(t, y, p)),
        "jac_times_cjmass": ([*given, c], slopes),
        "jac_rhs_algebraic_action": ([*given, v], model.jac_rhs_algebraic_action_eval(*given, v)),
        "mass_action": ([v], moved),
        "rootfn": (given, casadi.cse(events) if scalar else events),
        "rates": (given, rates),
    }
    functions = {name: casadi.Function(name, into, [value]) for name, (into, value) in made.items()}
    functions["initial"] = model.initial_conditions_eval
    empty = casadi.Function("empty", [], [])
    if model.is_standard_form_dae:  # Newton's method needs the algebraic part only
        functions |= {"alg_res": model.algebraic_eval, "alg_jac": model.jac_algebraic_eval}
    else:
        functions |= {"alg_res": empty, "alg_jac": empty}
    return functions


def _expanded(model: pybamm.BaseModel) -> dict[str, Any]:
    """Return the functions of a set-up model, expanded, by their names on the model.

    Raises
    ------
    RuntimeError
        From CasADi, if a function cannot be expanded.
    """
    function = model.rhs_algebraic_eval
    if not isinstance(function, casadi.Function):
        raise RuntimeError("the right-hand side is no CasADi function")
    t, y, p = (function.sx_in(i) for i in range(3))
    value = function.expand()(t, y, p)
    v = casadi.SX.sym("v", y.shape[0])
    # IDAKLU's direct solvers never ask for it, but it has to be there.
    action = casadi.densify(casadi.jtimes(value, y, v))
    # Common subexpressions are found once: a mode's rate stands in many rows.
    value, jacobian = casadi.cse([value, sparse_jacobian(value, y)])
    start = model.len_rhs
    parts = {
        "rhs_algebraic_eval": value,
        "jac_rhs_algebraic_eval": jacobian,
        "rhs_eval": value[:start],
        "algebraic_eval": value[start:],
        "jac_algebraic_eval": jacobian[start:, :],
    }
    functions: dict[str, Any] = {
        name: casadi.Function(name, [t, y, p], [part]) for name, part in parts.items()
    }
    name = "jac_rhs_algebraic_action_eval"
    functions[name] = casadi.Function(name, [t, y, p, v], [action])
    functions["terminate_events_eval"] = [e.expand() for e in model.terminate_events_eval]
    return functions


def sparse_jacobian(value: casadi.SX, y: casadi.SX) -> casadi.SX:
    """Return ``d value / d y`` [n, m], found with few sweeps.

    CasADi sweeps either all columns (those that share no row at once) or all rows. A
    discretised cell has short rows, as many as it has nodes, and a few long ones, such as a
    mean over an electrode, that make every column share a row. Here the ``k`` longest rows
    are swept row by row and the others column by column, with ``k`` the number that makes
    the fewest sweeps: ``k`` and at least as many as the longest of the others has entries.
    """
    entries = np.bincount(
        casadi.jacobian_sparsity(value, y).get_triplet()[0], minlength=value.shape[0]
    )
    order = np.argsort(entries, kind="stable")
    longest = np.concatenate([[0], entries[order]])  # of the first 0, 1, 2, ... rows
    short = int(np.argmin(longest + np.arange(len(order), -1, -1)))
    parts = [np.sort(order[:short]).tolist(), np.sort(order[short:]).tolist()]
    swept = [casadi.jacobian(value[rows], y) for rows in parts if rows]
    back = np.argsort(np.concatenate(parts)).astype(int).tolist()
    return casadi.vertcat(*swept)[back, :]
