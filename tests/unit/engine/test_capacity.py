"""What a capacity is: a check-up from full to empty, or an estimate that is marked."""

from __future__ import annotations

import json

import pytest

import twin
from twin.engine.ageing import Ageing, Resistance
from twin.engine.capacity import Memory, first_capacity, share_left
from twin.engine.checkup import Course, Taken
from twin.engine.inventory import OpenCircuit
from twin.engine.plan import PlanStep
from twin.engine.recorder import LEAST_CHARGE, efficiency
from twin.model.parameters import nominal_capacity, porous_capacity

CHARGE, SLOW = PlanStep("Charge at C/5 until 3.9 V"), PlanStep("Discharge at C/20 until 2.5 V")
EMPTY, REST = PlanStep("Discharge at C/5 until 2.5 V"), PlanStep("Rest for 1 hour")
PULSE = PlanStep("Discharge at C/5 for 6 minutes")


def filled(amount=1.0):
    return Taken(CHARGE, charge_Ah=amount, reached="upper")


def emptied(amount=1.0, step=EMPTY):
    return Taken(step, discharge_Ah=amount, reached="lower")


def pulse(amount=0.1):
    return Taken(PULSE, discharge_Ah=amount)


# ---------------------------------------------------------------- check-ups


def test_a_check_up_is_a_discharge_from_full_to_the_lower_limit():
    found = Course().follow([filled(), Taken(REST), emptied(0.9)])
    assert found is not None and found.capacity_Ah == 0.9


@pytest.mark.parametrize(
    "steps",
    [
        [Taken(CHARGE, charge_Ah=0.5), emptied(0.5)],  # the charge ended by time
        [filled(), pulse()],  # the discharge did
        [filled(), pulse(), Taken(CHARGE, charge_Ah=0.05), emptied(0.9)],  # charged between
        [emptied(0.02), filled()],  # it began empty
        [emptied(0.9)],  # nobody knows how full it was
    ],
)
def test_what_is_not_from_full_to_empty_measures_nothing(steps):
    assert Course().follow(steps) is None


def test_a_discharge_in_pieces_and_over_cycles_is_one():
    course = Course()
    assert course.follow([filled(), pulse(0.4), Taken(REST)]) is None
    found = course.follow([pulse(0.3), Taken(REST), emptied(0.25)])
    assert found is not None and found.capacity_Ah == pytest.approx(0.95)


def test_of_two_check_ups_in_a_cycle_the_last_counts():
    found = Course().follow([filled(), Taken(REST), emptied(0.3), filled(), emptied(0.8)])
    assert found is not None and found.capacity_Ah == 0.8


def test_the_way_is_that_of_the_steps_whatever_stands_between():
    plain = Course().follow([filled(), emptied()])
    stored = Course().follow([filled(0.1), emptied(0.1), filled(), Taken(REST), emptied()])
    slow = Course().follow([filled(), emptied(step=SLOW)])
    cold = Course().follow([filled(), emptied(step=PlanStep(EMPTY.do, temperature=253.15))])
    assert plain.way == stored.way
    assert len({plain.way, slow.way, cold.way}) == 3


def test_a_skipped_charge_to_the_limit_is_a_full_cell():
    skipped = Taken(CHARGE, reached="upper", meant="charge")
    found = Course().follow([skipped, emptied(0.01)])
    assert found is not None and found.capacity_Ah == 0.01


# --------------------------------------------------------------- references


def test_a_way_that_comes_later_does_not_begin_anew():
    memory = Memory()
    assert memory.follow([filled(), emptied(1.0)], 1.1, counts=True).share == 1.0
    # A fifth of the sites has gone when the slow check-up comes for the first time.
    late = memory.follow([filled(), emptied(0.84, SLOW)], 0.88, counts=True)
    assert late.share == pytest.approx(0.8) and not late.estimated


def test_between_check_ups_the_latest_is_carried_on():
    memory = Memory()
    memory.follow([filled(), emptied(1.0)], 1.1, counts=True)
    found = memory.follow([pulse()], 0.99, counts=True)
    assert found.estimated
    assert found.value == found.share == pytest.approx(0.9)


def test_without_a_check_up_the_sites_tell():
    memory = Memory()
    first = memory.follow([pulse()], 1.2, counts=True)
    assert (first.value, first.estimated, first.share, first.first) == (1.2, True, 1.0, True)
    assert memory.follow([pulse()], 0.6, counts=True).share == 0.5


def test_before_the_reference_cycle_nothing_is_compared():
    memory = Memory()
    assert memory.follow([filled(), emptied(1.3)], 1.1, counts=False).share is None
    assert memory.follow([filled(), emptied(1.0)], 1.0, counts=True).share == 1.0


def test_what_is_remembered_survives_the_database():
    ageing = Ageing()
    ageing.capacity.follow([filled(), emptied(1.0)], 1.1, counts=True)
    ageing.capacity.follow([filled(), pulse()], 1.1, counts=True)
    ageing.resistance.follow(2.0, "a", None)
    back = Ageing.from_data(json.loads(json.dumps(ageing.to_data())))
    assert back == ageing
    found = back.capacity.follow([emptied(0.7)], 1.1, counts=True)
    assert (found.value, found.estimated) == (pytest.approx(0.8), False)


def test_a_run_stored_before_goes_on_with_its_own_references():
    found = Memory().follow([filled(), emptied(0.9)], 1.1, counts=True, known=1.2)
    assert found.share == pytest.approx(0.75)
    assert Resistance().follow(3.0, "a", 1.5) == 2.0


def test_a_resistance_under_another_pressure_goes_on_from_its_ratio():
    ohms = Resistance()
    assert [ohms.follow(x, "[5e6]", None) for x in (1.0, 1.5)] == [1.0, 1.5]
    assert ohms.follow(6.0, "[1e6]", None) == 1.5
    assert ohms.follow(8.0, "[1e6]", None) == 2.0


def test_the_first_capacity_is_measured_where_one_was():
    rows = [
        {"capacity_Ah": 1.2, "capacity_estimated": True},
        {"capacity_Ah": 1.0, "capacity_estimated": False},
    ]
    assert first_capacity(rows) == 1.0 and first_capacity(rows[:1]) == 1.2
    assert first_capacity([]) is None
    assert share_left([{"capacity_Ah": 1.0}, {"capacity_Ah": 0.5}]) == 0.5
    assert share_left([*rows, {"capacity_Ah": 0.9, "capacity_share": 0.7}]) == 0.7


# ------------------------------------------------------- open-circuit capacity


@pytest.fixture(scope="module")
def spec():
    return twin.load_cell("na-nzsp-nvp")


def test_a_fifth_of_the_sites_is_a_fifth_of_the_capacity(spec):
    tell = OpenCircuit(spec).capacity
    # 50 um of sodium in reserve: the sites limit.
    state = {"Cathode stoichiometry": 0.5, "Anode sodium thickness [m]": 50e-6}
    whole = tell(state)
    assert whole == pytest.approx(0.99 * _used(spec), rel=0.02)
    # What is cut off keeps its sodium, so the fillings stay and the sites count.
    assert tell(state | _active(0.8)) == pytest.approx(0.8 * whole, rel=1e-9)


def _used(spec):
    """The sites of the cathode that ions and electrons reach [A.h]."""
    return nominal_capacity(spec) * twin.CellContext(spec).utilisation_now("cathode")


def _active(fraction):
    return {twin.Port.ACTIVE_FRACTION.at("cathode").variable: fraction}


def test_without_reserve_the_sodium_limits(spec):
    tell = OpenCircuit(spec).capacity
    state = {"Cathode stoichiometry": 0.4, "Anode sodium thickness [m]": 0.0}
    sites = _used(spec)
    assert tell(state) == pytest.approx(0.4 * sites, rel=0.05)
    assert tell({**state, "Cathode stoichiometry": 0.2}) < 0.55 * tell(state)


def test_it_does_not_depend_on_where_the_sodium_is(spec):
    tell = OpenCircuit(spec).capacity
    sites, molar = _used(spec), spec.anode.material.molar_volume.si
    depth = sites * 3600 * molar / twin.FARADAY / spec.geometry.area.si  # of all sites' sodium
    found = [
        tell({"Cathode stoichiometry": x, "Anode sodium thickness [m]": (0.6 - x) * depth})
        for x in (0.1, 0.3, 0.5)
    ]
    assert found == pytest.approx([found[0]] * 3, rel=1e-6)
    assert found[0] == pytest.approx(0.6 * sites, rel=0.02)


def test_two_hosts_share_the_window_as_their_slopes_say():
    """``U_c = 4 - x``, ``U_a = 1 - 2 y``: ``Q = (V_up - V_low)/(1/Q_c + 2/Q_a)``."""
    cell = twin.load_cell("hc-nzsp-nvp", overrides={"window.lower": "3 V", "window.upper": "3.4 V"})
    tell = OpenCircuit(cell)
    filling = tell._filling
    tell._curves = {"cathode": 4 - filling, "anode": 1 - 2 * filling}
    q_c, q_a = (porous_capacity(cell, host) for host in (cell.cathode, cell.anode))
    q_c *= twin.CellContext(cell).utilisation_now("cathode")
    found = tell.capacity({"Cathode stoichiometry": 0.6, "Anode stoichiometry": 0.4})
    assert found == pytest.approx(0.4 / (1 / q_c + 2 / q_a), rel=1e-3)


# --------------------------------------------------------------- efficiency


def test_no_efficiency_where_there_is_no_charge_to_speak_of():
    assert efficiency(2e-22, 2e-5, 1e-3) is None
    assert efficiency(1e-3, 0.0, 1e-3) is None
    assert efficiency(1e-3, 9e-4, 1e-3) == pytest.approx(0.9)
    assert efficiency(2 * LEAST_CHARGE, 1.9 * LEAST_CHARGE, 1.0) == pytest.approx(0.95)
