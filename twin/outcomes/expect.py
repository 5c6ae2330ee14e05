"""What a forecast's capacities come to: as published, and as one may expect of a cell of one's own.

A forecast's members say what the mechanisms take (what a mode took that is itself fitted to
published retentions is put back first); a fade on top has its class's centre, one offset a
laboratory and a scatter a cell, learned from published cells (``retention_pct_left``)::

    R(N) = R_m(N) exp(-exp(f) (N/300)^0.5)

As with rows, the mechanisms are believed as far as they were right about published cells (the
trust); else the class alone speaks. *As published* is what a paper would report: one that died is
rarely reported, and the best of some cells is. *As you may expect* adds what papers leave out: full
texts' centres, more loss, and cells that are dead early (``priors.toml``, ``[yours]``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.outcomes.learning import ON_TOP, Learned
from twin.outcomes.nulls import Y_RANGE
from twin.outcomes.recognise import number_of, priors, setup_words
from twin.outcomes.table import RETENTION, Row

if TYPE_CHECKING:
    from twin.studies.forecast import Forecast
    from twin.uncertainty.survival import Member

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_NAMES = ("p05", "p25", "median", "p75", "p95")
_DRAWS = 4000
_AT = (100, 300, 1000)


def expected(forecast: Forecast, learned: dict[str, Learned]) -> list[dict[str, Any]]:
    """Return what is left of the first capacity, both ways, at some cycles.

    Parameters
    ----------
    forecast : Forecast
        The lives.
    learned : dict
        What published cells have taught.

    Returns
    -------
    list of dict
        ``cycle``; ``published`` and ``yours``, each with quantiles [%] and ``dead``, a share.
        Nothing for a symmetric cell, or where nothing was learned.
    """
    cell, horizon = forecast.design["cell"], int(forecast.design["cycles"])
    top = learned.get(RETENTION + ON_TOP)
    if cell["kind"] != "full" or top is None or not forecast.members:
        return []
    at = [n for n in _AT if n < horizon] + [horizon]
    return [{"cycle": n, **_both(forecast, top, _row_of(cell), n)} for n in at]


def _row_of(cell: dict[str, Any]) -> Row:
    """Return the cell as a row that is not published yet, at the cycle that centres are of."""
    from twin.units import to_si

    ambient = cell["thermal"]["ambient"]
    text = ambient["value"] if isinstance(ambient, dict) else ambient
    return Row(
        "",
        str(cell["name"]),
        RETENTION,
        0.0,
        100.0,
        cycles=float(priors()["nulls"]["usual_cycles"]["value"]),
        temperature=to_si(text, "K") - 273.15,
        classes={"cathode": _kind(str(cell["cathode"]["material"].get("family", "")))},
    )


def _kind(family: str) -> str:
    of = setup_words()["cathode"]["families"]
    return next((str(kind) for kind, families in of.items() if family in families), family)


def _both(forecast: Forecast, top: Learned, row: Row, cycle: int) -> dict[str, Any]:
    left, dead = _members_at(forecast, cycle)
    rng = np.random.default_rng([5, *[ord(letter) for letter in row.id]])
    yours, reported = priors()["yours"], priors()["reported"]["dead"]["value"]
    n300 = float(priors()["nulls"]["usual_cycles"]["value"])
    growth = number_of("full", "exponent") * np.log(cycle / n300)
    # The row is an abstract's; half a full text's effect up is between both.
    full = top.effects["full text"].value
    f = top.left(row, rng, _DRAWS) + growth
    assert top.trust is not None
    trust = np.clip(top.trust.draw(rng, _DRAWS), 0.0, 1.0)
    chance = np.where(dead, reported, 1.0) / len(left)
    share = chance.sum()
    theirs = rng.uniform(size=_DRAWS) < trust * share / (trust * share + 1 - trust)
    at = rng.choice(len(left), size=_DRAWS, p=chance / share)
    published = np.where(theirs, left[at], 1.0) * np.exp(-np.exp(np.clip(f + full / 2, *Y_RANGE)))
    more = yours["ln_loss"]["value"] + yours["ln_loss"]["sd"] * rng.standard_normal(_DRAWS)
    mine = rng.integers(len(left), size=_DRAWS)
    theirs = rng.uniform(size=_DRAWS) < trust
    own = np.where(theirs, left[mine], 1.0) * np.exp(-np.exp(np.clip(f + full + more, *Y_RANGE)))
    early = rng.uniform(size=_DRAWS) < yours["dead_early"]["value"]
    own = np.where(early, 0.0, own)
    return {
        "published": _quantiles(published, float((published <= 0).mean())),
        "yours": _quantiles(own, float((own <= 0).mean())),
    }


def _members_at(forecast: Forecast, cycle: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left of each member by a cycle (0 of a dead one), and who is dead."""
    left, dead = [], []
    for member in forecast.members:
        gone = member.cause is not None and member.cycles <= cycle
        if member.censored and member.cycles < cycle:
            continue
        dead.append(gone)
        left.append(0.0 if gone else _without_fit(member, cycle))
    if not left:
        return np.ones(1), np.zeros(1, dtype=bool)
    return np.array(left), np.array(dead, dtype=bool)


def _without_fit(member: Member, cycle: int) -> float:
    back = 1.0
    if member.fitted:
        cycles, taken = np.array(member.fitted, dtype=float).T
        back = float(np.exp(np.interp(cycle, cycles, taken)))
    return min(_share(member.capacity, cycle) * back, 1.0)


def _share(capacity: Sequence[tuple[int, float]], cycle: int) -> float:
    if not capacity:
        return 1.0
    cycles, shares = np.array(capacity, dtype=float).T
    return float(np.clip(np.interp(cycle, cycles, shares), 1e-6, 1.0))


def _quantiles(shares: np.ndarray, dead: float) -> dict[str, float]:
    quantiles = dict(
        zip(_NAMES, (100 * float(v) for v in np.quantile(shares, LEVELS)), strict=True)
    )
    return quantiles | {"dead": dead}
