"""The store's promises on SQLite, and what is special to a file."""

from __future__ import annotations

import runpy
import sqlite3
from pathlib import Path

import pytest

from twin.store import Store

StoreContract = runpy.run_path(str(Path(__file__).with_name("contract.py")))["StoreContract"]


class TestOnSQLite(StoreContract):
    pass


class TestInMemory(StoreContract):
    """In-memory: for runs that are not to be kept."""

    @pytest.fixture
    def store(self):
        with Store.open("sqlite://") as opened:
            yield opened


def test_a_file_costs_less_than_3_kB_a_cycle(store, start, file):
    run = start(store)
    for cycle in range(1, 1001):
        row = {f"Interface resistance of part {i} [Ohm.m2]": 0.123456789012 for i in range(15)}
        store.commit_cycle(run, cycle, row | {"capacity_Ah": 1.0, "t_end_s": 3600.0 * cycle})
    store.close()
    assert not Path(f"{file}-wal").exists()
    assert file.stat().st_size / 1000 < 3000


def test_the_file_is_ready_for_several_processes(store, file):
    raw = sqlite3.connect(file)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
    store.engine.dispose()  # the first connection has been through the migration
    with store.engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "synchronous", "busy_timeout")
        ]
    assert pragmas == [1, 1, 30000]


def test_a_reader_sees_one_state_while_another_writes(store, start):
    from twin.store.session import reading

    run = start(store)
    with reading(store.engine) as connection:
        count = "SELECT count(*) FROM cycle"
        assert connection.exec_driver_sql(count).scalar() == 0
        store.commit_cycle(run, 1, {})
        assert connection.exec_driver_sql(count).scalar() == 0
    assert store.run(run).cycles == 1
