"""Odd tables: units, words, holes. Every row of a scored quantity is predicted or named."""

from __future__ import annotations

import csv
import io
import json
import math
import random

import pytest

from twin.outcomes.ensembles import key_of, nothing, tell
from twin.outcomes.learning import shipped
from twin.outcomes.measures import ends_of, half_cycle, measure, put_on
from twin.outcomes.recognise import NotMapped
from twin.outcomes.setups import set_up
from twin.outcomes.skill import score_outcomes
from twin.outcomes.table import CRITICAL, LIFE, RESISTANCE, RETENTION, SCORED, read_outcomes
from twin.store import Store

COLUMNS = [
    "paper", "id", "family", "anode", "electrolyte", "cathode", "additive_or_interlayer",
    "temperature_C", "pressure_MPa", "electrolyte_thickness_um", "cathode_loading_mg_cm2",
    "areal_capacity_mAh_cm2", "rate_C", "current_mA_cm2", "capacity_per_half_cycle_mAh_cm2",
    "voltage_window_V", "quantity", "at_cycle", "value", "bound", "conductivity_mS_cm", "source",
    "how_read", "note",
]  # fmt: skip


def table(tmp_path, *rows, name="odd.csv", encoding="utf-8", delimiter=","):
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("C/10", "rate", 0.1),
        ("0.5 C", "rate", 0.5),
        ("20 mA/g", "rate", None),
        ("-20 °C", "temperature", -20.0),
        ("−10", "temperature", -10.0),
        ("333.15 K", "temperature", 60.0),
        ("rt", "temperature", 25.0),
        ("warm", "temperature", None),
        ("50–70", "pressure", 60.0),
        ("2 GPa", "pressure", 2000.0),
        ("30 bar", "pressure", 3.0),
        ("100 µA/cm2", "current", 0.1),
        ("1e-2", "current", 0.01),
        ("1,000", "cycles", 1000.0),
        ("93,5", "cycles", 93.5),
        ("1 mm", "thickness", 1000.0),
        ("", "pressure", None),
        ("145.0377 psi", "pressure", 1.0),
        ("77 °F", "temperature", 25.0),
        ("25 degC", "temperature", 25.0),
        ("5 furlongs", "pressure", None),  # not 5 MPa
        ("5 (stack)", "pressure", 5.0),
        ("500th", "cycles", 500.0),
        ("1e99", "pressure", None),
    ],
)
def test_numbers_are_read_as_tables_have_them(text, column, value):
    assert measure(text, column) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("pressure", "anode", "hard"),
    [
        ("0.25 after prior 30 MPa press", "Na", 30.0),
        ("0.25 (spring), no prior press", "Na", 0.0),
        ("0", "Na 0.5-1 mm, attached at ~12 MPa, no pressure in operation", 12.0),
        ("", "Na (isostatic, 0.1 GPa)", 100.0),
        ("2", "Na", None),
        ("50-70", "Na9Sn4", None),
        ("360 (fabrication)", "Na", None),
        ("", None, None),
    ],
)
def test_how_hard_a_metal_was_put_on_is_read(pressure, anode, hard):
    assert put_on(pressure, anode) == hard


@pytest.mark.parametrize(
    ("note", "hours"),
    [
        ("5 min half cycles, scatter over cells", 1 / 12),
        ("fails at 1.0 (0.5 h half cycles)", 0.5),
        ("30 minutes half-cycle", 0.5),
        ("60 min rest", None),
        ("0 h half cycles", None),
        (None, None),
    ],
)
def test_how_long_a_half_cycle_takes_is_read(note, hours):
    assert half_cycle(note) == (None if hours is None else pytest.approx(hours))


def test_both_ends_of_a_range_are_read_and_an_error_is_none():
    assert ends_of("5–9 mA/cm2") == (5, 9) and ends_of("85 ± 2") == (85,)
    assert ends_of("1e-3 to 2e-3") == (1e-3, 2e-3) and ends_of("none") == ()


@pytest.mark.parametrize(
    ("quantity", "value", "bound", "ends"),
    [
        (RETENTION, "≥ 90", "", (90, 100)),
        (RETENTION, "80-85", "=", (80, 85)),
        (RETENTION, "103", "=", (98.5, 100)),
        (RETENTION, "", "=", (0, 100)),
        (RETENTION, "does not work", "=", (0, 100)),
        (LIFE, "1,200 h", "≥", (1200, math.inf)),
        (CRITICAL, "< 0.1", "=", (0, 0.1)),
        (CRITICAL, "0.8–1.2", "range", (0.8, 1.2)),
        (RETENTION, "1e99", "=", (0, 100)),  # not "nothing lost"
    ],
)
def test_a_value_and_its_bound_are_an_interval(tmp_path, quantity, value, bound, ends):
    path = table(tmp_path, {"paper": "N", "id": "a", "quantity": quantity, "value": value,
                            "bound": bound})  # fmt: skip
    (row,), left = read_outcomes(path)
    assert (row.lo, row.hi) == ends
    assert row.measured == (ends not in {(0, 100), (0, math.inf)})
    assert any("predicted, not scored" in line for line in left) != row.measured


def test_tables_of_other_makes_are_read(tmp_path):
    row = {"paper": "N", "id": "a", "quantity": "Retention_pct", "value": "93,5", "bound": "=",
           "temperature_C": "60 °C", "note": "two\nlines"}  # fmt: skip
    for encoding, delimiter in (("cp1252", ","), ("utf-8-sig", ";"), ("utf-8", "\t")):
        path = table(tmp_path, row, row, encoding=encoding, delimiter=delimiter)
        one, two = read_outcomes(path)[0]
        assert (one.lo, one.temperature, one.quantity) == (93.5, 60.0, RETENTION)
        assert key_of(one) != key_of(two)


ODD = {
    "anode": ["", "Na", "K-Na eutectic", "Na15Sn4", "hard carbon", "???", "Sn electrode", "Na;Sn"],
    "electrolyte": ["", "NASICON", "unobtainium", "Na3PS4 glass", "PEO-NaTFSI", "β″-alumina"],
    "cathode": ["", "NVP", "NaCrO2:SE", "mystery", "FeS2", "hand-mixed NaCrO2", "symmetric Na"],
    "temperature_C": ["", "RT", "-20", "333 K", "warm", "60-80", "1e9"],
    "pressure_MPa": ["", "0", "after prior 30 MPa", "2 GPa", "n/a", "-3"],
    "electrolyte_thickness_um": ["", "1 mm", "thin", "0"],
    "cathode_loading_mg_cm2": ["", "5", "much", "0"],
    "rate_C": ["", "C/10", "20 mA/g", "0", "1C", "fast"],
    "current_mA_cm2": ["", "0.1", "100 µA/cm2", "0", "x"],
    "capacity_per_half_cycle_mAh_cm2": ["", "0.5", "-"],
    "voltage_window_V": ["", "2.0-3.25", "4-2", "wide", "-3.5"],
    "additive_or_interlayer": ["", "none", "gel layer", "SnF2"],
    "at_cycle": ["", "0", "500th", "1,000", "many"],
    "value": ["", "85", "> 99", "words", "-5", "1e400"],
    "bound": ["", "=", ">=", "trend", "??"],
    "how_read": ["", "F", "A", "Z"],
}


def odd_rows(count=120, seed=5):
    rng = random.Random(seed)
    return [
        {"paper": f"new{i % 4}", "id": rng.choice(["", f"r{i}", "same"]),
         "quantity": rng.choice(SCORED), **{k: rng.choice(of) for k, of in ODD.items()}}
        for i in range(count)
    ]  # fmt: skip


def test_every_row_however_odd_is_predicted(tmp_path):
    rows, left = read_outcomes(table(tmp_path, *odd_rows(40)))
    assert len({key_of(row) for row in rows}) == len(rows) == 40
    told = {key_of(row): nothing("not lived here") for row in rows}
    for said in (None, told):
        found = score_outcomes(rows, learned=shipped(), left=left, told=said)
        assert [key_of(s.row) for s in found.predictions] == [key_of(row) for row in rows]
        document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        for one in document["predictions"]:
            assert one["p05"] <= one["median"] <= one["p95"]
            assert all(math.isfinite(one[k]) for k in ("p05", "p25", "median", "p75", "p95"))
    assert any("'warm' is not read" in line for line in left)


def test_every_row_however_odd_has_a_cell_or_a_reason(tmp_path):
    rows, _ = read_outcomes(table(tmp_path, *odd_rows(40)))
    cells = 0
    for row in rows:
        try:
            found = set_up(row)
        except NotMapped as why:
            assert str(why)
        else:
            cells += 1
            assert found.cycles >= 1
    assert cells > 15


def test_a_row_that_breaks_is_told_with_its_reason(tmp_path, monkeypatch):
    rows, _ = read_outcomes(table(tmp_path, *odd_rows(3)))

    def broken(row):
        raise ZeroDivisionError("as no row should")

    monkeypatch.setattr("twin.outcomes.ensembles.set_up", broken)
    with Store.open("sqlite://") as store:
        for told in tell(rows, store, members=2):
            assert not told.known and "ZeroDivisionError" in told.reason


def test_a_quantity_of_few_papers_is_said_by_what_others_taught(tmp_path):
    row = {"paper": "N", "id": "a", "value": "5", "bound": "="}
    rows, _ = read_outcomes(table(tmp_path, *(row | {"quantity": q} for q in SCORED)))
    for learned in (None, shipped(), {RESISTANCE: shipped()[RESISTANCE]}):
        found = score_outcomes(rows, learned=learned)
        assert [s.row.quantity for s in found.predictions] == list(SCORED)


def test_what_a_cell_refuses_is_told_and_its_own_stands(tmp_path):
    row = {"paper": "N", "id": "a", "quantity": RETENTION, "value": "80", "bound": "=",
           "anode": "Na15Sn4", "electrolyte": "Na3PS4", "cathode": "NaCrO2:SE",
           "pressure_MPa": "60", "voltage_window_V": "9-12",
           }  # fmt: skip
    (read,), _ = read_outcomes(table(tmp_path, row))
    found = set_up(read)
    assert found.spec.stack.pressure.si == 60e6
    assert found.spec.window.upper.si == 3.4
    assert sum("is not taken: the cell refuses" in note for note in found.notes) == 2


def test_what_is_odd_about_a_row_is_said_with_its_line_its_column_and_why(tmp_path):
    good = {"paper": "N", "id": "a", "quantity": RETENTION, "value": "80", "bound": "=",
            "anode": "Na", "electrolyte": "NASICON", "cathode": "NVP", "how_read": "F"}  # fmt: skip
    odd = {"temperature_C": "25 furlongs", "pressure_MPa": "1e99", "at_cycle": "NaN",
           "anode": "wibble", "bound": "??", "how_read": "Z", "quantity": "capacity"}  # fmt: skip
    bad = [good | {column: text, "id": "b"} for column, text in odd.items()]
    rows, left = read_outcomes(table(tmp_path, good | {"note": "two\nlines"}, *bad))
    assert len(rows) == len(odd)  # each but that of no quantity, and the good one
    reasons = ("a unit that is not known here, 'furlongs'", "beyond what can be, 0 to 3000",
               "is no number", "no class", ">=", "full text", "one of retention_pct")  # fmt: skip
    for line, number, column, text, why in zip(
        left, range(4, 11), odd, odd.values(), reasons, strict=True
    ):
        assert line.startswith(f"line {number}, b: ") and text in line and why in line
        assert column in line or column == "quantity"


def test_a_coded_interval_that_is_reversed_or_cannot_be_is_told(tmp_path):
    path = tmp_path / "coded.csv"
    lines = [
        "paper,id,quantity,lo,hi",
        f"N,a,{RETENTION},90,80", f"N,b,{RETENTION},1e99,", f"N,c,{CRITICAL},-5,-3",
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    (a, b, c), left = read_outcomes(path)
    assert (a.lo, a.hi, a.measured, b.measured, c.measured) == (80, 90, True, False, False)
    assert left[0] == "line 2, a: lo '90' is above hi '80': taken the other way"
    assert [line.split(":")[0] for line in left] == ["line 2, a", "line 3, b", "line 4, c"]


def test_a_cell_of_the_table_may_be_long(tmp_path):
    row = {"paper": "N", "id": "a", "quantity": LIFE, "value": "80", "note": "x" * 200_000}
    (read,), _ = read_outcomes(table(tmp_path, row))
    assert read.lo == 80
