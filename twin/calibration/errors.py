"""The model's own error at a fit, and by how much each value weighs more for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.calibration import fit as fitting
from twin.calibration.data import Curve
from twin.calibration.discrepancy import Discrepancy, blocks, by_state, estimate
from twin.calibration.fit import Fitted, Record, steepness, weights
from twin.calibration.method import number_of
from twin.calibration.spectra import SIGMA_Z, Sweep
from twin.calibration.work import Work

if TYPE_CHECKING:
    pass


_LEAST_K = number_of("discrepancy", "least_temperature")
_LEAST_Z = number_of("discrepancy", "least_impedance")


@dataclass(frozen=True)
class Errors:
    """The model's own error: of the voltage, of the temperature, and of an impedance's share."""

    V: Discrepancy
    K: Discrepancy | None
    Z: Discrepancy | None

    def covariance(self, record: Record) -> list[np.ndarray]:
        """Return the covariances of a record's parts: voltage and temperature, or Re and Im."""
        if isinstance(record, Sweep):
            assert self.Z is not None
            return [self.Z.covariance(record.s)] * 2
        parts = [self.V.covariance(record.s, error_scale(self.V, record))]
        if record.temperature is not None and self.K is not None:
            parts.append(self.K.covariance(record.s))
        return parts


def sharper_weights(work: Work, errors: Errors) -> np.ndarray:
    """Return by how much each value weighs more than was expected beforehand.

    A curve's points are worth ``m = (tau^2 + sigma^2) 1^T R^-1 1`` independent ones.
    """

    def worth(d: Discrepancy, s: np.ndarray, expected: float) -> float:
        R = d.covariance(s)
        m = d.total**2 * float(np.sum(np.linalg.solve(R, np.ones(len(R)))))
        return min(m, len(R)) / min(expected, len(R))

    curves = [c.thinned for c in work.curves]
    of_curves = [worth(errors.V, c.s, fitting.INDEPENDENT) for c in curves]
    volts = float(np.sqrt(np.mean(of_curves)) * fitting.SIGMA_V / errors.V.total)
    sharp = np.full(sum(len(fitting.measured([c])) for c in curves), volts)
    sweeps = [w.thinned for w in work.sweeps]
    if not sweeps or errors.Z is None:
        return sharp
    of_sweeps = [worth(errors.Z, w.s, w.independent / 2) for w in sweeps]
    ohms = float(np.sqrt(np.mean(of_sweeps)) * SIGMA_Z / errors.Z.total)
    # Spectra weigh no less than was expected: what is wrong with them is in their own error.
    return np.append(sharp, np.full(sum(len(w.values) for w in sweeps), max(ohms, 1.0)))


def estimated_errors(work: Work, fitted: Fitted) -> tuple[np.ndarray, Errors]:
    """Return the covariance of the model's error at the fitted points, and what it is of.

    The fit's Jacobian becomes that of the plain voltages, temperatures and shares of ``|Z|``.
    """
    records, curves = work.thinned, [c.thinned for c in work.curves]
    fitted.jacobian = fitted.jacobian / weights(records)[:, None]
    gap = fitting.measured(records) - fitting.simulated(records, fitted.told)
    gap = gap + fitted.jacobian @ fitted.z
    kinds = _kinds(records)
    J, s = fitted.jacobian, [c.s for c in curves]
    steep = [steepness(c) for c in curves]
    volt, warmth, share = (kinds == kind for kind in ("V", "K", "Z"))
    volts = estimate(gap[volt], J[volt], s, steep)
    rates = [c.rates for c in curves]
    volts = by_state(volts, gap[volt], J[volt], s, steep, rates)
    kelvin = ohms = None
    if np.any(warmth):
        warm = [c for c in curves if c.temperature is not None]
        flat = [np.ones(len(c.t)) for c in warm]
        kelvin = estimate(gap[warmth], J[warmth], [c.s for c in warm], flat, least=_LEAST_K)
    if np.any(share):
        along = [part for w in work.sweeps for part in [w.thinned.s] * 2]
        flat = [np.ones(len(part)) for part in along]
        ohms = estimate(gap[share], J[share], along, flat, least=_LEAST_Z)
    errors = Errors(volts, kelvin, ohms)
    return blocks([part for record in records for part in errors.covariance(record)]), errors


def error_scale(discrepancy: Discrepancy, curve: Curve) -> np.ndarray:
    """Return ``h``: how much larger the model's error is at a curve's points."""
    value: np.ndarray = steepness(curve) * discrepancy.factors(curve.rates)
    return value


def _kinds(records: Sequence[Record]) -> np.ndarray:
    """Return of each fitted value whether it is a voltage, a temperature or a share of ``|Z|``."""
    kinds = []
    for record in records:
        if isinstance(record, Sweep):
            kinds += ["Z"] * len(record.values)
            continue
        kinds += ["V"] * len(record.t)
        if record.temperature is not None:
            kinds += ["K"] * len(record.t)
    return np.array(kinds)
