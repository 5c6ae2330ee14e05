"""Ageing constants from readings over cycles: least squares, posterior, what comes later.

A reading of the kind ``i`` at the cycle ``k`` is ``ln y = ln f(z) + error``, with the covariance
``R`` of :mod:`twin.tracking.observables` (noise of each, an offset for all, a share of the change
that the mechanisms have wrong). The numbers' coordinates ``z`` are standard normal beforehand::

    S(z) = (ln y - ln f)^T R^-1 (ln y - ln f) + |z|^2
    C    = (J^T R^-1 J + 1)^-1,    J = d ln f/dz

What is kept back, ``h``, is told from the fitted readings too: the error is theirs in part. With
``K = R_h R^-1`` its mean and its covariance are::

    ln f_h + K (ln y - ln f),    (J_h - K J) C (J_h - K J)^T + R_hh - K R_h^T
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import block_diag

from twin.ageing.error_of_readings import estimated_errors
from twin.ageing.series import Series
from twin.calibration.identify import Told, what_is_told
from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber
from twin.tracking.observables import covariance

STEP = number_of("ageing", "step")
ROUNDS = int(number_of("ageing", "rounds"))
_HALVINGS = 3
_STALE = number_of("ageing", "stale")
_LEAST = number_of("ageing", "least")

Predict = Callable[[np.ndarray], list[np.ndarray]]
"""Returns the logarithms of what is read, series by series, at the coordinates of the numbers."""


@dataclass(frozen=True)
class AgeingFit:
    """What the readings tell.

    Attributes
    ----------
    z : ndarray
        The numbers' coordinates.
    covariance : ndarray
        Of the posterior.
    told : list of Told
        What is told of each.
    predicted : list of ndarray
        ``ln f`` at the fit, series by series.
    mean, sd : list of ndarray
        What is expected of each reading, those kept back from the fitted ones; and its standard
        deviation.
    lives : int
        How often the cell was lived.
    errors : dict
        Noise, offset and drift of each kind of reading (:mod:`twin.ageing.error_of_readings`).
    """

    z: np.ndarray
    covariance: np.ndarray
    told: list[Told]
    predicted: list[np.ndarray]
    mean: list[np.ndarray]
    sd: list[np.ndarray]
    lives: int
    errors: dict[str, dict[str, float]] = field(default_factory=dict)


def fit_ageing(
    predict: Predict,
    series: Sequence[Series],
    items: Sequence[FreeNumber],
    on_life: Callable[[], None] = lambda: None,
) -> AgeingFit:
    """Return the fit and the posterior of ageing constants.

    Parameters
    ----------
    predict : callable
        One life.
    series : sequence of Series
        The readings.
    items : sequence of FreeNumber
        The numbers.
    on_life : callable
        Told after each life.
    """
    lives = 0
    held = np.concatenate([s.held for s in series])
    log = np.concatenate([s.log for s in series])

    def ln_f(z: np.ndarray) -> np.ndarray:
        nonlocal lives
        lives += 1
        told = np.concatenate(predict(z))
        on_life()
        return told

    low, high = np.array([item.z_bounds for item in items]).T
    z = np.zeros(len(items))
    f = ln_f(z)
    J, at = _differences(ln_f, z, f, (low, high)), z
    for _ in range(ROUNDS):
        z, f, gain = _step(ln_f, z, f, J, _error(series, f), log, held, (low, high))
        # Slopes of another place say a wrong width.
        if np.max(np.abs(z - at)) > _STALE:
            J, at = _differences(ln_f, z, f, (low, high)), z
        elif gain < _LEAST:
            break
    R = _error(series, f)
    C = _posterior(J[~held], R[np.ix_(~held, ~held)])
    mean, spread = _expected(f, J, R, C, log, held)
    return AgeingFit(
        z, C, what_is_told(items, z, C), _parted(f, series), _parted(mean, series),
        _parted(spread, series), lives, estimated_errors(series, _parted(f, series), J, z),
    )  # fmt: skip


def _differences(
    ln_f: Callable[[np.ndarray], np.ndarray],
    z: np.ndarray,
    f: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Return the slopes, from both sides: one side's are too steep by a tenth where steps are wide.

    That would make the posterior too narrow.
    """
    J = np.zeros((len(f), len(z)))
    for k in range(len(z)):
        ends = []
        for way in (-STEP, STEP):
            beside = z.copy()
            beside[k] = np.clip(z[k] + way, bounds[0][k], bounds[1][k])
            ends.append((beside[k], f if beside[k] == z[k] else ln_f(beside)))
        (below, lower), (above, upper) = ends
        J[:, k] = (upper - lower) / (above - below)
    return J


def _error(series: Sequence[Series], f: np.ndarray) -> np.ndarray:
    """Return the covariance of all readings, with the changes that the life itself has."""
    parts = []
    for one, told in zip(series, _parted(f, series), strict=True):
        changes = told - told[0] if not one.share else told
        parts.append(covariance(one.of, changes, share=one.share))
    whole: np.ndarray = block_diag(*parts)
    return whole


def _step(
    ln_f: Callable[[np.ndarray], np.ndarray],
    z: np.ndarray,
    f: np.ndarray,
    J: np.ndarray,
    R: np.ndarray,
    log: np.ndarray,
    held: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, float]:
    """Take one Gauss-Newton step, halved while it makes the cost larger.

    Returns the new coordinates, the life there, and by which share the cost fell.
    """
    own = ~held
    half = np.linalg.cholesky(R[np.ix_(own, own)])

    def cost(at: np.ndarray, told: np.ndarray) -> float:
        white = np.linalg.solve(half, (log - told)[own])
        return float(white @ white + at @ at)

    W = np.linalg.solve(half, J[own])
    gap = np.linalg.solve(half, (log - f)[own])
    step = np.linalg.solve(W.T @ W + np.eye(len(z)), W.T @ gap - z)
    before = cost(z, f)
    for _ in range(_HALVINGS):
        there = np.clip(z + step, *bounds)
        told = ln_f(there)
        after = cost(there, told)
        if after < before:
            return there, told, (before - after) / max(before, 1e-30)
        step = step / 2
    return z, f, 0.0


def _posterior(J: np.ndarray, R: np.ndarray) -> np.ndarray:
    W = np.linalg.solve(np.linalg.cholesky(R), J)
    value: np.ndarray = np.linalg.inv(W.T @ W + np.eye(J.shape[1]))
    return value


def _expected(
    f: np.ndarray, J: np.ndarray, R: np.ndarray, C: np.ndarray, log: np.ndarray, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is expected of each reading and its standard deviation (see the module)."""
    own = ~held
    mean, variance = f.copy(), np.einsum("ij,jk,ik->i", J, C, J) + np.diag(R)
    if np.any(held):
        K = np.linalg.solve(R[np.ix_(own, own)], R[np.ix_(own, held)]).T
        G = J[held] - K @ J[own]
        mean[held] = f[held] + K @ (log - f)[own]
        whole = G @ C @ G.T + R[np.ix_(held, held)] - K @ R[np.ix_(own, held)]
        variance[held] = np.diag(whole)
    return mean, np.sqrt(variance)


def _parted(values: np.ndarray, series: Sequence[Series]) -> list[np.ndarray]:
    ends = np.cumsum([len(s.cycles) for s in series])[:-1]
    return [np.asarray(part) for part in np.split(values, ends)]


def held_after(series: Sequence[Series], until: int | None) -> list[Series]:
    """Return the readings with those after a cycle kept back."""
    if until is None:
        return list(series)
    return [replace(s, held=s.cycles > until) for s in series]
