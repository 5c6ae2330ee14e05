"""New lives around a posterior, where the library is thin.

The numbers that were drawn have normal scores ``z ~ N(0, 1)`` each. Those that the check-ups tell
something of are drawn near the lives that weigh most, as a mixture of normals that has the
posterior's mean and covariance (Liu and West 2001)::

    q(z) = sum_j w_j N(z; a z_j + (1 - a) m, h^2 V),    a^2 + h^2 = 1

all others as before. Old and new lives then have the weights of multiple importance sampling (the
balance heuristic of Veach and Guibas 1995; Owen and Zhou 2000), which no draw makes large::

    w(z) = p(z) / ((M p(z) + N q(z))/(M + N))

with ``p`` the prior, ``M`` lives of the library and ``N`` new ones: whatever ``q`` is, weighted
means are those of the prior, and the likelihood comes on top as for any library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm, qmc

from twin.studies import ensemble
from twin.studies.registry import Going
from twin.tracking.checkups import CheckUp
from twin.tracking.drawing import live
from twin.tracking.kept import library_in
from twin.tracking.library import Library
from twin.tracking.observables import observables_with
from twin.tracking.steps import Step, step_at
from twin.tracking.weights import effective_size

if TYPE_CHECKING:
    from twin.store import Store

MOST_NUMBERS = 8
"""So many numbers are drawn anew at most: of more, weights would be lost."""
SPREAD = 0.5
"""``h``: the spread of each normal against the posterior's."""
TELLING = 4.0
"""A number is told by check-ups where its mean is off by so many of its variances."""
_EDGE = 1e-9


def refreshed(
    store: Store,
    study: str,
    design: dict[str, Any],
    table: Library,
    checkups: Sequence[CheckUp],
    going: Going,
    on_progress: Callable[[float, str], None],
) -> Library:
    """Draw new lives around the posterior of a track, live them, and return both together."""
    if not design.get("values"):
        step = step_at(table, checkups, known=observables_with(design.get("errors") or {}))
        if step.posterior is None:
            return table
        library = store.study(design["library"]).design
        more = drawn_around(library, step, table, int(design["refresh"]), int(library["seed"]))
        design = store.change_study(study, lambda now: now if now.get("values") else now | more)
    left = ensemble.to_do(store, study, len(design["values"]))
    if left:
        live(store, study, design, ensemble.variants(design), left, going)
    return library_in(store, design, study, on_progress)


def scores_of(design: Mapping[str, Any]) -> np.ndarray:
    """Return the independent normal scores of a study's members, shape (members, numbers)."""
    cube, _, _ = ensemble.drawn(design)
    value: np.ndarray = norm.ppf(np.clip(cube, _EDGE, 1 - _EDGE))
    return value


def drawn_around(
    design: Mapping[str, Any], step: Step, table: Library, count: int, seed: int
) -> dict[str, Any]:
    """Return what a track's design needs of new lives around a posterior.

    Returns
    -------
    dict
        The library's own cell, protocol and so on, with ``values``, ``weights`` of the new lives
        and ``library_weights`` of the old ones, by their names.
    """
    from twin.uncertainty.correlations import correlation_matrix, joined

    assert step.posterior is not None
    z = scores_of(design)
    # Only the library's own lives have points of its sample.
    own = [i for i, (study, _) in enumerate(step.library.names) if study == table.study[0]]
    at = np.array([int(step.library.names[i][1]) for i in own])
    w = step.posterior.life_weights[own]
    chosen = informed(z[at], w)
    mixture = Mixture.around(z[at][:, chosen], w)
    new = mixture.draw(count, z.shape[1], chosen, seed)
    old = z[[int(name) for _, name in table.names]]
    weights = balanced(mixture, old[:, chosen], new[:, chosen])
    spec, items = ensemble.spec_of(design)
    cube = joined(norm.cdf(new), correlation_matrix(spec, items, design["modes"]))
    columns = [item.value(cube[:, i]) for i, item in enumerate(items)]
    kept = {k: v for k, v in design.items() if k not in ("values", "settle", "as_named")}
    names = [name for _, name in table.names]
    return {
        **kept,
        "values": [[float(x) for x in row] for row in np.array(columns).T],
        "informed": [design["keys"][i] for i in chosen],
        "weights": {str(i): float(v) for i, v in enumerate(weights[len(old) :])},
        "library_weights": dict(zip(names, map(float, weights[: len(old)]), strict=True)),
    }


def informed(z: np.ndarray, weights: np.ndarray) -> list[int]:
    """Return the numbers that a posterior tells something of: by mean or by spread, most first."""
    w = weights / weights.sum()
    mean = w @ z
    variance = np.maximum(w @ (z - mean) ** 2, 1e-12)
    size = effective_size(w)
    told = size * mean**2 + size * (variance - 1 - np.log(variance)) / 2
    order = [int(i) for i in np.argsort(-told, kind="stable") if told[i] > TELLING]
    return sorted(order[:MOST_NUMBERS]) or [int(np.argmax(told))]


class Mixture:
    """A mixture of normals around weighted points, with their mean and covariance.

    Parameters
    ----------
    centres : ndarray, shape (points, numbers)
        Their middles.
    weights : ndarray, shape (points,)
        Adding up to one.
    lower : ndarray
        The Cholesky factor of each one's covariance.
    """

    def __init__(self, centres: np.ndarray, weights: np.ndarray, lower: np.ndarray):
        self.centres, self.weights, self.lower = centres, weights, lower

    @classmethod
    def around(cls, z: np.ndarray, weights: np.ndarray) -> Mixture:
        """Return the mixture around some points (Liu and West's shrunk kernels)."""
        w = weights / weights.sum()
        mean = w @ z
        apart = z - mean
        covariance = (apart * w[:, None]).T @ apart + 0.01 * np.eye(z.shape[1])
        shrunk = mean + np.sqrt(1 - SPREAD**2) * apart
        return cls(shrunk, w, np.linalg.cholesky(SPREAD**2 * covariance))

    def draw(self, count: int, numbers: int, chosen: Sequence[int], seed: int) -> np.ndarray:
        """Return scores of new members: the chosen numbers by the mixture, others as ever."""
        power = int(np.ceil(np.log2(max(count, 2))))
        cube = qmc.Sobol(numbers + 1, rng=seed + 1).random_base2(power)[:count]
        z = norm.ppf(np.clip(cube[:, :-1], _EDGE, 1 - _EDGE))
        up = np.cumsum(self.weights)
        which = np.searchsorted(up, cube[:, -1] * up[-1] * (1 - 1e-12))
        z[:, chosen] = self.centres[which] + z[:, chosen] @ self.lower.T
        value: np.ndarray = z
        return value

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Return the logarithm of the density at some points."""
        d = z.shape[1]
        inverse = np.linalg.inv(self.lower)
        a, b = z @ inverse.T, self.centres @ inverse.T
        squares = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
        constant = -0.5 * d * np.log(2 * np.pi) - np.log(np.diag(self.lower)).sum()
        logs = np.log(np.maximum(self.weights, 1e-300))
        value: np.ndarray = logsumexp(logs - 0.5 * squares, axis=1) + constant
        return value


def balanced(mixture: Mixture, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the weights of old and new lives together, by the balance heuristic."""
    z = np.vstack([old, new])
    prior = norm.logpdf(z).sum(axis=1)
    share = len(new) / len(z)
    both = np.logaddexp(np.log(1 - share) + prior, np.log(share) + mixture.log_density(z))
    value: np.ndarray = np.exp(prior - both)
    return value
