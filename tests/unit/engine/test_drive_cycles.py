"""Drive cycles and states of charge, run: against closed forms, jumped, resumed and exported."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.engine.inventory import OpenCircuit
from twin.model.parameters import nominal_capacity, used_capacity

CELL = "na-nzsp-nvp"
CHARGE, SHARE = "Discharge capacity [A.h]", "State of charge"
TRIP = [(0, 0.4), (60, 0.4), (60.5, -0.2), (120, -0.2), (180, 0.1), (240, 0.3)]


@pytest.fixture
def write(tmp_path):
    def write(*steps, column="Current [mA]", points=TRIP):
        lines = [f"Time [s],{column}", *(f"{t},{v}" for t, v in points)]
        (tmp_path / "trip.csv").write_text("\n".join(lines))
        words = ", ".join(f'"{step}"' for step in steps)
        path = tmp_path / "trip.toml"
        path.write_text(
            f'schema = 1\ntitle = "A trip"\n[[phase]]\nname = "trip"\nsteps = [{words}]\n'
        )
        return path

    return write


def run(protocol, **how):
    how = {"model": "spm", "modes": [], "store": "sqlite://", "series_every": 1, "cycles": 1} | how
    return twin.simulate(CELL, protocol=protocol, **how)


def part(found, place):
    table = found.series
    return {n: table[n].values[table["Step"].values == place] for n in [*table.variables]}


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_the_current_is_that_of_the_file(write, model):
    found = run(write("Charge at C/5 for 1 hour", "Drive trip.csv"), model=model)
    trip = part(found, 1)
    t = trip["Time [s]"] - trip["Time [s]"][0]
    assert found.outcome.kind == "completed" and t[-1] == pytest.approx(240)
    given = 1e-3 * np.interp(t, *zip(*TRIP, strict=True))
    assert trip["Current [A]"] == pytest.approx(given, abs=1e-9)
    # The trapezoids of the file; the solver's counter is good to 2e-5 of the nominal capacity.
    C = nominal_capacity(twin.load_cell(CELL))
    exact = 1e-3 * np.trapezoid([v for _, v in TRIP], [t for t, _ in TRIP]) / 3600
    assert trip[CHARGE][-1] - trip[CHARGE][0] == pytest.approx(exact, abs=2e-5 * C)


def test_the_power_is_that_of_the_file_and_charging_is_told_by_the_header(write):
    points = [(0, 0.5), (100, 0.5), (200, 1.0)]
    path = write("Drive trip.csv", column="Charging power [mW]", points=points)
    trip = part(run(path), 0)
    power = trip["Current [A]"] * trip["Voltage [V]"]
    given = -1e-3 * np.interp(trip["Time [s]"], *zip(*points, strict=True))
    assert power == pytest.approx(given, rel=1e-4)


def test_a_drive_cycle_ends_at_the_limit_it_falls_to(write):
    path = write("Charge at C/5 for 20 minutes", "Drive trip.csv for 5 hours or until {lower}",
                 points=[(0, 0.3), (600, 0.3)])  # fmt: skip
    trip = part(run(path), 1)
    assert trip["Voltage [V]"][-1] == pytest.approx(2.5, abs=1e-3)
    assert trip["Time [s]"][-1] - trip["Time [s]"][0] < 5 * 3600


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_a_state_of_charge_is_counted_by_the_nominal_capacity_from_the_full_state(write, model):
    spec = twin.load_cell(CELL)
    found = run(
        write("Charge at C/5 until 80 % SOC", "Discharge at C/5 until 30 % SOC"), model=model
    )
    first, then = part(found, 0), part(found, 1)
    C = nominal_capacity(spec)
    assert then[SHARE][[0, -1]] == pytest.approx([0.8, 0.3], abs=1e-6)
    assert then[CHARGE][-1] - then[CHARGE][0] == pytest.approx(0.5 * C, rel=1e-4)
    # By hand: the charge from the new cell to the full one, at the open-circuit voltages.
    sites = used_capacity(spec, spec.cathode)
    to_full = (spec.cathode.initial_stoichiometry.si - OpenCircuit(spec).full_filling()) * sites
    assert -(first[CHARGE][-1] - first[CHARGE][0]) == pytest.approx(to_full - 0.2 * C, rel=1e-4)


@pytest.mark.parametrize("cell", ["na-nzsp-nvp", "hc-nzsp-nvp"])
def test_the_full_state_is_where_the_open_circuit_voltage_is_the_upper_limit(cell):
    # A charge that ends at the upper limit leaves it a polarisation short of full.
    found = twin.simulate(cell, cycles=1, model="spm", modes=[], store="sqlite://")
    least = min(found.series["Cathode stoichiometry"].values)
    full = OpenCircuit(twin.load_cell(cell)).full_filling()
    assert full < least < full + 0.05


def test_a_life_that_jumps_ends_at_the_same_states_of_charge(write):
    path = write(
        "Charge at C/2 until 80 % SOC", "Drive trip.csv", "Discharge at C/2 until 40 % SOC"
    )
    found = twin.life(CELL, protocol=path, model="spm", cycles=60, store="sqlite://")
    rows = found.rows
    assert found.outcome.kind == "completed" and len(rows) == 60
    assert rows[-1]["cycles_simulated"] < 60
    assert [rows[n][SHARE] for n in (0, -1)] == pytest.approx([0.4, 0.4], abs=1e-4)


def test_a_resumed_run_needs_no_file_and_ends_as_an_uninterrupted_one(write, tmp_path):
    path = write(
        "Charge at C/5 until 60 % SOC", "Drive trip.csv", "Discharge at C/5 until 50 % SOC"
    )
    url = f"sqlite:///{tmp_path}/runs.db"
    whole = run(path, cycles=3)
    run(path, cycles=2, store=url)
    path.unlink()
    (tmp_path / "trip.csv").unlink()
    more = twin.resume("last", cycles=3, store=url)
    for name in ("charge_Ah", "discharge_Ah", "discharge_Wh", SHARE):
        assert [row[name] for row in more.rows] == [row[name] for row in whole.rows]


def test_steps_are_numbered_as_in_the_protocol(write):
    path = write("Charge at C/5 for 10 minutes", "Rest for 0 s", "Charge at C/5 until 1 % SOC",
                 "Drive trip.csv")  # fmt: skip
    found = run(path)
    assert sorted(set(found.series["Step"].values)) == [0, 3]
    assert found.rows[0]["skipped_steps"] == ["Charge at C/5 until 1 % SOC"]
