from __future__ import annotations

import re

import pytest

from twin.engine.outcome import Outcome
from twin.report.panels import PANELS
from twin.report.terminal import draw_run, terminal_size

ANSI = re.compile(r"\x1b\[[0-9;]*m")
DEATH = Outcome(kind="cell-failed", mode="pressure", criterion="contact lost", cycle=4)


@pytest.mark.parametrize("what", ["summary", *PANELS])
@pytest.mark.parametrize("cycles", [1, 4])
def test_every_plot_fits_the_terminal(fake, a_row, what, cycles):
    rows = [a_row(n, phase=f"phase {n}") for n in range(1, cycles + 1)]
    if what == "rate" and cycles < 3:
        pytest.skip("three rates make a rate test")
    run = fake(rows, outcome=DEATH)
    for cycle, table in run.iter_series():  # each cycle at a rate of its own
        table["Current [A]"] = cycle * table["Current [A]"]
    text = draw_run(run, what, size=(80, 24), colour=False)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert what == "summary" or len(lines) <= 23


def test_the_names_of_lines_stand_below_where_they_cover_nothing(fake):
    text = draw_run(fake(4), "contact", size=(80, 24), colour=False)
    *_, legend = text.splitlines()
    assert "anode" in legend and "cathode" in legend
    marks = re.findall(r"(\S) (?:anode|cathode)", legend)
    assert len(set(marks)) == 2  # told apart without colour


def test_colour_is_only_used_when_asked_for(fake):
    assert not ANSI.search(draw_run(fake(4), "contact", colour=False))
    assert ANSI.search(draw_run(fake(4), "contact", colour=True))


def test_a_screen_without_unicode_gets_plain_characters(fake):
    text = draw_run(fake(4), "summary", colour=False, encoding="ascii")
    assert text.isascii()
    assert "ohm cm2" in text


def test_the_death_is_told_in_words_too(fake):
    text = draw_run(fake(4, outcome=DEATH), "margins", colour=False)
    assert "died in cycle 4 of pressure: contact lost" in text
    assert "death in cycle 4" in text


def test_one_figure_leaves_nothing_behind_for_the_next(fake):
    alone = draw_run(fake(4), "contact", size=(80, 24), colour=False)
    draw_run(fake(4), "summary", size=(80, 24), colour=False)
    assert draw_run(fake(4), "contact", size=(80, 24), colour=False) == alone


def test_without_a_terminal_the_size_is_that_of_an_old_one(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    monkeypatch.setattr("sys.__stdout__", None)
    assert terminal_size() == (80, 24)


def test_a_real_run_can_be_drawn(dead):
    text = draw_run(dead, size=(80, 24), colour=False)
    assert "Polarisation" in text and "Conducting share" in text
