"""A verdict at both ends of what no data decide."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import twin
from twin.cli.main import main
from twin.errors import PluginError, TwinError
from twin.modes.mode import FailureMode
from twin.specs.dump import cell_hash
from twin.studies import ends
from twin.studies.ends import OtherEnd, other_ends, said_of_ends

SHARE, FLAW = "modes.dendrite.drive.film_share", "modes.dendrite.flaw.length"
OTHER = {SHARE: 0.0, FLAW: "100 um"}


def others(cell, **overrides):
    spec = twin.load_cell(cell, overrides=overrides)
    return other_ends(spec, twin.plugin_manager().modes.values())


def test_a_cell_at_one_end_has_the_other():
    (other,) = others("na-nps-na")
    assert (other.mode, other.change) == ("dendrite", OTHER)
    assert other.label == "drive.film_share 0, flaw.length 100 um"
    (back,) = others("na-nps-na", **{SHARE: 0, FLAW: "0.1 mm"})
    assert back.change == {SHARE: 1.0, FLAW: "10 um"}


def test_numbers_of_its_own_leave_one_verdict():
    assert others("na-nps-na", **{FLAW: "30 um"}) == []
    assert others("na-nps-na", **{SHARE: 0.5}) == []
    # No filament in a soft electrolyte, and none without the mode.
    assert others("na-peo-nvp") == []
    spec = twin.load_cell("na-nps-na")
    modes = twin.plugin_manager().modes
    assert other_ends(spec, [modes[m] for m in modes if m != "dendrite"]) == []


def put_in(*found):
    def lives(design, steps, free, progress, first=True):
        assert [step.change for step in steps] == [OTHER] and not free and not first
        yield from found

    return lives


def info_of(spec, **changed):
    protocol = twin.load_protocol(spec.protocol, spec).to_data()
    about = {"cell_name": spec.name, "cell_hash": cell_hash(spec), "protocol": protocol}
    about["cell_kind"] = spec.kind
    modes = [m.id for m in twin.plugin_manager().select(None, (), spec.kind)]
    return SimpleNamespace(**(about | {"modes": modes, "outcome": {"kind": "completed"}} | changed))


def test_it_is_remembered_for_the_very_cell_protocol_and_modes(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path))
    spec = twin.load_cell("na-nps-na", overrides={"anode.thickness": "51 um"})
    assert twin.ends_of_run(info_of(spec)) == []
    monkeypatch.setattr(ends, "trial_lives", put_in((412.3, "dendrite: anode hard short")))
    found = twin.verdict_ends(spec, cycles=700)
    assert found == [
        {
            "mode": "dendrite",
            "values": OTHER,
            "life_cycles": 412.3,
            "died_of": "dendrite: anode hard short",
        }
    ]
    told = "drive.film_share 0, flaw.length 100 um: 412 cycles (dendrite: anode hard short)"
    assert twin.ends_of_run(info_of(spec)) == [told]
    other = info_of(spec).protocol | {"parameters": {"current_density": "1 mA/cm^2"}}
    for changed in (
        {"protocol": other},
        {"modes": ["dendrite"]},
        {"cell_hash": "0" * 64},
        {"outcome": {"kind": "cancelled"}},
    ):
        assert twin.ends_of_run(info_of(spec, **changed)) == []
    monkeypatch.setattr(ends, "trial_lives", put_in((math.inf, None)))
    twin.verdict_ends(spec, cycles=700)
    assert twin.ends_of_run(info_of(spec))[0].endswith("100 um: more than 700 cycles")


def test_what_ships_with_a_cell_tells_its_ends(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path / "cache"))
    spec = twin.load_cell("na-nps-na")
    monkeypatch.setattr(type(twin.plugin_manager()), "spec_directories", [tmp_path])
    (tmp_path / "evidence").mkdir()
    end = {"mode": "dendrite", "values": OTHER, "life_cycles": 0.5, "died_of": "dendrite: short"}
    kept = {"numbers": [], "hash": cell_hash(spec), "cycles": 9, "protocol": spec.protocol}
    file = tmp_path / "evidence" / "na-nps-na.json"
    file.write_text(json.dumps(kept | {"ends": [end]}))
    (told,) = twin.ends_of_run(info_of(spec))
    assert told.endswith("100 um: in the first cycle (dendrite: short)")
    # What ships was lived with every mode: it says nothing of a run with fewer.
    fewer = info_of(spec, modes=["pressure"])
    assert twin.ends_of_run(fewer) == [] and twin.turning_number(fewer) == ""
    turn = {"key": "a.b", "status": "assumed", "low": end | {"value": "1"}, "high": end}
    turn["high"] = {"value": "2", "life_cycles": None, "died_of": None}
    file.write_text(json.dumps(kept | {"turns": [turn]}))
    assert twin.turning_number(info_of(spec)).startswith("a.b (assumed) turns this verdict")
    assert twin.turning_number(fewer) == ""
    file.write_text(json.dumps(kept | {"ends": [end], "protocol": "no such protocol"}))
    assert twin.ends_of_run(info_of(spec)) == []


def test_a_life_prints_its_verdict_at_both_ends(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path))
    line = ["life", "na-nps-na", "--cycles", "2", "--db", f"sqlite:///{tmp_path}/a.db"]
    assert main([*line, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["outcome"]["kind"] == "completed"
    # The larger flaw runs in the first cycle, whatever the film drops.
    (end,) = document["ends"]
    assert end["values"] == OTHER and end["life_cycles"] < 1
    assert end["died_of"].startswith("dendrite: ")
    assert main(["show", "last", *line[-2:]]) == 0
    assert "other end" in capsys.readouterr().out
    assert main([*line, "--json", "--one-end"]) == 0
    assert json.loads(capsys.readouterr().out)["ends"] == []


def test_what_stands_in_the_way_costs_only_the_other_end(capsys, monkeypatch, tmp_path):
    def broken(*args, **kwargs):
        raise TwinError("no room")

    monkeypatch.setattr(twin, "verdict_ends", broken)
    assert main(["life", "na-nps-na", "--cycles", "1", "--db", f"sqlite:///{tmp_path}/a.db"]) == 0
    told = capsys.readouterr()
    assert "no verdict at the other end: no room" in told.err
    assert "completed" in told.out


def test_ends_that_are_no_toml_name_the_file(monkeypatch):
    assert FailureMode().ends(None) == []
    mode = twin.plugin_manager().modes["dendrite"]
    monkeypatch.setattr(type(mode), "ends_file", "mode.py")
    with pytest.raises(PluginError, match=r"'dendrite': mode\.py is not TOML"):
        mode._read(mode.ends_file)


def test_words_of_a_life():
    end = {"mode": "m", "values": {"modes.m.a": 1.0}, "life_cycles": 1730.6, "died_of": None}
    assert said_of_ends([end], 1000) == ["a 1: more than 1000 cycles"]
    assert OtherEnd("m", {"modes.m.b": "2 um"}).label == "b 2 um"


def test_the_bench_draws_both_ends_and_what_turns_the_verdict():
    from twin_tui.widgets.outcome import draw_outcome

    document = {
        "run": "abcdefgh",
        "cell": "a-cell",
        "status": "completed",
        "numbers": [],
        "margins": {},
        "settings": {},
        "cycles": 2,
        "cycles_requested": 2,
        "protocol": {},
        "modes": [],
        "created": datetime(2026, 1, 1, tzinfo=UTC),
        "wall_s": 1.0,
        "packages": {},
    }
    plain = draw_outcome(document).plain
    assert "other end" not in plain
    known = {
        "turns": "one number turns this verdict",
        "beside": [("other end", "flaw.length 100 um: 3 cycles")],
    }
    lines = draw_outcome(document | known).plain.splitlines()
    assert lines[1] == "one number turns this verdict"
    assert lines[2] == "other end: flaw.length 100 um: 3 cycles"
