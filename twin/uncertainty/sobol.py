"""What a forecast's lives depend on: Sobol indices, and cells apart from knowledge.

With ``y`` the logarithm of a member's life and ``x`` its uncertain numbers, the first and
the total index of a group ``g`` of them are::

    S_g = Var(E[y | x_g]) / Var(y),    T_g = E[Var(y | all but x_g)] / Var(y)

``S_g`` is what knowing the group would take from the variance, ``T_g`` what would be left
if everything else were known. Numbers correlated with each other make up one group. They
are estimated (Saltelli's scheme, by SALib) on a polynomial that stands for the members
(:mod:`twin.uncertainty.surrogate`), which says what share of their variance it explains.

The groups of all ``aleatory`` numbers (one cell differs from the next) and of all
``epistemic`` ones (nobody knows them better) split the variance, by the law of total
variance, into what knowledge could remove and what it could not::

    Var(y) = Var(E[y | epistemic]) + E[Var(y | epistemic)]

References: I. M. Sobol, Math. Comput. Simul. 55 (2001) 271; A. Saltelli et al., Comput.
Phys. Commun. 181 (2010) 259; J. Herman, W. Usher, J. Open Source Softw. 2 (2017) 97.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm, qmc, spearmanr

from twin.uncertainty.surrogate import Surrogate, fit

ESTIMATOR = "Saltelli's scheme on a sparse Hermite polynomial of the members"
FEWEST = 30
"""Members without which nothing is said."""
_DRAWS = 1024
_INNER, _OUTER = 256, 256
_EDGE = 1e-9
ALEATORY, EPISTEMIC = "aleatory", "epistemic"


def analyse(
    cube: np.ndarray,
    values: np.ndarray,
    lives: np.ndarray,
    keys: Sequence[str],
    together: Sequence[Sequence[int]],
    aleatory: Sequence[bool],
    seed: int,
) -> dict[str, Any]:
    """Return Sobol indices of the lives, and how their spread splits.

    Parameters
    ----------
    cube : ndarray, shape (members, numbers)
        The independent points the members were drawn from.
    values : ndarray, shape (members, numbers)
        What was drawn.
    lives : ndarray
        The cycles they lived (the horizon, where they live on).
    keys : sequence of str
        The numbers.
    together : sequence of sequence of int
        Which of them are drawn together, group by group.
    aleatory : sequence of bool
        Which of them differ from cell to cell.
    seed : int
        Of the analysis' own draws.

    Returns
    -------
    dict
        ``of``, ``estimator``, ``explained``, ``numbers`` (by key: ``first``, ``total``,
        ``kind``, ``rank_correlation``), ``variance`` (``epistemic``, ``aleatory``, and
        what they do ``together``) and ``life`` (the 5, 50 and 95 % quantiles of the median
        life over what is not known, and of the lives of cells whose numbers are known).
        Empty where there are too few members, or all lived as long.
    """
    if len(lives) < FEWEST or np.ptp(lives) == 0:
        return {}
    y = np.log(np.maximum(lives, 1.0))
    surrogate = fit(_scores(cube), y)
    numbers = _numbers(surrogate, values, lives, keys, together, aleatory, seed)
    document: dict[str, Any] = {
        "of": "log life",
        "estimator": ESTIMATOR,
        "explained": surrogate.explained,
        "numbers": numbers,
    }
    if any(aleatory) and not all(aleatory):
        groups = [ALEATORY if a else EPISTEMIC for a in aleatory]
        first = {k: s for k, (s, _) in _indices(surrogate, groups, seed).items()}
        rest = max(1 - first[ALEATORY] - first[EPISTEMIC], 0.0)
        document["variance"] = {**first, "together": rest}
        document["life"] = _two_loops(surrogate, np.array(aleatory), seed)
    return document


def _scores(cube: np.ndarray) -> np.ndarray:
    value: np.ndarray = norm.ppf(np.clip(cube, _EDGE, 1 - _EDGE))
    return value


def _numbers(
    surrogate: Surrogate,
    values: np.ndarray,
    lives: np.ndarray,
    keys: Sequence[str],
    together: Sequence[Sequence[int]],
    aleatory: Sequence[bool],
    seed: int,
) -> dict[str, dict[str, Any]]:
    names = [""] * len(keys)
    for rows in together:
        for row in rows:
            names[row] = " + ".join(keys[r] for r in rows)
    numbers: dict[str, dict[str, Any]] = {}
    for name, (first, total) in _indices(surrogate, names, seed).items():
        row = names.index(name)
        numbers[name] = {
            "first": first,
            "total": total,
            "kind": ALEATORY if aleatory[row] else EPISTEMIC,
            "rank_correlation": _rank(values[:, row], lives) if names.count(name) == 1 else None,
        }
    return dict(sorted(numbers.items(), key=lambda item: -item[1]["total"]))


def _rank(values: np.ndarray, lives: np.ndarray) -> float | None:
    return float(spearmanr(values, lives).statistic) if np.ptp(values) > 0 else None


def _indices(
    surrogate: Surrogate, groups: Sequence[str], seed: int
) -> Mapping[str, tuple[float, float]]:
    """Return the first and the total index of each group of numbers."""
    from SALib.analyze import sobol as analysis

    distinct = list(dict.fromkeys(groups))
    if len(distinct) == 1:
        return {distinct[0]: (1.0, 1.0)}
    problem = {
        "num_vars": len(groups),
        "names": [str(i) for i in range(len(groups))],
        "bounds": [[0.0, 1.0]] * len(groups),
        "groups": list(groups),
    }
    with warnings.catch_warnings():
        # SALib divides by the variance of a group's resample, which may be none.
        warnings.simplefilter("ignore")
        drawn = _drawn(np.array(groups), distinct, seed)
        answers = surrogate(_scores(drawn))
        if np.ptp(answers) == 0:
            return dict.fromkeys(distinct, (0.0, 0.0))
        indices = analysis.analyze(
            problem, answers, calc_second_order=False, num_resamples=2, seed=seed % 2**31
        )
    # SALib gives the groups in the order of their first number.
    return {
        name: (float(np.clip(s, 0, 1)), float(np.clip(t, 0, 1)))
        for name, s, t in zip(distinct, indices["S1"], indices["ST"], strict=True)
    }


def _drawn(groups: np.ndarray, distinct: Sequence[str], seed: int) -> np.ndarray:
    """Return Saltelli's points: for each draw ``A``, ``A`` with a group's of ``B``, and ``B``.

    They are those of ``SALib.sample.sobol``, which fills them in number by number.
    """
    a, b = np.hsplit(qmc.Sobol(2 * len(groups), rng=seed % 2**31).random(_DRAWS), 2)
    mixed = [np.where(groups == name, b, a) for name in distinct]
    return np.stack([a, *mixed, b], axis=1).reshape(-1, len(groups))


def _two_loops(surrogate: Surrogate, aleatory: np.ndarray, seed: int) -> dict[str, list[float]]:
    """Return quantiles of the median life over what is not known, and of cells' lives.

    The outer loop draws what nobody knows, the inner one cells; those of the second
    result have every unknown number at its median.
    """
    outer = _scores(qmc.Sobol((~aleatory).sum(), rng=seed).random(_OUTER))
    inner = _scores(qmc.Sobol(aleatory.sum(), rng=seed + 1).random(_INNER))
    z = np.zeros((_OUTER, _INNER, len(aleatory)))
    z[:, :, ~aleatory] = outer[:, None, :]
    z[:, :, aleatory] = inner[None, :, :]
    medians = np.median(surrogate(z.reshape(-1, len(aleatory))).reshape(_OUTER, _INNER), axis=1)
    known = np.zeros((_INNER, len(aleatory)))
    known[:, aleatory] = inner
    shares = [0.05, 0.5, 0.95]
    return {
        "median_over_epistemic": np.exp(np.quantile(medians, shares)).round(1).tolist(),
        "cells_at_known_numbers": np.exp(np.quantile(surrogate(known), shares)).round(1).tolist(),
    }
