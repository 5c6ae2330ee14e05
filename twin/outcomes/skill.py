"""How well a table of published outcomes is predicted, beside what its own numbers predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twin.outcomes.controls import marked
from twin.outcomes.ensembles import Key, Tellings, Told, key_of
from twin.outcomes.learning import ON_TOP, Learned, shipped
from twin.outcomes.left import PARTS, Mechanistic, bare, prior_predictive
from twin.outcomes.lives import LIVES, lives_mixed, lives_with
from twin.outcomes.nulls import MARKED, NULLS, ONLY_RETENTION, Predictor, scale
from twin.outcomes.ratios import levels_of
from twin.outcomes.scores import (
    Band,
    brier,
    crps,
    distance,
    pit,
    reliability,
    resampled,
    share_within,
    skill,
)
from twin.outcomes.table import LIFE, RETENTION, SCORED, Row

BANDS = {"90": (0.05, 0.95), "50": (0.25, 0.75)}
LEARNED = "learned"
"""What constants learned from published cells say; no mechanism of a cell has a part in it."""
TWIN = "twin"
"""What the mechanisms say of each row's cell, and what is learned on top of them."""
ALONE = "mechanisms"
"""What the mechanisms say with nothing learned on top, as the library has them."""


@dataclass(frozen=True)
class Prediction:
    """The members predicted of one row, in the scale of its score."""

    row: Row
    members: np.ndarray
    told: Told | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """The measured interval, in the scale of the score."""
        hi = self.row.hi if np.isinf(self.row.hi) else float(scale(self.row.quantity, self.row.hi))
        return float(scale(self.row.quantity, self.row.lo)), hi

    @property
    def crps(self) -> float:
        """Its score."""
        return crps(self.members, *self.interval)

    def to_dict(self) -> dict[str, Any]:
        """Return it in the quantity's own unit, as plain data."""
        levels = np.quantile(self.members, (0.05, 0.25, 0.5, 0.75, 0.95))
        own = levels if self.row.quantity == RETENTION else 10.0**levels
        p05, p25, median, p75, p95 = (float(v) for v in own)
        return {
            "paper": self.row.paper,
            "id": self.row.id,
            "quantity": self.row.quantity,
            "median": median,
            "p05": p05,
            "p25": p25,
            "p75": p75,
            "p95": p95,
            "members": len(self.members),
            "lo": self.row.lo,
            "hi": self.row.hi if np.isfinite(self.row.hi) else None,
            "crps": self.crps if self.row.measured else None,
            **({} if self.told is None else {"mechanisms": self.told.to_dict()}),
        }


@dataclass(frozen=True)
class Scored:
    """The scores of one predictor on one quantity's two-sided rows."""

    name: str
    rows: int
    median_error: Band
    mean_crps: float
    skill: Band | None
    coverage: Mapping[str, float]
    width: float
    reliability: Mapping[str, Any]

    def band(self) -> dict[str, float]:
        """Return what its bands hold, and how wide they are."""
        return {
            "width_90": self.width,
            "coverage_90": self.coverage["90"],
            "coverage_50": self.coverage["50"],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain data."""
        return {
            "rows": self.rows,
            "median_error": self.median_error.to_dict(),
            "mean_crps": self.mean_crps,
            "skill_over_constant": None if self.skill is None else self.skill.to_dict(),
            **self.band(),
            "reliability": dict(self.reliability),
        }


@dataclass(frozen=True)
class Skill:
    """All scores of a table.

    Attributes
    ----------
    predictions : list of Prediction
        What is predicted of each row, in the table's order.
    scores : dict
        ``scores[quantity][predictor]``.
    contrasts : dict
        By quantity and predictor: pairs of one paper, the share whose sign is right, and the
        middle error of their ratio (as a factor).
    lives : dict
        Brier score of "no failure by 100 h, 500 h" and the base rate's.
    folds : bool
        Whether the twin's own constants were learned anew without each paper.
    controls : dict
        By predictor: the mean error on negative controls, told by their set-up, and on the rest.
    before : dict
        The prior predictive of retentions: quartiles, and the share of dead members.
    widths : dict
        Of retentions: the width of the 90 % band, in the middle, and with one of its causes taken
        out (:data:`twin.outcomes.left.PARTS`), and what of the measured values it then holds.
    """

    predictions: list[Prediction]
    scores: dict[str, dict[str, Scored]]
    contrasts: dict[str, dict[str, Any]]
    lives: dict[str, dict[str, float]]
    folds: bool
    left: list[str] = field(default_factory=list)
    controls: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    widths: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: ``predictions`` and ``skill``."""
        return {
            "predictions": [s.to_dict() for s in self.predictions],
            "skill": {
                "folds": self.folds,
                "quantities": {
                    quantity: {name: scored.to_dict() for name, scored in of_quantity.items()}
                    for quantity, of_quantity in self.scores.items()
                },
                "contrasts": self.contrasts,
                "controls": self.controls,
                "prior_predictive": self.before,
                "width_without": self.widths,
                "lives": self.lives,
                "left": self.left,
            },
        }


def score_outcomes(
    rows: Sequence[Row],
    *,
    learned: Mapping[str, Learned] | None = None,
    left: Sequence[str] = (),
    told: Tellings | None = None,
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> Skill:
    """Predict every row of a table, and score the predictions.

    Parameters
    ----------
    rows : sequence of Row
        The table.
    learned : mapping, optional
        What another table has taught, by quantity: nothing is then learned from this one. Without
        it the constants are learned from the table's other papers, one paper left out at a time,
        as those of the nulls always are.
    left : sequence of str
        Rows that are not scored, to be told.
    told : mapping, optional
        What mechanisms say of the rows (:func:`twin.outcomes.ensembles.tell`); without it the
        statistics alone predict.
    on_progress : callable
        Told the share that is done, and what is being done.
    """
    rows = [marked(row) for row in rows]
    best = LEARNED if told is None else TWIN
    said: dict[Key, Prediction] = {}
    scores: dict[str, dict[str, Scored]] = {}
    contrasts: dict[str, dict[str, Any]] = {}
    asked = [q for q in SCORED if any(r.quantity == q for r in rows)]
    predictors: dict[str, Predictor] = {**NULLS, LEARNED: MARKED}
    if told is not None:
        predictors |= {ALONE: bare(told), TWIN: Mechanistic(told)}
    steps = len(asked) * len(predictors)
    controls: dict[str, Any] = {}
    widths: dict[str, Any] = {}
    for number, quantity in enumerate(asked):
        mine = [row for row in rows if row.quantity == quantity]
        of: dict[str, list[Prediction]] = {}
        for place, (name, predictor) in enumerate(predictors.items()):
            if name in ONLY_RETENTION and quantity != RETENTION:
                continue
            if name == TWIN and quantity == LIFE and told is not None:
                predictor = lives_with(told, MARKED)
            on_progress((number * len(predictors) + place) / steps, f"{quantity}: {name}")
            if name in (LEARNED, TWIN) and (learned is not None or not foldable(mine)):
                of[name] = _taught(mine, learned or shipped(), told if name == TWIN else None)
                if foldable(mine):
                    of[name] = _anew(of[name], in_folds(mine, predictor), learned or {})
            elif foldable(mine):
                of[name] = in_folds(mine, predictor)
        for one in of[best]:
            if told is not None:
                one = replace(one, told=told.get(key_of(one.row)))
            said[key_of(one.row)] = one
        if quantity != LIFE:  # most lives are "at least": they have Brier scores instead
            scores[quantity] = _scored(of)
        if quantity == RETENTION:
            controls = _controls(of)
            whole = predictors.get(TWIN)
            if isinstance(whole, Mechanistic) and foldable(mine):
                widths = _widths(mine, whole)
        pairs = {name: contrasts_of(of[name]) for name in (*_COMPARED, best) if name in of}
        if pairs[best]["pairs"]:
            contrasts[quantity] = pairs
    on_progress(1.0, "")
    order = [said[key_of(row)] for row in rows]
    before = {} if told is None else prior_predictive(rows, told)
    lives = _lives(order)
    return Skill(
        order, scores, contrasts, lives, learned is None, list(left), controls, before, widths
    )


def _widths(rows: Sequence[Row], predictor: Mechanistic) -> dict[str, Any]:
    """Return how wide bands of retentions are, whole and without each of what makes them so."""
    widths: dict[str, Any] = {}
    for part in (None, *PARTS):
        said = [s for s in in_folds(rows, replace(predictor, without=part)) if s.row.two_sided]
        if said:
            widths[part or "nothing"] = _scored({TWIN: said})[TWIN].band()
    return widths


_COMPARED = ("B1", LEARNED, ALONE)
"""Whose pairs are judged beside the best's."""


def _controls(of: Mapping[str, Sequence[Prediction]]) -> dict[str, Any]:
    """Return the mean error on negative controls, and on all other rows, of each predictor."""
    controls: dict[str, Any] = {}
    for name, all_said in of.items():
        mine = [s for s in all_said if s.row.two_sided]
        errors = np.array([distance(float(np.median(s.members)), *s.interval) for s in mine])
        own = np.array(["control" in s.row.marks for s in mine], dtype=bool)
        controls[name] = {
            "rows": int(own.sum()),
            "mean_error": float(errors[own].mean()) if own.any() else None,
            "others_mean_error": float(errors[~own].mean()) if (~own).any() else None,
        }
    return controls


def _taught(
    rows: Sequence[Row], learned: Mapping[str, Learned], told: Tellings | None
) -> list[Prediction]:
    """Predict rows by what another table has taught: of what their mechanisms leave, if these are.

    A quantity that it has not taught is said by the library's own.
    """
    quantity = rows[0].quantity
    if quantity not in learned:
        learned = shipped()
    of, top = learned[quantity], learned.get(quantity + ON_TOP)
    of_papers = {} if told is None else levels_of(rows, told)
    predictions = []
    for row in rows:
        said = None if told is None else told.get(key_of(row))
        members = (
            of.predict(row)
            if told is None or top is None
            else top.predict_with(row, said, of_papers.get(row.paper))
        )
        if told is not None and quantity == LIFE and of.trust is not None:
            members = lives_mixed(row, said, members, of.trust.value)
        predictions.append(Prediction(row, members))
    return predictions


def _anew(
    before: list[Prediction], folded: list[Prediction], learned: Mapping[str, Learned]
) -> list[Prediction]:
    """Take the rows of papers that have taught from what is learned without them."""
    taught = {name.split("/")[0] for of in learned.values() for name in of.rows}
    return [b if a.row.paper in taught else a for a, b in zip(before, folded, strict=True)]


def foldable(rows: Sequence[Row]) -> bool:
    """Return whether there are papers enough to learn from all but one."""
    return len({row.paper for row in rows if row.measured}) > 2


def in_folds(rows: Sequence[Row], predictor: Predictor) -> list[Prediction]:
    """Predict each paper's rows from those of the others."""
    predictions: dict[int, Prediction] = {}
    for paper in dict.fromkeys(row.paper for row in rows):
        at = [i for i, row in enumerate(rows) if row.paper == paper]
        others = [row for row in rows if row.paper != paper and row.measured]
        told = predictor(others, [rows[i] for i in at])
        predictions |= {i: Prediction(rows[i], m) for i, m in zip(at, told, strict=True)}
    return [predictions[i] for i in range(len(rows))]


def _scored(of: Mapping[str, Sequence[Prediction]]) -> dict[str, Scored]:
    scored = {}
    null = [s.crps for s in of.get("constant", ()) if s.row.two_sided]
    for name, all_said in of.items():
        mine = [s for s in all_said if s.row.two_sided]
        if len(mine) < 2:
            continue
        papers = [s.row.paper for s in mine]
        errors = np.array([distance(float(np.median(s.members)), *s.interval) for s in mine])
        own = [s.crps for s in mine]
        places = [pit(s.members, *s.interval) for s in mine]
        widths = [float(np.diff(np.quantile(s.members, BANDS["90"]))[0]) for s in mine]
        scored[name] = Scored(
            name,
            len(mine),
            resampled(papers, lambda at, errors=errors: float(np.median(errors[at]))),
            float(np.mean(own)),
            skill(own, null, papers) if null else None,
            {
                level: float(np.mean([share_within(p, *ends) for p in places]))
                for level, ends in BANDS.items()
            },
            float(np.median(widths)),
            reliability(places),
        )
    return scored


@dataclass(frozen=True)
class Pair:
    """Two rows of a paper: whether the sign of their difference is right (a half where none is
    said), and how far their ratio is off (ln).
    """

    paper: str
    right: float
    off: float

    @property
    def within_x2(self) -> bool:
        """Whether their ratio is within a factor of two."""
        return self.off <= float(np.log(2))


def pairs_of(said: Sequence[Prediction]) -> list[Pair]:
    """Compare the two-sided rows of a paper in pairs: which is more, and by what ratio.

    A retention is compared by what is lost.
    """
    pairs = []
    for i, a in enumerate(said):
        for b in said[i + 1 :]:
            if a.row.paper != b.row.paper or not (a.row.two_sided and b.row.two_sided):
                continue
            true = _log_size(a.row, _middle(a)) - _log_size(b.row, _middle(b))
            if abs(true) < 1e-9:
                continue
            mine = _log_size(a.row, float(np.median(a.members))) - _log_size(
                b.row, float(np.median(b.members))
            )
            right = 0.5 if abs(mine) < 1e-9 else float(mine * true > 0)
            pairs.append(Pair(a.row.paper, right, abs(mine - true)))
    return pairs


def contrasts_of(said: Sequence[Prediction]) -> dict[str, Any]:
    """Return how well pairs of one paper are said."""
    pairs = pairs_of(said)
    return {
        "pairs": len(pairs),
        "papers": len({pair.paper for pair in pairs}),
        "sign_right": float(np.mean([p.right for p in pairs])) if pairs else None,
        "median_ratio_error": float(np.exp(np.median([p.off for p in pairs]))) if pairs else None,
        "within_x2": float(np.mean([p.within_x2 for p in pairs])) if pairs else None,
    }


def _middle(said: Prediction) -> float:
    lo, hi = said.interval
    return (lo + hi) / 2


def _log_size(row: Row, value: float) -> float:
    if row.quantity == RETENTION:
        return float(np.log(max(-np.log(min(max(value, 1e-3), 99.99) / 100), 1e-4)))
    return value * float(np.log(10))


def _rates_of_others(said: Sequence[Prediction], lived: Sequence[bool]) -> list[float]:
    """Return the share that lived among the other papers' rows; all of them where there is none."""
    rates = []
    for one in said:
        others = [ok for s, ok in zip(said, lived, strict=True) if s.row.paper != one.row.paper]
        rates.append(float(np.mean(others or lived)))
    return rates


def _lives(said: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    lives = {}
    for hours in LIVES:
        seen = [
            s for s in said if s.row.quantity == LIFE and (s.row.lo >= hours or s.row.hi < hours)
        ]
        if len(seen) < 2:
            continue
        lived = [s.row.lo >= hours for s in seen]
        base = float(np.mean(lived))
        lives[f"{hours:g} h"] = {
            "rows": len(seen),
            "failed": lived.count(False),
            "brier": brier([float((s.members >= np.log10(hours)).mean()) for s in seen], lived),
            "base_rate": brier([base] * len(seen), lived),
            "base_rate_in_folds": brier(_rates_of_others(seen, lived), lived),
        }
    return lives
