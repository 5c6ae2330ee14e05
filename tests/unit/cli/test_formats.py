from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.cli.formats import ago, bar, duration, margin_text, percent, short


@given(st.floats(-5, 5), st.integers(1, 30), st.sampled_from(["utf-8", "ascii"]))
def test_a_bar_has_its_width_and_can_be_shown(margin, width, encoding):
    drawn = bar(margin, width, encoding)
    assert len(drawn) == width
    drawn.encode(encoding)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_margin_never_has_a_shorter_bar(one, other):
    small, large = sorted((one, other))
    assert bar(small, 8, "ascii").count("#") <= bar(large, 8, "ascii").count("#")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_only_a_criterion_that_is_met_has_an_empty_bar(encoding):
    assert bar(0.0, 8, encoding) == bar(-1.0, 8, encoding)
    assert bar(1e-6, 8, encoding) != bar(0.0, 8, encoding)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (4.21, "4.2 s"),
        (59.94, "59.9 s"),
        (65, "1 min 05 s"),
        (2034, "33 min"),
        (7500, "2 h 05 min"),
        (864_000, "10.0 d"),
        (float("nan"), "-"),
        (None, "-"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123456, "0.0123"),
        (12345.6, "12346"),
        (999.7, "1000"),
        (999.4, "999"),
        (1e-9, "1e-09"),
        (None, "-"),
        (float("inf"), "-"),
    ],
)
def test_short_numbers(value, text):
    assert short(value) == text


def test_minus_zero_is_not_shown():
    assert margin_text(-2e-15) == "0.000"


def test_percent():
    assert percent(0.9876) == "98.8 %"
    assert percent(None) == "-"


def test_ago_takes_times_with_and_without_a_zone():
    then = datetime.now(UTC) - timedelta(hours=3)
    assert ago(then) == ago(then.replace(tzinfo=None)) == "3 h"
