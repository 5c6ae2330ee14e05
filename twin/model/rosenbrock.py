"""A Rosenbrock method for a built cell, compiled as a whole: few long steps instead of many.

For ``M y' = f(y)`` with a diagonal ``M`` of ones and zeros, a step of ``h`` solves eight linear
systems with one matrix (Rodas5P, order 5, stiffly accurate, made for such systems)::

    (M/(h g) - J) u_i = f(y + sum_(j<i) a_ij u_j) + M sum_(j<i) c_ij u_j / h
    y_1 = y + sum_j b_j u_j,    error = u_8

``J`` is the exact Jacobian at ``y``; the systems are solved by elimination on the diagonal in
an order that keeps ``J`` sparse, found once and written out number by number. All of a step
is one function of machine code (:mod:`twin.model.native`).

It starts at once with its full order where a multistep method (IDA) begins anew with the first
after each end of a step, and its error is a smooth function of the state, which is what a jump
over cycles multiplies. What it does not serve is left to IDA: drive cycles, points asked for
in advance, a right-hand side that depends on time by itself, and a step that it cannot follow.

References: G. Steinebach, BIT Numer. Math. 63 (2023) 27 (Rodas5P); E. Hairer, G. Wanner,
Solving Ordinary Differential Equations II (Springer 1996), IV.7 and VI.4.
"""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np

from twin.model.native import CannotCompile, Module, address
from twin.model.stepping import BeginsBeyond, SolverFunctions, Stepped, Stepper

GAMMA = 0.21193756319429014
A = (
    (),
    (3.0,),
    (2.849394379747939, 0.45842242204463923),
    (-6.954028509809101, 2.489845061869568, -10.358996098473584),
    (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
    (
        -7.502846399306121,
        2.561846144803919,
        -11.627539656261098,
        -0.18268767659942256,
        0.030198172008377946,
    ),
)
"""``a_ij``; the rows of the last two stages, and ``b``, are the sixth's and ones."""
C = (
    (),
    (-14.155112264123755,),
    (-17.97296035885952, -2.859693295451294),
    (147.12150275711716, -1.41221402718213, 71.68940251302358),
    (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
    (
        24.854864614690072,
        -3.0009227002832186,
        47.4931110020768,
        5.5814197821558125,
        -0.6610691825249471,
    ),
    (
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ),
    (
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ),
)
"""``c_ij``."""
H = (
    (
        25.948786856663858,
        -2.5579724845846235,
        10.433815404888879,
        -2.3679251022685204,
        0.524948541321073,
        1.1241088310450404,
        0.4272876194431874,
        -0.17202221070155493,
    ),
    (
        -9.91568850695171,
        -0.9689944594115154,
        3.0438037242978453,
        -24.495224566215796,
        20.176138334709044,
        15.98066361424651,
        -6.789040303419874,
        -6.710236069923372,
    ),
    (
        11.419903575922262,
        2.8879645146136994,
        72.92137995996029,
        80.12511834622643,
        -52.072871366152654,
        -59.78993625266729,
        -0.15582684282751913,
        4.883087185713722,
    ),
)
"""What the state between two points is made of (order 4)."""
STAGES = 8
ORDER = 5
_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 6.0
_FIRST = 1e-4
"""The first step, as a share of what is to be covered; the error says at once if it is too long."""
_LEAST = 1e-12
"""A step that is so much shorter than what is to be covered leads nowhere."""
_MOST_STEPS = 5000
_ROOT = 1e-10
"""How closely the end of a step is found, as a share of the last step's length."""
_AGREED = 1e-2
"""How near two searches for a step's end must come, as a share of it and of the tolerance."""
INSIDE = (0.0, 1 / 3, 2 / 3)
"""Where in each step a state is given, besides its end."""
_NEWTON = 30
_DOUBLE = 8
MOST_STATES = 150
"""A step is written out number by number; of more states that takes longer than it spares."""


class NotServed(Exception):
    """A model that this method does not solve; the message says why."""


class _GaveUp(Exception):
    """A step that it cannot follow."""


def _coefficients(stage: int) -> tuple[list[float], list[float]]:
    """Return ``a_ij`` and ``c_ij`` of a stage, counted from 0."""
    a = A[stage] if stage < len(A) else (*A[-1], *[1.0] * (stage - len(A) + 1))
    return list(a), list(C[stage])


def eliminated(
    pattern: casadi.Sparsity,
) -> tuple[casadi.Function, casadi.Function]:
    """Return the elimination of a sparse matrix and the solution with it, written out.

    The pivots are on the diagonal, those first that fill least (Markowitz's count), ties by
    their place. ``factors(nonzeros) -> f`` and ``solution(f, b) -> x``.

    Parameters
    ----------
    pattern : casadi.Sparsity
        Of the square matrix.

    Raises
    ------
    NotServed
        If no place on the diagonal is left to divide by.
    """
    n = pattern.size1()
    given = casadi.SX.sym("a", pattern.nnz())
    rows: list[dict[int, Any]] = [{} for _ in range(n)]
    for k, (i, j) in enumerate(zip(*pattern.get_triplet(), strict=True)):
        rows[i][j] = given[k]
    left, order, kept = set(range(n)), [], []
    steps: list[tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]]] = []

    def keep(value: Any) -> int:
        kept.append(value)
        return len(kept) - 1

    while left:
        columns = dict.fromkeys(left, 0)
        for i in left:
            for j in rows[i]:
                if j in columns:
                    columns[j] += 1
        fit = [i for i in left if i in rows[i]]
        if not fit:
            raise NotServed("the matrix has no diagonal to divide by")
        here = min(fit, key=lambda i: ((len(rows[i]) - 1) * (columns[i] - 1), i))
        left.remove(here)
        order.append(here)
        pivot = 1 / rows[here].pop(here)
        right = sorted(rows[here])
        above = [(j, keep(rows[here][j])) for j in right]
        below = []
        for i in sorted(left):
            if here not in rows[i]:
                continue
            times = rows[i].pop(here) * pivot
            below.append((i, keep(times)))
            for j in right:
                product = times * rows[here][j]
                rows[i][j] = rows[i][j] - product if j in rows[i] else -product
        steps.append((here, keep(pivot), above, below))
    made = casadi.vertcat(*kept)
    factors = casadi.Function("factors", [given], [casadi.densify(made)])
    f, b = casadi.SX.sym("f", len(kept)), casadi.SX.sym("b", n)
    x = [b[i] for i in range(n)]
    for here, _, _, below in steps:
        for i, k in below:
            x[i] = x[i] - f[k] * x[here]
    for here, pivot, above, _ in reversed(steps):
        value = x[here]
        for j, k in above:
            value = value - f[k] * x[j]
        x[here] = value * f[pivot]
    return factors, casadi.Function("solution", [f, b], [casadi.vertcat(*x)])


class Code:
    """A model's step as machine code, and all else that the method asks of it.

    Raises
    ------
    NotServed, CannotCompile
        If the method does not solve the model, or a function cannot be compiled.
    """

    def __init__(self, model: SolverFunctions):
        self.model, n = model, model.states
        if n > MOST_STATES:
            raise NotServed(f"{n} states are too many to write out")
        rhs, jacobian = (model.function(k) for k in ("rhs_algebraic", "jac_times_cjmass"))
        roots, mass = model.function("rootfn"), model.function("mass_action")
        roots = casadi.Function("roots", roots.sx_in(), [casadi.densify(roots(*roots.sx_in()))])
        rhs = casadi.Function("rhs", rhs.sx_in(), [casadi.densify(rhs(*rhs.sx_in()))])
        if any(f.jac_sparsity(0, 0).nnz() for f in (rhs, roots, jacobian)):
            raise NotServed("the model depends on time by itself")
        differential = np.zeros(n)
        differential[: model.differential] = 1.0
        ones = np.array(casadi.DM(casadi.jacobian(*_of(mass))))
        if not np.array_equal(ones, np.diag(differential)):
            raise NotServed("the mass matrix is not one of ones")
        pattern = jacobian.sparsity_out(0)
        for i in range(n):
            if not pattern.has_nz(i, i):
                pattern = pattern + casadi.Sparsity.triplet(n, n, [i], [i])
        given = jacobian.sx_in()
        # Less the matrix of the method, with a place for each pivot.
        jacobian = casadi.Function("jacobian", given, [-casadi.project(jacobian(*given), pattern)])
        self.pattern = pattern
        factors, solution = eliminated(pattern)
        self.events = len(model.events)
        module = Module()
        made = {
            "rhs": rhs, "jacobian": jacobian, "roots": roots, "factors": factors,
            "solution": solution, "end": _end(n), "between": _between(n),
        }  # fmt: skip
        made |= {f"stage{i}": _stage(n, i, differential) for i in range(STAGES)}
        functions = {name: module.add(name, f) for name, f in made.items()}
        sizes = {"jacobian": pattern.nnz(), "factors": factors.numel_out(0)}
        step, self.work = _step(module, functions, n, sizes)
        _follow(module, functions, step, n, self.events)
        self.size = 4 * n + 1 + self.events
        self._module = module  # the code lives as long as this does
        compiled = module.compile()
        self.step, self.rhs = compiled["step"], compiled["rhs"]
        self.jacobian, self.roots = compiled["jacobian"], compiled["roots"]
        self.between, self.follow = compiled["between"], compiled["follow"]
        nd = model.differential
        places = list(zip(*pattern.get_triplet(), strict=True))
        block = [(k, i - nd, j - nd) for k, (i, j) in enumerate(places) if i >= nd and j >= nd]
        self.algebraic = tuple(np.array([b[axis] for b in block], dtype=int) for axis in range(3))


def _of(mass: casadi.Function) -> tuple[Any, Any]:
    v = mass.sx_in(0)
    return mass(v), v


def _stage(n: int, stage: int, differential: np.ndarray) -> casadi.Function:
    """Return ``(y, 1/h, u) -> y + sum a u, M sum c u/h`` of a stage."""
    y, per, u = casadi.SX.sym("y", n), casadi.SX.sym("per"), casadi.SX.sym("u", n, max(stage, 1))
    a, c = _coefficients(stage)
    at, from_before = y, casadi.SX.zeros(n)
    for j in range(stage):
        at = at + a[j] * u[:, j]
        from_before = from_before + c[j] * u[:, j]
    held = casadi.DM(differential) * from_before * per
    return casadi.Function("stage", [y, per, u], [at, casadi.densify(held)])


def _end(n: int) -> casadi.Function:
    """Return ``(y, at, u, rtol and atol) -> y_1, error, dense``; an error of 1 is allowed.

    The error is the root of the mean square of ``u_8`` over ``atol + rtol max(|y|, |y_1|)``.
    """
    y, at, u = casadi.SX.sym("y", n), casadi.SX.sym("at", n), casadi.SX.sym("u", n, STAGES)
    allowed = casadi.SX.sym("allowed", 2)
    last = u[:, STAGES - 1]
    new = at + last
    weight = allowed[1] + allowed[0] * casadi.fmax(casadi.fabs(y), casadi.fabs(new))
    error = casadi.sqrt(casadi.sum1((last / weight) ** 2) / n)
    dense = [sum(row[j] * u[:, j] for j in range(STAGES)) for row in H]
    return casadi.Function("end", [y, at, u, allowed], [new, error, casadi.vertcat(*dense)])


def _between(n: int) -> casadi.Function:
    """Return ``(y, y_1, dense, h) -> states, slopes`` at a step's start, inside it and at its end.

    With ``x`` from 0 to 1 in a step the states are ``(1-x) y + x y_1 + x (1-x) (k_1 + x k_2 +
    x^2 k_3)``; the slopes are this one's.
    """
    y0, y1, dense = (casadi.SX.sym(name, size) for name, size in (("y", n), ("z", n), ("k", 3 * n)))
    h, states, slopes = casadi.SX.sym("h"), [], []
    k1, k2, k3 = (dense[i * n : (i + 1) * n] for i in range(3))
    for x in INSIDE:
        bent = x * (1 - x) * (k1 + x * (k2 + x * k3))
        states.append(((1 - x) * y0 + x * y1) + bent if x else y0)
    for x in (*INSIDE, 1.0):
        bent = k1 * (1 - 2 * x) + k2 * (2 * x - 3 * x**2) + k3 * (3 * x**2 - 4 * x**3)
        slopes.append((y1 - y0 + bent) / h)
    made = [casadi.densify(casadi.vertcat(*part)) for part in ([*states, y1], slopes)]
    return casadi.Function("between", [y0, y1, dense, h], made)


def _step(module: Module, functions: Any, n: int, sizes: dict[str, int]) -> tuple[Any, int]:
    """Add ``step(t, y, p, h, allowed, work, out)``; return it, and how much work it needs.

    ``out`` is ``y_1``, the error, three rows of ``n`` for the states between, and the events.
    """
    function, build = module.begun("step", 7)
    t, y, p, h, allowed, work, out = function.args
    place, room = {}, 0
    for name, size in (
        ("c", 1), ("per", 1), ("jacobian", sizes["jacobian"]), ("factors", sizes["factors"]),
        ("at", n), ("held", n), ("f", n), ("b", n), ("u", n * STAGES),
    ):  # fmt: skip
        place[name] = module.at(build, work, room)
        room += size
    one = module.number(1.0)
    length = build.load(h)
    build.store(build.fdiv(one, length), place["per"])
    build.store(build.fdiv(one, build.fmul(length, module.number(GAMMA))), place["c"])
    build.call(functions["jacobian"], [t, y, p, place["c"], place["jacobian"]])
    build.call(functions["factors"], [place["jacobian"], place["factors"]])
    for stage in range(STAGES):
        made = [y, place["per"], place["u"], place["at"], place["held"]]
        build.call(functions[f"stage{stage}"], made)
        build.call(functions["rhs"], [t, place["at"], p, place["f"]])
        for i in range(n):
            f, held = (build.load(module.at(build, place[k], i)) for k in ("f", "held"))
            build.store(build.fadd(f, held), module.at(build, place["b"], i))
        into = module.at(build, place["u"], n * stage)
        build.call(functions["solution"], [place["factors"], place["b"], into])
    error, dense = module.at(build, out, n), module.at(build, out, n + 1)
    build.call(functions["end"], [y, place["at"], place["u"], allowed, out, error, dense])
    build.call(functions["roots"], [t, out, p, module.at(build, out, 4 * n + 1)])
    build.ret_void()
    return function, room


FOLLOWED = ("span", "h", "grow", "done", "count", "room", "end")
"""What ``follow`` is given and leaves, in this order."""
_H, _GROWTH, _ROOM = (FOLLOWED.index(name) for name in ("h", "grow", "room"))
_DONE, _BEYOND, _GIVEN_UP, _FULL = range(4)
"""How it ends: the time is over, an event lies behind it, it leads nowhere, no room is left."""


def _follow(module: Module, functions: Any, step: Any, n: int, events: int) -> None:
    """Add ``follow(t, y, p, h, allowed, work, out, followed, steps, states, slopes)``.

    It tries step after step and keeps those whose error is allowed, until one ends it; a step
    beyond an event is tried and not kept. ``steps`` takes the start and the length of each, and
    ``states`` and ``slopes`` the points in it.
    """
    function, build = module.begun("follow", 11)
    given = function.args[:7]
    _, y, _, h_of_step, _, _, out = given
    followed, steps, states, slopes = function.args[7:]
    number, ir, whole = module.number, module.ir, module.ir.IntType(64)
    place = {name: module.at(build, followed, i) for i, name in enumerate(FOLLOWED)}
    blocks = {
        name: function.append_basic_block(name)
        for name in ("next", "room", "try", "refused", "taken", "keep", "end")
    }
    ended = []

    def begin(name: str) -> None:
        build.position_at_end(blocks[name])

    def end(how: int) -> Any:
        ended.append((number(how), build.block))
        return blocks["end"]

    def grown(error: Any, most: Any) -> Any:
        factor = build.fmul(number(_SAFETY), build.call(power, [error, number(-1 / ORDER)]))
        factor = build.select(build.fcmp_ordered("<", factor, number(_SHRINK)), shrink, factor)
        return build.select(build.fcmp_ordered("<", most, factor), most, factor)

    power, shrink = module.declared("pow", 2), number(_SHRINK)
    span = build.load(place["span"])
    build.branch(blocks["next"])

    begin("next")
    done, h, count = (build.load(place[name]) for name in ("done", "h", "count"))
    build.cbranch(build.fcmp_ordered("<", done, span), blocks["room"], end(_DONE))

    begin("room")
    lost = build.or_(
        build.fcmp_ordered(">", count, number(_MOST_STEPS)),
        build.fcmp_ordered("<", h, build.fmul(number(_LEAST), span)),
    )
    full = build.fcmp_ordered(">=", count, build.load(place["room"]))
    ended.append((build.select(lost, number(_GIVEN_UP), number(_FULL)), build.block))
    build.cbranch(build.or_(lost, full), blocks["end"], blocks["try"])

    begin("try")
    left = build.fsub(span, done)
    last = build.fcmp_ordered(">=", h, build.fmul(left, number(1 - 1e-12)))
    h = build.select(last, left, h)
    build.store(h, place["h"])
    build.store(h, h_of_step)
    build.call(step, given)
    error = build.load(module.at(build, out, n))
    build.cbranch(build.fcmp_ordered("<=", error, number(1.0)), blocks["taken"], blocks["refused"])

    begin("refused")
    finite = build.fcmp_ordered("<", error, number(np.inf))
    shorter = build.select(finite, grown(error, number(_SAFETY)), shrink)
    build.store(build.fmul(h, shorter), place["h"])
    build.store(number(1.0), place["grow"])
    build.branch(blocks["next"])

    begin("taken")
    inside = ir.Constant(ir.IntType(1), 1)
    for i in range(events):
        margin = build.load(module.at(build, out, 4 * n + 1 + i))
        inside = build.and_(inside, build.fcmp_ordered(">", margin, number(0.0)))
    build.cbranch(inside, blocks["keep"], end(_BEYOND))

    begin("keep")
    kept = build.fptosi(count, whole)
    rows = build.mul(kept, ir.Constant(whole, n * len(INSIDE)))
    into = [build.gep(pointer, [rows]) for pointer in (states, slopes)]
    dense = module.at(build, out, n + 1)
    build.call(functions["between"], [y, out, dense, h_of_step, *into])
    at = build.gep(steps, [build.mul(kept, ir.Constant(whole, 2))])
    build.store(done, at)
    build.store(h, module.at(build, at, 1))
    for i in range(n):
        build.store(build.load(module.at(build, out, i)), module.at(build, y, i))
    build.store(build.select(last, span, build.fadd(done, h)), place["done"])
    least = number(1e-10)
    error = build.select(build.fcmp_ordered("<", error, least), least, error)
    build.store(build.fmul(h, grown(error, build.load(place["grow"]))), place["h"])
    build.store(number(_GROW), place["grow"])
    build.store(build.fadd(count, number(1.0)), place["count"])
    build.branch(blocks["next"])

    begin("end")
    how = build.phi(module.double)
    for value, block in ended:
        how.add_incoming(value, block)
    build.store(how, place["end"])
    build.ret_void()


class RosenbrockStepper:
    """Follows steps as :class:`twin.model.stepping.Stepper` does, which it falls back to.

    Parameters
    ----------
    code : Code
        The model's.
    rtol, atol : float
        The tolerances.
    other : Stepper
        What solves a step that is not served.
    """

    def __init__(self, code: Code, rtol: float, atol: float, other: Stepper):
        self._code, self._other, n = code, other, code.model.states
        self._t, self._h = np.zeros(1), np.zeros(1)
        self._y, self._p = np.zeros(n), np.zeros(len(code.model.inputs))
        self._allowed = np.array([rtol, atol])
        self._work, self._out = np.zeros(code.work), np.zeros(code.size)
        self._given = [
            address(a)
            for a in (self._t, self._y, self._p, self._h, self._allowed, self._work, self._out)
        ]
        self._f, self._c, self._entries = np.zeros(n), np.zeros(1), np.zeros(code.pattern.nnz())
        self._residual = [address(a) for a in (self._f, self._c, self._entries)]
        self._roots = self._out[4 * n + 1 :]
        self._before = np.zeros(code.events)
        self._margin_places = address(self._roots), address(self._before)
        self._followed_so_far = np.zeros(len(FOLLOWED))
        self._kept: tuple[np.ndarray, ...] = ()
        self._make_room(64)
        self.left_to_other = 0

    def __call__(
        self, t_eval: np.ndarray, t_interp: np.ndarray, y: np.ndarray, p: np.ndarray
    ) -> Stepped:
        """Integrate from a state; see :class:`twin.model.stepping.Stepper`."""
        if len(t_eval) == 2 and not len(t_interp):
            try:
                return self._followed(float(t_eval[0]), float(t_eval[1]), y, p)
            except _GaveUp:
                pass
        self.left_to_other += 1
        return self._other(t_eval, t_interp, y, p)

    def _followed(self, start: float, end: float, y: np.ndarray, p: np.ndarray) -> Stepped:
        model = self._code.model
        n = model.states
        self._p[:], self._t[0] = p, start
        self._y[:] = self._consistent(y)
        margins = self._margins()
        if not np.all(np.isfinite(margins)):
            raise _GaveUp
        if margins.size and margins.min() <= 0:
            raise BeginsBeyond([model.events[int(i)] for i in np.flatnonzero(margins <= 0)])
        span = end - start
        followed = self._followed_so_far
        followed[:] = span, span * _FIRST, _GROW, 0.0, 0.0, 0.0, 0.0
        found, agreed = np.inf, _AGREED * self._allowed[0] * span
        while True:
            followed[_ROOM] = len(self._steps)
            self._code.follow(*self._given, *self._places)
            _, h, _, done, count, _, how = followed.tolist()
            if how == _GIVEN_UP:
                raise _GaveUp
            if how == _DONE:
                return self._told(start, end, int(count), None)
            if how == _FULL:
                self._make_room(2 * len(self._steps))
                continue
            # What lies beyond an event may be no cell any more, and the error of a step into
            # it no error: the event has to be found again from half the way there.
            h = self._crossed(h)
            before, found = found, done + h
            if abs(found - before) <= agreed and self._out[n] <= 1.0:
                break
            followed[_H], followed[_GROWTH] = h / 2, 1.0
        event = model.events[int(np.nanargmin(np.abs(self._roots)))]
        self._keep(done, h, int(count))
        return self._told(start, start + (done + h), int(count) + 1, event)

    def _make_room(self, steps: int) -> None:
        """Make room for so many steps, and for the states and slopes in them."""
        shape = (steps * len(INSIDE) + 1, self._code.model.states)
        made = np.empty((steps, 2)), np.empty(shape), np.empty(shape)
        for new, old in zip(made, self._kept, strict=False):
            new[: len(old)] = old
        self._kept = made
        self._steps, self._states, self._slopes = made
        self._places = [address(a) for a in (self._followed_so_far, *made)]

    def _keep(self, done: float, h: float, count: int) -> None:
        """Keep a step that was tried last, after so many: the points in it, and its end."""
        n = self._code.model.states
        y, out = self._given[1], self._given[6]
        beyond = _DOUBLE * n * len(INSIDE) * count
        self._h[0] = h
        into = (place + beyond for place in self._places[2:])
        self._code.between(y, out, out + _DOUBLE * (n + 1), self._given[3], *into)
        self._steps[count] = done, h

    def _try(self, h: float) -> float:
        self._h[0] = h
        self._code.step(*self._given)
        return float(self._out[self._code.model.states])

    def _margins(self) -> np.ndarray:
        t, y, p, *_ = self._given
        self._code.roots(t, y, p, self._margin_places[0])
        return self._roots

    def _crossed(self, h: float) -> float:
        """Return how far the first event is; ``out`` is as there, on its far side.

        The least margin after a step of ``h`` is followed to zero (Illinois's rule), by
        steps from the same start.
        """
        roots = self._roots
        low, high, at = 0.0, h, h
        at_low, at_high = float(self._margins_before.min()), float(roots.min())
        side = 0
        for _ in range(60):
            if high - low <= _ROOT * h or at_high == 0.0:
                break
            middle = (low * at_high - high * at_low) / (at_high - at_low)
            if not low < middle < high:
                middle = (low + high) / 2
            self._try(middle)
            value, at = float(roots.min()), middle
            if not np.isfinite(value):
                raise _GaveUp
            if value > 0:
                low, at_low = middle, value
                at_high, side = (at_high / 2 if side > 0 else at_high), 1
            else:
                high, at_high = middle, value
                at_low, side = (at_low / 2 if side < 0 else at_low), -1
        if at != high:
            self._try(high)
        return high

    @property
    def _margins_before(self) -> np.ndarray:
        t, y, p, *_ = self._given
        self._code.roots(t, y, p, self._margin_places[1])
        return self._before

    def _consistent(self, y: np.ndarray) -> np.ndarray:
        """Return the state with its algebraic part solved, by Newton's method."""
        code, nd = self._code, self._code.model.differential
        n = code.model.states
        found = np.array(y, dtype=float)
        if nd == n:
            return found
        self._y[:] = found
        t, here, p, *_ = self._given
        f, entries, (rates, c, jacobian) = self._f, self._entries, self._residual
        which, row, column = code.algebraic
        rtol, atol = self._allowed
        for _ in range(_NEWTON):
            code.rhs(t, here, p, rates)
            code.jacobian(t, here, p, c, jacobian)
            block = np.zeros((n - nd, n - nd))
            block[row, column] = entries[which]
            if not (np.all(np.isfinite(f)) and np.all(np.isfinite(block))):
                break
            try:
                change = np.linalg.solve(block, f[nd:])
            except np.linalg.LinAlgError:
                break
            self._y[nd:] += change
            if np.abs(change / (atol + rtol * np.abs(self._y[nd:]))).max() < 1e-3:
                return self._y.copy()
        raise _GaveUp

    def _told(self, start: float, end: float, count: int, event: str | None) -> Stepped:
        """Return the points of the steps kept: each one's start, those inside, and the end."""
        done, h = self._steps[:count].T[:, :, None]
        times = np.append((start + (done + h * np.array(INSIDE))).ravel(), end)
        # Late in a life a step's last moment may be too short to be told from its end.
        fresh = np.append(np.diff(times) > 0, True)
        states, slopes = (rows[: len(times)][fresh] for rows in (self._states, self._slopes))
        return Stepped(times[fresh], states, slopes, event)


def served(model: SolverFunctions) -> Code | None:
    """Return a model's code, or None where the method does not serve it."""
    try:
        return Code(model)
    except (NotServed, CannotCompile):
        return None
