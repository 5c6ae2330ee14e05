"""A study whose database fails ends with that error, whichever process the life is in."""

from __future__ import annotations

import pytest

import twin
from twin.errors import StoreError
from twin.store import Store

ASKED = {"cycles": 12, "samples": 2, "seed": 3, "modes": ["pressure"], "workers": 1}


def fails(self, *given, **more):
    raise StoreError("the disk is full", fix="make room")


@pytest.mark.parametrize("call", ["commit_cycle", "commit_initial", "start_member", "finish_run"])
def test_a_member_that_cannot_be_stored_ends_the_study(monkeypatch, tmp_path, call):
    url = f"sqlite:///{tmp_path}/runs.db"
    with monkeypatch.context() as patch:
        patch.setattr(Store, call, fails)
        if call == "finish_run":  # the end is stored with the last cycle: where that is not
            patch.setattr("twin.lifetime.jump.JumpLoop.run", _hopeless)
        with pytest.raises(StoreError, match="disk is full"):
            twin.forecast("na-nzsp-na", store=url, **ASKED)
    with Store.open(url) as store:
        (study,) = store.studies()
        assert study.status != "completed"
        assert not [r for r in store.runs(study=study.id) if r.status == "solver-gave-up"]
        found = twin.continue_study(study.id, store=store, workers=1)
        assert found.to_dict()["failed_members"] == 0
        assert {r.status for r in store.runs(study=study.id)} == {"completed"}


def _hopeless(self, cycles):
    raise RuntimeError("no fault of the database")


def test_so_does_one_in_a_worker_process(tmp_path):
    file = tmp_path / "runs.db"
    study = twin.forecast("na-nzsp-na", store=f"sqlite:///{file}", **ASKED).id

    def gone(study_id: str) -> None:
        file.rename(tmp_path / "away.db")
        file.mkdir()  # what the workers find is no database

    with pytest.raises(StoreError):
        twin.forecast(
            "na-nzsp-na", store=f"sqlite:///{file}", study=study, samples=8, workers=2,
            on_start=gone,
        )  # fmt: skip


def test_what_is_no_fault_of_the_database_costs_that_member_alone(monkeypatch, tmp_path):
    monkeypatch.setattr("twin.lifetime.jump.JumpLoop.run", _hopeless)
    found = twin.forecast("na-nzsp-na", store=f"sqlite:///{tmp_path}/runs.db", **ASKED)
    assert found.to_dict()["failed_members"] == 2
