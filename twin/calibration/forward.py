"""The model built once, and what it says of a curve for any values of the free numbers.

A simulation that ends before the data do (the salt is used up, a voltage limit, a solver that
gives up) is scored, not dropped. From where a piece ends, at the charge ``q_e`` and the voltage
``V_e``, its curve goes on in a straight line to the end of the (widened) window within 2 % of
the nominal capacity ``Q`` and stays there::

    V(q) = V_lim + (V_e - V_lim) max(0, 1 - (q - q_e)/(0.02 Q))

which is continuous in ``q_e``: a fit sees how much too early it ended. The next piece goes on
from the state it ended in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np

from twin.calibration.data import Curve, Piece
from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber, in_open_circuit
from twin.calibration.spectra import Impedances, Sweep, Swept
from twin.columns import TEMPERATURE, VOLTAGE
from twin.engine.plan import Plan
from twin.engine.prepare import Prepared, prepare
from twin.engine.settings import ModelName, RunSettings
from twin.engine.simulator import split
from twin.errors import InputError
from twin.model.pybamm_compat import FailureAtStart, StepFailed, StepInfeasible, StepResult
from twin.modes.mode import FailureMode
from twin.specs import curves
from twin.specs.dump import with_values
from twin.specs.naming import find
from twin.specs.protocol import Protocol
from twin.specs.schema import CellSpec

WIDER_V = number_of("record", "wider")
"""The window is so much wider: a curve that falls too early is still compared point by point."""
FALLS_IN = number_of("record", "falls_in")
RTOL, ATOL = 1e-4, 1e-6
GAVE_UP = "the solver gave up"
_KINDS = ("discharge", "charge", "rest")


@dataclass(frozen=True)
class Simulated:
    """What the model says of a curve.

    Attributes
    ----------
    voltage, temperature : ndarray, shape (n,)
        At the curve's points [V], [K].
    ended : str
        Why it ended before the data did; empty if it did not.
    ended_at : float
        The charge passed when it ended [A.h]; infinity if it did not.
    fillings : mapping of ndarray
        By electrode, that of the particles' surface, where an open-circuit curve is free and the
        single-particle model tells it; NaN where the simulation has ended.
    """

    voltage: np.ndarray
    temperature: np.ndarray
    ended: str = ""
    ended_at: float = np.inf
    fillings: Mapping[str, np.ndarray] = field(default_factory=dict)


class Forward:
    """A cell's model with some numbers left free.

    Parameters
    ----------
    spec : CellSpec
        The cell, made ready.
    free : sequence of FreeNumber
        What stays free.
    model : {"dfn", "spm"}
        Which model.
    modes : sequence of FailureMode
        What is at work in it besides.

    Raises
    ------
    InputError
        If one of the numbers cannot stay free: the mesh or a step hangs on it.
    """

    def __init__(
        self,
        spec: CellSpec,
        free: Sequence[FreeNumber],
        model: ModelName,
        modes: Sequence[FailureMode] = (),
        wider: tuple[float, float] = (WIDER_V, WIDER_V),
    ):
        self.free = list(free)
        self.model = model
        self.nominal = _nominal(spec)
        self.solves = 0
        self.area = spec.geometry.area.si
        self._ambient = spec.thermal.ambient.si
        spec_of_spectra = spec
        window = spec.window
        lower, upper = window.lower.si - wider[0], window.upper.si + wider[1]
        spec = with_values(spec, {"window.lower": f"{lower!r} V", "window.upper": f"{upper!r} V"})
        self.window = (lower, upper)
        settings = RunSettings(model, RTOL, ATOL, 0)
        values = {item.name: item.middle for item in self.free}
        self._prepared: Prepared = prepare(spec, modes, _plan(spec), settings, free=values)
        stuck = [item for item in self.free if item.name not in self._prepared.free]
        if stuck:
            raise InputError(
                f"{stuck[0].key} cannot be fitted: the mesh or a step hangs on it",
                key="free",
                fix="leave it out; particle sizes and thicknesses act through diffusivity.scale, "
                "exchange_current and active_fraction",
            )
        self._own = (spec_of_spectra, tuple(modes))
        self._impedances: Impedances | None = None
        self._index = {kind: i for i, kind in enumerate(_KINDS)}
        self._surfaces = _surfaces(spec, self.free, model)
        names = [VOLTAGE, TEMPERATURE, *self._surfaces.values()]
        self._observe = self._prepared.compiled.observer(names)

    @property
    def sweeps(self) -> int:
        """How many spectra were worked out: linear systems, not solves."""
        return 0 if self._impedances is None else self._impedances.solves

    @overload
    def __call__(self, x: Sequence[float], curve: Curve) -> Simulated: ...
    @overload
    def __call__(self, x: Sequence[float], curve: Sweep) -> Swept: ...
    def __call__(self, x: Sequence[float], curve: Curve | Sweep) -> Simulated | Swept:
        """Return what the model says of a curve or spectrum with the free numbers at ``x`` (SI)."""
        if isinstance(curve, Sweep):
            if self._impedances is None:
                spec, modes = self._own
                self._impedances = Impedances(spec, self.free, self.model, modes)
            return self._impedances(x, curve)
        self.solves += 1
        own = {item.name: float(v) for item, v in zip(self.free, x, strict=True)}
        inputs = {**self._prepared.inputs(None), **own}
        volts, kelvin = np.full(len(curve.t), np.nan), np.full(len(curve.t), np.nan)
        fillings = {place: np.full(len(curve.t), np.nan) for place in self._surfaces}
        y: np.ndarray | None = None
        warm, ended, ended_at = self._ambient, "", np.inf
        for number, piece in enumerate(curve.pieces):
            # A row that falls on an edge belongs to the piece before it.
            here = (curve.t > piece.start) & (curve.t <= piece.end)
            if number == 0:
                here |= curve.t <= piece.start
            limit = self.window[1] if piece.kind == "charge" else self.window[0]
            try:
                result = self._solve(piece, y, inputs)
            except (StepFailed, StepInfeasible, FailureAtStart) as error:
                ended = ended or _why(error)
                ended_at = min(ended_at, _charge_at(curve, piece.start))
                volts[here], kelvin[here] = limit, warm
                continue
            index = self._index[piece.kind]
            t_end = float(result.t[-1])
            met = here & (curve.t <= t_end + 1e-9)
            at = np.append(np.clip(curve.t[met], result.t[0], t_end), t_end)
            if number == 0:
                at = np.maximum(at, min(1e-3, t_end))  # the drop is there at once
            told = self._observe(
                at,
                result.at(at),
                self._prepared.compiled.inputs(index, piece.start, inputs, piece.current),
            )
            inside = np.abs(told[VOLTAGE] - np.mean(self.window)) < 0.5 * np.ptp(self.window)
            # What the solver overshot an event by counts no more than the limit.
            told[VOLTAGE] = np.clip(told[VOLTAGE], *self.window)
            volts[met], kelvin[met] = told[VOLTAGE][:-1], told[TEMPERATURE][:-1]
            for place, name in self._surfaces.items():
                fillings[place][met] = np.where(inside, told[name], np.nan)[:-1]
            warm, y = float(told[TEMPERATURE][-1]), result.y[:, -1].copy()
            if result.termination == "final time":
                continue
            ended, q_end = ended or result.termination, _charge_at(curve, t_end)
            ended_at = min(ended_at, q_end)
            left = here & ~met
            share = np.maximum(0.0, 1 - (curve.charge[left] - q_end) / (FALLS_IN * self.nominal))
            volts[left] = limit + (float(told[VOLTAGE][-1]) - limit) * share
            kelvin[left] = warm
        return Simulated(volts, kelvin, ended, ended_at, fillings)

    def risen(
        self, item: FreeNumber, told: object, x: Sequence[float], beside: Sequence[float]
    ) -> np.ndarray | None:
        """Return how a drawn open-circuit curve's number moves a record, without a solve.

        None where it needs one: another number, or fillings that the model does not tell.

        Parameters
        ----------
        item : FreeNumber
            The number that moves.
        told : Simulated
            The curve at ``x``.
        x, beside : sequence of float
            All free numbers (SI), and with the one moved.
        """
        place = in_open_circuit(item.key)
        if place is None or not isinstance(told, Simulated) or place not in told.fillings:
            return None
        law = find(self._own[0], f"{place}.material.open_circuit_potential")
        key = f"{place}.material.open_circuit_potential."

        def potential(at: Sequence[float]) -> np.ndarray:
            own = {one.key: v for one, v in zip(self.free, at, strict=True)}
            value: np.ndarray = curves.potential(
                law, lambda name: own.get(key + name, getattr(law, name).si), told.fillings[place]
            )
            return value

        sign = 1.0 if place == "cathode" else -1.0
        rise: np.ndarray = np.nan_to_num(sign * (potential(beside) - potential(x)))
        return rise

    def _solve(self, piece: Piece, y: np.ndarray | None, inputs: Mapping[str, float]) -> StepResult:
        return self._prepared.compiled.solve(
            self._index[piece.kind],
            piece.start,
            y,
            inputs,
            duration=piece.end - piece.start,
            target=None if piece.kind == "rest" else piece.current,
        )


def _surfaces(spec: CellSpec, free: Sequence[FreeNumber], model: str) -> dict[str, str]:
    """Return the variable of the surface's filling of each electrode whose curve is free.

    Nothing where the current is not shared out evenly, so that the curve moves the filling: a
    full model, or particles of several sizes.
    """
    if model != "spm":
        return {}
    names = {"anode": "negative", "cathode": "positive"}
    return {
        place: f"X-averaged {domain} particle surface stoichiometry"
        for place, domain in names.items()
        if any(in_open_circuit(item.key) == place for item in free)
        and getattr(getattr(spec, place), "size_spread", None) is None
    }


def _why(error: Exception) -> str:
    if isinstance(error, FailureAtStart):
        return str(error)
    return f"{GAVE_UP}: {str(error)[:80]}"


def _charge_at(curve: Curve, t: float) -> float:
    """Return the charge passed until a time [A.h]."""
    edges = [curve.pieces[0].start, *(p.end for p in curve.pieces)]
    passed = np.cumsum([abs(p.current) * (p.end - p.start) / 3600 for p in curve.pieces])
    return float(np.interp(t, edges, np.append(0.0, passed)))


def _nominal(spec: CellSpec) -> float:
    from twin.model.parameters import nominal_capacity

    return nominal_capacity(spec)


def _plan(spec: CellSpec) -> Plan:
    """Return a plan of one step of each kind; currents and times are given at each solve."""
    from twin.catalog.cells import plan_of

    amps = f"{_nominal(spec)!r} A"
    steps = [f"Discharge at {amps} for 1 hour", f"Charge at {amps} for 1 hour", "Rest for 1 hour"]
    rules = Protocol.from_data(
        {
            "schema": 1,
            "name": "calibration",
            "title": "Pieces of constant current",
            "parameters": {},
            "phase": [{"name": "pieces", "cycles": 1, "steps": steps}],
        }
    )
    return plan_of(rules, spec)


def free_ones(
    spec: CellSpec, items: Sequence[FreeNumber], model: ModelName, modes: Sequence[FailureMode]
) -> list[FreeNumber]:
    """Return those of some numbers that a built model can be given anew."""
    kept, _ = split(spec, modes, model, items, lambda changes: with_values(spec, changes))
    return kept
