from __future__ import annotations

import shutil
from dataclasses import replace

import twin


def test_a_run_of_another_database_is_reproduced(cli, runs, tmp_path):
    elsewhere = tmp_path / "archive.db"
    shutil.copy(runs.url.removeprefix("sqlite:///"), elsewhere)
    said = cli("reproduce", runs.dead, "--db", f"sqlite:///{elsewhere}")
    assert said.code == 0 and "identical" in said.out and "to the last bit" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_a_difference_is_exit_code_4_and_says_where(cli, runs, monkeypatch):
    real = twin.reproduce

    def changed(run, **how):
        found = real(run, **how)
        first = twin.runs.reproduce.Difference(2, "capacity_Ah", 1.0, 2.0, 1e-4)
        return replace(found, verdict="differs", differences=(first,), versions={"numpy": "12"})

    monkeypatch.setattr(twin, "reproduce", changed)
    said = cli("reproduce", runs.dead, "--db", runs.url)
    assert said.code == 4
    assert "capacity_Ah" in said.out and "numpy: 1 then, 2 now" in said.out
    document = cli("reproduce", runs.dead, "--db", runs.url, "--json")
    assert document.code == 4 and document.json["same"] is False
    assert document.json["differences"][0]["cycle"] == 2


def test_a_run_that_is_not_there_is_bad_input(cli, runs):
    said = cli("reproduce", "zzzzzzzz", "--db", runs.url)
    assert said.code == 2 and "zzzzzzzz" in said.err
