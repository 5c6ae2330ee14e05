"""Sodium that stripping cuts off from a thin metal: what a full strip gives back."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.model.parameters import nominal_capacity
from twin.modes.context import CellContext
from twin.modes.mode import RunRecord

HOUR, MA = 3600.0, 10.0
DEAD, CURRENT = "Anode dead sodium [C.m-2]", "Anode isolating current density [A.m-2]"
# Nothing follows: every local current is beyond what refills.
NO_REFILL = {
    "modes.pressure.voids.refill_current": "0 mA/cm^2",
    "modes.pressure.voids.refill_per_pressure": "0 A/(m^2*Pa)",
}
THIN = {"modes.pressure.isolation.law": "on", "anode.thickness": "0.1 nm"}


def strip(stack, overrides, charge=HOUR * MA, current=MA):
    """Plate ``charge`` [C.m-2], then strip half of it."""
    seconds = charge / current
    return stack([(-current, seconds), (current, 0.5 * seconds)], THIN | overrides)


@pytest.mark.parametrize("share", [0.1, 0.45])
def test_a_strip_without_refilling_leaves_the_share_behind(stack, share):
    seen = strip(stack, NO_REFILL | {"modes.pressure.isolation.share": share})
    # A full strip gives back 1 - share: what is stripped and what dies are as 1 - share to share.
    dead = 0.5 * share / (1 - share)
    assert seen.end(DEAD) == pytest.approx(dead * HOUR * MA, rel=1e-6)
    # All of it is lost to the electrode, which has that much less.
    lost = seen["Anode sodium lost [C.m-2]"][-1]
    assert lost == pytest.approx(seen.end(DEAD), rel=1e-9)
    sodium = seen["Anode sodium [C.m-2]"]
    left = sodium[-1] - sodium[0]
    assert left == pytest.approx((0.5 - dead) * HOUR * MA, rel=1e-6)


def test_the_share_does_not_depend_on_how_much_was_plated(stack):
    found = [strip(stack, NO_REFILL, x * HOUR * MA).end(DEAD) / x for x in (0.3, 1.0, 3.0)]
    assert found == pytest.approx([found[1]] * 3, rel=1e-6)


def test_plating_and_rest_cut_nothing_off(stack):
    seen = stack([(-MA, HOUR), (0.0, HOUR)], THIN | NO_REFILL)
    assert np.abs(seen[DEAD]).max() == 0


def test_a_current_that_refills_leaves_nothing_behind_and_more_leaves_the_excess(stack):
    for refilled, excess in ((1.0, 0.0), (0.25, 0.75)):
        seen = strip(
            stack,
            {
                "modes.pressure.voids.refill_current": f"{refilled} mA/cm^2",
                "modes.pressure.voids.refill_per_pressure": "0 A/(m^2*Pa)",
                "modes.pressure.isolation.share": 0.45,
                "modes.pressure.isolation.lateral_length": "1 mm",
                # All of it touches, so that the local current is the cell's.
                "modes.pressure.contact.hardness": "1 Pa",
            },
        )
        j, contact = seen["Anode local current density [A.m-2]"], seen["Anode conducting fraction"]
        assert j[-1] == pytest.approx(MA / contact[-1], rel=1e-9)
        part = seen["Anode isolated share of stripping"]
        expected = 0.45 * np.maximum(1 - refilled * contact * MA / MA, 0)
        stripping = seen["Anode current density [A.m-2]"] > 0
        assert part[stripping] == pytest.approx(expected[stripping], rel=1e-6, abs=1e-9)
        assert (seen.end(DEAD) > 1e-4 * HOUR) == (excess > 0)


def test_half_the_contact_cuts_off_what_twice_the_current_would(stack):
    half = {"modes.pressure.contact.law": "plastic", "stack.pressure": "1 MPa"}
    half |= {"modes.pressure.contact.hardness": f"{1 / np.log(2):.12g} MPa"}
    seen = strip(stack, half | {"modes.pressure.voids.refill_current": "1 mA/cm^2"})
    local = seen["Anode local current density [A.m-2]"]
    assert local.max() >= 2 * MA * (1 - 1e-6)
    assert seen.end(DEAD) > 0


def test_a_reserve_that_is_never_stripped_holds_it_together(stack):
    # exp(-h/h_lat): ten micrometres of h_lat 10 um leave 1/e of the islands.
    found = []
    for thickness in ("0.1 nm", "10 um"):
        overrides = {
            "anode.thickness": thickness,
            "modes.pressure.isolation.lateral_length": "10 um",
            "modes.pressure.isolation.share": 1e-3,  # the reserve hardly changes
        }
        found.append(strip(stack, NO_REFILL | overrides).end(DEAD))
    assert found[1] / found[0] == pytest.approx(np.exp(-1), rel=1e-3)


def test_molten_sodium_leaves_none(stack):
    seen = strip(stack, NO_REFILL | {"thermal.ambient": "120 degC"})
    assert seen.end(DEAD) == pytest.approx(0, abs=1e-6)


def test_a_foil_has_no_such_state_and_a_bare_collector_has(stack):
    thick = stack([(0.0, 1.0)], {"anode.thickness": "200 nm"})
    assert DEAD not in thick.model.variables
    assert DEAD in stack([(0.0, 1.0)], {"anode.thickness": "10 nm"}).model.variables
    off = {"modes.pressure.isolation.law": "off", "anode.thickness": "10 nm"}
    assert DEAD not in stack([(0.0, 1.0)], off).model.variables


def test_a_cell_that_loses_its_sodium_to_islands_dies_of_the_pressure_mode():
    """Foil at C/5; no interface to drive a filament. The capacity lost is the dead sodium's."""
    free = {
        "interfaces.anode.resistance.reference": "0.05 ohm*cm^2",
        "interfaces.anode.exchange_current.reference": "514 mA/cm^2",
    }
    run = twin.simulate(
        "alfoil-nbh-nco", cycles=9, model="spm", overrides=free, store="sqlite://", series_every=0
    )
    assert (run.outcome.mode, run.outcome.criterion) == ("pressure", "capacity lost")
    area = twin.load_cell("alfoil-nbh-nco").geometry.area.si
    first, last = (row[DEAD] * area / HOUR for row in (run.rows[0], run.rows[-1]))
    taken = run.outcome.evidence["pressure"]["capacity_Ah"]
    # What the mode says of itself is its state's; the account that blames it is an integral
    # along the stored points.
    spec = twin.load_cell("alfoil-nbh-nco", overrides=free)
    seen = RunRecord(run.rows[0], run.rows[-1], 4.64, 298.15, area, nominal_capacity(spec))
    mode = twin.plugin_manager().modes["pressure"]
    claimed = mode.diagnose(seen, CellContext(spec, resolved=False)).capacity
    assert claimed == pytest.approx(last - first, rel=1e-6)
    assert taken == pytest.approx(last - first, rel=3e-3)
    lost = run.rows[0]["capacity_Ah"] - run.rows[-1]["capacity_Ah"]
    assert taken == pytest.approx(lost, rel=0.15)


FIRST = "Anode sodium left of the first plating [C.m-2]"
# Everything follows, so that nothing but the first plating's store is at work.
KEEPS = {
    "modes.pressure.isolation.share": 0.0,
    "modes.pressure.isolation.first.share": 0.07,
    "modes.pressure.isolation.first.lag": "5 s",
}


@pytest.mark.parametrize("charge", [1.0, 3.0])
def test_the_first_plating_leaves_its_share_and_later_ones_nothing(stack, charge, limit):
    seconds = charge * HOUR
    steps = [(-MA, seconds), (MA, 0.5 * seconds)]
    again = [(-MA, 0.4 * seconds), (MA, 0.5 * seconds)]
    seen = stack(steps + again, THIN | KEEPS)
    plated = MA * seconds
    first = seen.at(FIRST, np.array([1.5 * seconds - 1.0, 1.6 * seconds]))
    # It trails the plating by its lag: no more than that is missed.
    limit(f"E34 first plating, {charge} mAh/cm2", first[0], 0.07 * plated, 2e-3)
    assert seen.end(FIRST) == pytest.approx(first[0], rel=1e-9)
    assert seen.end(DEAD) == pytest.approx(seen.end(FIRST), rel=1e-9)
    # The ledger: what was plated, less what was stripped, is connected or dead.
    passed = MA * seconds * (1 - 0.5 + 0.4 - 0.5)
    sodium = seen["Anode sodium [C.m-2]"]
    found = sodium[-1] - sodium[0] + seen.end(DEAD)
    limit("E34 sodium of the first plating", found, passed, 1e-8, of=plated)


def test_more_than_ever_before_leaves_its_share_of_the_more(stack):
    steps = [(-MA, HOUR), (MA, 0.5 * HOUR), (-MA, 1.5 * HOUR)]
    seen = stack(steps, THIN | KEEPS)
    assert seen.end(FIRST) == pytest.approx(0.07 * 2 * MA * HOUR, rel=3e-3)


def test_molten_sodium_and_a_foil_keep_no_first_store(stack):
    molten = stack([(-MA, HOUR)], THIN | KEEPS | {"thermal.ambient": "120 degC"})
    assert molten.end(FIRST) == pytest.approx(0, abs=1e-6)
    thick = stack([(0.0, 1.0)], KEEPS | {"anode.thickness": "200 nm"})
    assert FIRST not in thick.model.variables
    without = stack([(0.0, 1.0)], THIN)
    assert FIRST not in without.model.variables
