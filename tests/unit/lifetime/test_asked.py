"""What is asked of a study that goes on is what it was begun with, or is refused."""

from __future__ import annotations

import pytest

import twin
from twin.errors import InputError, NotFoundError, TwinError
from twin.scenario import Scenario
from twin.store import Store

CELL = "na-base-na"
QUICK = {"cycles": 8, "modes": ["pressure"], "workers": 1}
SET = {"stack.pressure": "0.5 MPa"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('asked')}/runs.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def forecast(store):
    asked = {**QUICK, "samples": 3, "seed": 5, "overrides": SET}
    return twin.forecast(CELL, store=store, **asked)


@pytest.fixture(scope="module")
def shares(store):
    return twin.attribute(CELL, store=store, overrides=SET, **QUICK)


@pytest.fixture(scope="module")
def drawn(store):
    axes = {"x": "stack.pressure=0.5..8 MPa,2", "y": "current=0.2..1 mA/cm^2,2"}
    return twin.safe_map(CELL, store=store, refine=0, lines=False, **axes, **QUICK)


def members(store, study):
    return sorted((r.member, r.id) for r in store.runs(study=study))


def test_a_forecast_goes_on_with_its_own_samples_and_may_be_asked_the_same_again(store, forecast):
    before = members(store, forecast.id)
    for asked in (
        {},
        {"cycles": 8},
        {"samples": 3, "seed": 5, "overrides": SET, "model": "spm", "method": "sobol"},
        {"modes": ["pressure"], "protocol": twin.load_cell(CELL).protocol},
    ):
        again = twin.forecast(CELL, store=store, study=forecast.id, workers=1, **asked)
        assert members(store, again.id) == before and len(again.members) == 3, asked
    assert len(store.study(forecast.id).design["values"]) == 3


DIFFERENT = [
    ({"cycles": 9}, "cycles"),
    ({"seed": 6}, "seed"),
    ({"method": "lhs"}, "method"),
    ({"model": "dfn"}, "model"),
    ({"rtol": 1e-3}, "rtol"),
    ({"samples": 2}, "samples"),
    ({"modes": ["pressure", "dendrite"]}, "modes"),
    ({"without": ["interphase"]}, "modes"),
    ({"modes": []}, "modes"),
    ({"overrides": {"stack.pressure": "0.6 MPa"}}, "overrides"),
    ({"overrides": {"protocol.half_cycle": "2 hours"}}, "protocol"),
]


@pytest.mark.parametrize(("asked", "key"), DIFFERENT)
def test_what_a_forecast_was_not_begun_with_is_refused(asked, key, store, forecast):
    before = members(store, forecast.id)
    with pytest.raises(InputError) as caught:
        twin.forecast(CELL, store=store, study=forecast.id, workers=1, **asked)
    assert caught.value.problem.key == key and caught.value.problem.fix
    assert members(store, forecast.id) == before


@pytest.mark.parametrize("verb", ["forecast", "attribute", "safe_map"])
@pytest.mark.parametrize("cell", ["no-such-cell", "na-nzsp-na"])
def test_a_study_of_another_cell_is_refused(cell, verb, store, forecast, shares, drawn):
    study = {"forecast": forecast, "attribute": shares, "safe_map": drawn}[verb]
    go_on = getattr(twin, verb)
    with pytest.raises(TwinError, match=cell):
        go_on(cell, store=store, study=study.id)


def test_a_study_whose_cell_was_edited_is_refused(store, tmp_path):
    file = tmp_path / "mine.toml"
    text = 'schema = 1\nextends = "na-base-na"\n[stack]\npressure = "0.5 MPa"\n'
    file.write_text(text)
    study = twin.forecast(file, store=store, samples=1, seed=1, **QUICK).id
    twin.forecast(file, store=store, study=study)
    file.write_text(text.replace("0.5", "0.6"))
    with pytest.raises(InputError, match="not what it was"):
        twin.forecast(file, store=store, study=study)


def test_maps_and_attributions_look_at_what_is_asked_too(store, shares, drawn):
    assert twin.attribute(CELL, store=store, study=shares.id, overrides=SET).id == shares.id
    for asked in (
        {"cycles": 9},
        {"groups": ["pressure+dendrite"]},
        {"overrides": {"stack.pressure": "0.4 MPa"}},
        {"model": "dfn"},
    ):
        with pytest.raises(InputError):
            twin.attribute(CELL, store=store, study=shares.id, **asked)
    with pytest.raises(TypeError):
        twin.attribute(CELL, store=store, study=shares.id, colour="red")
    same = {"x": "stack.pressure=0.5..8 MPa,2", "refine": 0, "cycles": 8}
    assert twin.safe_map(CELL, store=store, study=drawn.id, **same).id == drawn.id
    for asked in (
        {"x": "stack.pressure=0.5..9 MPa,2"},
        {"y": "current=0.2..1 mA/cm^2,3"},
        {"refine": 1},
        {"most": 20},
        {"lines": True},
        {"cycles": 20},
    ):
        with pytest.raises(InputError) as caught:
            twin.safe_map(CELL, store=store, study=drawn.id, **asked)
        assert caught.value.problem.key == next(iter(asked))
    with pytest.raises(NotFoundError, match="no map"):
        twin.safe_map(CELL, store=store, study=shares.id)


def test_a_design_looks_at_what_is_asked_too(store, monkeypatch):
    from twin.studies import optimise as designs

    vary, limits = ["stack.pressure=0.4..1 MPa"], ["pressure<=0.7 MPa"]
    design = designs._design(
        Scenario(CELL), vary, limits, **(designs.DEFAULTS | {"cycles": 8, "most": 8})
    )
    study = store.start_study(kind="design", cell_name=CELL, design=design)
    design = store.study(study).design
    ask = lambda **options: designs._check_same(  # noqa: E731
        study, design, options.pop("vary", ()), options.pop("limits", ()), options
    )
    ask(vary=vary, limits=limits, most=8, seed=0, samples=0, maximise="life")
    for options in (
        {"vary": ["stack.pressure=0.4..2 MPa"]},
        {"limits": ["pressure<=0.8 MPa"]},
        {"most": 9},
        {"seed": 1},
        {"samples": 4},
    ):
        with pytest.raises(InputError):
            ask(**options)


def test_a_member_is_not_resumed_but_lived_as_a_run_of_its_own(store, forecast):
    before = members(store, forecast.id)
    member = store.runs(study=forecast.id)[0]
    rows, found = store.cycles(member.id), forecast.to_dict()
    for asked in ({}, {"cycles": 50}):
        with pytest.raises(InputError, match=f"a member of study {forecast.id}") as caught:
            twin.resume(member.id, store=store, **asked)
        assert f"--study {forecast.id}" in caught.value.problem.fix
        assert f"twin resume {member.id} --from-cycle 0" in caught.value.problem.fix
    own = twin.resume(member.id, from_cycle=0, store=store)
    assert own.info.study is None and own.info.parent_run == member.id
    assert own.outcome.cycle == member.outcome["cycle"]
    after = store.run(member.id)
    assert (after.status, after.outcome) == (member.status, member.outcome)
    assert store.cycles(member.id) == rows and members(store, forecast.id) == before
    assert twin.load_forecast(forecast.id, store=store).to_dict() == found
    assert store.run("last").id == own.id


def test_a_protocol_that_does_not_fit_is_refused_before_any_life(store):
    before = len(store.studies())
    wrong = {"protocol.current_density": "C/2 of"}
    with pytest.raises(TwinError, match="PyBaMM cannot read"):
        twin.forecast(CELL, store=store, samples=2, overrides=wrong, **QUICK)
    assert len(store.studies()) == before
