"""From a case's observables to numbers: runs read, sweeps fitted, others compared."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.specs.naming import find
from twin.specs.overrides import PROTOCOL
from twin.specs.quantity import Quantity
from twin.status import Status
from twin.units import UnitError, to_si
from twin.validation.bench import CaseBench, Changes, RunData
from twin.validation.fits import FITS
from twin.validation.line import Curve
from twin.validation.readings import drawn_curve, read, unit_of
from twin.validation.schema import Observable, Vary
from twin.validation.tolerance import Value
from twin.validation.vocabulary import OF_OTHERS, WORDS

# Bisection: a thousandth of a decade or so is finer than any measured threshold.
_EDGE_STEPS = 11
# What an edge's or a fit's result is not told in: the observable's own unit.
_UNITLESS = ("exponent", "r2", "trend", "span")


class Eye:
    """Looks at a case's runs.

    Parameters
    ----------
    bench : CaseBench
        The runs.
    """

    def __init__(self, bench: CaseBench):
        self.bench = bench
        self.case = bench.case

    def see(self, name: str, changes: dict[str, Changes]) -> Value:
        """Return an observable in its own unit.

        Parameters
        ----------
        name : str
            The observable.
        changes : dict
            For each run, the keys that are changed (calibrated, or at the end of a
            spread).
        """
        seen = self.case.see[name]
        if seen.take in OF_OTHERS:
            return self._of_others(seen, changes)
        run = seen.run or next(iter(self.case.run))
        given = dict(changes.get(run, {}))
        vary = self.case.run[run].vary
        if seen.over is None:
            if vary is not None:
                given.setdefault(vary.key, (vary.values or vary.between or (0,))[0])
            return self._in_unit(seen, self._read(seen, run, given))
        if vary is None:
            raise InputError(
                f"run {run!r} has no sweep", key=f"see.{name}.over", fix=f"add [run.{run}.vary]"
            )
        if seen.over == "edge":
            return self._edge(seen, run, vary, given)
        return self._fit(seen, run, vary, given)

    def _read(self, seen: Observable, run: str, changes: Changes) -> Value:
        return read(seen, self.bench.solve(run, changes))

    def _in_unit(self, seen: Observable, value: Value) -> Value:
        if isinstance(value, str) or not seen.unit:
            return value
        return value / _factor(seen.unit, _si_unit(seen))

    def swept(self, run: str, vary: Vary, value: Any, changes: Changes) -> float:
        """Return a swept value as a number in the sweep's unit."""
        if vary.key.startswith(PROTOCOL):
            return to_si(str(value), vary.unit)
        quantity = find(self.bench.cell(run, {**changes, vary.key: value}), vary.key)
        if not isinstance(quantity, Quantity):
            raise InputError(f"{vary.key} is no number", key="vary.key", fix="sweep a quantity")
        if quantity.unit == "K" or not vary.unit:
            return quantity.si
        return quantity.si / _factor(vary.unit, quantity.unit)

    def _fit(self, seen: Observable, run: str, vary: Vary, changes: Changes) -> float:
        if not vary.values:
            raise InputError(f"run {run!r} sweeps no values", key="vary", fix="give values")
        x = [self.swept(run, vary, v, changes) for v in vary.values]
        y = [self._in_unit(seen, self._read(seen, run, {**changes, vary.key: v}))
             for v in vary.values]  # fmt: skip
        if any(isinstance(v, str) for v in y):
            raise InputError(f"{seen.take!r} is a word, not a number", key="over")
        return FITS[str(seen.over)](np.array(x, dtype=float), np.array(y, dtype=float))

    def _edge(self, seen: Observable, run: str, vary: Vary, changes: Changes) -> float:
        """Return the swept value at which a 1/0 observable turns, by bisection."""
        if vary.between is None:
            raise InputError(f"run {run!r} sweeps not between two", key="vary", fix="give between")
        a, b = (self.swept(run, vary, v, changes) for v in vary.between)
        logarithmic = a > 0 and b > 0

        def answer(x: float) -> bool:
            return bool(self._read(seen, run, {**changes, vary.key: f"{x:.9g} {vary.unit}"}))

        at_a = answer(a)
        if answer(b) == at_a:
            raise InputError(
                f"the answer does not turn between {a:g} and {b:g} {vary.unit}: it is "
                f"{'yes' if at_a else 'no'} at both",
                key="vary.between",
                fix="sweep further",
            )
        for _ in range(_EDGE_STEPS):
            middle = math.sqrt(a * b) if logarithmic else (a + b) / 2
            if answer(middle) == at_a:
                a = middle
            else:
                b = middle
        return math.sqrt(a * b) if logarithmic else (a + b) / 2

    def _of_others(self, seen: Observable, changes: dict[str, Changes]) -> float:
        values = [self.see(name, changes) for name in seen.of]
        if any(isinstance(v, str) for v in values):
            raise InputError(f"{seen.take!r} needs numbers", key="of")
        numbers = [float(v) for v in values]
        if seen.take in ("quotient", "difference"):
            if len(numbers) != 2:
                raise InputError(f"{seen.take!r} is of two", key="of", fix="name two observables")
            first, second = numbers
            if seen.take == "difference":
                return first - second
            return first / second if second else math.inf
        if seen.take == "sum":
            return sum(numbers)
        if seen.take == "order":
            return float(all(a > b for a, b in pairwise(numbers)))
        return sum(bool(n) for n in numbers) / len(numbers)

    def death(self, name: str, changes: dict[str, Changes]) -> str:
        """Return how the run that an observable looks at died; empty if it did not."""
        seen = self.case.see[name]
        run = seen.run or next(iter(self.case.run))
        if seen.take in OF_OTHERS or seen.over is not None or self.case.run[run].vary is not None:
            return ""
        data = self.bench.solve(run, changes.get(run, {}))
        if not isinstance(data, RunData) or data.outcome.kind != Status.CELL_FAILED:
            return ""
        o = data.outcome
        return f"it died in cycle {o.cycle}, after {o.time_h or 0:.3g} h, of {o.mode}: {o.says}"

    def curve(self, name: str, changes: dict[str, Changes]) -> Curve | None:
        """Return the curve that an observable's misfit is of, beside the published one."""
        seen = self.case.see[name]
        run = seen.run or next(iter(self.case.run))
        if seen.take != "curve" or seen.over is not None or self.case.run[run].vary is not None:
            return None
        data = self.bench.solve(run, changes.get(run, {}))
        return drawn_curve(seen, data) if isinstance(data, RunData) else None

    def unit(self, name: str) -> str:
        """Return the unit an observable's number is told in."""
        seen = self.case.see[name]
        if seen.over == "edge":
            run = self.case.run[seen.run or next(iter(self.case.run))]
            return run.vary.unit if run.vary is not None else ""
        if seen.over == "arrhenius":
            return "eV"
        if seen.over in _UNITLESS:
            return ""
        return seen.unit


def _si_unit(seen: Observable) -> str:
    word = WORDS[seen.take]
    if seen.take == "capacity":
        return {"cell": "A*hour", "area": "A*hour/m^2", "mass": "A*hour/kg"}[seen.per]
    return unit_of(str(seen.variable)) if word.unit is None else word.unit


def unfit_unit(seen: Observable) -> str:
    """Return what is wrong with an observable's unit; empty if it fits."""
    if seen.take in OF_OTHERS or not seen.unit or seen.take == "outcome":
        return ""
    try:
        _factor(seen.unit, _si_unit(seen))
    except InputError as error:
        return error.problems[0].message
    return ""


def _factor(unit: str, si: str) -> float:
    """Return how many of ``si`` one ``unit`` is."""
    if unit == "%" and not si:
        return 0.01
    try:
        return to_si(f"1 {unit}", si)
    except UnitError as error:
        raise InputError(f"the unit {unit!r} does not fit: {error}", key="unit") from None
