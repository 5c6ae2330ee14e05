"""A database's password is not for all who list the processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from twin.cli.passwords import starred

SCRIPT = """
import sys
from pathlib import Path
from twin.cli.main import main
code = main()
sys.stdout.write(Path("/proc/self/cmdline").read_text())
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        (b"twin\0--db\0postgresql://lab:sesame@host/db\0", b"twin\0--db\0postgresql://lab:******@host/db\0"),
        (b"--db=postgresql://lab:se:s@m@host/db\0runs\0", b"--db=postgresql://lab:******@host/db\0runs\0"),
        (b"postgresql://host/db?user=a&password=xyz&b=1\0", b"postgresql://host/db?user=a&password=***&b=1\0"),
        (b"postgresql://lab@host/db\0a:b@c\0", b"postgresql://lab@host/db\0a:b@c\0"),
        (b"sqlite:///runs.db\0run\0", b"sqlite:///runs.db\0run\0"),
    ],
)  # fmt: skip
def test_what_is_starred(line, hidden):
    assert starred(line) == hidden and len(starred(line)) == len(line)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it cannot be hidden")
def test_the_command_line_of_a_command_shows_no_password():
    url = "postgresql://lab:sesame99@127.0.0.1:1/cells?connect_timeout=1&sslpassword=other77"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "runs", "--db", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (
        done.returncode == 2 and "fix:" in done.stderr
    )  # it used the password, and nobody answers
    assert "--db\0postgresql://lab:********@127.0.0.1:1/cells" in done.stdout
    assert "sesame99" not in done.stdout + done.stderr and "other77" not in done.stdout
