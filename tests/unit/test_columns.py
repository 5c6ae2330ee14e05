"""One table of a row's columns: what is computed, shown, limited and documented follows it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from twin.columns import COLUMNS, of_series
from twin.lifetime.rows import BETWEEN
from twin.model.core import RESISTANCE
from twin.model.referred import referred_name
from twin.search.constraints import QUANTITIES
from twin.store.tables import CYCLE_COLUMNS
from twin.units import to_si

DOCS = (Path(__file__).parents[2] / "docs" / "variables.md").read_text(encoding="utf-8")


def test_columns_of_a_series_are_what_they_say():
    t = np.array([0.0, 1.0, 3.0])
    y = np.array([1.0, -4.0, 2.0])
    table = {column.of: y for column in COLUMNS.values() if column.how}
    found = of_series(table, t)
    assert (found["voltage_min_V"], found["voltage_max_V"]) == (-4.0, 2.0)
    assert found["current_max_A"] == 4.0
    assert found["resistance_Ohm_m2"] == pytest.approx((-1.5 - 2.0) / 3.0)
    assert of_series(table, 0 * t)["resistance_Ohm_m2"] == 2.0  # a moment: its last value
    assert found.keys() == {key for key, column in COLUMNS.items() if column.how}
    assert COLUMNS["resistance_Ohm_m2"].of == referred_name(RESISTANCE)


def test_what_is_shown_is_the_same_quantity_in_another_unit():
    units = {"mAh": "mA*hour", "ohm cm2": "ohm*cm^2"}
    for column in COLUMNS.values():
        if column.shown and column.shown != "%":
            text = f"{column.show(2.0)!r} {units.get(column.shown, column.shown)}"
            assert to_si(text, column.unit) == pytest.approx(2.0), column.key


def test_a_jump_interpolates_what_the_store_has_columns_for():
    assert set(BETWEEN) == set(CYCLE_COLUMNS) - {"min_margin_name", "interpolated"}


def test_a_limit_is_on_the_column_that_has_its_name():
    rows = [
        {"resistance_Ohm_m2": 1.0, "temperature_max_K": 300.0, "discharge_Wh": 2.0},
        {"resistance_Ohm_m2": 3.0, "temperature_max_K": 320.0, "discharge_Wh": 1.0},
        {"temperature_max_K": None},
    ]
    read = {name: QUANTITIES[name][1](rows) for name in ("resistance", "temperature", "energy")}
    assert read == {"resistance": 1.0, "temperature": 320.0, "energy": 2.0}


@pytest.mark.parametrize("key", COLUMNS)
def test_every_column_is_documented(key):
    rows = re.findall(r"^\| (.*?) \|", DOCS.split("## What a stored row adds")[1], re.MULTILINE)
    assert any(f"`{key}`" in row for row in rows), f"docs/variables.md lacks {key}"


def test_a_run_is_told_by_what_matters_most_first():
    from twin.report.describe import _numbers

    row = dict.fromkeys(COLUMNS, 1.0) | {"complete": True, "temperature_max_K": 298.15}
    found = _numbers([row, row | {"capacity_Ah": 0.5, "capacity_estimated": True}], 2.0)
    assert [(n["what"], n["unit"]) for n in found] == [
        ("capacity, estimated", "mAh"),
        ("capacity per area, estimated", "mAh/cm2"),
        ("coulombic efficiency", "%"),
        ("area-specific resistance", "ohm cm2"),
        ("lowest voltage", "V"),
        ("highest voltage", "V"),
        ("lowest stack pressure", "MPa"),
        ("highest stack pressure", "MPa"),
        ("highest temperature", "degC"),
    ]
    assert [n["first"] for n in found] == pytest.approx(
        [1e3, 500.0, 100.0, 1e4, 1.0, 1.0, 1e-6, 1e-6, 25.0]
    )
    assert (found[0]["last"], found[1]["last"]) == (500.0, 250.0)
