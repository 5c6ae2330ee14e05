"""Which process writes a run, and whether it still lives."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple


class Writer(NamedTuple):
    """A process: its host, its pid, and what tells it from a later one of that pid."""

    host: str
    pid: int
    token: str


def this_process() -> Writer:
    """Return the process that is running this code."""
    pid = os.getpid()
    return Writer(socket.gethostname(), pid, _token(pid) or "")


def on_this_host(writer: Writer) -> bool:
    """Return whether the process ran on the host this code runs on."""
    return writer.host == socket.gethostname()


def is_alive(writer: Writer) -> bool:
    """Return whether a process of this host is still running.

    On Linux, pids that were given to another process since are told apart by the
    process's start time; elsewhere a reused pid counts as alive.
    """
    if sys.platform == "linux":
        token = _token(writer.pid)
        return token is not None and (not writer.token or token == writer.token)
    if sys.platform == "win32":
        return _is_alive_on_windows(writer.pid)
    try:
        os.kill(writer.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives, and belongs to somebody else
    return True


def _token(pid: int) -> str | None:
    """Return boot and start time of a Linux process; None if it is gone or a zombie."""
    if sys.platform != "linux":
        return ""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    # The command's name stands in parentheses and may itself hold any character.
    after_name = stat.rpartition(")")[2].split()
    state, start_time = after_name[0], after_name[19]
    return None if state in ("Z", "X") else f"{boot[:8]}-{start_time}"


def _is_alive_on_windows(pid: int) -> bool:
    # os.kill(pid, 0) would send Ctrl-C there, so the system is asked directly.
    import ctypes

    query_limited_information, still_active = 0x1000, 259
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return False
    code = ctypes.c_ulong()
    try:
        asked = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        return not asked or code.value == still_active
    finally:
        kernel.CloseHandle(handle)
