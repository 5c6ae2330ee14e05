"""What the repairs do, on tables of a few rows; what they must leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.measured.quantities import CURRENT, STEP, TIME, VOLTAGE
from twin.measured.repair import Repairs


def chunk(time, **more):
    time = np.asarray(time, dtype=float)
    voltage = 3 + 0.001 * np.arange(len(time))
    return {TIME: time, CURRENT: np.ones(len(time)), VOLTAGE: voltage} | more


def run(*chunks, **how):
    repairs = Repairs(**how)
    out = list(repairs(iter(chunks)))
    return {n: np.concatenate([c[n] for c in out]) for n in out[0]}, repairs.done


def test_good_rows_are_left_as_they_are():
    time = np.cumsum(np.random.default_rng(0).uniform(0.1, 9, 5000))
    got, done = run(chunk(time))
    assert (got[TIME] == time).all()
    assert done.lines() == []


def test_two_rows_of_one_moment_are_kept():
    got, done = run(chunk([0, 1, 1, 2]))
    assert got[TIME].tolist() == [0, 1, 1, 2] and done.lines() == []


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_clock_that_begins_anew_goes_on_wherever_the_blocks_are_cut(parts):
    time = np.tile(np.arange(0.0, 100), 5)
    step = np.repeat(np.arange(5.0), 100)
    pieces = np.array_split(np.arange(500), parts)
    got, done = run(*(chunk(time[p], **{STEP: step[p]}) for p in pieces))
    assert done.restarts == 4
    assert (np.diff(got[TIME]) > 0).all() and got[TIME][-1] == 499


def test_a_step_clock_whose_first_row_comes_later_keeps_that_interval():
    got, done = run(chunk([0.5, 2, 3, 0.5, 2, 3], **{STEP: np.array([1.0, 1, 1, 2, 2, 2])}))
    assert got[TIME].tolist() == [0.5, 2, 3, 3.5, 5, 6] and done.restarts == 1


def test_rows_in_disorder_are_sorted_across_blocks():
    time = np.arange(3000.0)
    time[[999, 1001]] = time[[1001, 999]]
    got, done = run(chunk(time[:1000]), chunk(time[1000:]))
    assert (got[TIME] == np.arange(3000)).all()
    assert done.sorted_rows and not done.restarts


def test_a_clock_that_is_set_back_goes_on_at_the_usual_interval():
    time = np.concatenate([np.arange(0, 9000, 10.0), np.arange(5000, 9000, 10.0)])
    got, done = run(chunk(time))
    assert done.set_back == 1 and not done.hours_back
    assert np.allclose(np.diff(got[TIME]), 10)


def test_numbers_no_cell_shows_are_left_out_and_told():
    data = chunk(np.arange(10.0))
    data[VOLTAGE][3], data[CURRENT][5], data[TIME][7] = 1e9, -1e12, 1e30
    got, done = run(data)
    assert done.beyond == 3 and len(got[TIME]) == 7
    assert done.lines() == ["3 rows with numbers that no cell shows: left out"]


def test_a_gap_is_counted_once_however_the_blocks_are_cut():
    time = np.concatenate([np.arange(0, 1000, 10.0), np.arange(20000, 21000, 10.0)])
    for parts in (1, 2, 5):
        _, done = run(*(chunk(p) for p in np.array_split(time, parts)))
        assert done.gaps == 1 and done.longest_gap_s == 19010


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60),
    st.integers(1, 5),
)
def test_times_never_fall_whatever_comes_in(times, parts):
    try:
        got, _ = run(*(chunk(p) for p in np.array_split(np.array(times), parts) if len(p)))
    except IndexError:
        return  # nothing was left
    assert (np.diff(got[TIME]) >= 0).all()
