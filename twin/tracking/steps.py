"""What is known of a cell after each of its check-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.tracking.averaging import averaged
from twin.tracking.checkups import CheckUp
from twin.tracking.clocks import Clocks, Prior, bandwidth, drawn_clocks, fitted_clocks
from twin.tracking.library import Library, each_on_grid
from twin.tracking.method import posterior_method
from twin.tracking.observables import Observable, covariance, observables
from twin.tracking.posterior import Method, Posterior, posterior
from twin.tracking.weights import effective_size, quantile

More = Callable[[Library, Clocks], dict[str, np.ndarray]]
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES = ("p05", "p25", "median", "p75", "p95")


@dataclass(frozen=True)
class Read:
    """All readings up to a check-up, in the order in which a covariance has them.

    Attributes
    ----------
    y : ndarray
        Their logarithms.
    covariance : ndarray
        About the cell's own life.
    groups : list of ndarray
        The readings of each kind.
    scales : list of float
        The noise of each kind.
    kinds : list of (Observable, cycles, share)
        What each group is.
    """

    y: np.ndarray
    covariance: np.ndarray
    groups: list[np.ndarray]
    scales: list[float]
    kinds: list[tuple[Observable, np.ndarray, bool]]

    def between(self, library: Library) -> Read:
        """Return the same for what lies between the lives of a library in level, too.

        As the pace of :mod:`twin.tracking.clocks` does along the cycles, an offset with the
        bandwidth of the lives' first levels fills what is between them.
        """
        wider = self.covariance.copy()
        for rows, (of, _, share) in zip(self.groups, self.kinds, strict=True):
            if not share:
                wider[np.ix_(rows, rows)] += bandwidth(library.first[of.key], library.weights) ** 2
        return replace(self, covariance=wider)

    def predicted(self, library: Library, on: Clocks) -> np.ndarray:
        """Return what each life of a library would have read, on each of its clocks."""
        parts = []
        for of, cycles, share in self.kinds:
            table = library.each_at(of.key, on.lives, on.read_at(cycles))
            parts.append(table - library.first[of.key][on.lives, None] if share else table)
        return np.hstack(parts) if parts else np.zeros((len(on.lives), 1))


_NOTHING = Read(np.zeros(1), np.eye(1), [np.arange(1)], [1.0], [])
"""Before any check-up: one reading that is the same for all."""


def read_until(
    checkups: Sequence[CheckUp], library: Library, known: Mapping[str, Observable] | None = None
) -> Read:
    """Return the readings of some check-ups that the library can be compared with."""
    known = observables() if known is None else known
    y: list[float] = []
    blocks, groups, scales, kinds = [], [], [], []
    for key, of in known.items():
        if key not in library.curves or not np.isfinite(library.curves[key]).any():
            continue
        for share in (False, True):
            taken = [
                (c.cycle, c.readings[key].value)
                for c in checkups
                if key in c.readings and c.readings[key].share is share
            ]
            if not taken:
                continue
            logs = np.log([value for _, value in taken])
            groups.append(np.arange(len(y), len(y) + len(taken)))
            y += logs.tolist()
            blocks.append(covariance(of, logs - logs[0], share=share))
            scales.append(of.noise)
            kinds.append((of, np.array([cycle for cycle, _ in taken], dtype=float), share))
    if not y:
        raise InputError(
            "the library holds nothing of what the check-ups measured",
            key="data",
            fix="measure capacity or resistance",
        )
    whole = np.zeros((len(y), len(y)))
    for rows, block in zip(groups, blocks, strict=True):
        whole[np.ix_(rows, rows)] = block
    return Read(np.array(y), whole, groups, scales, kinds)


@dataclass(frozen=True)
class Step:
    """What is known after one check-up.

    Attributes
    ----------
    cycle : int
        The check-up's; 0 before the first.
    library : Library
        The lives that outlived it.
    posterior : Posterior or None
        None where no life did: the cell is outside the model.
    """

    cycle: int
    library: Library
    posterior: Posterior | None

    @property
    def ends(self) -> np.ndarray:
        """Draws of the cycle it dies in."""
        assert self.posterior is not None
        value: np.ndarray = self.cycle + np.exp(self.posterior.log_remaining)
        return value

    @property
    def outside(self) -> bool:
        """Whether the cell is outside the model."""
        return self.posterior is None or self.posterior.outside


def step_at(
    library: Library,
    checkups: Sequence[CheckUp],
    *,
    method: Method | None = None,
    known: Mapping[str, Observable] | None = None,
    more: More | None = None,
) -> Step:
    """Return what is known of a cell after the last of some check-ups.

    Parameters
    ----------
    library : Library
        The lives; their weights are the prior's.
    checkups : sequence of CheckUp
        In the order of cycles; none is the prior.
    method : Method, optional
        How; that of ``method.toml`` by default.
    known : mapping, optional
        What check-ups measure, with noise and discrepancy.
    more : callable, optional
        What else is asked, of lives on clocks: told among the posterior's targets.

    Raises
    ------
    InputError
        If no life of the library died, or none has what was measured.
    """
    method = posterior_method() if method is None else method
    if not library.dead.any():
        raise InputError(
            f"none of the library's {len(library)} lives died within {library.horizon} cycles",
            key="horizon",
            fix="follow them further: --cycles N",
        )
    cycle = checkups[-1].cycle if checkups else 0
    there = library.alive(cycle)
    read = read_until(checkups, library, known) if checkups else _NOTHING
    for of, cycles, _ in read.kinds:
        there &= np.isfinite(library.at(of.key, cycles)).all(axis=1)
    if there.sum() < 2 * method.near or not library.dead[there].any():
        return Step(cycle, library.chosen(there) if there.any() else library, None)
    alive = library.chosen(there)
    if not checkups:
        on = drawn_clocks(len(alive), method.draws, cycle)
        return Step(cycle, alive, _posterior(alive, read, cycle, on, method, more))
    ends = np.log(np.maximum(alive.ends[alive.dead], 1.0))
    prior = method.clocks(bandwidth(ends, alive.weights[alive.dead]))
    read, held = read.between(alive), alive.lasting()
    laws = [
        (share, _under_law(free, read, held, cycle, prior, method, more))
        for free, share in prior.laws()
    ]
    return Step(cycle, alive, averaged(laws))


def _under_law(
    free: bool,
    read: Read,
    held: Library,
    cycle: int,
    prior: Prior,
    method: Method,
    more: More | None,
) -> Posterior:
    """Return what lives say of a cell on the library's own clock, or on other ones."""
    on = fitted_clocks(
        len(held),
        max(method.draws // 2, 1),
        cycle,
        prior,
        free,
        lambda on: read.predicted(held, on),
        read.y,
        np.linalg.cholesky(read.covariance),
    )
    over = held.dead[on.lives] & (held.ends[on.lives] <= on.now)
    on = replace(on, weights=np.where(over, 0.0, on.weights))
    return _posterior(held, read, cycle, on, method, more)


def _posterior(
    alive: Library, read: Read, cycle: int, on: Clocks, method: Method, more: More | None
) -> Posterior:
    return posterior(
        read.predicted(alive, on),
        read.y,
        read.covariance,
        read.groups,
        read.scales,
        alive.weights,
        on.weights,
        np.log(np.maximum(on.ends(alive.ends) - cycle, 0.5)),
        alive.dead[on.lives],
        np.array(alive.modes)[on.lives].tolist(),
        targets_at(alive, on)
        | (more(alive, on) if more is not None else {})
        | {CLOCK: np.log(on.exponents)},
        on.lives,
        np.log(on.paces),
        method,
        min(method.effective, 0.8 * effective_size(alive.weights)),
    )


CLOCK = "log clock"
"""The target that is the logarithm of the clock's exponent."""


def targets_at(library: Library, on: Clocks) -> dict[str, np.ndarray]:
    """Return what is asked of a cell besides its remaining life."""
    now = on.now[:, None]
    targets = {
        f"margin {key}": each_on_grid(library.grid, table, on.lives, now)[:, 0]
        for key, table in library.margins.items()
    }
    for key in ("capacity", "resistance"):
        if key in library.curves:
            level = library.each_at(key, on.lives, now)[:, 0]
            targets[f"log {key}"] = level - library.first[key][on.lives]
    return targets


def quantiles(values: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Return the median with its 50 and 90 % bands."""
    values_at = quantile(values, weights, SHARES)
    return {name: float(v) for name, v in zip(NAMES, values_at, strict=True)}


def life_after(step: Step, cycle: int, horizon: int) -> dict[str, Any]:
    """Return the remaining life from a cycle on, of a cell that lives in it.

    A quantile beyond the horizon is None: nobody followed a life so far.
    """
    if step.posterior is None:
        return {**dict.fromkeys(NAMES), "beyond": None}
    ends, weights = step.ends, step.posterior.weights
    still = ends > cycle
    if not still.any():
        return {**dict.fromkeys(NAMES), "beyond": None}
    left = quantiles(ends[still] - cycle, weights[still])
    beyond = float(weights[still & (ends > horizon)].sum() / weights[still].sum())
    shown = {k: v if cycle + v <= horizon else None for k, v in left.items()}
    return {**shown, "beyond": beyond}


def mode_shares(step: Step, by: str = "modes") -> dict[str, float]:
    """Return the probability of each mode (or way) to die, of those that die; most first."""
    if step.posterior is None:
        return {}
    weights = step.posterior.life_weights
    names = getattr(step.library, by)
    shares: dict[str, float] = {}
    for name, weight, dead in zip(names, weights, step.library.dead, strict=True):
        if dead:
            shares[name] = shares.get(name, 0.0) + float(weight)
    total = sum(shares.values())
    return {
        name: share / total
        for name, share in sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        if total > 0 and share > 0
    }


def to_dict(
    step: Step, before: Step | None, checkup: CheckUp | None, prior: Step | None = None
) -> dict[str, Any]:
    """Return a step as plain data, with what was expected before it, and before the first."""
    horizon, told_by = step.library.horizon, step.posterior
    about: dict[str, Any] = {
        "cycle": step.cycle,
        "readings": checkup.to_dict()["readings"] if checkup is not None else {},
        "outside": step.outside,
        "remaining_before": None if before is None else life_after(before, step.cycle, horizon),
        "remaining": life_after(step, step.cycle, horizon),
        "modes": mode_shares(step),
        "ways": mode_shares(step, "ways"),
    }
    if told_by is None:
        return about | {"lives": 0, "health": None, "margins": {}, "distance": None}
    t, w = told_by.targets, told_by.weights
    health = {
        key.removeprefix("log "): quantiles(np.exp(values), w)
        for key, values in t.items()
        if key.startswith("log ") and key != CLOCK and np.isfinite(values).all()
    }
    margins = {}
    for key, values in t.items():
        ok = np.isfinite(values)
        if key.startswith("margin ") and ok.any():
            clipped = np.minimum(values[ok], 1.0)
            margins[key.removeprefix("margin ")] = quantiles(clipped, w[ok])
    return about | {
        "health": health,
        "margins": dict(sorted(margins.items(), key=lambda item: (item[1]["median"], item[0]))),
        "lives": len(step.library),
        "effective_lives": told_by.effective,
        "effective_lives_of_all": told_by.effective_full,
        "by": "likelihood" if told_by.dense else "local regression",
        "distance": told_by.distance,
        "misfit": told_by.misfit,
        "strange": told_by.strange,
        "clock": quantiles(np.exp(t[CLOCK]), w),
        "told": None if prior is None else told_share(step, prior),
    }


def told_share(step: Step, prior: Step) -> float | None:
    """Return the share of the variance of the remaining life that check-ups have told.

    Of its logarithm, up to the horizon, against that of all lives of the library that last until
    now: ``1 - Var(ln t | check-ups)/Var(ln t | alive)``. Negative where readings leave it less
    certain than before.
    """
    if step.posterior is None or prior.posterior is None:
        return None
    most = float(step.library.horizon)
    left = []
    for one in (prior, step):
        there = one.ends > step.cycle
        w = one.posterior.weights[there] if one.posterior is not None else np.zeros(0)
        if not w.sum() > 0:
            return None
        logs = np.log(np.clip(one.ends[there] - step.cycle, 1.0, max(most - step.cycle, 1.0)))
        w = w / w.sum()
        left.append(float(w @ (logs - w @ logs) ** 2))
    return 1 - left[1] / left[0] if left[0] > 0 else None
