"""Bad case files: every problem at once, with file, key, reason and fix."""

from __future__ import annotations

import pytest

from twin.errors import NotFoundError, SpecError
from twin.validation.loader import case_names, load_case


def problems(path):
    with pytest.raises(SpecError) as caught:
        load_case(path)
    found = caught.value.problems
    assert all(p.file == str(path) and p.fix for p in found), found
    return {p.key: p.message for p in found}


def test_a_good_case_is_read(write):
    case = load_case(write())
    assert case.name == "a-case" and case.test == "C"
    assert case.row[0].band.sort == "relative"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("schema = 1", "schema = 2", "schema", "schema 2 is not one"),
        ('class  = "C"', 'class  = "X"', "class", "'X' is none of"),
        ('source = "nowhere"', "", "source", "missing"),
        ('take     = "value"', 'take = "valeu"', "see.film.take", "'valeu' is nothing"),
        ('take     = "value"', 'take = "onset"', "see.film.variable", "'onset' has no variable"),
        ("variable = ", "vriable = ", "see.film.vriable", "unknown key"),
        ('tolerance = "+-1 %"', 'tolerance = "close"', "row[0].tolerance", "is no tolerance"),
        ('tolerance = "+-1 %"', "", "row[0].tolerance", "says no tolerance"),
        ("measured  = 6.3", "", "row[0].measured", "says nothing measured"),
        ("measured  = 6.3", 'measured = "much"', "row[0].measured", "is no number"),
        ('see       = "film"', 'see = "flim"', "row[0].see", "no observable 'flim'"),
        ('cell   = "na-nzsp-na"', "", "run.minute.cell", "names no cell"),
        ("cycles = 1\n", 'cycles = 1\nlike = "none"\n', "run.minute.like", "no run 'none'"),
        (
            "cycles = 1\n",
            'cycles = 1\nprotocol = "cc-cv"\n',
            "run.minute.protocol",
            "more than one",
        ),
        ("cycles = 1\n", "cycles = 0\n", "run.minute.cycles", "at least 1"),
        (
            'take     = "value"\nvariable = "Anode series resistance [Ohm.m2]"',
            'take = "interface-resistance"',
            "see.film.face",
            "needs face",
        ),
        (
            'take     = "value"\nvariable = "Anode series resistance [Ohm.m2]"',
            'take = "retention"\ncycle = 2\nfirst = "best"',
            "see.film.first",
            "'best' is no cycle",
        ),
        (
            'take     = "value"\nvariable = "Anode series resistance [Ohm.m2]"',
            'take = "curve"\ncycle = 1\nfile = "none.csv"',
            "see.film.file",
            "cannot be read",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_key(write, case, row, old, new, key, says):
    text = case + row
    assert old in text
    found = problems(write(text.replace(old, new, 1)))
    assert key in found, found
    assert says in found[key]


def test_all_problems_are_told_at_once(write, case, row):
    text = (case + row).replace('class  = "C"', 'class = "X"').replace("+-1 %", "close")
    assert set(problems(write(text))) >= {"class", "row[0].tolerance"}


def test_a_row_to_be_predicted_holds_nothing_measured(write, case, row):
    found = problems(write(case + row.replace("measured", "predict = true\nmeasured")))
    assert "holds no measured" in found["row[0].measured"]


def test_runs_that_are_like_each_other_are_no_way_out(write, case, row):
    circle = '\n[run.other]\nlike = "minute"\n'
    text = case.replace("cycles = 1\n", 'cycles = 1\nlike = "other"\n', 1) + circle + row
    assert any("circle" in says for says in problems(write(text)).values())


@pytest.mark.parametrize(
    ("table", "says"),
    [("0, 4.1\nmuch, 3\n", "line 2"), ("# nothing\n", "no curve"), ("0, 4\n1, nan\n", "line 2")],
)
def test_a_curve_that_is_no_table_is_told_with_its_line(write, case, row, table, says):
    text = case.replace(
        'take     = "value"\nvariable = "Anode series resistance [Ohm.m2]"',
        'take = "curve"\ncycle = 1\nfile = "a.csv"',
    ).replace("ohm*cm^2", "mV")
    path = write(text + row)
    (path.parent / "a.csv").write_text(table)
    assert says in problems(path)["see.film.file"]


def test_a_curve_is_read_from_its_table(write, case, row):
    text = case.replace(
        'take     = "value"\nvariable = "Anode series resistance [Ohm.m2]"',
        'take = "curve"\ncycle = 1\nfile = "a.csv"',
    ).replace("ohm*cm^2", "mV")
    path = write(text + row)
    (path.parent / "a.csv").write_text("# charge [mA.h], voltage [V]\n0.5, 3\n\n0, 4.1\n")
    assert load_case(path).see["film"].points == ((0.5, 3.0), (0.0, 4.1))


def test_at_most_two_parameters_are_calibrated(write, case, row):
    fit = '[[calibrate]]\nkey = "stack.pressure"\non = "film"\ntarget = 1\nbetween = [1, 2]\n'
    assert "calibrate" in problems(write(case + 3 * fit + row))


def test_a_run_takes_over_what_it_is_like(write, case, row):
    more = '[run.other]\nlike = "minute"\npatch.stack.pressure = "2 MPa"\n'
    text = case.replace("take     =", 'run = "other"\ntake     =') + more + row
    run = load_case(write(text)).run["other"]
    assert run.cell == "na-nzsp-na" and run.phase and run.patch == {"stack": {"pressure": "2 MPa"}}


def test_an_unknown_case_is_not_found():
    with pytest.raises(NotFoundError, match="there is no case"):
        load_case("no-such-case")


def test_every_case_of_the_library_can_be_read():
    names = case_names()
    assert len(names) >= 22
    for name in names:
        case = load_case(name)
        assert case.source and case.set_up, name
        assert len(case.calibrate) <= 2
        assert case.test == "C" or not case.calibrate, f"{name}: only class C is calibrated"
