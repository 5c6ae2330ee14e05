from __future__ import annotations

import csv
import struct


def test_a_figure_is_drawn_in_the_look_that_is_asked_for(cli, runs, tmp_path):
    target = tmp_path / "a.png"
    look = ("--size", "double", "--dpi", "100", "--style", "grey", "--title")
    said = cli("plot", runs.alive, target, "--what", "margins", *look, "--db", runs.url)
    assert said.code == 0
    assert struct.unpack(">I", target.read_bytes()[16:20]) == (720,)


def test_the_points_drawn_are_written_beside_it(cli, runs, tmp_path):
    numbers = tmp_path / "a.csv"
    words = ("plot", runs.alive, "--what", "margins", "--json", "--db", runs.url)
    drawn = cli(*words, "--numbers", numbers).json["panels"][0]["lines"]
    rows = list(csv.DictReader(numbers.open(encoding="utf-8")))
    assert [row["line"] for row in rows] == [x["label"] for x in drawn for _ in x["x"]]
    assert [float(row["y"]) for row in rows] == [y for x in drawn for y in x["y"]]


def test_what_is_no_size_or_no_place_is_told_before_the_work(cli, empty, tmp_path):
    said = cli("ccd", "na-base-na", "--size", "huge", "--db", empty)
    assert said.code == 2 and "single, double, slide" in said.err
    said = cli("ccd", "na-base-na", "--numbers", tmp_path / "no" / "a.csv", "--db", empty)
    assert said.code == 2 and "folder does not exist" in said.err
