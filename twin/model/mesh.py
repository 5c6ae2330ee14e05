"""The points of a full cell: how many, and where they lie.

Chosen on the curve of error against time (``python -m benchmarks.meshes``; the figure and the
table are in docs/speed.md): half as far from a fine mesh as PyBaMM's own twenty points in
each electrode and twenty equal shells in each particle, at two fifths of the time.
"""

from __future__ import annotations

from typing import Any

import pybamm

ELECTRODE = 10
"""Points across an electrode."""
SEPARATOR = 10
"""Points across the separator of a full cell. As wide as those of the electrode beside, more or
less: where the two differ the flux from one to the other is less exact."""
SHELLS = 16
"""Shells of a particle; their edges crowd towards the surface, where the gradients are."""
STRETCH = 1.0
"""How much: with ``k`` of ``n`` shells, ``r/R = (1 - exp(-a k/n))/(1 - exp(-a))``."""
_PARTICLES = ("negative particle", "positive particle")


def points() -> dict[str, int]:
    """Return how many points PyBaMM's coordinates have."""
    electrode = dict.fromkeys(("x_n", "x_p"), ELECTRODE)
    particles = dict.fromkeys(("r_n", "r_p", "r_n_prim", "r_p_prim"), SHELLS)
    return electrode | {"x_s": SEPARATOR} | particles


def shells() -> dict[str, Any]:
    """Return how the shells of the particles lie."""
    crowded = {"side": "right", "stretch": STRETCH}
    made = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, submesh_params=crowded)
    return dict.fromkeys(_PARTICLES, made)
