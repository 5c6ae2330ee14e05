"""The Rosenbrock method: its order, its ends, its algebraic part, against closed forms."""

import casadi
import numpy as np
import pytest

from twin.model.stepping import BeginsBeyond, SolveFailed, SolverFunctions

pytest.importorskip("llvmlite")

from twin.model.rosenbrock import Code, NotServed, RosenbrockStepper, eliminated

RATE, LEVEL = 3.0, 0.25


class NoOther:
    """An integrator that nothing is to be left to."""

    def __call__(self, *_):
        raise SolveFailed("left to the other one")


def model(rates, algebraic=lambda x, z, p: [], event=lambda x, z, p: 1.0 + 0 * p[0], *, of_t=False):
    """Return a model's functions: ``x' = rates``, ``0 = algebraic``, two states and a few."""
    nz = len(algebraic(casadi.SX.sym("x", 2), casadi.SX.sym("z", 9), casadi.SX.sym("p", 2)))
    t, y, p = casadi.SX.sym("t"), casadi.SX.sym("y", 2 + nz), casadi.SX.sym("p", 2)
    x, z = y[:2], y[2:]
    f = casadi.vertcat(*rates(x, z, p), *algebraic(x, z, p)) + (t if of_t else 0)
    mass = casadi.diag(casadi.DM([1.0, 1.0, *[0.0] * nz]))
    c, v = casadi.SX.sym("c"), casadi.SX.sym("v", 2 + nz)
    jacobian = casadi.jacobian(f, y)
    made = {
        "rhs_algebraic": casadi.Function("f", [t, y, p], [f]),
        "jac_times_cjmass": casadi.Function("j", [t, y, p, c], [jacobian - c * mass]),
        "jac_rhs_algebraic_action": casadi.Function("a", [t, y, p, v], [jacobian @ v]),
        "mass_action": casadi.Function("m", [v], [mass @ v]),
        "rootfn": casadi.Function("r", [t, y, p], [casadi.vertcat(event(x, z, p))]),
        "alg_res": casadi.Function("g", [t, y, p], [f[2:]]),
        "alg_jac": casadi.Function("h", [t, y, p], [jacobian[2:, 2:]]),
        "rates": casadi.Function("d", [t, y, p], [f[:2]]),
        "initial": casadi.Function("i", [t, y, p], [y]),
    }
    return SolverFunctions.of(made, ["a", "b"], ["low"], 2, 2 + nz)


def decay(x, z, p):
    return [-p[0] * x[0], p[0] * x[0] - 1e4 * (x[1] - casadi.cos(x[0]))]


def bent(x, z, p):
    """A slow state whose rate turns within a hundredth of a second, and one that hurries after."""
    turned = casadi.tanh(200 * (x[0] - 0.5)) + 1.01
    return [-p[0] * x[0] * turned, 1e3 * (casadi.cos(5 * x[0]) - x[1])]


def solved(of, rtol, start, end=1.0):
    stepper = RosenbrockStepper(Code(of), rtol, 1e-2 * rtol, NoOther())
    p = np.array([RATE, LEVEL])
    return stepper(np.array([0.0, end]), np.empty(0), np.array(start), p)


def test_a_decay_is_its_exponential_between_the_steps_too():
    step = solved(model(decay), 1e-8, [1.0, np.cos(1.0)])
    exact = np.exp(-RATE * step.t)
    assert step.event is None and step.t[-1] == 1.0
    assert np.abs(step.y[:, 0] / exact - 1).max() < 1e-6
    assert np.abs(step.y[-1, 0] / exact[-1] - 1) < 1e-7
    assert np.abs(step.yp[:, 0] / (-RATE * exact) - 1).max() < 1e-4


def test_of_many_steps_none_is_lost():
    step = solved(model(decay), 1e-9, [1.0, np.cos(1.0)], 4.0)
    assert len(step.t) > 3 * 64 + 1  # more than there is room for at first
    assert (np.diff(step.t) > 0).all()
    exact = np.exp(-RATE * step.t)
    assert np.abs(step.y[:, 0] / exact - 1).max() < 1e-6
    assert np.abs(step.yp[:, 0] / (-RATE * exact) - 1).max() < 1e-3


@pytest.mark.parametrize(
    "rtol, start, end", [(1e-7, [1.0, 3.0], 0.3), (1e-3, [1.0, np.cos(5.0)], 0.3)]
)
def test_steps_are_as_long_as_the_errors_allow(rtol, start, end):
    """The loop in machine code against the same one step by step, to the last bit."""
    code, p = Code(model(bent)), np.array([RATE, LEVEL])
    followed = RosenbrockStepper(code, rtol, 1e-9, NoOther())
    followed(np.array([0.0, end]), np.empty(0), np.array(start), p)
    tried = RosenbrockStepper(code, rtol, 1e-9, NoOther())
    tried._p[:], tried._y[:] = p, start
    steps, refused, grown, done, h, most = [], 0, 0, 0.0, 1e-4 * end, 6.0
    while done < end:
        last = h >= (end - done) * (1 - 1e-12)
        h = end - done if last else h
        error = tried._try(h)
        if error > 1.0:
            refused, most = refused + 1, 1.0
            h *= min(max(0.9 * error ** (-1 / 5), 0.2), 0.9)
            continue
        steps.append((done, h))
        tried._y[:] = tried._out[:2]
        done = end if last else done + h
        longer = min(max(0.9 * max(error, 1e-10) ** (-1 / 5), 0.2), most)
        grown += len(steps) > 1 and longer == most == 6.0
        h, most = h * longer, 6.0
    assert refused and len(steps) > 10 and (grown or rtol < 1e-3)
    assert np.array_equal(followed._steps[: len(steps)], steps)
    assert np.array_equal(followed._y, tried._y)


def test_the_order_is_five():
    """Half the step, an error 32 times smaller: ``x' = -a x^2``, ``x = 1/(1 + a t)``."""
    of = model(lambda x, z, p: [-p[0] * x[0] ** 2, -x[1]])
    stepper = RosenbrockStepper(Code(of), 1e-3, 1e-3, NoOther())
    stepper._p[:] = RATE, LEVEL
    errors = []
    for count in (32, 64, 128):
        stepper._y[:] = 1.0, 0.0
        for _ in range(count):
            stepper._try(1.0 / count)
            stepper._y[:] = stepper._out[:2]
        errors.append(abs(stepper._y[0] - 1 / (1 + RATE)))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 5) < 0.35), orders


def test_its_own_error_is_of_what_it_makes():
    found = [solved(model(decay), rtol, [1.0, 0.5]).y[-1, 0] for rtol in (1e-3, 1e-6)]
    loose, close = (abs(x / np.exp(-RATE) - 1) for x in found)
    assert close < 1e-6 and close < loose < 1e-3


def test_algebraic_states_are_solved_for_at_the_start_and_held():
    """``0 = z^3 + z - x``: any guess is mended first."""
    of = model(lambda x, z, p: [-p[0] * z[0], -x[1]], lambda x, z, p: [z[0] ** 3 + z[0] - x[0]])
    step = solved(of, 1e-7, [2.0, 0.0, 40.0])
    x, z = step.y[:, 0], step.y[:, 2]
    assert abs(z[0] - 1.0) < 1e-9
    assert np.abs(z**3 + z - x).max() < 1e-6
    # x' = -a z along the constraint: a t = -int (3 z^2 + 1)/z dz.
    end = z[-1]
    assert abs(1.5 * (1 - end**2) - np.log(end) - RATE) < 1e-6


def test_a_step_ends_where_the_event_is():
    step = solved(model(decay, event=lambda x, z, p: x[0] - p[1]), 1e-8, [1.0, 0.5])
    assert step.event == "low"
    assert abs(step.t[-1] - np.log(1 / LEVEL) / RATE) < 1e-8
    assert abs(step.y[-1, 0] - LEVEL) < 1e-9 and np.all(np.diff(step.t) > 0)


def test_no_two_points_have_one_time_however_late_it_is():
    stepper = RosenbrockStepper(
        Code(model(decay, event=lambda x, z, p: x[0] - p[1])), 1e-6, 1e-8, NoOther()
    )
    late, p = 1e15, np.array([RATE, LEVEL])
    step = stepper(np.array([late, late + 1]), np.empty(0), np.array([1.0, 0.5]), p)
    assert step.event == "low" and np.all(np.diff(step.t) > 0)
    assert abs(step.y[-1, 0] - LEVEL) < 1e-6


def test_what_holds_already_is_told():
    with pytest.raises(BeginsBeyond, match="low"):
        solved(model(decay, event=lambda x, z, p: x[0] - p[1]), 1e-6, [0.2, 0.5])


def test_what_it_cannot_follow_is_left_to_the_other():
    of = model(lambda x, z, p: [x[0] ** 2, -x[1]])  # 1/(1 - t): beyond all bounds at 1
    with pytest.raises(SolveFailed, match="left"):
        solved(of, 1e-6, [1.0, 0.0], end=2.0)
    stepper = RosenbrockStepper(Code(model(decay)), 1e-6, 1e-8, NoOther())
    with pytest.raises(SolveFailed, match="left"):  # a drive cycle stops on its way
        stepper(np.array([0.0, 0.5, 1.0]), np.empty(0), np.ones(2), np.array([1.0, 0.1]))


def test_time_by_itself_and_other_masses_are_not_served():
    with pytest.raises(NotServed, match="time"):
        Code(model(decay, of_t=True))


def test_elimination_solves_a_sparse_matrix():
    rng = np.random.default_rng(3)
    dense = np.where(rng.random((9, 9)) < 0.3, rng.normal(size=(9, 9)), 0.0) + 5 * np.eye(9)
    matrix, b = casadi.sparsify(casadi.DM(dense)), rng.normal(size=9)
    factors, solution = eliminated(matrix.sparsity())
    x = np.array(solution(factors(casadi.DM(matrix.nonzeros())), b)).ravel()
    assert np.allclose(x, np.linalg.solve(dense, b), rtol=1e-12, atol=0)


def test_a_matrix_without_a_diagonal_is_refused():
    with pytest.raises(NotServed, match="diagonal"):
        eliminated(casadi.sparsify(casadi.DM([[0.0, 1.0], [1.0, 0.0]])).sparsity())
