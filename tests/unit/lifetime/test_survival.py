"""Probabilities with members that are lost on the way: closed forms and a published table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from twin.uncertainty.survival import (
    Member,
    _variance,
    cumulative_incidence,
    fan,
    incidence,
    probability,
    quantile,
    quantile_band,
)

# Remission times [weeks] of 21 children on 6-MP; "+" is censored. E. J. Freireich et al.,
# Blood 21 (1963) 699; with Kaplan and Meier's survival and Greenwood's standard error as
# they stand in D. Collett, Modelling Survival Data (any edition), and many a textbook.
REMISSIONS = (
    *("6", "6", "6", "6+", "7", "9+", "10", "10+", "11+", "13", "16"),
    *("17+", "19+", "20+", "22", "23", "25+", "32+", "32+", "34+", "35+"),
)
SURVIVAL = {
    6: (0.857, 0.0764),
    7: (0.807, 0.0869),
    10: (0.753, 0.0963),
    13: (0.690, 0.1068),
    16: (0.627, 0.1141),
    22: (0.538, 0.1282),
    23: (0.448, 0.1346),
}


def members(words, causes="a"):
    found = []
    for i, word in enumerate(words):
        lost = word.endswith("+")
        cause = None if lost else causes[i % len(causes)]
        found.append(Member(i, int(word.rstrip("+")), cause, {}, censored=lost))
    return found


def test_survival_and_its_error_are_those_of_the_textbook():
    curve = cumulative_incidence(members(REMISSIONS), lambda m: True)
    for week, (survival, error) in SURVIVAL.items():
        found = curve.at(week)
        assert 1 - found["probability"] == pytest.approx(survival, abs=6e-4)
        n = survival * (1 - survival) / error**2  # the effective size
        x = n * (1 - survival)
        assert found["low"] == pytest.approx(beta.ppf(0.05, x, n - x + 1), abs=2e-3)
        assert found["high"] == pytest.approx(beta.ppf(0.95, x + 1, n - x), abs=2e-3)
    assert quantile(members(REMISSIONS), 0.5) == 23  # the published median


def test_without_a_lost_member_the_variance_is_the_binomial_one():
    ends = np.array([1, 1, 2, 3, 3, 4, 5, 5])
    mine = np.array([1, 0, 1, 1, 0, 0, 1, 1])
    t = np.unique(ends)
    at_risk = np.array([(ends >= n).sum() for n in t])
    d = np.array([(ends == n).sum() for n in t])
    d_k = np.array([((ends == n) & (mine == 1)).sum() for n in t])
    before = at_risk / len(ends)
    F = np.cumsum(d_k) / len(ends)
    assert _variance(F, before, at_risk, d, d_k) == pytest.approx(F * (1 - F) / len(ends))


def test_a_curve_and_a_probability_have_the_same_band():
    lives = members(REMISSIONS, "ab")
    for cause, found in incidence(lives).items():
        for cycle, low in found["low"]:
            if cycle:
                alone = probability(lives, cycle, lambda m, cause=cause: m.cause == cause)
                assert alone["low"] == low
                assert alone["high"] == dict(found["high"])[cycle]
                assert alone["probability"] == dict(found["curve"])[cycle]


def test_a_band_counts_only_members_whose_fate_is_known():
    lost = [Member(i, 10, None, {}, censored=i < 5) for i in range(10)]
    never = probability(lost, 20, lambda m: True)
    assert never == {"probability": 0.0, "low": 0.0, "high": pytest.approx(1 - 0.05 ** (1 / 5))}
    assert probability(lost, 10, lambda m: True)["high"] == pytest.approx(1 - 0.05 ** (1 / 10))


def test_a_lost_member_widens_the_band_of_the_median():
    whole = members([str(n) for n in range(1, 41)])
    half = members([f"{n}+" if n % 2 else str(n) for n in range(1, 41)])
    (a, b), (c, d) = quantile_band(whole, 0.5), quantile_band(half, 0.5)
    assert (a, b) == (15, 26)  # binomial(40, 1/2): 5 and 95 % points 15 and 25
    assert d is None or d - c > b - a


@pytest.mark.parametrize("n", [8, 30, 128])
def test_the_bands_of_a_known_distribution_are_of_ninety_percent(n):
    # Each end is where so few, or so many, deaths would come up once in twenty times.
    for dead in range(1, n):
        lives = members(["5"] * dead + ["9+"] * (n - dead))
        found = probability(lives, 5, lambda m: True)
        assert binom.sf(dead - 1, n, found["low"]) == pytest.approx(0.05, rel=1e-6)
        assert binom.cdf(dead, n, found["high"]) == pytest.approx(0.05, rel=1e-6)
    none = probability(members(["9+"] * n), 5, lambda m: True)
    assert (1 - none["high"]) ** n == pytest.approx(0.05)


def test_a_median_is_in_its_band_nine_times_of_ten():
    chance = np.random.default_rng(5)
    true, hits, times = 693.147, 0, 600
    for _ in range(times):
        lives = members([str(round(t * 1000)) for t in chance.exponential(1.0, 25)])
        low, high = quantile_band(lives, 0.5)
        hits += low <= true <= high
    assert 0.87 < hits / times < 0.98  # of ranks, so rather more than 0.9; 0.68 is far off


def test_the_fan_holds_nine_lives_of_ten():
    lives = [
        Member(i, 10, None, {}, capacity=[(1, 1.0), (10, (i + 0.5) / 1000)]) for i in range(1000)
    ]
    found = fan(lives, np.array([10]))
    expected = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
    for name, share in expected.items():
        assert found[name][0] == pytest.approx(share, abs=1e-3)
