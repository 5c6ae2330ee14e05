"""New lives around a posterior: whatever is drawn, weighted means are the prior's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, qmc

from twin.tracking.refresh import Mixture, balanced, informed


def prior(count, numbers, seed=1):
    cube = qmc.Sobol(numbers, rng=seed).random_base2(int(np.log2(count)))
    return norm.ppf(np.clip(cube, 1e-9, 1 - 1e-9))


@pytest.fixture
def near():
    """A posterior of the first of three numbers: N(1.5, 0.4^2) or so."""
    z = prior(512, 3)
    w = np.exp(-0.5 * ((z[:, 0] - 1.5) / 0.4) ** 2)
    return z, w / w.sum()


def test_only_what_the_check_ups_tell_is_drawn_anew(near):
    z, w = near
    assert informed(z, w) == [0]
    narrow = np.where(np.abs(z[:, 1]) < 0.3, 1.0, 0.0)  # the same mean, another spread
    assert 1 in informed(z, narrow / narrow.sum())


def test_the_mixture_has_the_posteriors_mean_and_spread(near):
    z, w = near
    mixture = Mixture.around(z[:, [0]], w)
    new = mixture.draw(1024, 3, [0], 7)
    mean = w @ z[:, 0]
    assert new[:, 0].mean() == pytest.approx(mean, abs=0.05)
    assert new[:, 0].std() == pytest.approx(np.sqrt(w @ (z[:, 0] - mean) ** 2), rel=0.1)
    assert new[:, 1].std() == pytest.approx(1.0, rel=0.05)  # as before


def test_a_density_adds_up_to_one(near):
    z, w = near
    x = np.linspace(-6, 6, 4001)[:, None]
    density = np.exp(Mixture.around(z[:, [0]], w).log_density(x))
    assert np.trapezoid(density, x[:, 0]) == pytest.approx(1.0, abs=1e-6)


def test_old_and_new_together_are_the_prior_again(near):
    z, w = near
    mixture = Mixture.around(z[:, [0]], w)
    new = mixture.draw(512, 3, [0], 7)
    weights = balanced(mixture, z[:, [0]], new[:, [0]])
    together = np.concatenate([z[:, 0], new[:, 0]])
    mean = weights @ together / weights.sum()
    assert mean == pytest.approx(0.0, abs=0.03)
    assert weights @ together**2 / weights.sum() == pytest.approx(1.0, abs=0.05)
    assert weights.max() <= 2.0 + 1e-9  # at most (M + N)/M
    # Without weights they are not.
    assert together.mean() > 0.5
