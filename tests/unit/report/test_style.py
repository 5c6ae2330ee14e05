from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from twin.errors import InputError
from twin.report.figures import apart, plot_panels
from twin.report.panel import Line, Panel
from twin.report.style import PALETTE, Look, drawn_as, look, numbers_csv, printed

TWO = Panel(
    "a", "A", "Cycle", "B (V)", (Line("upper", [1, 2], [1.0, 2.0]), Line("lower", [1, 2], [1.0, 0]))
)


@pytest.mark.parametrize(("size", "width"), [("single", 3.5), ("double", 7.2), ("slide", 13.3)])
def test_a_figure_is_as_wide_as_its_place(size, width):
    with drawn_as(Look(size=size)):
        figure = plot_panels([TWO, TWO], "")
    assert figure.get_figwidth() == pytest.approx(width)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (20, "20"), (1e-15, "10⁻¹⁵"), (5e-16, "5×10⁻¹⁶"), (2e5, "2×10⁵"), (0, "0")],
)
def test_a_number_on_an_axis_is_printed_as_people_write_it(value, text):
    assert printed(value) == text


def test_one_panel_fits_a_column_and_several_a_page():
    assert plot_panels([TWO], "").get_figwidth() == 3.5
    assert plot_panels([TWO] * 4, "").get_figwidth() == pytest.approx(7.2)


@pytest.mark.parametrize("wrong", [{"size": "huge"}, {"style": "neon"}])
def test_another_size_or_style_is_refused_with_the_known_ones(wrong):
    with pytest.raises(InputError) as caught:
        Look(**wrong)
    assert caught.value.problem.key in wrong and "one of" in caught.value.problem.fix


def test_a_look_holds_for_its_block_and_matplotlibs_settings_stay():
    from matplotlib import rcParams

    before = dict(rcParams)
    with drawn_as(Look(size="slide", style="dark")):
        assert look().style == "dark"
        plot_panels([TWO], "")
    assert look() == Look() and dict(rcParams) == before


def test_resolution_is_what_is_asked_for(tmp_path):
    import struct

    with drawn_as(Look(dpi=100)):
        plot_panels([TWO], "", tmp_path / "a.png")
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert (width, height) == (350, 252)


def test_greys_are_grey_and_apart():
    colours = [to_rgb(c) for c in Look(style="grey").palette[:6]]
    assert all(len(set(c)) == 1 for c in colours) and len(set(colours)) == 6


@pytest.mark.parametrize("colour", [*PALETTE, "#f0e442", "#ffffff"])
def test_words_in_a_lines_colour_can_be_read_on_white(colour):
    parts = to_rgb(Look().word_colour(colour))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.4


def test_lines_are_labelled_beside_their_ends_in_their_order():
    (axes,) = plot_panels([TWO], "").axes
    assert axes.get_legend() is None
    places = {text.get_text(): text.xy for text in axes.texts}
    assert places["upper"][0] == places["lower"][0] == 1
    assert places["upper"][1] == pytest.approx(2.0 / 2.2, abs=0.1)
    assert places["lower"][1] < 0.1


def test_a_line_that_ends_outside_says_where():
    panel = Panel("a", "A", "x", "y", (Line("far", [1, 2], [1, -9]), Line("b", [1, 2], [0, 1])),
                  y_range=(-0.2, 1.1))  # fmt: skip
    (axes,) = plot_panels([panel], "").axes
    assert "far (-9)" in [text.get_text() for text in axes.texts]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.2)), min_size=1, max_size=12).map(
        lambda pairs: sorted(pairs, reverse=True)
    )
)
def test_labels_never_meet_keep_their_order_and_stay_inside_if_they_fit(pairs):
    wanted, heights = [p for p, _ in pairs], [h for _, h in pairs]
    found = apart(wanted, heights)
    for (above, tall), (below, low) in zip(
        zip(found, heights, strict=True), list(zip(found, heights, strict=True))[1:], strict=False
    ):
        assert above - tall / 2 >= below + low / 2 - 1e-9
    if sum(heights) <= 1:
        assert found[0] + heights[0] / 2 <= 1 + 1e-9 and found[-1] - heights[-1] / 2 >= -1e-9


def test_labels_that_do_not_meet_stand_at_their_lines():
    assert apart([0.9, 0.5, 0.1], [0.1, 0.1, 0.1]) == pytest.approx([0.9, 0.5, 0.1])


def test_the_numbers_are_written_to_the_last_bit():
    third = 1 / 3
    panel = Panel("p", "P", "x (s)", "y (V)", (Line("a, b", [0.1], [third]),))
    (head, row) = csv.reader(io.StringIO(numbers_csv([panel])))
    assert head == ["panel", "line", "x_label", "y_label", "x", "y"]
    assert row[:4] == ["p", "a, b", "x (s)", "y (V)"]
    assert (float(row[4]), float(row[5])) == (0.1, third) and not math.isnan(third)
