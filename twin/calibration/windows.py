"""Where each electrode begins and how much it holds, from a curve alone: no model is solved.

With the charge ``q`` discharged since the record began and one resistance ``R`` for all losses,

    V = U_c(x_c + q/Q_c) - U_a(x_a - q/Q_a) - I R,    Q = F c_max u eps_s L A/3600

is fitted to the record: the fillings ``x`` at its start, the shares ``eps_s``, and the numbers of
an open-circuit curve that was drawn. The slower the curve and the more rests it has the better;
what it finds is where the model's fit begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pybamm

from twin.calibration.data import Curve
from twin.calibration.fit import INDEPENDENT, slope
from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber
from twin.model.parameters import parameter_values, used_capacity
from twin.specs import curves
from twin.specs.naming import find
from twin.specs.schema import CellSpec, PorousElectrode
from twin.specs.smoothing import smoothed

SIGMA_V, SIGMA_Q = number_of("windows", "voltage"), number_of("expected", "charge")
_EDGE = 1e-4
_BEYOND_V = 5.0
"""What a filling beyond 0 or 1 costs [V a filling]."""
_GRID = 1001


def is_window(key: str) -> bool:
    """Return whether a curve at rest depends on a number."""
    return key.endswith((".initial_stoichiometry", ".active_fraction")) or (
        ".open_circuit_potential." in key
    )


def windows(spec: CellSpec, items: Sequence[FreeNumber], curve: Curve, z: np.ndarray) -> np.ndarray:
    """Return the coordinates with those that a curve at rest tells fitted to it.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    items : sequence of FreeNumber
        All free numbers.
    curve : Curve
        The slowest curve, thinned.
    z : ndarray
        Where it begins.
    """
    from scipy.optimize import least_squares

    active = [k for k, item in enumerate(items) if is_window(item.key)]
    hosts = [p for p in ("anode", "cathode") if isinstance(getattr(spec, p), PorousElectrode)]
    if not active or not hosts:
        return z
    potentials = {place: _Potential(spec, place) for place in hosts}
    amps = curve.current
    sigma = np.hypot(SIGMA_V, SIGMA_Q * slope(curve))
    weight = np.sqrt(min(INDEPENDENT, len(curve.t)) / len(curve.t)) / sigma
    largest = float(np.max(np.abs(amps)))
    ohms = 0.1 / largest

    def residuals(p: np.ndarray) -> np.ndarray:
        given = {items[k].key: items[k].x(float(v)) for k, v in zip(active, p[:-1], strict=True)}
        V = -amps * ohms * p[-1]
        for place in hosts:
            sign = 1.0 if place == "cathode" else -1.0
            electrode = getattr(spec, place)
            share = given.get(f"{place}.active_fraction", electrode.active_fraction.si)
            sites = used_capacity(spec, electrode) * share / electrode.active_fraction.si
            start = electrode.initial_stoichiometry.si
            start = given.get(f"{place}.initial_stoichiometry", start)
            V = V + sign * potentials[place](start + sign * curve.discharged / sites, given)
        return np.concatenate([weight * (V - curve.voltage), p])

    bounds = np.array([*(items[k].z_bounds for k in active), (0.0, 20.0)]).T
    start = np.append(z[active], 0.5)
    best = None
    # A curve of two electrodes has several fits: each filling is tried a little off, too.
    for shift in (0.0, -1.0, 1.0):
        begin = start.copy()
        for n, k in enumerate(active):
            if items[k].key.endswith("initial_stoichiometry"):
                begin[n] += shift * (1 if items[k].key.startswith("cathode") else -1)
        solution = least_squares(
            residuals, np.clip(begin, bounds[0] + _EDGE, bounds[1] - _EDGE),
            bounds=(bounds[0], bounds[1]), loss="soft_l1", max_nfev=200,
        )  # fmt: skip
        if best is None or solution.cost < best.cost - 1e-9:
            best = solution
    assert best is not None
    out = z.copy()
    out[active] = best.x[:-1]
    return out


class _Potential:
    """An electrode's open-circuit potential over its filling, with other numbers if given."""

    def __init__(self, spec: CellSpec, place: str):
        self.key = f"{place}.material.open_circuit_potential"
        self.law = find(spec, self.key)
        self._grid = np.linspace(_EDGE, 1 - _EDGE, _GRID)
        self._fixed: np.ndarray | None = None
        if self.law.law == "table":
            width = self.law.smoothing
            x, y = self.law.x, self.law.values()
            self._fixed = (
                np.interp(self._grid, x, y) if width is None else smoothed(x, y, width, self._grid)
            )
        elif self.law.law not in curves.CURVES:
            self._fixed = self._of_pybamm(spec, place)

    def __call__(self, x: np.ndarray, given: Mapping[str, float]) -> np.ndarray:
        """Return the potential [V]; beyond empty and full it goes on steeply."""
        inside = np.clip(x, _EDGE, 1 - _EDGE)
        if self._fixed is not None:
            U = np.interp(inside, self._grid, self._fixed)
        else:
            U = np.asarray(curves.potential(self.law, self._read(given), inside))
        value: np.ndarray = U - _BEYOND_V * (x - inside)
        return value

    def _read(self, given: Mapping[str, float]) -> curves.Read:
        def read(name: str) -> Any:
            own = getattr(self.law, name)
            return given.get(f"{self.key}.{name}", own.si)

        return read

    def _of_pybamm(self, spec: CellSpec, place: str) -> np.ndarray:
        values = parameter_values(spec)
        entry: Any = values[f"{'Positive' if place == 'cathode' else 'Negative'} electrode OCP [V]"]
        symbol = entry(pybamm.Vector(self._grid)) if callable(entry) else entry
        told = values.process_symbol(pybamm.convert_to_symbol(symbol)).evaluate()
        whole: np.ndarray = np.asarray(told, dtype=float).reshape(-1) * np.ones(_GRID)
        return whole
