"""Impedance spectra beside curves: what is measured at rest, and what the model says of it.

At each frequency both parts of ``Z`` are met, each by modulus weighting,

    r = (Re Z_model - Re Z)/(w |Z|), (Im Z_model - Im Z)/(w |Z|),    w^2 = (2 n/m) sigma_Z^2

with ``sigma_Z`` what the model is expected to be wrong by as a share of ``|Z|``, ``n`` the
frequencies and ``m`` how many of the ``2 n`` values the model's own error leaves independent, some
a decade. The spectrum is that of the twin's own linearised equations (:mod:`twin.experiments.eis`)
after a rest at open circuit, ``q`` of the nominal capacity ``Q`` after the cell's own start::

    x_c = x_c0 + q Q/Q_c        x_a = x_a0 - q Q/Q_a,        Q_k = F c_max u eps_s L A/3600

Above the frequency at which ``Im Z`` turns positive leads and windings are inductive; a cell's
model is not, so those points are left out.

Modulus weighting: B. A. Boukamp, Solid State Ionics 20 (1986) 31 (recalled).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber
from twin.errors import InputError, TwinError
from twin.experiments.bench import unbroken
from twin.experiments.eis import ImpedanceBench
from twin.measured.measured import Measured
from twin.model.parameters import nominal_capacity, used_capacity
from twin.modes.mode import FailureMode
from twin.specs.dump import with_values
from twin.specs.filling import is_discharged
from twin.specs.naming import parameter_name
from twin.specs.schema import CellSpec, PorousElectrode

SIGMA_Z = number_of("expected", "impedance")
"""What a model is expected to be wrong by, as a share of ``|Z|``."""
INDEPENDENT = number_of("spectrum", "independent")
"""How many values a decade count as independent, of both parts."""
PER_DECADE = number_of("spectrum", "per_decade")
_FEWEST = int(number_of("spectrum", "fewest"))
_REST = number_of("spectrum", "rest")
_LEAST_RESISTANCE = 1e-12
"""Of a film that is free to grow from nothing [Ohm.m2]: the model is built with its states."""
_AT = re.compile(r"(?P<ref>.+)@(?P<share>\d+(\.\d*)?)\s*%?")
_NO_Z = 1e3
"""What stands for an impedance that the model does not have, as shares of ``|Z|``: no state of
rest there. A fit leaves it at once."""


@dataclass(frozen=True)
class Sweep:
    """A spectrum that a model is compared with.

    Attributes
    ----------
    name, id : str
        The file's name, and its SHA-256.
    frequency : ndarray
        From the highest down [Hz].
    impedance : ndarray
        Complex [Ohm].
    after : float
        Charge discharged since the cell's own start, over the nominal capacity.
    verdict : str
        Of its Kramers-Kronig test.
    used : ndarray of int
        The frequencies that the fit meets.
    left_out : int
        Points that were inductive.
    """

    name: str
    id: str
    frequency: np.ndarray
    impedance: np.ndarray
    after: float
    verdict: str
    used: np.ndarray
    left_out: int = 0

    @property
    def thinned(self) -> Sweep:
        """The spectrum at the frequencies that the fit meets."""
        i = self.used
        return replace(
            self, frequency=self.frequency[i], impedance=self.impedance[i], used=np.arange(len(i))
        )

    @property
    def values(self) -> np.ndarray:
        """Both parts as shares of ``|Z|``: real ones, then imaginary ones."""
        return self.shares(self.impedance)

    def shares(self, z: np.ndarray) -> np.ndarray:
        """Return an impedance at its frequencies [Ohm] as shares of the measured ``|Z|``."""
        size = np.abs(self.impedance)
        whole: np.ndarray = np.concatenate([z.real / size, z.imag / size])
        return whole

    @property
    def independent(self) -> float:
        """How many of its values are independent: ``m``."""
        decades = float(np.log10(self.frequency[0] / self.frequency[-1]))
        return min(INDEPENDENT * max(decades, 1.0), 2.0 * len(self.frequency))

    @property
    def weights(self) -> np.ndarray:
        """``1/w`` of each value."""
        count = 2 * len(self.frequency)
        return np.full(count, np.sqrt(self.independent / count) / SIGMA_Z)

    @property
    def s(self) -> np.ndarray:
        """Coordinate of the discrepancy along each part: decades of frequency."""
        value: np.ndarray = np.log10(self.frequency)
        return value


@dataclass(frozen=True)
class Swept:
    """What the model says of a spectrum [Ohm]."""

    impedance: np.ndarray
    ended: str = ""


def part_of(ref: str) -> tuple[str, float]:
    """Return a spectrum's name and after which share of the nominal capacity it was taken.

    ``"eis.csv@50%"`` is taken after half of the capacity was discharged, ``"eis.csv"`` at the
    cell's own start.
    """
    parted = _AT.fullmatch(ref)
    if parted is None:
        return ref, 0.0
    return parted["ref"], float(parted["share"]) / 100


def sweep_of(measured: Measured, after: float = 0.0) -> Sweep:
    """Return a measured spectrum, the first of its file, as one to be met.

    Raises
    ------
    InputError
        If hardly a point is left, or it is that of no linear, steady cell.
    """
    spectrum = measured.spectra[0]
    f, z = spectrum.frequency, spectrum.impedance
    if spectrum.check.verdict == "unsound":
        raise InputError(
            f"{measured.name} is that of no linear, steady cell (Kramers-Kronig: "
            f"{spectrum.check.verdict})",
            key="data", fix="take it again after a longer rest, with a smaller amplitude",
        )  # fmt: skip
    low = np.flatnonzero(z.imag <= 0)
    first = int(low[0]) if len(low) else len(f)
    f, z, left = f[first:], z[first:], first
    good = z.real > 0
    f, z = f[good], z[good]
    if len(f) < _FEWEST:
        raise InputError(
            f"{measured.name} has {len(f)} points below its inductive ones",
            key="data", fix=f"give a spectrum of at least {_FEWEST}",
        )  # fmt: skip
    decades = float(np.log10(f[0] / f[-1]))
    count = int(min(len(f), max(_FEWEST, np.ceil(PER_DECADE * decades))))
    wanted = np.linspace(np.log10(f[0]), np.log10(f[-1]), count)
    nearest = np.abs(np.log10(f)[None, :] - wanted[:, None]).argmin(axis=1)
    return Sweep(
        measured.name, measured.id, f, z, after, spectrum.check.verdict, np.unique(nearest), left
    )


class Impedances:
    """A cell's linearised model with some numbers left free.

    Parameters
    ----------
    spec : CellSpec
        The cell, made ready.
    free : sequence of FreeNumber
        What stays free.
    model, modes
        As of the curves' model.
    """

    def __init__(
        self,
        spec: CellSpec,
        free: Sequence[FreeNumber],
        model: str,
        modes: Sequence[FailureMode] = (),
    ):
        self.free, self.spec = list(free), spec
        self.solves = 0
        self.area = float(spec.geometry.area.si)
        self._nominal = nominal_capacity(spec)
        films = {
            item.key: f"{_LEAST_RESISTANCE} ohm*m^2"
            for item in free
            if item.key.endswith("resistance.value") and item.middle <= 0
        }
        values = {item.name: item.middle for item in free}
        values |= {_start_name(place): _electrode(spec, place).initial_stoichiometry.si
                   for place in self._shifted(spec)}  # fmt: skip
        built = with_values(spec, films) if films else spec
        self._bench = ImpedanceBench(built, modes, model=model, free=values)

    @staticmethod
    def _shifted(spec: CellSpec) -> list[str]:
        """Return the electrodes whose filling a charge moves; of a cell begun discharged none."""
        if is_discharged(spec.cathode):
            return []
        return [
            place
            for place in ("anode", "cathode")
            if isinstance(getattr(spec, place), PorousElectrode)
        ]

    def __call__(self, x: Sequence[float], sweep: Sweep) -> Swept:
        """Return the impedance with the free numbers at ``x`` (SI)."""
        self.solves += 1
        own = {item.name: float(v) for item, v in zip(self.free, x, strict=True)}
        by_key = {item.key: float(v) for item, v in zip(self.free, x, strict=True)}
        for place in self._shifted(self.spec):
            own[_start_name(place)] = self._filling(place, by_key, sweep.after)
        self._bench.reset(free=own)
        try:
            unbroken(self._bench.drive(0.0, _REST), "resting before the impedance")
            seen = self._bench.now()
            _, z, _ = self._bench.sweep(lambda parts: sweep.frequency, seen)
        except TwinError as error:
            return Swept(_NO_Z * np.abs(sweep.impedance) * (1 + 0j), error.problem.message)
        return Swept(z / self.area)

    def _filling(self, place: str, given: dict[str, float], after: float) -> float:
        """Return an electrode's filling after a share of the nominal capacity."""
        electrode = _electrode(self.spec, place)
        start = given.get(f"{place}.initial_stoichiometry", electrode.initial_stoichiometry.si)
        share = given.get(f"{place}.active_fraction", electrode.active_fraction.si)
        sites = used_capacity(self.spec, electrode) * share / electrode.active_fraction.si
        sign = 1.0 if place == "cathode" else -1.0
        return float(np.clip(start + sign * after * self._nominal / sites, 1e-4, 1 - 1e-4))


def must_be_reachable(spec: CellSpec, sweep: Sweep) -> None:
    """Refuse a state of charge that the cell's start does not lead to.

    Raises
    ------
    InputError
        If it begins discharged, so that its fillings are solved for, or has less charge.
    """
    if sweep.after == 0:
        return
    if is_discharged(spec.cathode):
        raise InputError(
            f"{sweep.name} was taken after a discharge, and {spec.name} begins discharged",
            key="data",
            fix="give the spectrum at the cell's start, without @",
        )
    if not 0 <= sweep.after <= 1:
        raise InputError(
            f"{sweep.name} was taken after {100 * sweep.after:g} % of the nominal capacity",
            key="data",
            fix="write what was discharged since the cell's start, as in eis.csv@50%",
        )


def _electrode(spec: CellSpec, place: str) -> PorousElectrode:
    electrode: PorousElectrode = getattr(spec, place)
    return electrode


def _start_name(place: str) -> str:
    return parameter_name(f"{place}.initial_stoichiometry", "")
