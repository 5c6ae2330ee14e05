"""The posterior's members, and the profiles of what is told worst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from twin.calibration import fit as fitting
from twin.calibration.esmda import LINEAR_FIRST, esmda, prior_ensemble
from twin.calibration.fit import Fitted
from twin.calibration.forward import Forward
from twin.calibration.identify import Profile, Told, laplace
from twin.calibration.work import Work
from twin.engine.settings import ModelName

if TYPE_CHECKING:
    pass


def drawn_members(
    work: Work,
    model: ModelName,
    forward: Forward,
    fitted: Fitted,
    R: np.ndarray,
    members: int,
    seed: int,
) -> tuple[Forward, np.ndarray]:
    """Draw the posterior by ES-MDA, with the SPMe and what the full model adds at the fit."""
    curves = work.thinned
    small = forward
    if model != "spm":
        small = Forward(work.spec, work.items, "spm", work.modes)
    data = fitting.measured(curves)
    at_fit = fitting.simulated(curves, fitted.told)

    def plain(z: np.ndarray) -> np.ndarray:
        x = [item.x(float(v)) for item, v in zip(work.items, z, strict=True)]
        return fitting.simulated(curves, [small(x, c) for c in curves])

    before = small.solves, small.sweeps
    offset = 0.0 if small is forward else at_fit - plain(fitted.z)
    bounds = np.array([item.z_bounds for item in work.items]).T
    total, done = members * len(LINEAR_FIRST), 0
    begin = work.share

    def told() -> None:
        nonlocal done
        done += 1
        work.progress(begin + (0.95 - begin) * done / total, f"posterior, {done} of {total}")

    z0 = np.clip(prior_ensemble(members, len(work.items), seed), *bounds)
    z, _ = esmda(
        lambda z: plain(z) + offset, data, R, z0, seed, inflation=LINEAR_FIRST,
        first=lambda z: at_fit + fitted.jacobian @ (z - fitted.z),
        bounds=(bounds[0], bounds[1]), on_member=told,
    )  # fmt: skip
    work.count("posterior", small, before)
    return small, z


def covariance_of(ensemble: np.ndarray, n: int) -> np.ndarray:
    """Return the covariance of an ensemble's numbers, shape (n, n)."""
    value = np.cov(ensemble.T).reshape(n, n)
    # A number that every member has at its bound still has a width.
    return value + 1e-8 * np.eye(n)


def profiles_of(
    work: Work,
    forward: Forward,
    z: np.ndarray,
    fitted: Fitted,
    R: np.ndarray,
    covariance: np.ndarray,
    told: Sequence[Told],
) -> list[Profile]:
    """Return the profiles of the two numbers that are told worst, by Gauss-Newton.

    With one number held at ``z_k + d`` the others follow ``C_jk/C_kk d``; the cost there is
    solved for, not extrapolated.
    """
    curves = work.thinned
    half = np.linalg.cholesky(R)
    data = fitting.measured(curves)
    C = laplace(fitted.jacobian, R)
    bounds = np.array([item.z_bounds for item in work.items]).T
    before = forward.solves, forward.sweeps
    x0 = [item.x(float(v)) for item, v in zip(work.items, z, strict=True)]
    own = fitting.simulated(curves, [forward(x0, c) for c in curves])
    offset = fitting.simulated(curves, fitted.told) - own

    def cost(at: np.ndarray) -> float:
        x = [item.x(float(v)) for item, v in zip(work.items, at, strict=True)]
        gap = data - offset - fitting.simulated(curves, [forward(x, c) for c in curves])
        white = np.linalg.solve(half, gap)
        return float(white @ white + at @ at)

    least = cost(z)
    profiles = []
    worst = sorted(range(len(told)), key=lambda k: (-told[k].share, told[k].key))[:2]
    for k in worst:
        width = float(np.sqrt(C[k, k]))
        at, costs = [], []
        for d in (-2.0, -1.0, 0.0, 1.0, 2.0):
            moved = np.clip(z + C[:, k] / C[k, k] * d * width, bounds[0], bounds[1])
            at.append(work.items[k].x(float(moved[k])))
            costs.append(0.0 if d == 0 else cost(moved) - least)
        profiles.append(Profile(work.items[k].key, tuple(at), tuple(costs)))
    work.count("profiles", forward, before)
    return profiles
