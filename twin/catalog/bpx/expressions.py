"""BPX's expressions, ``"1.9793 * exp(-39.3631 * x)"``, as tables; no file's text is ever run.

A table's points lie closer where the curve bends, until half-way between any two of them the
straight line is off by less than a share of the curve's span.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from twin.catalog.bpx import number
from twin.errors import InputError

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: getattr(np, name) for name in ("exp", "tanh", "cosh", "sinh", "log", "sqrt")
}
Points = tuple[tuple[float, ...], tuple[float, ...]]


def tabulated(text: str, low: float, high: float, key: str = "") -> Points:
    """Return the points of an expression in ``x``, between two values of it.

    Parameters
    ----------
    text : str
        Numbers, ``x``, ``+ - * / **``, brackets and ``exp tanh cosh sinh log sqrt``.
    low, high : float
        The ends of ``x``.
    key : str
        Where it stands, for the error.

    Raises
    ------
    InputError
        If it is anything else, or has no value somewhere.
    """
    curve = compiled(text, key)
    return refined(curve, low, high, key)


def compiled(text: str, key: str = "") -> Callable[[np.ndarray], np.ndarray]:
    """Return an expression as a function of an array; raises as :func:`tabulated` does."""
    try:
        if len(text) > number("curves", "most_characters"):
            raise ValueError("it is too long")
        body = ast.parse(text.strip(), mode="eval").body
        _value(body, np.ones(1))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputError(
            f"{text[:60]!r} is no expression of BPX: {said}",
            key=key,
            fix=f"numbers, x, + - * / **, brackets, {', '.join(_FUNCTIONS)}",
        ) from None

    def curve(x: np.ndarray) -> np.ndarray:
        values = _value(body, x)
        return np.broadcast_to(np.asarray(values, dtype=float), x.shape)

    return curve


def refined(curve: Callable[[np.ndarray], np.ndarray], low: float, high: float, key: str) -> Points:
    """Return the points of a curve, closer where it bends."""
    x = np.linspace(low, high, number("curves", "first_points"))
    y = _finite(curve, x, key)
    share, most = number("curves", "error"), number("curves", "most_points")
    while x.size < most:
        middle = (x[1:] + x[:-1]) / 2
        true = _finite(curve, middle, key)
        span = float(np.ptp(y)) or float(np.max(np.abs(y))) or 1.0
        wrong = np.abs(true - (y[1:] + y[:-1]) / 2) > share * span
        if not wrong.any():
            break
        x, y = np.append(x, middle[wrong]), np.append(y, true[wrong])
        order = np.argsort(x)
        x, y = x[order], y[order]
    return tuple(map(float, x)), tuple(map(float, y))


def _finite(curve: Callable[[np.ndarray], np.ndarray], x: np.ndarray, key: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        y = curve(x)
    if not np.all(np.isfinite(y)):
        at = float(x[~np.isfinite(y)][0])
        raise InputError(
            f"its curve has no finite value at {at:g}",
            key=key,
            fix="give it as a table, {x: [...], y: [...]}",
        )
    return np.asarray(y, dtype=float)


def _value(node: ast.AST, x: np.ndarray) -> Any:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as plain):
            return float(plain)
        case ast.Name(id="x"):
            return x
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            with np.errstate(all="ignore"):
                return _BINARY[type(op)](np.asarray(_value(left, x)), _value(right, x))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand, x))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            with np.errstate(all="ignore"):
                return _FUNCTIONS[name](_value(argument, x))
    raise ValueError(f"{ast.unparse(node)!r} is not allowed in it")


__all__ = ["Points", "compiled", "refined", "tabulated"]
