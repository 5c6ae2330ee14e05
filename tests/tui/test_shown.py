"""Titles and words of others on the bench's screens: their control characters are shown."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from rich.segment import Segment
from textual.color import Color
from twin_tui.shown import Visible

EVIL = "\x1b]0;taken\x07\x1b[2J\x9b31m\u202e"


@pytest.fixture
def evil(stored, tmp_path) -> str:
    """The URL of a copy of the database in which every title and remark is hostile."""
    file = tmp_path / "evil.db"
    with closing(sqlite3.connect(stored.url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(stored.url.removeprefix("sqlite:///"), file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE cell SET title = ?, name = 'evil ' || ?", (EVIL, EVIL))
        connection.execute(
            "UPDATE run SET outcome = json_set(outcome, '$.says', ?, '$.criterion', ?)"
            " WHERE status = 'cell-failed'",
            (EVIL, EVIL),
        )
        connection.execute("UPDATE failure_event SET says = ?, criterion = ?", (EVIL, EVIL))
    return f"sqlite:///{file}"


@pytest.mark.parametrize("screen", ["results", "cells", "modes", "compare", "scenario"])
def test_no_control_character_of_others_reaches_the_terminal(bench, drive, evil, screen):
    async def flow(pilot):
        if screen == "results":
            await pilot.sees("␛")  # it is there, and shown
        seen = await pilot.settle()
        if screen == "results":
            for _ in range(2):
                await pilot.press("enter")
                seen += await pilot.settle()
                await pilot.press("escape", "down")
        assert not {c for c in seen if c != "\n" and not c.isprintable()}

    drive(bench(evil, screen=screen), flow)


def test_a_line_stays_as_wide_as_it_was():
    line = [Segment("a\x1b[31mb"), Segment("c\x00"), Segment("plain")]
    wide = sum(segment.cell_length for segment in line)
    shown = Visible().apply(line, Color(0, 0, 0))
    assert sum(segment.cell_length for segment in shown) == wide
    assert "".join(s.text for s in shown).startswith("a␛[31mb")
    plain = [Segment("nothing of the kind")]
    assert Visible().apply(plain, Color(0, 0, 0)) is plain


def test_what_is_copied_holds_none_either(bench, drive):
    async def flow(pilot):
        pilot.app.copy_to_clipboard(f"twin run '{EVIL}'")
        assert pilot.app.clipboard.isprintable() and "␛" in pilot.app.clipboard

    drive(bench(), flow)
