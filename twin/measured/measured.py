"""Measured data as the twin keeps them: what was found, and the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from twin.errors import InputError, StoreError
from twin.measured.found import Found
from twin.measured.importing import Imported, imported, keep
from twin.measured.keeping import from_bytes, to_bytes
from twin.measured.kramers_kronig import check_spectrum
from twin.measured.quantities import FREQUENCY, Z_IM, Z_RE
from twin.measured.recording import Asked, Chunk, Positive
from twin.measured.source import Source, refused
from twin.measured.spectrum import Spectrum
from twin.store import MeasurementInfo, Store

if TYPE_CHECKING:
    import pandas as pd

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, ArithmeticError, NotImplementedError)


class Measured:
    """Measured data of a real cell.

    Current is positive on discharge, units are SI, cycles count from 1.

    Attributes
    ----------
    info : MeasurementInfo
        Everything of it but its rows.
    new : bool
        Whether it has just been taken in; False if the same file was there already.
    """

    def __init__(
        self, info: MeasurementInfo, chunks: Callable[[], Iterator[Chunk]], *, new: bool = False
    ):
        self.info = info
        self.new = new
        self._chunks = chunks

    def __repr__(self) -> str:
        info = self.info
        return f"<Measured {info.short}: {info.name}, {info.kind}, {info.rows} rows>"

    @property
    def id(self) -> str:
        """The SHA-256 of the file."""
        return self.info.id

    @property
    def name(self) -> str:
        """The file's name."""
        return self.info.name

    @property
    def meta(self) -> dict[str, Any]:
        """How it was read, what was repaired, what was found; plain data."""
        return self.info.meta

    @cached_property
    def found(self) -> Found | None:
        """The steps, cycles, pulses and resistances; None of a spectrum."""
        contents = self.meta.get("found")
        return Found.from_dict(contents) if contents else None

    def chunks(self) -> Iterator[Chunk]:
        """Yield its rows as arrays by column, some hundred thousand at a time."""
        yield from self._chunks()

    @cached_property
    def table(self) -> Chunk:
        """All its rows, as arrays by column."""
        parts = list(self.chunks())
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @property
    def frame(self) -> pd.DataFrame:
        """All its rows, as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.table)

    @cached_property
    def spectra(self) -> list[Spectrum]:
        """The impedance spectra, each with its Kramers-Kronig check."""
        if self.info.kind != "impedance":
            return []
        return [
            Spectrum(c[FREQUENCY], z := c[Z_RE] + 1j * c[Z_IM], check_spectrum(c[FREQUENCY], z))
            for c in self.chunks()
        ]


def import_file(
    path: str | Path,
    *,
    store: Store | None = None,
    cell: str = "",
    again: bool = False,
    columns: str = "",
    positive: str = "",
    time_unit: str = "",
    timezone: str = "",
    current: str = "",
    reader: str = "",
) -> Measured:
    """Read a file of measured data, and keep it.

    Parameters
    ----------
    path : str or Path
        The file: what it is, its content tells, not its name.
    store : Store, optional
        Where it is kept; without one it is kept in memory only.
    cell : str
        The cell it was measured on, as you call it.
    again : bool
        Whether to read it again if the same file is in the store already.
    columns : str
        Its headings in their order, separated by commas, if it has none.
    positive : {"charge", "discharge", ""}
        What a positive current is in it, if neither its format nor the voltage says so rightly.
    time_unit : str
        The unit of its time, as ``"ms"``.
    timezone : str
        The zone of its dates, as ``"Europe/Berlin"``.
    current : str
        The constant current, as ``"0.3 mA"`` (positive on discharge), of a curve of charge and
        voltage.
    reader : str
        The only reader to use.

    Returns
    -------
    Measured
        What is in it.

    Raises
    ------
    InputError
        If it cannot be read: the reason, and what to do.
    StoreError
        If it cannot be kept.
    """
    asked = _asked(columns, positive, time_unit, timezone, current, reader)
    given = Path(path).expanduser()
    if store is not None and not again:
        there = _there(store, Source(given).sha256)
        same_cell = there is not None and cell in ("", there.cell_name)
        if there is not None and same_cell and there.meta.get("asked", {}) == _plain(asked):
            return _stored(store, there)
    with imported(given, asked) as recording:
        if store is None:
            # Packed, as the rows of a long file would fill the memory.
            pieces = [to_bytes(chunk) for chunk in recording.table.chunks()]
            return Measured(
                _info(recording, cell, asked), lambda: map(from_bytes, pieces), new=True
            )
        keep(recording, store, cell=cell, asked=_plain(asked))
        return _stored(store, store.measurement(recording.id), new=True)


def _asked(
    columns: str, positive: str, time_unit: str, timezone: str, current: str, reader: str
) -> Asked:
    from twin.measured.quantities import unit_of

    if positive not in ("", "charge", "discharge"):
        raise InputError(
            f"{positive!r} is no direction of a current",
            key="current",
            fix="charge or discharge: what a positive current is in the file",
        )
    if time_unit and unit_of(time_unit) not in ("s", "ms", "us", "min", "hour", "day"):
        raise InputError(
            f"{time_unit!r} is no unit of time", key="time_unit", fix="one of ms, s, min, h, d"
        )
    if timezone:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(timezone)
        except Exception:
            raise InputError(
                f"there is no time zone {timezone!r}",
                key="timezone",
                fix="as Europe/Berlin, America/New_York or UTC",
            ) from None
    amperes = 0.0
    if current:
        from twin.units import UnitError, to_si

        try:
            amperes = to_si(current, "A")
        except UnitError as error:
            raise InputError(str(error), key="rate", fix='as "0.3 mA"') from None
    return Asked(columns, cast(Positive, positive), time_unit, timezone, amperes, reader)


def _plain(asked: Asked) -> dict[str, Any]:
    return {key: value for key, value in vars(asked).items() if value}


def _info(recording: Imported, cell: str, asked: Asked) -> MeasurementInfo:
    from datetime import UTC, datetime

    meta = {**recording.meta(), "asked": _plain(asked)}
    return MeasurementInfo(
        recording.id, recording.name, recording.source, cell, recording.table.kind,
        recording.table.rows, datetime.now(UTC), meta,
    )  # fmt: skip


def _there(store: Store, measurement: str) -> MeasurementInfo | None:
    from twin.errors import NotFoundError

    try:
        return store.measurement(measurement)
    except (NotFoundError, StoreError):
        return None


def _stored(store: Store, info: MeasurementInfo, *, new: bool = False) -> Measured:
    def chunks() -> Iterator[Chunk]:
        for number, data in enumerate(store.measurement_chunks(info.id)):
            try:
                yield from_bytes(data)
            except _UNREADABLE as error:
                from twin.store.damage import Damage

                says = f"{type(error).__name__}: {error}"[:120]
                raise Damage(
                    f"measurement {info.short}", f"chunk {number}", says
                ).error() from error

    return Measured(info, chunks, new=new)


def load_measured(ref: str | Path, *, store: Store) -> Measured:
    """Return measured data by their id, a beginning of it, the file's name or ``"last"``.

    Raises
    ------
    NotFoundError
        If there are none, or more than one.
    """
    return _stored(store, store.measurement(str(ref)))


def measured_or_file(ref: str, *, store: Store) -> Measured:
    """Return measured data that are stored, or those of a file, which is not kept.

    Raises
    ------
    InputError
        If it is neither.
    """
    if Path(ref).expanduser().is_file():
        return import_file(ref)
    return load_measured(ref, store=store)


def needs_cycling(measured: Measured) -> None:
    """Refuse what has no voltage over time.

    Raises
    ------
    InputError
        If it is an impedance spectrum.
    """
    if measured.info.kind != "cycling":
        raise refused(
            Path(measured.info.source),
            "it is an impedance spectrum, with no voltage over time",
            "give a measurement of kind cycling (`twin measured`)",
            "data",
        )
