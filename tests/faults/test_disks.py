"""Disks that are full, read-only or corrupt, and databases that stay locked: told, never lost."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

import twin
from twin.store import Store

TWIN = [sys.executable, "-c", "import sys; from twin.cli.main import main; sys.exit(main())"]
ROOMS = 20
DAMAGES = 200
SCRIPT = """
mount -t tmpfs -o size={size}k tmpfs {folder} || exit 77
shift_db=sqlite:///{folder}/runs.db
"{python}" -c "import sys; from twin.cli.main import main; sys.exit(main())" run na-nzsp-nvp \
    --model spm --cycles 200 --series-every 1 -q --db $shift_db
echo "rc $?"
cp {folder}/* {kept}/
"""


def unshared(*words: str, **how) -> subprocess.CompletedProcess[str]:
    probe = subprocess.run(["unshare", "-rmn", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this user may make no namespaces")
    return subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, **how)


def test_a_disk_that_fills_up_at_some_moment(times, figure, tmp_path):
    chance, cycles = random.Random(2), []
    for n in range(times(ROOMS)):
        folder, kept = tmp_path / f"disk{n}", tmp_path / f"kept{n}"
        folder.mkdir()
        kept.mkdir()
        script = SCRIPT.format(
            size=chance.randrange(200, 1500), folder=folder, kept=kept, python=sys.executable
        )
        done = unshared("unshare", "-rm", "sh", "-c", script)
        if done.returncode == 77:
            pytest.skip("nothing can be mounted here")
        said = done.stdout + done.stderr
        assert "rc 2" in said and "Traceback" not in said and "bug" not in said, said
        assert "full" in said and "fix:" in said
        with Store.open(f"sqlite:///{kept}/runs.db") as store:
            for run in store.runs():
                rows = [row["cycle"] for row in store.cycles(run.id)]
                assert rows == list(range(1, len(rows) + 1))
                cycles.append(len(rows))
                if rows:
                    more = twin.resume(run.id, cycles=len(rows) + 1, store=store)
                    assert more.info.cycles == len(rows) + 1
    figure(disks=times(ROOMS), cycles_kept=sorted(cycles))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    file = tmp_path_factory.mktemp("sound") / "runs.db"
    with Store.open(str(file)) as store:
        twin.simulate("na-nzsp-na", cycles=6, series_every=1, store=store)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def test_bytes_turned_anywhere_in_the_file(times, figure, sound, tmp_path, capsys):
    from twin.cli.main import main

    chance, codes = random.Random(11), {}
    for n in range(times(DAMAGES)):
        file = tmp_path / "runs.db"
        shutil.copy(sound, file)
        data = bytearray(file.read_bytes())
        for _ in range(chance.choice([1, 8, 200])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        file.write_bytes(bytes(data[: chance.choice([len(data), len(data) // 2])]))
        for words in (["runs"], ["show", "last"], ["resume", "last", "--cycles", "7", "-q"]):
            code = main([*words, "--db", f"sqlite:///{file}"])
            _, err = capsys.readouterr()
            assert "Traceback" not in err and "bug" not in err, (n, words, err)
            codes[code] = codes.get(code, 0) + 1
        for leftover in tmp_path.glob("runs.db-*"):
            leftover.unlink()
    figure(damaged_files=times(DAMAGES), codes=codes)
    assert set(codes) <= {0, 2, 3}


def test_a_database_that_stays_locked_is_named(sound, tmp_path):
    file = tmp_path / "runs.db"
    shutil.copy(sound, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = subprocess.run(
            [*TWIN, "run", "na-nzsp-na", "--cycles", "1", "--db", f"sqlite:///{file}"],
            capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 2 and "locked by another process" in done.stderr


def test_a_folder_that_is_mounted_read_only(sound, tmp_path):
    shutil.copy(sound, tmp_path / "runs.db")
    script = (
        f"mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path} || exit 77\n"
        f'for words in "runs" "show last" "run na-nzsp-na --cycles 1"; do\n'
        f'"{sys.executable}" -c "import sys; from twin.cli.main import main; sys.exit(main())" '
        f"$words --db sqlite:///{tmp_path}/runs.db >/dev/null; echo rc $?; done"
    )
    done = unshared("unshare", "-rm", "sh", "-c", script)
    if done.returncode == 77:
        pytest.skip("nothing can be mounted here")
    assert done.stdout.split("\n")[:3] == ["rc 0", "rc 0", "rc 2"], done.stdout + done.stderr
    assert "may not be written" in done.stderr and "Traceback" not in done.stderr


def test_a_run_asks_no_network(tmp_path):
    words = ["run", "na-nzsp-nvp", "--model", "spm", "--cycles", "3", "--db",
             f"sqlite:///{tmp_path}/runs.db"]  # fmt: skip
    done = unshared("unshare", "-rn", *TWIN, *words)
    assert done.returncode == 0, done.stderr  # there not even loopback is up
