"""Small inputs that once failed: each file says in its head what should happen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import twin
from twin.errors import SpecError

HERE = Path(__file__).with_name("inputs")
CELL = "na-nzsp-nvp"


def run(name: str, cycles: int, **more):
    return twin.simulate(
        CELL, model="spm", cycles=cycles, protocol=str(HERE / name), store="sqlite://", **more
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("beyond-window.toml", "1 V lies below the window of na-nzsp-nvp"),
        ("negative-rate.toml", "a charge at a negative rate is a discharge"),
    ],
)
def test_a_protocol_that_cannot_be_meant_is_refused(name, says):
    with pytest.raises(SpecError, match=says):
        run(name, 1)


def test_a_formation_charge_is_no_death():
    found = run("charge-first.toml", 4)
    assert (found.outcome.kind, found.info.cycles) == ("completed", 4)


def test_two_percent_up_and_down_is_no_missing_capacity():
    found = run("shallow-cycles.toml", 20)
    assert (found.outcome.kind, found.info.cycles) == ("completed", 20)


def test_small_currents_as_a_lab_writes_them():
    found = run("micro-ampere.toml", 1)
    area = twin.load_cell(CELL).geometry.area.si
    assert found.outcome.kind == "completed"
    table = dict(found.iter_series())[1]
    assert min(table["Current [A]"]) == pytest.approx(-250e-6)
    assert max(table["Current [A]"]) == pytest.approx(2.0 * area)


def test_a_discharge_by_time_alone_that_leaves_the_window_is_no_death():
    found = run("timed-discharge.toml", 2)
    assert (found.outcome.kind, found.outcome.mode) == ("left-window", None)


def test_a_table_in_degrees_celsius_is_refused():
    with pytest.raises(SpecError, match="which is no room for this cell"):
        twin.load_cell(HERE / "table-celsius.toml")


def test_a_cell_below_its_measured_table_is_refused():
    with pytest.raises(SpecError, match="its table runs from"):
        twin.load_cell(HERE / "table-conductivity.toml", overrides={"thermal.ambient": "-20 degC"})


def test_units_as_papers_print_them_are_read_and_a_comma_is_told():
    with pytest.raises(SpecError) as caught:
        twin.load_cell(HERE / "written-as-printed.toml")
    (problem,) = caught.value.problems
    assert problem.key == "electrolyte.thickness"
    assert problem.fix == 'write a decimal point: "0.5 mm"'


@pytest.mark.parametrize("resistance", ["5 ohm*cm^2", "50 ohm*cm^2"])
def test_a_film_in_a_composite_has_a_positive_resistance(resistance):
    found = twin.eis(
        str(HERE / "cathode-film.toml"),
        overrides={"interfaces.cathode.resistance": resistance},
        per_decade=3,
    )
    assert found.z.real.min() > 0


NAMESAKE = """
import sys
from twin.cli.main import main
sys.exit(main(["run", "na-nzsp-na", "--cycles", "1", "-q", "--json", "--db", sys.argv[1]]))
"""


def test_a_strangers_dendrite_does_not_displace_the_twins_own(tmp_path):
    paths = [str(HERE / "plugin-namesake"), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", NAMESAKE, f"sqlite:///{tmp_path}/runs.db"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["outcome"]["missing_modes"] == []
    with twin.open_store(f"sqlite:///{tmp_path}/runs.db") as store:
        assert "dendrite" in store.run("last").modes
