"""The commands about runs, on a database with one that lives and one that died."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

import twin
from twin.store import Store


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def flat(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())


def test_runs_lists_newest_first_with_the_keys_scripts_rely_on(cli, runs):
    found = cli("runs", "--db", runs.url, "--json").json
    assert [run["run"] for run in found] == [runs.dead, runs.alive]
    assert {"run", "cell", "status", "cycles"} <= set(found[0])
    assert (found[0]["status"], found[0]["mode"]) == ("cell-failed", "pressure")


def test_runs_can_be_narrowed(cli, runs):
    def ids(*words):
        return [run["run"] for run in cli("runs", "--db", runs.url, "--json", *words).json]

    assert ids("--cell", "na-nzsp-na") == [runs.alive]
    assert ids("--status", "cell-failed") == [runs.dead]
    assert ids("--limit", 1) == [runs.dead]
    assert ids("--status", "interrupted") == []


def test_a_mistyped_status_is_met_with_a_near_one(cli, runs):
    said = cli("runs", "--db", runs.url, "--status", "cell-fialed")
    assert said.code == 2 and "'cell-failed'" in said.err


def test_an_empty_database_says_how_to_begin(cli, empty):
    assert "twin run CELL" in cli("runs", "--db", empty).out
    assert cli("runs", "--db", empty, "--json").json == []


def test_show_names_the_cause_the_runner_up_and_the_evidence(cli, runs):
    said = cli("show", runs.dead, "--db", runs.url)
    text = flat(said.out)
    assert said.code == 0 and widest(said.out) <= 80
    for words in (
        "pressure: anode contact lost",
        "cycle 2, after",
        "under 0.2 MPa",
        "runner-up pressure: cathode contact lost",
        "stack.pressure = 0.2 MPa",
        "interphase",
        "Events",
        "--from-cycle 0 --set KEY=VALUE",
    ):
        assert words in text


def test_show_gives_scripts_everything(cli, runs):
    document = cli("show", runs.dead, "--db", runs.url, "--json").json
    outcome = document["outcome"]
    assert {"run", "cell", "cycles", "wall_s", "capacity_Ah", "outcome", "parent"} <= set(document)
    assert {
        "kind", "mode", "criterion", "cycle", "time_h", "variable", "value", "threshold",
        "runner_up",
    } <= set(outcome)  # fmt: skip
    assert document["cycles"] == len(document["capacity_Ah"]) == 1  # one finished, one cut short
    assert document["last_cycle"] == 2
    assert document["events"][-1]["severity"] == "fatal"
    assert min(document["margins"], key=document["margins"].get) == "pressure: anode contact lost"


def test_show_finds_a_run_by_the_beginning_of_its_id_and_as_the_last(cli, runs):
    words = ("--db", runs.url, "--json")
    assert cli("show", runs.alive[:4], *words).json["run"] == runs.alive
    assert cli("show", "last", *words).json["run"] == runs.dead


def test_a_run_that_is_not_there(cli, runs):
    wrong = runs.alive[:-1] + ("a" if runs.alive[-1] != "a" else "b")
    said = cli("show", wrong, "--db", runs.url, "--json")
    assert said.code == 2 and runs.alive in said.json["error"]["fix"]


@pytest.fixture
def half_done(tmp_path) -> tuple[str, str]:
    """A database with a run whose process was lost after its second cycle."""
    url = f"sqlite:///{tmp_path / 'half.db'}"

    class Lost(BaseException):
        pass

    def lose(progress):
        if progress.cycle == 2:
            raise Lost

    with pytest.raises(Lost):
        twin.simulate(
            "na-nzsp-na", cycles=4, modes=["interphase", "pressure"], store=url, on_cycle=lose
        )
    with Store.open(url) as store:
        return url, store.run("last").id


def test_show_of_a_run_in_the_making_says_how_to_go_on(cli, half_done):
    url, run = half_done
    said = cli("show", run, "--db", url)
    assert said.code == 0 and f"twin resume {run}" in flat(said.out)
    document = cli("show", run, "--db", url, "--json").json
    assert document["outcome"] is None and document["cycles"] == 2


def test_resume_finishes_what_was_begun(cli, half_done, runs):
    url, run = half_done
    said = cli("resume", run, "--db", url, "--json")
    assert said.code == 0
    assert (said.json["run"], said.json["cycles"]) == (run, 4)
    whole = cli("show", runs.alive, "--db", runs.url, "--json").json
    assert said.json["capacity_Ah"] == pytest.approx(whole["capacity_Ah"], rel=1e-12)


def test_resume_with_a_change_is_a_new_run_that_knows_its_parent(cli, half_done):
    url, run = half_done
    said = cli(
        "resume", run, "--from-cycle", 1, "--set", "stack.pressure=20 MPa",
        "--set", "protocol.half_cycle=30 minutes", "--db", url, "--json",
    )  # fmt: skip
    assert said.code == 0 and said.json["run"] != run
    assert said.json["parent"] == [run, 1]
    assert said.json["capacity_Ah"][1] == pytest.approx(said.json["capacity_Ah"][0] / 2, rel=1e-6)
    text = flat(cli("show", said.json["run"], "--db", url).out)
    assert f"branched from {run} after cycle 1" in text
    assert "stack.pressure = 20 MPa" in text and "protocol.half_cycle = 30 minutes" in text


def test_a_cell_that_died_is_not_resumed(cli, runs):
    said = cli("resume", runs.dead, "--db", runs.url, "--json")
    assert said.code == 2 and "--from-cycle" in said.json["error"]["fix"]


def test_run_prints_its_id_first_and_the_outcome_as_its_result(cli, empty):
    said = cli("run", "na-nzsp-na", "--cycles", 2, "--db", empty)
    run = said.err.split()[1]
    assert said.code == 0 and f"twin resume {run}" in said.err
    assert run in said.out and "2 of 2 finished" in said.out and widest(said.out) <= 80


def test_run_passes_every_option_on(cli, empty):
    said = cli(
        "run", "na-nzsp-na", "--cycles", 2, "--with", "warm-60C", "--set", "stack.pressure=9 MPa",
        "--set", "protocol.half_cycle=10 minutes", "--protocol", "galvanostatic-symmetric",
        "--without", "interphase", "--rtol", "1e-5", "--atol", "1e-7", "--series-every", 0,
        "--db", empty, "--json", "--quiet",
    )  # fmt: skip
    assert said.code == 0 and said.err == ""
    document = said.json
    left = twin.plugin_manager().select(None, ["interphase"], "symmetric")
    assert list(document["modes"]) == [mode.id for mode in left]
    settings = document["settings"]
    assert (settings["rtol"], settings["atol"], settings["series_every"]) == (1e-5, 1e-7, 0)
    assert settings["overlays"] == ["warm-60C"]
    assert settings["overrides"] == {
        "stack.pressure": "9 MPa",
        "protocol.half_cycle": "10 minutes",
    }
    said = cli("plot", "last", "--what", "voltage", "--db", empty)
    assert said.code == 2 and "no time series" in said.err


@pytest.mark.parametrize(
    ("words", "modes"),
    [
        (("--modes", "none"), []),
        (("--modes", "pressure"), ["pressure"]),
        (("--modes", "interphase,pressure", "--without", "pressure"), ["interphase"]),
    ],
)
def test_failure_modes_can_be_chosen(cli, empty, words, modes):
    said = cli("run", "na-nzsp-na", "--cycles", 1, *words, "--db", empty, "--json")
    assert list(said.json["modes"]) == modes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("na-nzsp-nan",), "na-nzsp-na"),
        (("na-nzsp-na", "--set", "stack.presure=1 MPa"), "pressure"),
        (("na-nzsp-na", "--set", "stack.pressure=5"), "unit"),
        (("na-nzsp-na", "--set", "nonsense"), "KEY=VALUE"),
        (("na-nzsp-na", "--with", "warm-60"), "warm-60C"),
        (("na-nzsp-na", "--protocol", "nosuch"), "galvanostatic-symmetric"),
        (("na-nzsp-na", "--modes", "presure"), "pressure"),
        (("na-nzsp-na", "--rtol", "-1"), "tolerance"),
        (("na-nzsp-na", "--rtol", "nan"), "tolerance"),
        (("na-nzsp-na", "--cycles", "0"), "at least one"),
        (("na-nzsp-nvp", "--model", "p2d"), "spm"),
        (("nosuch.toml",), "nosuch.toml"),
    ],
)
def test_bad_input_is_told_with_a_fix_and_stores_nothing(cli, empty, words, says):
    said = cli("run", *words, "--db", empty)
    assert said.code == 2 and said.out == ""
    assert says in said.err and "fix:" in said.err
    assert cli("runs", "--db", empty, "--json").json == []


def test_plot_writes_a_file_or_draws_or_gives_the_numbers(cli, runs, tmp_path):
    words = ("plot", runs.dead, "--db", runs.url)
    file = tmp_path / "figure.png"
    said = cli(*words, file, "--what", "margins", "--json")
    assert said.json["file"] == str(file) and file.read_bytes().startswith(b"\x89PNG")
    drawn = cli(*words, "--what", "margins").out
    assert widest(drawn) <= 80 and "anode contact lost" in drawn and "\x1b" not in drawn
    (panel,) = cli(*words, "--what", "margins", "--json").json["panels"]
    assert panel["lines"][0]["y"][-1] == pytest.approx(0, abs=1e-9)
    assert len(cli(*words, "--json").json["panels"]) == 5


@pytest.mark.parametrize("words", [("figure.gif",), ("--what", "volts"), ("nosuch/figure.png",)])
def test_plots_that_cannot_be_made(cli, runs, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    said = cli("plot", runs.dead, *words, "--db", runs.url)
    assert said.code == 2 and "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("to", "files"),
    [("parquet", 2), ("csv", 1), ("netcdf", 1), ("bdf", 1)],
)
def test_export_writes_and_names_its_files(cli, runs, tmp_path, monkeypatch, to, files):
    monkeypatch.chdir(tmp_path)
    document = cli("export", runs.dead, "--to", to, "--db", runs.url, "--json").json
    assert len(document["files"]) == files
    assert all(Path(f["path"]).stat().st_size > 0 for f in document["files"])
    assert all(Path(f["path"]).name.startswith(runs.dead) for f in document["files"])


def test_export_to_a_named_file(cli, runs, tmp_path):
    out = tmp_path / "mine.csv"
    said = cli("export", runs.alive, "--to", "csv", "--out", out, "--db", runs.url)
    assert said.code == 0 and len(pd.read_csv(out)) == 4
    assert cli("export", runs.alive, "--to", "xlsx", "--db", runs.url).code == 2
    assert cli("export", runs.alive, "--db", runs.url).code == 2


def test_a_file_where_a_folder_should_be_is_told(cli, runs, tmp_path):
    (tmp_path / "file").write_text("")
    said = cli(
        "export", runs.alive, "--to", "csv", "--out", tmp_path / "file" / "x.csv", "--db", runs.url
    )
    assert said.code == 2 and "Traceback" not in said.err and "bug" not in said.err


def test_db_info_looks_without_creating(cli, empty, runs):
    document = cli("db", "info", "--db", empty, "--json").json
    assert document["revision"] is None
    assert not Path(empty.removeprefix("sqlite:///")).exists()
    document = cli("db", "--db", runs.url, "--json").json
    assert document["counts"]["run"] == 2 and document["bytes"] > 0
    assert widest(cli("db", "info", "--db", runs.url).out) <= 80


def test_db_upgrade_creates_and_then_has_nothing_to_do(cli, empty):
    first = cli("db", "upgrade", "--db", empty, "--json").json
    assert first["before"] is None and first["revision"]
    second = cli("db", "upgrade", "--db", empty, "--json").json
    assert second["before"] == second["revision"] == first["revision"]
    assert "is up to date" in flat(cli("db", "upgrade", "--db", empty).out)


def test_the_password_of_a_database_is_never_shown(cli):
    url = "postgresql://me:secret@127.0.0.1:1/none?connect_timeout=1"
    for words in (("runs",), ("db", "info"), ("plugins", "doctor"), ("runs", "--json")):
        said = cli(*words, "--db", url)
        assert said.code == 2 and "secret" not in said.out + said.err


def test_a_second_ctrl_c_reports_what_was_finished(cli, empty, monkeypatch):
    def impatient(self, progress):
        if progress.cycle == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("twin.cli.progress.Watcher.cycle", impatient)
    said = cli("run", "na-nzsp-na", "--cycles", 5, "--modes", "pressure", "--db", empty, "--json")
    assert said.code == 130
    assert (said.json["status"], said.json["cycles"]) == ("cancelled", 2)
    assert said.json["outcome"]["kind"] == "cancelled"
    assert f"twin resume {said.json['run']}" in said.json["outcome"]["fix"]
    monkeypatch.undo()
    assert cli("resume", said.json["run"], "--db", empty, "--json").json["cycles"] == 5


def test_warnings_of_a_run_are_told_at_its_end(cli, empty):
    said = cli(
        "run", "na-nzsp-na", "--cycles", 1, "--set", "stack.pressure=80 MPa",
        "--modes", "pressure", "--db", empty,
    )  # fmt: skip
    assert said.code == 0
    assert "warning" in said.out and "the pressure was 8e+07 Pa" in flat(said.out)


def test_a_database_can_be_a_path_or_in_memory(cli, tmp_path):
    words = ("run", "na-nzsp-na", "--cycles", 1, "--json", "--db")
    assert cli(*words, tmp_path / "mine.db").json["cycles"] == 1
    assert (tmp_path / "mine.db").exists()
    assert cli(*words, "sqlite://").json["cycles"] == 1


@pytest.mark.parametrize("columns", ["0", "-1", "", "no number", "1"])
def test_a_width_that_is_none_is_no_width(cli, runs, monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    usual = cli("runs", "--db", runs.url).out
    monkeypatch.setenv("COLUMNS", columns)
    said = cli("runs", "--db", runs.url)
    assert said.code == 0 and runs.alive in said.out
    seconds = re.compile(r" *\d+ s\b")  # how long ago, which goes on
    assert columns == "1" or seconds.sub("", said.out) == seconds.sub("", usual)


def test_modes_are_left_out_where_that_is_asked_and_kept(cli, runs, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    with (
        closing(sqlite3.connect(runs.url.removeprefix("sqlite:///"))) as own,
        closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
    ):
        own.backup(copy)
    asked = []

    def lived(info, mode, horizon, deadline):
        asked.append(mode)
        return {"kind": "completed", "cycle": horizon}

    monkeypatch.setattr("twin.studies.leave_one_out._lived", lived)
    assert cli("show", runs.dead, "--db", url, "--json").json["left_out"] is None and not asked
    said = cli("show", runs.dead, "--leave-one-out", "--db", url)
    assert "without pressure: lives more than 100 cycles" in flat(said.out)
    assert asked == ["pressure", "interphase"]
    kept = cli("show", runs.dead, "--db", url, "--json").json["left_out"]
    assert (kept["blamed"], kept["agree"], set(kept["lives"])) == ("pressure", True, set(asked))
    assert "left out" not in cli("show", runs.alive, "--leave-one-out", "--db", url).out
    assert len(asked) == 2  # kept, and nothing to leave out of a cell that lives
