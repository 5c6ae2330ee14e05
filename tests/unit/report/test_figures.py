from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from twin.engine.outcome import Outcome
from twin.errors import InputError
from twin.report.figures import FORMATS, plot_panels, plot_run
from twin.report.panel import Line, Mark, Panel
from twin.report.style import Look, drawn_as

MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
DEATH = Outcome(kind="cell-failed", mode="pressure", criterion="contact lost", cycle=4)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_figure_is_written_in_the_format_of_its_name(fake, tmp_path, suffix):
    path = tmp_path / f"figure.{suffix}"
    plot_run(fake(3), path)
    assert path.read_bytes().startswith(MAGIC[suffix])


def test_another_format_is_refused_before_anything_is_drawn(fake, tmp_path):
    with pytest.raises(InputError, match="gif"):
        plot_run(fake(3), tmp_path / "figure.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["full", "symmetric"])
@pytest.mark.parametrize("cycles", [1, 4, 60])
def test_every_panel_has_labels_units_and_a_line_that_can_be_seen(fake, kind, cycles):
    with drawn_as(Look(title=True)):
        figure = plot_run(fake(cycles, kind=kind))
    assert 4 <= len(figure.axes) <= 6
    for axes in figure.axes:
        assert axes.get_title() and axes.get_xlabel() and axes.get_ylabel()
        line = axes.get_lines()[0]
        # One cycle is one point: only a marker shows it.
        assert len(line.get_xdata()) > 1 or line.get_marker() != "None"
        low, high = axes.get_ylim()
        assert low < high


def test_lines_differ_in_more_than_colour(fake):
    (axes,) = plot_run(fake(15), what="resistance").axes
    styles = [str(line.get_linestyle()) for line in axes.get_lines()]
    assert len(set(styles)) == len(styles) >= 4


def test_a_title_stands_only_where_it_is_asked_for(fake):
    with drawn_as(Look(title=True)):
        figure = plot_run(fake(4, outcome=DEATH), what="margins")
    title = figure.get_suptitle()
    assert "a-cell" in title and "abcdefgh" in title and "pressure: contact lost" in title
    plain = plot_run(fake(4, outcome=DEATH))
    assert plain.get_suptitle() == "" and {axes.get_title() for axes in plain.axes} == {""}


def test_the_cycle_of_death_is_marked(fake):
    (axes,) = plot_run(fake(4, outcome=DEATH), what="margins").axes
    marks = [line for line in axes.get_lines() if line.get_label() == "death"]
    assert [list(line.get_xdata()) for line in marks] == [[4, 4]]
    assert "death" in [text.get_text() for text in axes.texts]


def test_a_logarithmic_panel_is_drawn_on_a_logarithmic_axis(fake, a_row):
    rows = [a_row(n, resistance_Ohm_m2=0.01 * 10**n) for n in range(1, 4)]
    (axes,) = plot_run(fake(rows), what="resistance").axes
    assert axes.get_yscale() == "log"


def test_a_real_run_that_died_inside_a_cycle_can_be_drawn(dead, tmp_path):
    with drawn_as(Look(title=True)):
        figure = plot_run(dead, tmp_path / "dead.png")
    assert "died in cycle 2 of pressure: anode contact lost" in figure.get_suptitle()
    assert len(figure.axes) == 5


def test_drawing_leaves_matplotlibs_global_state_alone():
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from conftest import FakeRun, row
from twin.report.figures import plot_run
plot_run(FakeRun([row(1), row(2)]))
assert "matplotlib.pyplot" not in sys.modules
assert "pybamm" not in sys.modules
"""
    folder = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", code, folder], check=True, timeout=120)


def test_a_single_cycle_is_told_apart_by_marks_on_an_axis_of_whole_cycles(fake):
    (axes,) = plot_run(fake(1), what="resistance").axes
    marks = [line.get_marker() for line in axes.get_lines()]
    assert len(set(marks)) == len(marks) >= 4
    assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5] == [1]


def test_an_impedance_has_one_scale_and_room_above_for_its_frequencies(caplog):
    """No room below nought that nothing fills, and nothing is told beside the figure."""
    half = [i / 10 for i in range(11)]
    arc = Line("arc", half, [(x * (1 - x)) ** 0.5 for x in half])
    marks = (Mark(0.5, 0.5, "1 kHz"), Mark(1.0, 0.0, "1 Hz"))
    panel = Panel("nyquist", "", "Re", "-Im", (arc,), equal=True, marks=marks)
    figure = plot_panels([panel, Panel("b", "", "x", "y", (arc,))], "")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    box = axes.get_window_extent()
    assert (right - left) / box.width == pytest.approx((high - low) / box.height, rel=0.01)
    assert low > -0.1 and high > 0.6
    top, last = (text for text in axes.texts if text.get_text().endswith("Hz"))
    assert top.xyann == (0, 4) and top.get_va() == "bottom" and last.get_ha() == "left"
    assert not caplog.records


def test_words_at_marked_points_do_not_lie_over_each_other_and_arcs_are_named_first():
    half = [i / 10 for i in range(11)]
    arc = Line("arc", half, [(x * (1 - x)) ** 0.5 for x in half])
    marks = (Mark(0.5, 0.5, "bulk", dot=False), Mark(0.5, 0.5, "1 kHz"), Mark(0.5, 0.5, "2 kHz"))
    panel = Panel("nyquist", "", "Re", "-Im", (arc,), equal=True, marks=marks)
    (axes,) = plot_panels([panel], "").axes
    boxes = [t.get_window_extent() for t in axes.texts if t.get_text() in ("bulk", "1 kHz")]
    assert len(boxes) == 2 and not boxes[0].overlaps(boxes[1])
    assert "2 kHz" not in [t.get_text() for t in axes.texts]
    assert sum(line.get_marker() == "o" for line in axes.get_lines()) == 2  # both dots stay


def test_a_wide_plot_is_given_the_width():
    line = (Line("arc", [0, 1], [0, 1]),)
    first, *others = (Panel(k, "", "x", "y", line, equal=k == "a") for k in "abc")
    wide, left, right = plot_panels([first, *others], "").axes
    assert wide.get_subplotspec().colspan.stop == right.get_subplotspec().colspan.stop
    assert wide.get_subplotspec().colspan.start == left.get_subplotspec().colspan.start == 0
    left, right, wide = plot_panels([replace(first, equal=False), *others], "").axes
    assert wide.get_subplotspec().rowspan.start == 1 and left.get_subplotspec().colspan.stop == 1


def test_words_above_upright_lines_do_not_touch():
    line = (Line("a", [0, 10], [0, 1]),)
    close = ((4.9, "grain\nboundary"), (5.0, "interface"), (9.0, "bulk"))
    (axes,) = plot_panels([Panel("p", "", "x", "y", line, verticals=close)], "").axes
    boxes = {t.get_text(): t.get_window_extent() for t in axes.texts}
    assert not boxes["grain\nboundary"].overlaps(boxes["interface"])
    assert boxes["bulk"].y0 < boxes["interface"].y0  # only what would touch is raised


def test_ticks_over_cycles_are_round_and_marks_leave_the_lines_to_be_seen(fake, a_row):
    (axes,) = plot_run(fake(rows=[a_row(n) for n in range(1, 31)]), what="contact").axes
    shown = [tick for tick in axes.get_xticks() if 0 <= tick <= 30]
    assert shown == [0, 10, 20, 30]
    for line in axes.get_lines():
        every = line.get_markevery()
        assert 30 / 10 <= every <= 5


def test_a_line_that_is_alone_is_named_where_that_is_wanted():
    panel = Panel("c", "", "Cycle", "y", (Line("the run", [1, 2], [1, 1]),))
    for wanted in (False, True):
        (axes,) = plot_panels([replace(panel, labelled=wanted)], "").axes
        assert [t.get_text() for t in axes.texts] == (["the run"] if wanted else [])
