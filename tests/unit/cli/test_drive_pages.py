"""What the command line says of drive cycles and of skipped steps."""

from __future__ import annotations

import json

import pytest

from twin.cli.main import main


@pytest.fixture
def trip(tmp_path):
    (tmp_path / "trip.csv").write_text("Time [s],Charging current [mA]\n0,1\n60,1\n")
    path = tmp_path / "trip.toml"
    path.write_text(
        'schema = 1\ntitle = "A trip"\n[parameters]\ntrip = "trip.csv"\n[[phase]]\nname = "a"\n'
        'steps = ["Charge at C/5 for 1 hour", "Rest for 0 s", "Charge at C/5 until 1 % SOC", '
        '"Drive {trip}"]\n'
    )
    return path


def test_show_tells_the_sign_of_a_drive_cycle(trip, capsys):
    assert main(["protocols", "show", str(trip)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "current, -0.001 to -0.001 A (positive discharges), mean -0.001 A" in out
    assert "2 points in 60 s" in out


def test_a_bad_drive_cycle_is_one_error_with_its_line(trip, capsys):
    (trip.parent / "trip.csv").write_text("Time [s],Current [mA]\n0,1\n0,2\n")
    assert main(["run", "na-nzsp-nvp", "--protocol", str(trip), "--db", "sqlite://"]) == 2
    err = capsys.readouterr().err
    assert err.count("fix:") == 1 and "trip.csv: line 3: the time does not increase" in err


def test_skipped_steps_are_told_by_run_and_show_and_keep_their_numbers(trip, tmp_path, capsys):
    db = ["--db", f"sqlite:///{tmp_path}/runs.db"]
    words = ["run", "na-nzsp-nvp", "--protocol", str(trip), "--model", "spm", "--cycles", "1"]
    assert main([*words, *db]) == 0
    told = capsys.readouterr()
    for page in (told.out + told.err, show(capsys, db)):
        says = " ".join(page.split())
        assert "was skipped: what ends it held as it was to begin" in says
    assert main(["show", "last", "--json", *db]) == 0
    assert "was skipped" in json.dumps(json.loads(capsys.readouterr().out))
    assert main(["export", "last", "--to", "bdf", "--out", str(tmp_path / "x.bdf.csv"), *db]) == 0
    import pandas as pd

    table = pd.read_csv(tmp_path / "x.bdf.csv")
    assert sorted(set(table["Step Index / 1"])) == [1, 4]


def show(capsys, db):
    assert main(["show", "last", *db]) == 0
    return capsys.readouterr().out
