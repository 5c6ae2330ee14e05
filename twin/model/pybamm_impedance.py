"""PyBaMM's impedance of a model about a state; with pybamm_compat, all that reaches inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pybamm

from twin.errors import ModelError
from twin.model.pybamm_compat import layout_of, remap_state

CAPACITIVE = {"surface form": "differential"}
"""The PyBaMM option that gives every interface its double layer."""


def impedance(
    model: pybamm.BaseModel,
    values: pybamm.ParameterValues,
    frequencies: Sequence[float],
    y: np.ndarray,
    layout: Sequence[tuple[str, int, int]],
    var_pts: Mapping[str, int] | None = None,
) -> np.ndarray:
    """Return a cell's impedance [Ohm] about a state.

    PyBaMM linearises the model's equations, ``(i omega M - J) x = b``, about its initial
    conditions: the state is put in their place.

    Parameters
    ----------
    model, values : BaseModel, ParameterValues
        A model built with :data:`CAPACITIVE`, not yet discretised.
    frequencies : sequence of float
        In Hz.
    y, layout : ndarray, sequence
        A state, and which of its rows are which variable.
    var_pts : mapping, optional
        The mesh of that state.

    Raises
    ------
    ModelError
        If an equation has no slope in this state.
    """
    mesh = dict(var_pts) if var_pts else None
    simulation: Any = pybamm.EISSimulation(model, parameter_values=values, var_pts=mesh)
    simulation.build()
    built = simulation._built_model
    fresh = np.asarray(built.concatenated_initial_conditions.evaluate(0), dtype=float).reshape(-1)
    state, _, _ = remap_state(y, layout, layout_of(built), fresh)
    built.concatenated_initial_conditions = pybamm.Vector(state.reshape(-1, 1))
    found = np.asarray(simulation.solve(np.asarray(frequencies, dtype=float)).impedance)
    if not np.all(np.isfinite(found)):
        raise ModelError(
            "the cell's equations have no finite slope in this state",
            fix="let it rest before (--rest), or leave modes out (--without) to find the one",
        )
    return found
