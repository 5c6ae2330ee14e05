from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import StoreError
from twin.store import Store
from twin.store.session import default_url, engine_for, parse_url, shown, sqlite_file

SECRET = "hunter2secret"


def test_the_default_is_a_file_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("TWIN_DATABASE_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    file = sqlite_file(parse_url(default_url()))
    assert file is not None
    assert file.name == "twin.db"
    assert "sodium-cell-twin" in file.parts
    monkeypatch.setenv("TWIN_DATABASE_URL", " postgresql://host/db ")
    assert default_url() == "postgresql://host/db"


def test_open_without_a_url_uses_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TWIN_DATABASE_URL", f"sqlite:///{tmp_path}/new folder/x.db")
    with Store.open() as store:
        assert store.url == f"sqlite:///{tmp_path}/new folder/x.db"
    assert (tmp_path / "new folder" / "x.db").exists()


def test_a_relative_path_stays_the_same_file(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for text in ("x.db", "sqlite:///x.db", "./x.db"):
        assert sqlite_file(parse_url(text)) == tmp_path / "x.db"
    assert sqlite_file(parse_url("~/x.db")) == Path.home() / "x.db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgres_is_spoken_through_psycopg(scheme):
    url = parse_url(f"{scheme}://user:{SECRET}@host:5433/db")
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.port, url.database) == ("user", SECRET, 5433, "db")
    assert engine_for(url).driver == "psycopg"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"mysql://u:{SECRET}@host/db", "'mysql' are not supported"),
        (f"postgresql+asyncpg://u:{SECRET}@host/db", "not supported"),
        (f"postgresql://u:{SECRET}@host:port/db", "cannot be read"),
        (f"://{SECRET}", "cannot be read"),
        (f"postgresql://u:{SECRET}@{SECRET}@host/db", "more than one @"),
        (f"postgresql://u:5/{SECRET}@127.0.0.1:1/db", "cannot be reached"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db", "cannot be reached"),
        (f"postgresql://u@127.0.0.1:1/db?password={SECRET}", "cannot be reached"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db?nonsense=1", "nonsense"),
    ],
)
def test_no_message_shows_a_password(url, says):
    with pytest.raises(StoreError, match=says) as caught:
        Store.open(url)
    assert caught.value.problem.fix
    told = "".join(traceback.format_exception(caught.value))
    # The test's own source lines are in the traceback; the secret is not in those.
    assert SECRET not in told
    assert SECRET not in repr(caught.value)


@given(st.text(min_size=3, max_size=20).filter(lambda text: "\x00" not in text))
def test_any_password_is_hidden(password):
    marked = f"<{password}>"
    try:
        encoded = quote(marked, safe="")
    except UnicodeEncodeError:
        return
    for url in (
        f"postgresql://user:{encoded}@host/db",
        f"postgresql://user@host/db?password={encoded}&sslpassword={encoded}&sslmode=prefer",
    ):
        text = shown(parse_url(url))
        assert marked not in text
        assert encoded not in text
        assert "host/db" in text


def test_a_missing_driver_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="psycopg") as caught:
        Store.open("postgresql://host/db")
    assert caught.value.problem.fix == 'pip install "sodium-cell-twin[postgres]"'


def test_importing_the_package_does_not_import_the_database_library():
    code = "import sys, twin.store; assert 'Store' in dir(twin.store); print(*sys.modules)"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True
    )
    assert not {"sqlmodel", "sqlalchemy", "alembic"} & set(done.stdout.split())


def test_opening_a_ready_store_does_not_import_alembic(store, file, process):
    store.close()
    code = "Store.open(sys.argv[1]).close(); say('alembic' in sys.modules)"
    assert process(code, file).communicate()[0].strip() == "False"


def test_a_forked_child_opens_connections_of_its_own(store, start):
    run = start(store)
    store.commit_cycle(run, 1, {})
    with store.engine.connect() as connection:
        inherited = connection.connection.driver_connection
    child = os.fork()
    if child == 0:
        try:
            with store.engine.connect() as connection:
                if connection.connection.driver_connection is inherited:
                    os._exit(3)
            store.commit_cycle(run, 2, {})
            os._exit(0 if store.run(run).cycles == 2 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.commit_cycle(run, 3, {})
    assert [row["cycle"] for row in store.cycles(run)] == [1, 2, 3]
