"""Files: whole or not at all, through links, into devices; no error without a file and a fix."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from twin.errors import InputError
from twin.files import check_target, is_special, whole, write_text


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_link_stays_one_and_its_target_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "data.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to("there/data.csv")
    write_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to("there/other.csv")
    write_text(dangling, "new")
    assert dangling.is_symlink() and (tmp_path / "there" / "other.csv").read_text() == "new"
    assert left(tmp_path / "there") == ["data.csv", "other.csv"]


def test_a_file_keeps_its_permissions_and_a_new_one_has_the_usual(tmp_path):
    kept, new = tmp_path / "kept", tmp_path / "new"
    kept.write_text("old")
    kept.chmod(0o640)
    mask = os.umask(0o022)
    try:
        write_text(kept, "x")
        write_text(new, "x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o644


def test_the_old_content_stays_until_the_new_is_whole(tmp_path):
    file = tmp_path / "kept"
    file.write_text("old")
    before = file.stat().st_ino
    with pytest.raises(ZeroDivisionError), whole(file) as part:
        part.write_text("half")
        assert file.read_text() == "old"
        raise ZeroDivisionError
    assert file.read_text() == "old" and left(tmp_path) == ["kept"]
    write_text(file, "new")
    assert file.stat().st_ino != before, "the file was written into, not replaced"


def test_devices_and_pipes_are_written_into(tmp_path):
    null = Path("/dev/null").stat()
    link = tmp_path / "plot.png"
    link.symlink_to("/dev/null")
    for path in ("/dev/null", link):
        assert is_special(path)
        write_text(path, "x")
    assert Path("/dev/null").stat().st_ino == null.st_ino
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode) and link.is_symlink()
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "through")
    reader.join(timeout=10)
    assert got == ["through"] and stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_open_stream_goes_on_where_it_is(tmp_path):
    with (tmp_path / "out").open("w+b", buffering=0) as stream:
        stream.write(b"before ")
        write_text(f"/dev/fd/{stream.fileno()}", "and after")
        stream.seek(0)
        assert stream.read() == b"before and after"


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_old_file_and_nothing_half_written(tmp_path):
    file = tmp_path / "kept"
    file.write_text("old")
    with no_file_above(10_000), pytest.raises(InputError) as caught:
        write_text(file, "x" * 100_000)
    assert "full" in str(caught.value) and caught.value.problem.fix
    assert file.read_text() == "old" and left(tmp_path) == ["kept"]
    with pytest.raises(InputError, match="full"):
        write_text("/dev/full", "x")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_where_nothing_can_be_written_is_told_with_file_and_fix(tmp_path, no_override):
    (tmp_path / "file").write_text("")
    (tmp_path / "kept").write_text("old")
    (tmp_path / "kept").chmod(0o444)
    (tmp_path / "closed").mkdir(mode=0o555)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    places = {
        tmp_path: "folder",
        tmp_path / "nosuch" / "x": "does not exist",
        tmp_path / "file" / "x": "is a file",
        tmp_path / "kept": "may not be written",
        tmp_path / "closed" / "x": "may not be written",
        tmp_path / ("x" * 300): "too long",
        tmp_path / "a": "leads back",
    }
    before = left(tmp_path)
    for path, says in places.items():
        with pytest.raises(InputError, match=says) as caught:
            write_text(path, "x", key="out")
        problem = caught.value.problem
        assert (problem.file, problem.key) == (str(path), "out") and problem.fix
    for path in list(places)[:5]:
        with pytest.raises(InputError):
            check_target(path)
    assert left(tmp_path) == before and (tmp_path / "kept").read_text() == "old"


def test_a_file_in_a_closed_folder_is_written_into(tmp_path, no_override):
    file = tmp_path / "file"
    file.write_text("a longer old text")
    tmp_path.chmod(0o555)
    write_text(file, "new")
    tmp_path.chmod(0o755)
    assert file.read_text() == "new" and left(tmp_path) == ["file"]


def test_missing_folders_are_made_where_that_is_asked(tmp_path):
    write_text(tmp_path / "a" / "b" / "c", "x", parents=True)
    assert (tmp_path / "a" / "b" / "c").read_text() == "x"
