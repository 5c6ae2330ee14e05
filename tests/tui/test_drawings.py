"""Drawings in characters: lives, an operating map with its cursor, a study's numbers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from rich.text import Text
from textual.app import App
from twin_tui.runs.study import StudyTask
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.forecast import draw_forecast, incidence_panel, lives_panel
from twin_tui.widgets.map_words import draw_legend, draw_point
from twin_tui.widgets.operating_map import Axis, Map, OperatingMap, Point, draw_map, letters_of

from twin.report.pictures import Line, Panel, draw_panel

PRESSURE = Axis("stack.pressure", "MPa", 0.1, 10.0, log=True)
CURRENT = Axis("current density", "mA/cm^2", 0.0, 2.0)


def life(x, y, mode=None, cycles=None, kind="cell-failed"):
    return Point(x, y, mode, cycles, f"{mode} broke", f"run-{x}-{y}", kind if mode else "completed")


SAFE = Map(
    PRESSURE,
    CURRENT,
    (
        life(0.1, 0.0, "pressure", 7),
        life(1.0, 0.0),
        life(10.0, 0.0, "delamination", 400),
        life(0.1, 2.0, "pressure", 1),
        life(1.0, 2.0, "dendrite", 12),
        life(10.0, 2.0, "dendrite", 30),
    ),
    horizon=500,
    lines=(("critical current", (0.1, 1.0, 10.0), (1.0, 1.0, 1.0)),),
    letters=letters_of(("pressure", "delamination", "dendrite")),
)


def text_of(rows):
    return ["".join(character for character, _ in row) for row in rows]


def test_modes_that_begin_alike_get_letters_of_their_own():
    assert SAFE.letters == {"pressure": "P", "delamination": "D", "dendrite": "E"}
    assert len(set(letters_of(["aa", "a", "aaa"]).values())) == 3


def test_a_map_has_its_points_where_its_axes_say():
    rows, places = draw_map(SAFE, (60, 14), colour=False)
    lines = text_of(rows)
    columns = sorted({column for column, _ in places})
    # 0.1, 1 and 10 MPa are equally far apart on a logarithmic axis.
    assert columns[2] - columns[1] == pytest.approx(columns[1] - columns[0], abs=1)
    for (column, row), point in zip(places, SAFE.points, strict=True):
        assert lines[row][column] == SAFE.letter(point)
    # What lies between belongs to the nearest; the safe region stays empty.
    assert lines[places[0][1] - 1][places[0][0]] == "p"
    assert lines[places[1][1] - 1][places[1][0]] == " "
    # The cycle of death stands beside its point, the critical current halfway up.
    assert "P7" in lines[-4] and "E12" in lines[0]
    starred = [number for number, line in enumerate(lines) if "*" in line]
    assert starred == [5] and lines[5].count("*") == 3
    assert "stack.pressure (MPa)" in lines[-1] and lines[-2].split()[0] == "0.1"
    assert lines[0].startswith("       2┤") and all(len(line) <= 60 for line in lines)


def test_a_map_in_colours_has_two_rows_in_each_line_and_dark_is_soon():
    rows, places = draw_map(SAFE, (60, 14))
    letters, again = draw_map(SAFE, (60, 14), colour=False)
    assert places == again  # what is where does not hang on colours
    assert text_of(rows)[-3:] == text_of(letters)[-3:]
    field = [(c, style) for line in rows[:-3] for c, style in line[9:] if c == "▀"]
    assert len(field) > 300 and all(" on #" in style for _, style in field)
    soon, late = (SAFE.colour(point) for point in SAFE.points[-2:])  # cycles 12 and 30
    assert sum(soon) < sum(late)
    alive = SAFE.colour(replace(SAFE.points[0], mode=None))
    lost = SAFE.colour(replace(SAFE.points[0], mode=None, kind="solver-gave-up"))
    assert len({alive, lost, soon}) == 3
    # The critical current, in both, halfway up.
    starred = [line.count("*") for line in text_of(rows)]
    assert starred[5] == 3 and sum(starred) == 3


def test_the_cursor_goes_from_point_to_point_and_reads_off():
    heard = []

    class Show(App):
        def compose(self):
            yield OperatingMap(id="map")

        def on_operating_map_moved(self, event):
            heard.append(event.point)

    async def main():
        app = Show()
        async with app.run_test(size=(60, 16)) as pilot:
            shown = app.query_one(OperatingMap)
            shown.show_map(SAFE)
            shown.focus()
            await pilot.press("right", "up", "right", "right")
            assert [p.x for p in heard] == [1.0, 1.0, 10.0]  # further right there is nothing
            assert (shown.point.mode, shown.point.cycles) == ("dendrite", 30)
            column, row = shown._places[0]
            await pilot.click(OperatingMap, offset=(column + 2, row))
            assert shown.point == SAFE.points[0]
            # More points come in: the cursor stays on its own.
            more = Map(**{**vars(SAFE), "points": (life(5.0, 1.0), *SAFE.points)})
            shown.show_map(more)
            assert shown.point == SAFE.points[0]

    asyncio.run(main())


def test_a_point_in_words():
    says = draw_point(SAFE, SAFE.points[4]).plain
    assert "stack.pressure = 1 MPa" in says and "current density = 2 mA/cm²" in says
    assert "E dendrite" in says and "in cycle 12" in says
    assert "lives to cycle 500" in draw_point(SAFE, SAFE.points[1]).plain
    lost = Point(1.0, 1.0, None, 3, kind="solver-gave-up")
    assert "the solver gave up in cycle 3" in draw_point(SAFE, lost).plain
    lines = (*SAFE.lines, ("voids begin", [1.0], [1.0]))
    for width in (24, 80):
        legend = draw_legend(replace(SAFE, lines=lines), width).plain
        # A letter or a mark and its meaning stay on one line; each line has its own mark.
        for part in ("P pressure", "* critical current", "+ voids begin"):
            assert part in legend
        assert max(map(len, legend.splitlines())) <= width


def test_lives_end_where_cells_die_and_none_is_of_those_alive():
    lives = [
        {"cause": "fade", "capacity": [[1, 1.0], [50, 0.8]]},
        {"cause": None, "capacity": [[1, 1.0], [100, 0.9]]},
        {"cause": "dendrite", "capacity": [[1, 1.0]]},  # died in its first cycle
    ]
    panel = lives_panel({"lives": lives, "incidence": {"fade": [], "dendrite": []}})
    each, fade = panel.lines
    assert str(list(each.x)) == "[1, 50, nan, 1, 100, nan]"
    assert str(list(each.y)) == "[100.0, 80.0, nan, 100.0, 90.0, nan]"
    assert (fade.label, list(fade.x), list(fade.y)) == ("dies of fade", [50], [80.0])
    assert lives_panel({"lives": [], "incidence": {}}).lines == ()


@pytest.mark.parametrize(("count", "mark"), [(3, "●"), (200, "⠒")])
def test_a_few_points_that_stand_alone_are_large(count, mark):
    x = [float(n) for n in range(count)]
    lines = (Line("all", x, x), Line("measured", x, [n + 1 for n in x], dots=True))
    drawn = Text.from_ansi(draw_panel(Panel("k", "t", "Time (h)", "y", lines), (60, 16))).plain
    assert f"2 {mark} measured" in drawn and "1 ⠒ all" in drawn


def test_a_chart_is_told_of_colour_and_of_the_ground():
    x = [0.0, 1.0, 2.0]
    lines = (Line("a", x, x), Line("b", x, x[::-1]))
    panel = Panel("k", "t", "Time (h)", "y", lines)
    dark, light = (draw_panel(panel, (60, 16), light=light) for light in (False, True))
    assert dark != light and Text.from_ansi(dark).plain == Text.from_ansi(light).plain
    plain = draw_panel(panel, (60, 16), colour=False)
    assert "\x1b" not in plain and "⠒ a  ● b" in plain  # marks of their own, no numbers


def test_a_chart_follows_the_theme():
    class Show(App):
        def compose(self):
            yield Chart()

    async def main():
        app = Show()
        async with app.run_test(size=(60, 20)) as pilot:
            chart = app.query_one(Chart)
            x = [0.0, 1.0]
            chart.show_panel(Panel("k", "t", "Time (h)", "y", (Line("a", x, x),)))
            drawn = []
            for theme in ("textual-dark", "textual-light"):
                app.theme = theme
                await pilot.pause()
                await app.workers.wait_for_complete()
                await pilot.pause()
                drawn.append(chart.visual)
            assert drawn[0] is not drawn[1]

    asyncio.run(main())


VIEW = {
    "cell": "c",
    "cycles": 100,
    "samples": 4,
    "asked": 8,
    "failed_members": 0,
    "censored_members": 0,
    "median_life": 20,
    "p05": 10,
    "p95": None,
    "survive": 0.5,
    "shorted": 0.25,
    "criteria": {"a: hard short": 0.25, "b: gone": 0.25},
    "incidence": {"a": [[0, 0.0], [10, 0.25]], "b": [[0, 0.0], [20, 0.25]]},
    "sensitivity": {
        "explained": 0.8,
        "numbers": {
            "modes.a.a_rather_long_name_of_a_number.that_decides": {
                "first": 0.6,
                "total": 0.9,
                "rank_correlation": -0.9,
            },
        },
    },
    "seed": 1,
    "method": "sobol",
    "modes": ["a", "b"],
    "model": "spm",
    "rebuilt": [],
}


def test_incidence_is_drawn_in_steps_to_the_horizon():
    first, _ = incidence_panel(VIEW).lines
    assert list(zip(first.x, first.y, strict=True)) == [
        (0, 0.0), (10, 0.0), (10, 25.0), (100, 25.0), (100, 25.0)
    ]  # fmt: skip
    assert first.label == "a (25 %)"


@pytest.mark.parametrize("width", [28, 46])
def test_the_table_of_a_forecast_fits(width):
    text = draw_forecast(VIEW, "running 4/8, 12/min, 1 min left", width).plain
    assert all(len(line) <= max(width, 31) for line in text.splitlines()), text
    assert "95 % dead by     beyond 100" in text
    assert "…" in text and "that_decides" in text


def test_a_study_is_told_in_words():
    task = StudyTask(1, "c", "forecast", {}, 8, state="starting")
    task.hear({"says": "study", "study": "abc"})
    part = {"says": "part", "total": 8, "rate": 0.5, "run": "r", "wall_s": 2.0}
    task.hear(part | {"done": 1, "eta_s": 14.0, "kind": "completed", "state": "alive"})
    task.hear(part | {"done": 2, "eta_s": 12.0, "kind": "solver-gave-up", "state": "censored"})
    assert task.progress() == "running 2/8, 1 without a result, 30/min, 12.0 s left"
    assert (task.id, task.share) == ("abc", 0.25)
    task.hear({"says": "stopped"})
    assert task.over and "study abc can go on" in task.log[-1]
