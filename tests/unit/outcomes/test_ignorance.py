"""What a forecast draws of a cell that nobody has measured."""

from __future__ import annotations

from collections import Counter

import pytest

import twin
from twin.outcomes.entries import index
from twin.outcomes.ignorance import KNOWN, ignorance, with_ignorance
from twin.specs.dump import cell_hash
from twin.specs.naming import find, walk_quantities

LEARNED = "modes.interphase.anode.parabolic_constant"
"""Learned from more cells than the library's own number."""


def test_every_cell_of_the_library_draws_something_and_nothing_that_is_measured():
    for entry in index():
        found = ignorance(entry.spec)
        assert found, entry.name
        for key, of in found.items():
            own = find(entry.spec, key)
            assert own.status not in KNOWN and of["spread"]
            if own.spread:  # an assumed one, for which there is a learned one
                assert own.status == "assumed" and of["status"] == "fitted", (entry.name, key)
            elif key == LEARNED and _against_an_alloy(entry.spec):
                assert of["value"] == "2.5e-18 m^2/s" and of["status"] == "fitted"
            else:
                assert of["value"] == own.text and (own.source or "the cell") in of["source"]


def _against_an_alloy(spec):
    return spec.electrolyte.material.name == "na3ps4" and spec.anode.kind != "metal"


REFILL = "modes.pressure.voids.refill_current"
"""The twin's default has an assumed value and spread; published critical currents gave others."""


def test_a_learned_spread_stands_for_an_assumed_one_with_its_centre():
    own = find(twin.load_cell("na-nzsp-na"), REFILL)
    assert own.spread == "lognormal 0.3" and own.status == "assumed"
    of = ignorance(twin.load_cell("na-nzsp-na"))[REFILL]
    assert (of["value"], of["spread"], of["status"]) == ("1.5 mA/cm^2", "lognormal 1.16", "fitted")
    assert "published" in of["source"] or "faces" in of["source"]
    # Pressed so little, it is a bare face.
    bare = ignorance(twin.load_cell("na-nzsp2-na-unpressed"))[REFILL]
    assert bare["value"] == "0.75 mA/cm^2"
    # Measured, fitted, or of another kind of spread: the cell's own stands.
    for other in (
        {"value": "0.05 mA/cm^2", "spread": "lognormal 0.3", "status": "measured", "source": "x"},
        {"value": "0.05 mA/cm^2", "spread": "lognormal 0.3", "status": "fitted", "source": "x"},
        {"value": "0.05 mA/cm^2", "spread": "uniform 0 1", "status": "assumed", "source": "x"},
    ):
        spec = twin.load_cell("na-nzsp-na", overrides={REFILL: other})
        assert REFILL not in ignorance(spec), other
    # Without a spread the cell's own value stays, and no prior that is assumed is put before it.
    said = {"value": "0.4 mA/cm^2", "status": "assumed", "source": "x"}
    of = ignorance(twin.load_cell("na-nzsp-na", overrides={REFILL: said}))[REFILL]
    assert of["value"] == "0.4 mA/cm^2" and of["spread"] == "lognormal 1.16"
    soft = {"value": "1 mA/cm^2", "spread": "lognormal 0.3", "status": "assumed", "source": "x"}
    assert REFILL not in ignorance(twin.load_cell("na-peo-nvp", overrides={REFILL: soft}))


def test_no_forecast_draws_from_an_assumed_spread_where_one_is_learned():
    from twin.outcomes.recognise import drawn

    learned = {
        k for e in drawn()["draw"] for k, of in e["keys"].items() if of["status"] == "fitted"
    }
    kept = Counter()
    for entry in index():
        found = ignorance(entry.spec)
        for key in learned:
            own = _find(entry.spec, key)
            if own is None or not own.spread or own.status != "assumed" or key in found:
                continue
            if key == REFILL and entry.spec.anode.kind != "metal":
                continue  # nothing is refilled there
            kept[entry.name, key] += 1
    # Sodium-potassium, between nothing and sodium's; layers at borates, of which no row says any.
    assert {key for name, key in kept if name != "nak-nzsp-nak"} <= {LEARNED}


def _find(spec, key):
    try:
        return find(spec, key)
    except (KeyError, AttributeError):
        return None


def test_a_cell_keeps_its_values_and_its_hash():
    before = twin.load_cell("nasn-nps-nyzc-nco")
    given = with_ignorance("nasn-nps-nyzc-nco")
    drawn = twin.load_cell("nasn-nps-nyzc-nco", overrides=given)
    assert cell_hash(before) == cell_hash(twin.load_cell("nasn-nps-nyzc-nco"))
    assert drawn.stack.pressure.si == before.stack.pressure.si == 50e6
    assert drawn.stack.pressure.spread == "lognormal 1.0" and before.stack.pressure.spread is None
    assert drawn.modes["interphase"].anode.parabolic_constant.spread == "lognormal 1.2"


def test_what_is_set_by_hand_is_not_drawn():
    given = with_ignorance("nasn-nps-nyzc-nco", overrides=["stack.pressure=3 MPa"])
    spec = twin.load_cell("nasn-nps-nyzc-nco", overrides=given)
    assert spec.stack.pressure.si == 3e6 and spec.stack.pressure.spread is None
    assert "interfaces.cathode.exchange_current.reference" in given


def test_a_measured_pressure_is_not_drawn():
    source = {"value": "60 MPa", "status": "measured", "source": "a gauge"}
    spec = twin.load_cell("nasn-nps-nyzc-nco", overrides={"stack.pressure": source})
    assert "stack.pressure" not in ignorance(spec)


def test_the_library_by_status():
    """Prints what docs/validation.md says of the library (``pytest -s``)."""
    status: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    learned: Counter[str] = Counter()
    for entry in index():
        found = ignorance(entry.spec)
        for key, quantity in walk_quantities(entry.spec):
            name = quantity.status or "of the library's code"
            status[name] += 1
            spread[name] += bool(quantity.spread)
            drawn[name] += bool(quantity.spread) or key in found
        for key, of in found.items():
            own = find(entry.spec, key)
            learned["for an assumed spread" if own.spread else "for none"] += (
                of["status"] == "fitted"
            )
    for name, count in status.most_common():
        print(f"{name}: {count}, with a spread {spread[name]}, drawn {drawn[name]}")
    print(dict(learned))
    assert learned["for an assumed spread"] > 30
    assert drawn["assumed"] > spread["assumed"] and drawn["measured"] == spread["measured"]


def test_the_bench_draws_what_the_command_draws(monkeypatch):
    from twin_tui.runs.studying import Studying

    asked = {}

    def forecast(**arguments):
        asked.update(arguments)
        raise InterruptedError

    monkeypatch.setattr("twin.forecast", forecast)
    given = {"cell": "nasn-nps-nyzc-nco", "overlays": (), "overrides": ["stack.pressure=3 MPa"]}
    with pytest.raises(InterruptedError):
        Studying(lambda *of, **told: None).forecast(None, given)
    wanted = with_ignorance(given["cell"], overrides=given["overrides"])
    assert asked["overrides"].pairs == wanted.pairs and len(wanted.pairs) > 1
    with pytest.raises(InterruptedError):
        Studying(lambda *of, **told: None).forecast(None, given | {"study": "abc"})
    assert asked["overrides"] == given["overrides"]


def test_a_study_keeps_what_the_cell_itself_says_of_a_number_that_was_learned():
    from twin.studies.base import study_design

    spreads = twin.with_ignorance("na-nzsp-nvp", overrides={"stack.pressure": "7 MPa"})
    assert spreads.instead == {REFILL: "0.05 mA/cm^2"}
    wanted = twin.Scenario.of("na-nzsp-nvp", overrides=spreads)
    design = study_design(wanted, 5)
    assert design["instead"] == {REFILL: "0.05 mA/cm^2"}
    by_hand = twin.with_ignorance("na-nzsp-nvp", overrides={REFILL: "0.2 mA/cm^2"})
    assert "instead" not in study_design(twin.Scenario.of("na-nzsp-nvp", overrides=by_hand), 5)
