"""The cathode that fades: closed form of the law, its limits, jumps, the ledger, the blame."""

from __future__ import annotations

import math

import numpy as np
import pytest
from twin_fade.law import expected_loss
from twin_fade.parameters import family_of

import twin
from twin import FARADAY, GAS_CONSTANT

F, R = FARADAY, GAS_CONSTANT
HOUR, YEAR = 3600.0, 365.25 * 86400
MODE = ("fade",)
CELL = "na-nzsp-nvp"
STATE, Y = "Cathode fade state", "Cathode fade exponent"
TIGHT = {"model": "spm", "rtol": 1e-10, "atol": 1e-12}
# Half full, so that it can be charged and discharged; all of it is used.
HALF = {"cathode.initial_stoichiometry": 0.5}
CYCLE = [(-2.0, HOUR), (0.0, HOUR), (2.0, HOUR)]


def fades(**values):
    """Overrides of the mode's table."""
    return {f"modes.fade.{key.replace('__', '.')}": value for key, value in values.items()}


# Fast, and no slower by the exponent's rounding of a new cell.
FAST = fades(polyanion__loss=2.0)


def sites(spec):
    """What the cathode's used sites hold [C.m-2]."""
    return twin.CellContext(spec).host_sites("cathode")


def passed(steps):
    return sum(abs(i) * seconds for i, seconds in steps)


# ------------------------------------------------------------------- the law


@pytest.mark.parametrize("b", [0.3, 0.5, 0.7])
def test_loss_goes_with_the_power_of_the_cycles(make_cell, run, limit, b):
    # e^-y is what is left to be cycled: with Y = y^(1/b) and dY = k dQ/(2 Q_0 e^-y) the charge
    # passed is 2 Q_0/k times the integral of e^-y dY, which for b = 1/2 is 2(1 - (1 + y)e^-y).
    spec = make_cell(CELL, HALF | FAST | fades(exponent=b))
    seen = run(spec, CYCLE, MODE, **TIGHT)
    k = 2.0 ** (1 / b) / 300
    end = seen.end(STATE)
    grid = np.linspace(0, end, 200_001)
    left = np.exp(-((grid + 1e-8) ** b - 1e-8**b))
    cycles = passed(CYCLE) / (2 * sites(spec))
    limit(f"E29 cycles of a loss, b = {b}", np.trapezoid(left, grid), k * cycles, 1e-6)
    limit("E29 y = Y^b", seen.end(Y), (end + 1e-8) ** b - 1e-8**b, 1e-6)
    assert seen.end("Cathode unfaded active fraction") == pytest.approx(math.exp(-seen.end(Y)))
    if b == 0.5:
        y = math.sqrt(end)
        closed = 2 * (1 - (1 + y) * math.exp(-y))
        assert closed == pytest.approx(k * cycles, rel=5e-3)  # but for a new cell's rounding


def test_a_family_loses_its_loss_at_the_reference_cycle():
    own = twin.load_cell(CELL).modes["fade"]
    for family, left in (("polyanion", 0.9589), ("layered", 0.8411), ("conversion", 0.8556)):
        y = expected_loss(own, family, 300, 0, 298.15)
        assert y == pytest.approx(getattr(own, family).loss.si, abs=1e-4 + 1e-9)
        assert math.exp(-y) == pytest.approx(left, abs=2e-4)
    # Four times the cycles cost twice as much.
    ratio = expected_loss(own, "layered", 1200, 0, 298.15)
    assert ratio / expected_loss(own, "layered", 300, 0, 298.15) == pytest.approx(2, rel=1e-3)


def test_years_and_cycles_add_up_as_squares(make_cell, run, limit):
    # What time takes makes a cycle of the rest longer: second order, with y of 3e-4.
    losses = {"polyanion__loss": 2e-2, "polyanion__calendar_loss": 3e-2}
    spec = make_cell(CELL, HALF | fades(**losses))
    rest, both = (run(spec, steps, MODE, **TIGHT) for steps in ([(0.0, 100 * HOUR)], CYCLE))
    limit("E29 rest: y_h^2 t", rest.end(STATE), 9e-4 * 100 * HOUR / YEAR, 1e-6)
    alone = run(make_cell(CELL, HALF | fades(polyanion__loss=2e-2)), CYCLE, MODE, **TIGHT)
    sum_of = alone.end(STATE) + 9e-4 * 3 * HOUR / YEAR
    limit("E29 cycles and time add up", both.end(STATE), sum_of, 1e-4)


# The host that is gone makes a cycle shorter: of second order in y, here 1e-5.


def test_temperature_paces_the_state(make_cell, run, limit):
    ends = {}
    for T in ("25 degC", "60 degC"):
        spec = make_cell(CELL, HALF | fades(polyanion__loss=1e-3) | {"thermal.ambient": T})
        ends[T] = run(spec, CYCLE, MODE, **TIGHT).end(STATE)
    E = 0.26 * 1.602176634e-19 * 6.02214076e23
    pace = math.exp(-E / R * (1 / 333.15 - 1 / 298.15))
    limit("E29 pace of 60 against 25 degC", ends["60 degC"] / ends["25 degC"], pace, 1e-5)
    assert pace == pytest.approx(2.89, abs=0.02)


def test_cycles_are_counted_by_charge_not_by_rate(make_cell, run):
    slow, fast = (
        run(make_cell(CELL, HALF | FAST), [(-i, 2 * HOUR / i), (i, 2 * HOUR / i)], MODE, **TIGHT)
        for i in (1.0, 4.0)
    )
    assert slow.end(STATE) == pytest.approx(fast.end(STATE), rel=1e-6)


def test_a_cell_differs_from_the_next_by_its_own_factor(make_cell, run, limit):
    small = fades(polyanion__loss=1e-3)
    one, twice = (
        run(make_cell(CELL, HALF | small | fades(this_cell=f)), CYCLE, MODE, **TIGHT).end(STATE)
        for f in (1.0, 2.0)
    )
    limit("E29 twice the loss, four times the state", twice, 4 * one, 1e-5)


# ---------------------------------------------------------------- upper limit


def test_above_its_limit_the_host_goes_faster(make_cell, run, limit):
    # exp(alpha F (U - U_x)/RT): the limit 20 mV lower, that much faster; below it no change.
    own = HALF | fades(polyanion__loss=1e-4, transfer=0.5)
    steps = [(-2.0, 600.0)]
    rates = {}
    for limit_V in (None, 9.0, 3.0, 2.98):
        more = {} if limit_V is None else {"cathode.material.upper_limit": f"{limit_V} V"}
        rates[limit_V] = run(make_cell(CELL, own | more), steps, MODE, **TIGHT).end(STATE)
    assert rates[9.0] == pytest.approx(rates[None], rel=1e-9)
    factor = math.exp(0.5 * F * 0.02 / (R * 298.15))
    limit("E29 pace above the upper limit", rates[2.98] / rates[3.0], factor, 1e-5)
    assert rates[3.0] > 100 * rates[9.0]


def test_a_cycle_beyond_the_limit_takes_no_more_than_nine_tenths(make_cell, run, limit):
    more = {"cathode.material.upper_limit": "1 V"}
    spec = make_cell(CELL, HALF | more)
    seen = run(spec, [(-2.0, 600.0)], MODE, **TIGHT)
    # Y = (ln 10)^2 N; N by what is left, which the first part of a cycle has cut already.
    y = math.sqrt(seen.end(STATE))
    passed_share = 2.0 * 600.0 / (2 * sites(spec))
    closed = 2 * (1 - (1 + y) * math.exp(-y))
    assert closed == pytest.approx(math.log(10) ** 2 * passed_share, rel=2e-3)


def test_the_bench_warns_of_a_host_charged_too_far():
    run = twin.simulate(
        CELL,
        cycles=1,
        model="spm",
        modes=MODE,
        store="sqlite://",
        overrides={"cathode.material.upper_limit": "3.45 V"},
    )
    assert run.outcome.kind == "completed"
    (warned,) = [e for e in run.store.events(run.id) if e["mode"] == "fade"]
    assert warned["criterion"] == "cathode charged too far"


# --------------------------------------------------------------- which cells


@pytest.mark.parametrize(
    ("cell", "family"),
    [
        ("na-nzsp-nvp", "polyanion"),
        ("nasn-nbh-nco", "layered"),
        ("na-nsbs-fes2-il", "conversion"),
        ("nasn-nps-tis2", "other"),
        ("na-base-nicl2-300c", None),
        ("na-base-s-330c", None),
    ],
)
def test_a_cathode_follows_its_family(cell, family):
    context = twin.CellContext(twin.load_cell(cell))
    assert family_of(context, "fade") == family
    mode = twin.plugin_manager().modes["fade"]
    assert bool(mode.submodels(context)) == (family is not None)


def test_symmetric_cells_have_none():
    assert "fade" not in [m.id for m in twin.plugin_manager().select(kind="symmetric")]


def test_it_can_be_told_another_family_or_none(make_cell):
    for word, found in (("layered", "layered"), ("none", None)):
        spec = make_cell(CELL, fades(family=word))
        assert family_of(twin.CellContext(spec), "fade") == found


# ------------------------------------------------------------- in the cell


# As tight as either can be solved.
@pytest.mark.parametrize(
    ("model", "rtol", "within"), [("spm", 1e-10, 1e-8), ("dfn", 1e-8, 5e-8)], ids=["spm", "dfn"]
)
def test_sodium_of_the_host_that_fades_is_in_the_ledger(make_cell, run, model, rtol, within):
    tight = {"model": model, "rtol": rtol, "atol": rtol / 100}
    spec = make_cell(CELL, HALF | fades(polyanion__loss=1.0))
    seen = run(spec, CYCLE, MODE, **tight)
    active, x = seen["Cathode active material fraction"], seen["Cathode stoichiometry"]
    held = seen["Cathode isolated host sodium"]
    assert active[-1] < 0.98
    total = sites(spec) * (active * x + held) + seen["Anode sodium [C.m-2]"]
    assert np.abs(total - total[0]).max() < within * passed(CYCLE)


def test_jumps_leave_the_state_exact():
    lives = [
        twin.life(
            CELL,
            cycles=80,
            exact=exact,
            model="spm",
            modes=MODE,
            store="sqlite://",
            overrides=fades(polyanion__loss=0.2),
        )
        for exact in (False, True)
    ]
    assert lives[0].cycles_simulated < 40
    last = [life.rows[-1][Y] for life in lives]
    assert last[0] == pytest.approx(last[1], rel=1e-4)


def test_what_is_left_of_the_capacity_is_the_closed_form():
    # N cycles that fill and empty what is left: e^-y of the law, for who applies it outside.
    life = twin.life(CELL, cycles=200, model="spm", modes=MODE, store="sqlite://")
    own = twin.load_cell(CELL).modes["fade"]
    kept = life.rows[-1]["capacity_Ah"] / life.rows[0]["capacity_Ah"]
    loss = [expected_loss(own, "polyanion", n, 0, 298.15) for n in (1, 200)]
    # A cycle between the voltage limits moves 98 % of the sites.
    assert -math.log(kept) == pytest.approx(loss[1] - loss[0], rel=0.03)


def test_a_cell_that_fades_dies_of_fade():
    life = twin.life(
        CELL,
        cycles=50,
        model="spm",
        modes=("delamination", "fade"),
        store="sqlite://",
        overrides=fades(polyanion__loss=1.0),
    )
    outcome = life.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "fade")
    assert outcome.criterion == "capacity lost"
    first, last = (life.rows[n]["Cathode unfaded active fraction"] for n in (0, -1))
    lost = outcome.evidence["fade"]["capacity_Ah"] / life.rows[0]["capacity_Ah"]
    # The nominal capacity is a little more than what a cycle gives.
    assert lost == pytest.approx(first - last, rel=0.1)
    assert "has faded" in outcome.evidence["fade"]["says"]
