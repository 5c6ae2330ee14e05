"""The fit's stages: single particles from each start, then the full model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from twin.calibration.data import Curve
from twin.calibration.fit import Fitted, Problem, fit
from twin.calibration.forward import GAVE_UP, Forward, Simulated, free_ones
from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber, candidates, chosen
from twin.calibration.windows import windows
from twin.calibration.work import Work
from twin.engine.settings import ModelName
from twin.errors import InputError, SolverGaveUpError

if TYPE_CHECKING:
    pass


MOST_SOLVES = int(number_of("fit", "solves"))
"""No new Jacobian is begun that would need more."""
TRIALS = int(number_of("fit", "trials"))
"""Residuals between two Jacobians."""
ROUNDS = int(number_of("fit", "rounds"))
"""Jacobians of the last fit, if the solves allow so many."""
DRAWN_IN = number_of("fit", "drawn_in")


def free_of(work: Work, free: Sequence[str], fixed: Sequence[str]) -> list[FreeNumber]:
    """Return the free numbers that the built model can be given."""
    area = work.spec.geometry.area.si
    densest = max(abs(p.current) for c in work.curves for p in c.pieces) / area
    heat = any(c.temperature is not None for c in work.curves)
    every = candidates(work.spec, densest, heat=heat, spectra=bool(work.sweeps))
    items = chosen(work.spec, every, free)
    unknown = [key for key in fixed if key not in {i.key for i in items}]
    if unknown:
        chosen(work.spec, every, unknown)  # it may not exist at all
    items = [item for item in items if item.key not in set(fixed)]
    if items:
        kept = free_ones(work.spec, items, "spm", work.modes)
        stuck = [item for item in items if item not in kept]
        if stuck and free:
            raise InputError(
                f"{stuck[0].key} cannot be fitted: the model is built with its number",
                key="free",
                fix="leave it out; a particle's size acts through diffusivity.scale and "
                "exchange_current, a thickness through active_fraction",
            )
        items = kept
    if not items:
        raise InputError(
            f"{work.spec.name} has no number left to fit", key="free",
            fix="name some with --free, or take back a --fix",
        )  # fmt: skip
    return items


def fitted_in_stages(
    work: Work, model: ModelName, *, at_rest: bool, starts: int, seed: int
) -> tuple[np.ndarray, Forward, Fitted]:
    """Fit in stages: the slowest curve alone, all of them with the SPMe, then the DFN."""
    records, curves = work.thinned, [c.thinned for c in work.curves]
    every = list(range(len(work.items)))
    with work.stage("single particles", 0.25):
        small = Forward(work.spec, work.items, "spm", work.modes)
        _must_solve(work, small, curves[0])
        begun = [np.zeros(len(every)), *drawn_starts(work, starts - 1, seed)]
        # A start is judged by where it ends; one alone that goes on in the DFN need not end here.
        to_its_end = model == "spm" or starts > 1
        tried = [_from_start(work, small, begun[0], at_rest, to_its_end)]
        own = small.solves
        work.count("spm", small)
        if starts > 1:
            tried += [_from_start(work, small, z, at_rest, to_its_end) for z in begun[1:]]
            work.count("starts", small, (own, 0))
            work.costs = [float(one.cost) for one in tried]
        best = int(np.argmin([one.cost for one in tried]))
        fitted = tried[best]
        if starts > 1:
            work.notes.append(
                f"{starts} starts: the cell's own ended at a cost of {tried[0].cost:.4g}, the best"
                f", number {best + 1}, at {fitted.cost:.4g}."
            )
    if model == "spm":
        return fitted.z, small, fitted
    with work.stage("full model", 0.6):
        whole = Forward(work.spec, work.items, model, work.modes)
        _must_solve(work, whole, curves[0])
        problem = Problem(whole, records, every, fitted.z)
        fitted = fit(
            problem, fitted.z, rounds=4, jacobian=fitted.jacobian, first=4, evaluations=TRIALS,
            most=MOST_SOLVES - (own if starts == 1 else 0),
        )  # fmt: skip
        work.count("dfn", whole)
    for curve, told in zip(curves, fitted.told, strict=False):
        if isinstance(told, Simulated) and told.ended:
            work.notes.append(
                f"{curve.name}: the fit ends at {told.ended_at / curve.charge[-1]:.0%} of its "
                f"charge ({told.ended})."
            )
    return fitted.z, whole, fitted


def _from_start(
    work: Work, small: Forward, z: np.ndarray, at_rest: bool, to_its_end: bool
) -> Fitted:
    """Return the single-particle fit from a start: open circuit, slowest curve, all of them."""
    records, curves = work.thinned, [c.thinned for c in work.curves]
    every, most = list(range(len(work.items))), small.solves + MOST_SOLVES
    slow = min(curves, key=lambda c: c.rate)
    if at_rest:
        z = windows(work.spec, work.items, slow, z)
    if len(records) > 1:
        z = fit(Problem(small, [slow], every, z), z, rounds=1, evaluations=TRIALS).z
    fitted = fit(
        Problem(small, records, every, z), z, rounds=1, evaluations=TRIALS, most=most
    )  # fmt: skip
    if not to_its_end:
        return fitted
    return fit(
        Problem(small, records, every, fitted.z), fitted.z, rounds=ROUNDS,
        jacobian=fitted.jacobian, first=TRIALS, evaluations=TRIALS, most=most,
    )  # fmt: skip


def drawn_starts(work: Work, count: int, seed: int) -> list[np.ndarray]:
    """Return starts drawn from the priors, drawn in towards their middles."""
    if count < 1:
        return []
    low, high = np.array([item.z_bounds for item in work.items]).T
    drawn = np.random.default_rng([seed, 2]).standard_normal((count, len(work.items)))
    return list(np.clip(DRAWN_IN * drawn, low, high))


def _must_solve(work: Work, forward: Forward, curve: Curve) -> None:
    told = forward([item.middle for item in forward.free], curve)
    if told.ended.startswith(GAVE_UP) and told.ended_at <= 0:
        raise SolverGaveUpError(
            f"{work.spec.name} cannot be solved at its own numbers: {told.ended}",
            fix="see whether `twin run` solves it, and check the current of the data",
        )


def sharpened(work: Work, forward: Forward, fitted: Fitted, sharp: np.ndarray) -> Fitted:
    """Go on with the fit with sharper weights, so that the prior pulls no more than it should."""
    before, n = (forward.solves, forward.sweeps), len(work.items)
    problem = Problem(forward, work.thinned, range(n), fitted.z, sharp=sharp)
    own = problem.weights[:, None] * fitted.jacobian
    refined = fit(problem, fitted.z, rounds=1, jacobian=own, first=2 * TRIALS)
    refined.jacobian = refined.jacobian / sharp[:, None]
    work.count(forward.model, forward, before)
    return refined
