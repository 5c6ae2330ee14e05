"""Measured data in the store and as files of the Battery Data Format: out and in again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import twin
from twin.errors import InputError, NotFoundError
from twin.store import Store


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def file(families, truth, write):
    return write(families["arbin"].text(truth), "cell 7.csv")


def test_the_same_file_is_one_measurement(store, file, tmp_path):
    first = twin.import_file(file, store=store, cell="cell-7")
    copy = tmp_path / "another name.csv"
    copy.write_bytes(file.read_bytes())
    second = twin.import_file(copy, store=store)
    assert first.new and not second.new
    assert first.id == second.id and len(store.measurements()) == 1
    assert store.measurements()[0].name == "cell 7.csv"


def test_another_way_to_read_it_takes_its_place(store, file):
    twin.import_file(file, store=store)
    turned = twin.import_file(file, store=store, positive="discharge")
    assert turned.new and len(store.measurements()) == 1
    assert "the voltage rises under it" in turned.meta["doubts"][0]


def test_what_is_stored_is_what_was_read(store, file, truth):
    kept = twin.import_file(file, store=store)
    loose = twin.import_file(file)
    again = twin.load_measured(kept.id[:10], store=store)
    for name, values in loose.table.items():
        assert (again.table[name] == values).all()
    assert again.found == loose.found
    assert np.abs(again.frame["Current [A]"] - truth.current).max() < 1e-6
    assert again.info.rows == len(truth)


@pytest.mark.parametrize("ref", ["last", "cell 7.csv"])
def test_it_is_found_by_name_and_as_the_last(store, file, ref):
    kept = twin.import_file(file, store=store)
    assert twin.load_measured(ref, store=store).id == kept.id


@pytest.mark.parametrize("ref", ["abc", "nothing", "ffffffff"])
def test_what_is_not_there_is_told(store, file, ref):
    twin.import_file(file, store=store)
    with pytest.raises(NotFoundError, match="no measurement"):
        twin.load_measured(ref, store=store)


def test_a_damaged_row_is_told_with_its_chunk(store, file):
    kept = twin.import_file(file, store=store)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE measurement_chunk SET data = x'00112233'")
    with pytest.raises(twin.StoreError, match="chunk 0"):
        _ = twin.load_measured(kept.id, store=store).table


def test_a_cell_that_is_named_later_is_kept(store, file):
    twin.import_file(file, store=store)
    named = twin.import_file(file, store=store, cell="cell-7")
    assert named.info.cell_name == "cell-7" and len(store.measurements()) == 1
    assert not twin.import_file(file, store=store).new  # and not forgotten


# ------------------------------------------------------------- the Battery Data Format


@pytest.mark.parametrize("suffix", [".bdf.csv", ".bdf.parquet"])
def test_a_table_comes_back_as_it_was_saved(file, tmp_path, suffix):
    first = twin.import_file(file)
    out = tmp_path / f"out{suffix}"
    assert twin.save_measured(first, out) == first.info.rows
    second = twin.import_file(out)
    assert second.meta["columns"] == first.meta["columns"]
    for name, values in first.table.items():
        assert np.abs(second.table[name] - values).max() < 1e-9, name
    assert second.meta["reader"] == ("bdf" if suffix.endswith("csv") else "parquet")


def test_the_labels_and_the_sign_are_those_of_the_format(file, tmp_path, truth):
    out = tmp_path / "out.bdf.csv"
    twin.save_measured(twin.import_file(file), out)
    frame = pd.read_csv(out)
    assert list(frame.columns[:3]) == ["Test Time / s", "Voltage / V", "Current / A"]
    assert np.abs(frame["Current / A"] + truth.current).max() < 1e-6
    assert frame["Cycle Count / 1"].dtype == "int64"
    assert frame["Temperature T1 / degC"].between(24, 27).all()


def test_a_spectrum_comes_back_too(tmp_path, write):
    f = np.geomspace(1e4, 0.1, 30)
    z = 5 + 10 / (1 + 2j * np.pi * f * 0.01)
    rows = "".join(f"{a:.9e},{b.real:.9e},{b.imag:.9e}\n" for a, b in zip(f, z, strict=True))
    first = twin.import_file(write("Frequency (Hz),Z' (ohm),Z'' (ohm)\n" + rows))
    out = tmp_path / "z.bdf.csv"
    twin.save_measured(first, out)
    (spectrum,) = twin.import_file(out).spectra
    assert np.allclose(spectrum.impedance, z)


@pytest.mark.parametrize("name", ["out", "out.txt", "out.csv.gz"])
def test_a_name_that_tells_no_format_is_refused(file, tmp_path, name):
    with pytest.raises(InputError, match="tells no format"):
        twin.save_measured(twin.import_file(file), tmp_path / name)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.floats(0.01, 1e4), st.sampled_from([-2.0, -0.5, 0.0, 1e-3, 3.0])),
        min_size=8,
        max_size=60,
    ),
    st.sampled_from([".bdf.csv", ".bdf.parquet"]),
    st.floats(-40, 120).map(lambda celsius: round(celsius, 3)),
)
def test_whatever_a_cell_did_it_comes_back(tmp_path, steps, suffix, celsius):
    """A cell with 0.1 ohm: any intervals and currents, either format."""
    time = np.cumsum([interval for interval, _ in steps])
    current = np.array([amperes for _, amperes in steps])
    source = tmp_path / "in.bdf.csv"
    pd.DataFrame(
        {
            "Test Time / s": time,
            "Voltage / V": 3.5 - 0.1 * current,
            "Current / A": -current,
            "Temperature T1 / degC": celsius,
        }
    ).to_csv(source, index=False)
    first = twin.import_file(source)
    assert np.abs(first.table["Current [A]"] - current).max() == 0
    out = tmp_path / f"out{suffix}"
    twin.save_measured(first, out)
    second = twin.import_file(out)
    for name in ("Time [s]", "Current [A]", "Voltage [V]", "Temperature [K]"):
        if name in first.table:
            assert np.abs(second.table[name] - first.table[name]).max() <= 1e-8
    assert second.found.counts == first.found.counts
