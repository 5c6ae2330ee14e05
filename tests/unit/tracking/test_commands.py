"""``twin track``, ``twin forecast --from``, ``twin advise``: pages, documents, one-line errors."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from twin.cli.main import main
from twin.store import Store

CELL = "na-nzsp-na"


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one document on stdout."""
        return json.loads(self.out)


@pytest.fixture
def tracking(tracked, capsys, monkeypatch):
    """The command line, on the database of the track."""
    monkeypatch.setenv("TWIN_DATABASE_URL", tracked[0])

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def track(tracked):
    return tracked[2].id


@pytest.fixture
def words(tracked):
    """How the library of the track was drawn."""
    how = tracked[3]
    return [
        "--with", how["overlays"][0], "--as-given", "--modes", "interphase", "--cycles", "30",
        "--lives", "32", "--seed", "3", "--workers", "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "asked, says",
    [
        (["track", CELL], "there are no check-ups to track"),
        (["track", "--data", "a.csv"], "whose check-ups are these?"),
        (["track", CELL, "--data", "no.csv"], "no.csv"),
        (["track", CELL, "--data", "a.csv", "--resistance-after", "7s"], "not told after 7s"),
        (["track", "--show", "last", "--data", "a.csv"], "takes no --data"),
        (["advise", "na-base-na"], "is not tracked yet"),
    ],
)
def test_what_is_asked_wrongly_costs_one_line(tracking, asked, says):
    done = tracking(*asked)
    assert done.code == 2 and done.out == "" and says in " ".join(done.err.split())


@pytest.mark.parametrize(
    "table, says",
    [
        ("cycle,resistance\n1,3\n", "names no unit"),
        ("cycle,colour [1]\n1,3\n", "no check-up is known to measure"),
        ("cycle,resistance [1]\n5,1\n2,1.1\n", "out of order"),
        ("cycle,resistance [mAh]\n1,3\n", "is not measured in"),
    ],
)
def test_a_wrong_table_is_told_with_its_file(tracking, words, tmp_path, table, says):
    file = tmp_path / "wrong.csv"
    file.write_text(table)
    done = tracking("track", CELL, "--data", file, *words)
    said = " ".join(done.err.split())
    assert done.code == 2 and done.out == "" and says in said and "wrong.csv" in said


def test_the_page_of_a_track_fits_and_says_what_the_check_ups_tell(tracking, track):
    done = tracking("track", "--show", track, "--plot")
    assert done.code == 0 and max(map(len, done.out.splitlines())) <= 80
    for said in ("dies of", "left", "of the remaining life", "before", "margin"):
        assert said in done.out
    listed = tracking("track")
    assert track in listed.out and max(map(len, listed.out.splitlines())) <= 80
    document = tracking("track", "--show", track, "--json").json
    assert document["study"] == track and document["told_share"] < 1
    assert document["clock"]["p05"] <= document["clock"]["p95"]


def test_the_library_is_found_again_and_the_answer_is_the_same(tracking, track, tracked, words):
    one = tracking("track", "--show", track, "--json").json
    again = tracking("track", CELL, "--data", tracked[1], *words, "--json").json
    assert again["library"] == one["library"] and again["checkups"] == one["checkups"]


def test_a_forecast_goes_on_from_a_track_in_one_page(tracking, track, tmp_path):
    done = tracking("forecast", CELL, "--from", track, "--before", 20)
    assert done.code == 0 and max(map(len, done.out.splitlines())) <= 80
    assert f"track {track}" in done.out
    document = tracking("forecast", CELL, "--from", track, "--json").json
    assert document["from_cycle"] == 4 and document["track"] == track
    other = tracking("forecast", "na-base-na", "--from", track)
    assert other.code == 2 and "not of na-base-na" in " ".join(other.err.split())
    more = tracking("forecast", CELL, "--from", track, "--cycles", 9)
    assert more.code == 2 and "--samples" in more.err


def test_a_cell_whose_numbers_changed_since_is_refused(tracking, track, tracked):
    with Store.open(tracked[0]) as store:
        library = store.study(track).design["library"]
        was = store.study(library).design["as_named"]
        store.change_study(library, lambda now: now | {"as_named": "0" * 64})
        for asked in (["forecast", CELL, "--from", track], ["advise", CELL, "--from", track]):
            done = tracking(*asked)
            said = " ".join(done.err.split())
            assert done.code == 2 and "has other numbers than when its lives were drawn" in said
            assert "twin track" in said
        store.change_study(library, lambda now: now | {"as_named": was})
    assert tracking("forecast", CELL, "--from", track).code == 0


def test_advice_fits_and_ranks(tracking, track):
    done = tracking("advise", CELL)
    assert done.code == 0 and max(map(len, done.out.splitlines())) <= 80
    assert "do first" in done.out and "checkup-later" in done.out
    document = tracking("advise", CELL, "--json").json
    rates = [one["per_hour"] for one in document["tests"] if one["scorable"]]
    assert rates == sorted(rates, reverse=True)
