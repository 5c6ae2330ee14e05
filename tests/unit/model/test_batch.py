"""Functions called for many columns at once: as one column at a time, however many there are."""

from __future__ import annotations

import casadi
import numpy as np
import pytest

from twin.model.batch import Batch


@pytest.mark.parametrize("size", [1, 4, 16, 64])
@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9, 16, 17, 40, 65, 96, 97])
def test_each_column_is_its_own(size, count):
    t, y, p = casadi.SX.sym("t"), casadi.SX.sym("y", 3), casadi.SX.sym("p", 2)
    f = casadi.Function("f", [t, y, p], [casadi.vertcat(casadi.exp(-t) * y[0] + p[1], y[1] * y[2])])
    draw = np.random.default_rng(count)
    times, states, given = draw.random(count), draw.random((3, count)), draw.random(2)
    batch = Batch(f, size)
    batch(draw.random(70), draw.random((3, 70)), given)  # what was there before leaves nothing
    one = [np.array(f(times[i], states[:, i], given)).reshape(-1) for i in range(count)]
    assert np.array_equal(batch(times, states, given), np.array(one).T)


def test_a_small_rest_goes_to_small_calls():
    t, y, p = casadi.SX.sym("t"), casadi.SX.sym("y"), casadi.SX.sym("p")
    batch = Batch(casadi.Function("f", [t, y, p], [t + y]), 64)
    calls = []
    run, few = batch._run, batch._few._run
    batch._run = lambda: calls.append(64) or run()
    batch._few._run = lambda: calls.append(4) or few()
    batch(np.zeros(70), np.zeros((1, 70)), np.zeros(1))
    assert calls == [64, 4, 4]
    calls.clear()
    batch(np.zeros(100), np.zeros((1, 100)), np.zeros(1))
    assert calls == [64, 64]
