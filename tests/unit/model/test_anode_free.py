"""A metal electrode that starts without sodium: full cells, and half cells with a foil opposite."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import twin

F, V_M = twin.FARADAY, 2.375e-5
HOUR = 3600.0
SEED, FILM = 1e-9, 50e-9  # m, the twin's defaults
BARE = {"anode.thickness": "0 um"}
HALF = BARE | {"anode.counter_thickness": "200 um"}


def test_a_half_cell_plates_on_one_side_what_the_foil_gives(make_cell, run):
    seen = run(make_cell("na-nzsp-na", HALF), [(-3.0, HOUR)])
    plated = V_M * 3 * HOUR / F
    assert seen["Anode sodium thickness [m]"][0] == pytest.approx(0, abs=1e-18)
    assert seen.end("Anode sodium thickness [m]") == pytest.approx(plated, rel=1e-7)
    assert seen.end("Cathode sodium thickness [m]") == pytest.approx(200e-6 - plated, rel=1e-7)
    assert seen.end("Cathode thickness change [m]") == pytest.approx(-plated, rel=1e-7)


def test_plating_starts_from_the_seed_and_covers(make_cell, run):
    seen = run(make_cell("na-nzsp-na", HALF), [(-3.0, HOUR)])
    height = seen["Anode sodium thickness [m]"]
    exact = -np.expm1(-(height + SEED) / FILM)
    assert seen["Anode sodium coverage"] == pytest.approx(exact, rel=1e-6)
    assert seen["Anode sodium coverage"][0] == pytest.approx(0.0198, abs=1e-4)
    assert seen.end("Anode sodium coverage") == pytest.approx(1, abs=1e-9)
    assert (seen["Cathode sodium coverage"] == 1).all()


def test_stripping_a_bare_collector_takes_its_seed_and_ends():
    # The protocol strips the anode first. What is left carries the local current, so the
    # window of a volt is left while a little of the seed still covers:
    # j (R_s + R_f (1 + 1/theta)) + 2RT/F (asinh(j/(2 j_0)) + asinh(j/(2 j_0 theta))) = 1 V.
    run = twin.simulate(
        "na-nzsp-na", cycles=1, modes=[], overrides=HALF, store="sqlite://", series_every=0
    )
    assert run.outcome.criterion == "polarised (negative)"
    rtf, rest = 2 * twin.GAS_CONSTANT * 298.15 / F, 3.0 * (1e-3 + 6.3e-4)

    def above(cover):
        kinetics = math.asinh(3.0 / (2 * 40.8)) + math.asinh(3.0 / (2 * 40.8 * cover))
        return rest + 3.0 * 6.3e-4 / cover + rtf * kinetics - 1.0

    left = -FILM * math.log1p(-brentq(above, 1e-6, 0.019)) - SEED
    seconds = -left * F / (V_M * 3.0)
    assert 0 < seconds < SEED * F / (V_M * 3.0)
    assert run.outcome.time_h == pytest.approx(seconds / HOUR, rel=0.01)


def test_a_collector_stripped_bare_is_plated_as_a_new_one(make_cell, run):
    # Near its end sodium covers next to nothing; plating finds the seed again.
    strip = "Discharge at 3 A for 2 hours or until 2.6 V"
    overrides = BARE | {"geometry.area": "1 m^2", "cathode.initial_stoichiometry": 0.9}
    spec = make_cell("na-nzsp-nvp", overrides)
    seen = run(spec, [(-3.0, HOUR), strip, (-3.0, HOUR)])
    cover = seen["Anode sodium coverage"]
    plating = seen["Current [A]"] < 0
    turn = int(np.argmax(~plating & (seen.t > HOUR / 2)))
    again = turn + int(np.argmax(plating[turn:]))
    assert cover[again - 1] < 0.5 * -math.expm1(-SEED / FILM)
    assert cover[again] == pytest.approx(cover[0], rel=1e-6)
    assert seen["Anode reaction overpotential [V]"][again] == pytest.approx(
        seen["Anode reaction overpotential [V]"][0], rel=1e-6
    )


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_an_anode_free_full_cell_cycles(model):
    run = twin.simulate(
        "na-nzsp-nvp",
        cycles=2,
        modes=["pressure"],
        model=model,
        overrides=BARE,
        store="sqlite://",
        series_every=0,
    )
    assert run.outcome.kind == "completed"
    first, second = (row["capacity_Ah"] for row in run.rows)
    assert second == pytest.approx(first, rel=1e-3)


def test_a_symmetric_cell_of_no_sodium_is_refused(make_cell):
    with pytest.raises(twin.SpecError, match="sodium on one side at least"):
        make_cell("na-nzsp-na", BARE)
    with pytest.raises(twin.SpecError, match="sodium on one side at least"):
        make_cell("na-nzsp-na", BARE | {"anode.counter_thickness": "0 um"})


def test_a_full_cell_has_no_other_metal_side(make_cell):
    with pytest.raises(twin.SpecError, match="only a symmetric cell"):
        make_cell("na-nzsp-nvp", {"anode.counter_thickness": "10 um"})


def test_c_rates_of_a_half_cell_are_its_foils(make_cell):
    from twin.model.parameters import theoretical_capacity

    half, both = make_cell("na-nzsp-na", HALF), make_cell("na-nzsp-na")
    assert theoretical_capacity(half) == theoretical_capacity(both)
