"""An electrode's open-circuit curve as numbers, worked out once.

Putting a cell's parameters into its expressions takes longer than all that is asked of the
curve, and members of a study mostly share it. So it is remembered; and the first one of a
process is kept for the next process as a built cell is (:mod:`twin.shelf`), under all
that it hangs on: its law to the last digit, and what it is worked out with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twin import shelf
from twin.engine import kept

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

_DOMAIN = {"anode": "Negative", "cathode": "Positive"}
_MOST = 32
"""So many are remembered: the electrodes of the cells at hand."""
_known: dict[tuple[str, str, int], np.ndarray] = {}


def fillings(points: int) -> np.ndarray:
    """Return so many fillings, equally far apart, without the two where curves have no end."""
    return np.linspace(0.0, 1.0, points)[1:-1]


def curve(spec: CellSpec, place: str, points: int) -> np.ndarray:
    """Return an electrode's potential at rest at :func:`fillings` [V], at 25 degC.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    place : {"anode", "cathode"}
        A composite electrode of it.
    points : int
        How many fillings.
    """
    key = (place, repr(getattr(spec, place).material.open_circuit_potential), points)
    if key not in _known:
        while len(_known) >= _MOST:
            del _known[next(iter(_known))]
        _known[key] = _recalled(spec, key)
        _known[key].flags.writeable = False
    return _known[key]


def _recalled(spec: CellSpec, key: tuple[str, str, int]) -> np.ndarray:
    """Return a curve from disk; worked out, and kept there, if it is not."""
    place, _, points = key
    # Of a study whose members all have a curve of their own, one is enough on disk.
    first = all(other[0] != place for other in _known)
    name = kept.name_with_versions({"open-circuit curve": list(key)}) if first else None
    data = None if name is None else shelf.recall(name)
    if data is not None and len(data.get("potential", ())) == len(fillings(points)):
        return np.array(data["potential"], dtype=float)
    curve = _worked_out(spec, place, points)
    if name is not None:
        shelf.keep(name, {"potential": curve.tolist()})
    return curve


def _worked_out(spec: CellSpec, place: str, points: int) -> np.ndarray:
    import pybamm

    from twin.model.parameters import parameter_values

    sto: Any = pybamm.Vector(fillings(points))
    symbol = pybamm.FunctionParameter(f"{_DOMAIN[place]} electrode OCP [V]", {"sto": sto})
    volts = parameter_values(spec).process_symbol(symbol).evaluate()
    potential = np.asarray(volts, dtype=float).reshape(-1)
    return np.broadcast_to(potential, fillings(points).shape).copy()
