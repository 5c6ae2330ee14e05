"""From a recording to a table: repaired, in the twin's sign and units, with what is in it."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.measured.evidence import Evidence, scale_of
from twin.measured.found import MOST_STEPS, Finder, Found, Turns
from twin.measured.keeping import read_chunks, write_chunks
from twin.measured.quantities import (
    CHARGE,
    CHARGE_CHANGE,
    FREQUENCY,
    NEEDED,
    SPECTRUM,
    STATE,
    TABLE,
    TEMPERATURE,
    TIME,
    Z_IM,
    Z_RE,
)
from twin.measured.recording import Asked, Chunk, Recording
from twin.measured.repair import Repairs
from twin.measured.sign import Sign, Unsigned, sign_of
from twin.measured.source import MOST_ROWS
from twin.measured.spectrum import Spectrum, spectra_of

_SCALES = {1e-3: "milliseconds", 60.0: "minutes", 3600.0: "hours"}
_TIMES = tuple(_SCALES)
COUNTERS_APART = 0.03
"""The file's own counters of charge and its current may differ by so much without a word."""
ZERO_CELSIUS_K = 273.15


class NoTable(ValueError):
    """What a reader gave is no table that can be used; with what to do."""

    def __init__(self, message: str, fix: str = "", key: str | None = None):
        super().__init__(message)
        self.fix, self.key = fix, key


@dataclass
class Table:
    """A measured table or its spectra, and what was made of the file.

    Attributes
    ----------
    kind : {"cycling", "impedance"}
        Which.
    rows : int
        How many rows, or points.
    told, doubts : list of str
        What was repaired or taken for granted, and what should be looked at.
    columns : list of str
        The columns it has.
    span : tuple of float
        Its first and last time [s].
    found : Found or None
        What is in a table.
    spectra : list of Spectrum
        The spectra.
    sign : Sign or None
        What became of the current's sign.
    path : Path or None
        The Parquet file that holds its rows.
    """

    kind: str
    rows: int
    told: list[str]
    doubts: list[str]
    columns: list[str]
    span: tuple[float, float] = (0.0, 0.0)
    found: Found | None = None
    spectra: list[Spectrum] = field(default_factory=list)
    sign: Sign | None = None
    about: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None

    def chunks(self) -> Iterator[Chunk]:
        """Yield its rows; of spectra, with the number of each as cycle."""
        if self.path is not None:
            yield from read_chunks(self.path)
        for spectrum in self.spectra:
            yield {
                FREQUENCY: spectrum.frequency,
                Z_RE: spectrum.impedance.real,
                Z_IM: spectrum.impedance.imag,
            }


def make_table(recording: Recording, asked: Asked, folder: Path) -> Table:
    """Return the table of a recording; its rows are in a file in ``folder``.

    Raises
    ------
    NoTable
        If it is none: a column is missing, no row is usable, the current has no sign.
    """
    first = next(recording.chunks, None)
    if first is None:
        raise NoTable("it has no rows", "export it again")
    chunks = itertools.chain([first], recording.chunks)
    if set(SPECTRUM) <= set(first) and (first[FREQUENCY] > 0).any():
        return _impedance(recording, chunks)
    return _cycling(recording, chunks, asked, folder)


def _impedance(recording: Recording, chunks: Iterator[Chunk]) -> Table:
    try:
        spectra, told = spectra_of(chunks)
    except ValueError as error:
        raise NoTable(str(error), "export frequency, real and imaginary part") from None
    points = sum(len(spectrum.frequency) for spectrum in spectra)
    doubts = []
    for number, spectrum in enumerate(spectra, 1):
        if spectrum.check.verdict in ("doubtful", "unsound"):
            of = f"spectrum {number}: " if len(spectra) > 1 else ""
            doubts.append(
                f"{of}{spectrum.check.verdict} by Kramers and Kronig: "
                f"{100 * spectrum.check.largest:.2g} % of |Z| is not that of a linear, steady cell"
            )
    told = [*recording.remarks, *told]
    return Table(
        "impedance", points, told, doubts, list(SPECTRUM), spectra=spectra, about=recording.about
    )


def _cycling(recording: Recording, chunks: Iterator[Chunk], asked: Asked, folder: Path) -> Table:
    evidence, repairs = Evidence(), Repairs(recording.step_clock, curve=bool(asked.current))
    seen = _Seen()
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".parquet") as raw:
        repaired = repairs(_needed(chunks, asked, recording))
        rows = write_chunks(Path(raw.name), _noted(repaired, evidence, seen))
        told = [*recording.remarks, *repairs.done.lines(repairs.step_clock)]
        if rows < 2:
            raise NoTable(
                f"it has {rows} usable row{'' if rows == 1 else 's'}"
                + (f" ({'; '.join(told)})" if told else ""),
                "export it again, with time, current and voltage in every row",
            )
        try:
            sign = sign_of(evidence, recording.positive, asked)
        except Unsigned as error:
            raise NoTable(
                str(error), "export it with a signed current, or with the type of each step"
            ) from None
        scales = _scales(evidence, recording, asked, told)
        doubts = scales.doubts
        if seen.no_temperature:
            told.append("its temperature is 0 degC throughout: taken as not measured")
        told += sign.told
        names = [n for n in TABLE if n in seen.names]
        if seen.no_temperature:
            names.remove(TEMPERATURE)
        finder = Finder(scales.current * max(evidence.most, -evidence.least), seen.turns.starts())
        path = folder / f"table-{Path(raw.name).stem}.parquet"
        again = Evidence()

        def final() -> Iterator[Chunk]:
            for chunk in read_chunks(Path(raw.name)):
                chunk = sign.apply(chunk)
                again.add(chunk)
                chunk[TIME] = chunk[TIME] * scales.time
                chunk[CURRENT] = chunk[CURRENT] * scales.current
                yield {name: chunk[name] for name in names}

        write_chunks(path, _in_order(finder(final())))
    steps = sum(finder.found.counts[kind] for kind in ("charge", "discharge", "rest"))
    if steps > MOST_STEPS:
        told.append(f"it has {steps} steps: the first {MOST_STEPS} are listed one by one")
    if sign.by_state and again.sign > 0.3:
        doubts.append("the voltage rises where it says discharge: see to the sign of the current")
    columns = [name for name in TABLE if name in {*names, "Cycle"}]
    span = (scales.time * seen.first, scales.time * seen.last)
    return Table(
        "cycling", rows, told, [*doubts, *sign.doubts], columns, span, finder.found,
        sign=sign, about=recording.about, path=path,
    )  # fmt: skip


def _in_order(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        yield {name: chunk[name] for name in TABLE if name in chunk}


@dataclass
class _Seen:
    """What the rows had in them."""

    names: set[str] = field(default_factory=set)
    first: float = 0.0
    last: float = 0.0
    rows: int = 0
    turns: Turns = field(default_factory=Turns)
    coldest: float = np.inf
    warmest: float = -np.inf

    @property
    def no_temperature(self) -> bool:
        return self.coldest == self.warmest == ZERO_CELSIUS_K


def _noted(chunks: Iterator[Chunk], evidence: Evidence, seen: _Seen) -> Iterator[Chunk]:
    for chunk in chunks:
        if not seen.names:
            seen.names, seen.first = set(chunk), float(chunk[TIME][0])
        seen.last = float(chunk[TIME][-1])
        seen.rows += len(chunk[TIME])
        if seen.rows > MOST_ROWS:
            raise NoTable(f"it has more than {MOST_ROWS} rows", "import it in parts")
        if TEMPERATURE in chunk:
            known = chunk[TEMPERATURE][np.isfinite(chunk[TEMPERATURE])]
            if len(known):
                seen.coldest = min(seen.coldest, float(known.min()))
                seen.warmest = max(seen.warmest, float(known.max()))
        evidence.add(chunk)
        seen.turns.add(chunk[TIME], chunk[CURRENT])
        yield {name: chunk[name] for name in (*TABLE, STATE) if name in chunk}


@dataclass
class _Scales:
    """What time and current must be multiplied by, as the file's own counters say."""

    time: float = 1.0
    current: float = 1.0
    doubts: list[str] = field(default_factory=list)


def _scales(evidence: Evidence, recording: Recording, asked: Asked, told: list[str]) -> _Scales:
    """Return what the counters of charge and of the step's time say of the units."""
    scales = _Scales()
    clock, charge = evidence.clock_ratio, evidence.charge_ratio
    if not asked.time_unit:
        scales.time = scale_of(clock, _TIMES)
        if scales.time == 1.0 and scale_of(charge, _TIMES) != 1.0:
            # Both clocks may be wrong alike; a current without a unit is the likelier one.
            of_current = CURRENT in recording.assumed and clock is not None
            if of_current and scale_of(charge, (1e-3,)) == 1e-3:
                scales.current = 1e-3
                told.append("its current is in mA: its own counters of charge say so")
            else:
                scales.time = scale_of(charge, _TIMES)
    if scales.time != 1.0:
        told.append(f"its time is in {_SCALES[scales.time]}: its own counters say so")
    if charge is not None:
        charge /= scales.time * scales.current
        if abs(charge - 1) > COUNTERS_APART:
            scales.doubts.append(
                f"its own counters of charge pass {charge:.3g} times what its current does over "
                "time: a rounded current, too few rows, or a wrong unit"
            )
    unsure = [TIME] if clock is None and charge is None and scales.time == 1.0 else []
    if TIME in recording.assumed and unsure and not asked.time_unit:
        scales.doubts.append("its time names no unit: taken as seconds (--time-unit says else)")
    elif unsure and not asked.time_unit:
        told.append("nothing else in it counts time or charge: the unit of its time is not checked")
    for name, unit in ((CURRENT, "A"), (VOLTAGE, "V")):
        if name in recording.assumed and not (name == CURRENT and charge is not None):
            what = name.partition(" [")[0].lower()
            scales.doubts.append(f"its {what} names no unit: taken as {unit} (--columns says else)")
    return scales


def _needed(chunks: Iterator[Chunk], asked: Asked, recording: Recording) -> Iterator[Chunk]:
    """Yield chunks that have time, current and voltage, worked out where they can be."""
    last: tuple[float, float] | None = None
    for chunk in chunks:
        chunk = dict(chunk)
        if asked.current and CHARGE in chunk and TIME not in chunk:
            chunk[TIME] = np.abs(chunk[CHARGE]) * 3600 / abs(asked.current)
            chunk[CURRENT] = np.full(len(chunk[TIME]), asked.current)
            recording.remarks[:] = [r for r in recording.remarks if r != _CURVE] + [_CURVE]
        if CURRENT not in chunk and TIME in chunk:
            chunk, last = _from_charge(chunk, last, recording)
        for name in NEEDED:
            if name not in chunk:
                raise NoTable(
                    f"it has no {name.partition(' [')[0].lower()}",
                    "export it with time, current and voltage in columns",
                )
        yield chunk


_CURVE = "a curve of charge and voltage: its time is that of the constant current you name"


def _from_charge(
    chunk: Chunk, last: tuple[float, float] | None, recording: Recording
) -> tuple[Chunk, tuple[float, float] | None]:
    """Work the current out from the charge that passed between rows."""
    time = chunk[TIME]
    if CHARGE_CHANGE in chunk:
        change = chunk[CHARGE_CHANGE]
        before = time[0] if last is None else last[0]
    elif CHARGE in chunk:
        before, charge = last or (time[0], float(chunk[CHARGE][0]))
        change = np.diff(chunk[CHARGE], prepend=charge)
        last = (float(time[-1]), float(chunk[CHARGE][-1]))
    else:
        return chunk, last
    if CHARGE_CHANGE in chunk:
        last = (float(time[-1]), 0.0)
    step = np.diff(time, prepend=before)
    with np.errstate(divide="ignore", invalid="ignore"):
        current = np.where(step > 0, change * 3600 / step, np.nan)
    # The first row, and rows of one moment, have no interval: the next one's current.
    known = np.flatnonzero(np.isfinite(current))
    if len(known):
        place = np.minimum(np.searchsorted(known, np.arange(len(current))), len(known) - 1)
        current = current[known[place]]
    text = "it has no current: worked out from the charge that passed"
    if text not in recording.remarks:
        recording.remarks.append(text)
    return {**chunk, CURRENT: current}, last


__all__ = ["VOLTAGE", "NoTable", "Table", "make_table"]
