"""What a correction puts in doubt, in units of what is allowed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.lifetime.error_control import bend, judge, stale_share
from twin.lifetime.jump_size import JumpSettings
from twin.lifetime.slow import Entry, Host, Slow
from twin.model.names import SHORT_CHARGE

HOST = Host(slice(1, 2), 2.0, "Anode stoichiometry", "share")
CELL = Slow((Entry("Anode damage state", 0),), (HOST,), charge_row=2, metal=False)
SETTINGS = JumpSettings(tolerance=1e-3, sodium=0.01, stale=4.0)
SIZE, MOVED = np.array([1.0, 2.0, 1.0]), np.array([10.0, 0.5, 3600.0])


def rows(*capacities, cycles=(10, 20, 30), margins=(1.0, 1.0, 1.0)):
    return [
        {"cycle": n, "capacity_Ah": c, "margins": {"core: x": m}}
        for n, c, m in zip(cycles, capacities, margins, strict=True)
    ]


def doubt(off, found, stale=0.0):
    return judge(CELL, SETTINGS, SIZE, np.array(off), MOVED, stale, found)


def test_the_capacity_is_in_doubt_by_the_share_of_its_change():
    found = doubt([0.1, 0.0, 99.0], rows(1.0, 1.0, 0.9))
    assert found.share == pytest.approx(0.01)
    assert found.error == pytest.approx(0.01 * 0.1 / 1e-3)
    assert found.why == "Anode damage state changes its pace"
    assert found.late == 0


def test_what_a_short_carries_is_in_doubt_by_the_sodium_alone():
    # What it carries to and fro in a symmetric cell adds up to nothing that could be measured by.
    cell = replace(CELL, entries=(Entry(SHORT_CHARGE, 0),))
    found = rows(1.0, 1.0, 0.9)
    assert judge(cell, SETTINGS, SIZE, np.array([5.0, 0, 0]), MOVED, 0.0, found).error == 0
    assert judge(cell, SETTINGS, SIZE, np.array([5.0, 0.01, 0]), MOVED, 0.0, found).error > 1


def test_the_state_that_is_most_in_doubt_is_blamed():
    names = ["Layer [m]", "Voids [m]"]
    cell = replace(CELL, entries=tuple(Entry(name, row) for row, name in enumerate(names)))
    size, moved = np.array([1.0, *SIZE]), np.array([10.0, *MOVED])
    for k, name in enumerate(names):
        off = np.where(np.arange(4) == k, 0.1, 0.0)
        found = judge(cell, SETTINGS, size, off, moved, 0.0, rows(1.0, 1.0, 0.9))
        assert found.why == f"{name} changes its pace"


def test_a_margin_may_be_four_times_as_far_off_and_one_above_new_counts_not():
    assert doubt([0.1, 0, 0], rows(1, 1, 1, margins=(1, 0.9, 0.5))).error == pytest.approx(1.0)
    assert doubt([0.1, 0, 0], rows(1, 1, 1, margins=(1, 1.4, 1.1))).error == 0


def test_sodium_counts_before_the_capacity_feels_it():
    found = doubt([0.0, 0.01, 0.0], rows(1.0, 1.0, 1.0))
    assert found.error == pytest.approx(0.02 / 0.01)
    assert found.late == pytest.approx(0.02 * 10)
    assert found.why == "the composites' sodium changes its pace"


def test_a_state_that_hardly_moves_is_measured_by_its_size():
    still = judge(
        CELL, SETTINGS, SIZE, np.array([1e-3, 0, 0]), np.zeros(3), 0.0, rows(1.0, 1.0, 0.5)
    )
    assert still.share == pytest.approx(0.1)


def test_other_fillings_at_the_start_count_by_their_share_of_the_swing():
    columns = {HOST.filling: [np.array([0.2, 0.5]), np.array([0.7, 0.2])]}
    stale = stale_share(CELL, SETTINGS, np.array([-0.005]), columns)
    assert stale == pytest.approx(4 * 0.01)
    assert doubt([0, 0, 0], rows(1.0, 1.0, 0.9), stale).share == pytest.approx(0.04)


def test_a_capacity_that_bends_is_too_far_off_to_be_drawn():
    straight = rows(1.0, 0.99, 0.98)
    knee = rows(1.0, 0.99, 0.80)
    assert bend(SETTINGS, straight, 0).error == pytest.approx(0, abs=1e-6)
    assert bend(SETTINGS, knee, 0).error > 1
    assert bend(SETTINGS, rows(1.0, 0.99, 0.80, cycles=(10, 19, 20)), 0).error == 0
