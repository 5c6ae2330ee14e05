"""What a calibration found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.calibration.data import Curve
from twin.calibration.discrepancy import Discrepancy
from twin.calibration.half_cell import HalfCell
from twin.calibration.identify import Profile, Told
from twin.calibration.parameters import FreeNumber
from twin.calibration.spectra import Sweep


@dataclass(frozen=True)
class Score:
    """A curve beside what the calibrated model says of it.

    Attributes
    ----------
    curve : Curve
        All its points.
    held : bool
        Whether it was kept back from the fit.
    voltage, temperature : ndarray
        What the model says there [V], [K].
    low, high : ndarray or None
        The ends of the band that should hold 90 % of the points [V].
    low_K, high_K : ndarray or None
        The same of the temperature.
    ended : str
        Why the simulation ended before the data did; empty if it did not.
    rms_V, rms_K : float
        Root mean square differences.
    """

    curve: Curve
    held: bool
    voltage: np.ndarray
    temperature: np.ndarray
    ended: str
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    low_K: np.ndarray | None = None
    high_K: np.ndarray | None = None

    @property
    def rms_V(self) -> float:
        """Root mean square difference of the voltage [V]."""
        return float(np.sqrt(np.mean((self.voltage - self.curve.voltage) ** 2)))

    @property
    def rms_K(self) -> float | None:
        """Root mean square difference of the temperature [K]; None if it was not measured."""
        if self.curve.temperature is None:
            return None
        return float(np.sqrt(np.mean((self.temperature - self.curve.temperature) ** 2)))

    @property
    def coverage(self) -> float | None:
        """The share of the points that the band holds."""
        return _held_share(self.curve.voltage, self.low, self.high)

    @property
    def half_width(self) -> float | None:
        """Half of the band's mean width [V]."""
        return _half_width(self.low, self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without the points."""
        return {
            "name": self.curve.name,
            "id": self.curve.id,
            "held": self.held,
            "points": len(self.curve.t),
            "c_rate": self.curve.rate,
            "rms_mV": 1e3 * self.rms_V,
            "rms_K": self.rms_K,
            "coverage": self.coverage,
            "half_width_mV": None if self.half_width is None else 1e3 * self.half_width,
            "ended": self.ended or None,
        }


def _held_share(
    values: np.ndarray, low: np.ndarray | None, high: np.ndarray | None
) -> float | None:
    if low is None or high is None:
        return None
    return float(np.mean((values >= low) & (values <= high)))


def _half_width(low: np.ndarray | None, high: np.ndarray | None) -> float | None:
    return None if low is None or high is None else float(np.mean(high - low) / 2)


@dataclass(frozen=True)
class SpectrumScore:
    """A spectrum beside what the calibrated model says of it.

    Attributes
    ----------
    sweep : Sweep
        All its points.
    held : bool
        Whether it was kept back from the fit.
    impedance : ndarray
        What the model says [Ohm].
    ended : str
        Why the model has none; empty if it does.
    low, high : ndarray or None
        The ends of the band that should hold 90 % of the values: real parts, then imaginary
        ones, as shares of the measured ``|Z|``.
    """

    sweep: Sweep
    held: bool
    impedance: np.ndarray
    ended: str = ""
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    @property
    def rms(self) -> float:
        """Root mean square of ``|Z_model - Z|/|Z|``."""
        away = np.abs(self.impedance - self.sweep.impedance) / np.abs(self.sweep.impedance)
        return float(np.sqrt(np.mean(away**2)))

    @property
    def coverage(self) -> float | None:
        """The share of the values that the band holds."""
        return _held_share(self.sweep.values, self.low, self.high)

    @property
    def half_width(self) -> float | None:
        """Half of the band's mean width, as a share of ``|Z|``."""
        return _half_width(self.low, self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without the points."""
        return {
            "name": self.sweep.name,
            "id": self.sweep.id,
            "held": self.held,
            "points": len(self.sweep.frequency),
            "after": self.sweep.after,
            "rms_percent": 100 * self.rms,
            "coverage": self.coverage,
            "half_width_percent": None if self.half_width is None else 100 * self.half_width,
            "kramers_kronig": self.sweep.verdict,
            "left_out": self.sweep.left_out,
            "ended": self.ended or None,
        }


@dataclass(frozen=True)
class Calibration:
    """A cell's numbers from measured curves, and what the curves leave open.

    Attributes
    ----------
    cell : str
        The cell's name.
    model : str
        The model that the numbers are of.
    items : list of FreeNumber
        What was free, with its prior.
    z : ndarray
        Coordinates of the best fit.
    covariance : ndarray
        Of the posterior's coordinates: the members', or Laplace's without members.
    members : ndarray, shape (members, numbers)
        Coordinates of the posterior's members; none where none were asked for.
    told : list of Told
        What the data have told of each number.
    profiles : list of Profile
        Of the numbers that are told worst.
    discrepancy, discrepancy_K : Discrepancy
        The model's own error, of the voltage and of the temperature.
    scores : list of Score
        Every curve, those kept back last.
    half_cells : list of HalfCell
        The open-circuit laws that were made.
    readied : mapping
        What was changed in the cell beforehand, by key.
    solves, cpu_s : mapping
        How often the model was solved, and the processor's seconds, by stage.
    notes : list of str
        What should be known.
    spectra : list of SpectrumScore
        Every impedance spectrum, those kept back last.
    discrepancy_Z : Discrepancy or None
        The model's own error of an impedance, as a share of ``|Z|``.
    starts : list of float
        What each start's single-particle fit ended at; none where there was one.
    """

    cell: str
    model: str
    items: list[FreeNumber]
    z: np.ndarray
    covariance: np.ndarray
    members: np.ndarray
    told: list[Told]
    profiles: list[Profile]
    discrepancy: Discrepancy
    discrepancy_K: Discrepancy | None
    scores: list[Score]
    half_cells: list[HalfCell]
    readied: Mapping[str, Any]
    solves: dict[str, int]
    cpu_s: dict[str, float]
    seed: int = 0
    notes: list[str] = field(default_factory=list)
    spectra: list[SpectrumScore] = field(default_factory=list)
    discrepancy_Z: Discrepancy | None = None
    starts: list[float] = field(default_factory=list)

    @property
    def values(self) -> dict[str, float]:
        """The best fit by key, in SI units."""
        return {item.key: item.x(z) for item, z in zip(self.items, self.z, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        sd = np.sqrt(np.diag(self.covariance))
        numbers = [
            {
                "key": item.key,
                "value": item.x(z),
                "unit": item.quantity.unit,
                "prior": item.middle,
                "prior_spread": item.spread(1.0),
                "spread": item.spread(float(s)),
                "share_of_prior": told.share,
                "says": told.says,
                "bound": told.bound or None,
                "together": told.together or None,
            }
            for item, z, s, told in zip(self.items, self.z, sd, self.told, strict=True)
        ]
        return {
            "cell": self.cell,
            "model": self.model,
            "numbers": numbers,
            "profiles": [vars(p) for p in self.profiles],
            "discrepancy": self.discrepancy.to_dict(),
            "discrepancy_K": None if self.discrepancy_K is None else self.discrepancy_K.to_dict(),
            "discrepancy_Z": None if self.discrepancy_Z is None else self.discrepancy_Z.to_dict(),
            "curves": [score.to_dict() for score in self.scores],
            "spectra": [score.to_dict() for score in self.spectra],
            "half_cells": [
                {"place": h.place, "name": h.name, "id": h.id, "rms_mV": 1e3 * h.rms,
                 "points": len(h.x)}
                for h in self.half_cells
            ],
            "covariance": self.covariance.tolist(),
            "members": len(self.members),
            "seed": self.seed,
            "starts": list(self.starts),
            "solves": dict(self.solves),
            "cpu_s": {k: round(v, 2) for k, v in self.cpu_s.items()},
            "notes": list(self.notes),
        }  # fmt: skip
