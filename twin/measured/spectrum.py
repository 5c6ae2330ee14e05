"""Impedance spectra: put in order, with the sign of the imaginary part seen to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.measured.kramers_kronig import KramersKronig, check_spectrum
from twin.measured.quantities import FREQUENCY, Z_IM, Z_RE
from twin.measured.recording import Chunk

MOST_POINTS = 1_000_000
MOST_SPECTRA = 1000


@dataclass(frozen=True)
class Spectrum:
    """One impedance spectrum, from the highest frequency down.

    Attributes
    ----------
    frequency : array
        f [Hz].
    impedance : array
        Z [Ohm], complex; capacitive where the imaginary part is negative.
    check : KramersKronig
        Whether it obeys the Kramers-Kronig relations.
    """

    frequency: np.ndarray
    impedance: np.ndarray
    check: KramersKronig

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, under the names of ``twin eis``."""
        return {
            "points": len(self.frequency),
            "frequency_Hz": [float(self.frequency[0]), float(self.frequency[-1])],
            "z_re_ohm": [float(self.impedance.real.min()), float(self.impedance.real.max())],
            "kramers_kronig": self.check.to_dict(),
        }


def spectra_of(chunks: Iterable[Chunk]) -> tuple[list[Spectrum], list[str]]:
    """Return the spectra in a recording, and what was repaired.

    A spectrum ends where the frequency turns and comes back by more than a decade.

    Raises
    ------
    ValueError
        If there is no point, or more than a spectrum could have.
    """
    parts: list[np.ndarray] = []
    rows = 0
    for chunk in chunks:
        part = np.column_stack([chunk[FREQUENCY], chunk[Z_RE], chunk[Z_IM]])
        rows += len(part)
        if rows > MOST_POINTS:
            raise ValueError(f"it has more than {MOST_POINTS} rows of impedance")
        parts.append(part)
    table = np.concatenate(parts) if parts else np.empty((0, 3))
    told: list[str] = []
    with np.errstate(invalid="ignore"):
        good = np.isfinite(table).all(axis=1) & (table[:, 0] > 0)
    if not good.all():
        count = int((~good).sum())
        lost = "1 row" if count == 1 else f"{count} rows"
        told.append(f"{lost} without a frequency and an impedance: left out")
    table = table[good]
    if not len(table):
        raise ValueError("no row has a frequency and an impedance")
    spectra = []
    for part in _split(table)[:MOST_SPECTRA]:
        spectrum, remarks = _spectrum(part)
        spectra.append(spectrum)
        told += [r for r in remarks if r not in told]
    return spectra, told


def _split(table: np.ndarray) -> list[np.ndarray]:
    """Part a table where a sweep begins anew."""
    step = np.diff(np.log10(table[:, 0]))
    main = np.sign(np.median(step)) if len(step) else 0.0
    new = np.flatnonzero(step * main < -1) + 1
    return np.split(table, new)


def _spectrum(table: np.ndarray) -> tuple[Spectrum, list[str]]:
    told = []
    if len(np.unique(table[:, 0])) < len(table):
        # A frequency that was measured twice counts once, at its mean.
        frequencies, place = np.unique(table[:, 0], return_inverse=True)
        count = np.bincount(place)
        told.append(f"{len(table) - len(frequencies)} frequencies stand there twice: averaged")
        means = [np.bincount(place, table[:, column]) / count for column in (1, 2)]
        table = np.column_stack([frequencies, *means])
    step = np.diff(table[:, 0])
    if not ((step < 0).all() or (step > 0).all()):
        told.append("its frequencies were in no order: sorted")
    table = table[np.argsort(-table[:, 0])]
    frequency, impedance = table[:, 0], table[:, 1] + 1j * table[:, 2]
    low = impedance[len(impedance) // 3 :].imag
    # Cells are capacitive below their fastest arc: arcs lie below the axis.
    if low.sum() > 0 and (low > 0).mean() > 0.7:
        impedance = impedance.conj()
        told.append("its imaginary part is that of -Z'': turned")
    return Spectrum(frequency, impedance, check_spectrum(frequency, impedance)), told
