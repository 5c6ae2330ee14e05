"""What could be said without any physics: the predictions that the twin has to beat.

Each is fitted on the other papers and says a row's number as members, in the scale of the scores
(:func:`scale`). ``constant`` and ``class`` are the numbers of the others; ``sqrt hours`` a fade by
one law of time; ``B0`` (class and temperature) and ``B1`` (and how the paper was read) robust
regressions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from twin.outcomes import regression
from twin.outcomes.recognise import number_of, priors
from twin.outcomes.table import RETENTION, Row

_LEAST_LOSS = float(number_of("scores", "least_loss"))
"""The least loss that the scale of losses tells from none."""
Y_RANGE = float(number_of("scores", "least_y")), float(number_of("scores", "most_y"))
"""Nothing lost, and nothing left, as ln(-ln R)."""

Members = np.ndarray
Predictor = Callable[[Sequence[Row], Sequence[Row]], list[Members]]
"""Given the rows of the other papers and those to say, returns the members of each."""


def _usual(name: str) -> float:
    return float(priors()["nulls"][name]["value"])


def scale(quantity: str, value: float | np.ndarray) -> np.ndarray:
    """Return a number in the scale of its score: per cent for retentions, decades for others."""
    value = np.asarray(value, dtype=float)
    if quantity == RETENTION:
        result: np.ndarray = np.clip(value, 0.0, 100.0)
        return result
    result = np.log10(np.maximum(value, 1e-3))
    return result


def middle(row: Row) -> float:
    """Return what stands for a row among others, in the scale of its score."""
    lo, hi = (float(scale(row.quantity, v)) for v in (row.lo, row.hi))
    return lo if np.isinf(hi) else (lo + hi) / 2


def constant(others: Sequence[Row], rows: Sequence[Row]) -> list[Members]:
    """Predict the numbers of all other papers."""
    values = np.array([middle(r) for r in others])
    return [values for _ in rows]


def by_class(others: Sequence[Row], rows: Sequence[Row]) -> list[Members]:
    """Predict the numbers of all others, moved to the class's mean as far as it has rows."""
    values = np.array([middle(r) for r in others])
    members = []
    for row in rows:
        mine = np.array([middle(r) for r in others if group(r) == group(row)])
        share = len(mine) / (len(mine) + _usual("class_shrinking"))
        moved = values + share * ((mine.mean() if len(mine) else 0.0) - values.mean()) * bool(
            len(mine)
        )
        members.append(np.minimum(moved, 100.0) if row.quantity == RETENTION else moved)
    return members


def sqrt_hours(others: Sequence[Row], rows: Sequence[Row]) -> list[Members]:
    """Predict ``R = exp(-k sqrt(h))`` with the others' k; h = 2 N / C, C/5 where none is given."""
    k = np.array([_loss(middle(r)) / np.sqrt(_hours(r)) for r in others])
    return [100 * np.exp(-k * np.sqrt(_hours(r))) for r in rows]


def _hours(row: Row) -> float:
    return 2 * (row.cycles or _usual("usual_cycles")) / (row.rate or _usual("usual_rate"))


def _loss(percent: float | np.ndarray) -> np.ndarray:
    """Return ``-ln R``, at least a tenth of a per mille."""
    return np.maximum(-np.log(np.maximum(np.asarray(percent) / 100, 1e-6)), _LEAST_LOSS)


def group(row: Row) -> str:
    """Return the class that a row is compared by: its cathode's, or its face's."""
    kind = row.classes.get("cathode") if row.quantity == RETENTION else row.classes.get("face")
    return kind or "unknown"


# ------------------------------------------------------------ regressions

EFFECTS = ("class", "temperature", "full text", "control")
LEFT = (*EFFECTS, "cycles")
"""The effects on what mechanisms leave."""
SPOKEN = "mechanisms"
"""The effect of what mechanisms say of a row, in decades."""
LEVEL = "level"
"""How much more than that counts what they say of a paper's rows in the mean."""


def regressed(*effects: str) -> Predictor:
    """Return the predictor that a robust regression with these effects makes.

    ``y = ln(-ln R)`` of a retention, decades of the rest.
    """

    def predict(others: Sequence[Row], rows: Sequence[Row]) -> list[Members]:
        kinds = kinds_of(others)
        lo, hi = np.array([bounds(row) for row in others]).T
        X = np.array([design(row, kinds, effects) for row in others])
        mean, sd = prior(others, kinds, effects)
        members = regression.fit(X, lo, hi, [row.paper for row in others], sd, mean)
        rng = np.random.default_rng(1)
        return [
            members_of(row.quantity, members.predict(design(row, kinds, effects), rng))
            for row in rows
        ]

    return predict


def kinds_of(rows: Sequence[Row]) -> list[str]:
    """Return the classes of rows."""
    return sorted({group(row) for row in rows})


def members_of(quantity: str, y: np.ndarray) -> np.ndarray:
    """Return members in the scale of the scores, from those of ``y``."""
    if quantity != RETENTION:
        return y
    value: np.ndarray = 100 * np.exp(-np.exp(np.clip(y, *Y_RANGE)))
    return value


def bounds(row: Row) -> tuple[float, float]:
    """Return the interval of ``y`` that a row's number is in."""
    if row.quantity != RETENTION:
        lo = -np.inf if row.lo <= 0 else float(scale(row.quantity, row.lo))
        return lo, np.inf if np.isinf(row.hi) else float(scale(row.quantity, row.hi))
    ends = sorted(float(np.log(_loss(v))) for v in (row.lo, row.hi))
    return (-np.inf if row.hi >= 100 else ends[0]), ends[1]


def design(row: Row, kinds: Sequence[str], effects: Sequence[str]) -> np.ndarray:
    """Return a row of the design matrix: 1, the classes, and the other effects in order."""
    known = covariates(row)
    classes = [float(group(row) == kind) for kind in kinds] if "class" in effects else []
    return np.array([1.0, *classes, *(known[name] for name in LEFT[1:] if name in effects)])


def covariates(row: Row) -> dict[str, float]:
    """Return what each effect but the class is multiplied by."""
    room = _usual("room")
    cycles = row.cycles if row.quantity == RETENTION else None
    return {
        "temperature": max((room if row.temperature is None else row.temperature) - room, 0.0) / 30,
        "full text": 0.5 if "full text" in row.marks else -0.5,
        "control": float("control" in row.marks),
        "cycles": float(np.log((cycles or _usual("usual_cycles")) / _usual("usual_cycles"))),
    }


def prior(
    rows: Sequence[Row], kinds: Sequence[str], effects: Sequence[str], left: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the prior means and standard deviations of the effects.

    ``left`` asks for those on what mechanisms leave.
    """
    kept = priors()["left"] if left else priors()
    of = kept["retention" if rows[0].quantity == RETENTION else "log"]
    # Decades have no middle of their own: that of the rows.
    start = of["intercept"].get("value", float(np.median([middle(row) for row in rows])))
    means, sds = [start], [of["intercept"]["sd"]]
    if "class" in effects:
        means += [0.0] * len(kinds)
        sds += [of["class"]["sd"]] * len(kinds)
    for name in (*LEFT[1:], SPOKEN, LEVEL):
        if name in effects:
            means.append(of[name].get("value", 0.0))
            sds.append(of[name]["sd"])
    return np.array(means), np.array(sds)


def limits(kinds: Sequence[str], effects: Sequence[str]) -> dict[int, tuple[float, float]]:
    """Return the least and the most of effects on decades that have them, by their place."""
    of = priors()["left"]["log"]
    named = [name for name in (*LEFT[1:], SPOKEN, LEVEL) if name in effects]
    before = 1 + len(kinds) * ("class" in effects)
    return {
        before + place: (of[name]["least"], of[name]["most"])
        for place, name in enumerate(named)
        if "least" in of[name]
    }


NULLS: dict[str, Predictor] = {
    "constant": constant,
    "class": by_class,
    "sqrt hours": sqrt_hours,
    "B0": regressed("class", "temperature"),
    "B1": regressed("class", "temperature", "full text"),
}
ONLY_RETENTION = ("sqrt hours",)
MARKED = regressed(*EFFECTS)
"""As B1, and the paper's own negative controls marked: by the words of their set-up."""
