"""A run's series: each chunk is read once, and joined without losing a value."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import twin
from twin.runs.result import RunResult


class Chunks:
    """A store of series only."""

    def __init__(self, *tables):
        self.tables = tables

    def stamp(self, run_id):
        return "completed", 0

    def series(self, run_id, cycles=None):
        for number, table in self.tables:
            if cycles is None or number in cycles:
                sink = io.BytesIO()
                pq.write_table(pa.table(table), sink, row_group_size=2)
                yield number, sink.getvalue()


def chunk(first, **more):
    t = np.arange(first, first + 5.0)
    return {"Time [s]": t, "Step": np.zeros(5), **more}


def test_chunks_of_several_row_groups_and_other_columns_are_joined_in_order():
    store = Chunks(
        (1, chunk(0, **{"Voltage [V]": np.linspace(2, 3, 5)})),
        (2, chunk(5, **{"Voltage [V]": np.linspace(3, 4, 5), "New [-]": np.arange(5)})),
        (40, chunk(10, **{"Voltage [V]": np.linspace(4, 5, 5)})),
    )
    series = RunResult(store, "r").series
    assert series["Time [s]"].values.tolist() == list(range(15))
    assert series["cycle"].values.tolist() == [1] * 5 + [2] * 5 + [40] * 5
    assert series["cycle"].dtype == np.int64
    assert series["Voltage [V]"].values[[0, 4, 5, 14]].tolist() == [2, 3, 3, 5]
    assert np.array_equal(np.isnan(series["New [-]"]), [True] * 5 + [False] * 5 + [True] * 5)
    assert set(series.coords) == {"cycle", "Time [s]", "Step"}


def test_a_run_without_a_series_has_an_empty_one():
    assert RunResult(Chunks(), "r").series.sizes == {}


@pytest.fixture(scope="module")
def run():
    return twin.simulate("na-nzsp-nvp", cycles=4, model="spm", store="sqlite://", series_every=1)


def test_each_chunk_is_read_once_and_holds_what_pandas_reads(run, monkeypatch):
    opened = []
    real = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda *a, **k: opened.append(1) or real(*a, **k))
    series = run.series
    assert len(opened) == 4
    for cycle, data in run.store.series(run.id):
        frame = pq.read_table(io.BytesIO(data)).to_pandas()
        part = series.where(series["cycle"] == cycle, drop=True)
        for name in frame:
            assert np.array_equal(part[name].values, frame[name].values), name
            assert series[name].dtype == frame[name].dtype


def test_a_chunk_stores_its_numbers_without_what_only_slows_it(run):
    _, data = next(run.store.series(run.id))
    column = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(0)
    assert column.compression == "LZ4" and not column.is_stats_set
    assert "RLE_DICTIONARY" not in column.encodings and "BYTE_STREAM_SPLIT" in column.encodings
