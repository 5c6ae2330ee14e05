"""Least squares on a model built once, with finite differences and few solves.

In the coordinates ``z`` of the free numbers (:mod:`twin.calibration.parameters`) the sum

    S(z) = sum_c sum_i ((V_ci(z) - U_ci)/w_ci)^2 + |z|^2
    w_ci^2 = (n_c/m) (sigma_V^2 + (sigma_q dU/dq)^2)

is made least by ``scipy.optimize.least_squares``: ``U`` are the measured voltages of the
curves ``c``, ``n_c`` their points, of which the model's own error leaves some ``m`` independent,
and ``|z|^2`` is the prior. Where the curve is steep, at its ends, an error ``sigma_q`` of the
charge counts as one of the voltage. Temperatures, where measured, stand beside the voltages,
and so do both parts of impedance spectra (:mod:`twin.calibration.spectra`).

A Jacobian costs one solve a number and curve, so it is found by differences only at the
beginning of each round; on the way Broyden's rank-one update carries it on::

    J <- J + (dr - J dz) dz^T/(dz^T dz)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.calibration.data import Curve
from twin.calibration.forward import Forward, Simulated
from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber, only_impedance
from twin.calibration.spectra import Sweep, Swept

SIGMA_V = number_of("expected", "voltage")
SIGMA_K = number_of("expected", "temperature")
SIGMA_Q = number_of("expected", "charge")
"""What a model is expected to be wrong by: [V], [K], and in charge, of the nominal capacity."""
INDEPENDENT = number_of("expected", "independent")
"""How many points of a curve count as independent."""
STEP = number_of("fit", "step")
"""Of a finite difference, in standard deviations of the prior."""
Record = Curve | Sweep
Answer = Simulated | Swept
_FEWEST = 3
"""A round with fewer columns found anew, or fewer trials after them, is not begun."""
_EDGE = 1e-3
_STEEPEST = number_of("expected", "steepest")


@dataclass
class Fitted:
    """Where a fit ended.

    Attributes
    ----------
    z : ndarray
        The numbers' coordinates.
    told : list of Simulated or Swept
        The curves and spectra there.
    cost : float
        ``S/2``.
    jacobian : ndarray
        ``d residual / d z`` there or near it, prior rows left out, weights left in.
    rounds : int
        How many rounds it took.
    """

    z: np.ndarray
    told: list[Answer]
    cost: float
    jacobian: np.ndarray
    rounds: int = 0
    history: list[float] = field(default_factory=list)


class Problem:
    """The residuals of some curves, remembered, in weighted form.

    Parameters
    ----------
    forward : Forward
        The model.
    curves : sequence of Curve or Sweep
        The curves and spectra, thinned.
    active : sequence of int
        Which of the model's free numbers move; the others stay at ``base``.
    base : ndarray
        Coordinates of all of them.
    on_solve : callable
        Told after each solve.
    sharp : float or ndarray
        The weights are so much larger than those expected beforehand; of all or of each value.
    """

    def __init__(
        self,
        forward: Forward,
        curves: Sequence[Record],
        active: Sequence[int],
        base: np.ndarray,
        on_solve: Callable[[], None] = lambda: None,
        sharp: float | np.ndarray = 1.0,
    ):
        self.forward, self.curves = forward, list(curves)
        self.active, self.base = list(active), np.array(base, dtype=float)
        self.on_solve = on_solve
        self.weights = sharp * weights(self.curves)
        self._kept: dict[bytes, tuple[np.ndarray, list[Answer]]] = {}

    @property
    def items(self) -> list[FreeNumber]:
        """The numbers that move."""
        return [self.forward.free[i] for i in self.active]

    def whole(self, z: np.ndarray) -> np.ndarray:
        """Return the coordinates of all free numbers with the active ones at ``z``."""
        full = self.base.copy()
        full[self.active] = z
        return full

    def told(self, z: np.ndarray) -> list[Answer]:
        """Return the simulated curves."""
        return self._solved(z)[1]

    def residuals(self, z: np.ndarray) -> np.ndarray:
        """Return the weighted differences, without the prior."""
        return self._solved(z)[0]

    def _solved(self, z: np.ndarray) -> tuple[np.ndarray, list[Answer]]:
        key = np.asarray(z, dtype=float).tobytes()
        if key not in self._kept:
            full = self.whole(z)
            x = [item.x(v) for item, v in zip(self.forward.free, full, strict=True)]
            told = []
            for curve in self.curves:
                told.append(self.forward(x, curve))
                self.on_solve()
            gap = simulated(self.curves, told) - measured(self.curves)
            self._kept[key] = (self.weights * gap, told)
        return self._kept[key]

    def differences(
        self, z: np.ndarray, before: np.ndarray | None = None, columns: int | None = None
    ) -> np.ndarray:
        """Return the Jacobian by one-sided differences, away from the nearer bound.

        Only the ``columns`` that were longest in the one ``before`` are found anew, if that is
        said; the others stay.
        """
        r = self.residuals(z)
        J = np.zeros((len(r), len(z))) if before is None else before.copy()
        anew = range(len(z)) if columns is None else _longest(J, columns)
        for k in anew:
            low, high = self.items[k].z_bounds
            step = STEP if z[k] + STEP <= high else -STEP
            beside = z.copy()
            beside[k] = min(max(z[k] + step, low), high)
            span = float(beside[k] - z[k])
            J[:, k] = 0.0 if span == 0 else self._column(k, z, beside, span)
        return J

    def _column(self, k: int, z: np.ndarray, beside: np.ndarray, span: float) -> np.ndarray:
        """Return a column, without a solve where the number's effect on a curve is known.

        That of a contact's resistance is ``dV/dR = -I/A``; a capacitance has none; that of a
        drawn open-circuit curve is ``dU/dp`` at the surface's filling (single-particle model:
        the current is given, so no potential moves the filling, nor a heat).
        """
        item, area = self.items[k], self.forward.area
        own, x = (
            [i.x(v) for i, v in zip(self.forward.free, self.whole(at), strict=True)]
            for at in (z, beside)
        )
        r, before = self._solved(z)
        told, known = list(before), list[tuple[int, Any]]()
        for n, record in enumerate(self.curves):
            if isinstance(record, Sweep):
                told[n] = self.forward(x, record)
            elif only_impedance(item.key):
                known.append((n, 0.0))
            elif record.temperature is None and _is_contact(item):
                known.append((n, -item.width * record.current / area))
            elif (rise := self.forward.risen(item, before[n], own, x)) is not None:
                warm = np.zeros(0 if record.temperature is None else len(rise))
                known.append((n, np.append(rise, warm) / span))
            else:
                told[n] = self.forward(x, record)
                self.on_solve()
        gap = simulated(self.curves, told) - measured(self.curves)
        column: np.ndarray = (self.weights * gap - r) / span
        ends = np.cumsum([0, *(len(measured([record])) for record in self.curves)])
        for n, value in known:
            here = slice(ends[n], ends[n + 1])
            column[here] = value * self.weights[here]
        return column


def _is_contact(item: FreeNumber) -> bool:
    return (
        item.key.startswith("interfaces.")
        and item.key.endswith("resistance.value")
        and (item.kind == "linear")
    )


def residuals(curves: Sequence[Record], told: Sequence[Answer]) -> np.ndarray:
    """Return the weighted differences between simulated and measured curves and spectra."""
    value: np.ndarray = weights(curves) * (simulated(curves, told) - measured(curves))
    return value


def weights(curves: Sequence[Record]) -> np.ndarray:
    """Return ``1/w`` of each voltage, temperature and share of ``|Z|``, record by record."""
    parts = []
    for curve in curves:
        if isinstance(curve, Sweep):
            parts.append(curve.weights)
            continue
        weight = np.sqrt(min(INDEPENDENT, len(curve.t)) / len(curve.t))
        parts.append(weight / (SIGMA_V * steepness(curve)))
        if curve.temperature is not None:
            parts.append(np.full(len(curve.t), weight / SIGMA_K))
    whole: np.ndarray = np.concatenate(parts)
    return whole


def measured(curves: Sequence[Record]) -> np.ndarray:
    """Return the measured voltages, temperatures and shares of ``|Z|``, record by record."""
    parts = []
    for curve in curves:
        if isinstance(curve, Sweep):
            parts.append(curve.values)
            continue
        parts += (
            [curve.voltage] if curve.temperature is None else [curve.voltage, curve.temperature]
        )
    whole: np.ndarray = np.concatenate(parts)
    return whole


def simulated(curves: Sequence[Record], told: Sequence[Answer]) -> np.ndarray:
    """Return what the model says of the same values in the same order."""
    parts = []
    for curve, one in zip(curves, told, strict=True):
        if isinstance(curve, Sweep):
            assert isinstance(one, Swept)
            parts.append(curve.shares(one.impedance))
            continue
        assert isinstance(one, Simulated)
        parts += [one.voltage] if curve.temperature is None else [one.voltage, one.temperature]
    whole: np.ndarray = np.concatenate(parts)
    return whole


def steepness(curve: Curve) -> np.ndarray:
    """Return ``h = (1 + (sigma_q dU/ds / sigma_V)^2)^1/2`` at a curve's points."""
    value: np.ndarray = np.hypot(1.0, SIGMA_Q / SIGMA_V * slope(curve))
    return value


def slope(curve: Curve) -> np.ndarray:
    """Return ``|dU/ds|`` of a curve [V], ``s`` the charge over the nominal capacity."""
    from scipy.ndimage import gaussian_filter1d

    s = curve.s + 1e-6 * np.arange(len(curve.s))
    value: np.ndarray = gaussian_filter1d(np.abs(np.gradient(curve.voltage, s)), 1.5)
    value = np.minimum(value, _STEEPEST)
    return value


def fit(
    problem: Problem,
    z: np.ndarray,
    *,
    rounds: int = 2,
    evaluations: int = 8,
    least: float = 0.02,
    jacobian: np.ndarray | None = None,
    first: int | None = None,
    most: int | None = None,
) -> Fitted:
    """Return the least-squares fit from a start.

    Parameters
    ----------
    problem : Problem
        What is fitted.
    z : ndarray
        Where it begins.
    rounds : int
        At most so many Jacobians by differences.
    evaluations : int
        At most so many residuals in a round.
    least : float
        No new round if the last one lowered the cost by less than this share.
    jacobian : ndarray, optional
        To begin with, in the place of the first round's differences: a simpler model's.
    first : int, optional
        Residuals in that round; as many as in the others if not given.
    most : int, optional
        The model is not solved more often than this: later rounds find fewer columns anew.
    """
    from scipy.optimize import least_squares

    bounds = np.array([item.z_bounds for item in problem.items]).T
    inner = _EDGE * (bounds[1] - bounds[0])
    z = np.clip(z, bounds[0] + inner, bounds[1] - inner)
    n = len(z)
    history: list[float] = []

    def r(at: np.ndarray) -> np.ndarray:
        return np.concatenate([problem.residuals(at), at])

    cost = 0.5 * float(np.sum(r(z) ** 2))
    history.append(cost)
    J = np.zeros((len(problem.residuals(z)), n)) if jacobian is None else jacobian
    done = 0
    for _ in range(rounds):
        trials, begun = evaluations, bool(done) or jacobian is not None
        if done or jacobian is None:
            columns = n
            if most is not None:
                curves = sum(isinstance(record, Curve) for record in problem.curves)
                room = (most - problem.forward.solves) // max(curves, 1)
                trials = min(evaluations, max(room - n, _FEWEST))
                columns = min(n, room - trials)
            if begun and columns < min(_FEWEST, n):
                break
            J = problem.differences(z, J if begun else None, columns if begun else None)
        else:
            trials = first or evaluations
        done += 1
        broyden = _Broyden(J, z, problem)
        solution = least_squares(
            r, z, jac=lambda at, b=broyden: np.vstack([b(at), np.eye(n)]),
            bounds=(bounds[0], bounds[1]), max_nfev=trials, x_scale=1.0,
            ftol=1e-4, xtol=1e-4,
        )  # fmt: skip
        z, J = np.clip(solution.x, bounds[0] + inner, bounds[1] - inner), broyden.J
        before, cost = cost, min(cost, float(solution.cost))
        history.append(cost)
        if before - cost < least * before and (done > 1 or jacobian is None):
            break
    return Fitted(z, problem.told(z), 0.5 * float(np.sum(r(z) ** 2)), J, done, history)


def _longest(J: np.ndarray, columns: int) -> list[int]:
    """Return which columns of a Jacobian are longest, the first of equals first."""
    size = np.linalg.norm(J, axis=0)
    return sorted(sorted(range(J.shape[1]), key=lambda k: (-float(size[k]), k))[:columns])


class _Broyden:
    """A Jacobian that follows the steps taken (C. G. Broyden, Math. Comp. 19 (1965) 577)."""

    def __init__(self, J: np.ndarray, z: np.ndarray, problem: Problem):
        self.J, self.z, self.problem = J.copy(), z.copy(), problem

    def __call__(self, z: np.ndarray) -> np.ndarray:
        step = z - self.z
        size = float(step @ step)
        if size > 0:
            rise = self.problem.residuals(z) - self.problem.residuals(self.z)
            self.J = self.J + np.outer(rise - self.J @ step, step) / size
            self.z = z.copy()
        return self.J
