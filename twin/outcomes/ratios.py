"""What mechanisms say of decades, as one more effect of a regression over papers.

Interface resistances and critical currents differ by decades between laboratories, and mechanisms
know the ratio of two set-ups better than either's size. So what they say is a predictor beside the
class and the temperature, and how far it counts is learned with the rest::

    y = b0 + b_class + b_T max(T - 25, 0)/30 + b_m (x - x0) + u_paper + e

``x`` is the mean of the row's members, ``x0`` that of the rows that teach. With ``b_m = 0`` only
statistics speak, with 1 the mechanisms' ratios count whole; the prior lies half way
(``priors.toml``). A row of which they say nothing has ``x = x0``. Numbers that are only known as
"at least" are drawn there (:mod:`twin.outcomes.regression`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.outcomes import regression
from twin.outcomes.ensembles import Tellings, Told, key_of
from twin.outcomes.nulls import (
    SPOKEN,
    Predictor,
    bounds,
    design,
    kinds_of,
    prior,
)
from twin.outcomes.recognise import number_of
from twin.outcomes.table import Row

REPEATED = int(number_of("sampler", "repeated"))
"""So many members are drawn of each draw of the law."""
BESIDE = ("class", "temperature", SPOKEN)
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


@dataclass(frozen=True)
class Fitted:
    """The law, fitted to rows of one quantity.

    Attributes
    ----------
    posterior : Posterior
        Its draws: 1, the classes, temperature, mechanisms.
    kinds : list of str
        The classes.
    middle : float
        ``x0`` [decades].
    """

    posterior: regression.Posterior
    kinds: list[str]
    middle: float

    def predict(self, row: Row, told: Told | None, rng: np.random.Generator) -> np.ndarray:
        """Return members of a row's number [decades]."""
        said = spoken(told)
        more = 0.0 if said is None else said - self.middle
        x = np.append(design(row, self.kinds, BESIDE), more)
        return np.concatenate([self.posterior.predict(x, rng) for _ in range(REPEATED)])


def fit_ratios(rows: Sequence[Row], told: Tellings) -> Fitted:
    """Fit the law to rows of one quantity, of which mechanisms say what ``told`` holds."""
    said = [spoken(told.get(key_of(row))) for row in rows]
    known = [x for x in said if x is not None]
    x0 = float(np.mean(known)) if known else 0.0
    kinds = kinds_of(rows)
    more = [0.0 if x is None else x - x0 for x in said]
    X = np.array([[*design(row, kinds, BESIDE), x] for row, x in zip(rows, more, strict=True)])
    lo, hi = np.array([bounds(row) for row in rows]).T
    mean, sd = prior(rows, kinds, BESIDE, left=True)
    papers, scatters = [row.paper for row in rows], regression.scatters("scatter_decades")
    fitted = regression.fit(X, lo, hi, papers, sd, mean, priors=scatters)
    return Fitted(fitted, kinds, x0)


def ratios(told: Tellings) -> Predictor:
    """Return the predictor of decades that mechanisms and statistics make together."""

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        fitted = fit_ratios(others, told)
        return [fitted.predict(row, told.get(key_of(row)), stream(row)) for row in rows]

    return predict
