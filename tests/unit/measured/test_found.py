"""What is found in a table whose steps, charges and resistances are known."""

from __future__ import annotations

import numpy as np
import pytest

from twin.measured.found import Finder, Found

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
    finder = Finder(float(np.abs(truth.current).max()))
    pieces = np.array_split(np.arange(len(truth)), parts)
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
    assert first.charge_Wh == pytest.approx(first.charge_Ah * 3.49, rel=0.01)
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


def test_cycles_that_nobody_counted_begin_where_the_current_turns_back(truth):
    found, _ = found_in(truth, Cycle=None, Step=None)
    assert not found.own_cycles
    assert [c.cycle for c in found.cycles] == [1, 2]
    assert found.cycles[0].charge_Ah == pytest.approx(1802 / 3600, rel=1e-9)
    assert found.cycles[1].charge_Ah == pytest.approx(1802 / 3600, rel=1e-9)


def test_what_is_found_survives_being_written_down(truth):
    found, _ = found_in(truth)
    assert Found.from_dict(found.to_dict()) == found
