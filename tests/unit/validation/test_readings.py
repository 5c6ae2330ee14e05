"""What is read off a run: resistances of a face, polarisation, curves, retention; past death."""

from __future__ import annotations

import numpy as np
import pytest

from twin.constants import FARADAY, GAS_CONSTANT
from twin.engine.outcome import Outcome
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.specs.naming import find
from twin.validation.bench import CaseBench, RunData
from twin.validation.loader import load_case
from twin.validation.observables import Eye
from twin.validation.readings import drawn_curve, read
from twin.validation.schema import Observable

FILM = 'take     = "value"\nvariable = "Anode series resistance [Ohm.m2]"'


def run_of(*legs: tuple[float, np.ndarray]) -> RunData:
    """A cycle of legs: a current [A] for an hour, with the voltage over it."""
    t, current_A, V, Q = [], [], [], []
    passed = 0.0
    for k, (current, voltage) in enumerate(legs):
        hours = np.linspace(0, 1, len(voltage))
        t.append(3600 * (k + hours))
        current_A.append(np.full(len(voltage), current))
        V.append(voltage)
        Q.append(passed + current * hours)
        passed += current
    columns = ("Time [s]", "Current [A]", "Voltage [V]", "Discharge capacity [A.h]")
    table = {n: np.concatenate(c) for n, c in zip(columns, (t, current_A, V, Q), strict=True)}
    return RunData(None, Outcome("completed", cycle=1), {1: table})


def test_the_resistance_of_a_face_may_be_read_at_half_of_a_charge():
    # It rises from 1 to 3 as the cell is charged, and is another while it is discharged.
    data = run_of((-2e-3, DOWN[::-1]), (2e-3, DOWN))
    rising = np.concatenate([np.linspace(1.0, 3.0, 11), np.full(11, 9.0)])
    data.tables[1] |= {
        "Cathode charge-transfer resistance [Ohm.m2]": rising,
        "Cathode series resistance [Ohm.m2]": np.full(22, 0.5),
    }
    seen = Observable(take="interface-resistance", face="cathode", cycle=1)
    assert read(seen, data) == pytest.approx(2.5)
    at_end = Observable(take="interface-resistance", face="cathode", at="end")
    assert read(at_end, data) == pytest.approx(9.5)


DOWN = np.linspace(4.0, 3.0, 11)
REST = np.full(3, 3.4)
CYCLE = run_of((-2e-3, DOWN[::-1] + 0.3), (0.0, REST), (2e-3, DOWN))


def test_polarisation_is_the_gap_between_charge_and_discharge_at_half_of_each():
    seen = Observable(take="polarisation", cycle=1)
    assert read(seen, CYCLE) == pytest.approx(0.3)
    with pytest.raises(InputError, match="cycle 1 does not charge"):
        read(seen, run_of((2e-3, DOWN)))


def test_the_misfit_of_a_curve_is_along_the_published_charge():
    # The published curve is 20 mV below in its first half, crowded, and true in its second.
    points = [(q, 4.0 - q / 2 - 0.02 * (q < 1)) for q in (*np.linspace(0, 0.999, 99), 1, 2)]
    seen = Observable(take="curve", cycle=1, points=points[::-1])
    assert read(seen, CYCLE) == pytest.approx(0.02 / np.sqrt(2), rel=0.01)
    charged = Observable(
        take="curve", cycle=1, branch="charge", points=[(0, 3.3), (2e3, 4.3)], points_unit="uA*hour"
    )
    assert read(charged, CYCLE) == pytest.approx(0.0, abs=1e-9)


def test_a_curve_is_drawn_in_the_unit_and_over_the_charge_that_were_published():
    """The simulated one goes as far as it was simulated, the measured one as far as measured."""
    seen = Observable(take="curve", cycle=1, points=[(3, 3.0), (0, 4.0)])
    curve = drawn_curve(seen, CYCLE)
    assert (curve.measured_x, curve.measured_y, curve.unit) == ([0, 3], [4, 3], "mA*hour")
    assert curve.simulated_x[-1] == pytest.approx(2.0)
    assert curve.simulated_y[0] == pytest.approx(4.0)
    assert curve.simulated_y[-1] == pytest.approx(3.0)
    finer = Observable(take="curve", cycle=1, points=[(0, 4.0)], points_unit="uA*hour")
    assert drawn_curve(finer, CYCLE).simulated_x[-1] == pytest.approx(2000)


def test_a_simulated_curve_that_ends_early_stays_at_its_last_voltage():
    seen = Observable(take="curve", cycle=1, points=[(2, 4.0), (6, 4.0)])
    assert read(seen, CYCLE) == pytest.approx(1.0)


@pytest.mark.parametrize(("cycle", "kept"), [(3, False), (5, True), (9, False)])
def test_series_are_kept_of_the_cycles_that_are_looked_into(write, case, row, cycle, kept):
    # The first three and the last are kept of any run, which then may be jumped over.
    text = case.replace(FILM, f'take = "polarisation"\ncycle = {cycle}')
    text = text.replace("ohm*cm^2", "mV").replace("cycles = 1\n", "cycles = 9\n", 1)
    assert (CaseBench(load_case(write(text + row)))._whole == {"minute"}) is kept


def test_retention_may_be_of_the_best_cycle_until_then():
    held = (1.0, 1.25, 1.0, 2.0)
    rows = [{"cycle": k, "capacity_Ah": c} for k, c in enumerate(held, 1)]
    data = RunData(None, Outcome("completed", cycle=4), rows=rows)
    assert read(Observable(take="retention", cycle=3), data) == 1.0
    assert read(Observable(take="retention", cycle=3, first=2), data) == 0.8
    assert read(Observable(take="retention", cycle=3, first="max"), data) == 0.8


def test_the_resistance_of_a_face_is_its_charge_transfer_and_its_film(write, case, row):
    text = case.replace(FILM, 'take = "interface-resistance"\nface = "cathode"')
    eye = Eye(CaseBench(load_case(write(text + row))))
    spec = eye.bench.base("minute")
    T = spec.thermal.ambient.si
    film, j0 = (
        find(spec, f"interfaces.anode.{key}.reference").si
        for key in ("resistance", "exchange_current")
    )
    # Both faces are alike, given at the cell's own temperature, and all of a face conducts.
    transfer = GAS_CONSTANT * T / (FARADAY * j0)
    assert eye.see("film", {}) == pytest.approx(1e4 * (film + transfer), rel=0.01)


def test_the_face_of_scandium_nzsp_has_what_was_published_at_its_temperature(write, case, row):
    """4.7 ohm cm2 at 30 degC (Chem. Sci. 2026, 17, 4881), pressed as plain NZSP was."""
    text = case.replace(FILM, 'take = "interface-resistance"\nface = "anode"\nat = "start"')
    text = text.replace("na-nzsp-na", "na-nzsp-sc-na")
    text = text.replace("cycles = 1\n", 'cycles = 1\nmodes = ["pressure"]\n', 1)
    eye = Eye(CaseBench(load_case(write(text + row))))
    assert eye.see("film", {}) == pytest.approx(4.7, rel=0.02)


ENDS = ("end_of_life.capacity_fraction", "modes.delamination.cathode.damage_limit")


def test_one_key_follows_a_cell_past_the_limits_of_its_modes(write, case, row):
    text = case.replace('"na-nzsp-na"', '"nasn-nbh-nco"').replace("cycles = 1\n", "%s", 1) + row
    past = 'cycles = 1\nmodes = ["delamination", "interphase"]\nbeyond_death = true\n'

    def ends(lines):
        bench = CaseBench(load_case(write(text.replace("%s", lines))))
        return [find(bench.base("minute"), key).si for key in ENDS]

    assert ends(past) == [0.02, 0.99]
    assert ends(past.replace("true", "false")) == [0.8, 0.9]
    # The limits of a mode that is not at work are left alone, and the case has the last word.
    assert ends(past.replace('"delamination", ', "")) == [0.02, 0.9]
    own = past + 'patch.end_of_life.capacity_fraction = "0.5"\n'
    assert ends(own) == [0.5, 0.99]


@pytest.mark.parametrize("mode", [m.id for m in plugin_manager().modes.values() if m.beyond()])
def test_what_lies_beyond_death_are_limits_of_the_mode(mode):
    """Every key is a limit of the defaults, further out than there."""
    own = plugin_manager().modes[mode]

    def limits(table, path=()):
        for key, value in table.items():
            if "value" in value:
                yield (*path, key), value
            else:
                yield from limits(value, (*path, key))

    found = list(limits(own.beyond()))
    assert found
    for path, value in found:
        default = own.defaults()
        for key in path:
            default = default[key]
        assert path[-1].endswith("_limit") and value["status"] == "assumed" and value["source"]
        assert float(str(value["value"]).split()[0]) > float(str(default["value"]).split()[0])
