"""Setting at most two parameters so that their observables come out as measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import InputError, TwinError
from twin.specs.naming import find
from twin.specs.quantity import Quantity
from twin.validation.bench import Changes
from twin.validation.observables import Eye
from twin.validation.schema import Calibration

# A parameter is found to a thousandth: finer than any of the targets is known.
_TOLERANCE = 1e-3
# A target is met so near at least; a staircase of currents has steps as coarse.
_NEAR = 0.05
# Below this share of the upper bound a logarithmic search from zero is linear.
_SMALLEST = 1e-6


def calibrated_index(key: str, count: int) -> int | None:
    """Return the calibration that a spread's key names (``calibrate.0``); None for a cell's key.

    Raises
    ------
    InputError
        If there is no such calibration.
    """
    text = key.removeprefix("calibrate.")
    if text == key:
        return None
    if not text.isdigit() or int(text) >= count:
        raise InputError(
            f"{key!r} names no calibration; there are {count}",
            key="row.spread",
            fix="count from 0: calibrate.0 is the first",
        )
    return int(text)


class NotBracketed(InputError):
    """The target is not reached between the bounds."""


@dataclass(frozen=True)
class Fitted:
    """A calibrated parameter: its key, its value in SI units, and on what."""

    key: str
    value: float
    unit: str
    on: str
    target: float

    @property
    def text(self) -> str:
        """``"value unit"``, as it could stand in a cell."""
        return f"{self.value:.6g} {self.unit}".strip()

    def __str__(self) -> str:
        return f"{self.key} = {self.text}"


class Calibrator:
    """Calibrates a case.

    Parameters
    ----------
    eye : Eye
        Looks at the case's runs.
    """

    def __init__(self, eye: Eye):
        self.eye = eye
        self.case = eye.case

    def changes(
        self, values: Sequence[Fitted | None], more: Changes | None = None
    ) -> dict[str, Changes]:
        """Return, for each run, what calibration (and a spread) changes in its cell.

        Without ``values`` nothing is calibrated: the cell's own numbers stand.
        """
        changes: dict[str, dict[str, Any]] = {name: {} for name in self.case.run}
        # While one is sought, those after it have no value yet.
        for value, fit in zip(values, self.case.calibrate, strict=False):
            for name in self._runs(fit) if value is not None else ():
                assert value is not None
                changes[name][fit.key] = value.text
        for key, text in (more or {}).items():
            for name in self._having(key):
                changes[name].setdefault(key, text)
        return dict(changes)

    def _runs(self, fit: Calibration) -> Sequence[str]:
        return fit.runs or self._having(fit.key)

    def _having(self, key: str) -> list[str]:
        """Return the runs whose cell has a key."""
        names = []
        for name in self.case.run:
            try:
                find(self.eye.bench.base(name), key)
            except KeyError:
                continue
            names.append(name)
        if not names:
            raise InputError(f"no run's cell has {key!r}", key=key, fix="correct the key")
        return names

    def fit(self, targets: Sequence[float], more: Changes | None = None) -> list[Fitted]:
        """Return the calibrated parameters.

        Raises
        ------
        NotBracketed
            If a target is not reached between the bounds.
        """
        fitted, problems = self.fit_each(targets, more)
        for error in problems.values():
            raise error
        return [value for value in fitted if value is not None]

    def fit_each(
        self, targets: Sequence[float], more: Changes | None = None
    ) -> tuple[list[Fitted | None], dict[int, TwinError]]:
        """Return what could be calibrated, and by its index why another could not be.

        One that fails leaves the cell's own number, and does not void the other, unless
        both must be found at once.
        """
        fits = self.case.calibrate
        x: list[float | None] = []
        problems: dict[int, TwinError] = {}
        if len(fits) < 2 or self._one_by_one():
            bounds: list[Any] = []
            for k, fit in enumerate(fits):
                try:
                    bounds.append(self._bounds(fit))
                    x.append(self._one(k, x, bounds, targets, more))
                except TwinError as error:
                    problems[k] = error
                    bounds += [None] * (k + 1 - len(bounds))
                    x.append(None)
        else:
            try:
                bounds = [self._bounds(fit) for fit in fits]
                x = [*self._two(bounds, targets, more)]
            except TwinError as error:
                return [None, None], {0: error, 1: error}
        return [self._fitted(k, v, bounds, targets) for k, v in enumerate(x)], problems

    def touches(self, k: int, name: str) -> bool:
        """Return whether calibration ``k`` changes a run that an observable looks at."""
        return bool(set(self._seen_in(name)) & set(self._runs(self.case.calibrate[k])))

    def bounds(self, index: int) -> tuple[float, float, str, float]:
        """Return a calibration's bounds as they are searched; an error if they are none."""
        return self._bounds(self.case.calibrate[index])

    def check_spread(self, key: str, ends: Sequence[Any]) -> None:
        """Refuse a spread whose key is nowhere, or whose ends do not fit it.

        Raises
        ------
        TwinError
            With key and fix.
        """
        if calibrated_index(key, len(self.case.calibrate)) is not None:
            if not all(isinstance(end, int | float) for end in ends):
                raise InputError(
                    f"{key} is the number that is calibrated on, not {ends[0]!r}",
                    key=key,
                    fix="give numbers in the observable's unit",
                )
            return
        for end in ends:
            self.eye.bench.cell(self._having(key)[0], {key: end})

    def _bounds(self, fit: Calibration) -> tuple[float, float, str, float]:
        """Return bounds on the scale of the search, the SI unit, and the smallest scale.

        A logarithmic search from zero is ``asinh(x/smallest)``: linear below it.
        """
        name = self._runs(fit)[0]
        ends = []
        for text in fit.between:
            quantity = find(self.eye.bench.cell(name, {fit.key: text}), fit.key)
            if not isinstance(quantity, Quantity):
                raise InputError(f"{fit.key} is no number", key="calibrate.key")
            if fit.scale == "log" and quantity.si < 0:
                raise InputError(
                    f"{text!r} has no logarithm",
                    key="calibrate.between",
                    fix='give bounds of zero or above, or scale = "linear"',
                )
            ends.append(quantity.si)
        low, high = min(ends), max(ends)
        if fit.scale == "linear":
            return low, high, quantity.unit, 0.0
        if low > 0:
            return math.log(low), math.log(high), quantity.unit, 0.0
        if high == 0:
            raise InputError("both bounds are zero", key="calibrate.between", fix="raise one")
        smallest = high * _SMALLEST
        return 0.0, math.asinh(high / smallest), quantity.unit, smallest

    def _fitted(
        self, k: int, x: float | None, bounds: Any, targets: Sequence[float]
    ) -> Fitted | None:
        if x is None:
            return None
        fit, smallest = self.case.calibrate[k], bounds[k][3]
        value = math.exp(x) if fit.scale == "log" else x
        if smallest:
            value = smallest * math.sinh(x)
        return Fitted(fit.key, value, bounds[k][2], fit.on, targets[k])

    def _one_by_one(self) -> bool:
        """Whether the second parameter changes nothing that the first observable looks at."""
        first, second = self.case.calibrate
        return not set(self._seen_in(first.on)) & set(self._runs(second))

    def _seen_in(self, name: str) -> list[str]:
        """Return the runs that an observable looks at."""
        seen = self.case.see[name]
        if seen.of:
            return [run for other in seen.of for run in self._seen_in(other)]
        return [seen.run or next(iter(self.case.run))]

    def _off(self, k: int, x: Any, bounds: Any, targets: Any, more: Any) -> float:
        """Return how far observable ``k`` is off its target, relative to it."""
        values = [self._fitted(i, xi, bounds, targets) for i, xi in enumerate(x)]
        seen = self.eye.see(self.case.calibrate[k].on, self.changes(values, more))
        if isinstance(seen, str):
            raise InputError("a calibration needs a number", key="calibrate.on")
        value: float = (seen - targets[k]) / (abs(targets[k]) or 1.0)
        return value

    def _one(self, k: int, before: Any, bounds: Any, targets: Sequence[float], more: Any) -> float:
        """Bracket one parameter, those before it found already."""
        from scipy.optimize import brentq

        low, high, *_ = bounds[k]

        def off(x: float) -> float:
            return self._off(k, [*before, x], bounds, targets, more)

        at_low, at_high = off(low), off(high)
        if at_low * at_high > 0:
            values = [
                [self._fitted(i, xi, bounds, targets) for i, xi in enumerate([*before, end])]
                for end in (low, high)
            ]
            died = [
                self.eye.death(self.case.calibrate[k].on, self.changes(v, more)) for v in values
            ]
            self._not_bracketed(k, targets[k], at_low, at_high, died)
        logarithmic = self.case.calibrate[k].scale == "log"
        near = _TOLERANCE * (1.0 if logarithmic else high - low)
        root = float(brentq(off, low, high, xtol=near))
        self._inside(k, root, bounds[k], near)
        sides = [off(root - near), off(root), off(root + near)]
        if min(map(abs, sides)) > _NEAR:
            self._jumps(k, targets[k], min(sides), max(sides))
        return root

    def _inside(self, k: int, x: float, bounds: Any, near: float) -> None:
        """Refuse a value at its bound: the bound was found, not the value."""
        fit = self.case.calibrate[k]
        for end, at in enumerate(bounds[:2]):
            if abs(x - at) <= near:
                text = ("lower", "upper")[end]
                raise NotBracketed(
                    f"{fit.key} ends at its {text} bound",
                    key=fit.key,
                    fix="widen the bounds, or accept the miss",
                )

    def _jumps(self, k: int, target: float, below: float, above: float) -> None:
        fit, scale = self.case.calibrate[k], abs(target) or 1.0
        raise NotBracketed(
            f"{fit.on} jumps from {target + below * scale:.3g} to {target + above * scale:.3g} "
            f"as {fit.key} changes, over {target:g}",
            key=fit.key,
            fix="calibrate another number, or accept the miss",
        )

    def _not_bracketed(
        self, k: int, target: float, at_low: float, at_high: float, died: Sequence[str]
    ) -> None:
        fit = self.case.calibrate[k]
        scale = abs(target) or 1.0
        causes = "".join(
            f"; at {text} {cause}" for text, cause in zip(fit.between, died, strict=True) if cause
        )
        if abs(at_high - at_low) <= _TOLERANCE:
            raise NotBracketed(
                f"{fit.key} has no leverage: between {fit.between[0]} and {fit.between[1]} "
                f"{fit.on} stays at {target + at_low * scale:.3g}, never {target:g}{causes}",
                key=fit.key,
                fix="calibrate another number, or accept the miss",
            )
        ends = " to ".join(f"{target + off * scale:.3g}" for off in (at_low, at_high))
        raise NotBracketed(
            f"{fit.key} between {fit.between[0]} and {fit.between[1]} gives {fit.on} = {ends}, "
            f"never {target:g}{causes}",
            key=fit.key,
            fix="widen the bounds, or accept the miss",
        )

    def _two(self, bounds: Any, targets: Sequence[float], more: Any) -> list[float]:
        """Least squares on both at once, from the middle of the bounds."""
        from scipy.optimize import least_squares

        low = np.array([b[0] for b in bounds])
        high = np.array([b[1] for b in bounds])

        def off(x: np.ndarray) -> list[float]:
            return [self._off(k, list(x), bounds, targets, more) for k in (0, 1)]

        # Observables of whole runs carry the solver's noise: differences must be larger.
        solution = least_squares(
            off, (low + high) / 2, bounds=(low, high), diff_step=1e-3, xtol=1e-5, x_scale=high - low
        )
        if np.max(np.abs(solution.fun)) > 0.02:
            k = int(np.argmax(np.abs(solution.fun)))
            fit = self.case.calibrate[k]
            raise NotBracketed(
                f"{fit.on} comes no nearer to {targets[k]:g} than "
                f"{targets[k] * (1 + solution.fun[k]):.3g}",
                key=fit.key,
                fix="widen the bounds, or accept the miss",
            )
        for k, x in enumerate(solution.x):
            self._inside(k, float(x), bounds[k], _TOLERANCE * (high[k] - low[k]))
        return [float(x) for x in solution.x]
