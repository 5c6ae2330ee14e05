"""The transference number from a small step of voltage (Bruce and Vincent).

A symmetric cell is held at a small voltage ``dV`` until its current no longer falls. With
the current and the interfaces' resistance at the start (0) and in the steady state (s),

    rho = i_s (dV - i_0 R_0) / (i_0 (dV - i_s R_s))

is the share of the conductivity that is left when the anions stand still. In an ideal
dilute solution it is the transference number. In general, ``rho = 1/(1 + Ne)`` with
Newman's number

    Ne = 2 gamma kappa R T (1 - t+)^2 / (F^2 D c),

so that with the conductivity ``kappa`` and the salt diffusivity ``D`` from the impedance of
the same cell, and the concentration ``c`` and thermodynamic factor ``gamma`` it was made
with, ``t+ = 1 - sqrt(Ne F^2 D c/(2 gamma kappa R T))``. The impedance gives ``kappa`` from
the electrolyte's arc and ``D = L^2/(4 tau_d)`` from the bend of its diffusion.

References: P. G. Bruce, J. Evans, C. A. Vincent, Solid State Ionics 28-30 (1988) 918
(recalled); N. P. Balsara, J. Newman, J. Electrochem. Soc. 162 (2015) A2720 (recalled).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.constants import FARADAY, GAS_CONSTANT
from twin.errors import ModelError
from twin.experiments.bench import CURRENT, ExperimentBench, left_tables, unbroken
from twin.experiments.eis import Frequencies, Impedance, ImpedanceBench, StoredState
from twin.model.parameters import number_at
from twin.modes.mode import FailureMode
from twin.specs.schema import CellSpec

# Low enough for the bend of a salt's diffusion, in which there are hours.
FREQUENCIES = Frequencies(low=1e-5)
# The current is steady when it changes by less than this share in a piece of the hold, or
# by no less than in the piece before: what is left is the interfaces' drift, not the salt.
_STEADY, _DRIFTING = 1e-4, 0.7
_PIECES = 100
_SHORTEST, _LONGEST = 600.0, 36000.0
# Seconds for the double layers to follow before the impedance under voltage.
_SETTLE = 1.0
# The salt's profile at the middle frequencies is a thin layer at each face.
_MESH = {"x_s": 160}


@dataclass(frozen=True)
class Transference:
    """A transference number and what it was found from, per area and in SI units.

    Attributes
    ----------
    t_plus : float
        The transference number.
    bruce_vincent : float
        The share of the conductivity left in the steady state, ``rho``.
    initial_current, steady_current : float
        In A.m-2.
    initial_resistance, steady_resistance : float
        Of both interfaces [Ohm.m2].
    conductivity : float
        From the impedance [S.m-1].
    diffusivity : float or None
        Of the salt, from the impedance [m2.s-1]; None where no salt moves.
    voltage : float
        The step [V].
    t, current : ndarray
        The transient [s, A.m-2].
    impedances : tuple of Impedance
        Before, and in the steady state.
    notes : list of str
        What has to be known to read the numbers.
    wall_s : float
        What it took [s].
    """

    t_plus: float
    bruce_vincent: float
    initial_current: float
    steady_current: float
    initial_resistance: float
    steady_resistance: float
    conductivity: float
    diffusivity: float | None
    voltage: float
    t: np.ndarray
    current: np.ndarray
    impedances: tuple[Impedance, Impedance]
    notes: list[str] = field(default_factory=list)
    wall_s: float = 0.0


def measure_transference(
    spec: CellSpec,
    modes: Iterable[FailureMode],
    *,
    voltage: float,
    hold: float | None = None,
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> Transference:
    """Step a symmetric cell to a small voltage, and find its transference number.

    Parameters
    ----------
    spec, modes
        The cell.
    voltage : float
        The step [V].
    hold : float, optional
        How long it is held [s]; until the current is steady by default.
    on_progress : callable
        Called with the share done, as far as that can be known, and what is being done.
    """
    began = time.perf_counter()
    modes = list(modes)
    notes: list[str] = []
    on_progress(0.0, "impedance before")
    ac = ImpedanceBench(spec, modes, hold=-voltage, var_pts=_MESH)
    unbroken(ac.drive(0.0, _SETTLE), "resting")
    before = ac.measure(FREQUENCIES)

    # No double layers here: the first current is the one all of the conductivity carries.
    dc = ExperimentBench(
        spec,
        modes,
        hold=-voltage,
        harmless=lambda item: True,
        window=False,
        var_pts=_MESH,
        rtol=1e-7,
        atol=1e-9,
    )
    t, i = _until_steady(dc, voltage, hold, _pace(before), notes, on_progress)

    on_progress(0.9, "impedance in the steady state")
    assert dc.y is not None
    ac.take(StoredState(dc.y, dc.compiled.layout, dc.t))
    unbroken(ac.hold(-voltage, _SETTLE), "holding the voltage")
    after = ac.measure(FREQUENCIES)

    R_0, R_s = (z.fit.resistance("interface") for z in (before, after))
    rho = share_left(voltage, i[0], i[-1], R_0, R_s)
    kappa = _conductivity(before)
    bend = before.fit.bend
    diffusivity = None
    t_plus = rho
    if spec.electrolyte.material.transport == "single-ion":
        notes.append("a single-ion conductor: no salt moves, and the current does not fall")
    elif bend is None:
        notes.append("the impedance shows no bend of diffusion: t+ is left at Bruce and Vincent's")
    else:
        L = spec.electrolyte.thickness.si
        diffusivity = spec.electrolyte.electrolyte_fraction.si * L**2 / (4 * bend[1])
        t_plus = transference_number(
            rho,
            kappa,
            diffusivity,
            spec.electrolyte.material.salt_concentration.si,
            thermodynamic_factor(spec, before.temperature),
            before.temperature,
        )
        if abs(t_plus - rho) > 0.02:
            notes.append(
                f"Bruce and Vincent's ratio alone, {rho:.3f}, is the transference number of an "
                "ideal dilute solution, which this electrolyte's numbers do not make"
            )
    notes += left_tables(ac.outside, dc.outside)
    return Transference(
        t_plus,
        rho,
        float(i[0]),
        float(i[-1]),
        R_0,
        R_s,
        kappa,
        diffusivity,
        voltage,
        t,
        i,
        (before, after),
        notes,
        time.perf_counter() - began,
    )


def _conductivity(impedance: Impedance) -> float:
    """Return the conductivity that an impedance gives [S.m-1].

    Raises
    ------
    ModelError
        If its fit is refused.
    """
    if impedance.fitted_conductivity is not None:
        return impedance.fitted_conductivity
    refusal = impedance.refusal
    says, fix = (refusal.says, refusal.fix) if refusal else ("", None)
    raise ModelError(f"the impedance gives no conductivity: {says}", fix=fix)


def share_left(dV: float, i_0: float, i_s: float, R_0: float, R_s: float) -> float:
    """Return ``rho`` of Bruce and Vincent; currents [A.m-2], interface resistances [Ohm.m2]."""
    return float(i_s * (dV - i_0 * R_0) / (i_0 * (dV - i_s * R_s)))


def transference_number(
    rho: float, kappa: float, D: float, c: float, gamma: float, T: float
) -> float:
    """Return ``t+ = 1 - sqrt(Ne F^2 D c/(2 gamma kappa R T))`` with ``Ne = 1/rho - 1``."""
    newman = max(1 / rho - 1, 0.0)
    return 1 - math.sqrt(newman * FARADAY**2 * D * c / (2 * gamma * kappa * GAS_CONSTANT * T))


def thermodynamic_factor(spec: CellSpec, T: float) -> float:
    """Return the electrolyte's thermodynamic factor at its mean concentration."""
    c = spec.electrolyte.material.salt_concentration.si
    return number_at(spec, "Thermodynamic factor", c, T)


def _pace(before: Impedance) -> float:
    """Return a piece of the hold [s]: a few relaxation times of the salt, if it has one."""
    bend = before.fit.bend
    return _SHORTEST if bend is None else min(max(2 * bend[1], _SHORTEST), _LONGEST)


def _until_steady(
    bench: ExperimentBench,
    voltage: float,
    hold: float | None,
    piece: float,
    notes: list[str],
    on_progress: Callable[[float, str], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Hold a voltage; return time [s] and current density [A.m-2]."""
    area = bench.spec.geometry.area.si
    times, currents = [], []
    pieces = 1 if hold is not None else _PIECES
    previous = math.inf
    for number in range(pieces):
        leg = unbroken(bench.hold(-voltage, piece if hold is None else hold), "holding the voltage")
        times.append(leg.t)
        currents.append(leg[CURRENT] / area)
        change = abs(1 - currents[-1][-1] / currents[-1][0])
        # How far the current has come to rest, on a scale of decades.
        done = math.log10(max(change, _STEADY)) / math.log10(_STEADY)
        on_progress(0.1 + 0.8 * min(max(done, number / pieces), 1), "holding the voltage")
        if hold is None and change < _STEADY:
            break
        if hold is None and number > 1 and change > _DRIFTING * previous:
            hours = piece / 3600
            notes.append(
                f"the current still drifts by {100 * change / hours:.2g} % an hour, as the "
                "interfaces' resistance changes: the steady impedance takes it into account"
            )
            break
        previous = change
    else:
        if hold is None:
            notes.append(f"the current still changes after {bench.t / 3600:.3g} h: --hold sets it")
    return np.concatenate(times), np.concatenate(currents)


def as_data(measurement: Transference) -> dict[str, Any]:
    """Return a transference number as the JSON that scripts read."""
    D = measurement.diffusivity
    return {
        "t_plus": measurement.t_plus,
        "t_plus_bruce_vincent": measurement.bruce_vincent,
        "initial_current_mA_cm2": measurement.initial_current / 10,
        "steady_current_mA_cm2": measurement.steady_current / 10,
        "initial_interface_ohm_cm2": 1e4 * measurement.initial_resistance,
        "steady_interface_ohm_cm2": 1e4 * measurement.steady_resistance,
        "conductivity_S_cm": measurement.conductivity / 100,
        "salt_diffusivity_m2_s": D,
        "voltage_V": measurement.voltage,
        "hold_h": float(measurement.t[-1] - measurement.t[0]) / 3600,
        "time_s": measurement.t - measurement.t[0],
        "current_mA_cm2": measurement.current / 10,
        "notes": measurement.notes,
        "wall_s": measurement.wall_s,
    }
