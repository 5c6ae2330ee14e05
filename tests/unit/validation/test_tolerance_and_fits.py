"""Tolerances let pass what they say; fits find what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import InputError
from twin.specs.complaint import Complaint
from twin.validation.fits import FITS
from twin.validation.readings import unit_of
from twin.validation.tolerance import parse_tolerance


@pytest.mark.parametrize(
    ("text", "measured", "passes", "fails"),
    [
        ("+-10 %", 50.0, (45.0, 55.0), (44.9, 55.1)),
        ("±10 %", -50.0, (-45.0,), (-44.0, 50.0)),
        ("+-0.01", 0.14, (0.131, 0.149), (0.129, 0.151)),
        ("x/ 1.5", 3.0, (2.01, 4.49), (1.99, 4.51, -3.0)),
        (">= 0.95", None, (0.95, 2.0), (0.94, float("nan"))),
        ("< 1", None, (0.99,), (1.0,)),
        ("1 .. 10", "< 10", (1.0, 10.0), (0.99, 10.1)),
        ("exact", "completed", ("completed",), ("completed ", "dead", 1.0)),
        ("exact", 600.0, (600.0,), (599.0, "600")),
        ("+-4 and loss x/ 1.5", 88.0, (85.0, 91.9), (83.9, 92.1)),
        ("+-4 and loss x/ 1.5", 99.0, (98.6, 99.3), (98.4, 99.4, 100.5)),
        ("> 0 and +-1", 5.0, (4.0, 6.0), (3.9, 6.1)),
    ],
)
def test_a_tolerance_lets_pass_what_it_says(text, measured, passes, fails):
    band = parse_tolerance(text)
    assert all(band.allows(x, measured) for x in passes)
    assert not any(band.allows(x, measured) for x in fails)


@pytest.mark.parametrize("text", ["", "10 %", "+- ten", "> ", "1 ... 2", "+-4 and", "+-4 and so"])
def test_what_is_no_tolerance_is_refused(text):
    with pytest.raises(Complaint):
        parse_tolerance(text)


def test_fits_find_what_was_put_in():
    x = np.array([1.0, 2.0, 5.0, 9.0])
    assert FITS["exponent"](x, 3 * x**-1.5) == pytest.approx(-1.5)
    assert FITS["slope"](x, 4 - 2 * x) == pytest.approx(-2)
    assert FITS["r2"](x, 4 - 2 * x) == pytest.approx(1)
    assert FITS["r2"](x, np.array([1.0, -1.0, 1.0, -1.0])) < 0.5
    T = np.array([283.0, 298.0, 333.0])
    rate = np.exp(-0.14 / (8.617333262e-5 * T))
    assert FITS["arrhenius"](T, rate) == pytest.approx(0.14)
    assert [FITS["trend"](x, y) for y in (x, -x, np.cos(x))] == [1, -1, 0]


def test_a_logarithm_of_nought_is_an_error_with_a_fix():
    with pytest.raises(InputError, match="not positive"):
        FITS["exponent"](np.array([1.0, 2.0]), np.array([0.0, 1.0]))


def test_the_unit_in_a_variables_name_is_read():
    assert unit_of("Anode series resistance [Ohm.m2]") == "ohm*m^2"
    assert unit_of("Current density [A.m-2]") == "A*m^-2"
    assert unit_of("Discharge capacity [A.h]") == "A*hour"
    assert unit_of("Anode conducting fraction") == ""


@pytest.mark.parametrize(
    ("simulated", "passes"),
    [(85.1, True), (84.9, False), (93.3, True), (93.4, False), (101, False)],
)
def test_a_factor_on_the_loss_is_narrow_above_and_wide_below(simulated, passes):
    assert parse_tolerance("loss x/ 1.5").allows(float(simulated), 90.0) is passes
