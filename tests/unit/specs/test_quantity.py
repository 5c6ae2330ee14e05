"""Numbers with units: what they mean in SI, and what is no number."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from twin import FARADAY
from twin.specs.complaint import Complaint
from twin.specs.laws import laws
from twin.specs.quantity import Q, dump_quantity, parse_quantity
from twin.units import UnitError, pybamm_unit, to_si

SAME = [
    ("m", [("um", 1e6), ("mm", 1e3), ("cm", 1e2), ("nm", 1e9), ("m", 1.0), ("µm", 1e6)]),
    ("Pa", [("MPa", 1e-6), ("bar", 1e-5), ("N/mm^2", 1e-6), ("GPa", 1e-9), ("N*m^-2", 1.0)]),
    ("S/m", [("mS/cm", 10.0), ("S/cm", 0.01), ("1/ohm/m", 1.0), ("(ohm*m)^-1", 1.0)]),
    ("A/m^2", [("mA/cm^2", 0.1), ("mA/cm²", 0.1), ("A m^-2", 1.0), ("uA/cm**2", 100.0)]),
    ("kg/m^3", [("g/cm3", 1e-3), ("g*cm^-3", 1e-3)]),
    ("A/m^2", [("mA/cm2", 0.1), ("(mA/cm2)", 0.1)]),
    ("m^2/s", [("cm^2/s", 1e4), ("um^2/s", 1e12), ("m²·s⁻¹", 1.0)]),
    ("ohm*m^2", [("ohm*cm^2", 1e4), ("Ω cm²", 1e4), ("Ohm m^2", 1.0)]),
    ("J/mol", [("kJ/mol", 1e-3), ("eV", 1 / FARADAY)]),
    ("", [("", 1.0), ("%", 100.0), ("percent", 100.0)]),
    ("Pa*m^0.5", [("MPa*m^0.5", 1e-6), ("MPa*m^(1/2)", 1e-6)]),
    ("1/K", [("ppm/K", 1e6), ("1/K", 1.0), ("/K", 1.0), ("K^-1", 1.0)]),
]


@settings(max_examples=300, deadline=None)
@given(
    value=st.floats(1e-12, 1e12),
    case=st.sampled_from([(si, unit, f) for si, units in SAME for unit, f in units]),
)
def test_the_same_quantity_in_another_unit_is_the_same_in_si(value, case):
    si, unit, factor = case
    assert math.isclose(to_si(f"{value * factor!r} {unit}", si), value, rel_tol=1e-12)


def test_temperatures_have_an_offset():
    assert to_si("25 degC", "K") == to_si("25 °C", "K") == pytest.approx(298.15, abs=1e-12)


@given(st.text(max_size=100))
def test_any_text_is_a_quantity_or_a_unit_error(text):
    with suppress(UnitError):
        assert isinstance(to_si(text, "m"), float)


@settings(deadline=200)
@given(st.text("m^*9()/.- 1eK", min_size=1, max_size=60))
def test_no_unit_keeps_the_parser_busy(text):
    with suppress(UnitError):
        to_si(f"1 {text}", "m")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=5,
    )
)
def test_anything_is_a_quantity_or_a_value_error(raw):
    try:
        quantity = parse_quantity(raw, "")
    except ValueError:
        return
    assert not math.isnan(quantity.si)
    assert parse_quantity(dump_quantity(quantity), "") == quantity


@pytest.mark.parametrize(
    ("raw", "text"),
    [(1, 1), (1.0, 1.0), ("50 %", "50 %"), ("+2", "+2"), ("inf", "inf"), (0.1, 0.1)],
)
def test_a_number_without_unit_is_written_as_it_was_read(raw, text):
    dumped = dump_quantity(parse_quantity(raw, ""))
    assert dumped == text and type(dumped) is type(text)


@pytest.mark.parametrize(
    "spread", ["normal", "normal x", "normal nan", "normal -1", "uniform 1", "uniform 2 1", "x 1"]
)
def test_a_spread_that_is_none(spread):
    with pytest.raises(ValueError, match="spread"):
        parse_quantity({"value": "1 m", "spread": spread}, "m")


def test_bounds_are_on_the_si_value():
    thickness = TypeAdapter(Q("m", gt=0, lt=1))
    assert thickness.validate_python("10 um").si == pytest.approx(1e-5)
    for wrong in ("0 um", "1000 mm"):
        with pytest.raises(ValidationError):
            thickness.validate_python(wrong)


def test_a_table_law_keeps_its_bounds_in_si():
    diffusivity = TypeAdapter(laws("m^2/s", gt=0))
    table = {"law": "table", "x": [0, 1], "y": [1, 2], "unit": "cm^2/s"}
    assert diffusivity.validate_python(table).values() == pytest.approx((1e-4, 2e-4))
    with pytest.raises(ValidationError, match="expected above 0"):
        diffusivity.validate_python({**table, "y": [1, 0]})
    with pytest.raises(ValidationError, match="stoichiometry runs from 0 to 1"):
        diffusivity.validate_python({**table, "x": [0, 2]})
    diffusivity.validate_python({**table, "x": [280, 330], "over": "temperature"})


@pytest.mark.parametrize("law", ["linear", ["arrhenius"], {}, 3, None])
def test_an_unknown_law_is_named(law):
    with pytest.raises(ValidationError, match="is none of constant, arrhenius"):
        TypeAdapter(laws("V")).validate_python({"law": law})


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        ("m^2/s", "m2.s-1"),
        ("J/(kg*K)", "J.kg-1.K-1"),
        ("W/(m^2*K)", "W.m-2.K-1"),
        ("Pa*m^0.5", "Pa.m0.5"),
        ("Pa^-5/s", "Pa-5.s-1"),
        ("ohm*m^2", "Ohm.m2"),
        ("A*hour", "A.h"),
        ("1/K", "K-1"),
        ("S/m*K^0.5", "S.m-1.K0.5"),
        ("", ""),
    ],
)
def test_units_in_pybamms_spelling(unit, written):
    assert pybamm_unit(unit) == written


@pytest.mark.parametrize(
    ("text", "unit", "si"),
    [
        ("5e-3 S cm-1", "S/m", 0.5),
        ("30 kJ mol-1", "J/mol", 3e4),
        ("20 A.m-2", "A/m^2", 20.0),
        ("1 mA cm-2", "A/m^2", 10.0),
        ("1 mA cm⁻²", "A/m^2", 10.0),
        ("10 Ω·cm²", "ohm*m^2", 1e-3),
        ("10 Ω cm2", "ohm*m^2", 1e-3),
        ("−20 °C", "K", 253.15),
        ("0.5 cm2 s-1", "m^2/s", 5e-5),
        ("1 W.m-1.K-1", "W/(m*K)", 1.0),
        ("2 m-1", "1/m", 2.0),
    ],
)
def test_units_as_the_field_and_the_twin_write_them(text, unit, si):
    assert parse_quantity(text, unit).si == pytest.approx(si)


@pytest.mark.parametrize(
    ("text", "unit", "fix"),
    [
        ("0,5 mm", "m", 'write a decimal point: "0.5 mm"'),
        ("25 C", "K", 'write "25 degC"'),
        ("3 dB/m", "1/m", None),
        ("1 W/m.K", "W/(m*K)", None),
        ("1 J/mol K", "J/(mol*K)", None),
    ],
)
def test_what_cannot_be_read_is_a_complaint_with_what_is_meant(text, unit, fix):
    with pytest.raises(Complaint) as caught:
        parse_quantity(text, unit)
    assert caught.value.fix and (fix is None or caught.value.fix == fix)
