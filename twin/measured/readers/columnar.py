"""Parquet files: Battery Data Format, or any whose columns have known names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from twin.columns import VOLTAGE
from twin.measured import moments
from twin.measured.delimited import numbers_of, visible_heading
from twin.measured.keeping import ROWS
from twin.measured.layout import NO_HEADINGS, SAMPLE
from twin.measured.quantities import (
    FREQUENCY,
    MINUS_Z_IM,
    MOMENT,
    STATE,
    STEP_TIME,
    TIME,
    Z_IM,
    Heading,
    columns_of,
    factor,
    unit_of,
)
from twin.measured.recording import Asked, Chunk, Reader, Recording
from twin.measured.source import MOST_COLUMNS, MOST_ROWS, Source, refused

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

PARQUET = b"PAR1"


def _is_parquet(source: Source) -> bool:
    return source.head.startswith(PARQUET)


def _read(source: Source, asked: Asked) -> Recording:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if source.packed:
        raise refused(source.path, "a Parquet file packed with gzip", "unpack it first")
    try:
        file = pq.ParquetFile(source.path, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        says = " ".join(str(error).split())[:120]
        raise refused(
            source.path, f"the Parquet file is damaged: {says}", "copy or export it again"
        ) from None
    names = file.schema_arrow.names
    if len(names) > MOST_COLUMNS or file.metadata.num_rows > MOST_ROWS:
        raise refused(
            source.path,
            f"it has {len(names)} columns and {file.metadata.num_rows} rows",
            f"give a file of at most {MOST_COLUMNS} columns and {MOST_ROWS} rows",
        )
    columns = {
        quantity: (names[index], read)
        for quantity, (index, read) in columns_of(names).items()
        if quantity != STATE
    }
    if not (
        ({TIME, MOMENT} & set(columns) and VOLTAGE in columns) or {FREQUENCY, Z_IM} <= set(columns)
    ):
        fix = "name its columns as the Battery Data Format does"
        raise refused(source.path, NO_HEADINGS, fix)
    of_bdf = any(" / " in name or "_second" in name for name in names)
    made = Recording(iter(()), asked.positive or ("charge" if of_bdf else ""))
    made.about["headings"] = {q: visible_heading(name) for q, (name, _) in columns.items()}
    made.assumed = {quantity for quantity, (_, read) in columns.items() if read.assumed}
    made.chunks = _chunks(source, file, columns, asked, made)
    return made


def _chunks(
    source: Source,
    file: pq.ParquetFile,
    columns: dict[str, tuple[str, Heading]],
    asked: Asked,
    made: Recording,
) -> Iterator[Chunk]:
    import pyarrow as pa

    wanted = [name for name, _ in columns.values()]
    zeros: dict[str, float] = {}
    texts: dict[str, moments.TextTimes] = {}
    try:
        for batch in file.iter_batches(ROWS, columns=wanted):
            chunk: Chunk = {}
            for quantity, (name, read) in columns.items():
                chunk[quantity] = _column(batch.column(name), quantity, read, texts, asked, made)
            if MINUS_Z_IM in chunk and Z_IM not in chunk:
                chunk[Z_IM] = -chunk[MINUS_Z_IM]
            if TIME not in chunk and MOMENT in chunk:
                chunk[TIME] = chunk[MOMENT]
                _remark(made, "it has no clock of the test: the time is that of its dates")
            if TIME in chunk and np.isfinite(chunk[TIME]).any():
                # Dates count from 1970: the test's time begins with the first of them.
                first = float(chunk[TIME][np.isfinite(chunk[TIME])][0])
                zero = zeros.setdefault(TIME, first if first > _DATED_S else 0.0)
                chunk[TIME] = chunk[TIME] - zero
            yield chunk
    except (pa.ArrowException, OSError) as error:
        says = " ".join(str(error).split())[:120]
        raise refused(
            source.path, f"the Parquet file is damaged: {says}", "copy or export it again"
        ) from None


_DATED_S = 3e8
"""No test has lasted ten years: a time beyond is one since 1970 [s]."""


def _remark(made: Recording, text: str) -> None:
    if text not in made.remarks:
        made.remarks.append(text)


def _column(
    values: pa.Array,
    quantity: str,
    read: Heading,
    texts: dict[str, moments.TextTimes],
    asked: Asked,
    made: Recording,
) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        whole = pa.timestamp("us") if pa.types.is_timestamp(kind) else pa.duration("us")
        micros = pc.cast(pc.cast(values, whole, safe=False), pa.int64())
        return np.asarray(pc.cast(micros, pa.float64()).to_numpy(zero_copy_only=False)) / 1e6
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        values = pc.cast(values, pa.string())
        _remark(made, f"{quantity.partition(' [')[0].lower()} is text")
        if quantity in (TIME, STEP_TIME, MOMENT):
            samples = [s for s in values.slice(0, SAMPLE).to_pylist() if s]
            if moments.is_text_time(samples):
                return texts.setdefault(quantity, moments.TextTimes(samples)).seconds(values)
        values = numbers_of(values, "," if _has_commas(values) else ".")
    numbers = np.asarray(values.to_numpy(zero_copy_only=False), dtype=float)
    if quantity == MOMENT:
        return moments.number_moments(numbers)[0]
    unit = read.unit
    if quantity in (TIME, STEP_TIME) and asked.time_unit:
        unit = unit_of(asked.time_unit) or unit
    scale, shift = factor(unit, quantity)
    return numbers * scale + shift


def _has_commas(values: pa.Array) -> bool:
    samples = [s for s in values.slice(0, SAMPLE).to_pylist() if s]
    return sum("," in s for s in samples) > sum("." in s for s in samples)


READERS = [Reader("parquet", "Parquet, Battery Data Format or named columns", _is_parquet, _read)]
