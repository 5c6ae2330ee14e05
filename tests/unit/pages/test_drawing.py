from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest

import twin
from twin.catalog.card import layers
from twin.pages import drawing
from twin.pages.svg import inline
from twin.report.figures import plot_panels
from twin.report.panel import Line, Panel

SVG = "{http://www.w3.org/2000/svg}"


def parts(spec):
    root = ElementTree.fromstring(str(drawing.cell_drawing(spec)))
    return root, [r.attrib for r in root.iter(f"{SVG}rect")]


@pytest.mark.parametrize("name", ["na-nzsp-nvp", "na-nps-na", "na-base-na", "al-nbh-nco"])
def test_the_layers_are_drawn_to_scale_on_top_of_each_other(name):
    spec = twin.load_cell(name)
    _, drawn = parts(spec)
    heights = [float(r["height"]) for r in drawn]
    thick = [layer.thickness for layer in layers(spec)]
    scale = drawing._STACK / sum(thick)
    for height, thickness in zip(heights, thick, strict=True):
        assert height == pytest.approx(max(scale * thickness, drawing._THINNEST), abs=0.01)
    for above, below in itertools.pairwise(drawn):
        assert float(above["y"]) + float(above["height"]) == pytest.approx(
            float(below["y"]), abs=0.02
        )


def test_a_layer_too_thin_to_be_seen_is_said_to_be_thinner():
    spec = twin.load_cell("na-nzsp-nvp", overrides={"anode.thickness": "1 um"})
    root, _ = parts(spec)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert "anode, 1 µm (thinner than drawn)" in words


def test_the_scale_bar_is_as_long_as_it_says():
    spec = twin.load_cell("na-nzsp-nvp")  # 50, 500 and 60 um
    root, drawn = parts(spec)
    (bar,) = [t.text for t in root.iter(f"{SVG}text") if t.get("transform")]
    assert bar == "200 µm"
    electrolyte = float(drawn[1]["height"])
    path = next(p.get("d") for p in root.iter(f"{SVG}path") if p.get("stroke-width") == "1.2")
    low, high = (float(part) for part in path.removeprefix("M38 ").partition("M")[0].split("V"))
    assert (low - high) / electrolyte == pytest.approx(200 / 500, abs=1e-3)


def test_labels_do_not_meet():
    spec = twin.load_cell("na-nzsp-nvp", overrides={"electrolyte.thickness": "1 um"})
    root, _ = parts(spec)
    places = [float(t.get("y")) for t in root.iter(f"{SVG}text") if t.get("font-weight")]
    assert all(b - a >= drawing._GAP for a, b in itertools.pairwise(places))


@pytest.fixture(scope="module")
def svg():
    panel = Panel("a", "A title", "Cycle", "B (V)", (Line("x", [1, 2], [3, 4]),), death=2)
    return inline(plot_panels([panel], ""), "fig", "what it shows")


def test_a_figure_obeys_a_strict_policy_and_keeps_its_colours(svg):
    root = ElementTree.fromstring(str(svg))
    assert not [e for e in root.iter() if "style" in e.attrib or e.tag == f"{SVG}style"]
    assert "#0072b2" in {e.get("stroke", "").lower() for e in root.iter()}
    assert root.get("aria-label") == "what it shows" and "width" not in root.attrib


def test_its_ids_are_its_own_and_its_references_follow(svg):
    root = ElementTree.fromstring(str(svg))
    ids = {e.get("id") for e in root.iter() if e.get("id")}
    assert ids and all(name.startswith("fig-") for name in ids)
    used = {e.get("href")[1:] for e in root.iter() if e.get("href")}
    clips = {e.get("clip-path")[5:-1] for e in root.iter() if e.get("clip-path")}
    assert used and clips and used | clips <= ids
    assert "xlink" not in str(svg)
