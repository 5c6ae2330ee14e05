from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from twin.errors import StoreError
from twin.store import Store
from twin.store.faults import Fault, fault_of, store_error
from twin.store.session import parse_url


def refused(action) -> StoreError:
    with pytest.raises(StoreError) as caught:
        action()
    assert caught.value.problem.fix
    assert "Traceback" not in str(caught.value)
    return caught.value


def test_a_lock_held_too_long(store, start, file):
    run = start(store)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(str(file), lock_timeout_s=0.4) as impatient:
        began = time.monotonic()
        error = refused(lambda: impatient.commit_cycle(run, 1, {}, checkpoint=b"c"))
        assert 0.3 < time.monotonic() - began < 3
        assert "stayed locked by another process" in str(error)
        assert impatient.run(run).cycles == 0  # reading goes on under the lock
        other.execute("ROLLBACK")
        impatient.commit_cycle(run, 1, {}, checkpoint=b"c")
    other.close()
    assert store.run(run).cycles == 1


def test_a_lock_held_for_a_while_is_waited_for(store, start, file):
    run = start(store)
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.5, other.execute, ["COMMIT"])
    timer.start()
    store.commit_cycle(run, 1, {})
    timer.join()
    other.close()
    assert store.run(run).cycles == 1


def test_a_full_disk_keeps_the_whole_cycles(store, start):
    run = start(store)
    limit = {"pages": 60}

    def small_disk(connection, _record):
        connection.execute(f"PRAGMA max_page_count={limit['pages']}")

    store.engine.dispose()
    event.listen(store.engine, "connect", small_disk)
    done = 0

    def fill():
        nonlocal done
        for cycle in range(1, 1000):
            store.commit_cycle(run, cycle, {}, series=os.urandom(5000), checkpoint=bytes(4000))
            done = cycle

    error = refused(fill)
    assert "disk that holds the database is full" in str(error)
    assert done > 3
    assert [row["cycle"] for row in store.cycles(run)] == list(range(1, done + 1))
    assert [cycle for cycle, _ in store.series(run)] == list(range(1, done + 1))
    assert store.checkpoint(run).cycle == done
    limit["pages"] = 100_000
    store.engine.dispose()
    store.commit_cycle(run, done + 1, {}, checkpoint=bytes(4000))
    assert store.checkpoint(run).cycle == done + 1


@pytest.fixture
def open_to_all():
    """A folder that a process without privileges can reach (pytest's own it cannot)."""
    folder = Path(tempfile.mkdtemp(prefix="twin-test-"))
    folder.chmod(0o777)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777)
    shutil.rmtree(folder)


# Root may write anywhere, so it becomes nobody; everything is imported before, because
# nobody may not even be allowed to read the Python installation.
TRY = """
    Store.open("sqlite://").close()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        with Store.open(sys.argv[1], lock_timeout_s=1) as store:
            start(store)
        say("written")
    except StoreError as error:
        say(error)
"""


def test_a_folder_that_may_not_be_written(open_to_all, process):
    open_to_all.chmod(0o555)
    for name in ("x.db", "sub/x.db"):
        told, problems = process(TRY, open_to_all / name).communicate(timeout=60)
        assert problems == ""
        assert "cannot be opened or created" in told or "may not be written" in told
        assert "fix: " in told
        assert name in told
    open_to_all.chmod(0o777)
    told, problems = process(TRY, open_to_all / "x.db").communicate(timeout=60)
    assert (told.strip(), problems) == ("written", "")


def test_a_file_that_may_not_be_written(open_to_all, process):
    file = open_to_all / "x.db"
    with Store.open(str(file)):
        pass
    file.chmod(0o444)
    told, problems = process(TRY, file).communicate(timeout=60)
    assert problems == ""
    assert "may not be written" in told
    assert "fix: allow writing to the file and its folder" in told


def test_a_path_that_cannot_be_a_file(tmp_path):
    (tmp_path / "text").write_text("text")
    assert "cannot be opened" in str(refused(lambda: Store.open(str(tmp_path / "text" / "x.db"))))
    assert "cannot be opened" in str(refused(lambda: Store.open(str(tmp_path))))


def test_a_file_that_is_not_a_database(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("These are notes. " * 100)
    error = refused(lambda: Store.open(str(file)))
    assert "is not an SQLite database" in str(error)
    assert error.problem.file == str(file)
    assert file.read_text() == "These are notes. " * 100


def test_a_damaged_file(store, start, file):
    run = start(store)
    for cycle in range(1, 40):
        store.commit_cycle(run, cycle, {"x": "y" * 500}, checkpoint=bytes(4000))
    store.close()
    with file.open("r+b") as raw:
        size = file.stat().st_size
        for page in range(4096 * 40, size, 4096):  # leave the schema readable
            raw.seek(page)
            raw.write(b"\xff" * 100)
    with Store.open(str(file)) as damaged:
        error = refused(lambda: damaged.cycles(run))
    assert "the database is damaged" in str(error)
    assert "recover" in error.problem.fix


def test_a_database_that_vanishes_while_in_use(store, start, file):
    run = start(store)
    store.engine.dispose()
    file.unlink()
    assert "was deleted or replaced" in str(refused(lambda: store.commit_cycle(run, 1, {})))


class Postgres(Exception):
    def __init__(self, state: str | None, text: str = "said by the server"):
        super().__init__(text)
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("40001", Fault.CONFLICT),
        ("40P01", Fault.CONFLICT),
        ("55P03", Fault.LOCKED),
        ("53100", Fault.FULL),
        ("53300", Fault.UNREACHABLE),
        ("28P01", Fault.UNREACHABLE),
        ("25006", Fault.READ_ONLY),
        ("23505", Fault.DUPLICATE),
        ("23503", Fault.REFERENCE),
        ("57P01", Fault.LOST),
        ("XX001", Fault.BROKEN),
        ("22P02", Fault.OTHER),
    ],
)
def test_every_code_of_postgres_has_a_meaning(state, fault):
    assert fault_of(DBAPIError("SELECT 1", {}, Postgres(state))) is fault


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENOSPC, Fault.FULL),
        (errno.EROFS, Fault.READ_ONLY),
        (errno.EACCES, Fault.READ_ONLY),
        (errno.ENOENT, Fault.CANNOT_OPEN),
        (errno.EIO, Fault.DISK),
    ],
)
def test_every_error_of_the_system_has_a_meaning(number, fault):
    assert fault_of(OSError(number, "said by the system")) is fault


def test_a_server_that_quotes_the_password_is_not_repeated():
    url = parse_url("postgresql://u:sesame99@host/db?sslpassword=other77")
    error = store_error(DBAPIError("", {}, Postgres("28P01", "sesame99 and other77 bad")), url)
    assert "sesame99" not in str(error)
    assert "other77" not in str(error)
    assert "*** and *** bad" in str(error)


def test_every_fault_has_a_message_and_a_fix():
    from twin.store.faults import _SAYS

    assert set(_SAYS) == set(Fault)
    assert all(message and fix for message, fix in _SAYS.values())


def test_words_of_sqlite_that_quote_damaged_text_are_damage(file, store):
    error = UnicodeDecodeError("utf-8", b"\xcc(", 0, 1, "invalid continuation byte")
    with pytest.raises(StoreError, match="the database is damaged"):
        store._read(lambda connection: (_ for _ in ()).throw(error))
    assert fault_of(error) is Fault.BROKEN
