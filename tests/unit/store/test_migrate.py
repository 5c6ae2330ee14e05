from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from twin.errors import StoreError
from twin.store import Store, migrate, migrations
from twin.store.session import reading
from twin.store.tables import metadata

NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0005", "0004", None, None

def upgrade():
    with op.batch_alter_table("run", recreate="always") as table:
        table.add_column(sa.Column("remark", sa.String(), nullable=True))
    {more}
"""


@pytest.fixture
def next_version(monkeypatch, tmp_path):
    """Return a function that turns this program into its next version."""

    def become_newer(more: str = "pass") -> None:
        folder = tmp_path / "next %version"
        shutil.copytree(migrate.SCRIPTS, folder)
        (folder / "versions" / "r0005_remark.py").write_text(NEXT.replace("{more}", more))
        monkeypatch.setattr(migrate, "SCRIPTS", folder)
        monkeypatch.setattr(migrations, "HEAD", "0005")

    return become_newer


def test_the_steps_make_the_tables_of_the_code(store):
    with reading(store.engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_head_is_the_newest_step():
    scripts = ScriptDirectory(str(migrate.SCRIPTS))
    assert scripts.get_heads() == [migrate.head_revision()]


def test_every_step_can_be_undone(store):
    from alembic import command
    from alembic.config import Config

    with migrate._migrating(store.engine) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        command.downgrade(config, "base")
    with reading(store.engine) as connection:
        left = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='table'")
        assert left.scalars().all() == ["alembic_version"]


def test_upgrade_creates_then_finds_nothing_to_do(tmp_path):
    url = f"sqlite:///{tmp_path}/a/b/x.db"
    assert migrate.current_revision(url) is None
    assert not (tmp_path / "a").exists()
    assert migrate.upgrade(url) == (None, "0004")
    assert migrate.upgrade(url) == ("0004", "0004")
    assert migrate.current_revision(url) == migrate.head_revision()


def test_an_empty_file_is_made_a_store(tmp_path):
    (tmp_path / "x.db").touch()
    with Store.open(str(tmp_path / "x.db")) as store:
        assert store.runs() == []


def test_an_older_database_is_upgraded_with_all_its_data(file, start, next_version):
    with Store.open(str(file)) as store:
        parent = start(store)
        run = start(store, parent=(parent, 1))
        store.commit_cycle(run, 1, {"capacity_Ah": 1.0}, series=b"s", checkpoint=b"c")
    next_version()
    with Store.open(str(file)) as store:
        with reading(store.engine) as connection:
            columns = connection.exec_driver_sql("PRAGMA table_info(run)").mappings()
            assert "remark" in {column["name"] for column in columns}
            # The copied table must not have taken its cycles with it.
            assert connection.exec_driver_sql("SELECT count(*) FROM checkpoint").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert store.cycles(run)[0]["capacity_Ah"] == 1.0
        store.delete_run(run)
        assert store.info()["counts"]["checkpoint"] == 0
    assert migrate.current_revision(str(file)) == "0005"
    kept = file.with_name(f"{file.name}.revision-0004")
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0004",)]
        assert "remark" not in {row[1] for row in copy.execute("PRAGMA table_info(run)")}
        assert copy.execute("SELECT count(*) FROM cycle").fetchone() == (1,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert sorted(p.name for p in file.parent.glob("*.part")) == []


def test_without_room_for_a_copy_nothing_is_changed(file, start, next_version):
    with Store.open(str(file)) as store:
        run = start(store)
    kept = file.with_name(f"{file.name}.revision-0004")
    kept.mkdir()
    (kept / "in-the-way").touch()
    next_version()
    with pytest.raises(StoreError, match="a copy of it cannot be kept") as caught:
        Store.open(str(file))
    assert caught.value.problem.file == str(kept)
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0004",)]
        assert raw.execute("SELECT id FROM run").fetchall() == [(run,)]
    assert [p.name for p in file.parent.glob("*.part")] == []


def test_a_new_database_has_no_copy(tmp_path):
    migrate.upgrade(f"sqlite:///{tmp_path}/x.db")
    assert [p.name for p in tmp_path.glob("*revision*")] == []


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("raise RuntimeError('injected')", RuntimeError),
        ("""op.execute("UPDATE cycle SET run = 'nobody'")""", StoreError),
    ],
)
def test_a_step_that_fails_changes_nothing(file, start, next_version, more, error):
    with Store.open(str(file)) as store:
        run = start(store)
        store.commit_cycle(run, 1, {})
    next_version(more)
    with pytest.raises(error):
        Store.open(str(file))
    raw = sqlite3.connect(file)
    assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0004",)]
    assert "remark" not in {row[1] for row in raw.execute("PRAGMA table_info(run)")}
    assert raw.execute("SELECT run FROM cycle").fetchall() == [(run,)]
    raw.close()


def test_a_newer_database_is_refused_and_left_alone(store, file):
    store.close()
    raw = sqlite3.connect(file)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"newer version .*9999.* up to 0004") as caught:
        Store.open(str(file))
    assert "--upgrade" in caught.value.problem.fix
    assert caught.value.problem.file == str(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("with_alembic", [False, True])
def test_the_database_of_another_program_is_left_alone(tmp_path, with_alembic):
    file = tmp_path / "photos.db"
    raw = sqlite3.connect(file)
    raw.execute("CREATE TABLE photo (id)")
    if with_alembic:
        raw.execute("CREATE TABLE alembic_version (version_num)")
        raw.execute("INSERT INTO alembic_version VALUES ('0001')")
    raw.commit()
    raw.close()
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"belongs to another program .*photo") as caught:
        Store.open(str(file))
    assert caught.value.problem.fix
    with pytest.raises(StoreError, match="belongs to another program"):
        migrate.current_revision(str(file))
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["photos.db"]


def test_processes_that_open_a_new_database_at_once_all_succeed(file, at_once):
    code = """
        go()
        with Store.open(sys.argv[1]) as store:
            start(store)
    """
    assert at_once([(code, file)] * 4) == [""] * 4
    with Store.open(str(file)) as store:
        assert len(store.runs()) == 4


def test_the_steps_travel_with_the_package():
    # Not a path outside: a wheel holds the folder `twin` and nothing beside it.
    import twin

    assert migrate.SCRIPTS.is_relative_to(Path(twin.__file__).parent)
    assert (migrate.SCRIPTS / "env.py").exists()


def test_members_get_their_names_and_those_lived_twice_count_once(file, start):
    from alembic import command
    from alembic.config import Config

    with Store.open(str(file)) as store:
        study = store.start_study(kind="forecast", cell_name="c", design={})
        runs = [start(store, study=study, settings={"member": n}) for n in (0, 1, 1, "0, 4", 0)]
        for run in runs[2:4]:
            store.finish_run(run, status="completed", outcome={}, wall_s=1.0)
        own = start(store)
        with migrate._migrating(store.engine) as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(migrate.SCRIPTS))
            command.downgrade(config, "0002")
        with reading(store.engine) as connection:
            columns = connection.exec_driver_sql("PRAGMA table_info(run)").mappings()
            assert "member" not in {column["name"] for column in columns}
    with Store.open(str(file)) as store:
        named = {run.id: run.member for run in store.runs(study=study)}
        # Of member 1 the one that was finished, of member 0 the first.
        assert named == {runs[0]: "0", runs[2]: "1", runs[3]: "0, 4"}
        assert all(store.run(run).study is None for run in (runs[1], runs[4], own))


def test_what_an_older_measurement_held_becomes_its_first_chunk(file):
    from alembic import command
    from alembic.config import Config

    with Store.open(str(file)) as store, migrate._migrating(store.engine) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        command.downgrade(config, "0003")
    raw = sqlite3.connect(file)
    columns = "id, cell_name, name, source, created, meta, data"
    row = ("a" * 64, "cell", "a.csv", "/a.csv", "2025-01-01 00:00:00", "{}", b"bytes")
    raw.execute(f"INSERT INTO measurement ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    raw.commit()
    raw.close()
    with Store.open(str(file)) as store:
        assert store.measurement("a.csv").kind == "cycling"
        assert list(store.measurement_chunks("a" * 64)) == [b"bytes"]
        with reading(store.engine) as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []
