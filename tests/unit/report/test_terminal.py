from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twin import Status
from twin.engine.outcome import Outcome
from twin.report.panel import Line, Panel
from twin.report.panels import PANELS
from twin.report.terminal import (
    decade_ticks,
    draw_panel,
    draw_run,
    round_ticks,
    terminal_size,
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")
DEATH = Outcome(kind=Status.CELL_FAILED, mode="pressure", criterion="contact lost", cycle=4)


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


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e9), st.integers(3, 12))
def test_ticks_are_round_inside_and_not_too_many(low, span, most):
    high = low + span
    assume(high - low > 1e-6 * max(abs(low), abs(high)))
    ticks = round_ticks(low, high, most)
    assert 2 <= len(ticks) <= most
    room = 1e-6 * (high - low)
    assert all(low - room <= tick <= high + room for tick in ticks)
    if ticks == [low, high]:
        return
    steps = [b - a for a, b in pairwise(ticks)]
    assert max(steps) - min(steps) < 1e-6 * span
    first = f"{steps[0]:.0e}"[0]
    assert first in "125"


def test_an_axis_of_decades_has_whole_powers_and_else_round_numbers():
    assert decade_ticks(2e-9, 3e-5, 8) == ([-8, -7, -6, -5], ["1e-8", "1e-7", "1e-6", "1e-5"])
    assert decade_ticks(1, 1e9, 4)[1] == ["1e0", "1e3", "1e6", "1e9"]
    places, names = decade_ticks(1.5, 8, 5)
    assert names == ["2", "5"] and places == pytest.approx([0.30103, 0.69897])


def test_names_of_ticks_have_the_digits_that_tell_them_apart():
    panel = Panel("v", "V", "Time (h)", "V", (Line("a", [0, 1], [2.5, 3.9]),))
    drawn = draw_panel(panel, (60, 20), colour=False)
    assert "2.5┤" in drawn and "3.0┤" in drawn and "3.90" not in drawn
    assert "0.5" in drawn and "0.33" not in drawn


def test_with_colour_every_line_is_fine_and_has_its_number():
    lines = [Line(f"cycle {n}", [0, 1, 2], [n, n + 1, n]) for n in (1, 2, 3)]
    drawn = draw_panel(Panel("v", "V", "Time (h)", "V", tuple(lines)), (60, 20))
    axes, legend = drawn.rsplit("\n", 1)
    for number in "123":
        assert f"\x1b[1m{number}" in axes
        assert f"{number} ⠒" in legend
    plain = draw_panel(Panel("v", "V", "Time (h)", "V", tuple(lines)), (60, 20), colour=False)
    assert "●" in plain and "x" in plain
