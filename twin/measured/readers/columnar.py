"""Parquet files: Battery Data Format, or any whose columns have known names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twin.measured import moments
from twin.measured.delimited import NO_HEADINGS, visible_heading
from twin.measured.keeping import ROWS
from twin.measured.quantities import (
    FREQUENCY,
    MINUS_Z_IM,
    MOMENT,
    STATE,
    TIME,
    VOLTAGE,
    Z_IM,
    Heading,
    columns_of,
    factor,
)
from twin.measured.recording import Asked, Chunk, Reader, Recording
from twin.measured.source import MOST_COLUMNS, MOST_ROWS, Source, refused

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
    found = {
        quantity: (names[index], read)
        for quantity, (index, read) in columns_of(names).items()
        if quantity != STATE
    }
    if not ({TIME, VOLTAGE} <= set(found) or {FREQUENCY, Z_IM} <= set(found)):
        raise refused(source.path, NO_HEADINGS, "name its columns as the Battery Data Format does")
    of_bdf = any(" / " in name or "_second" in name for name in names)
    made = Recording(iter(()), asked.positive or ("charge" if of_bdf else ""))
    made.about["headings"] = {q: visible_heading(name) for q, (name, _) in found.items()}
    made.assumed = {quantity for quantity, (_, read) in found.items() if read.assumed}
    made.chunks = _chunks(source, file, found)
    return made


def _chunks(source: Source, file, found: dict[str, tuple[str, Heading]]) -> Iterator[Chunk]:
    import pyarrow as pa

    wanted = [name for name, _ in found.values()]
    zero: float | None = None
    try:
        for batch in file.iter_batches(ROWS, columns=wanted):
            chunk: Chunk = {}
            for quantity, (name, read) in found.items():
                chunk[quantity] = _column(batch.column(name), quantity, read)
            if MINUS_Z_IM in chunk and Z_IM not in chunk:
                chunk[Z_IM] = -chunk[MINUS_Z_IM]
            if TIME not in chunk and MOMENT in chunk:
                zero = float(chunk[MOMENT][0]) if zero is None else zero
                chunk[TIME] = chunk[MOMENT] - zero
            yield chunk
    except (pa.ArrowException, OSError) as error:
        says = " ".join(str(error).split())[:120]
        raise refused(
            source.path, f"the Parquet file is damaged: {says}", "copy or export it again"
        ) from None


def _column(values, quantity: str, read: Heading) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(values.type):
        micros = pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())
        return np.asarray(pc.cast(micros, pa.float64()).to_numpy(zero_copy_only=False)) / 1e6
    if pa.types.is_duration(values.type):
        micros = pc.cast(pc.cast(values, pa.duration("us")), pa.int64())
        return np.asarray(pc.cast(micros, pa.float64()).to_numpy(zero_copy_only=False)) / 1e6
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.full(len(values), np.nan)
    numbers = np.asarray(values.to_numpy(zero_copy_only=False), dtype=float)
    if quantity == MOMENT:
        return moments.number_moments(numbers)[0]
    scale, shift = factor(read.unit, quantity)
    return numbers * scale + shift


READERS = [Reader("parquet", "Parquet, Battery Data Format or named columns", _is_parquet, _read)]
