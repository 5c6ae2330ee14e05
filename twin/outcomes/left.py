"""What mechanisms leave: the two-level law fitted on top of their ensembles, never twice.

Each retention has members of what its mechanisms say (:mod:`twin.outcomes.ensembles`). It loses
what they take and a fade on top; the rest is a matter of ratios (:mod:`twin.outcomes.ratios`)::

    -ln R = L_m + exp(f)
    f = X b + u_paper + e       as in :mod:`twin.outcomes.regression`

The likelihood of a row is the mean over its members ``m``: in each step of the sampler one is
drawn, by how well it leaves what the law expects, so the members' own priors are reweighted by
importance and no emulator is needed. One more component is that the mechanisms are wrong about the
row: then the class alone speaks (``L = 0``). How likely they are right, the *trust*, is learned
with the rest. A dead member cannot have the number that was reported; how often a dead cell is
reported at all stands in ``priors.toml``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr

from twin.outcomes import regression
from twin.outcomes.ensembles import Key, Tellings, Told, key_of
from twin.outcomes.nulls import (
    LEFT,
    Y_RANGE,
    Predictor,
    bounds,
    constant,
    design,
    group,
    kinds_of,
    prior,
)
from twin.outcomes.ratios import REPEATED, ratios, stream
from twin.outcomes.recognise import priors
from twin.outcomes.table import RETENTION, Row

_GRID = np.linspace(0.01, 0.99, 50)
_DRAWS = 400


class Said:
    """What mechanisms say of some retentions, as components of a mixture.

    Parameters
    ----------
    rows : sequence of Row
        The retentions.
    told : mapping
        Their ensembles.
    """

    def __init__(self, rows: Sequence[Row], told: Tellings):
        self.lo, self.hi = np.array([bounds(row) for row in rows]).T
        told_of_rows = [told.get(key_of(row)) for row in rows]
        most = max((len(t.values) for t in told_of_rows if t is not None), default=0)
        shape = (len(rows), most + 1)
        # The last component is that they are wrong: nothing is taken.
        self.taken, self.weight = np.zeros(shape), np.zeros(shape)
        for i, of in enumerate(told_of_rows):
            if of is None or not of.known:
                continue
            n = len(of.values)
            self.taken[i, :n] = loss_of(of.values)
            self.weight[i, :n] = _weights(of) / n
        self.share = self.weight[:, :-1].sum(axis=1)
        """How often what they say of a row would be reported."""
        self.trust = 0.5

    def draw(self, at: np.ndarray, sd: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Choose a component for each row, and return what it leaves of the row's number."""
        low, high = self._left(self.lo), self._left(self.hi)
        a, c = (low - at[:, None]) / sd[:, None], (high - at[:, None]) / sd[:, None]
        known = self.lo == self.hi
        with np.errstate(divide="ignore", invalid="ignore"):
            point = -0.5 * a**2 + self.lo[:, None] - low
            inside = np.log(np.maximum(ndtr(c) - ndtr(a), 0.0))
            far = np.where(np.isneginf(inside) & (c > a), log_ndtr(np.minimum(c, -a)), inside)
            logs = np.where(known[:, None], point, far)
            trusted = np.where(self.share > 0, self.trust, 0.0)
            prior = np.log(self.weight) + np.log(trusted)[:, None]
            prior[:, -1] = np.log1p(-trusted)
            logs = np.where(np.isnan(logs), -np.inf, logs) + prior
        logs -= logs.max(axis=1, keepdims=True)
        p = np.cumsum(np.exp(logs), axis=1)
        chosen = (p < rng.uniform(size=(len(p), 1)) * p[:, -1:]).sum(axis=1)
        rows = np.arange(len(p))
        self._learn_trust(chosen < self.weight.shape[1] - 1, rng)
        y = low[rows, chosen].copy()
        if not known.all():
            x = regression.truncated(a[rows, chosen][~known], c[rows, chosen][~known], rng)
            y[~known] = at[~known] + sd[~known] * x
        value: np.ndarray = y
        return value

    def _left(self, end: np.ndarray) -> np.ndarray:
        """Return what each component leaves of an end of the rows' intervals."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value: np.ndarray = np.log(np.maximum(np.exp(end)[:, None] - self.taken, 0.0))
            return value

    def _learn_trust(self, theirs: np.ndarray, rng: np.random.Generator) -> None:
        """Draw the trust anew, on a grid: what is reported is not all that they say."""
        of = self.share > 0
        if not of.any():
            return
        n, k = int(of.sum()), int(theirs[of].sum())
        logs = k * np.log(_GRID) + (n - k) * np.log1p(-_GRID)
        logs -= np.log(_GRID[:, None] * self.share[of] + 1 - _GRID[:, None]).sum(axis=1)
        p = np.exp(logs - logs.max())
        self.trust = float(rng.choice(_GRID, p=p / p.sum()))


def loss_of(left: np.ndarray) -> np.ndarray:
    """Return ``-ln R``; infinite for a dead cell."""
    with np.errstate(divide="ignore"):
        value: np.ndarray = np.maximum(-np.log(np.clip(left, 0.0, 1.0)), 0.0)
        return value


def _weights(told: Told) -> np.ndarray:
    """Return how often each member would be reported."""
    return np.where(told.dead, priors()["reported"]["dead"]["value"], 1.0)


def fit_left(
    rows: Sequence[Row], told: Tellings, effects: Sequence[str] = LEFT, seed: int = 0
) -> tuple[regression.Posterior, list[str]]:
    """Fit the law to what the mechanisms leave of retentions."""
    kinds = kinds_of(rows)
    X = np.array([design(row, kinds, effects) for row in rows])
    lo, hi = np.array([bounds(row) for row in rows]).T
    mean, sd = prior(rows, kinds, effects, left=True)
    papers = [row.paper for row in rows]
    said = Said(rows, told)
    return regression.fit(X, lo, hi, papers, sd, mean, seed, mechanisms=said), kinds


def members_with(
    told: Told | None, f: np.ndarray, trust: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return members of a retention: what mechanisms say, and what comes on top.

    Parameters
    ----------
    told : Told or None
        The row's ensemble.
    f : array
        Draws of what is on top.
    trust : array
        Draws of the trust.
    """
    taken = np.zeros(len(f))
    if told is not None and told.known:
        weights = _weights(told) / len(told.values)
        share = weights.sum()
        theirs = trust * share / (trust * share + 1 - trust)
        picked = loss_of(told.values)[rng.choice(len(weights), size=len(f), p=weights / share)]
        taken = np.where(rng.uniform(size=len(f)) < theirs, picked, 0.0)
    return np.asarray(100 * np.exp(-(taken + np.exp(np.clip(f, *Y_RANGE)))))


PARTS = ("scatter of laboratories", "scatter of cells", "mechanisms", "what is not known")
"""What makes a prediction wide: both scatters, what mechanisms say of a row and whether they are
right, and that the law's constants are known from some tens of rows."""


@dataclass(frozen=True)
class Mechanistic:
    """The predictor that mechanisms, and what is learned with them, make.

    Attributes
    ----------
    told : mapping
        What the mechanisms say.
    effects : sequence of str
        The effects on what they leave.
    seed : int
        Of the sampler and of the draws.
    without : str or None
        Which of :data:`PARTS` a retention is predicted without, once all is learned with it.
    fits : dict
        What was learned, by the rows it was learned from.
    """

    told: Tellings
    effects: Sequence[str] = LEFT
    seed: int = 0
    without: str | None = None
    fits: dict[tuple[Key, ...], tuple[regression.Posterior, list[str]]] = field(
        default_factory=dict, repr=False
    )

    def __call__(self, others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        """Predict rows from those of the other papers."""
        if rows[0].quantity != RETENTION:
            return ratios(self.told, self.seed)(others, rows)
        fitted, kinds = self._fitted(others)
        predictions = []
        for row in rows:
            # One laboratory and one set of draws a paper: its rows differ by their set-ups.
            rng = stream(row, 2 + self.seed)
            x = design(row, kinds, self.effects)
            f = np.concatenate([fitted.predict(x, rng) for _ in range(REPEATED)])
            trust = np.tile(fitted.trust, REPEATED)
            told = None if self.without == "mechanisms" else self.told.get(key_of(row))
            predictions.append(members_with(told, f, trust, rng))
        return predictions

    def _fitted(self, others: Sequence[Row]) -> tuple[regression.Posterior, list[str]]:
        key = tuple(key_of(row) for row in others)
        if key not in self.fits:
            self.fits[key] = fit_left(others, self.told, self.effects, self.seed)
        fitted, kinds = self.fits[key]
        if self.without == "scatter of laboratories":
            fitted = replace(fitted, lab=np.zeros_like(fitted.lab))
        elif self.without == "scatter of cells":
            fitted = replace(fitted, cell=np.zeros_like(fitted.cell))
        elif self.without == "what is not known":
            n = len(fitted.lab)
            fitted = replace(
                fitted,
                b=np.tile(fitted.b.mean(axis=0), (n, 1)),
                lab=np.full(n, np.sqrt((fitted.lab**2).mean())),
                cell=np.full(n, np.sqrt((fitted.cell**2).mean())),
                trust=np.full(n, fitted.trust.mean()),
            )
        return fitted, kinds


def bare(told: Tellings) -> Predictor:
    """Return the predictor that mechanisms make alone; the other rows where they say nothing."""

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        usual = constant(others, rows)
        predictions = []
        for row, members in zip(rows, usual, strict=True):
            of = told.get(key_of(row))
            if of is not None and of.known:
                members = 100 * of.values if row.quantity == RETENTION else of.values
            predictions.append(members)
        return predictions

    return predict


REMOVABLE = (
    "mechanisms",
    "width of the middle",
    *LEFT,
    "scatter of laboratories",
    "scatter of cells",
)
"""What can be taken out of what is believed before anything is fitted."""


def prior_predictive(rows: Sequence[Row], told: Tellings) -> dict[str, Any]:
    """Return what retentions come to before anything is fitted.

    All is drawn from its prior: the fade on top and its class, both scatters, and the trust in the
    mechanisms (even between none and all); a dead cell is reported as rarely as ``priors.toml`` has
    it.

    Returns
    -------
    dict
        ``p25`` and ``p75`` [%], ``below_half``, the share below 50 %; ``dead``, the share of lives
        that end dead, and ``p25_trusted``, ``p75_trusted``, with the mechanisms believed whole;
        ``without``, the quartiles with one belief at a time taken out (:data:`REMOVABLE`).
    """
    mine = [row for row in rows if row.quantity == RETENTION]
    mine = [row for row in mine if (of := told.get(key_of(row))) is not None and of.known]
    if not mine:
        return {}
    whole = _believed(mine, told)
    trusted = _quartiles(_believed(mine, told, trust=1.0))
    return {
        "dead": float(np.mean([told[key_of(row)].dead.mean() for row in mine])),
        "rows": len(mine),
        **_quartiles(whole),
        "below_half": float((whole < 50).mean()),
        **{f"{name}_trusted": value for name, value in trusted.items()},
        "without": {name: _quartiles(_believed(mine, told, {name})) for name in REMOVABLE},
    }


def _quartiles(members: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(members, (0.25, 0.75))
    return {"p25": float(low), "p75": float(high)}


def _believed(
    rows: Sequence[Row],
    told: Tellings,
    without: Collection[str] = (),
    trust: float | None = None,
) -> np.ndarray:
    """Return members of all rows from their priors alone, less what is taken out.

    ``trust`` is how far mechanisms are believed; any share if not given.
    """
    rng = np.random.default_rng(7)
    mean, sd = prior(rows, ("",), LEFT, left=True)
    names = ["width of the middle", *LEFT]
    sd = np.where([name in without for name in names], 0.0, sd)
    mean = np.where([name in without for name in ("", *LEFT)], 0.0, mean)
    (lab_shape, lab), (cell_shape, cell) = regression.scatters()
    draws = []
    for row in rows:
        b = mean + sd * rng.standard_normal((_DRAWS, len(mean)))
        labs = np.sqrt(lab / rng.gamma(lab_shape, size=_DRAWS)) * rng.standard_normal(_DRAWS)
        cells = np.sqrt(cell / rng.gamma(cell_shape, size=_DRAWS))
        scatter = cells * rng.standard_t(regression.DEGREES, _DRAWS)
        f = b @ design(row, (group(row),), LEFT)
        f = f + labs * ("scatter of laboratories" not in without)
        f = f + scatter * ("scatter of cells" not in without)
        believed = rng.uniform(size=_DRAWS) if trust is None else np.full(_DRAWS, trust)
        believed = believed * ("mechanisms" not in without)
        draws.append(members_with(told[key_of(row)], f, believed, rng))
    return np.concatenate(draws)
