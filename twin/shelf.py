"""Where built cells are kept between one process and the next.

A file holds one built cell as JSON: functions in CasADi's own text, and what is known of the
model. Its name is the digest of everything that went into it, so nothing in it is ever out of
date; its first line is the digest of its name and the rest, so what is damaged, or was kept under
another name, is not read. What others could have put there is not read either: only regular files
of the user's own that nobody else may write, which no link leads to. Any of the files may be
deleted at any time. What cannot be read or written is built, and nothing is said.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import stat
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ENVIRONMENT = "TWIN_CACHE"
"""A folder, or one of :data:`OFF`."""
OFF = ("off", "0", "no", "false")
LARGEST_BYTES = 200 * 2**20
"""All files together; those not used for longest go first."""
_SUFFIX, _BEGUN = ".built", "new-"
_ABANDONED_S = 3600.0
"""A file that was begun and not finished for so long is of a process that was killed [s]."""
_OPENED = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO has nobody to wait for
    | getattr(os, "O_BINARY", 0)
)
log = logging.getLogger("twin.cache")


def folder() -> Path | None:
    """Return where built cells are kept; None if they are not to be."""
    given = os.environ.get(ENVIRONMENT, "").strip()
    if given.lower() in OFF:
        return None
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    try:
        root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # nobody's home
        return None
    return root / "sodium-cell-twin" / "built"


def digest_of(inputs: Mapping[str, Any]) -> str:
    """Return the name of what is built from plain data."""
    text = json.dumps(inputs, sort_keys=True, allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()


def recall(name: str) -> dict[str, Any] | None:
    """Return what is kept under a name; None if nothing is, or it is damaged or not ours."""
    place = folder()
    if place is None:
        return None
    path = place / (name + _SUFFIX)
    try:
        with os.fdopen(os.open(path, _OPENED), "rb") as source:
            if not _is_ours(os.fstat(source.fileno())):
                log.info("%s is not the user's own: the cell is built again", path)
                return None
            said, body = source.readline().strip(), source.read()
        if said != _signed(name, body):
            log.info("%s is damaged: the cell is built again", path)
            return None
        data: dict[str, Any] = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used now: it goes last
    return data


def _is_ours(known: os.stat_result) -> bool:
    """Return whether nobody but the user can have written a file."""
    if not stat.S_ISREG(known.st_mode) or known.st_size > LARGEST_BYTES:
        return False
    if not hasattr(os, "getuid"):
        return True
    others = stat.S_IWGRP | stat.S_IWOTH
    return known.st_uid == os.getuid() and known.st_nlink == 1 and not known.st_mode & others


def _signed(name: str, body: bytes) -> bytes:
    """Return the digest of what is kept under a name."""
    return hashlib.sha256(name.encode() + b"\n" + body).hexdigest().encode()


def keep(name: str, data: Mapping[str, Any]) -> None:
    """Keep what was built; a whole file or none, whoever else writes."""
    place = folder()
    if place is None:
        return
    body = json.dumps(data).encode()
    if len(body) + 2 * len(_signed(name, body)) > LARGEST_BYTES:
        return
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place, prefix=_BEGUN)
        try:
            with os.fdopen(handle, "wb") as sink:
                sink.write(_signed(name, body) + b"\n" + body)
            Path(temporary).replace(place / (name + _SUFFIX))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _make_room(place)
    except OSError as error:
        log.info("built cells are not kept: %s", error)


def _make_room(place: Path) -> None:
    """Delete what was never finished, and what was not used for longest.

    The rest is no more than :data:`LARGEST_BYTES`.
    """
    files = []
    for path in (*place.glob(f"*{_SUFFIX}"), *place.glob(f"{_BEGUN}*")):
        with contextlib.suppress(OSError):  # another process may be quicker
            known = path.lstat()
            if path.suffix == _SUFFIX:
                files.append((known.st_mtime_ns, known.st_size, path))
            elif time.time() - known.st_mtime > _ABANDONED_S:
                path.unlink()
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= LARGEST_BYTES:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size


def sources(packages: Mapping[str, str]) -> dict[str, str]:
    """Return what tells one state of some packages' files from another, by their names.

    Parameters
    ----------
    packages : mapping
        Each package's name and its file, or that of its ``__init__``.
    """
    return {name: _fingerprint(Path(file)) for name, file in sorted(packages.items())}


def _fingerprint(file: Path) -> str:
    """Return a digest of the names, sizes and times of a package's files."""
    root = file.parent if file.name == "__init__.py" else file
    paths = sorted(root.rglob("*")) if root.is_dir() else [root]
    seen = hashlib.sha256()
    for path in paths:
        if path.suffix in (".py", ".toml", ".so"):
            known = path.stat()
            seen.update(f"{path.relative_to(root)} {known.st_size} {known.st_mtime_ns}\n".encode())
    return seen.hexdigest()
