"""Impedance of a cell at any state of health, and the circuit fitted to it.

PyBaMM linearises the cell's own equations about a state of rest: charge transfer with its
double layer, diffusion of salt and of sodium in particles are in them. Electrolyte and
films are in them as plain resistances, each of which is given its capacitance,

    Z_k(w) = R_k/(1 + i w R_k C_k),

which is exact: at rest no state moves a resistance. What stands in series and carries the
whole cell's current, the electrolyte between the electrodes (grains, grain boundaries) and
the film on a metal, is exchanged afterwards, ``Z = Z_model + sum_k [Z_k - R_k]``. The film
on a composite's particles carries at each depth the current that enters there: it is
exchanged inside the linearised equations (:mod:`twin.model.film`). A part that a mode
brings has an arc of its own where the mode gives its capacitance, as a variable named like
the resistance (``"… resistance [Ohm.m2]"``, ``"… capacitance [F.m-2]"``); without one it
shares the film's. Where a mode tells grains from boundaries (``"Separator grain-boundary
resistance ratio"``), they are two arcs. An internal short stands beside all of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from twin.errors import ModelError
from twin.experiments.bench import ExperimentBench, left_tables, unbroken
from twin.experiments.circuit import VACUUM_PERMITTIVITY, Arc, Fit, Tail, fit
from twin.experiments.judgement import Refusal, judge
from twin.model.core import TEMPERATURE, interface_spec
from twin.model.film import film_current, film_voltage
from twin.model.layout import remap_state
from twin.model.mesh import DEFAULT
from twin.model.parameters import APPLIED_PRESSURE, parameter_values
from twin.model.pybamm_compat import Linearisation
from twin.model.pybamm_impedance import CAPACITIVE, FilmBlock, impedance
from twin.modes import brought
from twin.modes.context import CellContext, Interface
from twin.modes.mode import FailureMode
from twin.modes.ports import Port
from twin.specs.naming import find, parameter_name
from twin.specs.schema import CellSpec

LAYER = "Separator resistance [Ohm.m2]"
BOUNDARIES = "Separator grain-boundary resistance ratio"
SHORT = Port.SHORT_CONDUCTANCE.at().variable
# The automatic range ends so far beyond the fastest arc, and not below a megahertz.
_BEYOND, _AT_LEAST = 30.0, 1e6


@dataclass(frozen=True)
class StoredState:
    """A stored state: the vector, its layout, when it was reached [s], and on which mesh."""

    y: np.ndarray
    layout: Sequence[Sequence[Any]]
    t: float = 0.0
    mesh: str = DEFAULT


@dataclass(frozen=True)
class Frequencies:
    """Frequencies evenly spread in their logarithm.

    Attributes
    ----------
    low, high : float, float or None
        The ends [Hz]; without the upper one, a decade beyond the fastest arc.
    per_decade : int
        How many a decade.
    """

    low: float = 0.01
    high: float | None = None
    per_decade: int = 10

    def of(self, parts: Iterable[Arc]) -> np.ndarray:
        """Return the frequencies for a cell of these parts, from high to low [Hz]."""
        tops = [arc.frequency for arc in parts if arc.frequency is not None]
        beyond = max(_BEYOND * max(tops, default=0.0), _AT_LEAST)
        high = float(10 ** np.ceil(np.log10(beyond))) if self.high is None else self.high
        count = max(round(float(np.log10(high / self.low)) * self.per_decade), 1) + 1
        return np.logspace(np.log10(high), np.log10(self.low), count)


@dataclass(frozen=True)
class Impedance:
    """An impedance and the circuit fitted to it, per area.

    Attributes
    ----------
    frequency : ndarray
        In Hz, from high to low.
    z : ndarray
        Complex impedance [Ohm.m2].
    parts : tuple of Arc
        The electrolyte and the films as they were given their capacitances.
    thickness : float
        Of the electrolyte [m].
    conductivity : float
        The electrolyte's own, total [S.m-1].
    voltage, temperature : float
        At rest, where it was measured [V, K].
    tail : {"none", "finite length", "finite space"}
        What diffusion there is at low frequency.
    bricks : float or None
        A grain boundary's capacitance over a grain's; None without boundaries.
    wall_s : float
        What the measurement took [s].
    cycle : int or None
        After which cycle of a stored run.
    notes : list of str
        What has to be known to read the numbers.
    """

    frequency: np.ndarray
    z: np.ndarray
    parts: tuple[Arc, ...]
    thickness: float
    conductivity: float
    voltage: float
    temperature: float
    tail: Tail = "none"
    bricks: float | None = None
    wall_s: float = 0.0
    variables: dict[str, float] = field(default_factory=dict)
    cycle: int | None = None
    notes: list[str] = field(default_factory=list)

    @cached_property
    def fit(self) -> Fit:
        """The circuit, fitted when first asked for."""
        return fit(self.frequency, self.z, self.thickness, self.tail, self.bricks)

    @property
    def read_conductivity(self) -> float | None:
        """Thickness over the resistance of grains and boundaries, right or wrong [S.m-1]."""
        resistance = self.fit.resistance("bulk") + self.fit.resistance("grain boundary")
        return self.thickness / resistance if resistance > 0 else None

    @property
    def refusal(self) -> Refusal | None:
        """Why the fit gives no conductivity; None where it gives one."""
        tops = [a.frequency for a in self.parts if a.what == "bulk" and a.frequency is not None]
        return judge(
            self.fit,
            self.read_conductivity,
            self.conductivity,
            float(self.frequency.max()),
            max(tops, default=None),
        )

    @property
    def fitted_conductivity(self) -> float | None:
        """The electrolyte's conductivity as fitted, unless that is refused [S.m-1]."""
        return None if self.refusal is not None else self.read_conductivity


class ImpedanceBench(ExperimentBench):
    """A bench whose cell has double layers, and which measures its impedance at rest.

    Nothing ends a leg on it: a dead cell has an impedance too.
    """

    def __init__(self, spec: CellSpec, modes: Iterable[FailureMode] = (), **how: Any):
        modes = list(modes)
        context_names = [LAYER, BOUNDARIES, SHORT, TEMPERATURE]
        context_names += [
            f"{place} {what}"
            for place in ("Anode", "Cathode")
            for what in ("series resistance [Ohm.m2]", "charge-transfer resistance [Ohm.m2]")
        ]
        super().__init__(
            spec,
            modes,
            names=[*context_names, *_contributed(spec, modes)],
            options=dict(CAPACITIVE),
            harmless=lambda item: True,
            window=False,
            **how,
        )

    def take(self, state: StoredState) -> None:
        """Take the cell in a stored state; what only impedance has starts at rest."""
        fresh = self.compiled.initial_state(self._given)
        y, _, _ = remap_state(state.y, state.layout, self.compiled.layout, fresh)
        self.place(y, state.t)

    def layers(self, seen: dict[str, float]) -> tuple[Arc, ...]:
        """Return the electrolyte between the electrodes at present: grains, boundaries."""
        layer = self.spec.electrolyte
        permittivity = self._number("electrolyte.material.relative_permittivity")
        bulk = permittivity * VACUUM_PERMITTIVITY / layer.thickness.si
        ratio = seen.get(BOUNDARIES, 0.0)
        total = seen[LAYER]
        arcs = [Arc(total / (1 + ratio), bulk, "bulk")]
        if ratio > 0:
            capacitance = bulk * self._number("electrolyte.material.boundary_capacitance_ratio")
            arcs.append(Arc(total * ratio / (1 + ratio), capacitance, "grain boundary"))
        return tuple(arcs)

    def films(self, interface: Interface, seen: dict[str, float]) -> tuple[Arc, ...]:
        """Return the films at an interface at present, each with its capacitance."""
        rest = seen[interface("series resistance [Ohm.m2]")]
        at = Port.INTERFACE_RESISTANCE.at(interface.place)
        arcs = []
        for name in self.assembly.contributors.get(at, {}).values():
            own = seen.get(_capacitance_of(name))
            if own is not None and seen.get(name, 0.0) > 0:
                arcs.append(Arc(seen[name], own, "interface"))
                rest -= seen[name]
        if rest > 0:
            _, key = interface_spec(self.cell, interface)
            arcs.append(Arc(rest, self._number(f"{key}.film_capacitance"), "interface"))
        return tuple(arcs)

    def measure(self, sweep: Frequencies) -> Impedance:
        """Return the impedance in the present state."""
        began = time.perf_counter()
        seen = self.now()
        f, z, parts = self.sweep(sweep.of, seen)
        thickness = self.spec.electrolyte.thickness.si
        return Impedance(
            f,
            z,
            parts,
            thickness,
            thickness / seen[LAYER],
            seen["Voltage [V]"],
            seen[TEMPERATURE],
            self.tail,
            self._bricks(seen),
            time.perf_counter() - began,
            seen,
            notes=left_tables(self.outside),
        )

    def sweep(
        self, frequencies: Callable[[Iterable[Arc]], np.ndarray], seen: dict[str, float]
    ) -> tuple[np.ndarray, np.ndarray, tuple[Arc, ...]]:
        """Return frequencies, the impedance there [Ohm.m2] and the parts with capacitances.

        Parameters
        ----------
        frequencies : callable
            Returns the frequencies [Hz] for a cell of some parts.
        seen : dict
            What :meth:`now` says of the present state.
        """
        films = {i: self.films(i, seen) for i in self.cell.interfaces}
        series = list(self.layers(seen))
        for interface, arcs in films.items():
            series += arcs if interface.kind == "metal" else ()
        parts = (*self.layers(seen), *(arc for arcs in films.values() for arc in arcs))
        f = frequencies(parts)
        # A composite without a film has no states for one.
        inside = [_film_block(i, a, f) for i, a in films.items() if i.kind == "porous" and a]
        z = with_capacitances(f, self._linear(f, inside), series, seen.get(SHORT, 0.0))
        _passive(f, z)
        return f, z, parts

    def _bricks(self, seen: dict[str, float]) -> float | None:
        """Return grain over boundary thickness, where the electrolyte has grains."""
        if not seen.get(BOUNDARIES, 0.0) > 0:
            return None
        return self._number("electrolyte.material.boundary_capacitance_ratio")

    def _number(self, key: str) -> float:
        """Return a number at present: an input's value, or the cell's own."""
        quantity = find(self.spec, key)
        name = parameter_name(key, quantity.unit)
        return float(self._given.get(name, quantity.si))

    def _linear(self, f: np.ndarray, films: Iterable[FilmBlock]) -> np.ndarray:
        """Return the linearised equations' impedance [Ohm.m2]."""
        y = self.y if self.y is not None else self.compiled.initial_state(self._given)
        linear, layout = self._linearisation, self.compiled.layout
        z = impedance(linear, f.tolist(), y, layout, films, self._given)
        value: np.ndarray = self.spec.geometry.area.si * z
        return value

    @cached_property
    def _linearisation(self) -> Linearisation:
        values = parameter_values(self.spec)
        free = [name for name in self._given if name != APPLIED_PRESSURE]
        values.update(dict.fromkeys(free, "[input]"))
        return Linearisation(self.model, values, self.var_pts, self._given)

    @property
    def tail(self) -> Tail:
        """What diffusion there is at low frequency."""
        if self.cell.kind == "full":
            return "finite space"
        binary = self.spec.electrolyte.material.transport == "binary"
        return "finite length" if binary else "none"


def measure_impedance(
    spec: CellSpec,
    modes: Iterable[FailureMode],
    *,
    model: str = "dfn",
    frequencies: Frequencies,
    rest: float,
    state: StoredState | None = None,
) -> Impedance:
    """Let a cell rest, fresh or from a stored state, and measure its impedance.

    Parameters
    ----------
    spec, modes, model
        The cell.
    frequencies : Frequencies
        Where to measure it.
    rest : float
        Rest before [s]; double layers need a moment of it.
    state : StoredState, optional
        Where to start from; the fresh cell by default.
    """
    began = time.perf_counter()
    mesh = DEFAULT if state is None else state.mesh
    bench = ImpedanceBench(spec, modes, model=model, mesh=mesh)
    if state is not None:
        bench.take(state)
    unbroken(bench.drive(0.0, rest), "resting before the impedance")
    impedance = bench.measure(frequencies)
    return replace(impedance, wall_s=time.perf_counter() - began)


def with_capacitances(
    f: np.ndarray, z: np.ndarray, parts: Iterable[Arc], short: float = 0.0
) -> np.ndarray:
    """Return the impedance with the parts' capacitances, inside a short [S.m-2]."""
    inside = z / (1 - short * z)
    for arc in parts:
        inside = inside + arc.impedance(f) - arc.resistance
    return inside / (1 + short * inside)


def _passive(f: np.ndarray, z: np.ndarray) -> None:
    """Refuse a negative resistance: a cell at rest can but dissipate."""
    least = int(np.argmin(z.real))
    if not z.real[least] > 0:
        raise ModelError(
            f"the cell is no resistance in this state: Re Z is {1e4 * z.real[least]:.3g} ohm cm2 "
            f"at {f[least]:.3g} Hz, as of a cell that is not at rest",
            key="rest",
            fix="let it rest longer (--rest), or raise --from",
        )


def _film_block(interface: Interface, arcs: Sequence[Arc], f: np.ndarray) -> FilmBlock:
    """Return a composite's films as a share of their resistance at each frequency."""
    whole = sum(arc.resistance for arc in arcs)
    share = sum((arc.impedance(f) for arc in arcs), np.zeros(len(f), complex)) / whole
    return FilmBlock(film_voltage(interface), film_current(interface), share)


def _capacitance_of(name: str) -> str:
    return name.replace("resistance [Ohm.m2]", "capacitance [F.m-2]")


def _contributed(spec: CellSpec, modes: Iterable[FailureMode]) -> list[str]:
    """Name what modes contribute to the interfaces' resistance, and its capacitance."""
    cell = CellContext(spec)
    names: list[str] = []
    for mode in modes:
        for at, name in brought.contributions(mode, cell).items():
            if at.port is Port.INTERFACE_RESISTANCE:
                names += [name, _capacitance_of(name)]
    return names


def as_data(impedance: Impedance) -> dict[str, Any]:
    """Return an impedance as the JSON that scripts read."""
    circuit, refusal, seen = impedance.fit, impedance.refusal, impedance.fitted_conductivity
    fitted: dict[str, Any] = {}
    for what in ("bulk", "grain boundary", "interface"):
        key = what.replace(" ", "_")
        capacitance = circuit.capacitance(what)
        fitted[f"{key}_ohm_cm2"] = 1e4 * circuit.resistance(what)
        fitted[f"{key}_F_cm2"] = None if capacitance is None else 1e-4 * capacitance
    fitted |= {
        "conductivity_S_cm": None if seen is None else seen / 100,
        "refused": None if refusal is None else asdict(refusal),
        "conductivity_of_the_spec_S_cm": impedance.conductivity / 100,
        "diffusion_ohm_cm2": circuit.bend and 1e4 * circuit.bend[0],
        "diffusion_time_s": circuit.bend and circuit.bend[1],
        "relative_error": circuit.error,
        "arcs": [
            {
                "what": arc.what,
                "ohm_cm2": 1e4 * arc.resistance,
                "F_cm2": None if arc.capacitance is None else 1e-4 * arc.capacitance,
                "frequency_Hz": arc.frequency,
            }
            for arc in circuit.arcs
        ],
    }
    return {
        "frequency_Hz": impedance.frequency,
        "z_re_ohm_cm2": 1e4 * impedance.z.real,
        "z_im_ohm_cm2": 1e4 * impedance.z.imag,
        "fit": fitted,
        "voltage_V": impedance.voltage,
        "temperature_K": impedance.temperature,
        "notes": impedance.notes,
        "wall_s": impedance.wall_s,
    }
