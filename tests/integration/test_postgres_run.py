"""The same run on PostgreSQL as on SQLite: the same rows, series, checkpoints, outcome."""

from __future__ import annotations

import pytest

import twin


def ran(url, **how):
    return twin.simulate("na-nzsp-nvp", model="spm", cycles=4, store=url, **how)


def test_a_run_is_the_same_on_both_databases(url, tmp_path):
    server, file = ran(url), ran(f"sqlite:///{tmp_path}/runs.db")
    timeless = [
        [{k: v for k, v in row.items() if k != "wall_s"} for row in r.rows] for r in (server, file)
    ]
    assert timeless[0] == timeless[1]
    assert server.series.equals(file.series)
    one, other = server.outcome.to_dict(), file.outcome.to_dict()
    one.pop("numerics"), other.pop("numerics")
    assert one == other
    for cycle in range(5):
        stored = [r.store.checkpoint(r.id, cycle).data for r in (server, file)]
        assert stored[0] == stored[1]


@pytest.mark.slow
def test_resuming_and_branching_work_there_too(url, tmp_path):
    resumed = twin.resume(ran(url).id, cycles=6, store=url)
    whole = twin.simulate("na-nzsp-nvp", model="spm", cycles=6, store=f"sqlite:///{tmp_path}/r.db")
    assert [r["capacity_Ah"] for r in resumed.rows] == [r["capacity_Ah"] for r in whole.rows]
    branch = twin.resume(resumed.id, from_cycle=3, overrides={"stack.pressure": "2 MPa"}, store=url)
    assert branch.info.parent_run == resumed.id and branch.info.cycles == 6
