"""Finding things: what there is, what fits, what follows, and what the shell completes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import twin
from twin.cli import completing
from twin.cli.options import Changed
from twin.model.parameters import nominal_capacity
from twin.store import Store


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ------------------------------------------------------------------- what there is


def test_overlays_are_listed_and_shown(cli):
    every = {entry["name"] for entry in cli("overlays", "--json").json}
    assert every == set(twin.library().names("overlays"))
    fit = {entry["name"] for entry in cli("overlays", "--cell", "na-nps-na", "--json").json}
    assert "warm-60C" in fit and "sbf3-interlayer" not in fit and fit < every
    shown = cli("overlays", "show", "sbf3-interlayer")
    assert "anode.kind = metal" in shown.out
    assert "modes.pressure.contact.hardness = 0.2 MPa" in shown.out
    assert cli("overlays", "show", "no-such").code == 2
    assert cli("overlays", "--cell", "no-such").code == 2


def test_materials_are_listed_and_shown_with_what_they_extend(cli):
    every = {entry["name"]: entry for entry in cli("materials", "--json").json}
    assert set(every) == set(twin.library().names("materials"))
    assert not [name for name, entry in every.items() if entry["kind"] is None]
    assert every["nvp"]["kind"] == "intercalation"
    shown = cli("materials", "show", "base-cu", "--json").json
    assert shown["family"] == "beta-alumina" and "youngs_modulus" in shown["numbers"]


def test_keys_are_what_set_takes(cli):
    found = {e["key"]: e["value"] for e in cli("keys", "na-nps-na", "--json").json}
    assert found["stack.pressure"] == "5 MPa"
    assert found["protocol.current_density"] == "0.3 mA/cm^2"
    only = cli("keys", "na-nps-na", "PRESSURE", "--json").json
    assert only and all("pressure" in e["key"] for e in only)
    assert cli("keys", "na-nps-na", "beauty").code == 2
    spec = twin.load_cell("na-nps-na", overrides={"stack.pressure": found["stack.pressure"]})
    assert spec.stack.pressure.si == 5e6


def test_studies_are_listed_shown_again_and_removed(cli, here):
    url = f"sqlite:///{here}/runs.db"
    with Store.open(url) as store:
        made = [store.start_study(kind="design", cell_name="a", design={}) for _ in range(2)]
        cell = {"name": "a", "kind": "full", "family": "", "title": "", "hash": "h", "spec": {}}
        given = {"cell": cell, "protocol": {}, "settings": {}, "modes": {}, "packages": {}}
        run = store.start_run(**given, cycles_requested=1, study=made[0])
        own = store.start_run(**given, cycles_requested=1)
        for each in (run, own):
            store.finish_run(each, status="completed", outcome={}, wall_s=0)
    found = cli("studies", "--db", url, "--json").json
    assert {study["study"] for study in found} == set(made)
    with Store.open(url) as store:  # a long name takes the lines that it needs, no other column
        long = store.start_study(kind="forecast", cell_name="P09 " + 20 * "b", design={})
        came = {"samples": 4, "median_life": None, "cycles": 1000}
        store.finish_study(long, status="completed", summary=came)
    line = next(one for one in cli("studies", "--db", url).out.splitlines() if long in one)
    assert " completed " in line and len(line) <= 80
    assert cli("studies", "remove", long, "--db", url).code == 0
    assert cli("studies", "--db", url, "--cell", "b", "--json").json == []
    assert cli("studies", "--db", url, "--kind", "horoscope").code == 2
    said = cli("studies", "show", made[0], "--db", url)
    assert said.code == 2 and f"--study {made[0]}" in said.err
    # The member of a study is listed where it is asked for.
    alone = [r["run"] for r in cli("runs", "--db", url, "--json").json]
    every = [r["run"] for r in cli("runs", "--db", url, "--all", "--json").json]
    member = [r["run"] for r in cli("runs", "--db", url, "--study", made[0], "--json").json]
    assert (alone, set(every), member) == ([own], {own, run}, [run])
    gone = cli("studies", "remove", made[0], "--db", url, "--json").json
    assert gone == {"removed": made[0], "runs": 1}
    assert [s["study"] for s in cli("studies", "--db", url, "--json").json] == [made[1]]
    assert [r["run"] for r in cli("runs", "--db", url, "--all", "--json").json] == [own]
    assert cli("studies", "remove", "nothing", "--db", url).code == 2


@pytest.mark.parametrize("command", ["ccd", "compare", "eis", "gitt", "transference"])
def test_experiments_take_a_temperature_and_a_pressure(cli, command):
    assert {"--temperature", "--pressure"} <= set(cli(command, "--help").out.split())
    given = Changed(overrides=["a.b=1 m"], temperature="60 degC", pressure="9 MPa").given()
    assert given["overrides"] == ["stack.pressure=9 MPa", "thermal.ambient=60 degC", "a.b=1 m"]


def test_the_kinds_of_studies_in_the_help_are_those_there_are(cli):
    words = " ".join(cli("studies", "--help").out.split())
    named = re.search(r"--kind K ([a-z, ]+)\.", words)[1]
    assert named.replace(" or ", ", ").split(", ") == list(twin.study_kinds())


def test_runs_have_notes_and_tags(cli, here):
    url = f"sqlite:///{here}/runs.db"
    cell = {"name": "a", "kind": "full", "family": "", "title": "", "hash": "h", "spec": {}}
    given = {"cell": cell, "protocol": {}, "settings": {}, "modes": {}, "packages": {}}
    with Store.open(url) as store:
        one, two = (store.start_run(**given, cycles_requested=1) for _ in range(2))
    said = cli("note", one, "pressed twice", "--tag", "paper", "--db", url, "--json").json
    assert said == {"run": one, "note": "pressed twice", "tags": ["paper"]}
    assert [r["run"] for r in cli("runs", "--tag", "paper", "--db", url, "--json").json] == [one]
    page = cli("runs", "--db", url).out
    assert "pressed twice" in page and "#paper" in page
    assert cli("note", one, "--untag", "paper", "--db", url, "--json").json["tags"] == []
    assert cli("note", two, "--db", url, "--json").json["note"] is None
    assert cli("note", "nothing", "x", "--db", url).code == 2


# -------------------------------------------------------------- cells, new and derived


@pytest.mark.parametrize("kind", ["full", "symmetric"])
def test_the_smallest_cells_are_cells(cli, here, kind):
    assert cli("cells", "new", "mine.toml", "--kind", kind).code == 0
    checked = cli("cells", "check", "mine.toml", "--json").json
    assert (checked["ok"], checked["kind"], checked["is"]) == (True, kind, "cell")
    again = cli("cells", "new", "mine.toml")
    assert again.code == 2 and "there already" in again.err
    assert cli("cells", "new", "other.toml", "--kind", "round").code == 2


def test_a_copy_stands_on_its_own(cli, here):
    said = cli("cells", "copy", "na-nps-na", "mine.toml", "--set", "stack.pressure=9 MPa")
    assert said.code == 0
    mine = twin.load_cell(here / "mine.toml")
    assert mine.stack.pressure.si == 9e6 and mine.kind == "symmetric"


def test_check_takes_what_run_takes(cli, here):
    Path("asked.toml").write_text(
        'schema = 1\nkind = "scenario"\ncell = "na-nps-na"\ncycles = 3\n'
        '[set]\n"stack.pressure" = "7 MPa"\n'
    )
    said = cli("cells", "check", "asked.toml", "--json")
    assert said.code == 0, said.err
    assert (said.json["is"], said.json["name"]) == ("scenario", "na-nps-na")
    overlay = twin.library().path("overlays", "warm-60C")
    protocol = twin.library().path("protocols", "cc-cv")
    assert cli("cells", "check", overlay, "--json").json["is"] == "overlay"
    assert cli("cells", "check", protocol, "--json").json["is"] == "protocol"


def test_what_follows_from_a_cell_by_hand():
    """A layer of each, of round numbers."""
    over = {
        "geometry.area": "2 cm^2", "anode.thickness": "100 um", "electrolyte.thickness": "500 um",
        "cathode.thickness": "100 um", "cathode.active_fraction": 0.5,
        "cathode.electrolyte_fraction": 0.3, "anode.material.density": "1000 kg/m^3",
        "electrolyte.material.density": "3000 kg/m^3", "cathode.material.density": "3000 kg/m^3",
    }  # fmt: skip
    spec = twin.load_cell("na-nzsp-nvp", overrides=over)
    found = twin.derived(spec)
    nominal = nominal_capacity(spec) * 1e3 / 2  # mAh/cm2
    assert found.nominal_mAh_cm2 == found.current_1C_mA_cm2 == pytest.approx(nominal, rel=1e-9)
    assert found.thickness_um == pytest.approx(700)
    assert 0.9 * nominal < found.rest_mAh_cm2 <= nominal
    assert found.mean_voltage_V == pytest.approx(3.4, abs=0.02)  # the plateau of NVP
    assert found.energy_mWh_cm2 == pytest.approx(found.rest_mAh_cm2 * found.mean_voltage_V)
    mass = 1e-4 * 1000 + 5e-4 * 3000 + 1e-4 * 0.5 * 3000 + 1e-4 * 0.3 * 3000  # kg/m2
    assert found.Wh_kg == pytest.approx(10 * found.energy_mWh_cm2 / mass)
    assert found.Wh_L == pytest.approx(10 * found.energy_mWh_cm2 / 0.7)  # 700 um m2 = 0.7 L
    assert found.capacity_ratio is None and found.without_density == ()


def test_the_listed_capacity_is_the_nominal_one():
    from twin.specs.balance import nominal_per_area

    for name in ("na-nps-na", "hc-nzsp-nvp", "na-nzsp-nvp", "al-nbh-nco", "na-nzsp-na-110c"):
        spec = twin.load_cell(name)
        own = nominal_capacity(spec) / spec.geometry.area.si
        assert nominal_per_area(spec) == pytest.approx(3600 * own, rel=1e-9), name
        listed = twin.cell_entry(name)["nominal_mAh_cm2"]
        assert listed == pytest.approx(0.1 * own, rel=1e-9)
    over = {"nominal_capacity": "3 mA*hour", "geometry.area": "2 cm^2"}
    stated = twin.derived(twin.load_cell("na-nzsp-nvp", overrides=over))
    assert stated.nominal_mAh_cm2 == pytest.approx(1.5)


def test_the_fresh_resistance_is_that_of_the_first_moment(cli, here):
    run = twin.simulate("na-nps-na", cycles=1, store="sqlite://", series_every=1)
    first = float(run.series["Area-specific resistance [Ohm.m2]"].values[0])
    assert twin.fresh_resistance("na-nps-na") == pytest.approx(first, rel=1e-6)


# ---------------------------------------------------------------------- conditions


def test_conditions_are_overrides_of_known_keys():
    asked = {"rate": "1 mA/cm^2", "temperature": "60 degC", "pressure": "9 MPa"}
    assert twin.conditions("na-nps-na", **asked) == {
        "stack.pressure": "9 MPa",
        "thermal.ambient": "60 degC",
        "protocol.current_density": "1 mA/cm^2",
    }
    both = twin.conditions("na-nzsp-nvp", protocol="fast-charge", rate="C/2")
    assert both and all(key.startswith("protocol.") for key in both)
    assert twin.conditions("na-nzsp-nvp", rate="C/2") == {"protocol.rate": "C/2"}
    with pytest.raises(twin.InputError, match="has no parameter for its rate"):
        twin.conditions("na-nzsp-nvp", protocol="rate-test", rate="C/2")


def test_conditions_are_options_of_a_run(cli, here):
    words = ("--rate", "0.5 mA/cm^2", "--temperature", "60 degC", "--pressure", "9 MPa")
    said = cli("run", "na-nps-na", "--cycles", 1, *words, "--db", "runs.db", "--json")
    assert said.code == 0, said.err
    listed = cli("runs", "--db", "runs.db", "--json").json[0]
    assert listed["overrides"] == {
        "stack.pressure": "9 MPa",
        "thermal.ambient": "60 degC",
        "protocol.current_density": "0.5 mA/cm^2",
    }
    assert "pressure 9 MPa" in " ".join(cli("runs", "--db", "runs.db").out.split())
    bad = cli("run", "na-nps-na", "--pressure", "9 bananas", "--db", "runs.db")
    assert bad.code == 2 and "stack.pressure" in bad.err


# ----------------------------------------------------------------------- completion


class _Context:
    def __init__(self, **params):
        self.params, self.obj = params, None


def test_the_shell_completes_names():
    assert completing.cells("na-nps-") == ["na-nps-na"]
    assert completing.overlays("warm") == ["warm-60C"]
    assert "cc-cv" in completing.protocols("cc")
    assert completing.modes("dendrite,inter") == ["dendrite,interphase"]


def test_the_shell_completes_keys_of_the_cell_typed(monkeypatch):
    assert completing.keys(_Context(cell="na-nps-na"), "stack.p") == ["stack.pressure="]
    assert completing.keys(_Context(cell="na-nps-na"), "stack.pressure=5") == []
    monkeypatch.setenv("COMP_WORDS", "twin run na-nps-na --set stack.p")
    assert completing.keys(_Context(), "stack.p") == ["stack.pressure="]
    monkeypatch.setenv("COMP_WORDS", "twin run no-such --set stack.p")
    assert completing.keys(_Context(), "stack.p") == []


def test_the_shell_completes_runs(runs):
    found = completing.runs(_Context(db=runs.url), runs.alive[:3])
    assert runs.alive in found
    assert completing.runs(_Context(db="nonsense://"), "a") == []


# -------------------------------------------------------------------- lines, config


def test_errors_name_the_line(cli, here):
    Path("mine.toml").write_text(twin.SMALLEST["symmetric"].replace('"5 MPa"', '"5 cows"'))
    said = cli("cells", "check", "mine.toml")
    number = twin.SMALLEST["symmetric"].splitlines().index('pressure = "5 MPa"') + 1
    assert said.code == 2 and f"mine.toml:{number}: stack.pressure" in said.err
    assert cli("cells", "check", "mine.toml", "--json").json["error"]["line"] == number


def test_the_users_defaults(cli, here, monkeypatch):
    file = here / "config.toml"
    monkeypatch.setenv("TWIN_CONFIG", str(file))
    monkeypatch.delenv("TWIN_DATABASE_URL", raising=False)
    file.write_text(f'database = "{here}/own.db"\nquiet = true\n')
    assert cli("db", "info", "--json").json["url"].endswith("/own.db")
    monkeypatch.setenv("TWIN_DATABASE_URL", f"{here}/other.db")
    assert cli("db", "info", "--json").json["url"].endswith("/other.db")
    monkeypatch.delenv("TWIN_DATABASE_URL")
    for text, says in (
        ("colour = 1", "there is no default 'colour'"),
        ('quiet = "yes"', "is not true or false"),
        ("quiet = ", "cannot be read"),
    ):
        file.write_text(text)
        said = cli("db", "info")
        assert said.code == 2 and says in said.err and "config.toml" in said.err


def test_the_schema_names_the_materials(cli):
    schema = cli("cells", "schema", "cell").json

    def enums(node):
        if isinstance(node, dict):
            yield from ([node["enum"]] if "enum" in node else [])
            for value in node.values():
                yield from enums(value)
        elif isinstance(node, list):
            for value in node:
                yield from enums(value)

    assert twin.library().names("materials") in list(enums(schema))


# ------------------------------------------------------------------- what would help


def test_what_helps_is_told_as_commands(cli, monkeypatch):
    def change(says, options, cycles, died):
        return {"change": says, "options": options, "life_cycles": cycles, "died_of": died,
                "gain_cycles": cycles - 100}  # fmt: skip

    tried = [
        change("with warm-60C", ["--with", "warm-60C"], 300, None),
        change("stack.pressure = 10 MPa", ["--set", "stack.pressure=10 MPa"], 150, "a: b"),
        change("stack.pressure = 2 MPa", ["--set", "stack.pressure=2 MPa"], 40, "a: b"),
    ]
    found = {"cell": "na-nps-na", "life_cycles": 100, "died_of": "a: b", "cycles": 300,
             "left_out": 4, "changes": tried}  # fmt: skip
    monkeypatch.setattr(twin, "improvements", lambda cell, **asked: found, raising=False)
    page = cli("improve", "na-nps-na", "--set", "anode.thickness=90 um").out
    assert "at least +200 cycles, at least 3 times: with warm-60C" in page
    given = "twin life na-nps-na --set 'anode.thickness=90 um'"
    assert f"    {given} --with warm-60C\n" in page
    # A long one in lines that a shell puts together.
    assert f"{given} --set 'stack.pressure=10 MPa'" in page.replace(" \\\n    ", " ")
    assert max(map(len, page.splitlines())) <= 80
    assert "stack.pressure=2 MPa'" not in page  # it does not help
    assert "4 more were not tried" in page and "-60" in page
    document = cli("improve", "na-nps-na", "--json").json
    assert document["changes"][0]["command"] == "twin life na-nps-na --with warm-60C"


def test_margins_of_warnings_are_known_from_those_that_kill():
    from types import SimpleNamespace

    from twin.report.describe import warning_margins
    from twin.specs.dump import cell_to_data

    spec = twin.load_cell("na-nps-na")
    info = SimpleNamespace(cell_spec=cell_to_data(spec), modes=["dendrite", "gone"])
    margins = dict.fromkeys(
        ("core: resistance well above its first", "core: too hot", "dendrite: anode hard short",
         "dendrite: anode filament runs"), 1.0,
    )  # fmt: skip
    assert warning_margins(info, margins) == [
        "core: resistance well above its first",
        "dendrite: anode filament runs",
    ]


def test_cells_by_their_energy(cli):
    """What `cells show` derives, for each of them, the least first."""
    found = cli("cells", "--anode", "hard", "--sort", "energy", "--json").json
    assert len(found) > 1
    for entry in found:
        derived = twin.derived(twin.load_cell(entry["name"]))
        assert entry["Wh_L"] == pytest.approx(derived.Wh_L, rel=1e-5)
        assert entry["Wh_kg"] == pytest.approx(derived.Wh_kg, rel=1e-5, nan_ok=True) or (
            entry["Wh_kg"] is derived.Wh_kg is None
        )
    assert [e["Wh_L"] for e in found] == sorted(e["Wh_L"] for e in found)
    shown = cli("cells", "--anode", "hard", "--energy").out
    assert "Wh/L" in shown and "at rest" in shown
    assert "Wh_L" not in cli("cells", "--anode", "hard", "--json").json[0]
