"""The bilinear cohesive law of an interface.

Up to the opening ``delta_0`` the traction rises to ``T_max``, then falls in a straight
line to nought at ``delta_f``. The damage follows from the largest opening so far and
never falls; unloading goes straight to the origin::

    T = K (1 - d) delta,   K = T_max/delta_0
    d = delta_f (delta_max - delta_0) / (delta_max (delta_f - delta_0))

The area under the law is the fracture energy, ``Gamma = T_max delta_f/2``.

Reference: G. Alfano, M. A. Crisfield, Int. J. Numer. Meth. Eng. 50 (2001) 1701 (recalled).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def damage_at(opening: Any, onset: Any, final: Any) -> Any:
    """Return ``d`` at an opening between ``onset`` (0) and ``final`` (1); any unit of length.

    Takes numbers and PyBaMM symbols; clip the opening to that range first.
    """
    return final * (opening - onset) / (opening * (final - onset))


@dataclass(frozen=True)
class BilinearLaw:
    """A bilinear law [Pa, m].

    Attributes
    ----------
    strength : float
        Peak traction T_max [Pa].
    onset, final : float
        Openings at the peak and at parting [m].
    """

    strength: float
    onset: float
    final: float

    @classmethod
    def from_energy(cls, strength: float, energy: float, onset_share: float) -> BilinearLaw:
        """Return the law of a fracture energy [J.m-2]: ``delta_f = 2 Gamma/T_max``."""
        final = 2 * energy / strength
        return cls(strength, onset_share * final, final)

    @property
    def energy(self) -> float:
        """The area under the law, Gamma [J.m-2]."""
        return self.strength * self.final / 2

    def damage(self, largest_opening: float) -> float:
        """Return ``d`` after a largest opening [m]."""
        opening = min(max(largest_opening, self.onset), self.final)
        value: float = damage_at(opening, self.onset, self.final)
        return value

    def traction(self, opening: float, largest_opening: float) -> float:
        """Return the traction [Pa] at an opening, the largest so far being given."""
        d = self.damage(max(opening, largest_opening))
        return self.strength / self.onset * (1 - d) * opening
