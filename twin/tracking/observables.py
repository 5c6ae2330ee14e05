"""What check-ups measure: where a stored life has it, and how far the two may differ.

The numbers are those of ``observables.toml``. A reading ``y`` of a life's value ``f`` is::

    ln y = ln f + b + d + e,    e ~ N(0, noise^2) each,  b ~ N(0, offset^2) one for all

and ``d``, of a change ``x_k = ln(y_k/y_1)`` since the first check-up, is what the model has wrong
in the ageing itself: ``d_k = x_k g`` with one ``g ~ N(0, drift^2)``. So the covariance of the
readings of one kind about a life is::

    S_kl = noise^2 delta_kl + offset^2 + drift^2 x_k x_l

A share of the fresh cell's value has no offset: it is told against the cell itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

ERRORS = ("noise", "offset", "drift")
"""How readings and a life differ (see the module)."""


@dataclass(frozen=True)
class Observable:
    """One thing that a check-up measures.

    Attributes
    ----------
    key, words : str
        Its name in files, and in words.
    unit : str
        The unit of what the library holds; a reading is turned into it.
    columns, less : tuple of str
        The columns of a life's row that are added up, and those taken off.
    ratio : bool
        Whether a reading may be a share of the fresh cell's.
    noise, offset, drift : float
        Standard deviations of ``ln y`` (see the module).
    """

    key: str
    words: str
    unit: str
    columns: tuple[str, ...]
    less: tuple[str, ...] = ()
    ratio: bool = False
    noise: float = 0.01
    offset: float = 0.0
    drift: float = 0.0

    def of(self, row: Mapping[str, Any]) -> float:
        """Return its value in a life's row; NaN where the row lacks it, or it is not positive."""
        values = [row.get(name) for name in (*self.columns, *self.less)]
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        if len(numbers) < len(values):
            return float("nan")
        added = len(self.columns)
        value = sum(numbers[:added]) - sum(numbers[added:])
        return value if value > 0 else float("nan")


@cache
def observables() -> dict[str, Observable]:
    """Return everything that check-ups may measure, by key."""
    text = resources.files(__package__).joinpath("observables.toml").read_text("utf-8")
    by_name = {}
    for key, of in tomllib.loads(text).items():
        by_name[key] = Observable(
            key,
            of["words"],
            of["unit"],
            tuple(of["columns"]),
            tuple(of.get("less", ())),
            bool(of.get("ratio", False)),
            *(float(of[name]["value"]) for name in ("noise", "offset", "drift")),
        )
    return by_name


def observables_with(told: Mapping[str, Mapping[str, float]]) -> dict[str, Observable]:
    """Return everything that check-ups may measure, with what a calibration has told of some.

    Parameters
    ----------
    told : mapping
        ``noise``, ``offset`` and ``drift`` by observable.
    """
    known = dict(observables())
    for key, errors in told.items():
        noise, offset, drift = (float(errors[name]) for name in ERRORS)
        known[key] = replace(known[key], noise=noise, offset=offset, drift=drift)
    return known


def covariance(
    of: Observable, changes: Sequence[float] | np.ndarray, *, share: bool = False
) -> np.ndarray:
    """Return the covariance of the logarithms of some readings about a life's values.

    Parameters
    ----------
    of : Observable
        What is read.
    changes : array-like, shape (readings,)
        ``ln(y_k/y_1)``, the change of each since the first.
    share : bool
        Whether they are shares of the fresh cell's value.
    """
    x = np.asarray(changes, dtype=float)
    offset = 0.0 if share else of.offset
    value: np.ndarray = of.noise**2 * np.eye(len(x)) + offset**2 + of.drift**2 * np.outer(x, x)
    return value
