"""How patches share current through the electrolyte between them: Laplace's equation in a pellet.

The electrolyte of a pellet, ``X`` wide, ``Y`` high, ``L`` thick, has no lateral current at its rim
and one potential at its far side. At the face, ``z = 0``, it takes up the patches' current
densities, which differ from their mean ``i`` by the cosines of wave numbers
``q = pi sqrt((m/X)^2 + (n/Y)^2)``. Each makes, at the face, a drop of its own::

    laplace(phi) = 0,   -sigma dphi/dz(0) = j_q cos cos,   phi(L) = 0
    phi(0) = j_q tanh(q L)/(sigma q) cos cos

What a patch ``k`` loses on average over it besides ``R_e i``, with ``R_e = L/sigma``, is then::

    R_e sum_l S_kl (j_l - i)
    S_kl = sum_q eps_m eps_n tanh(q L)/(q L) c_q,k c_q,l w_l

``c_q,k`` is the mean of the cosines over the patch, ``w_l`` its share of the face, ``eps`` 1 for a
wave number of nought and 2 else; the mean itself (``q = 0``) is left out. Limits:

- patches much wider than the pellet is thick: ``S -> 1``, columns of electrolyte that do not meet
  (``separator_share`` 1): each carries its current straight through;
- much smaller: ``S L`` does not depend on ``L`` any more: spreading resistances near the face
  (``0.473 a/sigma`` per area for a lone square of side ``a``), small beside ``R_e``: strong
  exchange, one potential at the face (``separator_share`` 0).

The far side's own pattern is not seen (``1/cosh(q L)`` of it would be), nor are gradients of salt
along the face. Sodium is not exchanged: no rate of its diffusion along such a face is at hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WAVES = 128  # for each block of a row or column


def spreading(across: Sequence[float], down: Sequence[float], thickness: float) -> np.ndarray:
    """Return ``S`` of a grid of rectangular blocks, which are counted row by row.

    Parameters
    ----------
    across, down : sequence of float
        Where the columns and the rows of blocks end, from 0 [m].
    thickness : float
        The electrolyte's [m].

    Returns
    -------
    numpy.ndarray
        ``(blocks, blocks)``, without unit; times ``L/sigma`` it is a resistance per area.
    """
    m, x = _cosines(np.asarray(across, dtype=float))
    n, y = _cosines(np.asarray(down, dtype=float))
    q = np.hypot(m[:, None], n[None, :]) * thickness
    q[0, 0] = 1.0
    strength = np.tanh(q) / q
    strength[0, 0] = 0.0  # the mean is the whole cell's
    strength[1:, :] *= 2
    strength[:, 1:] *= 2
    columns, rows = x.shape[1], y.shape[1]
    pairs_x = (x[:, :, None] * x[:, None, :]).reshape(len(m), -1)
    pairs_y = (y[:, :, None] * y[:, None, :]).reshape(len(n), -1)
    both = (pairs_x.T @ strength @ pairs_y).reshape(columns, columns, rows, rows)
    wide, high = np.diff(across) / across[-1], np.diff(down) / down[-1]
    matrix: np.ndarray = both.transpose(2, 0, 3, 1).reshape(rows * columns, rows * columns)
    return matrix * np.outer(high, wide).ravel()[None, :]


def _cosines(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return wave numbers [1/m] along a side, and each block's mean of their cosines."""
    blocks = len(edges) - 1
    count = _WAVES * blocks if blocks > 1 else 1
    waves = np.pi * np.arange(count) / edges[-1]
    means = np.ones((count, blocks))
    phase = waves[1:, None] * edges[None, :]
    means[1:] = np.diff(np.sin(phase), axis=1) / (waves[1:, None] * np.diff(edges)[None, :])
    return waves, means
