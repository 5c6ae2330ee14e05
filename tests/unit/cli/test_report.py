from __future__ import annotations


def test_a_run_is_written_as_a_page(cli, runs, tmp_path):
    said = cli("report", runs.dead, "--out", tmp_path / "a.html", "--db", runs.url)
    # A long path stands in a line of its own.
    assert said.code == 0 and said.out.split() == ["written:", str(tmp_path / "a.html")]
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_file_is_named_after_the_run(cli, runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cli("report", "last", "--db", runs.url, "--json")
    assert said.json == {"of": "last", "file": f"{runs.dead}.html"}
    assert (tmp_path / f"{runs.dead}.html").is_file()


def test_what_is_not_there_is_bad_input(cli, runs, tmp_path):
    said = cli("report", "zzzzzzzz", "--out", tmp_path / "a.html", "--db", runs.url)
    assert said.code == 2 and not list(tmp_path.iterdir())
    said = cli("report", runs.dead, "--out", tmp_path / "no" / "a.html", "--db", runs.url)
    assert said.code == 2 and "folder does not exist" in said.err
