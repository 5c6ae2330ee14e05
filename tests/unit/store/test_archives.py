"""Archived databases: read as they are, their log with them, and never written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from twin.errors import StoreError
from twin.store import Store


def commit(store: Store, run: str, cycle: int) -> None:
    row = {"capacity_Ah": 1.0, "x": 0.5}
    store.commit_cycle(run, cycle, row, checkpoint=b"state", layout="v1")


@pytest.fixture
def archive(tmp_path: Path, file: Path, store: Store, start, no_override):
    """``archive(log=…)``: a closed folder with a database of one run, its log left or merged."""

    def make(*, log: bool) -> tuple[Path, str]:
        run = start(store)
        commit(store, run, 1)
        folder = tmp_path / "archive"
        folder.mkdir()
        if log:
            with store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            commit(store, run, 2)  # in the log alone
            shutil.copy(f"{file}-wal", folder / "runs.db-wal")
        else:
            store.close()
        shutil.copy(file, folder / "runs.db")
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        return folder / "runs.db", run

    yield make
    (tmp_path / "archive").chmod(0o755)


def test_a_database_in_a_closed_folder_is_read(archive):
    file, run = archive(log=False)
    with Store.open(str(file)) as store:
        assert store.run("last").id == run
        assert [row["cycle"] for row in store.cycles(run)] == [1]
        assert store.checkpoint(run, 1).data and store.info()["counts"]["run"] == 1
    assert [path.name for path in file.parent.iterdir()] == ["runs.db"]


def test_a_log_beside_it_is_read_too(archive):
    file, run = archive(log=True)
    with Store.open(str(file)) as store:
        assert [row["cycle"] for row in store.cycles(run)] == [1, 2]
        assert store.url.endswith(str(file))
        with pytest.raises(StoreError, match="may not be written"):
            store.delete_run(run)
        assert len(store.runs()) == 1


def test_a_log_that_may_not_be_read_is_not_passed_over(archive):
    file, _ = archive(log=True)
    Path(f"{file}-wal").chmod(0)
    with pytest.raises(StoreError, match="log cannot be read") as caught:
        Store.open(str(file))
    assert caught.value.problem.file == f"{file}-wal" and caught.value.problem.fix


def test_writing_says_that_it_cannot_be_and_what_to_do(archive, start):
    file, run = archive(log=False)
    with Store.open(str(file)) as store:
        for write in (
            lambda: start(store),
            lambda: store.commit_cycle(run, 2, {}),
            lambda: store.reopen_run(run, 5),
            lambda: store.delete_run(run),
            lambda: store.start_study(kind="map", cell_name="c", design={}),
        ):
            with pytest.raises(StoreError, match="may not be written") as caught:
                write()
            problem = caught.value.problem
            assert problem.file == str(file) and "--db" in str(problem.fix)


def test_an_old_archive_is_told_to_be_copied(archive, monkeypatch):
    file, _ = archive(log=False)
    monkeypatch.setattr("twin.store.migrations.HEAD", "r9999")
    with pytest.raises(StoreError, match="older than this program") as caught:
        Store.open(str(file))
    assert "copy" in str(caught.value.problem.fix)
