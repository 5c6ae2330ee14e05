"""Published outcomes: read, said, scored; each score against a closed form or a double loop."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.outcomes import regression
from twin.outcomes.learning import learn, load_learned, save_learned, shipped
from twin.outcomes.nulls import bounds, by_class, constant
from twin.outcomes.scores import (
    brier,
    crps,
    distance,
    pit,
    reliability,
    resampled,
    share_within,
    skill,
)
from twin.outcomes.skill import score_outcomes
from twin.outcomes.table import CRITICAL, LIFE, RETENTION, Row, read_outcomes

PUBLISHED = Path(__file__).parents[3] / "cell_specs" / "twin_cells" / "outcomes" / "published.csv"
HEAD = (
    "paper,id,family,anode,electrolyte,cathode,additive_or_interlayer,temperature_C,pressure_MPa,"
    "rate_C,quantity,at_cycle,value,bound,how_read,note\n"
)


# ------------------------------------------------------------ scores


def by_double_loop(members, lo, hi):
    v = [
        x if x < lo else lo if x <= hi else (lo if math.isinf(hi) else x - (hi - lo))
        for x in members
    ]
    m = len(v)
    pairs = sum(abs(a - b) for a in v for b in v)
    return sum(abs(a - lo) for a in v) / m - pairs / (2 * m * (m - 1))


numbers = st.floats(-50, 150)


@given(st.lists(numbers, min_size=2, max_size=12), numbers, st.floats(0, 40) | st.just(math.inf))
def test_the_score_is_its_double_loop(members, lo, width):
    assert crps(members, lo, lo + width) == pytest.approx(
        by_double_loop(members, lo, lo + width), abs=1e-9
    )


def test_the_score_of_a_normal_law_is_the_known_one():
    # sigma (2 phi(0) - 1/sqrt(pi)) at the middle of N(0, sigma).
    members = 3 * np.random.default_rng(0).standard_normal(40_000)
    exact = 3 * (2 / math.sqrt(2 * math.pi) - 1 / math.sqrt(math.pi))
    assert crps(members, 0.0, 0.0) == pytest.approx(exact, rel=0.01)


def test_a_member_inside_the_interval_costs_nothing():
    assert crps([92.0, 95.0, 99.0], 90, 100) == pytest.approx(0, abs=1e-12)
    assert crps([2.0, 5.0, 1e6], 2, math.inf) == pytest.approx(0, abs=1e-12)
    assert distance(88, 90, 100) == 2 and distance(103, 90, 100) == 3 and distance(95, 90, 100) == 0
    with pytest.raises(ValueError, match="two members"):
        crps([1.0], 0, 1)


def test_places_and_coverage():
    members = np.arange(1, 101)
    assert pit(members, 50, 50) == (0.49, 0.5)
    assert pit(members, 91, math.inf) == (0.9, 1.0)
    assert share_within((0.9, 1.0), 0.05, 0.95) == pytest.approx(0.5)
    assert share_within((0.3, 0.3), 0.25, 0.75) == 1 and share_within((0.2, 0.2), 0.25, 0.75) == 0


def test_even_places_are_reliable_and_crowded_ones_are_not():
    even = [(x, x) for x in (np.arange(40) + 0.5) / 40]
    assert reliability(even)["off"] == pytest.approx(0, abs=1e-9)
    low = reliability([(0.1, 0.1)] * 40)
    assert low["shares"][0] == 1 and low["off"] > low["limit"]


def test_skill_is_over_the_null_with_a_band_of_papers():
    papers = ["a", "a", "b", "c", "d"]
    found = skill([1, 1, 1, 1, 2], [2, 2, 2, 2, 2], papers)
    assert found.value == pytest.approx(0.4)
    assert 0 <= found.low < 0.4 < found.high <= 0.5
    assert skill([1, 2], [1, 2], ["a", "b"]).value == 0
    assert resampled(papers, len).value == 5
    assert brier([1.0, 0.5], [True, False]) == pytest.approx(0.125)


# ------------------------------------------------------------ the regression


def made(n=240, seed=3):
    rng = np.random.default_rng(seed)
    papers = [f"p{i // 3}" for i in range(n)]
    lab = np.repeat(0.4 * rng.standard_normal(n // 3), 3)
    x = rng.uniform(-1, 1, n)
    y = -2 + 1.5 * x + lab + 0.3 * rng.standard_t(4, n)
    return np.column_stack([np.ones(n), x]), y, papers


def test_effects_and_both_scatters_come_back():
    X, y, papers = made()
    found = regression.fit(X, y, y, papers, np.array([2.0, 2.0]))
    assert found.b.mean(axis=0) == pytest.approx([-2, 1.5], abs=0.15)
    assert found.lab.mean() == pytest.approx(0.4, abs=0.1)
    assert found.cell.mean() == pytest.approx(0.3, abs=0.08)
    again = regression.fit(X, y, y, papers, np.array([2.0, 2.0]))
    assert np.array_equal(found.b, again.b)
    # A row of a known laboratory is said from it.
    rng = np.random.default_rng(0)
    of_its_own = found.predict(X[0], rng, paper="p0").std()
    assert of_its_own < found.predict(X[0], rng).std()


def test_an_effect_keeps_to_its_limits_and_the_others_give_way():
    X, y, papers = made()
    X[:, 1] += 2.0  # so that the slope and the constant hang together
    wide = np.array([20.0, 20.0])
    free = regression.fit(X, y, y, papers, wide)
    far = regression.fit(X, y, y, papers, wide, between={1: (-50.0, 50.0)})
    assert far.b.mean(axis=0) == pytest.approx(free.b.mean(axis=0), abs=0.05)
    assert far.b.std(axis=0) == pytest.approx(free.b.std(axis=0), rel=0.25)
    low = regression.fit(X, y, y, papers, wide, between={1: (0.0, 1.0)})
    assert low.b[:, 1].min() > 0.5 and low.b[:, 1].max() <= 1.0
    # the line still goes through the middle: -2 = b0 + b1 x there, whatever the slope
    through = low.b @ [1.0, 2.0]
    assert through.mean() == pytest.approx(np.mean(free.b @ [1.0, 2.0]), abs=0.06)


def test_intervals_teach_as_far_as_they_say():
    X, y, papers = made()
    lo, hi = np.floor(y), np.floor(y) + 1.0
    lo[::5], hi[1::5] = -np.inf, np.inf
    found = regression.fit(X, lo, hi, papers, np.array([2.0, 2.0]))
    assert found.b.mean(axis=0) == pytest.approx([-2, 1.5], abs=0.25)


# ------------------------------------------------------------ the table


def write(tmp_path, *lines, head=HEAD):
    path = tmp_path / "table.csv"
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_published_row_is_read_by_its_words(tmp_path):
    path = write(
        tmp_path,
        "P1,a,x,Na15Sn4,Na3PS4 glass,NaCrO2:SE,none,RT,50-70,C/3,retention_pct,500,78,=,F,",
        "P1,b,x,Na15Sn4,Na3PS4 glass,NaCrO2:SE,wax,60,,0.2,retention_pct,100,90,>=,A,",
        "P2,c,x,Na,PEO + filler,symmetric,,,after prior 30 MPa,,ccd_mA_cm2,,5-9,range,F,",
        "P3,d,x,Na,NASICON,,,25,after prior 30 MPa press,,life_h,,1000,>=,F,",
        "P3,e,x,Na,NASICON,,,25,,,event,1,cell does not work,=,F,",
        "P3,f,x,Na,NASICON,NVP,,25,,,retention_pct,50,100,=,F,",
    )
    rows, left = read_outcomes(path)
    a, b, c, d, f = rows
    assert (a.lo, a.hi, a.cycles, a.temperature, a.pressure) == (78, 78, 500, 25, 60)
    assert a.classes == {
        "electrolyte": "pressed", "cathode": "layered", "anode": "alloy", "face": "alloy",
    }  # fmt: skip
    assert {"control", "full text"} <= a.marks and "control" not in b.marks
    assert (b.lo, b.hi, b.two_sided, a.two_sided) == (90, 100, False, True)
    assert (c.lo, c.hi, c.classes["face"]) == (5, 9, "soft")
    assert (d.quantity, d.lo, d.hi, d.classes["face"]) == (LIFE, 1000, math.inf, "pressed")
    assert (f.lo, f.hi) == (98.5, 100)
    (line,) = left
    assert line.startswith("line 6, e: event is not scored; one of retention_pct, ")


def test_the_coded_table_is_read_whole():
    rows, left = read_outcomes(PUBLISHED)
    assert len(rows) == 106 and left == []
    retained = [row for row in rows if row.quantity == RETENTION]
    assert (len(retained), sum(row.two_sided for row in retained)) == (51, 47)
    assert sum("control" in row.marks for row in retained) == 5
    assert all(math.isinf(row.hi) for row in rows if row.quantity == LIFE and row.hi > 1e4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("paper,id,value\n", "no column 'quantity'"),
        ("paper,id,quantity\n", "no column"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path, text, says):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        read_outcomes(path)
    assert caught.value.problem.file == str(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_outcomes(tmp_path / "none.csv")


def test_bounds_of_a_retention_are_those_of_its_loss():
    row = Row("P", "a", RETENTION, 80.0, 80.0)
    y = math.log(-math.log(0.8))
    assert bounds(row) == pytest.approx((y, y))
    low, high = bounds(replace(row, lo=98.5, hi=100.0))
    assert low == -math.inf and high == pytest.approx(math.log(-math.log(0.985)))
    assert bounds(Row("P", "c", CRITICAL, 0.1, math.inf)) == pytest.approx((-1, math.inf))


# ------------------------------------------------------------ what is said


def few(papers=6):
    rows, _ = read_outcomes(PUBLISHED)
    chosen = list(dict.fromkeys(r.paper for r in rows if r.quantity == RETENTION))[:papers]
    return [r for r in rows if r.quantity == RETENTION and r.paper in chosen]


def test_the_nulls_say_what_others_have():
    rows = [r for r in few(20) if r.two_sided]
    (first,) = constant(rows[1:], rows[:1])
    assert sorted(first) == sorted((r.lo + r.hi) / 2 for r in rows[1:])
    (moved,) = by_class(rows[1:], rows[:1])
    mine = [(r.lo + r.hi) / 2 for r in rows[1:] if r.classes["cathode"] == "polyanion"]
    share = len(mine) / (len(mine) + 2)
    shift = share * (np.mean(mine) - np.mean(first))
    assert moved == pytest.approx(np.minimum(first + shift, 100))


def test_a_table_is_said_with_what_another_taught():
    rows = few()
    found = score_outcomes(rows, learned=shipped())
    assert [s.row.id for s in found.predictions] == [r.id for r in rows] and not found.folds
    document = json.loads(json.dumps(found.to_dict()))
    one = document["predictions"][0]
    assert list(one) == [
        "paper", "id", "quantity", "median", "p05", "p25", "p75", "p95",
        "members", "lo", "hi", "crps",
    ]  # fmt: skip
    assert 0 <= one["p05"] < one["median"] < one["p95"] <= 100
    scores = document["skill"]["quantities"][RETENTION]
    assert scores["constant"]["skill_over_constant"]["value"] == 0
    assert set(scores) == {"constant", "class", "sqrt hours", "B0", "B1", "learned"}


def test_what_is_said_of_a_row_hangs_on_no_other_row():
    rows, known = few(), shipped()[RETENTION]
    alone = known.predict(rows[3])
    assert np.array_equal(alone, known.predict(rows[3]))
    assert not np.array_equal(alone, known.predict(replace(rows[3], id="another")))
    control = known.predict(replace(rows[3], marks=rows[3].marks | {"control"}))
    assert np.median(control) < np.median(alone) - 5
    warm = known.predict(replace(rows[3], temperature=85.0))
    assert np.median(warm) < np.median(alone)


def test_what_is_learned_is_kept_and_read_again(tmp_path):
    rows = few(12)
    found = learn(rows)
    assert set(found) == {RETENTION} and len(found[RETENTION].rows) == len(rows)
    path = tmp_path / "learned.toml"
    save_learned(found, path, "a test")
    again = load_learned(path)[RETENTION]
    assert again.rows == found[RETENTION].rows
    for name, known in found[RETENTION].centres.items():
        assert again.centres[name].value == pytest.approx(known.value, abs=1e-3)
    path.write_text("[retention_pct]\n")
    with pytest.raises(InputError, match="missing or of another kind"):
        load_learned(path)


@pytest.mark.slow
def test_the_published_rows_are_said_better_than_by_a_constant():
    """The figures of docs/validation.md: one paper left out at a time."""
    rows, _ = read_outcomes(PUBLISHED)
    found = score_outcomes([r for r in rows if r.quantity == RETENTION]).scores[RETENTION]
    assert found["constant"].mean_crps == pytest.approx(8.20, abs=0.01)
    assert found["B1"].skill.value == pytest.approx(0.14, abs=0.03)
    assert found["learned"].skill.low > 0
    assert 0.82 <= found["learned"].coverage["90"] <= 0.97


def test_the_library_was_taught_by_the_rows_it_ships():
    rows, _ = read_outcomes(PUBLISHED)
    taught = {name for learned in shipped().values() for name in learned.rows}
    assert taught == {f"{row.paper}/{row.id}" for row in rows}
