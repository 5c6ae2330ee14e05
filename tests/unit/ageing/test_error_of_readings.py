"""Noise, offset and drift of readings, estimated beside the constants they are fitted for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.ageing.error_of_readings import estimated_errors
from twin.ageing.series import Series
from twin.tracking.observables import covariance, observables

CYCLES = np.linspace(1, 400, 60)
FIT = np.log(1 + 0.05 * np.sqrt(CYCLES))
NONE = np.zeros((len(CYCLES), 1))


def series(factor=1.0, seed=0, held=None, **errors):
    of = observables()["resistance"]
    truth = replace(of, **({name: factor * getattr(of, name) for name in ("noise",)} | errors))
    R = covariance(truth, FIT - FIT[0])
    read = FIT + np.linalg.cholesky(R) @ np.random.default_rng(seed).standard_normal(len(FIT))
    held = np.zeros(len(FIT), bool) if held is None else held
    return Series(of, CYCLES, read, False, held)


def told(one, slopes=NONE, z=0.0):
    return estimated_errors([one], [FIT], slopes, np.array([z]))["resistance"]


def test_noise_is_what_the_readings_scatter_by():
    noise = observables()["resistance"].noise
    for factor in (0.5, 1.0, 3.0):
        found = [told(series(factor, seed))["noise"] for seed in range(3)]
        assert np.mean(found) == pytest.approx(factor * noise, rel=0.15)


def test_what_the_ageing_has_wrong_is_told_and_one_offset_says_little():
    of = observables()["resistance"]
    wrong = series(drift=0.0)
    bent = replace(wrong, log=wrong.log + 0.3 * (FIT - FIT[0]))
    assert told(bent)["drift"] > 1.4 * of.drift > 1.4 * told(wrong)["drift"]
    off = replace(wrong, log=wrong.log + 0.3)  # three of its standard deviations
    assert of.offset < told(off)["offset"] < 0.3
    share = replace(off, share=True)
    assert told(share)["offset"] == pytest.approx(of.offset)  # a share has none


def test_what_the_fit_has_taken_up_and_what_is_kept_back_count():
    # Residuals are nothing, since the fit has moved by two widths of its prior to meet them.
    slopes = (FIT - FIT[0])[:, None]
    met = replace(series(drift=0.0, offset=1e-9), log=FIT.copy())
    assert told(met, slopes, 2.0)["drift"] > told(met, slopes, 0.0)["drift"]
    late = CYCLES > 200
    one = series(1.0, held=late)
    other = replace(one, log=np.where(late, 99.0, one.log))
    assert told(one) == told(other)
