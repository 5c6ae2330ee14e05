"""What mechanisms say of decades, as one more effect of a regression over papers.

Interface resistances and critical currents differ by decades between laboratories, and mechanisms
know the ratio of two set-ups better than either's size. So what they say is a predictor beside the
class and the temperature, and how far it counts is learned with the rest::

    y = b0 + b_class + b_T max(T - 25, 0)/30 + b_m (x - x0) + b_l (x_p - x0) + u_paper + e

``x`` is the mean of the row's members, ``x_p`` that of its paper's rows, whatever was measured of
them, and ``x0`` that of the rows that teach [decades]. With ``b_m = 0`` only statistics speak, with
1 the mechanisms' ratios inside a paper count whole; the prior lies half way, and no ratio counts
more than whole (``priors.toml``).
Levels, from one paper to another, count as ``b_m + b_l``: with ``b_l = 0`` as ratios do, with
``b_l = -b_m`` not at all (Mundlak 1978). A row of which they say nothing has ``x = x_p``, a paper
``x_p = x0``. Numbers that are only known as "at least" are drawn there
(:mod:`twin.outcomes.regression`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.outcomes import regression
from twin.outcomes.ensembles import Tellings, Told, key_of
from twin.outcomes.nulls import (
    LEVEL,
    SPOKEN,
    Predictor,
    bounds,
    design,
    kinds_of,
    limits,
    prior,
)
from twin.outcomes.recognise import number_of
from twin.outcomes.table import Row

REPEATED = int(number_of("sampler", "repeated"))
"""So many members are drawn of each draw of the law."""
BESIDE = ("class", "temperature", SPOKEN, LEVEL)
"""The effects. How a row was read, and controls, say nothing of decades: with ten rows they learn
chance."""


@dataclass(frozen=True)
class Known:
    """A number that was learned: its middle and how well it is known."""

    value: float
    sd: float

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return members of it."""
        return self.value + self.sd * rng.standard_normal(count)


def stream(row: Row, seed: int = 2) -> np.random.Generator:
    """Return a row's stream of draws: one a paper, as its rows differ by their set-ups alone."""
    return np.random.default_rng([seed, *[ord(letter) for letter in row.paper]])


def spoken(told: Told | None) -> float | None:
    """Return what mechanisms say of a row, the mean of its members [decades]; None if nothing."""
    return float(told.values.mean()) if told is not None and told.known else None


def levels_of(rows: Sequence[Row], told: Tellings) -> dict[str, float]:
    """Return what mechanisms say of each paper's rows in the mean [decades].

    Papers of whose rows they say nothing are left out.
    """
    said: dict[str, list[float]] = {}
    for row in rows:
        if (x := spoken(told.get(key_of(row)))) is not None:
            said.setdefault(row.paper, []).append(x)
    return {paper: float(np.mean(of)) for paper, of in said.items()}


def beside(told: Told | None, level: float | None, middle: float) -> tuple[float, float]:
    """Return what ``b_m`` and ``b_l`` multiply: ``x - x0`` and ``x_p - x0`` [decades].

    Parameters
    ----------
    told : Told or None
        What mechanisms say of the row.
    level : float or None
        ``x_p``; what they say of the row where it is not known.
    middle : float
        ``x0``.
    """
    x = spoken(told)
    if level is None:
        level = middle if x is None else x
    return (level if x is None else x) - middle, level - middle


@dataclass(frozen=True)
class Fitted:
    """The law, fitted to rows of one quantity.

    Attributes
    ----------
    posterior : Posterior
        Its draws: 1, the classes, temperature, mechanisms, their level.
    kinds : list of str
        The classes.
    middle : float
        ``x0`` [decades].
    """

    posterior: regression.Posterior
    kinds: list[str]
    middle: float

    def predict(
        self, row: Row, told: Told | None, level: float | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Return members of a row's number [decades]; ``level`` is that of its paper."""
        x = [*design(row, self.kinds, BESIDE), *beside(told, level, self.middle)]
        return np.concatenate([self.posterior.predict(np.array(x), rng) for _ in range(REPEATED)])


def fit_ratios(rows: Sequence[Row], told: Tellings, seed: int = 0) -> Fitted:
    """Fit the law to rows of one quantity, of which mechanisms say what ``told`` holds."""
    known = [x for row in rows if (x := spoken(told.get(key_of(row)))) is not None]
    x0 = float(np.mean(known)) if known else 0.0
    kinds, of_papers = kinds_of(rows), levels_of(rows, told)
    X = np.array([_effects(row, kinds, told, of_papers, x0) for row in rows])
    lo, hi = np.array([bounds(row) for row in rows]).T
    mean, sd = prior(rows, kinds, BESIDE, left=True)
    papers, scatters = [row.paper for row in rows], regression.scatters("scatter_decades")
    ends = limits(kinds, BESIDE)
    fitted = regression.fit(X, lo, hi, papers, sd, mean, seed, priors=scatters, between=ends)
    return Fitted(fitted, kinds, x0)


def _effects(
    row: Row, kinds: list[str], told: Tellings, of_papers: Mapping[str, float], middle: float
) -> list[float]:
    more = beside(told.get(key_of(row)), of_papers.get(row.paper), middle)
    return [*design(row, kinds, BESIDE), *more]


def ratios(told: Tellings, seed: int = 0) -> Predictor:
    """Return the predictor of decades that mechanisms and statistics make together."""

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        fitted, of_papers = fit_ratios(others, told, seed), levels_of(rows, told)
        predictions = []
        for row in rows:
            level, rng = of_papers.get(row.paper), stream(row, 2 + seed)
            predictions.append(fitted.predict(row, told.get(key_of(row)), level, rng))
        return predictions

    return predict
