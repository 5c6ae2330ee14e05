"""What each mechanism is worth: the same scores with it switched off.

All is scored as :mod:`twin.outcomes.skill` does, with what is learned on top learned anew each
time, in the same folds by paper. A mechanism earns its place where switching it off makes the score
of the retentions, or the pairs of one paper, worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.modes.manager import plugin_manager
from twin.outcomes.controls import marked
from twin.outcomes.ensembles import Tellings, key_of
from twin.outcomes.left import mechanistic
from twin.outcomes.nulls import LEFT, Predictor
from twin.outcomes.scores import Band, resampled
from twin.outcomes.skill import contrasts_of, in_folds
from twin.outcomes.table import CRITICAL, LIFE, RESISTANCE, RETENTION, Row

CONTROL = "what controls lose more (statistics)"
EVERYTHING = "all mechanisms"
_UNTOUCHED = 0.995
"""Mechanisms that leave so much, or more, in every life take nothing worth switching off."""


def mechanisms() -> list[str]:
    """Return the failure modes that can be switched off, of those that act in an ensemble."""
    return [name for name, mode in plugin_manager().modes.items() if not mode.fitted_loss]


def touched(rows: Sequence[Row], told: Tellings) -> list[Row]:
    """Return the rows of which mechanisms say anything that switching one off may change.

    Where all of them together take nothing from a retention, none alone does. Lives are judged by
    other scores.
    """
    rows_touched = []
    for row in rows:
        of = told.get(key_of(row))
        if of is None or not of.known or row.quantity == LIFE:
            continue
        if row.quantity != RETENTION or of.values.min() < _UNTOUCHED:
            rows_touched.append(row)
    return rows_touched


@dataclass(frozen=True)
class Ablated:
    """The scores of one quantity without a mechanism, less those with it.

    Attributes
    ----------
    crps : Band
        How much worse the mean score is without it (above nought: it is worth having), with its
        band from resampled papers.
    sign, ratio : float or None
        By how much the share of pairs whose sign is right, and of those within x2, fall.
    """

    name: str
    quantity: str
    rows: int
    crps: Band
    sign: float | None
    ratio: float | None

    @property
    def worth(self) -> bool:
        """Whether switching it off makes the score or the pairs worse."""
        return self.crps.value > 0 or (self.sign or 0) > 0 or (self.ratio or 0) > 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "without": self.name,
            "quantity": self.quantity,
            "rows": self.rows,
            "crps_worse": self.crps.to_dict(),
            "sign_worse": self.sign,
            "within_x2_worse": self.ratio,
            "worth": self.worth,
        }


def ablate(
    rows: Sequence[Row],
    told: Tellings,
    without: Mapping[str, Tellings],
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> list[Ablated]:
    """Score with each mechanism off.

    Parameters
    ----------
    rows : sequence of Row
        The table.
    told : mapping
        What all mechanisms say.
    without : mapping
        What is said without each.
    on_progress : callable
        Told the share that is done.
    """
    rows = [marked(row) for row in rows]
    ablated = []
    changed: dict[str, Predictor] = {name: mechanistic(of) for name, of in without.items()}
    changed[EVERYTHING] = mechanistic({})
    changed[CONTROL] = mechanistic(told, [e for e in LEFT if e != "control"])
    quantities = [q for q in (RETENTION, CRITICAL, RESISTANCE) if _enough(rows, q)]
    steps, done = len(quantities) * (len(changed) + 1), 0
    for quantity in quantities:
        mine = [row for row in rows if row.quantity == quantity]
        whole = in_folds(mine, mechanistic(told))
        for name, predictor in changed.items():
            done += 1
            on_progress(done / steps, f"{quantity} without {name}")
            if name == CONTROL and quantity != RETENTION:
                continue
            ablated.append(_compared(name, quantity, whole, in_folds(mine, predictor)))
    return ablated


def _enough(rows: Sequence[Row], quantity: str) -> bool:
    return len({row.paper for row in rows if row.quantity == quantity}) > 2


def _compared(name: str, quantity: str, whole: Sequence[Any], less: Sequence[Any]) -> Ablated:
    pairs = [(a, b) for a, b in zip(whole, less, strict=True) if a.row.two_sided]
    worse = np.array([b.crps - a.crps for a, b in pairs])
    band = resampled([a.row.paper for a, _ in pairs], lambda at: float(worse[at].mean()))
    with_it, without = contrasts_of(whole), contrasts_of(less)

    def fall(key: str) -> float | None:
        if with_it[key] is None or without[key] is None:
            return None
        return float(with_it[key] - without[key])

    return Ablated(name, quantity, len(pairs), band, fall("sign_right"), fall("within_x2"))
