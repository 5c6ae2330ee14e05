"""A case is checked without a run: units, modes, keys and bounds."""

from __future__ import annotations

import pytest

from twin.errors import TwinError
from twin.validation.bench import CaseBench
from twin.validation.check import check_case
from twin.validation.loader import case_names

FIT = """
[[calibrate]]
key     = "interfaces.anode.resistance.reference"
on      = "film"
target  = 20.0
between = ["1 ohm*cm^2", "100 ohm*cm^2"]
"""
VARY = '{ key = "stack.pressure", values = ["1 MPa", "%s"], unit = "MPa" }'


@pytest.fixture(autouse=True)
def _nothing_is_run(monkeypatch):
    def run(*args):
        raise AssertionError("a check runs nothing")

    monkeypatch.setattr(CaseBench, "solve", run)


def test_a_sound_case_passes(write, case, row):
    assert check_case(write(case + FIT + row)) is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"ohm*cm^2"\n\n[[cal', '"kg"\n\n[[cal', "see.film.unit"),
        ("interfaces.anode.resistance.reference", "interfaces.anode.nothing", "nothing"),
        ('"1 ohm*cm^2"', '"1 kg"', "reference"),
        ('"1 ohm*cm^2"', '"-1 ohm*cm^2"', ""),
        ("cycles = 1\n", 'cycles = 1\nmodes = ["nothing"]\n', "run.minute"),
        ('"na-nzsp-na"', '"no-such-cell"', ""),
        ("Anode series resistance", "Anode series resistence", "see.film.variable"),
        ("cycles = 1\n", f"cycles = 1\nvary = {VARY % '1 kg'}\n", "run.minute"),
        ('tolerance = "+-1 %"', 'tolerance = "+-1 %"\nspread = { nothing = [1, 2] }', "nothing"),
        (
            'tolerance = "+-1 %"',
            'tolerance = "+-1 %"\nspread = { "calibrate.1" = [1, 2] }',
            "row[0].spread",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_key_and_fix(write, case, row, old, new, key):
    text = case + FIT + row
    assert old in text
    with pytest.raises(TwinError) as error:
        check_case(write(text.replace(old, new, 1)))
    (problem,) = error.value.problems
    assert key in str(problem.key) and problem.file and problem.fix


def test_a_profile_is_no_number(write, case, row):
    text = case.replace("na-nzsp-na", "na-ion-chayambuka2022").replace('"ohm*cm^2"', '"V"')
    text = text.replace("Anode series resistance [Ohm.m2]", "Electrolyte potential [V]")
    with pytest.raises(TwinError, match="no variable 'Electrolyte potential"):
        check_case(write(text + row))


def test_every_case_of_the_library_is_sound():
    for name in case_names():
        check_case(name)
