"""A run's result: read once, and again when the run has been written to."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import twin
from twin.errors import NotFoundError

CELL = "na-nzsp-na"
QUICK = {"modes": [], "overrides": {"protocol.half_cycle": "1 minute"}, "series_every": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('result')}/runs.db"
    return twin.simulate(CELL, cycles=2, store=url, **QUICK)


@pytest.fixture
def reads(run, monkeypatch):
    counted = Counter()
    for name in ("run", "cycles", "series"):
        read = getattr(run.store, name)

        def told(*given, name=name, read=read):
            counted[name] += 1
            return read(*given)

        monkeypatch.setattr(run.store, name, told)
    return counted


def test_each_property_reads_the_store_once(run, reads):
    again = twin.load_run(run.id, store=run.store)
    reads.clear()
    for _ in range(3):
        assert len(again.rows) == 2 and len(again.cycles) == 2
        assert again.outcome.kind == again.info.status == "completed"
        assert again.series.sizes["point"] > 10 and again.to_dict()["cycles"] == 2
    assert reads == {"run": 1, "cycles": 1, "series": 1}


def test_what_a_script_does_to_a_table_stays_with_the_script(run):
    run.cycles["mine"] = 1.0
    assert "mine" not in run.cycles
    run.series["mine"] = ("point", np.zeros(run.series.sizes["point"]))
    assert "mine" not in run.series


def test_a_variable_is_had_by_its_name(run):
    voltage = run["Voltage [V]"]
    assert np.array_equal(voltage.values, run.series["Voltage [V]"].values)
    assert run["Time [s]"].sizes == voltage.sizes
    with pytest.raises(NotFoundError, match=r"'Voltag \[V\]'") as caught:
        run["Voltag [V]"]
    assert "Voltage [V]" in caught.value.problem.fix


def test_a_run_that_goes_on_is_seen_to_go_on(run):
    seen = []
    old = twin.load_run(run.id, store=run.store)
    assert len(old.rows) == 2 and old.info.status == "completed"

    def look(progress):
        seen.append((len(old.rows), len(old.cycles), old.info.status_now))

    twin.resume(run.id, cycles=4, store=run.store, on_cycle=look)
    assert seen == [(3, 3, "running"), (4, 4, "completed")]  # the end is stored with it
    assert old.info.status == "completed" and old.to_dict()["cycles"] == 4
