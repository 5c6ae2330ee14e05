"""Figures of a transference number: the current's fall, and the two impedances."""

from __future__ import annotations

from twin.experiments.transference import Transference
from twin.report.panel import Line, Panel

CM2 = 1e4  # Ohm.m2 to Ohm.cm2


def transference_panels(measurement: Transference) -> list[Panel]:
    """Return the transient, and the impedance before and in the steady state."""
    hours = ((measurement.t - measurement.t[0]) / 3600).tolist()
    spectra = [CM2 * z.z for z in measurement.impedances]
    return [
        Panel(
            "transient",
            f"Current at {1e3 * measurement.voltage:.3g} mV",
            "Time (h)",
            "Current (mA/cm²)",
            (Line("current", hours, (measurement.current / 10).tolist()),),
            y_range=(0.0, None),
        ),
        Panel(
            "nyquist",
            "Nyquist",
            "Re Z (Ω cm²)",
            "-Im Z (Ω cm²)",
            tuple(
                Line(name, z.real.tolist(), (-z.imag).tolist())
                for name, z in zip(("before", "steady"), spectra, strict=True)
            ),
            equal=True,
        ),
    ]
