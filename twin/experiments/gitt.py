"""Galvanostatic titration: open-circuit points and apparent diffusivities (GITT).

Pulses of a small current, each after and before a rest long enough for the particles to
even out. With the change ``dE_s`` of the potential at rest over a pulse of length ``tau``,
and the slope of the potential with the root of time as the pulse begins (Weppner and
Huggins, for spheres of radius ``R``, whose volume over surface is ``R/3``)::

    D = (4/pi) (R/3)^2 [ dE_s / (tau dE/d sqrt(t)) ]^2

The slope is the linear coefficient of a fit of ``E = a + b sqrt(t) + c t``: the ohmic drop
and charge transfer are in ``a``, the sphere's curvature in ``c``. The potential is that of
the electrode against sodium at its own face, as a reference electrode shows it.

It holds while ``D tau/R^2`` is far below one, and as far as charge transfer does not
itself change with the filling: a flat voltage makes ``dE_s`` small beside that change, and
the apparent diffusivity with it.

Reference: W. Weppner, R. A. Huggins, J. Electrochem. Soc. 124 (1977) 1569 (recalled).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.experiments.bench import ExperimentBench, Leg, left_tables
from twin.model.parameters import nominal_capacity, number_at
from twin.modes.context import CellContext, Interface
from twin.modes.mode import FailureMode
from twin.modes.ports import Location
from twin.specs.schema import CellSpec, PorousElectrode

# Cells along a particle's radius: a pulse reaches a thirtieth of it.
_MESH = {"r_n": 100, "r_p": 100}
# The pulse and the rest that are taken where none are given, as D t/R^2.
_PULSE, _REST = 0.01, 0.5
# A longer pulse than this, by the diffusivity found, no longer sees a half space.
_TOO_LONG = 0.1
# The first tenth of a pulse is charge transfer's and the solver's start.
_SKIP = 0.1


@dataclass(frozen=True)
class Titration:
    """What is done at each point.

    Attributes
    ----------
    density : float
        Current density of the pulses [A.m-2].
    pulse, rest : float
        Their length, and that of the rests [s].
    points : int
        How many there are over the whole nominal capacity.
    sign : int
        1 discharges, -1 charges.
    """

    density: float
    pulse: float
    rest: float
    points: int
    sign: int


@dataclass(frozen=True)
class TitrationPoint:
    """One pulse.

    Attributes
    ----------
    stoichiometry : float
        Mean filling of the electrode, in the middle of the pulse.
    potential : float
        At rest before it [V vs sodium].
    voltage : float
        The cell's at rest before it [V].
    step, slope : float
        ``dE_s`` [V] and ``dE/d sqrt(t)`` [V.s-1/2].
    diffusivity : float
        Apparent [m2.s-1].
    own : float
        The spec's at that filling [m2.s-1].
    """

    stoichiometry: float
    potential: float
    voltage: float
    step: float
    slope: float
    diffusivity: float
    own: float


@dataclass(frozen=True)
class Gitt:
    """A titration: its points, and what was done."""

    place: str
    titration: Titration
    radius: float
    points: list[TitrationPoint]
    ended: str
    notes: list[str] = field(default_factory=list)
    wall_s: float = 0.0


def electrode(spec: CellSpec, place: str) -> PorousElectrode:
    """Return the electrode that is titrated.

    Raises
    ------
    InputError
        If it is no composite of particles.
    """
    porous = getattr(spec, place, None) if place in ("anode", "cathode") else None
    if isinstance(porous, PorousElectrode):
        return porous
    have = [p for p in ("anode", "cathode") if isinstance(getattr(spec, p), PorousElectrode)]
    raise InputError(
        f"the {place} of {spec.name} has no particles to titrate",
        key="electrode",
        fix=f"take --electrode {have[0]}" if have else "take a full cell: `twin cells` lists them",
    )


def own_diffusivity(spec: CellSpec, place: str, filling: float) -> float:
    """Return the diffusivity the spec gives at a filling [m2.s-1]."""
    name = f"{'Negative' if place == 'anode' else 'Positive'} particle diffusivity [m2.s-1]"
    return number_at(spec, name, filling, spec.thermal.ambient.si)


def titration(
    spec: CellSpec,
    place: str,
    *,
    density: float | None,
    pulse: float | None,
    rest: float | None,
    points: int,
    charge: bool | None,
) -> Titration:
    """Return what to do, with what is not given chosen from the cell.

    The current is C/20; pulse and rest are a hundredth and a half of ``R^2/D``; a cathode
    more than half full is emptied, a discharged cell charged.
    """
    host = electrode(spec, place)
    area = spec.geometry.area.si
    time_scale = host.particle_radius.si**2 / own_diffusivity(spec, place, 0.5)
    if charge is None:
        full = host.initial_stoichiometry.si > 0.5
        charge = full if place == "cathode" else not full
    return Titration(
        density if density is not None else nominal_capacity(spec) / 20 / area,
        pulse if pulse is not None else _PULSE * time_scale,
        rest if rest is not None else _REST * time_scale,
        points,
        -1 if charge else 1,
    )


def measure_gitt(
    spec: CellSpec,
    modes: Iterable[FailureMode],
    place: Location,
    plan: Titration,
    *,
    model: str = "dfn",
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> Gitt:
    """Titrate an electrode of a full cell until its voltage window or its capacity ends.

    Parameters
    ----------
    spec, modes, model
        The cell.
    place : {"anode", "cathode"}
        The electrode.
    plan : Titration
        What to do.
    on_progress : callable
        Called with the share of the capacity passed.
    """
    began = time.perf_counter()
    host = electrode(spec, place)
    interface = next(i for i in CellContext(spec).interfaces if i.place == place)
    E, filling = interface("potential vs sodium [V]"), interface("stoichiometry")
    bench = ExperimentBench(
        spec,
        modes,
        names=[E, filling],
        model=model,
        var_pts=_MESH,
        harmless=lambda item: True,
        rtol=1e-8,
        atol=1e-10,
    )
    radius = host.particle_radius.si
    share = nominal_capacity(spec) * 3600 / spec.geometry.area.si / plan.points
    move = max(share / plan.density - plan.pulse, 0.0)
    current = plan.sign * plan.density
    points: list[TitrationPoint] = []
    ended = "the whole capacity"
    before = bench.drive(0.0, plan.rest)
    for number in range(plan.points):
        pulse = bench.drive(current, plan.pulse)
        after = pulse if pulse.stop else bench.drive(0.0, plan.rest)
        stopped = next((leg.stop for leg in (before, pulse, after) if leg.stop), None)
        if stopped is not None:
            ended = stopped.label
            break
        points.append(_point(spec, interface, before, pulse, after, radius))
        if _outside(spec, pulse):
            ended = "a limit of the voltage window"
            break
        on_progress((number + 1) / plan.points, "pulse and rest")
        if move > 0:
            moved = bench.drive(current, move)
            if moved.stop is not None or _outside(spec, moved):
                ended = "a limit of the voltage window"
                break
            before = bench.drive(0.0, plan.rest)
        else:
            before = after
    return Gitt(
        place,
        plan,
        radius,
        points,
        ended,
        [*_notes(points, plan, radius), *left_tables(bench.outside)],
        time.perf_counter() - began,
    )


def _point(
    spec: CellSpec, interface: Interface, before: Leg, pulse: Leg, after: Leg, radius: float
) -> TitrationPoint:
    E, filling = interface("potential vs sodium [V]"), interface("stoichiometry")
    t = pulse.t - pulse.t[0]
    tau = float(t[-1])
    slope = root_slope(t, pulse[E], tau)
    step = after.last(E) - before.last(E)
    middle = (pulse.first(filling) + pulse.last(filling)) / 2
    return TitrationPoint(
        middle,
        before.last(E),
        before.last("Voltage [V]"),
        step,
        slope,
        apparent_diffusivity(radius, tau, step, slope),
        own_diffusivity(spec, interface.place, middle),
    )


def root_slope(t: np.ndarray, E: np.ndarray, tau: float) -> float:
    """Return ``b`` of ``E = a + b sqrt(t) + c t`` over a pulse but for its start."""
    late = t >= _SKIP * tau
    root = np.sqrt(t[late] / tau)
    table = np.column_stack([np.ones_like(root), root, root**2])
    coefficients, *_ = np.linalg.lstsq(table, E[late], rcond=None)
    return float(coefficients[1] / math.sqrt(tau))


def apparent_diffusivity(radius: float, tau: float, step: float, slope: float) -> float:
    """Return ``D = (4/pi) (R/3)^2 [dE_s/(tau dE/d sqrt(t))]^2`` [m2.s-1]."""
    if slope == 0:
        return math.nan
    return 4 / math.pi * (radius / 3) ** 2 * (step / (tau * slope)) ** 2


def _outside(spec: CellSpec, leg: Leg) -> bool:
    volts = leg["Voltage [V]"]
    return bool(volts.max() >= spec.window.upper.si or volts.min() <= spec.window.lower.si)


def _notes(points: list[TitrationPoint], plan: Titration, radius: float) -> list[str]:
    known = [p.diffusivity for p in points if math.isfinite(p.diffusivity)]
    notes = []
    if known:
        share = float(np.median(known)) * plan.pulse / radius**2
        if share > _TOO_LONG:
            notes.append(
                f"the pulse lasts {share:.2g} of R^2/D: it no longer sees a half space, and the "
                "diffusivity is apparent only; a shorter --pulse is better"
            )
    return notes


def as_data(titration: Gitt) -> dict[str, Any]:
    """Return a titration as the JSON that scripts read."""
    points, plan = titration.points, titration.titration
    return {
        "electrode": titration.place,
        "stoichiometry": [p.stoichiometry for p in points],
        "ocv_V": [p.voltage for p in points],
        "potential_V": [p.potential for p in points],
        "diffusivity_m2_s": [p.diffusivity for p in points],
        "diffusivity_of_the_spec_m2_s": [p.own for p in points],
        "particle_radius_m": titration.radius,
        "current_mA_cm2": plan.density / 10,
        "pulse_s": plan.pulse,
        "rest_s": plan.rest,
        "direction": "discharge" if plan.sign > 0 else "charge",
        "ended": titration.ended,
        "notes": titration.notes,
        "wall_s": titration.wall_s,
    }
