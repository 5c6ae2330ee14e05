"""Margins: 1 for the fresh cell, 0 at failure, falling all the way between."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twin.modes.mode import Criterion

LINEAR = st.floats(-1e6, 1e6)
POSITIVE = st.floats(1e-12, 1e12)
SHARE = st.floats(0, 1)


def criterion(fresh, threshold, scale="linear"):
    direction = "above" if threshold > fresh else "below"
    return Criterion("x", "X", threshold, direction, fresh, "says", scale=scale)


def apart(a, b):
    assume(abs(a - b) > 1e-6 * max(abs(a), abs(b), 1e-12))


@given(LINEAR, LINEAR)
def test_fresh_is_one_and_threshold_nought(fresh, threshold):
    apart(fresh, threshold)
    c = criterion(fresh, threshold)
    assert c.margin(fresh) == pytest.approx(1, abs=1e-9)
    assert c.margin(threshold) == 0


@given(POSITIVE, POSITIVE)
def test_the_same_on_a_log_scale(fresh, threshold):
    apart(fresh, threshold)
    c = criterion(fresh, threshold, "log")
    assert c.margin(fresh) == pytest.approx(1, abs=1e-9)
    assert c.margin(threshold) == 0


@given(LINEAR, LINEAR, SHARE, SHARE)
def test_the_margin_falls_on_the_way_to_failure_and_beyond(fresh, threshold, a, b):
    apart(fresh, threshold)
    near, far = sorted((2 * a, 2 * b))  # 0 fresh, 1 failed, up to 2 beyond
    c = criterion(fresh, threshold)
    before = c.margin(fresh + near * (threshold - fresh))
    after = c.margin(fresh + far * (threshold - fresh))
    assert before >= after - 1e-9
    assert before == pytest.approx(1 - near, abs=1e-6)


@given(POSITIVE, POSITIVE, SHARE, SHARE)
def test_the_same_on_a_log_scale_in_decades(fresh, threshold, a, b):
    apart(fresh, threshold)
    near, far = sorted((2 * a, 2 * b))
    c = criterion(fresh, threshold, "log")
    ratio = threshold / fresh
    assert c.margin(fresh * ratio**near) == pytest.approx(1 - near, abs=1e-6)
    assert c.margin(fresh * ratio**near) >= c.margin(fresh * ratio**far) - 1e-9


@given(POSITIVE, POSITIVE, POSITIVE, st.floats(1e-6, 1e6))
def test_a_log_margin_knows_no_unit(fresh, threshold, x, unit):
    apart(fresh, threshold)
    there = criterion(fresh, threshold, "log").margin(x)
    here = criterion(fresh * unit, threshold * unit, "log").margin(x * unit)
    assert here == pytest.approx(there, rel=1e-6, abs=1e-6)


@given(LINEAR, LINEAR, LINEAR, LINEAR)
def test_a_linear_margin_knows_no_origin(fresh, threshold, x, shift):
    assume(abs(fresh - threshold) > 1)
    there = criterion(fresh, threshold).margin(x)
    here = criterion(fresh + shift, threshold + shift).margin(x + shift)
    assert here == pytest.approx(there, rel=1e-6, abs=1e-6)


def test_signs_of_both_directions():
    rising = criterion(0.0, 10.0)
    assert [rising.margin(x) for x in (-5, 0, 5, 10, 20)] == [1.5, 1, 0.5, 0, -1]
    falling = criterion(1.0, 0.05)
    assert falling.margin(0.525) == pytest.approx(0.5)
    assert falling.margin(0.0) < 0 < falling.margin(0.06)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_what_is_not_a_number_has_no_margin(scale):
    assert math.isnan(criterion(1.0, 2.0, scale).margin(math.nan))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_nothing_at_all_is_far_out_on_a_log_scale_not_an_error(value):
    assert criterion(1.0, 1e-3, "log").margin(value) < -90
    assert criterion(1e-3, 1.0, "log").margin(value) > 90
