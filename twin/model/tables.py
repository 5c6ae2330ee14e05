"""Tables end where they were measured: held at their end values, and the leaving noted.

PyBaMM continues a table along its last line, silently: a conductivity falls through zero, a
diffusivity too. Here the argument of every table of the cell's laws is held within the
table's own range, ``y(x) = y(min(max(x, x_first), x_last))``, so no property can leave the
values that were given; :class:`TableWatch` then says how far a solution went beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import casadi
import numpy as np

from twin.model.batch import Batch
from twin.specs.smoothing import smoothed

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm

_MARK = "table "
_SPLINE = "spline_"
"""CasADi takes letters and digits only as the name of a spline: what follows is hexadecimal."""
_POINTS_A_WIDTH = 2
"""The spline follows a rounded corner to a thousandth of its rounding."""
_SLACK = 1e-6
"""A share of the table's span; what is less far beyond is the solver's tolerance."""


@dataclass(frozen=True)
class Beyond:
    """A table that was left: whose it is, over what, and how far the argument went."""

    key: str
    over: str
    value: float
    low: float
    high: float

    @property
    def label(self) -> str:
        """Whose table it is, and over what."""
        return f"{self.key} over {self.over}"

    @property
    def distance(self) -> float:
        """How far outside, as a share of the table's span."""
        outside = max(self.low - self.value, self.value - self.high)
        return outside / (self.high - self.low)


def table(
    x: Any, y: Any, argument: pybamm.Symbol, key: str, over: str, smoothing: float | None = None
) -> pybamm.Symbol:
    """Return a table over one variable, linear between its points and held at its ends.

    Parameters
    ----------
    x, y : array_like
        Its points.
    argument : symbol
        What it is taken at.
    key, over : str
        The law's dotted key, and the argument's name, by which leaving it is reported.
    smoothing : float, optional
        Round its corners over this share of its span (:mod:`twin.specs.smoothing`).
    """
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    plain = pybamm.Interpolant(x, y, argument)
    return _held(_smooth(plain, smoothing), [argument], key, over)


def _smooth(law: pybamm.Interpolant, smoothing: float | None) -> pybamm.Interpolant:
    """Return a table with its corners rounded, as a cubic spline through the rounded curve."""
    if smoothing is None or len(law.x) != 1:
        return law
    x = np.linspace(law.x[0][0], law.x[0][-1], 1 + math.ceil(_POINTS_A_WIDTH / smoothing))
    y = smoothed(law.x[0], np.ravel(law.y), smoothing, x)
    return pybamm.Interpolant(x, y, law.children, name=_SPLINE, interpolator="cubic")


def held_entry(
    entry: Any,
    key: str,
    names: Sequence[str],
    *,
    smoothing: float | None = None,
    scale: pybamm.Symbol | None = None,
) -> Any:
    """Return a PyBaMM parameter whose tables are held at their ends; ``names`` its arguments.

    With ``smoothing`` the corners of its tables are rounded, with ``scale`` all of it is
    multiplied.
    """
    if not callable(entry):
        return entry if scale is None else entry * scale

    def held(*given: Any) -> Any:
        arguments = {symbol.id: name for symbol, name in zip(given, names, strict=False)}
        own = _rewritten(pybamm.convert_to_symbol(entry(*given)), key, arguments, smoothing)
        return own if scale is None else own * scale

    return held


def _rewritten(
    symbol: pybamm.Symbol, key: str, arguments: Mapping[int, str], smoothing: float | None
) -> pybamm.Symbol:
    children = [_rewritten(child, key, arguments, smoothing) for child in symbol.children]
    if isinstance(symbol, pybamm.Interpolant):
        over = _over(symbol, arguments)
        return _held(_smooth(symbol, smoothing), children, key, over)
    if all(new is old for new, old in zip(children, symbol.children, strict=True)):
        return symbol
    return symbol.create_copy(new_children=children)


def _over(symbol: pybamm.Interpolant, arguments: Mapping[int, str]) -> str:
    """Return the name of what a table is over, as far as that can be told."""
    for node in symbol.pre_order():
        if node.id in arguments:
            name = arguments[node.id]
            return name if node is symbol.children[0] else f"scaled {name}"
    return "an inner variable"


def _held(
    law: pybamm.Interpolant, children: Sequence[pybamm.Symbol], key: str, over: str
) -> pybamm.Interpolant:
    inside = [
        pybamm.minimum(pybamm.maximum(child, float(x[0])), float(x[-1]))
        for child, x in zip(children, law.x, strict=True)
    ]
    name = f"{_MARK}{key} over {over}"
    if law.name == _SPLINE:
        name = f"{_SPLINE}{name.encode().hex()}"
    return pybamm.Interpolant(law.x, law.y, inside, name=name, interpolator=law.interpolator)


class TableWatch:
    """Finds how far solutions of a built model went beyond the tables of its laws.

    Parameters
    ----------
    model : pybamm.BaseModel
        The built model.
    names : iterable of str
        The variables observed, whose tables count besides those of the equations.
    inputs : iterable of str
        The names of its inputs.
    """

    def __init__(self, model: pybamm.BaseModel, names: Iterable[str], inputs: Iterable[str]):
        self._input_names = sorted(inputs)
        observed = [model.get_processed_variable(name) for name in names]
        arguments = _arguments([model.concatenated_rhs, model.concatenated_algebraic, *observed])
        self._found: list[_Range] = [
            (key, over, low, high) for key, over, _, low, high in arguments
        ]
        self._function: casadi.Function | None = None
        if not arguments:
            return
        t, y = casadi.MX.sym("t"), casadi.MX.sym("y", model.len_rhs_and_alg)
        p = casadi.MX.sym("p", len(self._input_names))
        given = {name: p[i] for i, name in enumerate(self._input_names)}
        shared: dict[pybamm.Symbol, casadi.MX] = {}
        ends = []
        for _, _, argument, _, _ in arguments:
            value = casadi.MX(argument.to_casadi(t, y, inputs=given, casadi_symbols=shared))
            ends += [casadi.mmin(value), casadi.mmax(value)]
        ends_of_all = casadi.vertcat(*ends)
        self._function = casadi.Function("tables", [t, y, p], [ends_of_all], {"cse": True})
        self._at_once = Batch(self._function)

    def to_data(self) -> dict[str, Any]:
        """Return the watch as plain data."""
        text = None if self._function is None else self._function.serialize()
        return {"inputs": self._input_names, "tables": self._found, "function": text}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TableWatch:
        """Return the watch that :meth:`to_data` wrote; it needs no model."""
        made = cls.__new__(cls)
        made._input_names = list(data["inputs"])
        made._found = [(key, over, low, high) for key, over, low, high in data["tables"]]
        made._function = None
        if data["function"] is not None:
            made._function = casadi.Function.deserialize(data["function"])
            made._at_once = Batch(made._function)
        return made

    @property
    def watches(self) -> bool:
        """Whether there is a table to watch."""
        return bool(self._found)

    def __call__(
        self, t: np.ndarray, y: np.ndarray, inputs: Mapping[str, float]
    ) -> dict[str, Beyond]:
        """Return the tables left at times ``t`` and states ``y``, each where it was worst."""
        if not self.watches:
            return {}
        p = np.array([float(inputs[name]) for name in self._input_names])
        ends = self._at_once(np.asarray(t, dtype=float), np.asarray(y, dtype=float), p)
        left: dict[str, Beyond] = {}
        for (key, over, low, high), least, most in zip(
            self._found, ends[::2], ends[1::2], strict=True
        ):
            for value in (float(least.min()), float(most.max())):
                keep_worst(left, Beyond(key, over, value, low, high))
        return left


def keep_worst(worst: dict[str, Beyond], new: Beyond) -> None:
    """Note a table that was left, if it was, unless it has been left farther."""
    old = worst.get(new.label)
    if new.distance > _SLACK and (old is None or new.distance > old.distance):
        worst[new.label] = new


_Range = tuple[str, str, float, float]
"""Key, variable and range of a table."""

_Argument = tuple[str, str, Any, float, float]
"""Key, variable, argument, and range of a table."""


def _arguments(roots: Iterable[pybamm.Symbol]) -> list[_Argument]:
    """Return the arguments of all tables in some expressions, each once, in order of name."""
    stack, seen = list(roots), set()
    arguments: dict[tuple[str, int], _Argument] = {}
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack.extend(node.children)
        if isinstance(node, pybamm.Interpolant) and node.name.startswith((_MARK, _SPLINE)):
            told = node.name
            if told.startswith(_SPLINE):
                told = bytes.fromhex(told.removeprefix(_SPLINE)).decode()
            key, _, over = told.removeprefix(_MARK).rpartition(" over ")
            for x, child in zip(node.x, node.children, strict=True):
                low, high = float(x[0]), float(x[-1])
                argument = _inside(child, low)
                arguments.setdefault((node.name, argument.id), (key, over, argument, low, high))
    return sorted(arguments.values(), key=lambda item: item[:2])


def _inside(symbol: pybamm.Symbol, low: float) -> pybamm.Symbol:
    """Return what is held above ``low`` in ``minimum(maximum(…, low), …)``.

    PyBaMM may have taken the mean over an electrode between the two and the table.
    """
    for node in symbol.pre_order():
        if isinstance(node, pybamm.Maximum):
            for at, other in (node.children, node.children[::-1]):
                if other.is_constant() and np.all(other.evaluate() == low):
                    return at
    return symbol
