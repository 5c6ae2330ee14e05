"""Measured tables on disk: chunks as Parquet, written and read a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.measured.recording import Chunk

ROWS = 1 << 18
"""So many rows are held at once."""


def table_of(chunk: Chunk, names: Sequence[str] | None = None) -> Any:
    """Return a chunk as a pyarrow table."""
    import pyarrow as pa

    return pa.table({name: pa.array(chunk[name]) for name in names or chunk})


def write_chunks(path: Path, chunks: Iterable[Chunk]) -> int:
    """Write chunks into one Parquet file and return the number of rows."""
    import pyarrow.parquet as pq

    writer, rows = None, 0
    try:
        for chunk in rechunked(chunks):
            table = table_of(chunk)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table.select(writer.schema.names))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def read_chunks(path: Path) -> Iterator[Chunk]:
    """Yield the chunks of a Parquet file that :func:`write_chunks` wrote."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(ROWS):
            yield {
                name: np.asarray(column.to_numpy(zero_copy_only=False), dtype=float)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }


def rechunked(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield chunks of about :data:`ROWS` rows."""
    held: list[Chunk] = []
    rows = 0
    for chunk in chunks:
        held.append(chunk)
        rows += len(next(iter(chunk.values())))
        if rows >= ROWS:
            yield _joined(held)
            held, rows = [], 0
    if held:
        yield _joined(held)


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def to_bytes(chunk: Chunk) -> bytes:
    """Return a chunk as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table_of(chunk), sink, compression="zstd")
    value: bytes = sink.getvalue().to_pybytes()
    return value


def from_bytes(data: bytes) -> Chunk:
    """Return the chunk of a Parquet file's bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(pa.BufferReader(data), pre_buffer=False).read(use_threads=False)
    return {
        name: np.asarray(column.to_numpy(), dtype=float)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
