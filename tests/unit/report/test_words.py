"""Words of others in figures and sheets: drawn and written as they are, obeyed nowhere."""

from __future__ import annotations

import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest

from twin.report.exports import export_run
from twin.report.figures import plot_panels
from twin.report.panel import Line, Panel
from twin.report.style import Look, drawn_as, numbers_csv
from twin.visible import in_a_sheet

EVIL = "cost $\\frac{x$ of \x1b[31m_a^{ <b>"
FORMULA = "=cmd|' /C calc'!A0"


def panel(words: str, **more: Any) -> Panel:
    lines = (Line(words, [1, 2, 3], [1.0, 1e3, 1e6]), Line(f"{words} 2", [1, 2, 3], [2.0, 5, 9]))
    return Panel(words, words, words, words, lines, **more)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_dollar_sign_begins_no_formula_in_a_figure(tmp_path, suffix):
    with drawn_as(Look(title=True)):
        plot_panels([panel(EVIL), panel(EVIL)], EVIL, tmp_path / f"a.{suffix}")
    assert (tmp_path / f"a.{suffix}").stat().st_size > 1000
    if suffix == "svg":
        text = (tmp_path / "a.svg").read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert "\x1b" not in text and "␛" in text


def test_powers_of_ten_on_an_axis_are_formulas_still():
    figure = plot_panels([panel(EVIL, log=True)], "")
    figure.draw_without_rendering()
    (axes,) = figure.axes[:1]
    labels = [label for label in axes.get_yticklabels() if label.get_text()]
    powers = [label for label in labels if "10^{" in label.get_text()]
    assert powers and all(label.get_parse_math() for label in powers)
    assert not axes.yaxis.label.get_parse_math()


def test_a_notebook_shows_it_too():
    assert plot_panels([panel(EVIL)], EVIL)._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", " =1", "\n=1"])
def test_what_a_spreadsheet_would_work_out_is_text(text):
    assert in_a_sheet(text).startswith("'")


@pytest.mark.parametrize("text", ["a=1", "Voltage [V]", "", "1-2", "(x)"])
def test_any_other_text_stays_as_it_is(text):
    assert in_a_sheet(text) == text


def test_no_cell_of_a_figures_numbers_is_a_formula():
    rows = list(csv.reader(io.StringIO(numbers_csv([panel(FORMULA)]))))
    assert len(rows) == 7
    for row in rows[1:]:
        assert all(words.startswith("'=") for words in row[:4]) and float(row[5]) > 0


def test_no_cell_of_an_exported_run_is_a_formula(fake, a_row, tmp_path):
    row = a_row(1, skipped_steps=[FORMULA])
    row |= {FORMULA: 1.0, "-x\x1b [V]": -2.0, "margins": {FORMULA: 0.5}}
    export_run(fake([row]), "csv", tmp_path / "a.csv")
    heads, values = list(csv.reader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    assert f"'{FORMULA}" in heads and "'-x␛ [V]" in heads
    assert not [head for head in heads if head.startswith(("=", "+", "-", "@"))]
    table = dict(zip(heads, values, strict=True))
    assert table["'-x␛ [V]"] == "-2.0"  # a negative number stays one
    assert table["skipped_steps"] == f"'{FORMULA}"
