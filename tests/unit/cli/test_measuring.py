"""``twin import``, ``twin measured``, and measured data beside runs."""

from __future__ import annotations

import pytest

ROWS = [
    (n * 10.0, 3.5 - n * 0.002 if n < 100 else 3.2 + n * 0.002, 1e-3 if n < 100 else -1e-3)
    for n in range(200)
]
GOOD = "time [s],voltage [V],current [A]\n" + "".join(f"{t},{v:.5f},{i}\n" for t, v, i in ROWS)


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


def test_a_file_is_taken_in_shown_listed_and_removed(cli, empty, good):
    said = cli("import", good, "--db", empty, "--cell", "cell-7", "--json")
    assert said.code == 0
    (found,) = said.json["measured"]
    assert found["new"] and found["rows"] == 200 and found["cell"] == "cell-7"
    assert found["positive_in_file"] == "discharge" and found["sign_checked"] == "decided"
    assert found["counts"] == {"charge": 1, "discharge": 1, "rest": 0, "pulse": 0}
    assert found["cycles"][0]["discharge_Ah"] == pytest.approx(990e-3 / 3600)
    assert found["said"] == [{"reader": "text", "says": "taken"}]
    assert said.json["problems"] == []

    again = cli("import", good, "--db", empty, "--json").json["measured"][0]
    assert not again["new"] and again["id"] == found["id"]

    (listed,) = cli("measured", "--db", empty, "--json").json
    assert listed["id"] == found["id"] and listed["reader"] == "text"
    assert "good.csv" in cli("measured", "--db", empty).out

    shown = cli("measured", "show", found["id"][:8], "--db", empty)
    assert "a positive current is discharge" in shown.out and "1 discharges" in shown.out
    removed = cli("measured", "remove", "good.csv", "--db", empty, "--json")
    assert removed.json["removed"] == found["id"]
    assert cli("measured", "--db", empty, "--json").json == []
    assert "nothing measured yet" in cli("measured", "--db", empty).out


def test_a_bad_file_beside_a_good_one_costs_only_itself(cli, empty, good, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("nothing\nat all\n")
    said = cli("import", bad, good, "--db", empty, "--json")
    assert said.code == 2
    assert [m["name"] for m in said.json["measured"]] == ["good.csv"]
    (problem,) = said.json["problems"]
    assert problem["file"] == str(bad) and problem["fix"]
    page = cli("import", bad, good, "--db", empty)
    assert "not read:" in page.out and "good.csv" in page.out


def test_a_bad_file_alone_is_an_error_in_a_line(cli, empty, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("1,2,3\n4,5,6\n")
    said = cli("import", bad, "--db", empty, "--json")
    assert said.code == 2 and said.json["error"]["key"] == "columns"
    text = cli("import", bad, "--db", empty)
    assert text.out == "" and text.err.count("\n") == 2  # the error, and its fix


def test_it_is_saved_in_the_battery_data_format(cli, empty, good, tmp_path):
    out = tmp_path / "out.bdf.csv"
    assert cli("import", good, "--db", empty, "--save", out, "--json").json["saved"] == str(out)
    assert out.read_text().startswith('"Test Time / s","Voltage / V","Current / A"')
    back = cli("import", out, "--db", empty, "--json").json["measured"][0]
    assert back["reader"] == "bdf" and back["rows"] == 200
    parquet = tmp_path / "out.bdf.parquet"
    assert cli("measured", "show", "good.csv", "--db", empty, "--save", parquet).code == 0
    assert parquet.read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (("--save", "out.txt"), "save"),
        (("--current", "up"), "current"),
        (("--time-unit", "parsec"), "time_unit"),
        (("--timezone", "Mars/Olympus"), "timezone"),
        (("--rate", "3"), "rate"),
        (("--reader", "nobody"), "reader"),
        (("--columns", "a, b, c"), "columns"),
    ],
)
def test_an_option_that_means_nothing_is_refused(cli, empty, good, options, key):
    said = cli("import", good, "--db", empty, *options, "--json")
    assert said.code == 2 and said.json["error"]["key"] == key


def test_several_files_cannot_be_saved_as_one(cli, empty, good, tmp_path):
    said = cli("import", good, good, "--db", empty, "--save", tmp_path / "a.bdf.csv", "--json")
    assert said.code == 2 and said.json["error"]["key"] == "save"


def test_the_readers_are_listed(cli, empty):
    found = {r["reader"]: r for r in cli("measured", "readers", "--db", empty, "--json").json}
    assert {"bdf", "maccor", "neware-ndax", "biologic-mpr", "text"} <= set(found)
    assert found["biologic-mpr"]["needs"] == "galvani" and found["bdf"]["installed"]


def test_control_characters_in_a_files_name_are_shown_not_sent(cli, empty, tmp_path):
    path = tmp_path / "a\x1b[31mb.csv"
    path.write_text(GOOD)
    assert "\x1b" not in cli("import", path, "--db", empty).out
    assert "\x1b" not in cli("measured", "--db", empty).out
    path.write_text("no table")
    assert "\x1b" not in cli("import", path, "--db", empty).err


# ------------------------------------------------------------------------ beside a run


def test_measured_points_lie_over_the_voltage(cli, runs, good):
    plot = ("plot", runs.alive, "--data", good, "--db", runs.url, "--json")
    said = cli(*plot, "--what", "voltage")
    lines = said.json["panels"][0]["lines"]
    assert lines[-1]["label"] == "measured, cycle 1"
    assert len(lines[-1]["x"]) == 200 and said.json["data"]
    wrong = cli(
        "plot", runs.alive, "--what", "pressure", "--data", good, "--db", runs.url, "--json"
    )
    assert wrong.code == 2 and wrong.json["error"]["key"] == "data"
    drawn = cli("plot", runs.alive, "--data", good, "--what", "voltage", "--db", runs.url)
    assert "measured, cycle 1" in drawn.out


def test_a_run_is_compared_to_data_in_millivolts(cli, runs, good):
    said = cli("compare", runs.alive, "--data", good, "--db", runs.url, "--json")
    assert said.code == 0
    legs = {leg["kind"]: leg for leg in said.json["runs"][0]["data"]}
    assert set(legs) <= {"charge", "discharge"} and legs
    assert all(leg["rms_mV"] > 1000 for leg in legs.values())  # a symmetric cell beside 3 V
    page = cli("compare", runs.alive, "--data", good, "--db", runs.url)
    assert "Beside good.csv" in page.out and "rms mV" in page.out
    assert cli("compare", runs.alive, "--db", runs.url).code == 2  # alone, without data


def test_data_that_are_not_there_are_told(cli, runs):
    said = cli("plot", runs.alive, "--data", "nowhere.csv", "--db", runs.url, "--json")
    assert said.code == 2 and "nowhere.csv" in said.json["error"]["message"]
