"""An equivalent circuit fitted to an impedance: arcs in series, and diffusion at the end.

    Z(w) = R_0 + sum_k R_k/(1 + i w R_k C_k) + Z_d(w)
    finite length   Z_d = R_d tanh(s)/s,   s = sqrt(i w tau_d)     (salt between two metals)
    finite space    Z_d = R_d coth(s)/s                            (sodium in particles)

The fit (:mod:`twin.experiments.circuit_fit`) knows the data and, where the electrolyte has
grains, the ratio of a boundary's capacitance to a grain's; arcs are named by their
capacitances. All per area: Ohm.m2 and F.m-2.

References: J. T. S. Irvine, D. C. Sinclair, A. R. West, Adv. Mater. 2 (1990) 132
(recalled), for which capacitance belongs to what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.experiments.circuit_fit import DUST, Elements, fit_bricks, fit_elements
from twin.experiments.elements import Kind, shape

Tail = Literal["none", "finite length", "finite space"]

VACUUM_PERMITTIVITY = 8.8541878128e-12  # F/m, CODATA 2018
# Which capacitance is whose: no bulk has a permittivity beyond this; a boundary's is the
# bulk's times grain over boundary thickness (brick layers), known to half a decade; where no
# bulk is seen, a boundary in a pellet has less per area than an interface (0.1 uF/cm2).
_BULK_PERMITTIVITY = 150.0
_NEAR = 10**0.5
_INTERFACE = 1e-3
BRICKS = 100.0


@dataclass(frozen=True)
class Arc:
    """A resistance [Ohm.m2] beside a capacitance [F.m-2]; None where it has no arc."""

    resistance: float
    capacitance: float | None
    what: str = ""

    @property
    def frequency(self) -> float | None:
        """The top of the arc [Hz]."""
        if not self.capacitance or self.resistance <= 0:
            return None
        return 1 / (2 * np.pi * self.resistance * self.capacitance)

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """Return its impedance [Ohm.m2]."""
        tau = self.resistance * (self.capacitance or 0.0)
        return self.resistance / (1 + 2j * np.pi * frequency * tau)


@dataclass(frozen=True)
class Fit:
    """A fitted circuit.

    Attributes
    ----------
    arcs : tuple of Arc
        From high to low frequency, each with what it is; the first may be a plain
        resistance, where its arc lies beyond the highest frequency.
    diffusion : tuple of float or None
        Resistance [Ohm.m2] and time constant [s] of the diffusion element.
    error : float
        Root mean square of the residual over the modulus.
    lowest : float
        The lowest frequency [Hz].
    """

    arcs: tuple[Arc, ...]
    diffusion: tuple[float, float] | None
    error: float
    tail: Tail = "none"
    lowest: float = 0.0

    @property
    def bend(self) -> tuple[float, float] | None:
        """The diffusion element, if its bend is near enough to the data to be known.

        Far below the lowest frequency it is but a slope, far above it but a capacity.
        """
        if self.diffusion is None:
            return None
        turn = 2 * np.pi * self.lowest * self.diffusion[1]
        return self.diffusion if 1e-4 < turn < 1e2 else None

    def resistance(self, what: str) -> float:
        """Return the resistance of all arcs of a kind [Ohm.m2]."""
        return sum(arc.resistance for arc in self.arcs if arc.what == what)

    def capacitance(self, what: str) -> float | None:
        """Return the capacitance of the largest arc of a kind [F.m-2]."""
        known = [a for a in self.arcs if a.what == what and a.capacitance is not None]
        return max(known, key=lambda a: a.resistance).capacitance if known else None

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """Return the circuit's impedance [Ohm.m2]."""
        z = sum((arc.impedance(frequency) for arc in self.arcs), np.zeros(len(frequency), complex))
        omega = 2 * np.pi * frequency
        if self.diffusion is not None and self.tail != "none":
            z = z + self.diffusion[0] * shape(self.tail, omega, self.diffusion[1])
        return z


def fit(
    frequency: np.ndarray,
    z: np.ndarray,
    thickness: float,
    tail: Tail = "none",
    bricks: float | None = BRICKS,
) -> Fit:
    """Fit arcs (and a diffusion tail) to an impedance.

    Parameters
    ----------
    frequency : ndarray
        In Hz.
    z : ndarray
        Impedance [Ohm.m2].
    thickness : float
        Of the electrolyte [m]; tells bulk from boundaries by their permittivity.
    tail : {"none", "finite length", "finite space"}
        What diffusion there may be at low frequency.
    bricks : float or None
        A grain boundary's capacitance over the bulk's, grain over boundary thickness;
        None where the electrolyte has no grains.
    """
    kind = None if tail == "none" else tail
    elements = fit_elements(frequency, z, kind)
    lowest = float(frequency.min())
    free = _named(elements, thickness, tail, lowest, bricks)
    if bricks is None:
        return free
    times = [
        [a.resistance * a.capacitance for a in free.arcs if a.what == what and a.capacitance]
        for what in ("bulk", "grain boundary")
    ]
    if not all(times):
        return free
    return _named(
        fit_bricks(frequency, z, elements, times[0], times[1], bricks),
        thickness,
        tail,
        lowest,
        bricks,
    )


def _named(
    elements: Elements, thickness: float, tail: Tail, lowest: float, bricks: float | None
) -> Fit:
    named = _named_arcs([Arc(r, tau / r) for r, tau in elements.where("arc")], thickness, bricks)
    if elements.where("grains"):
        # Told apart already: what is left of their kind is another's.
        named = [Arc(a.resistance, a.capacitance, "interface") for a in named]
        ours: tuple[tuple[Kind, str], ...] = (("grains", "bulk"), ("boundaries", "grain boundary"))
        for kind, what in ours:
            named += [Arc(r, tau / r, what) for r, tau in elements.where(kind)]
    named.sort(key=lambda arc: arc.resistance * (arc.capacitance or 0.0))
    total = sum(arc.resistance for arc in named)
    series = float(np.exp(elements.series))
    if series > DUST * (series + total):
        # What no arc shows lies beyond the highest frequency: the fastest thing there is.
        bulk = "bulk" if all(a.what != "bulk" for a in named) else "series"
        named.insert(0, Arc(series, None, bulk))
    diffusion = None if tail == "none" else next(iter(elements.where(tail)), None)
    return Fit(tuple(named), diffusion, elements.error, tail, lowest)


def _named_arcs(arcs: list[Arc], thickness: float, bricks: float | None) -> list[Arc]:
    """Name arcs by their capacitances."""
    most = _BULK_PERMITTIVITY * VACUUM_PERMITTIVITY / thickness
    bulks = [arc for arc in arcs if (arc.capacitance or 0.0) < most]
    boundary = 0.0
    if bricks is not None:
        grains = max(bulks, key=lambda arc: arc.resistance).capacitance if bulks else None
        boundary = _INTERFACE if grains is None else _NEAR * bricks * grains

    def what(arc: Arc) -> str:
        if arc in bulks:
            return "bulk"
        return "grain boundary" if (arc.capacitance or 0.0) < boundary else "interface"

    return [Arc(arc.resistance, arc.capacitance, what(arc)) for arc in arcs]
