"""Scalar variables of a built model, evaluated for many states in one call."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import casadi
import numpy as np

from twin.model.batch import Batch
from twin.model.native import CannotCompile, CompiledBatch

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm

FEW_STATES = 64
"""Columns a call of a function that is quickly computed: the call costs more than they do."""


class Followed(Protocol):
    """A solved step: :class:`twin.model.pybamm_compat.StepResult`, seen from here."""

    @property
    def t(self) -> np.ndarray:
        """The solver's times [s]."""

    @property
    def y(self) -> np.ndarray:
        """The states there."""

    @property
    def yp(self) -> np.ndarray | None:
        """Their slopes."""

    @property
    def smooth(self) -> bool:
        """Whether there are points to look between, and no corner among them."""

    def at(self, t: np.ndarray, states: np.ndarray | slice = ..., /) -> np.ndarray:
        """Return (some of) the states at times between the points."""


class Observer:
    """Evaluates named scalar variables of a built model, all states in one call.

    Parameters
    ----------
    model : pybamm.BaseModel
        The built model.
    names : sequence of str
        The variables; those the model does not have are left out.
    inputs : mapping
        Names (and order) of the model's inputs.
    """

    def __init__(self, model: pybamm.BaseModel, names: Sequence[str], inputs: Mapping[str, float]):
        self._input_names = sorted(inputs)
        self.names, (t, y, p), output = _outputs(model, names, self._input_names)
        function = casadi.Function("observe", [t, y, p], [output], {"cse": True})
        with contextlib.suppress(RuntimeError):
            # Interpolants have no scalar form; the matrix one is as exact.
            function = function.expand()
        self.states: np.ndarray | slice = slice(None)
        self._function = function
        self._at_once: Batch | CompiledBatch = Batch(function)

    def to_data(self) -> dict[str, Any]:
        """Return the observer as plain data."""
        states = None if isinstance(self.states, slice) else self.states.tolist()
        text, size = self._function.serialize(), self._at_once.size
        told = {"names": self.names, "inputs": self._input_names, "states": states}
        return told | {"function": text, "size": size}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Observer:
        """Return the observer that :meth:`to_data` wrote; it needs no model."""
        made = cls.__new__(cls)
        made.names, made._input_names = list(data["names"]), list(data["inputs"])
        states = data["states"]
        made.states = slice(None) if states is None else np.array(states, dtype=int)
        made._function = casadi.Function.deserialize(data["function"])
        made._at_once = Batch(made._function, data["size"])
        return made

    def narrow(self) -> Observer:
        """Return the same observer, for those states only that its variables hang on.

        ``states`` are their places; a matrix function keeps them all.
        """
        f = self._function
        if not f.is_a("SXFunction"):
            return self
        other = copy.copy(self)
        used = sorted(set(f.jac_sparsity(0, 1).get_triplet()[1]))
        t, p = f.sx_in(0), f.sx_in(2)
        some = casadi.SX.sym("y", len(used))
        y = casadi.SX.zeros(f.numel_in(1))
        y[used] = some
        other.states = np.array(used, dtype=int)
        other._function = casadi.Function("observe", [t, some, p], [f(t, y, p)])
        other._at_once = Batch(other._function, FEW_STATES)
        return other

    def part(self, names: Sequence[str]) -> Observer:
        """Return an observer of some of the variables, for those states only they hang on."""
        f = self._function
        if not f.is_a("SXFunction"):
            return self
        other = copy.copy(self)
        other.names = list(names)
        given, rows = f.sx_in(), [self.names.index(name) for name in names]
        other._function = casadi.Function("observe", given, [f(*given)[rows]])
        return other.narrow()

    def compile(self) -> None:
        """Evaluate by machine code from now on, where there is some: the same numbers, sooner."""
        with contextlib.suppress(CannotCompile):
            states = None if isinstance(self.states, slice) else self.states.tolist()
            self._at_once = CompiledBatch(self._function, self._at_once.size, states)

    def given(self, inputs: Mapping[str, float]) -> np.ndarray:
        """Return the model's inputs in the order that all observers of it take them."""
        return np.array([float(inputs[name]) for name in self._input_names])

    def __call__(
        self, t: np.ndarray, y: np.ndarray, inputs: Mapping[str, float] | np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return each variable's values, shape (n,), at times ``t`` and states ``y``."""
        p = inputs if isinstance(inputs, np.ndarray) else self.given(inputs)
        return dict(zip(self.names, self.table(t, y, p), strict=True))

    def table(self, t: np.ndarray, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return the values of all variables, shape (names, n), at inputs :meth:`given`."""
        return self._at_once(np.asarray(t, dtype=float), np.asarray(y, dtype=float), p)

    def looked(self, result: Followed, p: np.ndarray, t: np.ndarray | None = None) -> np.ndarray:
        """Return the values, shape (names, n), at a solved step's points or at times between."""
        if t is None:
            return self.table(result.t, result.y[self.states], p)
        at_once, slopes = self._at_once, result.yp
        if isinstance(at_once, CompiledBatch) and slopes is not None and result.smooth and len(t):
            return at_once.between(t, p, result.t, result.y, slopes)
        return self.table(t, result.at(t, self.states), p)


class SlopeObserver:
    """Evaluates scalar variables of a built model and their gradients in some inputs.

    With the states' sensitivities ``S = dy/dx``, ``dv/dx = (dv/dy) S + dv/dp`` for each
    variable ``v`` and the inputs ``x`` among all inputs ``p``.

    Parameters
    ----------
    model, names, inputs
        As for :class:`Observer`.
    varied : sequence of str
        The inputs ``x``, in the order of the sensitivities' columns.
    """

    def __init__(
        self,
        model: pybamm.BaseModel,
        names: Sequence[str],
        inputs: Mapping[str, float],
        varied: Sequence[str],
    ):
        self._input_names = sorted(inputs)
        self.names, (t, y, p), output = _outputs(model, names, self._input_names)
        S = casadi.MX.sym("S", model.len_rhs_and_alg, len(varied))
        columns = [self._input_names.index(name) for name in varied]
        slopes = casadi.jacobian(output, y) @ S + casadi.jacobian(output, p)[:, columns]
        self._function = casadi.Function("slopes", [t, y, p, S], [output, slopes], {"cse": True})

    def __call__(
        self, t: float, y: np.ndarray, inputs: Mapping[str, float], S: np.ndarray
    ) -> dict[str, tuple[float, np.ndarray]]:
        """Return each variable's value and gradient at a time and a state."""
        p = np.array([float(inputs[name]) for name in self._input_names])
        values, slopes = (np.array(out) for out in self._function(t, y, p, S))
        return {name: (float(values[i, 0]), slopes[i].copy()) for i, name in enumerate(self.names)}


def _outputs(
    model: pybamm.BaseModel, names: Sequence[str], input_names: Sequence[str]
) -> tuple[list[str], tuple[casadi.MX, casadi.MX, casadi.MX], casadi.MX]:
    """Return the variables the model has, and their expression in ``(t, y, p)``."""
    known = set(model.variables)
    known_names = [name for name in names if name in known]
    t = casadi.MX.sym("t")
    y = casadi.MX.sym("y", model.len_rhs_and_alg)
    p = casadi.MX.sym("p", len(input_names))
    given = {name: p[i] for i, name in enumerate(input_names)}
    outputs = []
    shared: dict[pybamm.Symbol, casadi.MX] = {}  # the variables have most of their parts in common
    _process(model, known_names)
    for name in known_names:
        processed = model.get_processed_variable(name)
        value = casadi.MX(processed.to_casadi(t, y, inputs=given, casadi_symbols=shared))
        outputs.append(value if value.numel() == 1 else casadi.sum1(value) / value.numel())
    return known_names, (t, y, p), casadi.vertcat(*outputs)


def _process(model: pybamm.BaseModel, names: Sequence[str]) -> None:
    """Put parameters into variables and discretise them, as PyBaMM does when asked for one.

    PyBaMM first walks through all of each variable in search of coupled ones; here what
    variables have in common is walked through once, and those that have any are left to it.
    """
    done = model.get_processed_variables_dict()
    plain: set[pybamm.Symbol] = set()
    for name in names:
        symbol = model.variables[name]
        if name not in done and not _has_coupled(symbol, plain):
            model.update_processed_variables({name: model.symbol_processor(name, symbol)})


def _has_coupled(symbol: pybamm.Symbol, plain: set[pybamm.Symbol]) -> bool:
    stack, seen = [symbol], set()
    while stack:
        node = stack.pop()
        if isinstance(node, pybamm.CoupledVariable):
            return True
        if node not in plain and node not in seen:
            seen.add(node)
            stack.extend(node.children)
    plain |= seen
    return False
