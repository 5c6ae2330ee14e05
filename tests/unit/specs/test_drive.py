"""Drive cycles from files, and steps that end at a state of charge: read, refused, and told."""

from __future__ import annotations

import math

import pytest

from twin import load_cell
from twin.errors import SpecError
from twin.specs.drive import MOST_POINTS, read_drive
from twin.specs.protocol import Protocol, load_protocol
from twin.specs.steps import read_step

GOOD = "# a remark\nTime [min], Charging current [mA]\n0, 1\n\n0.5, -2\n1, 3\n"
CYCLE = """
schema = 1
title = "A drive"
[parameters]
profile = "trip.csv"
[[phase]]
name = "cycle"
steps = ["Charge at C/5 until {upper}", "Drive {profile} until {lower}"]
"""


@pytest.fixture
def file(tmp_path):
    def file(text, name="trip.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return file


def test_units_and_signs_are_those_of_the_header(file):
    drive = read_drive(file(GOOD))
    assert drive.sort == "current"
    assert drive.times == pytest.approx((0, 30, 60))
    assert drive.values == pytest.approx((-1e-3, 2e-3, -3e-3))  # a charge is negative here
    assert drive.mean() == pytest.approx((0.5e-3 - 0.5e-3) / 2, abs=1e-12)


@pytest.mark.parametrize(
    ("header", "sort", "value"),
    [
        ("Time [s], Current [A]", "current", 2.0),
        ("t (s),I (mA)", "current", 2e-3),
        ("Time [s];Current density [mA/cm2]", "current density", 20.0),
        ("Time [h]\tDischarge power [mW]", "power", 2e-3),
        ("Time [s],C-rate", "C-rate", 2.0),
        ("time [s],discharging C-rate [C]", "C-rate", 2.0),
        ("time [s],charge C-rate", "C-rate", -2.0),
    ],
)
def test_each_kind_of_column(file, header, sort, value):
    split = next(mark for mark in "\t;," if mark in header)
    drive = read_drive(file(f"{header}\n0{split}0\n1{split}2\n"))
    assert (drive.sort, drive.values[1]) == (sort, pytest.approx(value))


def test_a_current_density_becomes_the_current_of_the_cell(file):
    drive = read_drive(file("t [s],i [mA/cm2]\n0,1\n1,1\n")).on(2e-4)
    assert (drive.sort, drive.values[0]) == ("current", pytest.approx(2e-3))


@pytest.mark.parametrize(
    ("text", "line", "says", "fix"),
    [
        ("", None, "is empty", "Time [s], Current [A]"),
        ("# nothing\n\n", None, "is empty", "Time [s], Current [A]"),
        ("0,1\n1,2\n", 1, "no names and no units", "Time [s], Current [A]"),
        ("Time [s],Current\n0,1\n1,2\n", 1, "'Current' has no unit", "Time [s], Current [A]"),
        ("Time,Current [A]\n0,1\n", 1, "'Time' has no unit", "Time [s]"),
        ("Time [m],Current [A]\n0,1\n", 1, "is no time", "Time [s]"),
        ("Time [s],Voltage [V]\n0,1\n", 1, "is no current", "Current [A]"),
        ("Time [s],A [A],B [A]\n0,1,2\n", 1, "3 columns, not two", "Current [A]"),
        ("Time [s],Current [A]\n0,1\n", 2, "fewer than two points", "0 s"),
        ("Time [s],Current [A]\n5,1\n6,1\n", 2, "begins at 5 s", "subtract"),
        ("Time [s],Current [A]\n0,1\n2,1\n2,3\n", 4, "2 s after 2 s", "sort"),
        ("Time [s],Current [A]\n0,1\n\n1,nan\n", 4, "not finite", "mend"),
        ("Time [s],Current [A]\n0,1\n1,inf\n", 3, "not finite", "mend"),
        ("Time [s],Current [A]\n0,1\n1,two\n", 3, "'two' is no number", "write a number"),
        ("Time [s];Current [A]\n0;0,5\n1;1\n", 2, "'0,5' is no number", "'0.5'"),
        ("Time [s],Current [A]\n0,5,0,5\n", 2, "decimal comma", "a time and a value"),
        ("Time [s],Current [kA]\n0,1\n1,1e308\n", 3, "too large", "unit"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_error_with_its_line_and_a_fix(file, text, line, says, fix):
    path = file(text)
    with pytest.raises(SpecError) as raised:
        read_drive(path)
    (problem,) = raised.value.problems
    assert problem.file == str(path) and problem.key == (f"line {line}" if line else None)
    assert says in problem.message and fix in problem.fix


def test_a_file_that_is_huge_binary_or_not_there(file, tmp_path):
    many = "Time [s],Current [A]\n" + "".join(f"{n},1\n" for n in range(MOST_POINTS + 1))
    for path, says in [
        (file(many, "many.csv"), "100001 points"),
        (file(b"x" * 10_000_001, "large.csv"), "larger than 10 MB, which no drive cycle is"),
        (file(b"\xff\xfe\x00"), "not UTF-8"),
        (tmp_path, "is a directory"),
        (tmp_path / "none.csv", "no such file"),
    ]:
        with pytest.raises(SpecError) as raised:
            read_drive(path)
        assert len(raised.value.problems) == 1 and says in str(raised.value)


@pytest.fixture
def load(tree):
    tree.write("protocols/drive.toml", CYCLE)
    tree.write("protocols/trip.csv", "Time [s],Current [A]\n0,1\n10,-0.5\n")
    return lambda **overrides: load_protocol("drive", library=tree.library, overrides=overrides)


def test_the_file_stands_beside_the_protocol_and_is_kept_with_it(load, tree):
    protocol = load()
    step = protocol.resolve(tree.load()).phases[0].steps[1]
    assert step.text == "Drive trip.csv until < 2.5 V" and step.drive.values == (1.0, -0.5)
    stored = protocol.to_data()
    (tree.root / "protocols/trip.csv").unlink()
    again = Protocol.from_data(stored)
    assert again == protocol and again.drives["trip.csv"] == step.drive
    assert again.resolve(tree.load()).phases[0].steps[1].drive == step.drive


def test_another_file_is_named_as_a_parameter(load, tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("Time [s],Power [W]\n0,1\n5,2\n")
    assert load(profile="mine.csv").drives["mine.csv"].sort == "power"
    assert load().with_parameters({"profile": "mine.csv"}).drives["mine.csv"].sort == "power"
    with pytest.raises(SpecError, match="no such file"):
        load(profile="none.csv")


def test_a_protocol_without_a_drive_cycle_is_stored_as_before():
    from twin import load_protocol

    assert "drives" not in load_protocol("cc-cv", load_cell("na-nzsp-nvp")).to_data()


@pytest.mark.parametrize(
    ("steps", "says", "fix"),
    [
        ('"Drive trip.csv until 3 V"', "from both sides", '"until < 3 V"'),
        ('"Charge at 1 mA until 120 % SOC"', "no state of charge", "0 to 100 %"),
        ('"Hold at 3 V until 50 % SOC"', "from which side", "until < 50 % SOC"),
        ('"Rest for 1 hour or until 50 % SOC"', "from which side", "until < 50 % SOC"),
        ('"Drive trip.csv for 1000 hours"', "more than 100000 points", "write it like"),
        ('"Charge at 1 mA until 9 V or 80 % SOC"', "9 V lies above the window", "{upper}"),
    ],
)  # fmt: skip
def test_what_a_step_cannot_mean_is_refused(load, tree, steps, says, fix):
    tree.write("protocols/drive.toml", CYCLE.replace('"Drive {profile} until {lower}"', steps))
    with pytest.raises(SpecError) as raised:
        load().resolve(tree.load())
    (problem,) = raised.value.problems
    assert says in problem.message and fix in problem.fix
    assert problem.key == "phase[0].steps[1]"


def test_a_symmetric_cell_has_no_state_of_charge(load, tree):
    text = CYCLE.replace("Drive {profile} until {lower}", "Charge at 1 mA until 50 % SOC")
    tree.write("protocols/drive.toml", text)
    with pytest.raises(SpecError, match="a symmetric cell has no state of charge"):
        load().resolve(load_cell("na-nzsp-na"))


def test_a_step_may_end_at_one_of_several_limits():
    step = read_step("Charge at 1 A for 2 hours or until 80 % SOC or 3.9 V", temperature=300.0)
    assert (step.value, step.duration, step.temperature) == (-1.0, 7200.0, 300.0)
    assert [type(end).__name__ for end in step.termination] == [
        "VoltageTermination", "StateOfCharge",
    ]  # fmt: skip
    (share,) = [end for end in step.termination if type(end).__name__ == "StateOfCharge"]
    assert share.value == pytest.approx(0.8) and share.side(step) == ">"
    rate = read_step("Discharge at C/4 until 20 % SOC")
    assert rate.uses_default_duration and rate.duration == pytest.approx(8 * 3600)


def test_points_on_a_line_are_left_out_and_a_longer_time_begins_anew(file):
    drive = read_drive(file("Time [s],Current [A]\n0,1\n1,1\n2,1\n3,4\n4,7\n"))
    short = read_step("Drive trip.csv", drive=drive)
    assert short.duration == 4 and list(short.value.x[0][:3]) == [0, 2, 4]
    twice = read_step("Drive trip.csv for 9 seconds", drive=drive)
    at = dict(zip(twice.value.x[0], twice.value.y, strict=True))
    assert twice.duration == 9 and (at[4], at[5], at[7]) == (7, 1, 1) and at[9] == 7
    # No current beyond its end is made up where PyBaMM looks.
    assert math.isclose(max(twice.value.y), 7)
