"""Every reading command on a database in a folder that takes no file; writing ones say so."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

DAMAGE = runpy.run_path(str(Path(__file__).parent / "test_damage.py"))
kept, words_of, COMMANDS = (DAMAGE[name] for name in ("kept", "words_of", "COMMANDS"))


@pytest.fixture
def archived(kept, tmp_path, no_override):
    folder = tmp_path / "archive"
    folder.mkdir()
    shutil.copy(kept.file, folder / "runs.db")
    (folder / "runs.db").chmod(0o444)
    folder.chmod(0o555)
    yield f"sqlite:///{folder / 'runs.db'}"
    folder.chmod(0o755)


def test_reading_commands_read_and_writing_ones_say_they_cannot(cli, kept, archived, tmp_path):
    for command in COMMANDS:
        said = cli(*words_of(command, kept, tmp_path), "--db", archived)
        if command == "resume":
            assert said.code == 2 and "may not be written" in said.err and "copy it" in said.err
        else:
            assert said.code == 0, (command, said.err)
