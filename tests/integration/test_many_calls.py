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


def test_short_calls_are_several_a_task_and_each_is_made_once(hands, monkeypatch):
    tasks = []
    submit = hands._client.submit

    def watched(function, does, calls, **how):
        tasks.append(len(calls))
        return submit(function, does, calls, **how)

    monkeypatch.setattr(hands._client, "submit", watched)
    wanted = [(n,) for n in range(500)]
    found = list(hands.each(abs, wanted, len(wanted)))
    assert sorted(found) == [(n, n) for n in range(500)]
    assert sum(tasks) == 500 and 20 < len(tasks) < 150 and max(tasks) == own._MOST
    # No thread is left with all of it: a quarter of its share of what is left at most.
    left = 500
    for size in tasks:
        assert size <= max(min(left / (own._ROUNDS * 2), own._MOST), 1)
        left -= size


def test_long_calls_are_not_kept_waiting_for_one_another():
    rest = own._Rest([(n,) for n in range(1000)], 1000)
    rest.took(1.2, 1)
    assert len(rest.task(2)) == 1
    # A thousand threads: ten seconds a task, as long as there is enough for all of them.
    rest = own._Rest([(n,) for n in range(100_000)], 100_000)
    rest.took(1.2, 1)
    assert len(rest.task(1000)) == 8
    rest = own._Rest([(n,) for n in range(100_000)], None)
    rest.took(0.001, 1)
    assert len(rest.task(1000)) == 1


@pytest.mark.parametrize("wrong", [0, 7, 39])
def test_one_of_a_task_that_goes_wrong_takes_no_other_with_it(hands, monkeypatch, wrong):
    monkeypatch.setattr(own._Rest, "took", lambda self, *_: setattr(self, "_seconds", 1e-6))
    numbers = [(-1.0,) if n == wrong else (float(n),) for n in range(40)]
    found = dict(hands.each(math.sqrt, numbers, len(numbers)))
    assert isinstance(found.pop(wrong), ValueError)
    assert found == {n: math.sqrt(n) for n in range(40) if n != wrong}


def test_calls_lost_with_their_worker_are_made_again_each_alone():
    rest = own._Rest([], 0)
    rest.again([(n, ()) for n in range(4)], alone=True)
    assert [rest.task(2) for _ in range(5)] == [[(3, ())], [(2, ())], [(1, ())], [(0, ())], []]
    rest.again([(5, ("a",)), (6, ("b",)), (7, ("c",))])
    assert [rest.task(2), rest.task(2)] == [[(6, ("b",)), (7, ("c",))], [(5, ("a",))]]


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
