"""The posterior against closed forms, and what survivors, modes and strangers do to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from twin.errors import InputError
from twin.tracking.checkups import CheckUp, Reading
from twin.tracking.observables import covariance, observables
from twin.tracking.posterior import Method, features, posterior
from twin.tracking.regression import Regression, explained, survivors_drawn
from twin.tracking.steps import life_after, mode_shares, quantiles, step_at, to_dict
from twin.tracking.weights import effective_size, quantile, tempered

EXACT = {key: replace(of, noise=0.01, offset=0.0, drift=0.0) for key, of in observables().items()}
OWN = Method()
"""The library's own clock, for what has a closed form."""


def read(pace, cycles, power=1.0, first=1e-2, factor=1.0):
    return [
        CheckUp(n, {"resistance": Reading(factor * first * (1 + (pace * n) ** power))})
        for n in cycles
    ]


def analytic(cycle, pace, noise, median=1e-3, spread=0.5):
    """The posterior of the remaining life of a linear life, by quadrature over its pace."""
    log = np.log(median) + spread * np.linspace(-5, 5, 40001)
    a = np.exp(log)
    off = np.log1p(a * cycle) - np.log1p(pace * cycle)
    first = np.log1p(a) - np.log1p(pace)
    logs = norm.logpdf(log, np.log(median), spread) - 0.5 * (off**2 + first**2) / noise**2
    logs[1 / a <= cycle] = -np.inf
    w = np.exp(logs - logs.max())
    return quantile(1 / a - cycle, w / w.sum(), [0.05, 0.5, 0.95])


@pytest.mark.parametrize("count", [100, 2000])
@pytest.mark.parametrize("pace", [6e-4, 1.6e-3])
def test_a_linear_growth_gives_the_analytic_posterior(made, pace, count):
    # 100 lives are too few for the likelihood alone; of 2000 it is the posterior.
    step = step_at(made(count), read(pace, (1, 150)), known=EXACT, method=OWN)
    assert step.posterior.dense is (count == 2000)
    low, middle, high = analytic(150, pace, 0.01)
    found = quantiles(np.exp(step.posterior.log_remaining), step.posterior.weights)
    width = high - low
    assert found["median"] == pytest.approx(middle, abs=0.15 * width)
    assert found["p95"] - found["p05"] == pytest.approx(width, rel=0.3)


def test_a_root_of_the_cycles_is_told_from_a_straight_line(made):
    # R = R0 (1 + (a n)^1/2): at 4 % of its life it has grown by 20 %.
    table = made(power=0.5)
    step = step_at(table, read(1e-3, (1, 10, 40), power=0.5), known=EXACT, method=OWN)
    found = quantiles(np.exp(step.posterior.log_remaining), step.posterior.weights)
    assert found["median"] == pytest.approx(960, rel=0.1)


def test_another_noise_widens_the_band(made):
    rough = {k: replace(of, noise=0.05) for k, of in EXACT.items()}
    widths = []
    for known in (EXACT, rough):
        step = step_at(made(), read(1e-3, (1, 150)), known=known, method=OWN)
        q = quantiles(step.posterior.log_remaining, step.posterior.weights)
        widths.append(q["p95"] - q["p05"])
    assert widths[1] > 1.8 * widths[0]


def test_an_offset_of_all_readings_changes_nothing_but_only_where_one_is_allowed(made):
    loose = {k: replace(of, offset=1.0) for k, of in EXACT.items()}
    off, on = (
        step_at(made(), read(1e-3, (1, 75, 150), factor=f), known=loose, method=OWN)
        for f in (1.2, 1.0)
    )
    a, b = (quantiles(s.posterior.log_remaining, s.posterior.weights)["median"] for s in (off, on))
    assert a == pytest.approx(b, abs=0.1)
    assert not off.outside
    assert step_at(made(), read(1e-3, (1, 75, 150), factor=1.2), known=EXACT, method=OWN).outside


def test_survivors_are_longer_lives_not_deaths_at_the_horizon(made):
    # Followed to 1200 cycles only, four in ten survive: the posterior is the same.
    cell = read(7e-4, (1, 150))
    whole, cut = (step_at(made(horizon=h), cell, known=EXACT, method=OWN) for h in (100_000, 1200))
    assert 0.25 < (~cut.library.dead).mean() < 0.6
    a, b = (quantiles(s.posterior.log_remaining, s.posterior.weights) for s in (whole, cut))
    assert b["median"] == pytest.approx(a["median"], abs=0.25)
    assert np.exp(b["median"]) + 150 > 1200  # a death at the horizon would end there
    told = life_after(cut, 150, 1200)
    assert told["median"] is None and told["beyond"] > 0.5


def test_a_draw_of_a_survivor_is_never_shorter_than_what_it_lived(made):
    table = made(2000, horizon=1200)
    step = step_at(table, read(1e-3, (1, 40)), known=EXACT, method=OWN)
    assert step.posterior.dense
    hidden = ~step.library.dead[step.posterior.lives]
    assert hidden.any()
    # Between two lives of a library their paces differ by the bandwidth of a kernel.
    narrow = 1.06 * 0.5 * 2000**-0.2
    assert (step.ends[hidden] >= 1200 * np.exp(-5 * narrow)).all()
    assert np.median(step.ends[hidden]) > 1200
    assert np.isclose(step.ends[hidden], 1200, rtol=1e-4).mean() < 0.1  # drawn beyond, not cut


def test_lives_that_were_over_tell_nothing(made):
    step = step_at(made(), read(5e-4, (1, 800)), known=EXACT, method=OWN)
    assert (step.library.ends > 800).all()
    assert (step.ends > 800).all()


def test_modes_are_told_by_what_is_read_of_them(lives, paces):
    both = np.concatenate([paces(150), paces(150)])
    power, mode = np.repeat([1.0, 2.0], 150), np.repeat(["interphase", "pressure"], 150)
    table = lives(both, power=power, mode=mode)
    for power, mode in ((1.0, "interphase"), (2.0, "pressure")):
        cell = read(1e-3, (1, 100, 200, 400), power=power)
        shares = mode_shares(step_at(table, cell, known=EXACT, method=OWN))
        assert next(iter(shares)) == mode and shares[mode] > 0.9
        assert sum(shares.values()) == pytest.approx(1.0)
    prior = mode_shares(step_at(table, []))
    assert prior["interphase"] == pytest.approx(0.5, abs=0.03)


def test_a_cell_like_no_life_is_outside_the_model_and_one_between_two_is_not(made, paces):
    table = made(40)
    between = float(np.sqrt(paces(40)[20] * paces(40)[21]))
    inside = step_at(table, read(between, (1, 150)), known=EXACT, method=OWN)
    assert not inside.outside and inside.posterior.distance < 3
    falling = [CheckUp(n, {"resistance": Reading(1e-2 * (1 - 4e-4 * n))}) for n in (1, 80, 150)]
    outside = step_at(table, falling, known=EXACT, method=OWN)
    assert outside.outside and outside.posterior.distance > 3
    assert to_dict(outside, None, falling[-1])["outside"]


def test_a_cell_that_outlived_every_life_is_outside_the_model(made):
    table = made(60, horizon=100_000)
    step = step_at(table, read(1e-5, (1, 50_000)), known=EXACT, method=OWN)
    assert step.posterior is None and step.outside
    told = to_dict(step, None, None)
    assert told["remaining"]["median"] is None and told["modes"] == {}


def test_a_library_of_survivors_is_refused(made):
    with pytest.raises(InputError) as caught:
        step_at(made(horizon=20), read(1e-3, (1, 10)), known=EXACT, method=OWN)
    assert "none of the library's 300 lives died" in str(caught.value)
    assert "--cycles" in caught.value.problem.fix


def test_weights_of_lives_count(made):
    table = made()
    heavy = np.where(table.ends < 700, 20.0, 1.0)
    before = quantiles(step_at(table, []).ends, step_at(table, []).posterior.weights)
    tilted = step_at(replace(table, weights=heavy / heavy.sum()), [])
    assert quantiles(tilted.ends, tilted.posterior.weights)["median"] < 0.75 * before["median"]


def test_the_same_numbers_each_time(made):
    a, b = (
        step_at(made(), read(1e-3, (1, 150)), known=EXACT, method=OWN).posterior for _ in range(2)
    )
    assert np.array_equal(a.log_remaining, b.log_remaining)
    assert np.array_equal(a.weights, b.weights)


def test_tempering_leaves_the_sample_size_that_is_wanted():
    prior = np.full(200, 1 / 200)
    logs = -0.5 * np.linspace(-30, 30, 200) ** 2
    weights, power = tempered(prior, logs, 50.0)
    assert effective_size(weights) == pytest.approx(50, rel=1e-3) and 0 < power < 1
    assert effective_size(np.array([1.0, 1.0, 0.0])) == pytest.approx(2.0)
    assert effective_size(np.full(3, 1e-200)) == pytest.approx(3.0)


def test_weighted_quantiles():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.2, 0.3])
    assert quantile(values, weights, [0.1, 0.2, 0.21, 0.5, 0.9]).tolist() == [1, 1, 2, 2, 3]


def test_the_covariance_has_noise_offset_and_drift():
    of = replace(observables()["capacity"], noise=0.1, offset=0.2, drift=0.5)
    found = covariance(of, [0.0, -0.4])
    assert found == pytest.approx(np.array([[0.05, 0.04], [0.04, 0.05 + 0.04]]))
    assert covariance(of, [0.0, 0.0], share=True) == pytest.approx(0.01 * np.eye(2))


def test_growth_counts_by_its_logarithm_once_it_is_beyond_the_noise():
    rows = [np.arange(3)]
    y = np.array([[0.0, 0.1, 0.2], [0.0, 0.2, 0.4]])
    a, b = features(y, rows, [1e-4])
    assert b[1] - a[1] == pytest.approx(np.log(2), rel=1e-6)  # twice the growth
    assert b[2] == pytest.approx(a[2], rel=1e-6)  # of the same exponent


def test_what_readings_explain_is_r_squared_less_chance():
    chance = np.random.default_rng(3)
    x = chance.standard_normal(4000)
    w = np.full(4000, 1 / 4000)
    for noise in (0.5, 2.0):
        o = (x + noise * chance.standard_normal(4000))[:, None]
        assert explained(o, x, w, 4000) == pytest.approx(1 / (1 + noise**2), abs=0.04)
    assert explained(chance.standard_normal((4000, 2)), x, w, 40) < 0.03
    assert explained(np.ones((4000, 1)), x, w, 40) == 0.0


def test_fewer_effective_lives_make_wider_bands(made):
    few = step_at(made(40), read(1e-3, (1, 150)), known=EXACT, method=Method(effective=12))
    assert few.posterior.effective < 40
    q = quantiles(np.exp(few.posterior.log_remaining), few.posterior.weights)
    low, _, high = analytic(150, 1e-3, 0.01)
    assert q["p95"] - q["p05"] > 0.7 * (high - low)


def test_survivors_are_drawn_from_what_is_beyond_what_is_known():
    # N(0, 1) cut off at 0: what is beyond has the mean sqrt(2/pi).
    z = norm.ppf((np.arange(4000) + 0.5) / 4000)
    known, t = z < 0, np.minimum(z, 0.0)
    w = np.full(4000, 1 / 4000)
    u = np.random.default_rng(1).random(4000)
    drawn = survivors_drawn(Regression(np.zeros((4000, 1)), w, 4000), t, known, w, u)
    assert drawn[~known].mean() == pytest.approx(np.sqrt(2 / np.pi), rel=0.05)
    assert drawn[~known].min() >= 0 and np.array_equal(drawn[known], z[known])


def test_a_cell_unlike_the_lives_its_forecast_rests_on_is_outside_the_model(lives, paces):
    # All lives grow with the root of the cycles from one of many first resistances; the cell grows
    # with the square: no summary of theirs says so.
    table = lives(paces(60), power=0.5)
    step = step_at(table, read(8e-4, (1, 100, 200, 400, 600), power=3.0), known=EXACT, method=OWN)
    assert not step.posterior.dense and step.posterior.strange > 3 and step.outside
    like = step_at(table, read(8e-4, (1, 30, 60, 120), power=0.5), known=EXACT, method=OWN)
    assert like.posterior.strange < 3 and not like.outside


def told(predicted, reading, noise, method=OWN):
    """The posterior of lives with one reading each, all of them known to their end."""
    x = np.asarray(predicted, dtype=float)[:, None]
    n = len(x)
    return posterior(
        x, np.array([reading]), np.array([[noise**2]]), [np.arange(1)], [noise],
        np.full(n, 1 / n), np.ones(n), -x[:, 0], np.full(n, True), ["a"] * n, {},
        np.arange(n), np.zeros(n), method, 12.0,
    )  # fmt: skip


@pytest.mark.parametrize("noise", [0.3, 0.5, 1.0])
def test_the_likelihood_of_many_lives_is_the_normal_laws(noise):
    # N(0, 1) before, read with N(0, s^2): N(y/(1 + s^2), s^2/(1 + s^2)) after.
    x = norm.ppf((np.arange(4000) + 0.5) / 4000)
    found = told(x, 1.0, noise)
    assert found.dense
    mean = found.life_weights @ x
    assert mean == pytest.approx(1 / (1 + noise**2), rel=1e-3)
    spread = found.life_weights @ (x - mean) ** 2
    assert spread == pytest.approx(noise**2 / (1 + noise**2), rel=5e-3)


def test_a_cell_far_from_each_life_but_between_them_is_inside_the_model():
    x = np.linspace(-10, 10, 41)
    between, beyond = told(x, 0.25, 0.01), told(x, 16.0, 0.01)
    assert between.distance > OWN.far > between.misfit and not between.outside
    assert beyond.distance > OWN.far and beyond.misfit > OWN.far and beyond.outside


@pytest.mark.parametrize("lives, power_left", [(400, False), (60, True)])
def test_a_linear_relation_gives_the_normal_posterior_however_few_lives_are_near(lives, power_left):
    # x ~ N(0, 1) is read with the noise 0.1 and is the target: N(y/1.01, 0.0995^2).
    x = norm.ppf((np.arange(lives) + 0.5) / lives)
    ones, each = np.ones(lives * 16), np.repeat(np.arange(lives), 16)
    found = posterior(
        x[each][:, None], np.array([0.5]), np.array([[0.01]]), [np.arange(1)], [0.1],
        np.full(lives, 1 / lives), ones / 16, x[each], ones.astype(bool), ["a"] * len(each), {},
        each, 0 * ones, OWN, 12.0,
    )  # fmt: skip
    assert found.dense is not power_left
    w, t = found.weights, found.log_remaining
    mean = w @ t
    assert mean == pytest.approx(0.5 / 1.01, abs=0.03)
    # A regression of twelve lives is widened by what it takes of them: 1/(1 - df/n), a fifth.
    assert 0.85 < np.sqrt(w @ (t - mean) ** 2) / 0.0995 < 1.25


def test_what_rows_are_off_by_moves_a_target_however_noisy_the_features_are():
    chance = np.random.default_rng(5)
    x, off = chance.standard_normal(3000), 0.3 * chance.standard_normal(3000)
    t = 2 * x + 1.5 * off
    w = np.full(3000, 1 / 3000)
    noisy = (x + 30 * chance.standard_normal(3000))[:, None]  # a ridge leaves nothing of it
    for features_, at in ((noisy, 0.0), (x[:, None], 0.4)):
        fit = Regression(features_, w, 40, off)
        moved = fit.moved(t, np.array([at]))
        assert moved.mean() == pytest.approx(2 * at, abs=0.1)
        assert np.polyfit(off, fit.to_own(t), 1)[0] == pytest.approx(0, abs=1e-9)
    # Taken for what the cell is like, it would be scatter.
    assert moved.std() < 0.3 * Regression(noisy, w, 40).moved(t, np.zeros(1)).std()


def _dying_by_its_first(paces, horizon=4000):
    """Lives of R = 1 + (a n)^1/2 that die at three times what they were in the first cycle."""
    from twin.tracking.library import Library, grid_to

    grid = grid_to(horizon)
    curves = np.log(1 + np.sqrt(paces[:, None] * grid))
    ends = np.maximum(np.round((3 * (1 + np.sqrt(paces)) - 1) ** 2 / paces), 2)
    n = len(paces)
    return Library(
        ("made",), [("made", str(i)) for i in range(n)], ends, ends <= horizon, ["a"] * n,
        ["a: resistance"] * n, grid, {"resistance": curves}, {}, np.full(n, 1 / n), ["pace"],
        np.log(paces)[:, None], horizon, {"resistance": curves[:, 0]},
    )  # fmt: skip


def test_lives_at_another_pace_do_not_shift_an_end_that_hangs_on_the_first_cycle(paces):
    # The fastest age by a third in their first cycle: 3 R(1) is reached later than by a slower
    # life that is only hurried on.
    table = _dying_by_its_first(paces(200, 0.05, 1.0))
    off = []
    for pace in (0.1, 0.15, 0.2, 0.3):
        end = (3 * (1 + np.sqrt(pace)) - 1) ** 2 / pace
        last = int(0.3 * end)
        cell = [CheckUp(n, {"resistance": Reading(1 + np.sqrt(pace * n))})
                for n in np.unique(np.linspace(1, last, 6).astype(int)).tolist()]  # fmt: skip
        found = step_at(table, cell, known=EXACT, method=OWN).posterior
        off.append(quantile(found.log_remaining, found.weights, [0.5])[0] - np.log(end - last))
    assert np.mean(off) == pytest.approx(0.0, abs=0.05)
