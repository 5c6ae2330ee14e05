"""How far a fitted cell lies from what was measured, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from twin.calibration.bands import bands
from twin.calibration.discrepancy import Discrepancy
from twin.calibration.errors import Errors, error_scale
from twin.calibration.fit import Answer, Record
from twin.calibration.forward import Forward, Simulated
from twin.calibration.identify import Told
from twin.calibration.method import number_of
from twin.calibration.result import Score, SpectrumScore
from twin.calibration.spectra import Sweep, Swept
from twin.calibration.work import Work
from twin.specs.schema import PorousElectrode

if TYPE_CHECKING:
    pass


HELD_MEMBERS = int(number_of("posterior", "held"))
"""Of them, those that the full model itself tells of a curve that was kept back."""


def scored(
    work: Work,
    record: Record,
    held: bool,
    forward: Forward,
    small: Forward,
    z: np.ndarray,
    ensemble: np.ndarray,
    errors: Errors,
) -> Score | SpectrumScore:
    """Return how far a record lies from the fitted cell, with the band of members and error."""

    def x(z: np.ndarray) -> list[float]:
        return [item.x(float(v)) for item, v in zip(work.items, z, strict=True)]

    best: Answer = forward(x(z), record)
    # What the fit never saw is told by the full model itself, with fewer members.
    apart = small is not forward and held
    teller = forward if apart else small
    beside = best if teller is forward else teller(x(z), record)
    members = ensemble[:HELD_MEMBERS] if apart else ensemble
    told = [teller(x(member), record) for member in members]
    if isinstance(record, Sweep):
        assert isinstance(best, Swept) and isinstance(beside, Swept)
        ohms = [one.impedance for one in told if isinstance(one, Swept)]
        return _scored_spectrum(record, held, best, beside, ohms, errors.Z)
    assert isinstance(best, Simulated) and isinstance(beside, Simulated)
    if not told:
        return Score(record, held, best.voltage, best.temperature, best.ended)
    curves = [one for one in told if isinstance(one, Simulated)]
    volts = np.array([t.voltage for t in curves]) + best.voltage - beside.voltage
    low, high = bands(volts, errors.V.total * error_scale(errors.V, record))
    low_K = high_K = None
    if record.temperature is not None and errors.K is not None:
        kelvin = np.array([t.temperature for t in curves]) + best.temperature - beside.temperature
        low_K, high_K = bands(kelvin, np.full(len(record.t), errors.K.total))
    return Score(record, held, best.voltage, best.temperature, best.ended, low, high, low_K, high_K)


def _scored_spectrum(
    sweep: Sweep,
    held: bool,
    best: Swept,
    beside: Swept,
    told: Sequence[np.ndarray],
    error: Discrepancy | None,
) -> SpectrumScore:
    """Return a spectrum's score; no band where no spectrum was fitted: its error is unknown."""
    if not told or error is None:
        return SpectrumScore(sweep, held, best.impedance, best.ended)
    shares = np.array([sweep.shares(z + best.impedance - beside.impedance) for z in told])
    low, high = bands(shares, np.full(shares.shape[1], error.total))
    return SpectrumScore(sweep, held, best.impedance, best.ended, low, high)


def said(work: Work, told: Sequence[Told]) -> list[str]:
    """Return in words what bounds were hit and what is not told."""
    notes = [f"{one.key} ended at its {one.bound} bound." for one in told if one.bound]
    lacking = [one.key for one in told if one.says == "not told"]
    if lacking:
        notes.append(f"Not told by the data, kept at the prior's width: {', '.join(lacking)}.")
    for one in told:
        if one.together and one.key < one.together:
            notes.append(f"{one.key} is told only together with {one.together}.")
    if any(isinstance(getattr(work.spec, p), PorousElectrode) for p in ("anode", "cathode")):
        notes.append("A particle's size is not fitted apart: D/R^2 and i_0/R are what curves tell.")
    return notes


def said_of_sweeps(sweeps: Sequence[Sweep]) -> list[str]:
    """Return in words what was done to spectra."""
    notes = []
    for sweep in sweeps:
        if sweep.left_out:
            notes.append(f"{sweep.name}: {sweep.left_out} inductive points left out.")
        if sweep.verdict != "sound":
            notes.append(f"{sweep.name} is {sweep.verdict} by its Kramers-Kronig test.")
    return notes
