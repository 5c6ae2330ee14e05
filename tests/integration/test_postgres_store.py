"""The store's promises on a real PostgreSQL, and what is special to a server.

The server comes from a wheel and lives in a temporary folder. Started by root it runs
as a user of its own, which it creates; where it cannot start, these tests are skipped.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event

import twin
from twin.errors import StoreError
from twin.store import Store, migrate, migrations
from twin.store.session import parse_url, reading
from twin.store.tables import metadata

CONTRACT = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "store" / "contract.py"))
start, commit = CONTRACT["start"], CONTRACT["commit"]


@pytest.fixture
def store(url):
    with Store.open(url) as opened:
        yield opened


class TestOnPostgres(CONTRACT["StoreContract"]):
    pass


def test_the_steps_make_the_tables_of_the_code(store):
    with reading(store.engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_json_is_stored_as_jsonb(store, sql):
    with reading(store.engine) as connection:
        kinds = connection.exec_driver_sql(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type LIKE 'json%%'"
        ).all()
    assert len(kinds) >= 9
    assert {kind for *_, kind in kinds} == {"jsonb"}


def test_revisions(url):
    assert migrate.current_revision(url) is None
    assert migrate.upgrade(url) == (None, migrate.head_revision())
    assert migrate.current_revision(url) == migrate.head_revision()


def test_info_shows_the_server_without_a_password(store, url):
    info = store.info()
    assert info["backend"] == "postgresql"
    assert info["revision"] == migrate.head_revision()
    assert info["bytes"] > 0
    assert "***" in info["url"]


def test_another_programs_database_is_left_alone(url):
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE photo (id int)")
    with pytest.raises(StoreError, match="belongs to another program"):
        Store.open(url)
    with engine.connect() as connection:
        tables = connection.exec_driver_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).scalars()
        assert tables.all() == ["photo"]
    engine.dispose()


def test_a_newer_database_is_refused(store, url):
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        Store.open(url)


def test_an_older_database_is_upgraded_with_all_its_data(url, monkeypatch, tmp_path):
    with Store.open(url) as store:
        run = start(store)
        commit(store, run, 1)
    shutil.copytree(migrate.SCRIPTS, tmp_path / "next")
    (tmp_path / "next" / "versions" / "r0005_remark.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision, down_revision = '0005', '0004'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('run') as table:\n"
        "        table.add_column(sa.Column('remark', sa.String(), nullable=True))\n"
    )
    monkeypatch.setattr(migrate, "SCRIPTS", tmp_path / "next")
    monkeypatch.setattr(migrations, "HEAD", "0005")
    with Store.open(url) as store:
        assert store.run(run).cycles == 1
        with reading(store.engine) as connection:
            assert connection.exec_driver_sql("SELECT remark FROM run").all() == [(None,)]


@pytest.mark.parametrize("replaced", ["nobody_here", "postgres:hunter2secret@"])
def test_what_the_server_refuses_is_explained(server, replaced):
    uri = server.get_uri("nobody_here")
    if "@" in replaced:
        uri = uri.replace("postgres:@", replaced)
    with pytest.raises(StoreError, match=r"cannot be reached .*nobody_here") as caught:
        Store.open(uri)
    assert "hunter2secret" not in str(caught.value)
    assert caught.value.problem.fix


def test_a_user_without_rights_is_told_so(store, url, sql):
    role = f"r{uuid.uuid4().hex}"
    sql(f"CREATE ROLE {role} LOGIN")
    try:
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        with Store.open(url.replace("postgres:@", f"{role}:@")) as guest:
            assert guest.runs() == []
            with pytest.raises(StoreError, match="may not be written") as caught:
                start(guest)
        assert "grant" in caught.value.problem.fix
    finally:
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
        sql(f"DROP ROLE {role}")


def test_a_lock_held_too_long(store, url):
    run = start(store)
    with Store.open(url, lock_timeout_s=0.4) as impatient, store.engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE cycle IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(StoreError, match="stayed locked"):
            commit(impatient, run, 1)
        assert 0.3 < time.monotonic() - began < 4
    assert store.run(run).cycles == 0


def test_a_deadlock_is_repeated_until_it_is_gone(store):
    """Two transactions lock two runs in opposite order; the server ends one of them."""
    from twin.store import runs, transactions

    a, b = start(store), start(store)
    meet = threading.Barrier(2)
    tries, errors = [], []

    def touch_both(first: str, second: str) -> None:
        attempts = []

        def work(connection) -> None:
            attempts.append(1)
            runs.touch(connection, first)
            if len(attempts) == 1:
                meet.wait(10)
            runs.touch(connection, second)

        try:
            transactions.write(store.engine, work, timeout_s=20)
        except BaseException as error:
            errors.append(error)
        tries.append(len(attempts))

    threads = [threading.Thread(target=touch_both, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(tries) == [1, 2]


def test_connections_ended_by_the_server_are_replaced(store, sql):
    """Between cycles, and in the middle of one."""
    run = start(store)
    end_all = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{store.engine.url.database}'"
    )
    commit(store, run, 1)
    sql(end_all)
    commit(store, run, 2)
    ended = []

    def end_in_the_middle(conn, cursor, statement, *rest):
        if statement.startswith("INSERT INTO checkpoint") and not ended:
            ended.append(True)
            sql(end_all)

    event.listen(store.engine, "before_cursor_execute", end_in_the_middle)
    commit(store, run, 3)
    event.remove(store.engine, "before_cursor_execute", end_in_the_middle)
    assert ended
    assert [row["cycle"] for row in store.cycles(run)] == [1, 2, 3]
    assert store.checkpoint(run).cycle == 3
    assert store.info()["counts"]["checkpoint"] == 3


def test_processes_open_and_write_at_once(url):
    code = """
import sys
from twin.store import Store
print("ready", flush=True)
sys.stdin.readline()
cell = dict(name="c", kind="full", family="f", title="t", hash="h", spec={})
with Store.open(sys.argv[1]) as store:
    run = store.start_run(cell=cell, protocol={}, settings={}, modes={}, packages={},
                          cycles_requested=50)
    for cycle in range(1, 51):
        store.commit_cycle(run, cycle, {"capacity_Ah": 1.0}, checkpoint=bytes(4000))
    store.finish_run(run, status="completed", outcome={}, wall_s=1.0)
"""
    env = os.environ | {"PYTHONPATH": str(Path(twin.__file__).parents[1])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    writers = [
        subprocess.Popen([sys.executable, "-c", code, url], env=env, text=True, **pipes)
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout.readline().strip() == "ready"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=120)[1] for writer in writers] == [""] * 3
    with Store.open(url) as store:
        assert [run.cycles for run in store.runs(status="completed")] == [50] * 3
