"""The figures of studies and experiments: what is drawn is what is known, and no more."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from twin.experiments.circuit import Arc
from twin.report.attribution import plot_attribution
from twin.report.critical_currents import ramp_panels
from twin.report.impedance import arc_name, hertz, nyquist_marks
from twin.report.maps import plot_map
from twin.report.style import Look, drawn_as, look
from twin.report.survival import plot_forecast
from twin.uncertainty.survival import Member

HORIZON = 100


def forecast(deaths):
    """The document of a forecast whose only mode kills at each of some cycles."""
    curve = [[0, 0.0], *([n, (k + 1) / 10] for k, n in enumerate(deaths))]
    band = {"low": [[n, p / 2] for n, p in curve], "high": [[n, 1.2 * p] for n, p in curve]}
    return {
        "cell": "a-cell",
        "cycles": HORIZON,
        "samples": 10,
        "median_life": None,
        "incidence": {"pressure": curve},
        "incidence_bands": {"pressure": band},
    }


def members():
    dying = [(1, 1.0), (10, 0.8), (20, 0.6)]
    living = [(1, 1.0), (50, 0.95), (HORIZON, 0.9)]
    return [
        Member(0, 20, "pressure", {}, dying, "contact lost"),
        Member(1, HORIZON, None, {}, living),
    ]


def test_lines_and_bands_both_go_to_the_horizon():
    left, _ = plot_forecast(forecast([20, 40]), members()).axes
    (line,) = left.get_lines()
    assert line.get_xdata()[-1] == HORIZON and line.get_ydata()[-1] == pytest.approx(20)
    (band,) = left.collections
    corners = band.get_paths()[0].vertices
    assert corners[:, 0].max() == HORIZON
    at_the_end = corners[corners[:, 0] == HORIZON][:, 1]
    assert (at_the_end.min(), at_the_end.max()) == pytest.approx((10, 24))
    assert "pressure" in [text.get_text() for text in left.texts]


def test_no_capacity_rises_where_a_bad_cell_dies_and_the_death_is_marked():
    _, right = plot_forecast(forecast([20]), members()).axes
    lives = [line for line in right.get_lines() if len(line.get_xdata()) > 1]
    assert [line.get_xdata()[-1] for line in lives] == [20, HORIZON]
    assert all(np.all(np.diff(line.get_ydata()) <= 0) for line in lives)
    (cross,) = [line for line in right.get_lines() if line.get_marker() == "x"]
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == pytest.approx((20, 60))
    assert cross.get_color() == look().palette[0]


def test_capacities_that_never_move_have_no_panel():
    """A symmetric cell passes the charge it is asked for until it dies."""
    level = [(1, 1.0), (20, 1.0 + 1e-9)]
    (left,) = plot_forecast(forecast([20]), [Member(0, 20, "pressure", {}, level, "x")]).axes
    assert left.get_xlabel() == "Cycle"
    assert len(plot_forecast(forecast([20]), ()).axes) == 2


@pytest.mark.parametrize(("deaths", "scale"), [([20, 40], "linear"), ([2, 80], "log")])
def test_lives_that_span_decades_are_on_a_logarithmic_axis(deaths, scale):
    left, _ = plot_forecast(forecast(deaths), members()).axes
    assert left.get_xscale() == scale


def attribution(life, without=None):
    def loss(values):
        total = sum(values)
        pair = {"modes": ["a", "b"], "value": 0.5 * total}
        return {"total": total, "by_mode": dict(zip("ab", values, strict=True)),
                "interactions": [pair]}  # fmt: skip

    parts = {key: loss((3e-3, 1e-7)) for key in ("all", "first_cycle", "cycling")}
    return {
        "cell": "a-cell",
        "cycles": HORIZON,
        "modes": ["a", "b"],
        "life": life,
        "life_without_modes": without,
        "compared_in_cycle": life or HORIZON,
        "losses": {
            "capacity_Ah": parts,
            "resistance_Ohm_m2": parts,
            "life_cycles": {"all": loss((40.0, 1.0))},
        },
    }


def test_an_attribution_on_a_horizon_says_so_and_draws_no_life():
    figure = plot_attribution(attribution(None))
    assert len(figure.axes) == 4  # two losses, and their interactions
    (legend,) = figure.legends
    said = " ".join(legend.get_title().get_text().split())
    assert f"outlives the horizon of {HORIZON} cycles" in said and "no life lost" in said


def test_a_life_lost_against_one_beyond_the_horizon_is_at_least_that():
    titles = [axes.get_title() for axes in plot_attribution(attribution(59)).axes]
    assert any(t.startswith("Life lost: at least 41") for t in titles)
    titles = [axes.get_title() for axes in plot_attribution(attribution(59, 99)).axes]
    assert any(t.startswith("Life lost: 41") for t in titles)


def test_a_loss_that_no_mode_has_is_not_drawn():
    document = attribution(59)
    nought = {"total": 0.0, "by_mode": {"a": 0.0, "b": 0.0}}
    parts = document["losses"]["capacity_Ah"]
    document["losses"]["capacity_Ah"] = {
        key: part
        | nought
        | {"interactions": [one | {"value": 0.0} for one in part["interactions"]]}
        for key, part in parts.items()
    }
    titles = [axes.get_title() for axes in plot_attribution(document).axes]
    assert [t.partition(":")[0] for t in titles if t] == ["Resistance gained", "Life lost"]


def test_what_is_nothing_beside_the_loss_is_written_as_nothing():
    (first, *_) = plot_attribution(attribution(59, 99)).axes
    assert [text.get_text() for text in first.texts] == ["3", "0"]


def limit(current, at_least=100.0):
    return SimpleNamespace(current=current, at_least=at_least)


def test_a_ramp_draws_the_currents_it_found_and_names_the_one_beyond():
    level = SimpleNamespace(density=10.0, polarisation=0.1, contact=1.0)
    found = SimpleNamespace(levels=[level], stripping=limit(19.0), plating=limit(None))
    for panel in ramp_panels(found):
        assert panel.verticals == ((pytest.approx(1.9), "stripping 1.9"),)
        assert panel.x_label == "Current (mA/cm²); plating beyond 10"
    found.plating = limit(25.0)
    assert [name for _, name in ramp_panels(found)[0].verticals] == ["stripping 1.9", "plating 2.5"]


def test_cells_that_die_before_they_have_a_capacity_are_counted_beside_the_others():
    early = Member(2, 1, "pressure", {}, [(1, 1.0)], "contact lost")
    for more, said in (([early, early], True), ([], False)):
        _, right = plot_forecast(forecast([20]), [*members(), *more]).axes
        (words,) = [t.get_text() for t in right.texts if t.get_text().startswith("x: dies")]
        assert words.startswith("x: dies there (1 of 2 cells)")
        assert ("2 more before their second cycle" in words) is said


@pytest.mark.parametrize("size", ["single", "double"])
def test_the_words_below_an_attribution_are_no_wider_than_it(size):
    with drawn_as(Look(size=size)):
        figure = plot_attribution(attribution(None))
        figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_title().get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1


def a_map():
    """A map of two modes and of what lives: death in cycle 2 or 40 above, none below."""
    axis = {"unit": "Pa", "low": 1e6, "high": 10e6, "log": True, "count": 3, "shown": "MPa"}
    x, y = ({"key": key, "words": key} | axis for key in ("stack.pressure", "other.pressure"))
    places = [(a, b) for a in (1.0, 3.0, 10.0) for b in (1.0, 3.0, 10.0)]

    def point(a, b):
        label = "alive" if b < 3 else "dendrite" if a < 3 else "pressure"
        cycles = 60 if b < 3 else 2 if b > 3 else 8
        return {"x": a, "y": b, "label": label, "cycles": cycles, "criterion": "worn out"}

    return {"cell": "a-cell", "cycles": 60, "axes": {"x": x, "y": y}, "boundaries": [],
            "critical_currents": [], "points": [point(a, b) for a, b in places]}  # fmt: skip


def test_a_line_of_equal_life_stands_only_where_the_cell_dies():
    document = a_map()
    axes = plot_map(document).axes[0]
    (lines,) = [c for c in axes.collections if type(c).__name__.endswith("ContourSet")]
    clip = lines.get_clip_path().get_fully_transformed_path()
    dying = axes.transData.inverted().transform(clip.vertices)
    assert dying[:, 1].min() > 1.2  # half way to the lives at 1 MPa, which go on
    words = [text.get_text() for text in axes.texts]
    assert "5" in words and "50" not in words  # 8 cycles and 60: half way is 22


def test_a_map_without_colour_tells_modes_by_hatches_and_one_column_is_one():
    with drawn_as(Look(style="grey", size="single")):
        figure = plot_map(a_map())
    assert figure.get_figwidth() == pytest.approx(3.5)
    hatches = [c.get_hatch() for c in figure.axes[0].collections if c.get_hatch()]
    assert len(set(hatches)) == 2
    fills = {c.get_facecolor().tobytes() for c in figure.axes[0].collections if c.get_hatch()}
    assert len(fills) == 1
    shown = [h.get_hatch() for h in figure.legends[0].get_patches() if h.get_hatch()]
    assert sorted(shown) == sorted(hatches)
    assert not any(c.get_hatch() for c in plot_map(a_map()).axes[0].collections)


def spectrum(**variables):
    f = np.logspace(6, -2, 81)
    arc = Arc(0.01, 1e-3, "interface")
    return SimpleNamespace(frequency=f, z=arc.impedance(f), variables=variables)


def test_whole_decades_are_marked_on_the_curve_where_they_stand_apart():
    found = spectrum()
    marks = {mark.text: mark for mark in nyquist_marks(found)}
    assert "10 kHz" in marks and len(marks) < 9  # the flat ends have no room for all
    z = 1e4 * Arc(0.01, 1e-3).impedance(np.array([1e4]))[0]
    assert (marks["10 kHz"].x, marks["10 kHz"].y) == pytest.approx((z.real, -z.imag))


def test_an_interfaces_arc_is_named_after_the_models_own_resistance():
    ct, film = "charge-transfer resistance [Ohm.m2]", "series resistance [Ohm.m2]"
    found = spectrum(**{f"Anode {ct}": 0.0101, f"Cathode {ct}": 0.02, f"Anode {film}": 0.5})
    assert arc_name(Arc(0.01, 1e-3, "interface"), found) == "anode charge transfer"
    assert arc_name(Arc(0.02, 1e-3, "interface"), found) == "cathode charge transfer"
    assert arc_name(Arc(0.5, 1e-3, "interface"), found) == "anode layers"
    assert arc_name(Arc(9.0, 1e-3, "interface"), found) == "interface"
    assert arc_name(Arc(0.013, 1e-3, "interface"), found) == "interface"  # 29 % off
    assert arc_name(Arc(0.01, 1e-9, "grain boundary"), found) == "grain boundary"


@pytest.mark.parametrize(
    ("frequency", "text"), [(1e9, "1 GHz"), (1e4, "10 kHz"), (1.0, "1 Hz"), (0.01, "10 mHz")]
)
def test_frequencies_have_prefixes(frequency, text):
    assert hertz(frequency) == text


def test_a_design_has_round_numbers_and_all_of_its_label():
    from twin.report.designs import plot_design

    lives = {1.0: 53.0, 3.6: 132.0, 20.0: 65.0}
    points = [
        {"shown": [p], "projected_life": n, "mode": "dendrite", "allowed": True, "run": f"{p}"}
        for p, n in lives.items()
    ]
    number = {"window": [2.2, 7.0], "value": 3.6, "log": True, "unit": "MPa", "words": "Pressure"}
    document = {"cell": "c", "cycles": 500, "method": "m", "life": 132, "run": "3.6",
                "window_share": 0.9, "optimum": {"k": number}, "path": points}  # fmt: skip
    figure = plot_design(document)
    figure.canvas.draw()
    (axes,) = figure.axes
    told = [tick.get_text() for tick in axes.get_yticklabels()]
    assert {"50", "100", "200", "500"} <= set(told)
    whole, label = figure.bbox, axes.yaxis.label.get_window_extent()
    assert whole.y0 <= label.y0 and label.y1 <= whole.y1
    (legend,) = figure.legends
    assert "90 % of the best" in [text.get_text() for text in legend.get_texts()]
