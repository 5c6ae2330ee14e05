"""Measured data as a file of the Battery Data Format, CSV or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from twin import files
from twin.columns import CURRENT, VOLTAGE
from twin.constants import ZERO_CELSIUS
from twin.errors import InputError
from twin.measured import bdf
from twin.measured.measured import Measured
from twin.measured.quantities import CYCLE, FREQUENCY, PRESSURE, STEP, TEMPERATURE, TIME, Z_IM, Z_RE
from twin.measured.recording import Chunk

SUFFIXES = (".bdf.csv", ".bdf.parquet")


def save_measured(measured: Measured, path: str | Path) -> int:
    """Write measured data in the Battery Data Format, and return the number of rows.

    Parameters
    ----------
    measured : Measured
        What to write; of impedance, all spectra one below the other.
    path : str or Path
        ``….csv`` or ``….parquet``.

    Raises
    ------
    InputError
        If the name tells no format, or it cannot be written there.
    """
    check_name(path)
    write = _parquet if str(path).lower().endswith(".parquet") else _csv
    with files.whole(path, key="save", parents=True) as part:
        return write(part, (labelled(chunk) for chunk in measured.chunks()))


def check_name(path: str | Path) -> None:
    """Refuse a name that tells no format: before the work, not after it.

    Raises
    ------
    InputError
        If it ends in neither ``.csv`` nor ``.parquet``.
    """
    if not str(path).lower().endswith((".csv", ".parquet")):
        raise InputError(
            "its name tells no format",
            file=str(path),
            key="save",
            fix=f"let it end in {' or '.join(SUFFIXES)}",
        )


def labelled(chunk: Chunk) -> dict[str, np.ndarray]:
    """Return a chunk under the Battery Data Format's labels: current + on charge there."""
    if FREQUENCY in chunk:
        return {
            bdf.FREQUENCY: chunk[FREQUENCY],
            bdf.REAL: chunk[Z_RE],
            bdf.IMAGINARY: chunk[Z_IM],
        }
    columns = {
        bdf.TEST_TIME: chunk[TIME],
        bdf.VOLTAGE: chunk[VOLTAGE],
        # Adding zero turns -0.0, which some readers stumble over, into 0.0.
        bdf.CURRENT: -chunk[CURRENT] + 0.0,
        bdf.CYCLE_COUNT: chunk[CYCLE],
    }
    if STEP in chunk:
        columns[bdf.STEP_INDEX] = chunk[STEP]
    if TEMPERATURE in chunk:
        columns[bdf.TEMPERATURE] = np.round(chunk[TEMPERATURE] - ZERO_CELSIUS, 9)
    if PRESSURE in chunk:
        columns[bdf.PRESSURE] = chunk[PRESSURE]
    return columns


def _tables(chunks: Iterator[dict[str, np.ndarray]]) -> Iterator[Any]:
    import pyarrow as pa

    for chunk in chunks:
        columns = {}
        for name, values in chunk.items():
            count = name in (bdf.CYCLE_COUNT, bdf.STEP_INDEX)
            array = pa.array(values, from_pandas=True)
            columns[name] = array.cast(pa.int64()) if count and _whole(values) else array
        yield pa.table(columns)


def _whole(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all())


def _written(open_writer: Callable[[Any], Any], chunks: Iterator[dict[str, np.ndarray]]) -> int:
    writer, rows = None, 0
    try:
        for table in _tables(chunks):
            writer = writer or open_writer(table.schema)
            writer.write_table(table.cast(writer.schema) if hasattr(writer, "schema") else table)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _parquet(path: Path, chunks: Iterator[dict[str, np.ndarray]]) -> int:
    import pyarrow.parquet as pq

    return _written(lambda schema: pq.ParquetWriter(path, schema, compression="zstd"), chunks)


def _csv(path: Path, chunks: Iterator[dict[str, np.ndarray]]) -> int:
    from pyarrow import csv

    options = csv.WriteOptions(quoting_style="none")
    return _written(lambda schema: csv.CSVWriter(path, schema, write_options=options), chunks)
