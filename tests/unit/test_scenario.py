"""A scenario: read once, from a file or from arguments, and the same to whoever runs it."""

import pytest

import twin
from twin.errors import InputError, SpecError
from twin.scenario import Scenario

WARM = """
schema = 1
kind = "scenario"
title = "Warm and pressed"
cell = "na-nzsp-na"
cycles = 2
modes = ["pressure", "dendrite"]
without = ["dendrite"]
rtol = 1e-6
series_every = 0

[set]
stack.pressure = "10 MPa"
"protocol.current_density" = "0.2 mA/cm^2"
thermal.ambient = { value = "60 degC", status = "assumed", source = "warm box" }
"""


@pytest.fixture
def warm(tmp_path):
    path = tmp_path / "warm.toml"
    path.write_text(WARM)
    return path


def test_a_file_says_cell_protocol_modes_and_how_it_is_solved(warm):
    found = Scenario.of(warm)
    assert (found.cell, found.cycles, found.rtol, found.atol) == ("na-nzsp-na", 2, 1e-6, None)
    read = found.resolve()
    assert read.spec.stack.pressure.si == pytest.approx(1e7)
    assert read.spec.thermal.ambient.si == pytest.approx(333.15)
    assert read.spec.thermal.ambient.source == "warm box"
    assert read.rules.parameters["current_density"] == "0.2 mA/cm^2"
    assert [mode.id for mode in read.modes] == ["pressure"]
    assert read.missing == []


def test_a_file_asks_what_the_same_keywords_ask(warm):
    by_hand = Scenario.of(
        "na-nzsp-na",
        cycles=2,
        modes=["pressure", "dendrite"],
        without=["dendrite"],
        rtol=1e-6,
        series_every=0,
        overrides=[
            "stack.pressure=10 MPa",
            "protocol.current_density=0.2 mA/cm^2",
            'thermal.ambient={value = "60 degC", status = "assumed", source = "warm box"}',
        ],
    )
    from_file = Scenario.of(warm)
    assert from_file == by_hand
    assert from_file.resolve().spec == by_hand.resolve().spec


def test_what_is_given_besides_is_laid_over_it(warm):
    found = Scenario.of(
        warm, cycles=5, overrides={"stack.pressure": "3 MPa"}, without="pressure", model="spm"
    )
    assert (found.cycles, found.model, found.rtol) == (5, "spm", 1e-6)
    read = found.resolve()
    assert read.spec.stack.pressure.si == pytest.approx(3e6)
    assert read.spec.thermal.ambient.si == pytest.approx(333.15)
    assert read.modes == []


def test_a_scenario_can_be_given_more_and_stays_as_it_was(warm):
    first = Scenario.load(warm)
    second = Scenario.of(first, cycles=7)
    assert (first.cycles, second.cycles) == (2, 7)


def test_what_is_none_is_left_to_the_command(warm):
    found = Scenario.of(warm).filled({"atol": 1e-9, "rtol": 0.1, "model": "spm", "samples": 3})
    assert (found.atol, found.rtol, found.model) == (1e-9, 1e-6, "spm")


def test_a_file_that_was_written_is_read_as_the_same(tmp_path, warm):
    found = Scenario.of(warm, model="spm", protocol="galvanostatic-symmetric")
    path = tmp_path / "again.toml"
    path.write_text(found.to_toml("again"))
    assert Scenario.load(path) == found


def test_an_override_that_adds_a_spread_is_written_as_one(tmp_path):
    texts = ["stack.pressure=2 MPa", 'stack.pressure={spread = "normal 1e5"}']
    path = tmp_path / "spread.toml"
    path.write_text(Scenario.of("na-nzsp-na", overrides=texts).to_toml())
    pressure = Scenario.load(path).cell_and_modes()[0].stack.pressure
    assert (pressure.text, pressure.spread) == ("2 MPa", "normal 1e5")


def test_no_mode_at_all_is_written_as_such(tmp_path):
    path = tmp_path / "bare.toml"
    path.write_text(Scenario.of("na-nzsp-na", modes=[]).to_toml())
    assert Scenario.load(path).modes == ()


def test_a_finished_cell_has_no_file_of_its_own():
    with pytest.raises(InputError, match="names its cell"):
        Scenario.of(twin.load_cell("na-nzsp-na")).to_toml()


def test_paths_are_found_from_the_files_own_folder(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(twin.cell_toml(twin.load_cell("na-nzsp-na")))
    folder = tmp_path / "plans"
    folder.mkdir()
    path = folder / "plan.toml"
    path.write_text('schema = 1\nkind = "scenario"\ncell = "../mine.toml"\n')
    monkeypatch.chdir(tmp_path.parent)
    assert Scenario.of(str(path)).resolve().spec.name == "mine"


@pytest.mark.parametrize(
    ("line", "key", "word"),
    [
        ("cycels = 3", "cycels", "cycles"),
        ("cycles = 0", "cycles", "1"),
        ("cycles = 2.5", "cycles", "number"),
        ('model = "p2d"', "model", "dfn"),
        ("rtol = 2", "rtol", "less than 1"),
        ('modes = "pressure"', "modes", "list"),
        ('title = "\\u001b[31m"', "title", "control"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_file_key_and_fix(tmp_path, line, key, word):
    path = tmp_path / "wrong.toml"
    path.write_text(f'schema = 1\nkind = "scenario"\ncell = "na-nzsp-na"\n{line}\n')
    with pytest.raises(SpecError) as caught:
        Scenario.of(path).resolve()
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    assert problem.key == key
    assert word in f"{problem.message} {problem.fix}"


def test_a_scenario_without_a_cell_or_a_schema_says_so(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('kind = "scenario"\n')
    with pytest.raises(SpecError) as caught:
        Scenario.of(path)
    assert {p.key for p in caught.value.problems} == {"schema", "cell"}


def test_a_key_that_is_none_is_told_with_its_place(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('schema = 1\nkind = "scenario"\ncell = "na-nzsp-na"\n[set]\n"a b" = 1\n')
    with pytest.raises(SpecError) as caught:
        Scenario.of(path)
    assert (caught.value.problem.file, caught.value.problem.key) == (str(path), "set.a b")


def test_an_unknown_field_is_a_type_error():
    with pytest.raises(TypeError, match="cycels"):
        Scenario.of("na-nzsp-na", cycels=3)


def test_runs_lives_and_studies_take_a_scenario(warm):
    run = twin.simulate(warm, store="sqlite://")
    assert (len(run.rows), list(run.info.modes), run.info.settings["series_every"]) == (
        2,
        ["pressure"],
        0,
    )
    assert run.info.settings["overrides"]["thermal.ambient"].startswith('{ value = "60 degC"')
    life = twin.life(Scenario.load(warm), cycles=1, store="sqlite://")
    assert life.info.cycles_requested == 1
    study = twin.forecast(warm, samples=1, workers=1, seed=1, store="sqlite://")
    assert (study.design["cycles"], study.design["modes"]) == (2, ["pressure"])
    assert study.design["rtol"] == 1e-6


def test_a_study_goes_on_with_the_scenario_it_began_with(warm, tmp_path):
    url = f"sqlite:///{tmp_path}/runs.db"
    study = twin.forecast(warm, samples=1, workers=1, seed=1, store=url).id
    assert len(twin.forecast(warm, study=study, samples=2, workers=1, store=url).members) == 2
    with pytest.raises(InputError, match="overrides"):
        twin.forecast(warm, study=study, overrides=["stack.pressure=1 MPa"], workers=1, store=url)


def test_a_measurement_takes_the_scenarios_cell_and_no_protocol(warm):
    found = twin.transference(warm)
    assert found.t_plus == pytest.approx(1, abs=1e-3)
    with pytest.raises(InputError, match="no protocol"):
        twin.transference("na-nzsp-na", overrides={"protocol.rate": "1C"})
