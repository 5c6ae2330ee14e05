"""Studies of every kind are read and gone on with by their id alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import twin
from twin.errors import InputError, NotFoundError
from twin.modes.hookspecs import hookimpl
from twin.modes.manager import PluginManager
from twin.store import Store
from twin.studies import registry as kinds
from twin.studies.base import study_design

CELL = "na-base-na"


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/runs.db") as opened:
        yield opened


def begun(store, kind, **more):
    design = study_design(CELL, 3, {"modes": ["pressure"]}) | more
    return store.start_study(kind=kind, cell_name=CELL, design=design)


def test_the_kinds_are_these():
    kinds_known = ["forecast", "attribute", "map", "sweep", "design", "track"]
    assert list(kinds.study_kinds()) == kinds_known
    for kind in kinds.study_kinds().values():
        assert kind.begin is not None and kind.begin is getattr(twin, kind.begin.__name__)


def test_a_study_goes_on_with_what_it_keeps(store):
    study, told, lives = begun(store, "attribute", players=["pressure"]), [], []
    found = twin.continue_study(
        study, store=store, workers=1, on_start=told.append, on_life=lives.append
    )
    assert isinstance(found, twin.Attribution) and told == [study]
    assert [life.total for life in lives] == [2, 2] and lives[-1].done == 2
    document = found.to_dict()
    assert document["cell"] == CELL and document["modes"] == ["pressure"]
    again = twin.load_study(study, store=store)
    assert isinstance(again, twin.Attribution) and again.to_dict() == document


def test_a_forecast_may_be_given_more_members(store):
    first = twin.forecast(
        CELL, cycles=2, samples=2, seed=1, modes=["pressure"], workers=1, store=store
    )
    found = twin.continue_study(first.id, samples=3, workers=1, store=store)
    assert isinstance(found, twin.Forecast) and found.to_dict()["samples"] == 3
    for asked, key in (({"samples": 1}, "samples"), ({"seed": 2}, "seed")):
        with pytest.raises(InputError) as caught:
            twin.continue_study(first.id, store=store, **asked)
        assert caught.value.problem.key == key and caught.value.problem.fix


@pytest.mark.parametrize(
    ("load", "other"),
    [
        (twin.load_forecast, "map"),
        (twin.load_map, "forecast"),
        (twin.load_attribution, "map"),
        (twin.load_design, "attribute"),
    ],
)
def test_a_study_of_another_kind_is_refused_by_name(store, load, other):
    study = begun(store, other)
    with pytest.raises(NotFoundError, match=rf"study {study} is no .* but an? {other}") as caught:
        load(study, store=store)
    assert "load_study" in caught.value.problem.fix


def test_a_kind_that_nothing_brings_is_told(store):
    study = begun(store, "ageing")
    for look in (twin.load_study, twin.continue_study):
        with pytest.raises(NotFoundError, match="ageing") as caught:
            look(study, store=store)
        assert "plugin" in caught.value.problem.fix


class Brings:
    """A plugin with kinds of study of its own."""

    def __init__(self, *found):
        self.found = found

    @hookimpl
    def twin_studies(self):
        return self.found


def test_a_plugin_brings_a_kind_of_study(store, monkeypatch):
    own = twin.StudyKind("ageing", "on the shelf", lambda s, i: (s, i), lambda s, i, d, g: d)
    loaded = PluginManager([])
    loaded.register(Brings(own), "a")
    loaded.register(Brings(SimpleNamespace(id="Ageing"), SimpleNamespace(id="x", result=id)), "b")
    loaded.register(Brings(own, twin.StudyKind("map", "", print, print)), "c")
    monkeypatch.setattr(kinds, "plugin_manager", lambda: loaded)
    kinds.study_kinds.cache_clear()
    try:
        assert list(kinds.study_kinds())[-1] == "ageing" and len(kinds.study_kinds()) == 7
        study = begun(store, "ageing", question="how")
        assert twin.continue_study(study, store=store)["question"] == "how"
        assert twin.load_study(study, store=store) == (store, study)
    finally:
        kinds.study_kinds.cache_clear()
    problems = " ".join(p.message for p in loaded.problems)
    for says in ("is no kind of study", "'x' has no go_on", "'ageing' already", "'map' already"):
        assert says in problems
