"""Tin that is pulverised: its map of efficiencies, the sodium it traps, depth, jumps, the blame."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from twin_pulverisation.parameters import alloys

import twin

F = twin.FARADAY
HOUR = 3600.0
MODE = ("pulverisation",)
TIN, ALLOY = "sn-nbh-nco", "nasn-nbh-nco"
SHARE, STATE = "Anode unpulverised active fraction", "Anode pulverisation state"
STRIPS, LARGEST = "Anode full strips", "Anode largest filling"
BESIDE = "Anode sodium trapped beside [C.m-2]"
TIGHT = {"model": "spm", "rtol": 1e-10, "atol": 1e-12}
# Charged for 5 h, a rest in which the largest filling catches up, and most of it back.
CYCLE = [(-1.0, 5 * HOUR), (0.0, HOUR), (1.0, 4 * HOUR)]


def pulverises(**values):
    return {f"modes.pulverisation.{key}": value for key, value in values.items()}


def own_of(spec):
    return spec.modes["pulverisation"]


def decay(n):
    return quad(lambda u: 2 * u * math.exp(-u / n), 0, 1, epsabs=1e-14)[0]


def loss(own, m, new=1.0):
    """l(m) of the law, from the table."""
    first, n0 = own.first_strip.si, own.early_cycles.si
    early = own.early_loss.si * math.exp(1 / n0)
    virgin = own.first_loss.si - early - own.lasting_loss.si
    opening = virgin * math.exp(-m / first) / decay(first) + early * math.exp(-m / n0) / decay(n0)
    return new * (opening + own.lasting_loss.si) + (1 - new) * own.opened_loss.si


def newness(spec):
    start, opened = spec.anode.initial_stoichiometry.si, own_of(spec).opened_at.si
    return min(1.0, 2 * max(0.0, 1 - start / opened))


# ------------------------------------------------------------------- the law


def test_loss_of_a_strip_is_the_integral_over_its_depth(make_cell, run, limit):
    spec = make_cell(TIN)
    seen = run(spec, CYCLE, MODE, **TIGHT)
    M, x = seen.end(LARGEST), seen.end("Anode stoichiometry")
    # Its filling ran ahead of the largest by less than 1e-9 of it after the rest.
    assert pytest.approx(seen["Anode stoichiometry"].max(), rel=1e-9) == M
    depth = 1 - x / M
    assert depth > 0.6
    limit("E30 strips: m = 1 - x/M", seen.end(STRIPS), depth, 1e-6)
    new = newness(spec)
    lost = quad(lambda m: 2 * m * loss(own_of(spec), m, new), 0, depth, epsabs=1e-13)[0]
    limit("E30 -ln a = int 2 u l(m) du", seen.end(STATE), lost, 1e-6)


def test_grains_keep_what_they_had_at_the_top(make_cell, run, limit):
    # Cut off with x, filled up to M by the others: together M for each of their sites.
    spec = make_cell(TIN)
    seen = run(spec, CYCLE, MODE, **TIGHT)
    sites = twin.CellContext(spec).host_sites("anode")
    held = sites * seen.end("Anode isolated host sodium") + seen.end(BESIDE)
    limit("E30 trapped = M (1 - a)", held, sites * seen.end(LARGEST) * (1 - seen.end(SHARE)), 1e-6)


@pytest.mark.parametrize(("model", "rtol"), [("spm", 1e-10), ("dfn", 1e-8)])
def test_sodium_of_tin_and_cathode_is_conserved(make_cell, run, model, rtol):
    spec = make_cell(TIN)
    seen = run(spec, CYCLE, MODE, model=model, rtol=rtol, atol=rtol / 100)
    context = twin.CellContext(spec)
    total = seen[BESIDE].copy()
    for place in ("anode", "cathode"):
        name = place.capitalize()
        inside = seen[f"{name} stoichiometry"].copy()
        if place == "anode":
            inside *= seen["Anode active material fraction"]
            inside += seen["Anode isolated host sodium"]
        total += context.host_sites(place) * inside
    passed = sum(abs(i) * seconds for i, seconds in CYCLE)
    assert seen.end(BESIDE) > 1e-3 * passed
    assert np.abs(total - total[0]).max() < 1e-8 * passed


def test_full_strips_follow_the_map_of_efficiencies():
    # 1 - CE: all of the first loss, then an early part that dies away, and a lasting one.
    cycles = twin.simulate(TIN, cycles=4, model="spm", modes=MODE, store="sqlite://").cycles
    own = own_of(twin.load_cell(TIN))
    n0 = own.early_cycles.si
    for n in (2, 3, 4):
        ln = own.early_loss.si * math.exp(-(n - 2) / n0) + own.lasting_loss.si
        assert -math.log(cycles.coulombic_efficiency[n]) == pytest.approx(ln, rel=0.02)
    # Tin is assembled with a trace of sodium, and a bare cell gives back 98.2 % of a charge.
    first = cycles.coulombic_efficiency[1]
    bare = twin.simulate(TIN, cycles=1, model="spm", modes=[], store="sqlite://").cycles
    whole = bare.coulombic_efficiency[1]
    # The lesser of host and cathode, not their product.
    host = math.exp(-own.first_loss.si)
    assert whole < 0.985
    assert first == pytest.approx(min(host, whole), abs=0.015)
    assert first > host * whole + 0.01


def test_fitted_constants_give_what_they_were_fitted_to():
    own = own_of(twin.load_cell(TIN))
    n0 = own.early_cycles.si
    later = [
        own.early_loss.si * math.exp(-(n - 2) / n0) + own.lasting_loss.si for n in range(2, 51)
    ]
    assert math.exp(-later[0]) == pytest.approx(0.958, abs=1e-3)
    assert math.exp(-sum(later)) == pytest.approx(0.474, abs=2e-3)
    assert math.exp(-49 * own.opened_loss.si) == pytest.approx(0.921, abs=2e-3)
    assert math.exp(-own.first_loss.si) == pytest.approx(0.831, abs=1e-3)


# ------------------------------------------------------------ depth, history


def test_a_shallow_strip_costs_the_square_of_its_depth(make_cell, run, limit):
    only = pulverises(opened_loss=0.1)
    only |= {"anode.initial_stoichiometry": 0.6, "cathode.initial_stoichiometry": 0.2}
    lost = {}
    for hours in (2, 4):
        seen = run(make_cell(ALLOY, only), [(1.0, hours * HOUR)], MODE, **TIGHT)
        depth = 1 - seen.end("Anode stoichiometry") / 0.6
        limit("E30 shallow: l u^2", seen.end(STATE), 0.1 * depth**2, 1e-6)
        lost[hours] = seen.end(STATE)
    assert lost[4] == pytest.approx(4 * lost[2], rel=2e-2)


def test_what_is_assembled_with_its_sodium_has_no_first_loss(make_cell, run):
    seen = {
        start: run(
            make_cell(TIN, {"anode.initial_stoichiometry": start}), [(1.0, HOUR)], MODE, **TIGHT
        )
        for start in (0.06, 0.12, 0.3)
    }
    rate = {x: s.end(STATE) / s.end(STRIPS) ** 2 for x, s in seen.items()}
    assert rate[0.06] > 3 * rate[0.12] > 9 * rate[0.3]
    own = own_of(make_cell(TIN))
    assert rate[0.3] == pytest.approx(own.opened_loss.si, rel=1e-5)


def test_charge_pulverises_nothing(make_cell, run):
    seen = run(make_cell(TIN), [(-1.0, 2 * HOUR), (0.0, HOUR)], MODE, **TIGHT)
    assert seen.end(STATE) == 0 and seen.end(BESIDE) == 0
    assert seen.end(LARGEST) > 0.1


@pytest.mark.parametrize(
    ("cell", "found"), [(TIN, 1), (ALLOY, 1), ("hc-nzsp-nvp", 0), ("na-nzsp-nvp", 0)]
)
def test_only_alloys_are_pulverised(cell, found):
    context = twin.CellContext(twin.load_cell(cell))
    assert len(alloys(context)) == found
    mode = twin.plugin_manager().modes["pulverisation"]
    assert len(mode.submodels(context)) == found


# -------------------------------------------------------------- in the cell


@pytest.mark.parametrize(
    ("cell", "own", "modes"),
    [
        pytest.param(TIN, {}, MODE, id="tin"),
        pytest.param(TIN, {"early_loss": 0.11}, MODE, id="a steep loss", marks=pytest.mark.slow),
        pytest.param(TIN, {"early_cycles": 3.0}, MODE, id="soon over", marks=pytest.mark.slow),
        pytest.param(TIN, {"lasting_loss": 0.015}, MODE, id="lasting", marks=pytest.mark.slow),
        pytest.param(TIN, {}, None, id="all modes", marks=pytest.mark.slow),
        pytest.param("sn-onbh-nco-thick", {}, None, id="thick", marks=pytest.mark.slow),
    ],
)
def test_jumps_follow_the_map(cell, own, modes):
    """In every cycle that both have, and by no more than is told."""
    exact, jumped = (
        twin.life(
            cell,
            cycles=40,
            exact=every,
            model="spm",
            modes=modes,
            store="sqlite://",
            overrides={f"modes.pulverisation.{key}": value for key, value in own.items()}
            | {"end_of_life.capacity_fraction": 0.02},
        )
        for every in (True, False)
    )
    assert jumped.cycles_simulated < 40
    true = {row["cycle"]: row for row in exact.rows}
    assert exact.rows[-1]["cycle"] == jumped.rows[-1]["cycle"] == 40
    told = jumped.outcome.numerics["estimated_capacity_error"]
    for row in jumped.rows:
        for key in {SHARE, "capacity_Ah"} & row.keys():
            off = abs(row[key] / true[row["cycle"]][key] - 1)
            assert off < 5e-3 and off <= max(told, 1e-3), (row["cycle"], key)


def test_a_cell_with_tin_dies_of_it():
    outcome = twin.simulate(TIN, cycles=20, model="spm", store="sqlite://").outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "pulverisation")
    assert outcome.criterion == "capacity lost"
    assert "has lost its contact" in outcome.evidence["pulverisation"]["says"]


def test_sodium_in_reserve_is_not_missed(make_cell):
    # What is trapped is lacking only beyond what the discharged anode still held.
    context = twin.CellContext(make_cell(ALLOY))
    mode = twin.plugin_manager().modes["pulverisation"]
    sites = context.host_sites("anode")
    for held, lacking in ((0.5, 0.0), (0.1, 0.08)):
        first = {SHARE: 1.0, "Anode active material fraction": 1.0, "Anode stoichiometry": held}
        last = {SHARE: 0.8, LARGEST: 0.9, "Anode pulverised fraction": 0.2}
        record = twin.RunRecord(first, last, 1.0, 298.15, 1e-4, 1e-3)
        found = mode.diagnose(record, context).capacity
        assert found == pytest.approx(lacking * sites * 1e-4 / 3600, abs=1e-12)
