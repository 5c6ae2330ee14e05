"""Lives on other clocks: what if the cell ages by another law of the cycles than the library's?

No mechanism has the law of its growth for certain: root or straight line, levelling off or ever
faster. A life whose clock is another one, with ``n0`` the latest check-up and an exponent ``g``, is
in the cycle ``n`` what the library's life was in the cycle::

    s(n) = n0 (n/n0)^g        and dies in        n0 (end/n0)^(1/g)

so that it is now what it was before, but came there otherwise and goes on otherwise: a root on a
clock of ``g = 2`` is a straight line. Each life is held on several clocks: with the probability
``own`` on the library's own one, else with ``ln g ~ N(0, spread^2)``. What the check-ups say of
``g`` is then worked out along with all else, by their likelihood: the structural discrepancy (M. C.
Kennedy, A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425) has the posterior that the cell's own
readings give it, and where noise hides ``g`` the band is as wide as that leaves it. Powers of time
between a half and beyond one are what ageing is seen to follow (P. M. Attia et al., J. Electrochem.
Soc. 169 (2022) 060517).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, qmc

SEED = 23
"""Of the quasi-random exponents: the same for everybody."""


@dataclass(frozen=True)
class Clocks:
    """Lives on several clocks each, as rows.

    Attributes
    ----------
    lives : ndarray, shape (rows,)
        The life of each row.
    exponents : ndarray, shape (rows,)
        ``g``.
    cycle : float
        ``n0``, at which all clocks agree.
    """

    lives: np.ndarray
    exponents: np.ndarray
    cycle: float

    def read_at(self, cycles: np.ndarray) -> np.ndarray:
        """Return the cycles of the library's life, shape (rows, cycles)."""
        n0 = max(self.cycle, 1.0)
        ratio = np.maximum(np.asarray(cycles, dtype=float), 1.0) / n0
        value: np.ndarray = n0 * ratio[None, :] ** self.exponents[:, None]
        return value

    def ends(self, ends: np.ndarray) -> np.ndarray:
        """Return when each row dies, of the ends of the lives."""
        n0 = max(self.cycle, 1.0)
        value: np.ndarray = n0 * (ends[self.lives] / n0) ** (1 / self.exponents)
        return value


def clocks(
    count: int, each: int, cycle: float, *, own: float = 1.0, spread: float = 0.0
) -> Clocks:
    """Return some lives on several clocks each.

    Parameters
    ----------
    count : int
        Lives.
    each : int
        Clocks of a life, equally likely.
    cycle : float
        The latest check-up.
    own : float
        The share of clocks that are the library's own.
    spread : float
        The standard deviation of ``ln g`` of the others.
    """
    lives = np.repeat(np.arange(count), each)
    exponents = np.ones((count, each))
    others = each - round(own * each) if spread > 0 and cycle > 1 else 0
    if others:
        # Strata within a life, and none of them in the same place from life to life.
        power = int(np.ceil(np.log2(max(count, 2))))
        shift = qmc.Sobol(1, rng=SEED).random_base2(power)[:count]
        u = (np.arange(others)[None, :] + shift) / others
        exponents[:, each - others :] = np.exp(spread * norm.ppf(np.clip(u, 1e-6, 1 - 1e-6)))
    return Clocks(lives, exponents.ravel(), float(cycle))
