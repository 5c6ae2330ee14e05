"""A track from end to end: lives drawn once and kept, tracked, gone on from, advised on."""

from __future__ import annotations

import json

import numpy as np
import pytest

import twin
from twin.errors import InputError, NotFoundError
from twin.report.tracking import expected_ends, plot_track, track_panels
from twin.store import Store
from twin.tracking.checkups import CheckUp, Reading
from twin.tracking.course import drawn_key
from twin.tracking.drawing import _stored
from twin.tracking.lab_tests import lab_tests
from twin.tracking.observables import observables

CELL = "na-nzsp-na"


def test_the_document_tells_health_death_and_remaining_life(tracked):
    document = tracked[2].to_dict()
    assert document["cell"] == CELL and document["lives"] == 32 and document["cycle"] == 4
    assert [one["cycle"] for one in document["checkups"]] == [0, 1, 2, 4]
    last = document["checkups"][-1]
    left = last["remaining"]
    known = [left[k] for k in ("p05", "p25", "median", "p75", "p95") if left[k] is not None]
    assert known == sorted(known) and known[0] > 0
    assert sum(last["modes"].values()) == pytest.approx(1.0)
    assert document["mode"] == "interphase"
    assert last["health"]["resistance"]["median"] == pytest.approx(1.45, abs=0.08)
    assert "core: resistance well above its first" in last["margins"]
    assert last["remaining_before"]["median"] is not None
    json.dumps(document)


def test_a_check_up_narrows_the_band(tracked):
    ends = expected_ends(tracked[2].to_dict())
    horizon = 30

    def width(one):
        return np.log((one["p95"] or horizon) / (one["p05"] or horizon))

    assert width(ends[-1]) < 0.8 * width(ends[0])


def test_the_library_is_drawn_once(tracked):
    url, data, first, asked = tracked
    with Store.open(url) as store:
        before = len(store.runs(study=first.design["library"]))
        again = twin.track(CELL, [data], lives=32, store=store, **asked)
        assert again.design["library"] == first.design["library"]
        assert len(store.runs(study=first.design["library"])) == before == 32
        told, seen = again.to_dict(), first.to_dict()
        assert told["checkups"] == seen["checkups"]  # the same numbers


def test_a_library_of_other_lives_is_not_taken(tracked):
    url, _, first, _ = tracked
    with Store.open(url) as store:
        design = dict(store.study(first.design["library"]).design)
        assert _stored(store, design, None) == first.design["library"]
        assert _stored(store, design, design["seed"] + 1) is None
        for other in ({"cycles": design["cycles"] + 1}, {"modes": ["pressure"]}, {"model": "dfn"}):
            assert _stored(store, design | other, None) is None


def test_what_is_stored_is_loaded_and_drawn_again(tracked, tmp_path):
    url, _, first, _ = tracked
    with Store.open(url) as store:
        found = twin.load_track(first.id, store=store)
        assert found.to_dict() == first.to_dict()
        assert twin.load_study(first.id, store=store).to_dict() == first.to_dict()
        assert twin.load_track("last", store=store).id
        with pytest.raises(NotFoundError):
            twin.load_track(first.design["library"], store=store)
        target = tmp_path / "track.svg"
        found.plot(target)
        assert "svg" in target.read_text()[:400]
    panels = track_panels(first.to_dict())
    assert [panel.key for panel in panels] == ["health", "narrowing", "modes"]
    assert plot_track(first.to_dict()).axes[1].get_ylabel() == "Cycle of death"
    # Only its resistance was measured: that is what its health is drawn of, the points with it.
    assert first.to_dict()["course_of"] == "resistance"
    assert panels[0].title == "Resistance of those alive" and panels[0].lines[0].dots
    assert max(panels[0].lines[1].y) > 150
    assert plot_track(first.to_dict()).axes[0].get_ylabel().startswith("Resistance")


def test_the_course_is_of_the_capacity_unless_the_resistance_alone_was_measured():
    one = Reading(1.0)
    assert drawn_key([CheckUp(1, {"resistance": one})]) == "resistance"
    assert drawn_key([CheckUp(1, {"resistance": one}), CheckUp(9, {"capacity": one})]) == "capacity"
    assert drawn_key([CheckUp(1, {"pressure": one})]) == drawn_key([]) == "capacity"


def test_new_lives_are_drawn_around_the_posterior(tracked):
    url, data, first, asked = tracked
    with Store.open(url) as store:
        found = twin.track(CELL, [data], lives=32, refresh=12, store=store, **asked)
        assert found.to_dict()["lives"] == 44
        before, after = (one.to_dict()["checkups"][-1] for one in (first, found))
        assert first.to_dict()["thin"] == (before["effective_lives_of_all"] < 10)
        assert after["remaining"] != before["remaining"]
        design = store.study(found.id).design
        assert len(design["values"]) == 12 and len(design["library_weights"]) == 32
        assert design["informed"]
        assert set(design["informed"]) <= set(found.library.keys)
        assert found.library.weights.max() < 3 / 44  # no draw weighs much more than another
        again = twin.continue_study(found.id, store=store, workers=1)
        assert again.to_dict() == found.to_dict()


def test_a_forecast_goes_on_from_a_track(tracked):
    url, _, first, _ = tracked
    with Store.open(url) as store:
        found = twin.forecast_from(first.id, cell=CELL, store=store).to_dict()
        left = first.to_dict()["remaining"]["median"]
        assert found["median_life"] == pytest.approx(4 + left, abs=1)
        dead = sum(curve[-1][1] for curve in found["incidence"].values())
        assert dead == pytest.approx(1 - found["survive"], abs=1e-6)
        new = twin.forecast_from(first.id, samples=6, store=store, workers=1)
        assert all(member.cycles > 4 for member in new.members)
        assert new.design["track"] == first.id
        with pytest.raises(InputError) as caught:
            twin.continue_study(new.id, samples=9, store=store)
        assert "--from" in caught.value.problem.fix
        with pytest.raises(InputError) as caught:
            twin.forecast_from(first.id, cell="na-base-na", store=store)
        assert f"is of {CELL}, not of na-base-na" in str(caught.value)


def test_advice_ranks_what_the_library_holds_and_says_what_it_lacks(tracked):
    url, _, first, _ = tracked
    with Store.open(url) as store:
        found = twin.advise(CELL, track=first.id, store=store)
        by_name = {one["test"]: one for one in found["tests"]}
        assert set(by_name) == set(lab_tests())
        slow = by_name["slow-cycle"]  # a symmetric cell has no open-circuit capacity
        assert not slow["scorable"] and "open_circuit_capacity_Ah" in slow["why"]
        scored = [one for one in found["tests"] if one["scorable"]]
        rates = [one["per_hour"] for one in scored]
        assert rates == sorted(rates, reverse=True)
        assert all(0 <= one["share"] <= 1 for one in scored)
        later = by_name["checkup-later"]
        assert later["hours"] > lab_tests()["checkup-later"].hours  # the cycles before it
        with pytest.raises(InputError) as caught:
            twin.advise("na-base-na", store=store)
        assert "is not tracked" in str(caught.value)


def test_a_library_of_another_cell_and_one_too_small_are_refused(tracked):
    url, data, first, asked = tracked
    with Store.open(url) as store:
        with pytest.raises(InputError) as caught:
            twin.track("na-base-na", [data], library=first.design["library"], store=store)
        assert f"is of {CELL}, not of na-base-na" in str(caught.value)
        with pytest.raises(InputError) as caught:
            twin.track(CELL, [data], library=first.design["library"], store=store)
        assert "with other numbers" in str(caught.value)
        with pytest.raises(InputError) as caught:
            twin.track(CELL, [data], lives=8, store=store, **asked)
        assert caught.value.problem.key == "lives"


@pytest.mark.parametrize("table", [observables, lab_tests])
def test_every_number_has_its_kind(table):
    for one in table().values():
        reads = getattr(one, "reads", None) or [one]
        assert all(0 < of.noise < 1 for of in reads)
