"""Control characters of others are shown on a terminal, not sent to it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.visible import controls, visible

EVIL = "a\x1b[31mb\x1b]0;owned\x07\x1bc\x9b2J\x7f\u202ex"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@given(st.text())
def test_what_is_shown_obeys_nobody_and_is_as_long(text):
    shown = visible(text)
    assert not OBEYED.search(shown) and len(shown) == len(text)
    assert visible(shown) == shown
    assert bool(controls(text)) == (shown != text)


def test_an_escape_is_seen_as_one():
    assert visible("a\x1b[31mb\n\tc\x07") == "a\u241b[31mb\n\tc\u2407"


@pytest.fixture
def evil(runs, tmp_path):
    """A database whose texts hold escape codes."""
    file = tmp_path / "evil.db"
    with closing(sqlite3.connect(runs.url.removeprefix("sqlite:///"))) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(runs.url.removeprefix("sqlite:///"), file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE run SET cell_name = ?", (EVIL,))
        connection.execute("UPDATE cell SET title = ?", (EVIL,))
        connection.execute("UPDATE failure_event SET says = ?", (EVIL,))
    return f"sqlite:///{file}"


def test_no_command_sends_what_is_stored(cli, evil, runs, tmp_path):
    for words in (
        ("runs",),
        ("runs", "--json"),
        ("show", runs.dead),
        ("show", runs.dead, "--json"),
        ("plot", runs.alive),
        ("compare", runs.alive, runs.dead),
        ("show", EVIL),
        ("cells", "check", f"/nosuch/{EVIL}.toml"),
        (EVIL,),
    ):
        said = cli(*words, "--db", evil) if words != (EVIL,) else cli(*words)
        assert not OBEYED.search(said.out + said.err), (words, said)
    figure = tmp_path / "plot.svg"
    assert cli("plot", runs.alive, figure, "--db", evil).code == 0
    assert not OBEYED.search(figure.read_text(encoding="utf-8"))


def test_a_spec_with_control_characters_is_refused_by_its_key(cli, tmp_path):
    cell = tmp_path / "cell.toml"
    cell.write_text('schema = 1\ntitle = "a\\u001b[31mb"\nkind = "full"\n', encoding="utf-8")
    said = cli("cells", "check", cell)
    assert said.code == 2 and "title" in said.err and "U+001B" in said.err and "fix:" in said.err


@pytest.mark.parametrize("bad", ["../../evil", "x;reboot", "-rf", "a b", "$(id)"])
def test_an_id_of_others_that_is_none_names_no_file_and_stands_in_no_command(
    cli, evil, runs, tmp_path, monkeypatch, bad
):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(evil.removeprefix("sqlite:///"))) as connection, connection:
        for table, column in (("cycle", "run"), ("run", "id")):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?",
                               (bad, runs.alive))  # fmt: skip
    before = sorted(path.name for path in tmp_path.rglob("*"))
    for words in (("export", "--to", "csv"), ("report",), ("show",), ("resume", "--cycles", "9")):
        said = cli(words[0], *words[1:], "--db", evil, "--", bad)
        assert said.code == 2 and "id is damaged (no id)" in said.err, (words, said)
    assert "damaged" in cli("runs", "--db", evil).out
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


NO_TEXT = "a\udcff"  # what Python makes of an argument that is no UTF-8
"""An argument of the command line whose bytes are no text."""


@pytest.mark.parametrize(
    "words",
    [
        ("show", NO_TEXT), ("resume", NO_TEXT), ("report", NO_TEXT), ("runs", "--cell", NO_TEXT),
        ("forecast", "na-nzsp-na", "--study", NO_TEXT),
        ("run", "na-nzsp-na", "--set", f'title="{NO_TEXT}"'), ("cells", "show", NO_TEXT),
        ("compare", NO_TEXT, "last"), ("reproduce", NO_TEXT), ("studies", NO_TEXT),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_an_argument_that_is_no_text_is_bad_input(cli, runs, words):
    said = cli(*words, "--db", runs.url)
    assert said.code == 2 and "error: " in said.err and "bug" not in said.err, said
