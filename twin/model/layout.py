"""The layout of a state vector: which of its rows are which variable, written and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm


def layout_of(model: pybamm.BaseModel) -> list[tuple[str, int, int]]:
    """Return name, start and stop of each state of a discretised model, in a fixed order.

    A variable over several domains begins where its first part does, so the row alone
    leaves their order to the hash seed of the process.
    """
    places = {
        (getattr(variable, "name", str(variable)), s.start, s.stop)
        for variable, slices in model.y_slices.items()
        for s in slices
    }
    return _ordered(places)


def _ordered(layout: Iterable[Sequence[Any]]) -> list[tuple[str, int, int]]:
    places = [(str(name), int(start), int(stop)) for name, start, stop in layout]
    return sorted(places, key=lambda place: (place[1], place[2], place[0]))


def layout_to_text(layout: Iterable[Sequence[Any]]) -> str:
    """Write a state vector's layout as JSON."""
    return json.dumps([list(item) for item in layout])


def layout_from_text(text: str) -> list[tuple[str, int, int]]:
    """Read a layout, which may have been written in another order."""
    return _ordered(json.loads(text))


def remap_state(
    y_old: np.ndarray,
    old: Sequence[Sequence[Any]],
    new: Sequence[tuple[str, int, int]],
    y_new: np.ndarray,
) -> tuple[np.ndarray, list[str], list[str]]:
    """Carry a state over to a model with other states.

    Returns
    -------
    state, started, dropped : ndarray, list of str, list of str
        The new state, the states that start from the new model's initial conditions,
        and the old states the new model has no place for.

    Raises
    ------
    ValueError
        If a state exists in both with different sizes (another mesh), or the old state is
        not of the old layout.
    """
    size = max((stop for _, _, stop in old), default=0)
    if size != len(y_old):
        raise ValueError(f"it has {len(y_old)} values, where its layout has {size}")
    by_name = {name: (start, stop) for name, start, stop in old}
    result, started = y_new.copy(), []
    for name, start, stop in new:
        if name not in by_name:
            started.append(name)
            continue
        a, b = by_name.pop(name)
        if b - a != stop - start:
            raise ValueError(f"{name} has {b - a} values in the old run and {stop - start} now")
        result[start:stop] = y_old[a:b]
    return result, started, sorted(by_name)
