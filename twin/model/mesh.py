"""The points of a full cell: how many, and where they lie.

Error against time: ``python -m benchmarks.meshes``; the figure and the table are in docs/speed.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_PARTICLES = ("negative particle", "positive particle")


@dataclass(frozen=True)
class Mesh:
    """Points across an electrode and across the separator, and the shells of a particle.

    Attributes
    ----------
    electrode, separator, shells : int
        How many.
    stretch : float
        How much the shells crowd towards the surface, where the gradients are: edge ``k`` of
        ``n`` lies at ``r/R = (1 - exp(-a k/n))/(1 - exp(-a))``. They are equal at 0.
    """

    electrode: int
    separator: int
    shells: int
    stretch: float = 0.0

    def points(self) -> dict[str, int]:
        """Return how many points PyBaMM's coordinates have."""
        electrode = dict.fromkeys(("x_n", "x_p"), self.electrode)
        particles = dict.fromkeys(("r_n", "r_p", "r_n_prim", "r_p_prim"), self.shells)
        return electrode | {"x_s": self.separator} | particles

    def lying(self) -> dict[str, Any]:
        """Return how the shells of the particles lie."""
        import pybamm

        made: Any = pybamm.MeshGenerator(pybamm.Uniform1DSubMesh)
        if self.stretch:
            crowded = {"side": "right", "stretch": self.stretch}
            made = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, submesh_params=crowded)
        return dict.fromkeys(_PARTICLES, made)


EQUAL, CROWDED = "equal", "crowded"
MESHES = {EQUAL: Mesh(20, 20, 20), CROWDED: Mesh(12, 16, 18, 0.8)}
"""By the names that runs are stored with: PyBaMM's own, and one with fewer points."""
DEFAULT = EQUAL
"""``crowded`` takes half the time and is as exact for the default cell (docs/speed.md), but moves
numbers by up to 1e-3 where a salt or a host runs out: exact limits are held on PyBaMM's."""
