"""Pictures of the published cases: every row is there, and what is shaded is what passes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from twin.errors import InputError
from twin.report.style import save_figure
from twin.validation.line import Curve, Line
from twin.validation.loader import case_names, load_case
from twin.validation.pictures import case_picture, passes, save_pictures
from twin.validation.tolerance import parse_tolerance

TABLE = Path(__file__).parents[3] / "docs" / "_site" / "validation.json"


def line(**changes) -> Line:
    given = {
        "case": "made", "cell": "na-base-na", "says": "current at 9 MPa", "measured": 2.5,
        "simulated": 2.4, "unit": "mA/cm^2", "tolerance": "+-5 %", "status": "within",
        "calibrated": [], "source": "made", "quantity": "critical current",
    }  # fmt: skip
    return Line(**(given | changes))


LINES = [
    line(two_sided=True),
    line(says="too much", simulated=90.0, status="missed", tolerance="x/ 1.5", two_sided=True),
    line(says="R2 <of> a line", measured="linear", simulated=0.97, tolerance=">= 0.95", unit=""),
    line(says="the end", measured="growth", simulated="short", status="missed", tolerance="exact"),
    line(says="kept back", measured=None, tolerance=None, status="predicted", low=1.0, high=4.0),
    line(says="no number", simulated=math.nan, status="missed"),
]  # fmt: skip


@pytest.mark.parametrize("text", ["+-15 %", "+-0.5", "x/ 1.5", "loss x/ 1.5", ">= 3", "< 70",
                                  "1 .. 80", "exact", "+-40 % and loss x/ 1.5"])  # fmt: skip
def test_what_is_shaded_is_what_passes(text):
    measured = 60.0
    low, high = passes(text, measured)
    tolerance = parse_tolerance(text)
    for value in np.linspace(0.5, 99.5, 400):
        if min(abs(value - low), abs(value - high)) > 1e-6:
            assert tolerance.allows(float(value), measured) is bool(low < value < high), value


def curved(**changes) -> Line:
    curve = Curve("mA*hour", [0.0, 1.0, 2.0], [4.1, 3.6, 2.5], [0.0, 1.0], [4.0, 3.4])
    return line(**({"says": "voltage at C/10, rms misfit", "curve": curve} | changes))


def test_a_measured_curve_is_drawn_with_the_simulated_one_over_it():
    figure = case_picture([curved(), line(), curved(says="voltage at 1C, rms misfit")])
    drawn = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in drawn] == ["voltage at C/10", "voltage at 1C"]
    for axes in drawn:
        dots, simulated = axes.get_lines()
        assert dots.get_linestyle() == "None" and list(dots.get_ydata()) == [4.1, 3.6, 2.5]
        assert simulated.get_linestyle() == "-" and list(simulated.get_xdata()) == [0.0, 1.0]
        assert axes.get_xlabel() == "Charge (mAh)"
        assert axes.get_xlim()[1] > 2.0 and axes.get_ylim()[0] < 2.5
    # Above the strips, not over them.
    strips = [axes for axes in figure.axes if not axes.get_title()]
    assert min(a.get_position().y0 for a in drawn) > max(a.get_position().y1 for a in strips)


def test_a_curve_comes_back_from_a_saved_table():
    saved = json.loads(json.dumps(curved().to_dict()))
    assert Line.from_dict(saved) == curved()
    assert Line.from_dict(line().to_dict()).curve is None


def test_without_a_tolerance_nothing_is_shaded():
    assert passes(None, 1.0) == (-math.inf, math.inf)
    assert passes("+-5 %", None) == (-math.inf, math.inf)


def test_a_cases_picture_has_every_row_and_its_numbers():
    figure = case_picture(LINES)
    words = [text.get_text() for text in figure.texts]
    for one in LINES:
        assert any(text.startswith(one.says) for text in words)
    assert any("2.5 | 2.4 mA/cm²" in text and "within" in text for text in words)
    assert any("growth | short" in text and "missed" in text for text in words)
    assert len(figure.axes) == 4  # words, and what has no number, have no strip


def test_the_dot_and_the_bar_stand_at_their_values():
    axes = case_picture(LINES).axes
    bar, dot = axes[0].lines
    assert list(bar.get_xdata()) == [2.5, 2.5]
    assert list(dot.get_xdata()) == [2.4]
    assert axes[1].get_xscale() == "log" and axes[0].get_xscale() == "linear"
    (band,) = axes[0].patches
    assert band.get_x() == pytest.approx(2.375) and band.get_width() == pytest.approx(0.25)


def test_pictures_are_saved_one_a_case_and_one_of_all(tmp_path):
    other = [line(case="other", measured=3.0, simulated=3.1, two_sided=True)]
    files = save_pictures([*LINES, *other], tmp_path / "new")
    assert [file.name for file in files] == ["made.svg", "other.svg", "parity.svg"]
    for file in files:
        ElementTree.parse(file)
    with pytest.raises(InputError, match="cannot be a folder"):
        save_pictures(LINES, files[0])


def test_a_case_of_words_alone_is_drawn(tmp_path):
    save_figure(case_picture([LINES[3]]), tmp_path / "words.svg")


def test_a_saved_line_comes_back():
    for one in LINES[:-1]:
        assert Line.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_a_whole_number_that_was_saved_without_its_point_is_a_number():
    saved = line(measured=93.0, simulated=90.0, tolerance="+-5 %").to_dict()
    whole = Line.from_dict(saved | {"measured": 93, "simulated": 90})
    assert isinstance(whole.measured, float) and isinstance(whole.simulated, float)
    assert len(case_picture([whole]).axes[0].lines) == 2


def test_the_sites_table_has_the_rows_of_the_cases_as_they_are():
    """The numbers are of the last whole run; a case that was changed since needs a new one."""
    lines = [Line.from_dict(row) for row in json.loads(TABLE.read_text(encoding="utf-8"))]
    assert list(dict.fromkeys(one.case for one in lines)) == case_names()
    for name in case_names():
        rows = load_case(name).row
        own = [one for one in lines if one.case == name]
        assert [one.says for one in own] == [row.says for row in rows], name
        for one, row in zip(own, rows, strict=True):
            if not row.predict and isinstance(row.measured, int | float):
                assert one.measured == row.measured, (name, row.says)
