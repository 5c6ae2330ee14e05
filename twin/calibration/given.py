"""What a calibration is given: curves, spectra and half-cell curves, by name, file or cycles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.calibration.data import Curve, curve_of
from twin.calibration.fit import Record
from twin.calibration.half_cell import HalfCell, half_cell
from twin.calibration.spectra import part_of, sweep_of
from twin.calibration.work import Work
from twin.errors import InputError
from twin.measured.measured import Measured, measured_or_file
from twin.specs.dump import with_values
from twin.specs.schema import CellSpec

if TYPE_CHECKING:
    from twin.store import Store


_CYCLES = re.compile(r"(?P<ref>.+):(?P<first>\d+)(?:-(?P<last>\d+))?")
Given = str | Path | Measured


def record_of(given: Given, nominal: float, store: Store | None) -> Record:
    """Return what is given as a curve, or as a spectrum if that is what it holds."""
    ref, after = (given, 0.0) if isinstance(given, Measured) else part_of(str(given))
    if not isinstance(ref, Measured) and Path(str(given)).expanduser().is_file():
        ref, after = str(given), 0.0
    if not isinstance(ref, Measured):
        parted = _CYCLES.fullmatch(str(ref))
        if parted and not Path(str(ref)).expanduser().is_file():
            return _curve(given, nominal, store)
        ref = _read(str(ref), store)
    if ref.info.kind == "impedance":
        return sweep_of(ref, after)
    if "@" in str(given) and not isinstance(given, Measured) and after:
        raise InputError(
            f"{given} is no spectrum: a curve has no @", key="data", fix="leave the @ out"
        )
    return _curve(ref, nominal, store)


def _curve(given: Given, nominal: float, store: Store | None, *, half: bool = False) -> Curve:
    cycles: list[int] | None = None
    if isinstance(given, Measured):
        measured = given
    else:
        ref = str(given)
        parted = _CYCLES.fullmatch(ref)
        if parted and not Path(ref).expanduser().is_file():
            ref = parted["ref"]
            first = int(parted["first"])
            cycles = list(range(first, int(parted["last"] or first) + 1))
            if not cycles:
                raise InputError(
                    f"{given} names no cycle", key="data", fix="write the lower number first"
                )
        measured = _read(ref, store)
    return curve_of(measured, nominal, cycles=cycles, half_cell=half)


def _read(ref: str, store: Store | None) -> Measured:
    from twin.measured.measured import import_file

    if store is None:
        return import_file(ref)
    return measured_or_file(ref, store=store)


def must_be_in_window(spec: CellSpec, curve: Curve) -> None:
    """Refuse a curve that lies beyond the cell's voltage window."""
    low, high = float(np.min(curve.voltage)), float(np.max(curve.voltage))
    slack = window_slack(spec)
    if low < spec.window.lower.si - slack or high > spec.window.upper.si + slack:
        raise InputError(
            f"{curve.name} runs from {low:.3f} to {high:.3f} V, and {spec.name} from "
            f"{spec.window.lower.text} to {spec.window.upper.text}",
            key="data",
            fix="correct window.lower or window.upper, or take the cell that was measured",
        )


def window_slack(spec: CellSpec) -> float:
    """Return how far beyond its window a cell's curve may lie [V]."""
    return 0.05 * float(spec.window.upper.si - spec.window.lower.si)


def half_cells_of(
    work: Work, given: Mapping[str, Given], nominal: float, store: Store | None
) -> list[HalfCell]:
    """Return the half cells, whose open-circuit laws the cell then has."""
    made = []
    for place in sorted(given):
        if place not in ("anode", "cathode"):
            raise InputError(
                f"{place!r} is no electrode",
                key="half-cell",
                fix="write anode=FILE or cathode=FILE",
            )
        half = half_cell(work.spec, place, _curve(given[place], nominal, store, half=True))
        made.append(half)
    if made:
        laws = {f"{h.place}.material.open_circuit_potential": h.law() for h in made}
        work.spec = with_values(work.spec, laws)
    return made
