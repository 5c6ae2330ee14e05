"""Laws averaged by their evidence: a stiff law that told the readings wins, one that fails goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.tracking.averaging import averaged
from twin.tracking.checkups import CheckUp, Reading
from twin.tracking.clocks import Prior
from twin.tracking.observables import observables
from twin.tracking.posterior import Method
from twin.tracking.steps import CLOCK, step_at
from twin.tracking.weights import effective_size

EXACT = {key: replace(of, noise=0.01, offset=0.0, drift=0.0) for key, of in observables().items()}
CYCLES = (1, 25, 50, 100, 150, 200, 250, 300)


def cell(power=1.0):
    return [CheckUp(n, {"resistance": Reading(1e-2 * (1 + (1e-3 * n) ** power))}) for n in CYCLES]


def under(table, own, power=1.0):
    return step_at(
        table, cell(power), known=EXACT, method=Method(own=own, clock=0.4, onward=0.1)
    ).posterior


def test_shares_are_prior_times_evidence(made):
    table = made()
    own, other = under(table, 1.0), under(table, 0.0)
    both = under(table, 0.3)
    odds = 0.3 / 0.7 * np.exp(own.log_evidence - other.log_evidence)
    share = both.weights[both.targets[CLOCK] == 0].sum()
    assert share == pytest.approx(odds / (1 + odds), rel=1e-9)
    assert both.weights.sum() == pytest.approx(1) == both.life_weights.sum()
    full = share * own.effective_full + (1 - share) * other.effective_full
    assert both.effective_full == pytest.approx(full)
    assert both.effective == pytest.approx(effective_size(both.life_weights))
    assert len(both.weights) == len(own.weights) + len(other.weights) == len(both.log_remaining)
    evidence = 0.3 * np.exp(own.log_evidence) + 0.7 * np.exp(other.log_evidence)
    assert both.log_evidence == pytest.approx(np.log(evidence))


def test_the_law_that_told_the_readings_gains_and_one_that_did_not_goes(made):
    table = made()
    for power, low, high in ((1.0, 0.35, 1.0), (0.5, 0.0, 0.01)):
        both = under(table, 0.3, power)
        assert low <= both.weights[both.targets[CLOCK] == 0].sum() <= high
    # Whether a cell is outside is asked of the law that told most.
    assert under(table, 1.0, 0.5).outside and not under(table, 0.3, 0.5).outside


def test_one_law_alone_is_itself(made):
    one = under(made(), 1.0)
    assert averaged([(1.0, one)]) is one
    assert Prior().laws() == [(False, 1.0)]
    assert Prior(own=0.0, spread=0.4).laws() == [(True, 1.0)]
    assert [free for free, _ in Prior(own=0.3, spread=0.4).laws()] == [False, True]
