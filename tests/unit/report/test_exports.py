from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from twin.errors import InputError
from twin.report.exports import FORMATS, bdf_frame, dataset, export_run

BDF_REQUIRED = ["Test Time / s", "Voltage / V", "Current / A"]


def test_parquet_holds_cycles_and_series(dead, tmp_path):
    written = export_run(dead, "parquet", tmp_path)
    assert [(w.path.name, w.holds) for w in written] == [
        (f"{dead.id}-cycles.parquet", "cycles"),
        (f"{dead.id}-series.parquet", "series"),
    ]
    cycles, series = (pd.read_parquet(w.path) for w in written)
    assert cycles["capacity_Ah"].tolist() == [row["capacity_Ah"] for row in dead.rows]
    assert cycles["Margin of pressure: anode contact lost"].iloc[-1] == pytest.approx(0, abs=1e-9)
    assert len(series) == written[1].rows == dead.series.sizes["point"]
    assert np.array_equal(series["Voltage [V]"], dead.series["Voltage [V]"].to_numpy())


def test_csv_holds_the_cycles(dead, tmp_path):
    (written,) = export_run(dead, "csv", tmp_path / "cycles.csv")
    frame = pd.read_csv(written.path)
    assert frame["cycle"].tolist() == [1, 2]
    assert frame["complete"].tolist() == [True, False]


def test_netcdf_has_portable_names_and_units_in_the_attributes(dead, tmp_path):
    (written,) = export_run(dead, "netcdf", tmp_path)
    with xr.open_dataset(written.path) as data:
        assert all(str(name).isidentifier() and str(name).isascii() for name in data.variables)
        voltage = data["series_voltage"]
        assert voltage.attrs == {"long_name": "Voltage [V]", "units": "V"}
        assert np.array_equal(voltage, dead.series["Voltage [V]"])
        assert data["capacity"].attrs["units"] == "Ah"
        assert data["capacity"].dims == ("cycle",)
        assert set(np.unique(data["point_cycle"])) == {1, 2}
        assert data.attrs["run"] == dead.id


def test_netcdf_loses_no_column_to_a_clash_of_names(dead):
    data = dataset(dead)
    names = [v.attrs["long_name"] for v in data.data_vars.values()]
    numeric = [k for k, v in dead.rows[0].items() if isinstance(v, int | float) and k != "cycle"]
    assert set(numeric) <= set(names)


def test_bdf_has_the_required_labels_first_and_current_positive_on_charge(fake, tmp_path):
    (written,) = export_run(fake(2), "bdf", tmp_path)
    assert written.path.name == "abcdefgh.bdf.csv"
    frame = pd.read_csv(written.path)
    assert list(frame.columns[:3]) == BDF_REQUIRED
    assert frame["Current / A"].tolist()[:8] == [1e-3, 1e-3, 1e-3, 0, 0, -1e-3, -1e-3, -1e-3]
    assert "-0.0" not in written.path.read_text().splitlines()[4].split(",")


def test_bdf_counts_steps_and_cycles(fake):
    frame = bdf_frame(fake(2))
    assert frame["Cycle Count / 1"].tolist() == [1] * 8 + [2] * 8
    assert frame["Step Index / 1"].tolist() == [1, 1, 1, 2, 2, 3, 3, 3] * 2
    assert frame["Step Count / 1"].tolist() == [1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6]
    assert frame["Step Time / s"].tolist()[:8] == [0, 900, 1800, 0, 600, 0, 900, 1800]


def test_bdf_capacities_never_fall_and_time_never_goes_back(fake):
    frame = bdf_frame(fake(3))
    for name in ("Test Time / s", "Charging Capacity / Ah", "Discharging Capacity / Ah"):
        assert frame[name].is_monotonic_increasing
    assert frame["Charging Capacity / Ah"].iloc[-1] == pytest.approx(1.5e-3)
    assert frame["Discharging Capacity / Ah"].iloc[-1] == pytest.approx(1.5e-3)
    # At the end of the first charge, and halfway through the discharge after it.
    assert frame["Charging Capacity / Ah"].iloc[[2, 6]].tolist() == pytest.approx([5e-4, 5e-4])
    assert frame["Discharging Capacity / Ah"].iloc[[2, 6]].tolist() == pytest.approx([0, 2.5e-4])


def test_bdf_calls_the_temperature_ambient_only_where_it_is(fake):
    run = fake(1)
    assert bdf_frame(run)["Ambient Temperature / degC"].iloc[0] == pytest.approx(25)
    run.info.cell_spec["thermal"] = {"model": "lumped"}
    assert "Ambient Temperature / degC" not in bdf_frame(run)


def test_without_a_series_bdf_says_what_to_do(fake, tmp_path):
    with pytest.raises(InputError, match="no time series") as caught:
        export_run(fake(2, with_series=[]), "bdf", tmp_path)
    assert "--series-every" in (caught.value.problem.fix or "")
    assert not list(tmp_path.iterdir())


def test_without_a_series_parquet_still_holds_the_cycles(fake, tmp_path):
    assert [w.holds for w in export_run(fake(2, with_series=[]), "parquet", tmp_path)] == ["cycles"]


@pytest.mark.parametrize("to", FORMATS)
def test_a_run_without_cycles_says_so_and_writes_nothing(fake, tmp_path, to):
    with pytest.raises(InputError):
        export_run(fake(0), to, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_names_the_known_ones(fake, tmp_path):
    with pytest.raises(InputError) as caught:
        export_run(fake(1), "xlsx", tmp_path)
    assert all(name in (caught.value.problem.fix or "") for name in FORMATS)


def test_an_export_that_fails_leaves_the_old_file_alone(fake, tmp_path, monkeypatch):
    path = tmp_path / "cycles.csv"
    path.write_text("what was there before")
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_run(fake(1), "csv", path)
    assert [p.name for p in tmp_path.iterdir()] == ["cycles.csv"]
    assert path.read_text() == "what was there before"


def test_a_folder_that_is_not_there_yet_is_made(fake, tmp_path):
    (written,) = export_run(fake(1), "csv", f"{tmp_path}/new/")
    assert written.path == tmp_path / "new" / "abcdefgh.csv"
    assert written.path.exists()


def test_the_last_finished_cycle_is_told_not_the_one_a_cell_died_in(a_row):
    from twin.report.describe import _numbers

    rows = [a_row(1, capacity_Ah=2e-3), a_row(2, capacity_Ah=1.5e-3)]
    rows.append(a_row(3, capacity_Ah=1e-4, complete=False))
    told = next(n for n in _numbers(rows, 2.0) if n["what"].startswith("capacity per area"))
    assert (told["first"], told["last"]) == pytest.approx((1.0, 0.75))
