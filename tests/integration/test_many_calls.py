"""A study of very many members: what the scheduler holds at once, and what workers are given."""

from __future__ import annotations

import math

import pytest
from distributed import LocalCluster

from twin.studies import cluster as own
from twin.studies.cluster import Workers
from twin.studies.given import GIVEN


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as started:
        yield started


@pytest.fixture
def hands(cluster):
    with Workers(1, cluster.scheduler_address) as opened:
        yield opened


def test_calls_are_made_as_workers_get_to_them(hands, monkeypatch):
    monkeypatch.setattr(own, "_FEWEST", 3)
    made = []

    def calls():
        for n in range(40):
            made.append(n)
            yield (n,)

    each = hands.each(math.factorial, calls())
    found = dict([next(each)])
    ahead = own._AHEAD * 2  # two threads
    assert len(made) == ahead
    for count, (number, value) in enumerate(each, start=2):
        found[number] = value
        assert len(made) <= count - 1 + ahead
    assert found == {n: math.factorial(n) for n in range(40)}


def test_one_that_goes_wrong_is_itself_alone(hands):
    found = dict(hands.each(math.sqrt, [(4.0,), (-1.0,), (9.0,)]))
    assert isinstance(found.pop(1), ValueError)
    assert found == {0: 2.0, 2: 3.0}


def test_nothing_to_do_is_nothing_done(hands):
    assert list(hands.each(abs, [])) == []


def test_workers_are_given_it_once_and_it_is_taken_back(cluster):
    with Workers(1, cluster.scheduler_address) as hands:
        design = {"cycles": 7}
        hands.give("study", design)
        assert GIVEN["study"] == design
        hands.give("study", {"cycles": 8})  # it has it
        assert GIVEN["study"] == design
        hands.give("another", {})
        assert set(GIVEN) == {"study", "another"}
    assert GIVEN == {}


def test_a_worker_that_comes_later_is_given_it_too(hands, cluster):
    hands.give("late", {"cycles": 9})
    GIVEN.clear()
    cluster.scale(2)
    hands._client.wait_for_workers(2, timeout=60)
    assert GIVEN["late"] == {"cycles": 9}
