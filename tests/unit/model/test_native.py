"""CasADi's functions as machine code: the same numbers, to the last bit."""

from dataclasses import replace

import casadi
import numpy as np
import pytest

from twin.model.batch import Batch
from twin.model.native import CannotCompile, CompiledBatch, Module, address
from twin.model.pybamm_compat import StepResult

pytest.importorskip("llvmlite")

X, Y = casadi.SX.sym("x"), casadi.SX.sym("y")
OPERATIONS = {
    "+": X + Y, "-": X - Y, "*": X * Y, "/": X / Y, "neg": -X, "sq": X * X, "twice": X + X,
    "inv": 1 / X, "sqrt": casadi.sqrt(X), "abs": casadi.fabs(X), "sign": casadi.sign(X),
    "exp": casadi.exp(X), "log": casadi.log(X), "pow": X**Y, "power": X**2.5, "cube": X**3,
    "sinh": casadi.sinh(X), "cosh": casadi.cosh(X), "tanh": casadi.tanh(X),
    "asinh": casadi.asinh(X), "acosh": casadi.acosh(X), "atanh": casadi.atanh(X),
    "sin": casadi.sin(X), "cos": casadi.cos(X), "tan": casadi.tan(X), "asin": casadi.asin(X),
    "acos": casadi.acos(X), "atan": casadi.atan(X), "atan2": casadi.atan2(X, Y),
    "log1p": casadi.log1p(X), "expm1": casadi.expm1(X), "hypot": casadi.hypot(X, Y),
    "min": casadi.fmin(X, Y), "max": casadi.fmax(X, Y), "floor": casadi.floor(X),
    "ceil": casadi.ceil(X), "mod": casadi.fmod(X, Y), "erf": casadi.erf(X),
    "<": X < Y, "<=": X <= Y, "==": X == Y, "!=": X != Y,
    "not": casadi.logic_not(X), "and": casadi.logic_and(X, Y), "or": casadi.logic_or(X, Y),
    "if": casadi.if_else(X < Y, X, Y * 2), "copysign": casadi.copysign(X, Y),
}  # fmt: skip
PLACES = [0.0, -0.0, 1.0, -1.0, 0.3, -0.7, 2.0, 3.7, -5.2, 1e-9, 40.0, np.inf, -np.inf, np.nan]


def test_every_operation_gives_casadis_number():
    f = casadi.Function("f", [casadi.SX.sym("t"), casadi.vertcat(X, Y), casadi.SX.sym("p")],
                        [casadi.vertcat(*OPERATIONS.values())])  # fmt: skip
    pairs = np.array([[x, y] for x in PLACES for y in PLACES]).T
    t, p = np.zeros(pairs.shape[1]), np.zeros(1)
    ours, casadis = CompiledBatch(f, 16)(t, pairs, p), Batch(f)(t, pairs, p)
    for name, own, other in zip(OPERATIONS, ours, casadis, strict=True):
        assert np.array_equal(own, other, equal_nan=True), name


def test_inputs_and_outputs_stand_where_casadi_has_them():
    a, b = casadi.SX.sym("a", 2), casadi.SX.sym("b", 3)
    f = casadi.Function("f", [a, b], [a[0] * b[2] - b[0], casadi.vertcat(a[1], b[1] / a[0])])
    module = Module()
    module.add("f", f)
    one, two = np.zeros(1), np.zeros(2)
    given = np.array([2.0, 3.0]), np.array([5.0, 7.0, 11.0])
    module.compile()["f"](*map(address, (*given, one, two)))
    assert (one[0], *two) == (17.0, 3.0, 3.5)


@pytest.mark.parametrize("states", [None, [3, 1]])
def test_between_a_solutions_points_the_numbers_are_those_of_its_polynomial(states):
    known = np.array([0.0, 0.1, 0.35, 2.0, 2.1])
    chance = np.random.default_rng(1)
    result = StepResult(known, chance.normal(size=(5, 5)), "", chance.normal(size=(5, 5)))
    t = np.array([1.7, 0.0, 0.1, 2.1, 0.3, 2.0, *chance.uniform(0.0, 2.1, 200)])
    n, p = 5 if states is None else len(states), np.array([0.7, -2.0])
    time, y, given = (casadi.SX.sym(name, size) for name, size in (("t", 1), ("y", n), ("p", 2)))
    made = casadi.vertcat(y, given[0] * casadi.sumsqr(y) + time, casadi.exp(given[1]))
    f = casadi.Function("f", [time, y, given], [made])
    batch = CompiledBatch(f, 16, states)
    steep = replace(result, yp=2 * result.yp)
    # Where numbers lie is kept as long as they are the same ones.
    for given, steeper in ((p, result), (p, steep), (3 * p, steep)):
        found = batch.between(t, given, known, steeper.y, steeper.yp)
        inside = steeper.at(t, slice(None) if states is None else np.array(states))
        assert np.array_equal(found, Batch(f)(t, inside, given))
    assert found.shape == (n + 2, len(t))


def test_a_batch_of_none_is_empty():
    f = casadi.Function("f", [casadi.SX.sym("t"), casadi.vertcat(X, Y), casadi.SX.sym("p")], [X])
    assert CompiledBatch(f, 16)(np.zeros(0), np.zeros((2, 0)), np.zeros(1)).shape == (1, 0)


def test_a_matrix_function_is_refused():
    x = casadi.MX.sym("x", 2)
    with pytest.raises(CannotCompile, match="no scalar function"):
        Module().add("f", casadi.Function("f", [x], [2 * x]))
