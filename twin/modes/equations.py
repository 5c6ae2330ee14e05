"""Whether two built models are the same equations, whatever way a solver takes through them.

A mode under neutral parameters brings states of its own, for which the solver takes other
steps: trajectories then agree to its tolerance and no further. The equations can be
compared to the last digits: at one and the same state, the rates, the residuals and the
voltage of the bare cell and of the cell with the mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

VOLTAGE = "Voltage [V]"


def difference(
    bare: Any, whole: Any, t: float, y: np.ndarray, inputs: Mapping[str, float], seed: int = 0
) -> dict[str, float]:
    """Return by how much each equation of ``bare`` differs in ``whole``, relatively.

    Parameters
    ----------
    bare, whole : pybamm.BaseModel
        Built models; ``whole`` has the states of ``bare`` and others.
    t : float
        Time [s].
    y : numpy.ndarray
        A state of ``whole``. The states that ``bare`` has too are shaken by a thousandth,
        so that residuals are compared that do not vanish.
    inputs : mapping
        Values of the models' inputs.
    seed : int
        Of the shaking.

    Returns
    -------
    dict
        By the name of the state that the equation is for, the largest difference over the
        largest value; under ``"Voltage [V]"`` that of the voltage [V]; infinite for a state
        that ``whole`` lacks.
    """
    shaken = np.array(y, dtype=float).reshape(-1, 1)
    own = np.zeros((bare.len_rhs_and_alg, 1))
    random = np.random.default_rng(seed)
    there = {variable.name: slices for variable, slices in whole.y_slices.items()}
    missing = [v.name for v in bare.y_slices if v.name not in there]
    if missing:
        return dict.fromkeys(missing, float("inf"))
    for variable, slices in bare.y_slices.items():
        for mine, theirs in zip(slices, there[variable.name], strict=True):
            shaken[theirs] *= 1 + 1e-3 * random.random(shaken[theirs].shape)
            own[mine] = shaken[theirs]
    given = dict(inputs)
    differences = {}
    for kind in ("rhs", "algebraic"):
        other = {variable.name: symbol for variable, symbol in getattr(whole, kind).items()}
        for variable, symbol in getattr(bare, kind).items():
            if variable.name not in other:
                differences[variable.name] = float("inf")
                continue
            one = np.asarray(symbol.evaluate(t, own, inputs=given))
            two = np.asarray(other[variable.name].evaluate(t, shaken, inputs=given))
            size = max(float(np.abs(one).max()), np.finfo(float).tiny)
            differences[variable.name] = float(np.abs(one - two).max()) / size
    volts = [
        np.asarray(model.get_processed_variable(VOLTAGE).evaluate(t, state, inputs=given))
        for model, state in ((bare, own), (whole, shaken))
    ]
    differences[VOLTAGE] = float(np.abs(volts[0] - volts[1]).max())
    return differences


def starts_apart(one: Any, other: Any, inputs: Mapping[str, float]) -> dict[str, float]:
    """Return by how much two built models start apart, relatively, by state.

    The largest difference of the initial conditions of each state of ``one`` over their
    largest value; infinite for a state that ``other`` lacks.
    """
    y, z = initial_state(one, inputs), initial_state(other, inputs)
    there = {variable.name: slices for variable, slices in other.y_slices.items()}
    differences = {}
    for variable, slices in one.y_slices.items():
        if variable.name not in there:
            differences[variable.name] = float("inf")
            continue
        mine = np.concatenate([y[rows] for rows in slices])
        theirs = np.concatenate([z[rows] for rows in there[variable.name]])
        size = max(float(np.abs(mine).max()), np.finfo(float).tiny)
        differences[variable.name] = float(np.abs(mine - theirs).max()) / size
    return differences


def initial_state(model: Any, inputs: Mapping[str, float]) -> np.ndarray:
    """Return the initial conditions of a built model, shape (states,)."""
    state = model.concatenated_initial_conditions.evaluate(0, inputs=dict(inputs))
    return np.asarray(state, dtype=float).reshape(-1)
