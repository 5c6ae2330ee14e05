"""Current that spreads in a pellet: Laplace's equation against closed forms and differences."""

import math

import numpy as np
import pytest
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from twin.model.lateral import spreading


def even(count, side):
    return list(np.linspace(0, side, count + 1))


def test_wide_patches_are_columns_that_do_not_meet():
    found = spreading(even(4, 1.0), even(3, 1.0), 1e-6)
    assert found == pytest.approx(np.eye(12) - 1 / 12, abs=0.004)  # the cosines that are left out


def test_the_spread_near_the_face_of_a_thick_pellet_knows_no_thickness():
    edges = even(5, 1e-3)
    thin, thick = (L * spreading(edges, edges, L) for L in (1e-2, 1.0))
    assert thin == pytest.approx(thick, rel=1e-9)


def test_a_lone_square_has_its_spreading_resistance():
    """``R A = a/sigma (2/pi) [ln(1 + sqrt 2) - (sqrt 2 - 1)/3]``: uniform flux, half-space."""
    exact = 2 / math.pi * (math.log(1 + math.sqrt(2)) - (math.sqrt(2) - 1) / 3)
    assert exact == pytest.approx(0.4732, abs=1e-4)
    lone = []
    for count in (9, 19):
        edges, middle = even(count, count * 1e-4), count * count // 2
        lone.append(float(spreading(edges, edges, 1.0)[middle, middle]) / 1e-4)
    # The rim's share falls with the width of the pellet.
    beyond = (19 * lone[1] - 9 * lone[0]) / (19 - 9)
    assert beyond == pytest.approx(exact, rel=5e-3)


def test_the_matrix_is_a_symmetric_positive_loss_without_a_mean():
    x, y = [0, 1e-4, 2e-4, 5e-4], [0, 3e-4, 4e-4]
    weights = np.outer(np.diff(y), np.diff(x)).ravel() / (x[-1] * y[-1])
    found = spreading(x, y, 2e-4)
    assert weights @ found == pytest.approx(np.zeros(6), abs=1e-12)
    assert found @ np.ones(6) == pytest.approx(np.zeros(6), abs=1e-12)
    loss = weights[:, None] * found
    assert loss == pytest.approx(loss.T, abs=1e-12)
    assert np.linalg.eigvalsh(loss).min() > -1e-12


def test_strips_against_finite_differences():
    """A section of the pellet, 120 by 120 cells: three strips that differ."""
    edges, L, sigma, columns, rows = [0, 1.0, 1.5, 3.0], 2.0, 0.7, 120, 120
    j = np.array([2.0, -1.0, 0.5])
    dx, dz = edges[-1] / columns, L / rows
    at = (np.arange(columns) + 0.5) * dx
    strip = np.searchsorted(edges, at) - 1
    A, b = lil_matrix((columns * rows,) * 2), np.zeros(columns * rows)
    for r in range(rows):
        for c in range(columns):
            k = r * columns + c
            for other, g in (
                (k - 1 if c else None, dz / dx),
                (k + 1 if c < columns - 1 else None, dz / dx),
                (k - columns if r else None, dx / dz),
                (k + columns if r < rows - 1 else None, dx / dz),
            ):
                if other is not None:
                    A[k, k] += sigma * g
                    A[k, other] -= sigma * g
            if r == rows - 1:
                A[k, k] += 2 * sigma * dx / dz
            if r == 0:
                b[k] = j[strip[c]] * dx
    phi = spsolve(A.tocsr(), b)[:columns] + j[strip] * dz / 2 / sigma
    mean = np.array([phi[strip == s].mean() for s in range(3)])
    i = float(np.dot(np.diff(edges), j)) / edges[-1]
    wanted = L / sigma * (i + spreading(edges, [0, 1.0], L) @ (j - i))
    assert mean == pytest.approx(wanted, rel=3e-3)
