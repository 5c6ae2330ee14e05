"""Errors by quantity, and the figure of simulated against measured."""

from __future__ import annotations

import math

import pytest

from twin.validation.line import Line
from twin.validation.loader import case_names, load_case
from twin.validation.parity import OTHER, parity, quantity_of
from twin.validation.pictures import parity_panels


def line(quantity, measured, simulated, status="within", **more):
    given = {"two_sided": True, "quantity": quantity, "unit": "%"} | more
    return Line(
        "case",
        "cell",
        "says",
        measured,
        simulated,
        given.pop("unit"),
        "+-1",
        status,
        [],
        "x",
        **given,
    )


LINES = [
    line("capacity retention", 90.0, 92.0),
    line("capacity retention", 80.0, 20.0, "missed"),
    line("capacity retention", 88, 81.0, "missed"),
    line("critical current", 1.0, 2.0, unit="mA/cm^2"),
    line("critical current", 3.0, 1.0, "missed", unit="mA/cm^2"),
    line("critical current", 5.0, 0.0, "missed", unit="mA/cm^2"),
    line("exponents, energies", -1.5, -1.25, unit=""),
    # Neither a bound nor what a parameter was set on has an error.
    line("capacity retention", "alike", 1.0, two_sided=False),
    line("critical current", 9.0, 9.0, role="calibrated"),
]


def test_errors_are_medians_in_the_quantitys_own_way():
    retention, current, exponent = parity(LINES)
    assert (retention.numbers, retention.within, retention.error, retention.unit) == (
        3,
        1,
        7.0,
        "points",
    )
    # x2 above, x3 below, nought: the middle is 3.
    assert (current.numbers, current.unit) == (3, "factor")
    assert current.error == pytest.approx(3.0)
    assert (exponent.error, exponent.unit) == (0.25, "")


@pytest.mark.parametrize("simulated", [None, "dead"])
def test_a_number_that_did_not_come_counts_as_endlessly_far_off(simulated):
    (of,) = parity([line("capacity", 2.0, simulated, "missed")])
    assert of.error == math.inf and of.within == 0
    assert parity_panels([line("capacity", 2.0, simulated, "missed")]) == []


def test_a_nought_that_comes_out_as_nought_is_no_error():
    assert parity([line("resistance", 0, 0.0)])[0].error == 1.0


def test_the_figure_has_a_panel_a_quantity():
    retention, current = parity_panels(LINES)  # one exponent alone is not drawn
    labels = [drawn.label for drawn in retention.lines]
    (hits,) = parity_panels(LINES[:1] * 2)
    assert [drawn.label for drawn in hits.lines] == labels and list(hits.lines[2].x) == []
    assert labels == ["as measured", "within", "missed"] and not retention.log
    assert list(retention.lines[2].x) == [80.0, 88.0] and list(retention.lines[2].y) == [20.0, 81.0]
    # Nought is no place on a logarithmic axis: it is told, not drawn.
    assert current.log and current.log_x and "(1 not shown)" in current.title
    assert current.x_label == f"Measured {current.key} (mA/cm²)"
    assert [list(drawn.x) for drawn in current.lines] == [[1.0, 3.0], [1.0], [3.0]]


@pytest.mark.parametrize(
    ("case", "see", "quantity"),
    [
        ("x17-halide-rate", "gap", "voltage"),
        ("x17-halide-rate", "left", "capacity retention"),
        ("x14-rate-tin", "kept", "ratios"),
        ("d11-gold-interlayer", "bare", "resistance"),
        ("d01-pressure-stripping", "slope", "exponents, energies"),
        ("x03-zero-current-short", "thin", "pressure, stress"),
        ("x05-three-electrolytes", "zone", OTHER),
    ],
)
def test_an_observable_is_a_number_of_its_quantity(case, see, quantity):
    loaded = load_case(case)
    assert quantity_of(loaded, see) == quantity


def test_most_two_sided_numbers_of_the_library_have_a_quantity():
    cases = [load_case(name) for name in case_names()]
    found = [quantity_of(c, row.see) for c in cases for row in c.row if row.two_sided]
    assert found.count(OTHER) < len(found) / 10
