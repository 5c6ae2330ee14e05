"""Slow states that settle within a few cycles, and what a cycle forgets of them.

Voids that are refilled or a layer that dissolves as fast as it grows follow what the other slow
states set. A displacement of such a state is gone after a cycle or a few::

    f(j, z) = f(j, z') - r (z - z')         r: the share that a cycle forgets

Added up over a jump of ``M`` cycles the answer to a small error is ``M r`` times the error: the
explicit sum of :mod:`twin.lifetime.envelope` overshoots by more the longer the jump, and its
correction does not converge where ``M r > 1``. So such a state is carried on to where a cycle
changes it by no more than it drifts (backward Euler, over the envelope's clock ``s``)::

    z_{n+M} = (f + r z' + g z_n) / (g + r),    g = (s(n+M+1) - s(n+M)) / (s(n+M) - s(n))

``f`` is what a cycle adds that begins at ``z'``. The share is measured: by two cycles after the
same jump that began at different states. An error of what is carried on is not handed on, it is
forgotten.

Reference: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II (Springer 1996), IV.3
(what decays fast must be damped, not only stay bounded).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

LEAST = 0.1
"""A state of which a cycle forgets less is followed by its increments. What the others moved in
the meantime is not told from what was forgotten, and is less than this."""
MOST = 1.9
"""At two a displacement comes back with the other sign: that does not settle."""
DISPLACED = 1e-3
"""A share is told by states that are so far apart, as a share of their size. What else began
elsewhere in the second of the two cycles moved a layer of the default cell by a tenth of it."""
ALIKE = 0.3
"""And those of several states, if none is displaced by less of another one's."""
_TINY = 1e-300


@dataclass
class Settling:
    """What a cycle was found to forget of each slow state.

    Attributes
    ----------
    shares : dict
        By the state's place among the slow ones; those that are not there accumulate.
    """

    shares: dict[int, float] = field(default_factory=dict)

    def to_data(self) -> list[list[float]]:
        """Return it as plain data."""
        return [[place, share] for place, share in sorted(self.shares.items())]

    @classmethod
    def from_data(cls, data: list[list[float]]) -> Settling:
        """Return what :meth:`to_data` was asked of."""
        return cls({int(place): share for place, share in data})

    def within(self, jump: int) -> np.ndarray:
        """Return the places of the states that settle within a jump."""
        return np.array([i for i, r in sorted(self.shares.items()) if r * jump > 1], dtype=int)

    def measured(
        self, places: np.ndarray, moved: np.ndarray, answer: np.ndarray, size: np.ndarray
    ) -> np.ndarray:
        """Take in what displacements did to the increments of some states; return those told of.

        A state that was displaced much less than another one answers to that too, and nothing
        is told of it.

        Parameters
        ----------
        places : ndarray
            Which states.
        moved, answer, size : ndarray
            By how much two cycles began at other values, and added others; the states' sizes.
        """
        relative = np.abs(moved[places]) / np.maximum(size[places], _TINY)
        least = max(0.5 * DISPLACED, ALIKE * float(np.max(relative, initial=0.0)))
        told: np.ndarray = places[relative >= least]
        for i in map(int, told):
            share = -float(answer[i] / moved[i])
            if LEAST <= share <= MOST:
                self.shares[i] = share
            else:
                self.shares.pop(i, None)
        return told

    def of(self, places: np.ndarray) -> np.ndarray:
        """Return the shares that a cycle forgets of some states."""
        shares: np.ndarray = np.array([self.shares[int(i)] for i in places])
        return shares
