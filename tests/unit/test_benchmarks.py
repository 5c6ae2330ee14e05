"""What the benchmarks make of what they time: closed forms, no time itself."""

from __future__ import annotations

import pytest

from benchmarks import goals, lives
from benchmarks.clock import Seconds


def forecast(start, each, members=4):
    seconds = {
        what: {n: {"wall": 1.0, "cpu": cpu} for n, cpu in zip("12", both, strict=True)}
        for what, both in (("start", start), ("all", each))
    }
    return seconds | {
        "members": members,
        "member_cpu_s": each[0] / members,
        "efficiency": each[0] / each[1],
        "same_lives": True,
    }


def table(found):
    return {line.what.strip(): line for line in goals.lines({"ensembles": {"fast": found}})}


def test_two_workers_that_cost_nothing_more_are_twice_as_fast():
    told = table(forecast(start=(0.0, 0.0), each=(2.0, 2.0)))
    assert told["two workers' efficiency"].value == 1
    assert told["two workers / one"].value == pytest.approx(2)
    assert told["a thousand"].value == pytest.approx(1000 * 0.5 / 2)


def test_a_thousand_members_wait_for_both_workers_to_start():
    told = table(forecast(start=(3.0, 10.0), each=(2.0, 2.5)))
    assert told["a thousand"].value == pytest.approx((10 + 1000 * 2.5 / 4) / 2)
    assert told["two workers / one"].value == pytest.approx(
        (3 + 200 * 2 / 4) / ((10 + 200 * 2.5 / 4) / 2)
    )
    assert not told["two workers' efficiency"].met


def test_an_exact_life_that_is_cut_goes_on_at_its_middle_cycle_s_pace():
    # The first cycle is slow, as it is where something is loaded: it does not count.
    ends = [5.0, 5.2, 5.4, 5.7, 5.9]
    spent = lives.gone_on(Seconds(7.0, 6.0), ends, followed=5, end=105)
    assert (spent.wall, spent.cpu) == pytest.approx((7.0 + 100 * 0.2, 6.0 + 100 * 0.2))


def test_what_has_no_goal_is_neither_met_nor_missed():
    life = {"cell": "a", "cpu_s": 2.0, "cycles_simulated": 9}
    found = {"cycles": 300, "lives": [life], "mean_cpu_s": 2.0, "worst": life}
    document = {"catalogue": found}
    assert [line.met for line in goals.lines(document)] == [None, None]
    assert "MISSED" not in goals.table(document) and "1 cells, 300 cycles" in goals.table(document)
