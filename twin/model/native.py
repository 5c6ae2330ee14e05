"""CasADi's scalar functions as machine code, by LLVM.

CasADi walks through the instructions of a function one by one, each time it is called. Here the
same instructions, in the same order, are written as LLVM's intermediate representation and
compiled in memory: nothing is written to disk, and no compiler is asked for. No operation is
merged with another one nor reordered (no fast-math, no contraction), and exponentials and the
like are those of the C library that CasADi calls, so the numbers are the same to the last bit.

``llvmlite`` is an optional extra (``pip install 'sodium-cell-twin[fast]'``); :func:`available`
says whether it is there.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import casadi
import numpy as np

_UNARY = {
    casadi.OP_EXP: "exp",
    casadi.OP_LOG: "log",
    casadi.OP_SIN: "sin",
    casadi.OP_COS: "cos",
    casadi.OP_TAN: "tan",
    casadi.OP_ASIN: "asin",
    casadi.OP_ACOS: "acos",
    casadi.OP_ATAN: "atan",
    casadi.OP_SINH: "sinh",
    casadi.OP_COSH: "cosh",
    casadi.OP_TANH: "tanh",
    casadi.OP_ASINH: "asinh",
    casadi.OP_ACOSH: "acosh",
    casadi.OP_ATANH: "atanh",
    casadi.OP_LOG1P: "log1p",
    casadi.OP_EXPM1: "expm1",
    casadi.OP_FLOOR: "floor",
    casadi.OP_CEIL: "ceil",
    casadi.OP_ERF: "erf",
}
_BINARY = {
    casadi.OP_POW: "pow",
    casadi.OP_CONSTPOW: "pow",
    casadi.OP_FMIN: "fmin",
    casadi.OP_FMAX: "fmax",
    casadi.OP_FMOD: "fmod",
    casadi.OP_ATAN2: "atan2",
    casadi.OP_HYPOT: "hypot",
    casadi.OP_COPYSIGN: "copysign",
}
_FIELD = {
    casadi.OP_ADD: "fadd",
    casadi.OP_SUB: "fsub",
    casadi.OP_MUL: "fmul",
    casadi.OP_DIV: "fdiv",
}
_COMPARED = {casadi.OP_LT: "<", casadi.OP_LE: "<=", casadi.OP_EQ: "==", casadi.OP_NE: "!="}


class CannotCompile(Exception):
    """A function that has no machine code here; the message says why."""


def available() -> bool:
    """Return whether ``llvmlite`` is installed."""
    return importlib.util.find_spec("llvmlite") is not None


@lru_cache(maxsize=1)
def _library() -> None:
    """Make the C library's functions known to LLVM, under names whose meaning it does not guess.

    Of a call of ``pow`` LLVM may make a product, which is another number in the last bit.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    c = ctypes.CDLL(ctypes.util.find_library("m") or None)
    for name in {*_UNARY.values(), *_BINARY.values()}:
        address = ctypes.cast(getattr(c, name), ctypes.c_void_p).value
        llvm.add_symbol(f"c_{name}", address)


class Module:
    """Functions that are compiled together and may call one another.

    Each takes pointers to its inputs' and its outputs' numbers (those that are not zero by
    structure), in CasADi's order.
    """

    def __init__(self) -> None:
        from llvmlite import ir

        _library()
        self.ir = ir
        self.double = ir.DoubleType()
        self.pointer = self.double.as_pointer()
        self.module: Any = ir.Module(name="twin")
        self._c: dict[str, Any] = {}
        self._engine: Any = None

    def declared(self, name: str, arguments: int) -> Any:
        """Return a function of the C library."""
        if name not in self._c:
            kind = self.ir.FunctionType(self.double, [self.double] * arguments)
            function = self.ir.Function(self.module, kind, name=f"c_{name}")
            function.attributes.add("nounwind")
            self._c[name] = function
        return self._c[name]

    def begun(self, name: str, pointers: int, wholes: int = 0) -> tuple[Any, Any]:
        """Begin a function of whole numbers and pointers; return it and its body's builder."""
        given = [self.ir.IntType(64)] * wholes + [self.pointer] * pointers
        function = self.ir.Function(
            self.module, self.ir.FunctionType(self.ir.VoidType(), given), name=name
        )
        for argument in function.args[wholes:]:
            argument.add_attribute("noalias")
        return function, self.ir.IRBuilder(function.append_basic_block("entry"))

    def whole(self, value: int) -> Any:
        """Return a constant that counts."""
        return self.ir.Constant(self.ir.IntType(64), value)

    @contextmanager
    def each(self, build: Any, count: Any) -> Iterator[Any]:
        """Build what is done for each ``k`` from 0 to below ``count``, which is not 0."""
        before = build.block
        body, after = (build.function.append_basic_block(name) for name in ("each", "after"))
        build.branch(body)
        build.position_at_end(body)
        k = build.phi(self.ir.IntType(64))
        k.add_incoming(self.whole(0), before)
        yield k
        following = build.add(k, self.whole(1))
        k.add_incoming(following, build.block)
        build.cbranch(build.icmp_signed("<", following, count), body, after)
        build.position_at_end(after)

    def spread(self, build: Any, values: Any, out: Any, number: int, k: Any, count: Any) -> None:
        """Store values as column ``k`` of ``count``."""
        for i in range(number):
            place = build.add(build.mul(count, self.whole(i)), k)
            build.store(build.load(self.at(build, values, i)), build.gep(out, [place]))

    def add(self, name: str, function: casadi.Function) -> Any:
        """Add a function of CasADi's.

        Raises
        ------
        CannotCompile
            If it is no scalar function, or holds an operation that is not known here.
        """
        if not function.is_a("SXFunction"):
            raise CannotCompile(f"{name} is no scalar function")
        given, taken = function.n_in(), function.n_out()
        made, build = self.begun(name, given + taken)
        work: dict[int, Any] = {}
        for k in range(function.n_instructions()):
            op = function.instruction_id(k)
            into, of = function.instruction_output(k), function.instruction_input(k)
            if op == casadi.OP_INPUT:
                work[into[0]] = build.load(self._place(build, made.args[of[0]], of[1]))
            elif op == casadi.OP_OUTPUT:
                build.store(work[of[0]], self._place(build, made.args[given + into[0]], into[1]))
            elif op == casadi.OP_CONST:
                work[into[0]] = self.number(function.instruction_constant(k))
            else:
                work[into[0]] = self._value(build, op, [work[i] for i in of])
        build.ret_void()
        return made

    def number(self, value: float) -> Any:
        """Return a constant."""
        return self.ir.Constant(self.double, float(value))

    def _place(self, build: Any, pointer: Any, index: int) -> Any:
        return build.gep(pointer, [self.ir.Constant(self.ir.IntType(64), index)], inbounds=True)

    def at(self, build: Any, pointer: Any, index: int) -> Any:
        """Return the pointer so many numbers further."""
        return self._place(build, pointer, index)

    def _value(self, build: Any, op: int, x: Sequence[Any]) -> Any:
        """Return what an operation makes of its arguments, as CasADi computes it."""
        zero, one = self.number(0.0), self.number(1.0)
        if op in _FIELD:
            return getattr(build, _FIELD[op])(x[0], x[1])
        if op in _UNARY:
            return build.call(self.declared(_UNARY[op], 1), [x[0]])
        if op in _BINARY:
            return build.call(self.declared(_BINARY[op], 2), [x[0], x[1]])
        if op in _COMPARED:
            way = _COMPARED[op]
            compare = build.fcmp_unordered if way == "!=" else build.fcmp_ordered
            return build.select(compare(way, x[0], x[1]), one, zero)
        if op == casadi.OP_NEG:
            return build.fneg(x[0])
        if op == casadi.OP_SQ:
            return build.fmul(x[0], x[0])
        if op == casadi.OP_TWICE:
            return build.fmul(self.number(2.0), x[0])
        if op == casadi.OP_INV:
            return build.fdiv(one, x[0])
        if op == casadi.OP_SQRT:
            intrinsic = self.module.declare_intrinsic("llvm.sqrt", [self.double])
            return build.call(intrinsic, [x[0]])
        if op == casadi.OP_FABS:
            intrinsic = self.module.declare_intrinsic("llvm.fabs", [self.double])
            return build.call(intrinsic, [x[0]])
        if op == casadi.OP_ASSIGN:
            return x[0]
        true = [build.fcmp_unordered("!=", v, zero) for v in x[:2]]
        if op == casadi.OP_IF_ELSE_ZERO:
            return build.select(true[0], x[1], zero)
        if op == casadi.OP_NOT:
            return build.select(true[0], zero, one)
        if op == casadi.OP_AND:
            return build.select(build.and_(*true), one, zero)
        if op == casadi.OP_OR:
            return build.select(build.or_(*true), one, zero)
        if op == casadi.OP_SIGN:
            above = build.select(build.fcmp_ordered(">", x[0], zero), one, x[0])
            return build.select(build.fcmp_ordered("<", x[0], zero), self.number(-1.0), above)
        raise CannotCompile(f"CasADi's operation {op} is not known here")

    def compile(
        self, arguments: Mapping[str, Sequence[Any]] | None = None
    ) -> Mapping[str, Callable[..., None]]:
        """Compile all functions; return those that can be called, by name.

        ``arguments`` are the kinds of those of a function that takes not only pointers.
        """
        import llvmlite.binding as llvm

        parsed = llvm.parse_assembly(str(self.module))
        parsed.verify()
        machine = llvm.Target.from_default_triple().create_target_machine(opt=2)
        options = llvm.create_pipeline_tuning_options(speed_level=1)
        passes = llvm.create_pass_builder(machine, options)
        passes.getModulePassManager().run(parsed, passes)
        names = [(f.name, len(f.args)) for f in self.module.functions if not f.is_declaration]
        # Many thousand objects, each of which Python's collector would look at again and again.
        self.module, self._c = None, {}
        self._engine = llvm.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()
        made = {}
        for name, pointers in names:
            kinds = (arguments or {}).get(name, [ctypes.c_void_p] * pointers)
            made[name] = ctypes.CFUNCTYPE(None, *kinds)(self._engine.get_function_address(name))
        return made


def address(array: np.ndarray) -> int:
    """Return where an array's numbers lie."""
    return int(array.ctypes.data)


class CompiledBatch:
    """A function of ``(t, y, p)`` called for many columns at once, by machine code.

    As :class:`twin.model.batch.Batch`, with the same numbers.

    Parameters
    ----------
    function : casadi.Function
        A scalar function; its output is dense.
    size : int
        How many columns a call takes where there is no machine code.
    states : sequence of int, optional
        The places of ``y`` among a solution's states, all of them by default.

    Raises
    ------
    CannotCompile
        If it cannot be compiled.
    """

    def __init__(self, function: casadi.Function, size: int, states: Sequence[int] | None = None):
        self.size = size
        module = Module()
        one = module.add("one", function)
        self._states, self._outputs = function.numel_in(1), function.numel_out(0)
        self._many(module, one)
        _between(module, one, range(self._states) if states is None else states, self._outputs)
        self._module = module  # the code lives as long as this does
        made = module.compile(
            {
                "many": [ctypes.c_int64, *[ctypes.c_void_p] * 4],
                "between": [*[ctypes.c_int64] * 3, *[ctypes.c_void_p] * 6],
            }
        )
        self._at, self._inside = made["many"], made["between"]
        self._asked: tuple[np.ndarray | None, ...] = (None,) * 4

    def _many(self, module: Module, one: Any) -> None:
        """Add ``many(count, t, y, p, out)``, a row a time in ``y``, a column in ``out``."""
        many, build = module.begun("many", 4, wholes=1)
        count, t, y, p, out = many.args
        values = build.alloca(module.double, self._outputs)
        with module.each(build, count) as k:
            time, row = build.gep(t, [k]), build.gep(y, [build.mul(k, module.whole(self._states))])
            build.call(one, [time, row, p, values])
            module.spread(build, values, out, self._outputs, k, count)
        build.ret_void()

    def __call__(self, t: np.ndarray, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return the outputs, shape (outputs, n)."""
        count = len(t)
        result = np.empty((self._outputs, count))
        if count:
            times, states, given = (np.ascontiguousarray(a, dtype=float) for a in (t, y.T, p))
            self._at(count, *map(address, (times, states, given, result)))
        return result

    def between(
        self, t: np.ndarray, p: np.ndarray, known: np.ndarray, y: np.ndarray, yp: np.ndarray
    ) -> np.ndarray:
        """Return the outputs, shape (outputs, n), at times between those of a solution.

        The states there are those of :meth:`twin.model.pybamm_compat.StepResult.at`.

        Parameters
        ----------
        t, p : ndarray
            The times, and the function's other inputs.
        known, y, yp : ndarray, shapes (m,), (states, m), (states, m)
            Two or more times of a solution, its states there and their slopes.
        """
        count = len(t)
        result = np.empty((self._outputs, count))
        asked = p, known, y, yp
        if any(one is not other for one, other in zip(asked, self._asked, strict=True)):
            # A step is looked at several times: where its numbers lie is found out once.
            rows = [np.ascontiguousarray(a, dtype=float) for a in (p, known, y.T, yp.T)]
            self._asked, self._rows, self._places = asked, rows, [address(a) for a in rows]
        times = np.ascontiguousarray(t, dtype=float)
        given, *solution = self._places
        place = address(times), given, *solution, address(result)
        self._inside(count, len(known) - 2, len(y), *place)
        return result


def _between(module: Module, one: Any, places: Sequence[int], outputs: int) -> None:
    """Add ``between(count, last, states, t, p, known, y, yp, out)``.

    With the cubic Hermite polynomial of the last known point at or before each time (counted
    from 0, ``last`` at most) and the one after it; every operation in the order of
    ``StepResult.at``, so that the numbers are the same.
    """
    number, whole = module.number, module.whole
    function, build = module.begun("between", 6, wholes=3)
    count, last, states, t, p, known, y, yp, out = function.args
    own = build.alloca(module.double, len(places) or 1)
    values = build.alloca(module.double, outputs)
    low, high = (build.alloca(module.ir.IntType(64)) for _ in range(2))
    with module.each(build, count) as k:
        time = build.gep(t, [k])
        now = build.load(time)
        build.store(whole(0), low)
        build.store(last, high)
        test, body, found = (function.append_basic_block() for _ in range(3))
        build.branch(test)
        build.position_at_end(test)
        least, most = build.load(low), build.load(high)
        build.cbranch(build.icmp_signed("<", least, most), body, found)
        build.position_at_end(body)
        middle = build.sdiv(build.add(build.add(least, most), whole(1)), whole(2))
        past = build.fcmp_ordered("<=", build.load(build.gep(known, [middle])), now)
        build.store(build.select(past, middle, least), low)
        build.store(build.select(past, most, build.sub(middle, whole(1))), high)
        build.branch(test)
        build.position_at_end(found)
        start = build.load(build.gep(known, [least]))
        end = build.load(build.gep(known, [build.add(least, whole(1))]))
        h = build.fsub(end, start)
        x, one_, two, three = build.fdiv(build.fsub(now, start), h), *map(number, (1.0, 2.0, 3.0))
        square, left = build.fmul(x, x), build.fsub(one_, x)
        b = build.fmul(square, build.fsub(three, build.fmul(two, x)))
        c = build.fmul(build.fmul(x, build.fmul(left, left)), h)
        d = build.fmul(build.fmul(square, build.fsub(x, one_)), h)
        weights = build.fsub(one_, b), b, c, d
        here = build.mul(least, states)
        after = build.add(here, states)
        rows = [build.gep(a, [row]) for a, row in ((y, here), (y, after), (yp, here), (yp, after))]
        for i, place in enumerate(places):
            parts = [
                build.fmul(build.load(module.at(build, row, place)), weight)
                for row, weight in zip(rows, weights, strict=True)
            ]
            total = parts[0]
            for part in parts[1:]:
                total = build.fadd(total, part)
            build.store(total, module.at(build, own, i))
        build.call(one, [time, own, p, values])
        module.spread(build, values, out, outputs, k, count)
    build.ret_void()
