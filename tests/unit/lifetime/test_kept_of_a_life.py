"""What is stored of a member's life: its cycles together, each once, in few transactions."""

from __future__ import annotations

import numpy as np
import pytest

from twin.lifetime.rows import between, error_between
from twin.studies import member
from twin.studies.member import LifeSink


class Noted:
    """A store that notes what it is given."""

    def __init__(self):
        self.calls = []

    def commit_cycle(self, run_id, number, row, **more):
        self.calls.append((run_id, number, row, more))


def fed(cycles, ending=None):
    store = Noted()
    sink = LifeSink(store)
    for n in cycles:
        event = {"criterion": f"of {n}", "severity": "warning"}
        last = ending if n == cycles[-1] else None
        sink.commit_cycle(
            "r", n, {"cycle": n, "x": 0.5 * n}, events=[event], ending=last, series=b""
        )
    return store, sink


def test_a_life_is_one_transaction():
    end = {"status": "completed", "outcome": {}, "wall_s": 1.0}
    store, sink = fed([1, 2, 7, 40], end)
    ((run, number, row, more),) = store.calls
    assert (run, number, row) == ("r", 40, {"cycle": 40, "x": 20.0})
    assert more["ending"] is end
    assert more["jumped"] == [{"cycle": n, "x": 0.5 * n} for n in (1, 2, 7)]
    assert [(e["cycle"], e["criterion"]) for e in more["events"]] == [
        (n, f"of {n}") for n in (1, 2, 7, 40)
    ]
    sink.flush()
    assert len(store.calls) == 1  # nothing is left


def test_what_has_no_end_is_stored_when_asked_for():
    store, sink = fed([1, 2])
    assert store.calls == []
    sink.flush()
    ((_, number, _, more),) = store.calls
    assert (number, more["ending"], len(more["jumped"])) == (2, None, 1)


def test_a_long_life_is_heard_of_each_minute(monkeypatch):
    now = iter([0.0, 30.0, 59.0, 61.0, 61.0, 100.0, 130.0, 130.0, 130.0])
    monkeypatch.setattr(member.time, "monotonic", lambda: next(now))
    store, _ = fed([1, 2, 3, 4, 5])
    assert [number for _, number, _, _ in store.calls] == [3, 5]
    assert [len(more["jumped"]) for *_, more in store.calls] == [2, 1]


@pytest.mark.parametrize("far", [1, 2, 9])
def test_the_error_of_rows_is_known_without_them(far):
    def row(cycle, capacity, error):
        margins = {"core: capacity lost": capacity}
        return {
            "cycle": cycle, "capacity_Ah": capacity, "estimated_capacity_error": error,
            "cycles_simulated": 3, "margins": margins, "phase": "a",
        }  # fmt: skip

    anchors = [row(1, 1.0, 0.0), row(2, 0.97, 1e-4), row(2 + far, 0.97 - 0.02 * far**0.6, 3e-4)]
    rows = between(anchors)
    expected = max((r["estimated_capacity_error"] for r in rows), default=None)
    assert error_between(anchors) == expected
    assert (expected is None) == (far == 1)
    if expected is not None:
        assert np.isfinite(expected) and expected >= 3e-4
