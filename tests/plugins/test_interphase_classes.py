"""The classes of interphase, the published ones, and how each of them fades a cell."""

from __future__ import annotations

import numpy as np
import pytest

import twin

F = twin.FARADAY
MODE = ("interphase",)
HOUR = 3600.0
RESISTANCE = "Anode interphase resistance [Ohm.m2]"
LOST = "Anode sodium lost [C.m-2]"


@pytest.fixture(scope="module")
def stored(make_cell, run):
    """Let a symmetric cell of some interphase stand; return what became of it."""

    def solve(overlay, hours, steps=None, **overrides):
        spec = make_cell("na-nps-na", {"anode.thickness": "1 mm"} | overrides, overlay)
        return run(spec, steps or [(0.0, hours * HOUR)], MODE, rtol=1e-9, atol=1e-12)

    return solve


def test_stable_pair_stays_as_it_is(make_cell, run):
    # Case 15: beta''-alumina, less than 1 % in 100 h; nothing at all.
    for cell, overlays in (("na-base-na", ()), ("na-nzsp-na", ("inert-interphase",))):
        seen = run(make_cell(cell, {}, *overlays), [(0.0, 100 * HOUR)], MODE)
        asr = seen["Area-specific resistance [Ohm.m2]"]
        assert abs(asr[-1] / asr[0] - 1) < 1e-9
        assert seen.end(LOST) == 0


def exponent(seen, first, last):
    """Return the power of time that a layer's resistance rises with."""
    t = np.geomspace(first, last, 8)
    risen = seen.at(RESISTANCE, t) - seen[RESISTANCE][0]
    return np.polyfit(np.log(t), np.log(risen), 1)[0]


def test_resistance_of_na3ps4_rises_as_the_root_of_time(stored):
    # Case 15: rises continuously; the half is what the parabolic constant supposes.
    seen = stored("na3ps4-interphase", 1000)
    assert (np.diff(seen[RESISTANCE]) > 0).all()
    assert exponent(seen, 10 * HOUR, 1000 * HOUR) == pytest.approx(0.5, abs=0.01)


def test_mixed_conducting_interphase_rises_in_proportion_to_time(stored):
    seen = stored("na3sbs4-interphase", 1000)
    assert exponent(seen, 10 * HOUR, 1000 * HOUR) == pytest.approx(1, abs=1e-6)


def test_order_of_the_sulfides(stored):
    # Case 16, after 100 h: Na3SbS4 at least as Na3PS4, and that more than with chlorine.
    names = ("na3sbs4", "na3ps4", "na3ps4-cl")
    seen = {name: stored(f"{name}-interphase", 100) for name in names}
    for what in ("interphase thickness [m]", "interphase resistance [Ohm.m2]"):
        grown = [s.end(f"Anode {what}") - s[f"Anode {what}"][0] for s in seen.values()]
        assert grown[0] >= grown[1] > 10 * grown[2] > 0


def test_three_electrolytes_against_sodium(stored):
    # Case X05 in 17.5 h: 7100, 27 and no ohm cm2; NPS loses 0.22 mAh/cm2 for its 27.
    names = ("nyzc", "na3ps4", "inert")
    seen = {name: stored(f"{name}-interphase", 17.5) for name in names}
    risen = {name: (s.end(RESISTANCE) - s[RESISTANCE][0]) * 1e4 for name, s in seen.items()}
    assert risen["nyzc"] == pytest.approx(7100, rel=0.05)
    assert risen["na3ps4"] == pytest.approx(27, rel=0.05)
    assert risen["inert"] == 0
    lost = {name: s.end(LOST) / 36000 for name, s in seen.items()}  # mAh/cm2
    assert lost["na3ps4"] == pytest.approx(0.16 * 1.4, rel=0.05)
    # Not more than was passed, though nearly all of it.
    assert 0.8 * 1.4 < lost["nyzc"] < 1.4


def test_a_flat_symmetric_voltage_is_no_stability(stored):
    # X05: at 0.064 mA/cm2 through 500 um of 0.185 mS/cm the voltage hardly rises, while
    # in ten days more sodium goes than the first charge of the cell would bring.
    pellet = {"electrolyte.material.conductivity": "0.0185 S/m"}
    steps = [(s * 0.64, 5 * HOUR) for s in (1, -1)] * 24
    seen = stored("na3ps4-interphase", 0, steps, **pellet)
    asr = seen["Area-specific resistance [Ohm.m2]"]
    first = np.searchsorted(seen.t, 20 * HOUR)
    assert asr[-1] / asr[first] < 1.5
    assert seen.end(LOST) / 36000 > 0.5


# ------------------------------------------------------------ in full cells

NO_ANODE_LAYER = {"modes.interphase.anode.kind": "stable"}


def faded(cycles, overrides, **kwargs):
    """Cycle the NVP cell with its interphases alone; return its rows."""
    run = twin.simulate(
        "na-nzsp-nvp",
        cycles=cycles,
        modes=MODE,
        model="spm",
        store="sqlite://",
        overrides={"end_of_life.capacity_fraction": 0.1} | overrides,
        **kwargs,
    )
    assert run.outcome.kind == "completed", run.outcome
    return run.rows


def cei(limit, **values):
    """Oxidation of the cathode's electrolyte above a limit [V], as a layer that thickens."""
    numbers = {
        "kind": "insulating",
        "stability_limit": f"{limit} V",
        "reference_drive": "0.1 V",
        "rate_constant": "1e-12 m/s",
        "parabolic_constant": "1e-21 m^2/s",
        "conductivity": "1e-2 S/m",
    }
    return {f"modes.interphase.cathode.{k}": v for k, v in (numbers | values).items()}


def test_same_electrolyte_inside_and_outside_its_window():
    # Case X21: within its window a cell keeps its capacity, beyond it fades, then slower.
    inside = faded(6, NO_ANODE_LAYER | cei(4.4))
    beyond = faded(6, NO_ANODE_LAYER | cei(3.2, active_consumed=1.0))
    kept = [rows[-1]["capacity_Ah"] / rows[0]["capacity_Ah"] for rows in (inside, beyond)]
    assert kept[0] == pytest.approx(1, abs=1e-4)
    assert kept[1] < 0.99
    efficiency = [row["coulombic_efficiency"] for row in beyond]
    assert efficiency[0] < 0.98
    losses = -np.diff([row["capacity_Ah"] for row in beyond])
    assert (np.diff(losses) < 0).all()


@pytest.mark.parametrize(("kind", "power"), [("insulating", 0.5), ("mixed-conducting", 1.0)])
def test_fade_as_the_root_of_time_or_in_proportion(make_cell, run, kind, power):
    # Case X16's question: held charged, material goes as the layer that consumes it.
    layer = cei(3.2, kind=kind, active_consumed=1.0, rate_constant="1e-14 m/s")
    if kind == "insulating":
        layer = cei(3.2, kind=kind, active_consumed=1.0, rate_constant="1e-7 m/s")
    overrides = NO_ANODE_LAYER | layer | {"cathode.initial_stoichiometry": 0.5}
    spec = make_cell("na-nzsp-nvp", overrides)
    seen = run(spec, [(0.0, 1e5)], MODE, model="spm", rtol=1e-8, atol=1e-11)
    t = np.geomspace(1e4, 1e5, 8)
    gone = 1 - seen.at("Cathode active material fraction", t)
    found = np.polyfit(np.log(t), np.log(gone), 1)[0]
    assert found == pytest.approx(power, abs=0.05)


def test_inventory_alone_or_not():
    # Corrections 5, cases X08 and X19: where sodium alone is lost the capacity kept is the
    # product of the efficiencies; where material goes too it is less.
    anode_free = {"anode.thickness": "0.1 um", "modes.interphase.cathode.kind": "stable"}
    anode = {
        "modes.interphase.anode.kind": "mixed-conducting",
        "modes.interphase.anode.rate_constant": "4e-12 m/s",
        "modes.interphase.anode.conductivity": "1 S/m",
    }
    rows = faded(6, anode_free | anode)
    product = np.prod([row["coulombic_efficiency"] for row in rows[1:]])
    assert product < 0.98
    assert rows[-1]["capacity_Ah"] / rows[0]["capacity_Ah"] == pytest.approx(product, abs=2e-3)
    # A layer that takes material and little charge: the efficiencies do not show it all.
    layer = cei(3.2, active_consumed=3.0, molar_volume="4e-3 m^3/mol")
    both = faded(6, {"anode.thickness": "0.1 um"} | anode | layer)
    product = np.prod([row["coulombic_efficiency"] for row in both[1:]])
    assert both[-1]["capacity_Ah"] / both[0]["capacity_Ah"] < product - 0.05
