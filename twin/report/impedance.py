"""Figures of an impedance: Nyquist and Bode, what was simulated beside what was fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from twin.experiments.circuit import Arc
from twin.experiments.eis import Impedance
from twin.report.panel import Line, Mark, Panel

CM2 = 1e4  # Ohm.m2 to Ohm.cm2
_SMOOTH = 400
_SEEN = 0.04
"""Arcs and marks nearer than this share of the figure are left out."""
_ALIKE = 0.15
"""A fitted arc is named after a resistance of the model that it is so near to, as a share."""
_NAMES = {
    "series resistance [Ohm.m2]": "layers",
    "charge-transfer resistance [Ohm.m2]": "charge transfer",
}


def impedance_panels(impedance: Impedance) -> list[Panel]:
    """Return Nyquist's plot with its arcs named and frequencies marked, and Bode's two."""
    f, z = impedance.frequency, CM2 * impedance.z
    smooth = np.logspace(np.log10(f.max()), np.log10(f.min()), _SMOOTH)
    fitted = CM2 * impedance.fit.impedance(smooth)

    def pair(simulated: np.ndarray, drawn: np.ndarray) -> tuple[Line, Line]:
        return (
            Line("fitted", smooth.tolist(), drawn.tolist()),
            Line("simulated", f.tolist(), simulated.tolist(), dots=True),
        )

    return [
        Panel(
            "nyquist",
            "Nyquist",
            "Re Z (Ω cm²)",
            "-Im Z (Ω cm²)",
            (
                Line("fitted", fitted.real.tolist(), (-fitted.imag).tolist()),
                Line("simulated", z.real.tolist(), (-z.imag).tolist(), dots=True),
            ),
            equal=True,
            marks=(*_names_of_arcs(impedance), *nyquist_marks(impedance)),
        ),
        Panel(
            "modulus",
            "Bode: modulus",
            "Frequency (Hz)",
            "|Z| (Ω cm²)",
            pair(np.abs(z), np.abs(fitted)),
            log=True,
            log_x=True,
        ),
        Panel(
            "phase",
            "Bode: phase",
            "Frequency (Hz)",
            "-Phase (degrees)",
            pair(-np.degrees(np.angle(z)), -np.degrees(np.angle(fitted))),
            log_x=True,
            verticals=tuple(_tops(impedance)),
        ),
    ]


def nyquist_marks(impedance: Impedance) -> Iterator[Mark]:
    """Yield whole decades of frequency on the curve, as far as they stand apart."""
    f, z = impedance.frequency, CM2 * impedance.z
    span = max(float(np.ptp(z.real)), float(np.ptp(z.imag)), 1e-30)
    last: complex | None = None
    for decade in range(math.ceil(np.log10(f.min()) - 1e-9), math.floor(np.log10(f.max())) + 1):
        nearest = int(np.argmin(np.abs(np.log10(f) - decade)))
        place = complex(z[nearest])
        if abs(math.log10(f[nearest]) - decade) < 0.1 and (
            last is None or abs(place - last) > 2 * _SEEN * span
        ):
            last = place
            yield Mark(place.real, -place.imag, hertz(10.0**decade))


def _names_of_arcs(impedance: Impedance) -> Iterator[Mark]:
    """Yield the name of each arc that can be seen, at its top on Nyquist's plot."""
    z = CM2 * impedance.z
    span = max(float(np.ptp(z.real)), float(np.ptp(z.imag)), 1e-30)
    for frequency, name in _tops(impedance):
        place = complex(z[int(np.argmin(np.abs(np.log(impedance.frequency / frequency))))])
        if -place.imag > _SEEN * span:
            yield Mark(place.real, -place.imag, name, dot=False)


def _tops(impedance: Impedance) -> Iterator[tuple[float, str]]:
    """Yield the frequency at the top of each arc that can be seen, and the arc's name."""
    low, high = float(impedance.frequency.min()), float(impedance.frequency.max())
    largest: dict[str, Arc] = {}
    for arc in impedance.fit.arcs:
        name = arc_name(arc, impedance)
        seen = arc.frequency is not None and low <= arc.frequency <= high
        if seen and (name not in largest or arc.resistance > largest[name].resistance):
            largest[name] = arc
    decades = math.log10(high / low)
    shown: list[float] = []
    for name, arc in sorted(largest.items(), key=lambda item: -item[1].resistance):
        assert arc.frequency is not None
        place = math.log10(arc.frequency)
        if all(abs(place - other) > 3 * _SEEN * decades for other in shown):
            shown.append(place)
            yield arc.frequency, name.replace(" ", "\n", 1)


def arc_name(arc: Arc, impedance: Impedance) -> str:
    """Return what an arc is: of which electrode, where one of the model's resistances tells.

    The fit knows an interface by its capacitance; which of them it is follows from the
    resistances that the cell's model has at that moment.
    """
    if arc.what != "interface":
        return arc.what
    known = {
        f"{side.lower()} {words}": impedance.variables.get(f"{side} {name}")
        for side in ("Anode", "Cathode")
        for name, words in _NAMES.items()
    }
    near = {
        name: abs(arc.resistance / r - 1)
        for name, r in known.items()
        if r is not None and r > 0 and abs(arc.resistance / r - 1) < _ALIKE
    }
    return min(near, key=lambda name: (near[name], name)) if near else arc.what


def hertz(frequency: float) -> str:
    """Return a frequency with a prefix: ``10 kHz``."""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m")):
        if frequency >= factor * (1 - 1e-9):
            return f"{frequency / factor:g} {prefix}Hz"
    return f"{frequency / 1e-6:g} µHz"
