"""Charts as pictures, where the library and the terminal are there; with characters elsewhere."""

from __future__ import annotations

import asyncio
import io
import sys
from types import ModuleType

import pytest
from PIL import Image as Pixels
from rich.segment import Segment
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget
from twin_tui.shown import Visible
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.images import Images, images_here

from twin.report.pictures import Line, Panel, panel_picture

X = [0.0, 1.0, 2.0]
PANEL = Panel("k", "t", "Time (h)", "y", (Line("a", X, X), Line("b", X, X[::-1])))


class Fake(Widget):
    """Stands for `textual-image`'s: what it sends holds what a terminal acts on."""

    image = None

    def render_line(self, y):
        return Strip([Segment("\x1b_Gpicture\x1b\\")])


def shown(images, *, no_color=False, then=None):
    """Show a panel on a chart of an app with such images; return the chart's state."""

    class Show(App):
        def compose(self):
            yield Chart()

        def get_line_filters(self):
            return [Visible()]

    async def main():
        app = Show()
        app.images = images
        app.no_color = no_color
        async with app.run_test(size=(60, 20)) as pilot:
            chart = app.query_one(Chart)
            chart.show_panel(PANEL)
            for step in (None, then):
                if step is not None:
                    step(chart)
                await pilot.pause()
                await app.workers.wait_for_complete()
                await pilot.pause()
            lines = [
                "".join(s.text for s in strip) for strip in app.screen._compositor.render_strips()
            ]
            pictures = [w.image.getvalue() for w in chart.query(".picture")]
            return "\n".join(lines), pictures

    return asyncio.run(main())


HERE = Images(Fake, (8, 16))


def test_a_picture_is_as_large_as_its_room_and_goes_out_as_it_is():
    text, (picture,) = shown(HERE)
    assert Pixels.open(io.BytesIO(picture)).size == (60 * 8, 20 * 16)
    assert "\x1b_Gpicture" in text and "Time" not in text


@pytest.mark.parametrize(("images", "no_color"), [(None, False), (HERE, True)])
def test_without_pictures_or_without_colour_characters_are_drawn(images, no_color):
    text, pictures = shown(images, no_color=no_color)
    assert not pictures and "Time (h)" in text and "\x1b" not in text


def test_words_take_the_place_of_a_picture():
    text, pictures = shown(HERE, then=lambda chart: chart.say("no cycle \x1b yet"))
    assert not pictures and "no cycle ␛ yet" in text


def test_a_picture_has_the_grounds_colour():
    grounds = [
        Pixels.open(io.BytesIO(panel_picture(PANEL, (300, 200), letter=16, light=light)))
        .convert("RGB")
        .getpixel((1, 1))
        for light in (False, True)
    ]
    assert grounds == [(0, 0, 0), (255, 255, 255)]


@pytest.fixture
def library(monkeypatch):
    """``library("sixel")``: `textual-image` in a terminal that shows such pictures."""
    kinds = {name: type(name, (), {}) for name in ("sixel", "tgp", "halfcell")}

    def installed(kind):
        modules = {
            "": {},
            ".widget": {"SixelImage": "sixel widget", "TGPImage": "tgp widget"},
            "._terminal": {"get_cell_size": lambda: (9, 18)},
            ".renderable": {
                "Image": kinds[kind], "SixelImage": kinds["sixel"], "TGPImage": kinds["tgp"],
            },
        }  # fmt: skip
        for name, holds in modules.items():
            module = ModuleType(f"textual_image{name}")
            vars(module).update(holds)
            monkeypatch.setitem(sys.modules, f"textual_image{name}", module)
        sys.modules["textual_image"].widget = sys.modules["textual_image.widget"]

    return installed


@pytest.mark.parametrize("kind", ["sixel", "tgp"])
def test_the_terminals_own_way_is_taken(library, kind):
    library(kind)
    assert images_here() == Images(f"{kind} widget", (9, 18))


def test_a_terminal_without_pictures_and_a_missing_library_have_none(library, monkeypatch):
    library("halfcell")
    assert images_here() is None
    monkeypatch.setitem(sys.modules, "textual_image", None)
    assert images_here() is None


def test_the_library_itself_shows_a_chart():
    """Where it is installed (`[images]`): kitty's pictures, written to a terminal that is none."""
    widget = pytest.importorskip("textual_image.widget")
    for kind in (widget.TGPImage, widget.SixelImage):
        text, (picture,) = shown(Images(kind, (8, 16)))
        assert Pixels.open(io.BytesIO(picture)).size == (480, 320)
        assert "Time" not in text and "␛" not in text
        assert "\U0010eeee" in text or "\x1bP" in text
