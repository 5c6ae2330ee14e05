"""Check-ups from tables and measured data, and what is wrong with them in words."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import InputError
from twin.tracking.checkups import CheckUp, Reading, arcs_of, check_sense, read_checkups

AREA = 2e-4


@pytest.fixture
def table(tmp_path):
    def write(text, name="checkups.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def read(path, **more):
    return read_checkups([path], area_m2=AREA, **more)[0]


def test_units_are_turned_and_empty_cells_left_out(table):
    found = read(
        table(
            "cycle, capacity [mAh], resistance [ohm*cm^2], pressure [MPa]\n"
            "1, 1.2, 180, 5\n50, 1.1, , \n"
        )
    )
    assert [one.cycle for one in found] == [1, 50]
    first = found[0].readings
    assert first["capacity"].value == pytest.approx(1.2e-3)
    assert first["resistance"].value == pytest.approx(180e-4)
    assert first["pressure"].value == pytest.approx(5e6)
    assert list(found[1].readings) == ["capacity"]


def test_a_resistance_of_the_whole_cell_is_multiplied_by_its_area(table):
    found = read(table("cycle,resistance [ohm]\n1,90\n"))
    assert found[0].readings["resistance"].value == pytest.approx(90 * AREA)


@pytest.mark.parametrize(("unit", "text"), [("%", "97.5"), ("1", "0.975")])
def test_shares_of_the_fresh_cell(table, unit, text):
    found = read(table(f"cycle,capacity [{unit}]\n10,{text}\n"))
    assert found[0].readings["capacity"] == Reading(pytest.approx(0.975), share=True)


def test_semicolons_decimal_commas_a_byte_order_mark_and_remarks(table):
    text = "\ufeff# cell 7\ncycle;capacity [mAh]\n1;1,25\n20;1,20\n"
    found = read(table(text.replace("\ufeff", ""), encoding="utf-8-sig"))
    assert [one.readings["capacity"].value for one in found] == pytest.approx([1.25e-3, 1.2e-3])


def test_what_is_written_of_check_ups_is_read_again(table):
    found = read(table("cycle,capacity [%],resistance [ohm cm2]\n1,100,180\n9,98,\n"))
    assert [CheckUp.from_dict(one.to_dict()) for one in found] == found


@pytest.mark.parametrize(
    ("text", "says", "fix"),
    [
        ("cycle,capacity [mAh]\n1,1\n60,0.9\n40,0.8\n", "out of order", "order of cycles"),
        ("cycle,capacity [mAh]\n1,1\n1,0.9\n", "there twice", "keep one"),
        ("cycle,capacity\n1,1\n", "names no unit", "capacity [mAh]"),
        ("cycle,resistance\n1,1\n", "names no unit", "ohm*cm^2"),
        ("cycle,capacity [V]\n1,1\n", "not measured in 'V'", "A*hour"),
        ("cycle,pressure [%]\n1,1\n", "not told as a share", "Pa"),
        ("cycle,colour [m]\n1,1\n", "'colour'", "the columns are cycle, capacity"),
        ("cycle,capacity [mAh]\n1,-2\n", "no positive number", "empty"),
        ("cycle,capacity [mAh]\n1,nan\n", "no positive number", "empty"),
        ("cycle,capacity [mAh]\n1.5,2\n", "no number of cycles", "whole number"),
        ("cycle,capacity [mAh],capacity [%]\n1,2,3\n", "two columns", "cycle"),
        ("cycle,capacity [mAh]\n", "no check-up", "table"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_a_way_out(table, text, says, fix):
    with pytest.raises(InputError) as caught:
        read(table(text))
    assert says in caught.value.problem.message and fix in caught.value.problem.fix


def test_the_row_is_named(table):
    with pytest.raises(InputError) as caught:
        read(table("cycle,capacity [mAh]\n1,1\n60,0.9\n40,0.8\n"))
    assert "row 4: cycle 40 comes after cycle 60" in caught.value.problem.message
    assert caught.value.problem.key == "cycle" and caught.value.problem.file


def test_two_files_are_put_together_and_contradict_each_other_never(table):
    a = table("cycle,capacity [mAh]\n1,1.2\n40,1.1\n", "a.csv")
    b = table("cycle,resistance [ohm]\n40,95\n", "b.csv")
    found, _ = read_checkups([a, b], area_m2=AREA)
    assert [sorted(one.readings) for one in found] == [["capacity"], ["capacity", "resistance"]]
    with pytest.raises(InputError) as caught:
        read_checkups([a, table("cycle,capacity [mAh]\n40,1.0\n", "c.csv")], area_m2=AREA)
    assert "capacity at cycle 40 is there twice" in caught.value.problem.message


def capacities(*shares):
    return [
        CheckUp(1 + 50 * i, {"capacity": Reading(1e-3 * share)}) for i, share in enumerate(shares)
    ]


def test_more_than_the_fresh_cells_capacity_is_refused():
    with pytest.raises(InputError) as caught:
        check_sense(capacities(1.0, 1.2), 0.8)
    assert "120 % of the fresh cell's" in caught.value.problem.message
    assert len(check_sense(capacities(1.0, 1.03, 0.95), 0.8)) == 3


def test_a_cell_that_died_is_followed_until_then():
    assert len(check_sense(capacities(1.0, 0.9, 0.79, 0.7), 0.8)) == 2
    dead = [CheckUp(9, {"capacity": Reading(0.7, share=True)})]
    with pytest.raises(InputError) as caught:
        check_sense(dead, 0.8)
    assert "before its death" in caught.value.problem.fix


def cycler_file(tmp_path, cycles=3):
    """A cycler's file: charge and discharge of ever less, with a step at 10 s resolution."""
    rows, t = ["time [s],current [A],voltage [V],cycle"], 0.0
    for n in range(1, cycles + 1):
        hours = 1.0 - 0.05 * (n - 1)
        full = 3600 * hours
        for current, span, start in ((0, 120, 0), (-0.1, full, 0), (0, 120, 1), (0.1, full, 1)):
            for s in np.arange(0.0, span, 10.0):
                ocv = 3.0 + 0.2 * (start - np.sign(current) * s / span)
                rows.append(f"{t + s},{current},{ocv - 2.0 * current:.6f},{n}")
            t += span
    path = tmp_path / "cycler.csv"
    path.write_text("\n".join(rows))
    return str(path)


def test_a_cyclers_file_gives_capacity_and_the_resistance_after_a_time(tmp_path):
    found, told = read_checkups([cycler_file(tmp_path)], area_m2=AREA)
    assert [one.cycle for one in found] == [1, 2, 3]
    caps = [one.readings["capacity"].value for one in found]
    assert caps[1] / caps[0] == pytest.approx(0.95, abs=0.01)
    assert found[0].readings["resistance"].value == pytest.approx(2.0 * AREA, rel=0.1)
    later = read_checkups([f"{cycler_file(tmp_path)}@100"], area_m2=AREA)[0]
    assert [one.cycle for one in later] == [101, 102, 103]
    assert told == []


def test_a_spectrum_is_told_by_its_series_resistance_and_its_arcs(tmp_path):
    f = np.geomspace(1e6, 1e-2, 81)
    w = 2j * np.pi * f
    z = 20 + 50 / (1 + w * 50e-6) + 80 / (1 + w * 80e-3) + 5 / np.sqrt(w)
    series, arcs = arcs_of(f, z)
    assert series == pytest.approx(20, rel=0.03)
    assert arcs == pytest.approx(130, rel=0.1)
    path = tmp_path / "eis.csv"
    lines = [f"{a},{b.real},{b.imag}" for a, b in zip(f, z, strict=True)]
    path.write_text("\n".join(["frequency [Hz],Re(Z) [ohm],Im(Z) [ohm]", *lines]))
    found, _ = read_checkups([f"{path}@120"], area_m2=AREA)
    assert found[0].cycle == 120
    assert found[0].readings["interface_resistance"].value == pytest.approx(130 * AREA, rel=0.1)
    with pytest.raises(InputError) as caught:
        read_checkups([str(path)], area_m2=AREA)
    assert "at which cycle" in caught.value.problem.message
    assert "@120" in caught.value.problem.fix
