from __future__ import annotations

import pytest

from twin.formats import typeset


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("5 mA/cm^2", "5 mA/cm²"),
        ("mA/cm2", "mA/cm²"),
        ("10 ohm*cm^2", "10 Ω cm²"),
        ("ohm cm2", "Ω cm²"),
        ("50 um", "50 µm"),
        ("25 degC", "25 °C"),
        ("3e-16 m^2/s", "3e-16 m²/s"),
        ("2e-3 mA/cm^2", "2e-3 mA/cm²"),
        ("1.3 MPa*m^0.5", "1.3 MPa √m"),
        ("A.m-2", "A m⁻²"),
        ("2.7 mA*hour", "2.7 mAh"),
        ("A.h", "Ah"),
        ("A*hour/kg", "Ah/kg"),
        ("A*hours per day", "Ah per day"),
        ("Ohm.m2", "Ω m²"),
        ("J/(kg*K)", "J/(kg K)"),
        ("5 mS/cm at 298.15 K, 0.32 eV", "5 mS/cm at 298.15 K, 0.32 eV"),
        ("Na3V2(PO4)3", "Na3V2(PO4)3"),
        ("C/5", "C/5"),
        ("weibull 10", "weibull 10"),
    ],
)
def test_units_are_printed_one_way(typed, printed):
    assert typeset(typed) == printed
    assert typeset(printed) == printed
