"""Shapley's values against closed forms; a cell's losses, which have to add up."""

from __future__ import annotations

import math

import pytest

import twin
from twin.uncertainty.loss_split import CoalitionLife, common_cycle, split, split_row
from twin.uncertainty.shapley import coalitions, interactions, shapley

PLAYERS = ["a", "b", "c"]


def game(value):
    return {s: value(s) for s in coalitions(PLAYERS)}


def test_an_additive_game_gives_additive_parts_and_no_interaction():
    own = {"a": 1.0, "b": -2.5, "c": 4.0}
    value = game(lambda s: 7.0 + sum(own[p] for p in s))
    assert shapley(PLAYERS, value) == pytest.approx(own)
    assert all(v == pytest.approx(0, abs=1e-12) for v in interactions(PLAYERS, value).values())


def test_one_that_does_nothing_gets_nothing_and_equals_get_the_same():
    value = game(lambda s: 6.0 if {"a", "b"} <= s else 1.0 if s & {"a", "b"} else 0.0)
    shares = shapley(PLAYERS, value)
    assert shares["c"] == pytest.approx(0, abs=1e-12)
    assert shares["a"] == pytest.approx(shares["b"]) == pytest.approx(3.0)
    pairs = interactions(PLAYERS, value)
    assert pairs["a", "b"] == pytest.approx(4.0)
    assert pairs["a", "c"] == pytest.approx(0, abs=1e-12)


def test_a_glove_game_as_in_the_textbooks():
    # One left glove (a), two right ones (b, c): a pair is worth one.
    value = game(lambda s: 1.0 if "a" in s and s & {"b", "c"} else 0.0)
    assert shapley(PLAYERS, value) == pytest.approx({"a": 2 / 3, "b": 1 / 6, "c": 1 / 6})


def test_shares_add_up_whatever_the_game():
    value = {s: math.sin(17 * len(s) + sum(map(ord, s))) for s in coalitions(PLAYERS)}
    found = split(PLAYERS, value)
    assert found.total == value[frozenset(PLAYERS)] - value[frozenset()]
    assert found.residual == pytest.approx(0, abs=1e-12)


def life(last, loss_at_once, loss_a_cycle):
    rows = [
        {"cycle": n, "capacity_Ah": 1.0 - loss_at_once - loss_a_cycle * (n - 1)}
        for n in (1, 2, 5, last)
    ]
    return CoalitionLife(last, False, rows)


def test_a_loss_is_told_apart_into_the_first_cycle_and_cycling():
    lives = {
        s: life(40 if "a" in s else 80, 0.1 * ("a" in s), 0.002 * ("b" in s))
        for s in coalitions(["a", "b"])
    }
    cycle = common_cycle(lives)
    assert cycle == 40
    found = split_row(["a", "b"], lives, "capacity_Ah", cycle, -1.0)
    assert found["first_cycle"].by_mode == pytest.approx({"a": 0.1, "b": 0.0}, abs=1e-9)
    assert found["cycling"].by_mode == pytest.approx({"a": 0.0, "b": 0.078}, abs=1e-6)
    assert found["all"].by_mode == pytest.approx({"a": 0.1, "b": 0.078}, abs=1e-6)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('at')}/runs.db"


@pytest.fixture(scope="module")
def found(url):
    return twin.attribute(
        "na-base-na",
        cycles=30,
        modes=["interphase", "pressure"],
        overrides={"stack.pressure": "0.5 MPa"},
        workers=1,
        store=url,
    )


def test_the_parts_sum_to_the_total_on_a_cell_and_each_loss_is_that_of_runs(found, url):
    document = found.to_dict()
    for loss in document["losses"].values():
        for part in loss.values():
            assert sum(part["by_mode"].values()) + part["residual"] == pytest.approx(part["total"])
            assert abs(part["residual"]) <= 0.01 * abs(part["total"]) + 1e-15
    assert document["total_capacity_loss_Ah"] == document["losses"]["capacity_Ah"]["all"]["total"]
    # The same by hand, from the four lives as runs of their own.
    cycle, gained = document["compared_in_cycle"], {}
    for modes in ([], ["interphase"], ["pressure"], ["interphase", "pressure"]):
        run = twin.life(
            "na-base-na",
            cycles=cycle,
            modes=modes,
            overrides={"stack.pressure": "0.5 MPa"},
            model="spm",
            store=url,
        )
        gained[tuple(modes)] = run.rows[cycle - 1]["resistance_Ohm_m2"]
    own = gained[("pressure",)] - gained[()]
    beside = gained[("interphase", "pressure")] - gained[("interphase",)]
    share = document["losses"]["resistance_Ohm_m2"]["all"]["by_mode"]["pressure"]
    assert share == pytest.approx((own + beside) / 2, rel=1e-2)


def test_the_life_lost_is_put_down_to_what_the_cell_dies_of(found):
    document = found.to_dict()
    life = document["losses"]["life_cycles"]["all"]
    assert document["outcome"]["mode"] == "pressure" and document["life"] < 30
    assert life["total"] == 30 - document["life"]
    assert max(life["by_mode"], key=life["by_mode"].__getitem__) == "pressure"


def test_a_stored_attribution_is_read_back_and_goes_on_without_a_new_life(found, url):
    again = twin.load_attribution(found.id, store=url)
    assert again.to_dict() == found.to_dict()
    lived = []
    twin.attribute("na-base-na", study=found.id, workers=1, store=url, on_life=lived.append)
    assert lived == []


def test_groups_count_as_one_and_what_is_no_group_is_said_so(url):
    cell, modes = "na-nzsp-na", ["dendrite", "interphase", "pressure"]
    with pytest.raises(twin.InputError) as caught:
        twin.attribute(cell, modes=modes, groups=["dendrite+melting"], store=url)
    assert "melting" in caught.value.problem.message
    from twin.studies.attribution import _players

    assert _players(modes, ["pressure+dendrite"]) == ["dendrite+pressure", "interphase"]
    with pytest.raises(twin.InputError) as caught:
        twin.attribute(cell, modes=[], store=url)
    assert caught.value.problem.key == "modes"


def test_the_figure_shows_every_mode(found, tmp_path):
    figure = found.plot(tmp_path / "shares.svg")
    assert (tmp_path / "shares.svg").stat().st_size > 0
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["interphase", "pressure"]


@pytest.mark.parametrize(
    ("criterion", "lost", "blamed"),
    [
        ("capacity lost", {"a": 0.1, "b": 0.2}, "b"),
        ("capacity lost", {"a": 0.3, "b": 0.2}, "a"),
        ("capacity lost", {"a+c": 0.3, "b": 0.2}, "a"),  # the run's own is in the group
        ("capacity lost", {"a": -0.1, "b": -0.2}, "a"),
        ("anode hard short", {"a": 0.1, "b": 0.2}, "a"),
    ],
)
def test_what_a_life_died_of_agrees_with_the_lives_without_each_mode(criterion, lost, blamed):
    from twin.studies.attribution import _blamed

    assert _blamed({"mode": "a", "criterion": criterion}, lost) == blamed
