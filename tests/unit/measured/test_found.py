"""What is found in a table whose steps, charges and resistances are known."""

from __future__ import annotations

import numpy as np
import pytest

from twin.measured.found import Finder, Found, Turns

OHMS = 0.05


def found_in(truth, parts=1, **more):
    columns = {
        "Time [s]": truth.t,
        "Current [A]": truth.current,
        "Voltage [V]": truth.voltage,
        "Temperature [K]": truth.temperature,
        "Cycle": truth.cycle - 1,
        "Step": truth.step,
        **more,
    }
    columns = {name: values for name, values in columns.items() if values is not None}
    pieces = np.array_split(np.arange(len(truth)), parts)
    turns = Turns()
    for p in pieces:
        turns.add(truth.t[p], truth.current[p])
    finder = Finder(float(np.abs(truth.current).max()), turns.starts())
    out = list(finder(iter({n: v[p] for n, v in columns.items()} for p in pieces)))
    return finder.found, {n: np.concatenate([c[n] for c in out]) for n in out[0]}


def test_steps_pulses_and_rests_are_those_of_the_plan(truth):
    found, table = found_in(truth)
    kinds = [step.kind for step in found.steps]
    assert kinds == ["rest", "charge", "rest", "discharge", "rest", "discharge"] * 2
    assert found.counts == {"charge": 2, "discharge": 4, "rest": 6, "pulse": 2}
    assert [p.t_end_s - p.t_start_s for p in found.pulses] == [60, 60]
    assert len(found.rests) == 6
    assert {s.how for s in found.steps if s.kind != "rest"} == {"constant current"}
    assert (table["Cycle"] == truth.cycle).all()


def test_charges_are_those_that_passed(truth):
    found, _ = found_in(truth)
    first = found.cycles[0]
    # The intervals between the steps, 2 s each, count to the step after them.
    assert first.charge_Ah == pytest.approx((1800 + 2) / 3600, rel=1e-9)
    assert first.discharge_Ah == pytest.approx((2 * 62 + 1682) / 3600, rel=1e-9)
    assert first.coulombic_efficiency == pytest.approx(first.discharge_Ah / first.charge_Ah)
    # By hand: the charge's own rows, and the 2 s before them at its first row's power.
    rows = (truth.cycle == 1) & (truth.step == 2)
    t, power = truth.t[rows], np.abs(truth.current * truth.voltage)[rows]
    assert first.charge_Wh == pytest.approx(
        (np.trapezoid(power, t) + 2 * power[0]) / 3600, rel=1e-9
    )
    assert first.voltage_max_V == truth.voltage[truth.cycle == 1].max()
    assert first.temperature_max_K == truth.temperature[truth.cycle == 1].max()


def test_resistances_are_the_cells_own(truth):
    """A step of 2 A over 0.05 ohm: 0.1 V at once, and the open-circuit voltage that follows."""
    found, _ = found_in(truth)
    pulse = found.pulses[0]
    slope = 0.8 * 2.0 / 3600 / 2.0  # ohm a second: the charge the pulse takes
    for after in (10.0, 30.0):
        exact = OHMS + slope * after
        assert pulse.resistance_Ohm[f"{after:g}s"] == pytest.approx(exact, rel=2e-3)
    # A row every 2 s cannot tell what is after 1 s; one every 20 s not what is after 10.
    assert pulse.resistance_Ohm["1s"] is None
    charge = found.steps[1]
    assert charge.resistance_Ohm["10s"] is None and charge.resistance_Ohm["30s"] is not None


@pytest.mark.parametrize("parts", [2, 3, 10, 299])
def test_it_does_not_matter_where_the_blocks_are_cut(truth, parts):
    whole, _ = found_in(truth)
    cut, _ = found_in(truth, parts)
    for a, b in zip(whole.steps, cut.steps, strict=True):
        first, second = a.to_dict(), b.to_dict()
        ohms = first.pop("resistance_Ohm"), second.pop("resistance_Ohm")
        assert first == pytest.approx(second, rel=1e-9)
        assert ohms[0] == pytest.approx(ohms[1], rel=1e-9)
    for a, b in zip(whole.cycles, cut.cycles, strict=True):
        assert a.to_dict() == pytest.approx(b.to_dict(), rel=1e-9)


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_cycles_that_nobody_counted_begin_where_the_current_turns_back(truth, parts):
    found, table = found_in(truth, parts, Cycle=None, Step=None)
    begins = int(np.flatnonzero((truth.cycle == 2) & (truth.current < 0))[0])
    assert np.flatnonzero(np.diff(table["Cycle"])).tolist() == [begins - 1]
    assert not found.own_cycles
    assert [c.cycle for c in found.cycles] == [1, 2]
    assert found.cycles[0].charge_Ah == pytest.approx(1802 / 3600, rel=1e-9)
    assert found.cycles[1].charge_Ah == pytest.approx(1802 / 3600, rel=1e-9)


def test_what_is_found_survives_being_written_down(truth):
    found, _ = found_in(truth)
    assert Found.from_dict(found.to_dict()) == found


@pytest.mark.parametrize("parts", [1, 3, 40])
def test_pulses_and_braking_are_no_cycles(parts):
    """Three discharges and charges, each with a pulse the other way every minute."""
    time = np.arange(0.0, 6 * 3600, 10.0)
    way = np.where((time // 3600) % 2 == 0, 1.0, -1.0)
    current = np.where(time % 60 == 30, -0.5 * way, way)
    turns = Turns()
    for p in np.array_split(np.arange(len(time)), parts):
        turns.add(time[p], current[p])
    assert time[turns.starts()].tolist() == [2 * 3600, 4 * 3600]


def test_more_steps_than_are_listed_are_counted(monkeypatch):
    monkeypatch.setattr("twin.measured.found.MOST_STEPS", 7)
    time = np.arange(400.0)
    current = np.where(time % 4 < 2, 1.0, np.where(time % 4 == 2, -1.0, 0.0))
    table = {"Time [s]": time, "Current [A]": current, "Voltage [V]": 3 - 0.1 * current}
    for parts in (1, 2, 5):
        finder = Finder(1.0)
        pieces = np.array_split(np.arange(400), parts)
        list(finder(iter({n: v[p] for n, v in table.items()} for p in pieces)))
        assert finder.found.counts == {"charge": 100, "discharge": 100, "rest": 100, "pulse": 200}
        assert len(finder.found.steps) == 7
        (cycle,) = finder.found.cycles
        # Each discharge: its first interval at its own current, one more inside.
        assert cycle.discharge_Ah == pytest.approx((2 * 100 - 1) / 3600)
        assert cycle.charge_Ah == pytest.approx(100 / 3600)


def test_a_cycle_count_with_holes_goes_on_with_the_last(truth):
    count = truth.cycle.copy()
    count[[5, 6, 400, 401]] = np.nan
    found, table = found_in(truth, Cycle=count)
    assert (table["Cycle"] == truth.cycle).all()
    assert [c.cycle for c in found.cycles] == [1, 2]
