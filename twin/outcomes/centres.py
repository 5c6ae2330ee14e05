"""Where published rows put the centres of what was drawn around the library's.

A member of a row was drawn with ``x_i`` around ``x_0``. Had the centre been ``x_0 exp(d)``, it
would have come as often as ``w_i``, so the rows say of ``d`` (beside a prior as wide as the draw)::

    w_i(d) = N(ln x_i; ln x_0 + d, s) / N(ln x_i; ln x_0, s)
    ln L(d) = sum_rows ln( sum_i w_i(d) l_i / sum_i w_i(d) ) - d^2/(2 s^2)

``l_i`` is how likely the measured number is of a cell like the member, with what is learned on top
of the mechanisms (a retention) and the scatter between cells. Nothing is lived again. A centre
further off than the members reach is not found: ``d`` ends at ``reach``, and that is told. Which
keys, and which quantity speaks of each, stands in ``method.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from twin.outcomes import regression
from twin.outcomes.ensembles import Around, Tellings, Told, key_of
from twin.outcomes.learning import ON_TOP, Learned
from twin.outcomes.left import loss_of
from twin.outcomes.nulls import Y_RANGE, bounds
from twin.outcomes.ratios import stream
from twin.outcomes.recognise import method, number_of
from twin.outcomes.table import RETENTION, Row

_POINTS = 121


@dataclass(frozen=True)
class Centre:
    """A centre as rows put it.

    Attributes
    ----------
    key : str
        The number that was drawn.
    drawn : str
        The centre it was drawn around.
    learned : str
        The centre that the rows have taught.
    ln_sd : float
        How well it is known: the standard deviation of its logarithm.
    moved : float
        ``ln`` of learned over drawn.
    at_end : bool
        Whether it may be further off than the members reach.
    rows : tuple of str
        The rows it rests on, ``paper/id``.
    """

    key: str
    drawn: str
    learned: str
    ln_sd: float
    moved: float
    at_end: bool
    rows: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Whether the centre it was drawn around is as good: inside the 90 % band."""
        return bool(abs(self.moved) <= ndtri(0.95) * self.ln_sd)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "key": self.key,
            "drawn": self.drawn,
            "learned": self.learned,
            "ln_sd": round(self.ln_sd, 3),
            "stands": self.stands,
            "at_end": self.at_end,
            "rows": list(self.rows),
        }


def learn_centres(
    rows: Sequence[Row], told: Tellings | None, learned: Mapping[str, Learned]
) -> list[Centre]:
    """Learn the centres of what was drawn for rows; each that two rows or more tell of.

    Parameters
    ----------
    rows : sequence of Row
        The table.
    told : mapping or None
        What mechanisms say of the rows.
    learned : mapping
        What the table has taught beside.
    """
    groups: dict[tuple[str, str], list[tuple[Row, Around, np.ndarray]]] = {}
    for row, said in _speaking(rows, told or {}):
        top = learned.get(row.quantity + ON_TOP)
        if top is None:
            continue
        likely = likelihoods(row, said, top)
        for key, around in said.around.items():
            if method()["centres"]["keys"].get(key) == row.quantity:
                groups.setdefault((key, around.text), []).append((row, around, likely))
    return [_centre(key, text, of) for (key, text), of in sorted(groups.items()) if len(of) > 1]


def _speaking(rows: Sequence[Row], told: Tellings) -> Iterator[tuple[Row, Told]]:
    for row in rows:
        said = told.get(key_of(row))
        if said is not None and said.known and row.measured:
            yield row, said


def likelihoods(row: Row, told: Told, top: Learned) -> np.ndarray:
    """Return how likely a row's number is of a cell like each of its members."""
    lo, hi = bounds(row)
    rng, width = stream(row, seed=6), math.exp(top.cell.value)
    if row.quantity == RETENTION:
        # What comes on top has the scatters in it; replicates differ by less.
        draws = top.left(row, rng)
        taken = loss_of(told.values)[:, None] + np.exp(np.clip(draws, *Y_RANGE))
        y, width = (
            np.log(np.minimum(taken, math.exp(Y_RANGE[1]))),
            number_of("centres", "replicates"),
        )
    else:
        y = told.values[:, None]
    return np.asarray(regression.likelihood(lo - y, hi - y, width).mean(axis=1))


def _centre(key: str, text: str, of: Sequence[tuple[Row, Around, np.ndarray]]) -> Centre:
    spread = of[0][1].ln_sd
    d = np.linspace(-1.0, 1.0, _POINTS) * number_of("centres", "reach") * spread
    logs = -0.5 * (d / spread) ** 2
    for _, around, likely in of:
        logs = logs + evidence(around.off, likely, d, spread)
    p = np.exp(logs - logs.max())
    p /= p.sum()
    moved = float(p @ d)
    sd = math.sqrt(float(p @ (d - moved) ** 2))
    best = int(np.argmax(p))
    number, _, unit = text.partition(" ")
    return Centre(
        key,
        text,
        f"{float(number) * math.exp(moved):.2g} {unit}".strip(),
        sd,
        moved,
        best in (0, _POINTS - 1),
        tuple(f"{row.paper}/{row.id}" for row, *_ in of),
    )


def evidence(off: np.ndarray, likely: np.ndarray, d: np.ndarray, spread: float) -> np.ndarray:
    """Return ``ln`` of a row's likelihood at each shift of the centre.

    Parameters
    ----------
    off : array
        ``ln(x_i/x_0)`` of the members.
    likely : array
        ``l_i``.
    d : array
        The shifts.
    spread : float
        ``s``.
    """
    # Of N over N, what is the same for all members is left out.
    logs = off[None, :] * d[:, None] / spread**2
    w = np.exp(logs - logs.max(axis=1, keepdims=True))
    value: np.ndarray = np.log(w @ np.maximum(likely, 1e-12) / w.sum(axis=1))
    return value


__all__ = ["Centre", "evidence", "learn_centres", "likelihoods"]
