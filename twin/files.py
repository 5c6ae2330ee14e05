"""Writing files: whole or not at all, through symbolic links, and into devices as they are.

Everything that the twin writes for its user goes through :func:`whole`: exports, figures,
saved tables, cells and scenarios. An error names the file and says what to do.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import InputError

_OPEN_FILE = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
# Where a folder takes no new file, or a file cannot be renamed over (a mount point), what is
# there may still be written into.
_NOT_BESIDE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_COPIED_AT_ONCE = 1 << 20


@contextmanager
def whole(path: str | Path, *, key: str | None = None, parents: bool = False) -> Iterator[Path]:
    """Give a name to write under; what is written there is in ``path`` when the block ends.

    A regular file is replaced in one step and keeps its permissions: it holds the old
    content or the new, never half of it. A symbolic link stays one, and its target is
    written. A device or a FIFO is written into.

    Parameters
    ----------
    path : str or Path
        The file.
    key : str, optional
        The option or key that named it, for the error.
    parents : bool
        Whether to make folders that are missing.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    given = Path(path).expanduser()
    with _explained(given, key):
        if parents:
            given.parent.mkdir(parents=True, exist_ok=True)
        check_target(given, key=key)
        target = Path(os.path.realpath(given))
        regular = _number(given) is None and _is_regular(given)
        folder = target.parent if regular and _takes_files(target.parent) else None
        number, name = tempfile.mkstemp(prefix=".twin-", suffix=given.suffix, dir=folder)
        os.close(number)
        part = Path(name)
        try:
            yield part
            if folder is None or not _replaced(part, target):
                _copied(part, given)
        finally:
            part.unlink(missing_ok=True)


def write_text(
    path: str | Path, text: str, *, key: str | None = None, parents: bool = False
) -> None:
    """Write text as UTF-8, as :func:`whole` does.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    with whole(path, key=key, parents=parents) as part:
        part.write_text(text, encoding="utf-8")


def check_target(path: str | Path, *, key: str | None = None) -> None:
    """Refuse a place where nothing can be written: before the work, not after it.

    Raises
    ------
    InputError
        If it is a folder, in one that is missing, or may not be written.
    """
    given = Path(path).expanduser()
    if _number(given) is not None:
        return
    with _explained(given, key):
        target = Path(os.path.realpath(given))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "", str(given))
        if not target.parent.is_dir():
            code = errno.ENOTDIR if target.parent.exists() else errno.ENOENT
            raise OSError(code, "", str(given))
        there = _is_there(given)
        place = target if there else target.parent
        if not (_allows(place, os.W_OK) if there else _takes_files(place)):
            raise PermissionError(errno.EACCES, "", str(given))


def is_special(path: str | Path) -> bool:
    """Return whether a path is a device, a FIFO or an open stream: written into, not replaced."""
    given = Path(path).expanduser()
    try:
        return _number(given) is not None or not (_is_regular(given) or given.is_dir())
    except OSError:
        return False


def _number(path: Path) -> int | None:
    """Return the open file that a path such as ``/dev/stdout`` stands for."""
    if os.name != "posix":
        return None
    match = _OPEN_FILE.fullmatch(str(path))
    return int(match[1]) if match else _STREAMS.get(str(path))


def _is_regular(path: Path) -> bool:
    return stat.S_ISREG(path.stat().st_mode) if _is_there(path) else True


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _takes_files(folder: Path) -> bool:
    return _allows(folder, os.W_OK | os.X_OK)


def _allows(path: Path, what: int) -> bool:
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def _replaced(part: Path, target: Path) -> bool:
    """Put the part in the target's place with the target's permissions; False if it cannot be."""
    try:
        before = target.stat()
    except FileNotFoundError:
        # mkstemp makes private files; a result is as readable as any other file.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
    else:
        part.chmod(stat.S_IMODE(before.st_mode))
        if (before.st_uid, before.st_gid) != (part.stat().st_uid, part.stat().st_gid):
            try:
                os.chown(part, before.st_uid, before.st_gid)
            except OSError:
                return False  # another's file: written into, so that it stays theirs
    with part.open("rb") as written:
        os.fsync(written.fileno())
    try:
        part.replace(target)
    except OSError as error:
        if error.errno in _NOT_BESIDE:
            return False
        raise
    return True


def _copied(part: Path, given: Path) -> None:
    number = _number(given)
    into = given.open("wb") if number is None else os.fdopen(os.dup(number), "wb")
    with part.open("rb") as source, into:
        shutil.copyfileobj(source, into, _COPIED_AT_ONCE)


@contextmanager
def _explained(path: Path, key: str | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message, fix = _says(error)
        raise InputError(message, file=str(path), key=key, fix=fix) from None


def _says(error: OSError) -> tuple[str, str]:
    if error.errno in _FULL:
        return "the disk is full: nothing was written", "free some space, or write elsewhere"
    if error.errno == errno.EISDIR:
        return "is a folder, not a file", "give the path of a file in it"
    if error.errno == errno.ENOTDIR:
        return "its folder is a file", "give the path of a file in a folder"
    if error.errno == errno.ENOENT:
        return "its folder does not exist", "make the folder first, or name another"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "it may not be written", "allow writing to it and its folder, or name another"
    if error.errno == errno.ENAMETOOLONG:
        return "its name is too long", "give a shorter name"
    if error.errno == errno.ELOOP:
        return "it is a symbolic link that leads back to itself", "remove the link"
    says = (error.strerror or str(error)).lower()
    return f"cannot write: {says}", "check the path, or name another"
