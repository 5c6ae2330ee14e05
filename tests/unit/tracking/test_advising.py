"""What a later check-up tells of a life is told by the law until now."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.tracking.advising import readings_at
from twin.tracking.clocks import Clocks
from twin.tracking.lab_tests import lab_tests


def test_a_later_check_up_does_not_tell_what_may_change_after_it(made):
    table = made(60)
    test = lab_tests()["checkup-later"]
    curves = {of.key: table.curves["resistance"] for of in test.reads}
    table = replace(table, curves=table.curves | curves)
    ones = np.ones(60)
    on = Clocks(20.0, np.arange(60), ones, ones, ones, ones)
    same, other = (readings_at(table, one, test, 20) for one in (on, replace(on, onward=2 * ones)))
    assert same and all(np.array_equal(same[key], other[key]) for key in same)
