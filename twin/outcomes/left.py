"""What mechanisms leave: the two-level law fitted on top of their ensembles, never twice.

Each row has members of what its mechanisms say (:mod:`twin.outcomes.ensembles`). A retention loses
what they take and a fade on top; other quantities are off by decades::

    -ln R = L_m + exp(f)        y = x_m + f
    f = X b + u_paper + e       as in :mod:`twin.outcomes.regression`

The likelihood of a row is the mean over its members ``m``: in each step of the sampler one is
drawn, by how well it leaves what the law expects, so the members' own priors are reweighted by
importance and no emulator is needed. One more component is that the mechanisms are wrong about the
row: then the class alone speaks (``L = 0``; for the rest the middle of the class). How likely they
are right, the *trust*, is learned with the rest. A dead member cannot have the number that was
reported; how often a dead cell is reported at all stands in ``priors.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from twin.outcomes import regression
from twin.outcomes.ensembles import Told
from twin.outcomes.nulls import (
    LEFT,
    Y_RANGE,
    Predictor,
    bounds,
    constant,
    design,
    group,
    kinds_of,
    middle,
    prior,
)
from twin.outcomes.recognise import number_of, priors
from twin.outcomes.table import RETENTION, Row

REPEATED = int(number_of("sampler", "repeated"))
"""So many members are drawn of each draw of the law."""
_GRID = np.linspace(0.01, 0.99, 50)
_DRAWS = 400
LIVES = (100.0, 500.0)
"""Hours after which lives are asked for."""

Key = tuple[str, str, str, int]
Tellings = Mapping[Key, Told]
"""What is said of rows, by paper, id and quantity, and which of several with these."""


def key_of(row: Row) -> Key:
    """Return what a row is found by."""
    return row.paper, row.id, row.quantity, row.again


@dataclass(frozen=True)
class Known:
    """A number that was learned: its middle and how well it is known."""

    value: float
    sd: float

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Return members of it."""
        return self.value + self.sd * rng.standard_normal(count)


class Said:
    """What mechanisms say of some rows, as components of a mixture.

    Parameters
    ----------
    rows : sequence of Row
        All of one quantity.
    told : mapping
        Their ensembles.
    alone : array of shape (rows,)
        Where the class alone stands, in decades; nothing for retentions.
    """

    def __init__(self, rows: Sequence[Row], told: Tellings, alone: np.ndarray | None = None):
        self.retention = rows[0].quantity == RETENTION
        self.lo, self.hi = np.array([bounds(row) for row in rows]).T
        found = [told.get(key_of(row)) for row in rows]
        most = max((len(t.values) for t in found if t is not None), default=0)
        shape = (len(rows), most + 1)
        self.offset, self.weight = np.zeros(shape), np.zeros(shape)
        for i, of in enumerate(found):
            if of is None or not of.known:
                continue
            n = len(of.values)
            self.offset[i, :n] = loss_of(of.values) if self.retention else of.values
            self.weight[i, :n] = _weights(of, self.retention) / n
        self.offset[:, -1] = 0.0 if alone is None else alone
        self.share = self.weight[:, :-1].sum(axis=1)
        """How often what they say of a row would be reported."""
        self.trust = 0.5

    def draw(self, at: np.ndarray, sd: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Choose a component for each row, and return what it leaves of the row's number."""
        low, high = self._left(self.lo), self._left(self.hi)
        a, c = (low - at[:, None]) / sd[:, None], (high - at[:, None]) / sd[:, None]
        known = self.lo == self.hi
        with np.errstate(divide="ignore", invalid="ignore"):
            point = -0.5 * a**2 + (self.lo[:, None] - low if self.retention else 0.0)
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
        if not self.retention:
            return end[:, None] - self.offset
        with np.errstate(divide="ignore", invalid="ignore"):
            value: np.ndarray = np.log(np.maximum(np.exp(end)[:, None] - self.offset, 0.0))
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


def _weights(told: Told, retention: bool) -> np.ndarray:
    """Return how often each member would be reported."""
    if not retention:
        return np.ones(len(told.values))
    return np.where(told.dead, priors()["reported"]["dead"]["value"], 1.0)


def alone_of(others: Sequence[Row], rows: Sequence[Row]) -> np.ndarray:
    """Return the class's middle among other rows, shrunk to that of all [decades]."""
    whole = float(np.median([middle(r) for r in others]))
    found = []
    for row in rows:
        mine = [middle(r) for r in others if group(r) == group(row)]
        share = len(mine) / (len(mine) + float(priors()["nulls"]["class_shrinking"]["value"]))
        found.append(whole + share * ((float(np.median(mine)) if mine else whole) - whole))
    return np.array(found)


def fit_left(
    rows: Sequence[Row], told: Tellings, effects: Sequence[str] = LEFT
) -> tuple[regression.Posterior, list[str], np.ndarray | None]:
    """Fit the law to what the mechanisms leave of rows of one quantity."""
    kinds = kinds_of(rows)
    X = np.array([design(row, kinds, effects) for row in rows])
    lo, hi = np.array([bounds(row) for row in rows]).T
    mean, sd = prior(rows, kinds, effects, left=True)
    alone = None if rows[0].quantity == RETENTION else alone_of(rows, rows)
    said = Said(rows, told, alone)
    papers = [row.paper for row in rows]
    scatters = regression.scatters("scatter" if said.retention else "scatter_left")
    fitted = regression.fit(X, lo, hi, papers, sd, mean, mechanisms=said, priors=scatters)
    return fitted, kinds, alone


def members_with(
    row: Row,
    told: Told | None,
    f: np.ndarray,
    trust: np.ndarray,
    alone: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return members of a row's number: what mechanisms say, and what comes on top.

    Parameters
    ----------
    row : Row
        The row.
    told : Told or None
        Its ensemble.
    f : array
        Draws of what is on top.
    trust : array
        Draws of the trust.
    alone : float
        Where the class alone stands [decades].
    """
    retention = row.quantity == RETENTION
    offset = np.full(len(f), 0.0 if retention else alone)
    if told is not None and told.known:
        weights = _weights(told, retention) / len(told.values)
        share = weights.sum()
        theirs = trust * share / (trust * share + 1 - trust)
        of = loss_of(told.values) if retention else told.values
        picked = of[rng.choice(len(of), size=len(f), p=weights / share)]
        offset = np.where(rng.uniform(size=len(f)) < theirs, picked, offset)
    if retention:
        return np.asarray(100 * np.exp(-(offset + np.exp(np.clip(f, *Y_RANGE)))))
    value: np.ndarray = offset + f
    return value


def mechanistic(told: Tellings, effects: Sequence[str] = LEFT) -> Predictor:
    """Return the predictor that mechanisms, and what is learned on top of them, make."""

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        fitted, kinds, _ = fit_left(others, told, effects)
        places = alone_of(others, rows) if rows[0].quantity != RETENTION else np.zeros(len(rows))
        found = []
        for row, alone in zip(rows, places, strict=True):
            # One laboratory and one set of draws a paper: its rows differ by their set-ups.
            rng = np.random.default_rng([2, *[ord(c) for c in row.paper]])
            x = design(row, kinds, effects)
            f = np.concatenate([fitted.predict(x, rng) for _ in range(REPEATED)])
            trust = np.tile(fitted.trust, REPEATED)
            found.append(members_with(row, told.get(key_of(row)), f, trust, float(alone), rng))
        return found

    return predict


def bare(told: Tellings) -> Predictor:
    """Return the predictor that mechanisms make alone; the other rows where they say nothing."""

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        usual = constant(others, rows)
        found = []
        for row, members in zip(rows, usual, strict=True):
            of = told.get(key_of(row))
            if of is not None and of.known:
                members = 100 * of.values if row.quantity == RETENTION else of.values
            found.append(members)
        return found

    return predict


def lives_with(told: Tellings, statistics: Predictor) -> Predictor:
    """Return the predictor of lives: mechanisms and statistics, mixed by a trust that is learned.

    Most lives are "at least", so there is no law to fit on top: the trust is judged by who lived
    for 100 and for 500 h. What outlives the horizon that mechanisms were followed to goes on as the
    statistics say.
    """

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[np.ndarray]:
        usual = statistics(others, [*others, *rows])
        trust = trust_in_lives(others, told, usual).value
        return [
            lives_mixed(row, told.get(key_of(row)), members, trust)
            for row, members in zip(rows, usual[len(others) :], strict=True)
        ]

    return predict


def trust_in_lives(rows: Sequence[Row], told: Tellings, usual: Sequence[np.ndarray]) -> Known:
    """Return how likely mechanisms are right about a life, by who lived for 100 and 500 h."""
    logs = np.zeros(len(_GRID))
    for row, members in zip(rows, usual, strict=False):
        of = told.get(key_of(row))
        if of is None or not of.known:
            continue
        for hours in LIVES:
            lived = row.lo >= hours
            if not lived and row.hi >= hours:
                continue
            # Some lives are never all.
            p = 0.01 + 0.98 * _lived(of, hours)
            q = float((members >= np.log10(hours)).mean())
            chance = _GRID * p + (1 - _GRID) * q
            logs += np.log(chance if lived else 1 - chance)
    posterior = np.exp(logs - logs.max())
    posterior /= posterior.sum()
    middle_of = float(posterior @ _GRID)
    return Known(middle_of, float(np.sqrt(posterior @ (_GRID - middle_of) ** 2)))


def _lived(told: Told, hours: float) -> float:
    """Return the share that lives for some hours."""
    return float((~told.dead | (told.values >= np.log10(hours))).mean())


def lives_mixed(row: Row, told: Told | None, members: np.ndarray, trust: float) -> np.ndarray:
    """Return members of a life, of mechanisms as far as they are trusted."""
    if told is None or not told.known:
        return members
    rng = np.random.default_rng([3, *[ord(c) for c in f"{row.paper}/{row.id}"]])
    at = rng.integers(len(told.values), size=len(members))
    theirs, dead = told.values[at], told.dead[at]
    beyond = np.maximum(members, theirs)
    return np.where(rng.uniform(size=len(members)) < trust, np.where(dead, theirs, beyond), members)


def prior_predictive(rows: Sequence[Row], told: Tellings) -> dict[str, float]:
    """Return what retentions come to before anything is fitted.

    All is drawn from its prior: the fade on top and its class, both scatters, and the trust in the
    mechanisms (even between none and all); a dead cell is reported as rarely as ``priors.toml`` has
    it.

    Returns
    -------
    dict
        ``p25`` and ``p75`` [%], ``below_half``, the share below 50 %; ``dead``, the share of lives
        that end dead, and ``p25_trusted``, ``p75_trusted``, with the mechanisms believed whole.
    """
    mine = [row for row in rows if row.quantity == RETENTION]
    mine = [row for row in mine if (of := told.get(key_of(row))) is not None and of.known]
    if not mine:
        return {}
    rng = np.random.default_rng(7)
    mean, sd = prior(mine, ("",), LEFT, left=True)
    found: dict[str, list[np.ndarray]] = {"": [], "_trusted": []}
    dead = []
    for row in mine:
        of = told[key_of(row)]
        b = mean + sd * rng.standard_normal((_DRAWS, len(mean)))
        (lab_shape, lab), (cell_shape, cell) = regression.scatters()
        labs = np.sqrt(lab / rng.gamma(lab_shape, size=_DRAWS)) * rng.standard_normal(_DRAWS)
        cells = np.sqrt(cell / rng.gamma(cell_shape, size=_DRAWS))
        scatter = cells * rng.standard_t(regression.DEGREES, _DRAWS)
        f = b @ design(row, (group(row),), LEFT) + labs + scatter
        for name, trust in (("", rng.uniform(size=_DRAWS)), ("_trusted", np.ones(_DRAWS))):
            found[name].append(members_with(row, of, f, trust, 0.0, rng))
        dead.append(float(of.dead.mean()))
    result = {"dead": float(np.mean(dead)), "rows": len(dead)}
    for name, members in found.items():
        whole = np.concatenate(members)
        low, high = np.quantile(whole, (0.25, 0.75))
        result |= {f"p25{name}": float(low), f"p75{name}": float(high)}
        if not name:
            result["below_half"] = float((whole < 50).mean())
    return result


__all__ = ["Said", "Tellings", "fit_left", "key_of", "mechanistic", "members_with"]
