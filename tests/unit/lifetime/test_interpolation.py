"""Rows between simulated ones: exact where they can be, monotone, and honest about doubt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.lifetime.interpolation import along, last_span

HERE = np.array([2.0, 3.0, 6.0, 16.0])
WANTED = np.arange(7.0, 16.0)


@pytest.mark.parametrize(
    "curve",
    [
        lambda n: 1 - 0.01 * n - 2e-4 * n**2,
        lambda n: 1 - 0.03 * n**0.5 - 1e-3 * n,
        lambda n: 1 - 0.02 * np.log1p(n) ** 2,
        lambda n: np.full_like(n, 0.7),
    ],
    ids=["fatigue", "film", "closing film", "constant"],
)
def test_a_parabola_over_any_clock_is_met(curve):
    values, doubt = last_span(HERE, curve(HERE)[:, None], WANTED)
    assert values[:, 0] == pytest.approx(curve(WANTED), rel=1e-12)
    assert doubt[0] < 5e-3 * abs(curve(HERE)[-1])


def test_each_column_has_a_clock_of_its_own():
    table = np.column_stack([HERE**2, np.sqrt(HERE)])
    values, _ = last_span(HERE, table, WANTED)
    assert values == pytest.approx(np.column_stack([WANTED**2, np.sqrt(WANTED)]), rel=1e-12)


@pytest.mark.parametrize("cycles", [15, 40, 200])
def test_the_doubt_tells_the_error_of_a_decay(cycles):
    def curve(n):
        return np.exp(-n / cycles) + 0.2

    values, doubt = last_span(HERE, curve(HERE)[:, None], WANTED)
    error = np.abs(values[:, 0] - curve(WANTED)).max()
    assert error / 2 < doubt[0] < 5e-3


def test_two_points_have_a_straight_line_between():
    values, _ = last_span(HERE[-2:], np.array([[1.0], [0.0]]), WANTED)
    assert values[:, 0] == pytest.approx((16 - WANTED) / 10)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=4))
def test_it_goes_one_way_and_never_leaves_the_range_of_its_neighbours(values):
    points = np.array(values)
    drawn, _ = last_span(HERE[-len(points) :], points[:, None], WANTED)
    rounding = 1e-9 * max(np.abs(points).max(), 1e-300)
    assert drawn.min() >= points[-2:].min() - rounding
    assert drawn.max() <= points[-2:].max() + rounding
    steps = np.diff(drawn[:, 0]) * np.sign(points[-1] - points[-2])
    assert (steps >= -rounding).all()


def test_along_many_points_it_is_the_rows_of_a_life():
    here = np.array([1.0, 2.0, 3.0, 6.0, 16.0, 40.0])
    values = 1 - 0.02 * np.log1p(here)
    wanted = np.array([0.5, 1.0, 4.0, 16.0, 25.0, 41.0])
    found = along(here, values, wanted)
    assert np.isnan(found[[0, -1]]).all()
    assert found[1:-1] == pytest.approx(1 - 0.02 * np.log1p(wanted[1:-1]), rel=1e-5)
    assert found[3] == pytest.approx(values[4], rel=1e-14)


def test_along_a_single_point_there_is_that_point():
    assert along(np.array([5.0]), np.array([2.0]), np.array([5.0])).tolist() == [2.0]


def test_the_cubic_is_scipys_to_the_last_bit():
    from scipy.interpolate import CubicHermiteSpline

    from twin.lifetime.interpolation import _cubic

    draw = np.random.default_rng(1)
    for _ in range(200):
        x = np.sort(draw.normal(size=2)) * 10.0 ** draw.integers(-2, 4)
        y, slopes = draw.normal(size=(2, 2, 5)) * 10.0 ** draw.integers(-12, 6, size=5)
        at = np.sort(draw.uniform(*x, size=7))
        expected = CubicHermiteSpline(x, y, slopes)(at)
        assert np.array_equal(_cubic(x, y, slopes, at), expected)
