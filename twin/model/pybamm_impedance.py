"""PyBaMM's impedance of a model about a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

from twin.errors import ModelError
from twin.model.layout import remap_state
from twin.model.pybamm_compat import Linearisation

CAPACITIVE = {"surface form": "differential"}
"""The PyBaMM option that gives every interface its double layer."""


@dataclass(frozen=True)
class FilmBlock:
    """A resistance inside the equations that is given its capacitance.

    Attributes
    ----------
    voltage, current : str
        The states of ``0 = v - R k`` (:mod:`twin.model.film`).
    share : ndarray
        What is left of ``R`` at each frequency, ``Z(w)/R``.
    """

    voltage: str
    current: str
    share: np.ndarray


def impedance(
    linearisation: Linearisation,
    frequencies: Sequence[float],
    y: np.ndarray,
    layout: Sequence[tuple[str, int, int]],
    films: Iterable[FilmBlock] = (),
    inputs: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Return a cell's impedance [Ohm] about a state.

    PyBaMM linearises the model's equations, ``(i omega M - J) x = b``, about its initial
    conditions: the state is put in their place. Of the films' blocks of ``J`` what is left
    at each frequency is taken.

    Parameters
    ----------
    linearisation : Linearisation
        Of a model built with :data:`CAPACITIVE`.
    frequencies : sequence of float
        In Hz.
    y, layout : ndarray, sequence
        A state, and which of its rows are which variable.
    films : iterable of FilmBlock
        Resistances inside the equations that have a capacitance.
    inputs : mapping, optional
        Values of the model's inputs, by PyBaMM's names.

    Raises
    ------
    ModelError
        If an equation has no slope in this state.
    """
    about = linearisation.about(
        lambda places, fresh: remap_state(y, layout, places, fresh)[0], inputs
    )
    rows = {name: slice(start, stop) for name, start, stop in about.layout}
    blocks = [(_block(about.minus_slope, rows, film), film.share) for film in films]
    impedances = np.empty(len(frequencies), dtype=complex)
    for n, omega in enumerate(2 * np.pi * np.asarray(frequencies, dtype=float)):
        matrix = 1j * omega * about.mass + about.minus_slope
        for block, share in blocks:
            matrix = matrix + (share[n] - 1) * block
        voltage, current = about.outputs @ spsolve(matrix.tocsc(), about.push)
        impedances[n] = -voltage / current
    if not np.all(np.isfinite(impedances)):
        raise ModelError(
            "the cell's equations have no finite slope in this state",
            fix="let it rest before (--rest), or leave modes out (--without) to find the one",
        )
    return impedances


def _block(matrix: csc_matrix, rows: Mapping[str, slice], film: FilmBlock) -> csc_matrix:
    """Return the matrix with nothing left but the film's resistance."""
    kept, at = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[1])
    kept[rows[film.voltage]], at[rows[film.current]] = 1.0, 1.0
    return csc_matrix(matrix.multiply(kept[:, None]).multiply(at[None, :]))
