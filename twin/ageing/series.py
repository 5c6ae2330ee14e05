"""Readings of a cell in time, as a fit of ageing takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.tracking.observables import Observable


@dataclass(frozen=True)
class Series:
    """Readings of one kind.

    Attributes
    ----------
    of : Observable
        What is read.
    cycles : ndarray
        When.
    log : ndarray
        Logarithms of the readings, in the observable's unit or as shares of the fresh cell's.
    share : bool
        Whether they are shares.
    held : ndarray of bool
        Which are kept back from the fit.
    """

    of: Observable
    cycles: np.ndarray
    log: np.ndarray
    share: bool
    held: np.ndarray
