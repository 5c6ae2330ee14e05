"""Lives of published cells: mechanisms and statistics, mixed by a trust that is learned.

Most lives are "at least": three failures in 36 000 hours teach no law. So the mechanisms are
believed as far as they were right about who lived for 100 and for 500 h, and the statistics speak
else and beyond the horizon that mechanisms were followed to.

A published life is one at a current that the cell bears: who shorts a cell in its first cycle tells
a critical current. So members that die in their first cycle count as dead cells of retentions do,
as often as they are reported (``reported.dead`` of ``priors.toml``). A forecast of a cell, which
nobody has reported, has them whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.outcomes.ensembles import Tellings, Told, key_of
from twin.outcomes.nulls import Predictor
from twin.outcomes.ratios import Known
from twin.outcomes.recognise import priors
from twin.outcomes.table import Row

LIVES = (100.0, 500.0)
"""Hours after which lives are asked for."""
_GRID = np.linspace(0.01, 0.99, 50)


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
    """Return the share, of those that would be reported, that lives for some hours."""
    return float(_reported(told) @ (~told.dead | (told.values >= np.log10(hours))))


def _reported(told: Told) -> np.ndarray:
    """Return how likely each member is the one that was reported."""
    weight = np.ones(len(told.values))
    if told.at_once is not None:
        weight[told.at_once] = priors()["reported"]["dead"]["value"]
    share: np.ndarray = weight / weight.sum()
    return share


def lives_mixed(row: Row, told: Told | None, members: np.ndarray, trust: float) -> np.ndarray:
    """Return members of a life, of mechanisms as far as they are trusted."""
    if told is None or not told.known:
        return members
    rng = np.random.default_rng([3, *[ord(c) for c in f"{row.paper}/{row.id}"]])
    at = rng.choice(len(told.values), size=len(members), p=_reported(told))
    theirs, dead = told.values[at], told.dead[at]
    beyond = np.maximum(members, theirs)
    return np.where(rng.uniform(size=len(members)) < trust, np.where(dead, theirs, beyond), members)
