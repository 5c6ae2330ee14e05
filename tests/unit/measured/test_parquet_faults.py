"""The faults of text files, in Parquet files: repaired and told, or refused in a line."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twin.errors import InputError


def columns(truth, **more):
    return {
        "Test Time / s": truth.t,
        "Voltage / V": truth.voltage,
        "Current / A": -truth.current,
        "Cycle Count / 1": truth.cycle,
        "Step Index / 1": truth.step,
        "Temperature T1 / degC": truth.temperature - 273.15,
        "Charging Capacity / Ah": truth.charged,
        "Discharging Capacity / Ah": truth.discharged,
    } | more


@pytest.fixture
def file(tmp_path):
    def make(table, **how):
        path = tmp_path / "file.csv"  # whose name lies
        pq.write_table(pa.table(table), path, **how)
        return path

    return make


def test_rows_units_and_sign_are_those_of_the_truth(file, read, same, truth):
    got = read(file(columns(truth), row_group_size=100))
    assert got.found.reader == "parquet" and got.doubts == ""
    same(got, truth)
    assert (got.table["Cycle"] == truth.cycle).all()


def test_names_for_machines_are_read_too(file, read, same, truth):
    names = {"Test Time / s": "test_time_second", "Voltage / V": "voltage_volt",
             "Current / A": "current_ampere"}  # fmt: skip
    table = {names.get(n, n): v for n, v in columns(truth).items()}
    same(read(file(table)), truth)


def test_time_that_runs_backwards(file, read, same, truth):
    order = np.arange(len(truth))
    order[[50, 52, 120, 122]] = order[[52, 50, 122, 120]]
    got = read(file(columns(truth.take(order))))
    assert "sorted" in got.told
    same(got, truth)


def test_duplicates(file, read, same, truth):
    order = np.sort(np.append(np.arange(len(truth)), [40, 40, 41]))
    got = read(file(columns(truth.take(order))))
    assert "3 rows twice or more" in got.told
    same(got, truth)


@pytest.mark.parametrize("what", [np.nan, np.inf, -np.inf, None])
def test_rows_without_a_number(file, read, same, truth, what):
    voltage = truth.voltage.tolist()
    voltage[60] = what
    got = read(file(columns(truth, **{"Voltage / V": voltage})))
    assert "1 row without a finite" in got.told
    same(got, truth.take(np.delete(np.arange(len(truth)), 60)))


def test_milliseconds_as_seconds(file, read, same, truth):
    got = read(file(columns(truth, **{"Test Time / s": 1e3 * truth.t})))
    assert "its time is in milliseconds" in got.told
    same(got, truth)


def test_the_sign_turned(file, read, same, truth):
    got = read(file(columns(replace(truth, current=-truth.current))))
    assert "falls under it" in got.told
    same(got, truth)


def test_a_clock_that_begins_anew_with_each_step(file, read, truth):
    got = read(file(columns(replace(truth, t=truth.step_time))))
    assert "the clock began anew 11 times" in got.told
    assert (np.diff(got.table["Time [s]"]) >= 0).all()


def test_columns_without_names(file, read, truth):
    unnamed = {f"{n}": v for n, v in enumerate(columns(truth).values())}
    with pytest.raises(InputError, match="no line names"):
        read(file(unnamed))


def test_numbers_written_as_text_with_decimal_commas(file, read, same, truth):
    text = [f"{v:.6f}".replace(".", ",") for v in truth.voltage]
    got = read(file(columns(truth, **{"Voltage / V": text})))
    assert "text" in got.told
    same(got, truth)


def test_a_parquet_file_that_is_packed_is_refused(file, read, truth):
    path = file(columns(truth))
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match="packed with gzip"):
        read(path)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_moments_with_and_without_a_zone(file, read, same, truth, zone):
    micros = (1.73e15 + 1e6 * truth.t).astype("int64")
    table = columns(truth)
    del table["Test Time / s"]
    table["Unix Time / s"] = pa.array(micros, pa.timestamp("us", tz=zone))
    got = read(file(table))
    assert "the time is that of its dates" in got.told
    same(got, truth)
