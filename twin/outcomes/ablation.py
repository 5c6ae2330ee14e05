"""What each mechanism is worth: the same scores with it switched off.

Each life is lived again with the numbers that it had and one mode left out
(:func:`twin.outcomes.ensembles.tell_without`), and all is scored as :mod:`twin.outcomes.skill`
does, with what is learned on top learned anew each time, in the same folds by paper and with the
same draws. A mechanism earns its place where switching it off makes the score, or the pairs of one
paper, worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.outcomes.controls import marked
from twin.outcomes.ensembles import UNTOUCHED, Tellings, key_of
from twin.outcomes.left import Mechanistic, bare, prior_predictive
from twin.outcomes.nulls import LEFT, Predictor
from twin.outcomes.scores import Band, distance, resampled
from twin.outcomes.skill import Prediction, foldable, in_folds, pairs_of
from twin.outcomes.table import CRITICAL, LIFE, RESISTANCE, RETENTION, Row

EVERYTHING = "all mechanisms"
CONTROL = "control rule"
"""That controls lose more: no mechanism, but statistics."""
NOTHING = "nothing"
"""Only the sampler's draws are others: chance."""


def mechanisms(named: Sequence[str] | None = None) -> list[str]:
    """Return the failure modes that can be switched off, of those that act in an ensemble.

    Those ``named``, or all.

    Raises
    ------
    TwinError
        If one of those named is no mode, or has no part in an ensemble.
    """
    modes = plugin_manager().modes
    known = [name for name, mode in modes.items() if not mode.fitted_loss]
    if named is None:
        return known
    plugin_manager().select(without=named)  # an unknown name is told as everywhere
    for name in named:
        if name not in known:
            raise InputError(
                f"{name!r} has no part in these lives: it is fitted to published retentions",
                key="without",
                fix=f"choose from {', '.join(known)}",
            )
    return list(dict.fromkeys(named))


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
        if row.quantity != RETENTION or of.values.min() < UNTOUCHED:
            rows_touched.append(row)
    return rows_touched


@dataclass(frozen=True)
class Ablated:
    """The scores of one quantity without a mechanism, less those with it.

    Bands are of resampled papers. All are above nought where the mechanism is worth having.

    Attributes
    ----------
    rows, changed : int
        How many two-sided rows are scored, and of how many lives are others without it.
    crps : Band
        How much worse the mean score is without it.
    alone : Band
        The same of the lives alone, with nothing learned on top.
    sign, ratio : Band or None
        By how much the share of pairs whose sign is right, and of those within x2, falls.
    controls : float or None
        By how much the mean error on negative controls grows (retentions).
    before : mapping
        What retentions come to before anything is fitted, without it:
        :func:`twin.outcomes.left.prior_predictive`.
    chance : mapping
        By how much ``crps``, ``sign`` and ``ratio`` move with other draws of the sampler alone.
    """

    name: str
    quantity: str
    rows: int
    changed: int
    crps: Band
    alone: Band
    sign: Band | None
    ratio: Band | None
    controls: float | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    chance: Mapping[str, float] = field(default_factory=dict)

    @property
    def bands(self) -> dict[str, Band]:
        """What it is judged by: the score and the pairs."""
        every = {"crps": self.crps, "sign": self.sign, "ratio": self.ratio}
        return {name: band for name, band in every.items() if band is not None}

    @property
    def worth(self) -> bool | None:
        """Whether switching it off makes the score or the pairs worse; None if it is not sure.

        Sure is what is above chance, or below it, in the whole band.
        """
        bands = [(band, self.chance.get(name, 0.0)) for name, band in self.bands.items()]
        if any(band.low > chance for band, chance in bands):
            return True
        return False if any(band.high < -chance for band, chance in bands) else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "without": self.name,
            "quantity": self.quantity,
            "rows": self.rows,
            "changed": self.changed,
            "crps_worse": self.crps.to_dict(),
            "alone_worse": self.alone.to_dict(),
            "sign_worse": None if self.sign is None else self.sign.to_dict(),
            "within_x2_worse": None if self.ratio is None else self.ratio.to_dict(),
            "controls_worse": self.controls,
            "prior_predictive": {
                name: self.before[name]
                for name in ("p25", "p75", "p25_trusted", "p75_trusted", "dead")
                if name in self.before
            },
            "chance": dict(self.chance),
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
    # Chance is the last one.
    said: dict[str, Tellings] = {**without, EVERYTHING: {}, CONTROL: told, NOTHING: told}
    quantities = comparable(rows)
    steps, done = len(quantities) * len(said), 0
    ablated = []
    for quantity in quantities:
        mine = [row for row in rows if row.quantity == quantity]
        whole, alone = in_folds(mine, Mechanistic(told)), in_folds(mine, bare(told))
        of_quantity = []
        for name, of in said.items():
            done += 1
            on_progress(done / steps, f"{quantity} without {name}")
            if name == CONTROL and quantity != RETENTION:
                continue
            changed = sum(_differs(row, told, of) for row in mine if row.two_sided)
            # What says the same of all rows, of bounds too, scores the same.
            same = name in without and not any(_differs(row, told, of) for row in mine)
            less = whole if same else in_folds(mine, _predictor(name, of))
            compared = (whole, less, alone, in_folds(mine, bare(of)))
            before = prior_predictive(mine, of) if name in without else {}
            of_quantity.append(_compared(name, quantity, changed, compared, before))
        chance = {name: abs(band.value) for name, band in of_quantity[-1].bands.items()}
        ablated += [replace(one, chance=chance) for one in of_quantity]
    return ablated


def _predictor(name: str, told: Tellings) -> Predictor:
    if name == CONTROL:
        return Mechanistic(told, [effect for effect in LEFT if effect != "control"])
    return Mechanistic(told, seed=int(name == NOTHING))


def comparable(rows: Sequence[Row]) -> list[str]:
    """Return the quantities whose score can be compared: rows that say how much, of papers enough.

    Lives are judged by other scores.
    """
    quantities = []
    for quantity in (RETENTION, CRITICAL, RESISTANCE):
        mine = [row for row in rows if row.quantity == quantity]
        if foldable(mine) and any(row.two_sided for row in mine):
            quantities.append(quantity)
    return quantities


def _differs(row: Row, told: Tellings, without: Tellings) -> bool:
    """Return whether what is said of a row is another without a mechanism."""
    one, other = told.get(key_of(row)), without.get(key_of(row))
    if one is None or other is None:
        return one is not other and one is not None and one.known
    return not np.array_equal(one.values, other.values)


def _compared(
    name: str,
    quantity: str,
    changed: int,
    said: tuple[Sequence[Prediction], ...],
    before: Mapping[str, Any],
) -> Ablated:
    """Compare what is said with all mechanisms and with one off, and what the lives alone say."""
    whole, less, alone, alone_less = ([s for s in of if s.row.two_sided] for of in said)
    papers = [one.row.paper for one in whole]

    def worse(with_it: Sequence[Prediction], without: Sequence[Prediction]) -> Band:
        return _mean([b.crps - a.crps for a, b in zip(with_it, without, strict=True)], papers)

    pairs = list(zip(pairs_of(whole), pairs_of(less), strict=True))
    of_pairs = [a.paper for a, _ in pairs]
    sign = _mean([a.right - b.right for a, b in pairs], of_pairs) if pairs else None
    within = [float(a.within_x2) - float(b.within_x2) for a, b in pairs]
    return Ablated(
        name,
        quantity,
        len(whole),
        changed,
        worse(whole, less),
        worse(alone, alone_less),
        sign,
        _mean(within, of_pairs) if pairs else None,
        _error_of_controls(less, whole) if quantity == RETENTION else None,
        before,
    )


def _mean(values: Sequence[float], papers: Sequence[str]) -> Band:
    """Return the mean of rows or pairs, with its band from resampled papers."""
    of = np.array(values)
    return resampled(papers, lambda at: float(of[at].mean()))


def _error_of_controls(less: Sequence[Prediction], whole: Sequence[Prediction]) -> float | None:
    """Return by how much the mean error on negative controls grows; None if there are none."""

    def errors(said: Sequence[Prediction]) -> list[float]:
        mine = [s for s in said if "control" in s.row.marks]
        return [distance(float(np.median(s.members)), *s.interval) for s in mine]

    if not errors(whole):
        return None
    return float(np.mean(errors(less)) - np.mean(errors(whole)))
