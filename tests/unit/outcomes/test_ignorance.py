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
            assert not own.spread, (entry.name, key)
            assert of["value"] == own.text and (own.source or "the cell") in of["source"]


REFILL = "modes.pressure.voids.refill_current"
"""The twin's default has an assumed value and spread; published critical currents gave others."""


def test_run_life_and_forecast_have_one_centre():
    """What published cells taught stands in the cells' files: no forecast draws around another."""
    for entry in index():
        given = with_ignorance(entry.spec)
        assert given.instead == {}, entry.name
        for key, of in given.items():
            assert of["value"] == find(entry.spec, key).text, (entry.name, key)


def test_a_constant_law_has_its_number_drawn_too():
    """Molten cathodes, whose kinetics are a constant: all of their lives were the same."""
    for name in ("na-base-s-330c", "na-base-nicl2-300c"):
        own = find(twin.load_cell(name), "interfaces.cathode.exchange_current.value")
        of = ignorance(twin.load_cell(name))["interfaces.cathode.exchange_current.value"]
        assert of["value"] == own.text and of["spread"] == "lognormal 1"


MEASURED_PAIRS = ("base-poly", "base-cu", "nbh", "nbh-pressed", "na2b12h12", "ncbb")
"""Electrolytes against which the current borne at some pressure was measured."""


def test_the_refill_of_a_face_is_what_published_rows_taught():
    """Bare and pressed faces have the centres of ``drawn.toml``; measured pairs their own."""
    from twin.outcomes.recognise import drawn

    taught = {
        entry["when"]["face"]: entry["keys"][REFILL]
        for entry in drawn()["draw"]
        if REFILL in entry["keys"] and "face" in entry["when"]
    }
    bare = next(e["keys"][REFILL] for e in drawn()["draw"] if REFILL in e["keys"])
    seen = Counter()
    for entry in index():
        own = find(entry.spec, REFILL)
        if entry.spec.anode.kind != "metal" or not own.spread:
            continue
        separator = entry.spec.electrolyte.material.name
        if separator in MEASURED_PAIRS:
            assert own.text == "0.05 mA/cm^2" and own.status == "fitted", entry.name
            assert find(entry.spec, REFILL.replace("current", "per_pressure")).status == "fitted"
            seen["measured"] += 1
            continue
        pressed_at = _find(entry.spec, "stack.pressed_at")
        pressed = pressed_at is not None and pressed_at.si >= 10e6
        of = taught["pressed"] if pressed else bare
        assert (own.text, own.spread, own.status) == (of["value"], of["spread"], "fitted")
        seen["pressed" if pressed else "bare"] += 1
    assert min(seen.values()) > 5 and len(seen) == 3


def test_a_learned_spread_stands_for_an_assumed_one_with_its_centre():
    given = {"value": "0.05 mA/cm^2", "spread": "lognormal 0.3", "status": "assumed", "source": "x"}
    of = ignorance(twin.load_cell("na-nzsp-na", overrides={REFILL: given}))[REFILL]
    assert (of["value"], of["spread"], of["status"]) == ("1.5 mA/cm^2", "lognormal 1.16", "fitted")
    # Pressed so little, it is a bare face.
    bare = ignorance(twin.load_cell("na-nzsp2-na-unpressed", overrides={REFILL: given}))[REFILL]
    assert bare["value"] == "0.75 mA/cm^2"
    # Measured, fitted, or of another kind of spread: the cell's own stands.
    for other in ({"status": "measured"}, {"status": "fitted"}, {"spread": "uniform 0 1"}):
        spec = twin.load_cell("na-nzsp-na", overrides={REFILL: given | other})
        assert REFILL not in ignorance(spec), other
    # Without a spread the cell's own value stays, and no prior that is assumed is put before it.
    said = {"value": "0.4 mA/cm^2", "status": "assumed", "source": "x", "spread": "lognormal 0.3"}
    soft = ignorance(twin.load_cell("na-peo-nvp", overrides={REFILL: said}))
    assert REFILL not in soft


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
            learned[own.status] += of["status"] == "fitted"
    for name, count in status.most_common():
        print(f"{name}: {count}, with a spread {spread[name]}, drawn {drawn[name]}")
    print(dict(learned))
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


def test_a_study_keeps_what_the_cell_itself_says_of_a_number_that_was_learned(tmp_path):
    from twin.studies.base import study_design

    overlay = tmp_path / "mine.toml"
    overlay.write_text(
        'schema = 1\ntitle = "Mine"\n[patch.modes.pressure.voids]\nrefill_current = { value = '
        '"0.05 mA/cm^2", spread = "lognormal 0.3", status = "assumed", source = "x" }\n'
    )
    mine = {"overlays": [overlay]}
    spreads = twin.with_ignorance("na-nzsp-nvp", **mine, overrides={"stack.pressure": "7 MPa"})
    assert spreads.instead == {REFILL: "0.05 mA/cm^2"}
    wanted = twin.Scenario.of("na-nzsp-nvp", **mine, overrides=spreads)
    design = study_design(wanted, 5)
    assert design["instead"] == {REFILL: "0.05 mA/cm^2"}
    by_hand = twin.with_ignorance("na-nzsp-nvp", **mine, overrides={REFILL: "0.2 mA/cm^2"})
    asked = twin.Scenario.of("na-nzsp-nvp", **mine, overrides=by_hand)
    assert "instead" not in study_design(asked, 5)
