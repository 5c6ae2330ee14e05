"""The commands about what is installed: cells, modes, protocols, plugins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import twin
from twin.specs.library import Library


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def test_cells_lists_every_cell_with_the_keys_scripts_rely_on(cli):
    found = cli("cells", "--json").json
    assert [entry["name"] for entry in found] == twin.list_cells()
    assert all(
        set(entry) >= {"name", "kind", "family", "title", "anode", "known"} for entry in found
    )
    assert all(0 < entry["known"] < 1 for entry in found)
    table = cli("cells").out
    assert table == cli("cells", "list").out
    assert all(name in table for name in twin.list_cells())


def test_cells_are_filtered_and_sorted(cli):
    found = cli("cells", "--family", "sulfide", "--sort", "known", "--json").json
    assert found and {entry["family"] for entry in found} == {"sulfide"}
    shares = [entry["known"] for entry in found]
    assert shares == sorted(shares, reverse=True)
    tin = cli("cells", "--anode", "Sn4", "--json").json
    assert tin and {entry["anode"] for entry in tin} == {"na15sn4"}
    assert cli("cells", "--known", "100", "--json").json == []
    said = cli("cells", "--family", "sulphide")
    assert said.code == 2 and "'sulfide'" in said.err
    assert cli("cells", "--sort", "beauty").code == 2


@pytest.fixture
def with_a_broken_cell(tmp_path, monkeypatch) -> Path:
    """A library that has one cell more, and that one broken."""
    folder = tmp_path / "cells"
    folder.mkdir()
    broken = folder / "broken.toml"
    broken.write_text('schema = 1\nextends = "na-nzsp-na"\n[stack]\npressure = 5\n')
    library = Library([*twin.plugin_manager().spec_directories, tmp_path])
    monkeypatch.setattr("twin.catalog.cells.library", lambda: library)
    monkeypatch.setattr("twin.library", lambda: library)
    return broken


def test_a_broken_cell_does_not_break_the_list(cli, with_a_broken_cell):
    said = cli("cells", "--json")
    assert said.code == 0
    found = {entry["name"]: entry for entry in said.json}
    assert found["broken"]["kind"] is None and "stack.pressure" in found["broken"]["problem"]
    assert len(found) > 1 and all(e["kind"] for name, e in found.items() if name != "broken")
    assert "broken cannot be used" in cli("cells").out


def test_doctor_finds_the_broken_cell(cli, with_a_broken_cell, empty):
    said = cli("plugins", "doctor", "--json", "--db", empty)
    assert said.code == 2 and said.json["ok"] is False
    assert [p["key"] for p in said.json["problems"]] == ["stack.pressure"]
    assert "broken" not in said.json["cells"]
    assert "1 broken" in cli("plugins", "doctor", "--db", empty).out


def test_doctor_finds_a_database_that_cannot_be_used(cli, tmp_path):
    (tmp_path / "not.db").write_text("this is no database, however long the text may be " * 50)
    said = cli("plugins", "doctor", "--json", "--db", tmp_path / "not.db")
    assert said.code == 2 and said.json["database"] is None


def test_doctor_of_a_healthy_installation(cli, empty):
    said = cli("plugins", "doctor", "--json", "--db", empty)
    assert said.code == 0 and said.json["ok"] and said.json["problems"] == []
    assert said.json["cells"] == twin.list_cells()
    assert not Path(empty.removeprefix("sqlite:///")).exists()  # looking creates nothing
    assert "all is well" in cli("plugins", "doctor", "--db", empty).out


@pytest.mark.parametrize("name", twin.list_cells())
def test_every_cell_can_be_shown_in_80_columns(cli, name):
    said = cli("cells", "show", name)
    assert said.code == 0 and widest(said.out) <= 80
    spec = twin.load_cell(name)
    assert spec.title.split("(")[0].strip() in " ".join(said.out.split())
    assert all(f"[modes.{mode}]" in said.out for mode in spec.modes)


def test_a_cell_is_shown_with_overlays_and_overrides(cli):
    words = ("cells", "show", "na-nzsp-nvp", "--json")
    plain = cli(*words).json
    changed = cli(*words, "--with", "warm-60C", "--set", "stack.pressure=7 MPa").json
    assert changed["quantities"]["stack.pressure"]["value"] == 7e6
    assert changed["quantities"]["thermal.ambient"]["value"] == pytest.approx(333.15)
    assert changed["hash"] != plain["hash"]
    assert sum(plain["numbers_by_status"].values()) >= len(plain["quantities"])


def test_check_tells_every_problem_with_its_key_and_a_fix(cli, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'schema = 1\nextends = "na-nzsp-na"\n[stack]\npressure = "5 mV"\n[anode]\nthicknes = 1\n'
    )
    said = cli("cells", "check", file, "--json")
    assert said.code == 2
    problems = said.json["error"]["problems"]
    assert {p["key"] for p in problems} == {"stack.pressure", "anode.thicknes"}
    assert all(p["file"] == str(file) and p["fix"] for p in problems)
    assert cli("cells", "check", file).err.count("fix:") == 2


def test_check_says_ok_with_counts(cli, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('schema = 1\nextends = "na-nzsp-na"\n')
    said = cli("cells", "check", file)
    assert said.code == 0 and ": ok: a symmetric cell with" in " ".join(said.out.split())
    document = cli("cells", "check", file, "--json").json
    assert document["ok"] and sum(document["numbers_by_status"].values()) == document["numbers"]


def test_check_of_a_file_that_is_not_there(cli):
    said = cli("cells", "check", "nosuch.toml", "--json")
    assert said.code == 2 and said.json["error"]["file"] == "nosuch.toml"


def test_check_takes_a_file_without_suffix_in_this_folder(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").write_text('schema = 1\nextends = "na-nzsp-na"\n')
    assert cli("cells", "check", "mine").code == 0


@pytest.mark.parametrize("kind", ["cell", "overlay", "protocol"])
def test_schemas_are_schemas(cli, kind):
    document = cli("cells", "schema", kind).json
    assert document["$schema"].startswith("https://json-schema.org/")
    assert document["type"] == "object"


def test_an_unknown_schema(cli):
    assert cli("cells", "schema", "material").code == 2


def test_modes_are_listed_and_shown(cli):
    found = cli("modes", "--json").json
    assert [mode["id"] for mode in found] == list(twin.plugin_manager().modes)
    for mode in found:
        document = cli("modes", "show", mode["id"], "--json").json
        assert document["parameters"] and document["title"] == mode["title"]
        said = cli("modes", "show", mode["id"])
        assert widest(said.out) <= 80
        assert all(p["key"] in said.out for p in document["parameters"])


def test_a_mode_that_is_not_there_is_met_with_a_near_one(cli):
    said = cli("modes", "show", "presure")
    assert said.code == 2 and "'pressure'" in said.err


def test_protocols_are_listed_and_shown(cli):
    found = cli("protocols", "--json").json
    assert {"cc-cv", "galvanostatic-symmetric"} <= {p["name"] for p in found}
    for protocol in found:
        said = cli("protocols", "show", protocol["name"])
        assert said.code == 0 and widest(said.out) <= 80
    document = cli("protocols", "show", "cc-cv", "--json").json
    assert document["phase"][0]["steps"]
    assert cli("protocols", "show", "cc-vc").code == 2


def test_plugins_are_listed(cli):
    found = cli("plugins", "--json").json
    assert {"cells", "pressure"} <= {p["name"] for p in found}
    assert all(p["problem"] is None for p in found)
    assert widest(cli("plugins").out) <= 80


def test_lists_fit_80_columns(cli):
    for words in (["cells"], ["modes"], ["protocols"], ["plugins"]):
        assert widest(cli(*words).out) <= 80
    json.loads(cli("cells", "--json", "-v").out)
