"""Another number in a finished cell: the short way gives what the long way gives."""

from __future__ import annotations

import time

import pytest

import twin
from twin.catalog.cells import mode_entries
from twin.specs.change import with_numbers
from twin.specs.dump import (
    cell_hash,
    cell_to_data,
    iter_quantities,
    remade,
    with_overrides,
    with_values,
)

CELLS = ["na-nzsp-nvp", "na-base-na"]
ENTRIES = mode_entries()


@pytest.fixture(scope="module", params=CELLS)
def spec(request):
    return twin.load_cell(request.param)


def other(quantity, by=1.001):
    return f"{by * quantity.si!r} {quantity.unit}".strip() if quantity.unit else by * quantity.si


def outcome(way, spec, changes):
    try:
        found = way(spec, changes, ENTRIES)
    except twin.SpecError as error:
        return [(p.message, p.key, p.fix) for p in error.problems]
    return found, cell_hash(found), cell_to_data(found)


def check(spec, changes):
    assert outcome(with_overrides, spec, changes) == outcome(remade, spec, changes)


def test_every_number_in_turn_gives_the_same_cell(spec):
    numbers = list(iter_quantities(spec))
    # By strides, so that the numbers of one law or one table meet in no batch.
    step = len(numbers) // 16
    for start in range(step):
        check(spec, {key: other(q) for key, q in numbers[start::step]})
    for key, quantity in numbers:
        found = with_numbers(spec, [(key, other(quantity))])
        if found is None:  # the value is refused: the long way says why
            assert isinstance(outcome(remade, spec, {key: other(quantity)}), list), key


@pytest.mark.slow
def test_every_number_alone_gives_the_same_cell_or_the_same_refusal(spec):
    for key, quantity in iter_quantities(spec):
        for by in (1.001, -1.0, 1e3):
            check(spec, {key: other(quantity, by)})


@pytest.mark.parametrize(
    "changes",
    [
        {"window.lower": "3.9 V", "window.upper": "4.2 V"},  # wrong one by one, right together
        {"window.lower": "9 V"},
        {"cathode.active_fraction": 0.9},
        {"cathode.initial_stoichiometry": 0},
        {"thermal.ambient": "5 K"},
        {"stack.pressure": {"value": "2 MPa", "spread": "normal 1e5"}},
        {"stack.pressure": {"spread": "normal 1e5"}},
        {"stack.pressure": True},
        {"stack.pressure": 5},
        {"stack.pressure": "5 K"},
        {"stack.stiffness": "1e11 Pa/m"},
        {"stack.no_such": "1 Pa"},
        {"no.such": 1},
        {"anode.thickness.value": "1 um"},
        {"interfaces.anode.exchange_current": "3 A/m^2"},
        {"electrolyte.material.conductivity.reference": "3 mS/cm"},
        {"electrolyte.material.conductivity.activation_energy": "0.3 eV"},
        {"title": "other"},
        {"name": "other"},
        {"anode": 1, "anode.thickness": "1 um"},
        {"end_of_life.reference_cycle": 2},
        {"anode.material": "sodium"},
    ],
)
def test_what_is_not_simple_goes_the_long_way_and_what_is_wrong_is_refused_as_there(changes):
    check(twin.load_cell(CELLS[0]), changes)


def test_a_law_of_a_cell_keeps_its_remarks_on_the_numbers_that_stay():
    spec = twin.load_cell(CELLS[0])
    law = spec.electrolyte.material.conductivity
    assert law.source and law.activation_energy.source is None  # else the test shows nothing
    key = "electrolyte.material.conductivity.reference"
    changed = with_values(spec, {key: "3 mS/cm"}).electrolyte.material.conductivity
    assert changed.reference.source is None and changed.reference.si == pytest.approx(0.3)
    assert changed.activation_energy.source == law.source and changed.source is None


def test_the_short_way_takes_a_tenth_of_the_long_way():
    """A millisecond against 25 on an idle machine; the ratio holds on a busy one too."""
    spec = twin.load_cell(CELLS[0])

    def least(way, times):
        took = []
        for n in range(times):
            began = time.process_time()
            found = way(spec, {"stack.pressure": f"{n + 11} MPa"})
            took.append(time.process_time() - began)
        assert found.stack.pressure.si == pytest.approx((times + 10) * 1e6)
        return min(took)

    assert 8 * least(with_values, 30) < least(lambda *given: remade(*given, ENTRIES), 5)
