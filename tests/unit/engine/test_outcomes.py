"""What counts as death: capacities, windows, cold resistances, and who is to blame."""

from __future__ import annotations

import pytest

import twin
from twin.engine.blame import LEAST_PART, MAIN_PART, Found, heating, responsible, window_share

FORMATION = """
schema = 1
title = "One formation charge, then cycling that starts with the discharge"
kinds = ["full"]
[[phase]]
name = "formation charge"
cycles = 1
steps = ["Charge at C/5 until {upper}", "Rest for 10 minutes"]
[[phase]]
name = "cycling"
steps = ["Discharge at C/5 until {lower}", "Rest for 10 minutes", "Charge at C/5 until {upper}"]
"""
SHALLOW = """
schema = 1
title = "Two percent up and down"
kinds = ["full"]
[[phase]]
name = "regulation"
steps = [
  "Charge at C/5 for 12 minutes or until {upper}",
  "Discharge at C/5 for 6 minutes or until {lower}",
]
"""
INSULATING = {"modes.interphase.anode.kind": "insulating"}
TIMED = """
schema = 1
title = "Ten hours whatever the voltage"
kinds = ["full"]
[[phase]]
name = "cycle"
steps = ["Charge at C/5 until {upper}", "Discharge at C/5 for 10 hours"]
"""


@pytest.fixture
def go(tmp_path):
    def run(text, cycles, cell="na-nzsp-nvp", **more):
        protocol = text
        if "[[phase]]" in text:
            protocol = tmp_path / "protocol.toml"
            protocol.write_text(text)
        return twin.simulate(
            cell, model="spm", protocol=protocol, cycles=cycles, store="sqlite://", **more
        )

    return run


def test_a_formation_charge_is_no_death(go):
    run = go(FORMATION, 3)
    assert run.outcome.kind == "completed"
    assert [row["capacity_estimated"] for row in run.rows] == [True, False, False]
    assert [row["coulombic_efficiency"] is None for row in run.rows] == [True, False, False]
    assert run.rows[1]["capacity_Ah"] == pytest.approx(run.rows[1]["discharge_Ah"], rel=1e-12)
    assert run.to_dict()["capacity_estimated"] == [True, False, False]


def test_shallow_cycles_are_no_death(go):
    run = go(SHALLOW, 3)
    assert run.outcome.kind == "completed"
    nominal = 1.2613e-3
    for row in run.rows:
        assert row["capacity_estimated"]
        # 98.4 % of the active material is reached.
        assert row["capacity_Ah"] == pytest.approx(0.984 * nominal, rel=0.01)
        assert row["discharge_Ah"] == pytest.approx(0.02 * nominal, rel=0.01)


def test_discharging_first_is_no_death(go):
    # Fade alone takes 0.1 % from a first cycle to a second.
    run = go("cc-cv-discharge-first", 2, without=["fade"])
    assert run.outcome.kind == "completed"
    assert run.rows[1]["capacity_share"] == pytest.approx(1, abs=1e-3)


def test_a_weeks_capacity_is_that_of_its_full_discharge(go):
    """Partial days give their charge whatever the cell holds: 94.8 % of it, once, at 80 %."""
    run = go("stationary-storage", 12, cell="hc-nzsp-nvp", overrides=INSULATING, without=["fade"])
    outcome = run.outcome
    assert (outcome.kind, outcome.criterion, outcome.cycle) == ("cell-failed", "capacity lost", 11)
    last = run.rows[-1]
    assert last["capacity_share"] == pytest.approx(0.79, abs=0.01)
    assert last["discharge_Ah"] / run.rows[0]["discharge_Ah"] > 0.94
    assert last["open_circuit_capacity_Ah"] / run.rows[0]["open_circuit_capacity_Ah"] == (
        pytest.approx(last["capacity_share"], abs=0.02)
    )


def test_check_ups_in_two_phases_compare(go):
    """After a month in storage against before it: 38 %, where both discharges say 78 %."""
    run = go("calendar-storage", 2, cell="hc-nzsp-nvp", overrides=INSULATING)
    assert (run.outcome.criterion, run.outcome.cycle) == ("capacity lost", 2)
    assert run.outcome.value == pytest.approx(0.377, abs=0.01)


def test_a_protocol_that_leaves_the_window_is_said_so(go):
    run = go(TIMED, 2)
    outcome = run.outcome
    assert (outcome.kind, outcome.mode, outcome.cycle) == ("left-window", None, 1)
    assert (outcome.variable, outcome.threshold) == ("Voltage [V]", 2.5)
    assert outcome.value == pytest.approx(1.5, abs=0.01)
    assert "for 10 hours" in outcome.says and "{lower}" in outcome.fix
    assert run.rows[-1]["complete"] is False
    assert run.info.status == "left-window"


# Particles that part at the first charge: a seventh of the capacity is gone.
PARTED = {
    "modes.delamination.cathode.initial_damage": 0.7,
    "modes.delamination.cathode.gap_contact": 0.1,
}


def test_a_window_left_by_the_protocol_is_not_put_down_to_what_was_lost(go):
    # A seventh less capacity does not make a step of twice the capacity leave the window.
    outcome = go(TIMED, 2, overrides=PARTED).outcome
    assert outcome.evidence["delamination"]["weight"] > 0.12 > LEAST_PART
    assert (outcome.kind, outcome.mode) == ("left-window", None)


def test_a_window_left_for_what_was_lost_is_put_down_to_it(go):
    # Half as many particles and more: now the mode made most of the deficit.
    most = PARTED | {
        "modes.delamination.cathode.initial_damage": 0.95,
        "modes.delamination.cathode.isolated_share": 0.9,
        "modes.delamination.cathode.damage_limit": 0.99,
    }
    outcome = go(TIMED, 2, overrides=most).outcome
    assert outcome.evidence["delamination"]["weight"] > 0.5
    assert (outcome.kind, outcome.mode) == ("cell-failed", "delamination")


def test_heat_is_not_put_down_to_capacity_that_was_lost(go):
    # What makes it hot is the oven; nor does capacity lost heat a cell.
    hot = PARTED | {"end_of_life.maximum_temperature": "50 degC"}
    outcome = go("temperature-cycling", 1, overrides=hot).outcome
    assert (outcome.criterion, outcome.mode) == ("too hot", "core")


def test_heat_is_put_down_to_the_mode_whose_resistance_makes_most_of_it(prepared_blame):
    found = prepared_blame
    volts = 0.1
    assert found({"film": 0.6 * volts, "gap": 0.1 * volts}, volts) == "film"
    assert found({"film": 0.4 * volts, "gap": 0.1 * volts}, volts) == "core"
    assert found({"film": 0.4 * volts, "short": 0.0}, volts) == "short"


@pytest.fixture
def prepared_blame():
    """Blame for heat: modes with polarisations [V], of a polarisation that heats."""

    class Prepared:
        spec = twin.load_cell("na-nzsp-nvp")

    def blame(volts, heats):
        # Capacity they may have taken does not heat, unless it leaks.
        evidence = {
            m: Found(polarisation=v, capacity=1e-3, leaked=1e-3 if m == "short" else 0.0)
            for m, v in volts.items()
        }
        loss = window_share(heats, Prepared())
        return responsible(heating(evidence), Prepared(), loss, MAIN_PART)

    return blame


def test_a_swing_to_the_cold_and_back_is_no_death(go):
    run = go("temperature-cycling", 3, overrides=INSULATING)
    assert run.outcome.kind == "completed"
    # At -20 degC the interphase alone is beyond its limit; what has aged is far from it.
    cold, aged = (
        run.rows[-1][f"Anode interphase resistance{at} [Ohm.m2] (worst)"]
        if at
        else max(run.series["Anode interphase resistance [Ohm.m2]"].values)
        for at in ("", " at ambient")
    )
    assert cold > 0.2 > 10 * aged


def test_at_the_ambient_temperature_a_resistance_is_itself(go):
    row = go("cc-cv", 1).rows[0]
    name = "Area-specific resistance"
    assert row[f"{name} at ambient [Ohm.m2]"] == pytest.approx(row[f"{name} [Ohm.m2]"], rel=1e-12)


def test_a_criterion_met_as_a_step_begins_tells_of_that_step(go):
    hot = {"end_of_life.maximum_temperature": "50 degC"}
    outcome = go("temperature-cycling", 1, overrides=hot).outcome
    assert outcome.criterion == "too hot"
    assert outcome.value == outcome.temperature_K == pytest.approx(333.15)
    # The rest before was at -20 degC: what the cold adds is nobody's doing.
    assert outcome.mode == "core"
    assert abs(outcome.evidence["interphase"]["polarisation_V"]) < 0.01


def test_a_cell_that_wastes_its_energy_is_dead(go):
    run = go("cc-cv", 3, overrides={"end_of_life.energy_efficiency": 0.999})
    outcome, row = run.outcome, run.rows[-1]
    assert (outcome.kind, outcome.criterion, outcome.cycle) == ("cell-failed", "energy lost", 1)
    assert outcome.value == pytest.approx(row["discharge_Wh"] / row["charge_Wh"], rel=1e-12)
    assert 0.8 < outcome.value < 0.999 and outcome.threshold == 0.999
    assert "of the energy it was charged with" in outcome.says


def test_the_energy_of_a_cycle_that_ends_elsewhere_is_not_judged(go):
    # 2 % up, 1 % down: half of the charge comes back, and nothing is lost.
    run = go(SHALLOW, 2)
    row = run.rows[0]
    assert row["discharge_Wh"] / row["charge_Wh"] < 0.6
    assert run.outcome.kind == "completed"
    assert not any("energy lost" in name for name in row["margins"])


def test_the_energy_of_a_half_cell_is_not_judged():
    # Plated at 0.1 V and stripped at less, it gives back little of next to nothing.
    run = twin.simulate(
        "al-nbh-nasn", cycles=1, model="spm", modes=["pressure"], store="sqlite://", series_every=0
    )
    row = run.rows[0]
    assert abs(row["discharge_Wh"] / row["charge_Wh"]) < 0.5
    assert run.outcome.kind == "completed"
    assert not any("energy lost" in name for name in row["margins"])


@pytest.mark.parametrize("fatal", [False, True])
def test_a_risen_resistance_warns_and_kills_only_where_it_is_asked_to(tmp_path, fatal):
    given = INSULATING | {"end_of_life.resistance_warning": 1.5}
    run = twin.simulate(
        "na-nzsp-na",
        cycles=20,
        overrides=given | ({"end_of_life.resistance_factor": 1.5} if fatal else {}),
        modes=["interphase"],
        store=f"sqlite:///{tmp_path}/runs.db",
    )
    assert run.outcome.criterion == ("resistance risen" if fatal else None)
    said = [e["says"] for e in run.store.events(run.id) if e["severity"] == "warning"]
    assert "the resistance is more than 1.5 times its first" in said
    ratios = [row["resistance_Ohm_m2"] / run.rows[0]["resistance_Ohm_m2"] for row in run.rows]
    assert ratios[-1] > 1.5 and (not fatal or ratios[-2] < 1.5)


@pytest.mark.parametrize(
    ("cost", "loss", "mode"),
    [
        (1e-6, 1.0, "core"),
        (0.9 * LEAST_PART, 1.0, "core"),
        (1.1 * LEAST_PART, 1.0, "film"),
        (0.004, 0.006, "film"),
        (0.0, 0.0, "core"),
        (-1.0, 0.2, "core"),
    ],
)
def test_blame_needs_a_part_in_the_loss_that_matters(cost, loss, mode):
    class Prepared:
        spec = twin.load_cell("na-nzsp-nvp")

    window = Prepared.spec.window
    volts = cost * (window.upper.si - window.lower.si)
    assert responsible({"film": Found(polarisation=volts)}, Prepared(), loss) == mode
