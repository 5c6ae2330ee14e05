"""Passwords of databases are kept off the list of processes, which everybody can read."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

_SECRET = re.compile(rb"(?<=://)[^/@\0]*?:(?P<user>[^\0]+)@|\b(?:ssl)?password=(?P<query>[^&\0]+)")


def starred(line: bytes) -> bytes:
    """Return a command line with stars for the passwords in its URLs, as long as it was."""

    def stars(match: re.Match[bytes]) -> bytes:
        group = "user" if match["user"] is not None else "query"
        start, stop = (at - match.start() for at in match.span(group))
        return match[0][:start] + b"*" * (stop - start) + match[0][stop:]

    return _SECRET.sub(stars, line)


def hide() -> None:
    """Overwrite the passwords in this process's own command line, as others see it.

    On Linux: there it stands in the process's own memory, and ``ps`` reads it from there. For
    the moment before, and elsewhere, ``TWIN_DATABASE_URL`` or libpq's password file are better.
    """
    if sys.platform != "linux":
        return
    try:
        line = Path("/proc/self/cmdline").read_bytes()
        hidden = starred(line)
        if hidden == line:
            return
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        start, end = int(fields[45]), int(fields[46])  # 48 and 49, counted with pid and name
        if start and end - start == len(line) and ctypes.string_at(start, len(line)) == line:
            ctypes.memmove(start, hidden, len(hidden))
    except (OSError, ValueError, IndexError):
        return  # an odd /proc: nothing is worse than before
