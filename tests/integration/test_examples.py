"""The examples and the benchmark run as a reader would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(script: Path | str, *arguments: str, cwd: Path, path: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=cwd,
        env={
            **os.environ,
            "TWIN_DATABASE_URL": f"sqlite:///{cwd}/runs.db",
            **({} if path is None else {"PYTHONPATH": str(path)}),
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_pressing_harder_saves_the_cell(tmp_path):
    said = run(ROOT / "examples" / "pressure_what_if.py", cwd=tmp_path).splitlines()
    assert "pressure: anode contact lost" in said[0] and "contact lost" in said[1]
    assert said[2].endswith("lives") and "the cell lives" in said[3]


def test_the_model_runs_in_plain_pybamm(tmp_path):
    said = run(ROOT / "examples" / "plain_pybamm.py", cwd=tmp_path)
    assert said.startswith("interphase 5.0 nm -> ")


@pytest.mark.slow
def test_a_life_by_cycle_jump_dies_as_it_does_cycle_by_cycle(tmp_path):
    said = run(ROOT / "examples" / "lifetime.py", cwd=tmp_path).splitlines()
    assert said[0] == "died of interphase: resistance risen"
    jumped, exact = (int(word.rstrip(",")) for word in said[1].split() if word[0].isdigit())
    assert abs(jumped - exact) <= 2


def test_what_kills_a_cell_is_taken_away_until_it_lives(tmp_path):
    script = ROOT / "examples" / "which_mode_kills.py"
    said = run(script, "na-nps-na", "140", cwd=tmp_path).splitlines()
    assert said[0].startswith("with every mode: dendrite, cathode hard short")
    assert said[-1].endswith("lives 140 cycles")


@pytest.mark.slow
def test_two_pressures_are_forecast(tmp_path):
    said = run(ROOT / "examples" / "forecast_pressures.py", "2", cwd=tmp_path).splitlines()
    assert [line.split(":")[0].strip() for line in said[:2]] == ["2 MPa", "10 MPa"]
    assert all("short before cycle 300" in line for line in said[:2])


@pytest.mark.slow
def test_an_own_mode_takes_part_in_a_forecast(tmp_path):
    said = run(ROOT / "examples" / "own_mode_forecast.py", "2", cwd=tmp_path).splitlines()
    assert said[0].startswith("2 cells, median life")


@pytest.mark.slow
def test_a_map_is_drawn_with_its_borders(tmp_path):
    said = run(ROOT / "examples" / "safe_map.py", "3", "12", cwd=tmp_path)
    assert ". alive" in said and "border between" in said
    assert (tmp_path / "map.png").stat().st_size > 0


@pytest.mark.slow
def test_the_cycles_lost_are_put_down_to_the_modes(tmp_path):
    said = run(ROOT / "examples" / "whose_fault.py", "30", cwd=tmp_path).splitlines()
    assert said[0].startswith("it lived ") and said[1].startswith("pressure: ")
    shares, total = said[-1].removeprefix("sum ").split(" of ")
    assert float(shares) == pytest.approx(float(total), abs=0.11)


@pytest.mark.slow
def test_the_best_pressure_is_one_the_fixture_holds(tmp_path):
    said = run(ROOT / "examples" / "best_pressure.py", cwd=tmp_path).splitlines()
    assert 0.6 < float(said[0].split()[2]) <= 0.7 and said[0].endswith("search")


@pytest.mark.parametrize("model", ["spm"])
def test_the_benchmark_gives_one_json_document(tmp_path, model):
    asked = ["--cycles", "1", "--repeats", "1", "--models", model]
    out = run("-m", "benchmarks.engine_vs_pybamm", *asked, cwd=tmp_path, path=ROOT)
    assert json.loads(out)["models"][model]["ratio"] > 0


@pytest.mark.slow
def test_a_number_is_taken_at_a_tenth_and_at_ten_times(tmp_path):
    script = ROOT / "examples" / "ten_times.py"
    keys = ("modes.fade.polyanion.loss", "modes.delamination.cathode.isolated_share")
    said = run(script, "na-nzsp-nvp", "20", *keys, cwd=tmp_path).splitlines()
    assert said[0].startswith("na-nzsp-nvp, 20 cycles, as it is: 1.0")
    (tenth, ten), (_, refused) = (line.split(" | ten times ") for line in said[1:])
    last = [float(text.split(" -> ")[1].split()[0]) for text in (tenth, ten)]
    assert last[0] > last[1] + 0.05 and refused.startswith("refused")
    assert not any(word in line for line in said for word in ("EFFICIENCY", "RESISTANCE"))
