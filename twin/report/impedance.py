"""Figures of an impedance: Nyquist and Bode, what was simulated beside what was fitted."""

from __future__ import annotations

import numpy as np

from twin.experiments.eis import Impedance
from twin.report.panel import Line, Panel

CM2 = 1e4  # Ohm.m2 to Ohm.cm2
_SMOOTH = 400


def impedance_panels(found: Impedance) -> list[Panel]:
    """Return Nyquist's plot, and Bode's two."""
    f, z = found.frequency, CM2 * found.z
    smooth = np.logspace(np.log10(f.max()), np.log10(f.min()), _SMOOTH)
    fitted = CM2 * found.fit.impedance(smooth)

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
        ),
    ]
