"""Whether what the bench draws can be read, and what it shows where there is room for more."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.widgets import Input
from twin_tui.app import Bench
from twin_tui.colours import GROUNDS, LEAST_CONTRAST, ON_DARK, ON_LIGHT, contrast
from twin_tui.screens.start import questions
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.preview import draw_preview

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
OWN = {"dark": "black", "light": "white"}
"""The colour that is a ground's own; bright black is the grey of what matters less."""


@pytest.mark.parametrize(("ground", "theme"), [("dark", ON_DARK), ("light", ON_LIGHT)])
@pytest.mark.parametrize("number", range(16))
def test_every_named_colour_can_be_read_on_its_ground_and_without_colour(ground, theme, number):
    if NAMES[number % 8] == OWN[ground] and not (ground == "dark" and number >= 8):
        pytest.skip("the ground's own")
    colour = tuple(theme.ansi_colors[number])
    behind = tuple(theme.background_color)
    assert contrast(colour, behind) >= LEAST_CONTRAST
    grey = Color(*colour).monochrome.rgb
    assert contrast(grey, behind) >= LEAST_CONTRAST


def test_contrast_is_that_of_the_standard():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((255, 255, 255), (255, 255, 255)) == pytest.approx(1)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


def test_the_bench_draws_in_these_colours_on_the_grounds_that_they_are_made_for(bench, drive):
    async def flow(pilot):
        for theme, ground, colours in (
            ("textual-dark", "dark", ON_DARK),
            ("textual-light", "light", ON_LIGHT),
        ):
            pilot.app.theme = theme
            await pilot.settle()
            assert pilot.app.ansi_theme is colours
            assert Color.parse(pilot.app.theme_variables["background"]) == Color.parse(
                GROUNDS[ground]
            )

    drive(bench(screen="start"), flow)


def test_a_field_stands_out_from_a_light_ground(bench, drive):
    async def flow(pilot):
        await pilot.settle()
        field = pilot.app.screen.query_one("#cycles", Input)
        ground = field.background_colors[0]
        assert field.styles.background == Color.parse("white") != ground
        faint = field.get_component_rich_style("input--placeholder").color.get_truecolor()
        assert contrast(tuple(faint), (255, 255, 255)) >= LEAST_CONTRAST

    drive(bench(screen="scenario", theme="textual-light"), flow)


def shown(pilot) -> list[str]:
    return [str(chart.id) for chart in pilot.app.screen.query(Chart) if chart.region.area]


@pytest.mark.parametrize(("size", "there"), [((120, 35), False), ((200, 60), True)])
def test_a_wide_terminal_has_the_chosen_run_beside_the_table(bench, drive, stored, size, there):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        if there:
            await pilot.sees("Capacity (mAh/cm²)", "Margin (1 fresh, 0 failed)")
        assert shown(pilot) == (["chief", "margins"] if there else [])
        if there:
            before = pilot.app.screen.query_one("#chief", Chart).panel
            await pilot.press("down")
            await pilot.settle()
            after = pilot.app.screen.query_one("#chief", Chart).panel
            assert before.death == 7 and after.death is None
        await pilot.press("enter")
        await pilot.sees("First and last cycle")
        await pilot.settle()
        assert shown(pilot) == (["chief", "margins"] if there else [])

    drive(bench(screen="results", filter=""), flow, size)


def test_only_keys_that_act_are_shown(bench, drive, stored):
    async def flow(pilot):
        await pilot.sees("2 of 2 runs")
        assert "Compare marked" not in await pilot.settle()
        await pilot.press("space")
        assert "Compare marked" not in await pilot.settle()
        await pilot.press("space")
        await pilot.sees("Compare marked")
        await pilot.press("9")
        await pilot.sees("No measured cell")
        text = await pilot.settle()
        assert "Next chart" not in text and not shown(pilot)
        await pilot.press("6")
        await pilot.sees("7 of 8 members")
        assert "Next chart" not in await pilot.settle()  # both are shown

    drive(bench(screen="results", filter=""), flow, (120, 40))


def test_the_start_page_draws_the_last_run_where_there_is_room(bench, drive, stored):
    for size, there in (((80, 24), False), ((120, 35), True)):

        async def flow(pilot, there=there):
            await pilot.sees("Last runs")
            if there:
                await pilot.sees(f"Last run: {stored.dead}", "Capacity (mAh/cm²)")
            assert bool(shown(pilot)) is there

        drive(bench(screen="start"), flow, size)


def test_questions_go_on_below_their_words():
    from rich.console import Console

    console = Console(width=44, color_system=None)
    with console.capture() as captured:
        console.print(questions())
    lines = captured.get().splitlines()
    assert all(line[:4].strip() in ("", "k", "f", "m", "l", "r", "d") for line in lines)
    assert any(not line[:4].strip() for line in lines)


def test_a_current_goes_below_its_step_where_there_is_no_room():
    from types import SimpleNamespace

    preview = SimpleNamespace(
        problems=[], differences=[], protocol="cc", steps=["Charge at C/5 until 3.9 V"],
        currents=["0.2C, 0.223 mA/cm²"], modes=[], estimate="1 s",
        scenario=SimpleNamespace(overrides={}, without=[], command="twin run"),
    )  # fmt: skip
    narrow, wide = (draw_preview(preview, width).plain for width in (40, 80))
    assert "3.9 V\n     (0.2C, 0.223 mA/cm²)" in narrow
    assert "3.9 V  (0.2C, 0.223 mA/cm²)" in wide


def test_a_bench_needs_no_terminal_to_have_its_colours(settings):
    assert Bench(settings=settings, warm=False).ansi_theme_light is ON_LIGHT
