"""``twin validate``: what is wrong with a case before it runs, errors by quantity, the figure."""

from __future__ import annotations

import json
import re

import pytest

CASE = """
schema = 1
title  = "A minute of current"
class  = "Q"
source = "nowhere"
set_up = "one minute"

[run.minute]
cell       = "na-nzsp-na"
cycles     = 1
parameters = { j = "0.1 mA/cm^2" }
phase      = [{ name = "minute", cycles = 1, steps = ["Discharge at {j} for 1 minute"] }]

[see.film]
take     = "value"
variable = "Anode series resistance [Ohm.m2]"
unit     = "ohm*cm^2"

[[row]]
see       = "film"
says      = "the film"
measured  = 9.45
tolerance = "x/ 1.2"

[[row]]
see       = "film"
says      = "the film again"
measured  = 6.3
tolerance = "x/ 1.2"
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "minute.toml"
    path.write_text(CASE)
    return path


def test_the_page_ends_with_errors_by_quantity_and_the_figure_is_drawn(cli, case, tmp_path):
    figure = tmp_path / "parity.png"
    said = cli("validate", case, "--figure", figure)
    assert said.code == 0
    (row,) = [line.split() for line in said.out.splitlines() if line.startswith("resistance")]
    # 6.3 ohm cm2 is the cell's own number, 9.45 one and a half times that.
    assert row == ["resistance", "1", "2", "x", "1.25"]
    assert figure.stat().st_size > 1000


def test_a_figure_that_cannot_be_saved_is_told_before_any_run(cli, case, monkeypatch):
    def run(*args, **kwargs):
        raise AssertionError("nothing is to be run")

    monkeypatch.setattr("twin.validation.runner.validate", run)
    said = cli("validate", case, "--figure", "parity.bmp")
    assert said.code == 2 and ".png" in said.err


@pytest.mark.parametrize("more", [(), ("--check",)])
def test_a_misspelt_variable_is_one_error_with_file_key_and_fix(cli, case, more):
    case.write_text(CASE.replace("Anode series", "Anode serial"))
    said = cli("validate", case, *more)
    assert said.code == 2 and said.out == ""
    where, _, rest = said.err.replace("\n", "").partition(": see.film.variable")
    assert rest and re.search(rf"{re.escape(str(case))}(:\d+)?$", where), said.err
    assert "did you mean 'Anode series resistance [Ohm.m2]'" in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--without", "plating"), "--without is of a table of outcomes"),
        (("--outcomes", "t.csv", "--without", "fade"), "'fade' has no part in these lives"),
        (("--outcomes", "t.csv", "--without", "rust"), "rust"),
        (("--outcomes", "t.csv", "--without", "plating", "--members", "0"), "--members 0 has none"),
        (("--outcomes", "t.csv", "--ablate", "--members", "0"), "--ablate switches mechanisms off"),
    ],
)
def test_a_mode_that_cannot_be_switched_off_is_told_before_anything_is_read(cli, words, says):
    said = cli("validate", *words)
    assert said.code != 0 and said.out == "" and says in " ".join(said.err.split())


OWN = [
    "paper,id,anode,electrolyte,cathode,temperature_C,quantity,at_cycle,value,bound,how_read",
    "OWN,a,Na,NASICON,NVP,warm,retention_pct,100,92,=,F",
    "OWN,b,Na,NASICON,Na,25,life_h,,300,>=,F",
]


def test_a_small_table_of_ones_own_is_predicted_row_by_row(cli, tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("\n".join(OWN))
    said = cli("validate", "--outcomes", table, "--members", "0", "--db", "sqlite://")
    assert said.code == 0, said.err
    assert re.search(r"OWN/a +92 +\d+ +\d+ to \d+", said.out)
    assert re.search(r"OWN/b +>= 300 ", said.out)
    assert "line 2, a: temperature_C 'warm' is not read: it is no number" in said.out
    assert "not scored" in said.out and max(map(len, said.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("rows", "words", "says"),
    [
        (OWN, ("learn", "--members", "4"), "5 rows of a quantity"),
        (OWN[:1], ("learn",), "no row is of a quantity"),
        (OWN[:1], ("validate",), "no row is of a quantity"),
        (OWN, ("validate", "--without", "plating"), "rows of three papers"),
    ],
)
def test_a_table_that_is_too_small_is_refused_before_anything_is_lived(
    cli, tmp_path, monkeypatch, rows, words, says
):
    def lived(*args, **kwargs):
        raise AssertionError("nothing is to be lived")

    monkeypatch.setattr("twin.outcomes.ensembles.tell", lived)
    table = tmp_path / "own.csv"
    table.write_text("\n".join(rows))
    said = cli(*words, "--outcomes", table, "--db", "sqlite://")
    errors = " ".join(said.err.split())
    assert said.code == 2 and said.out == "" and says in errors and "fix:" in errors
    assert "own.csv" in errors


@pytest.mark.slow
def test_a_table_is_scored_with_one_mode_off(cli, tmp_path):
    table = tmp_path / "t.csv"
    rows = [f"P{i},r,retention_pct,{90 - i},{90 - i},100,ceramic,polyanion,Na" for i in range(3)]
    table.write_text("\n".join(["paper,id,quantity,lo,hi,N,electrolyte,cathode,anode", *rows]))
    said = cli("validate", "--outcomes", table, "--members", "2", "--without", "plating",
               "--jobs", "1", "--db", "sqlite://", "--json")  # fmt: skip
    assert said.code == 0, said.err
    off = {of["without"]: of for of in json.loads(said.out)["ablations"]}
    assert off["plating"]["rows"] == 3 and off["plating"]["changed"] == 0  # a metal is plated on
    assert off["plating"]["crps_worse"] == {"value": 0.0, "p05": 0.0, "p95": 0.0}
    assert off["plating"]["worth"] is None and "all mechanisms" in off
