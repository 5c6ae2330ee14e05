"""What is made of a sweep: exponents, slopes, activation energies, trends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twin.errors import InputError

_BOLTZMANN_EV = 8.617333262e-5  # eV/K, CODATA 2018


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Return slope, intercept and R squared of the least-squares line."""
    slope, intercept = np.polyfit(x, y, 1)
    spread = float(np.sum((y - y.mean()) ** 2))
    rest = float(np.sum((y - slope * x - intercept) ** 2))
    return float(slope), float(intercept), 1 - rest / spread if spread > 0 else 1.0


def exponent(x: np.ndarray, y: np.ndarray) -> float:
    """Return ``p`` of ``y = a x^p``, the slope of ``ln y`` over ``ln x``."""
    return line(np.log(_positive(x)), np.log(_positive(y)))[0]


def arrhenius_energy(T: np.ndarray, y: np.ndarray) -> float:
    """Return ``E`` [eV] of ``y = a exp(-E/(k_B T))``, ``T`` in K."""
    return -line(1 / T, np.log(_positive(y)))[0] * _BOLTZMANN_EV


def trend(x: np.ndarray, y: np.ndarray) -> float:
    """Return 1 if ``y`` rises with every step of ``x``, -1 if it falls, else 0."""
    steps = np.diff(y[np.argsort(x)])
    return float(np.all(steps > 0)) - float(np.all(steps < 0))


def _positive(values: np.ndarray) -> np.ndarray:
    if np.any(values <= 0):
        raise InputError(
            "a value of the sweep is not positive: it has no logarithm",
            key="vary",
            fix="sweep where the observable is positive (a ramp's first current must be borne)",
        )
    return values


FITS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "exponent": exponent,
    "slope": lambda x, y: line(x, y)[0],
    "r2": lambda x, y: line(x, y)[2],
    "arrhenius": arrhenius_energy,
    "trend": trend,
    "span": lambda x, y: float(y[-1] / y[0]),
    "lowest": lambda x, y: float(y.min()),
    "highest": lambda x, y: float(y.max()),
}
