"""Ranges, refinement and regions against plain geometry; a cell's map, and its resumption."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.search.axes import Axis, current_parameter, parse_axis
from twin.search.refine import Answer, Grid, refine
from twin.search.regions import label_at, regions


def range_of(text, cell="na-base-na", protocol=None):
    spec = twin.load_cell(cell)
    return parse_axis(text, spec, twin.load_protocol(protocol, spec))


def test_a_range_is_read_in_any_unit_and_is_logarithmic_where_it_is_wide():
    axis = range_of("stack.pressure=0.5..15MPa")
    assert (axis.low, axis.high, axis.log, axis.count) == (5e5, 15e6, True, 5)
    assert range_of("stack.pressure=0.5 MPa..15MPa, linear, 7") == Axis(
        "stack.pressure", "Pa", 5e5, 15e6, False, 7
    )
    assert axis.value(0.5) == pytest.approx(np.sqrt(5e5 * 15e6))
    assert axis.place(float(axis.value(0.3))) == pytest.approx(0.3)
    assert axis.shown(5e6) == pytest.approx(5) and axis.shown_unit == "MPa"
    warm = range_of("thermal.ambient=0..60 degC")
    assert (warm.low, warm.high) == pytest.approx((273.15, 333.15)) and not warm.log
    assert warm.words == "Thermal ambient temperature"


def test_current_stands_for_what_the_protocol_is_driven_by():
    axis = range_of("current=0.1..2 mA/cm^2")
    assert axis.key == "protocol.current_density" and axis.low == pytest.approx(1.0)
    rate = range_of("current=C/10..1C", "na-nzsp-nvp")
    assert (rate.key, rate.unit, rate.low, rate.high) == ("protocol.rate", "C", 0.1, 1.0)
    assert rate.text(0.25) == "0.25C"
    dense = range_of("current=0.1..1 mA/cm^2", "na-nzsp-nvp")
    assert dense.unit == "A/m^2" and dense.text(1.0) == "1.0 A/m^2"
    spec = twin.load_cell("na-nzsp-nvp")
    with pytest.raises(twin.InputError) as caught:
        current_parameter(twin.load_protocol("fast-charge", spec))
    assert "protocol.charge_rate" in caught.value.problem.fix


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("stack.pressure", "no range"),
        ("stack.pressure=5 MPa..1 MPa", "does not rise"),
        ("stack.pressure=1..5 mol", "quantity"),
        ("stack.presure=1..5 MPa", "no quantity"),
        ("stack.fixture=1..5 MPa", "no quantity"),
        ("stack.pressure=1..5 MPa,cubic", "cubic"),
        ("stack.pressure=0..5 MPa,log", "cannot begin"),
        ("protocol.rest=1..5 s", "no parameter"),
    ],
)
def test_a_range_that_cannot_be_used_is_said_so_with_a_fix(text, word):
    with pytest.raises(twin.InputError) as caught:
        range_of(text)
    assert word in caught.value.problem.message and caught.value.problem.fix


def half_plane(grid, asked):
    """Left of x + y = 0.9 it dies of a, right of it of b; lives alike."""

    def ask(points, more):
        asked.append(len(points))
        return {p: Answer("a" if sum(grid.place(p)) < 0.9 else "b", 10) for p in points}

    return ask


def test_a_grid_is_refined_along_the_border_only():
    grid, asked = Grid(5, 5, 3), []
    answers, squares, cut = refine(grid, half_plane(grid, asked), factor=5, most=10_000)
    assert not cut and len(answers) == sum(asked) < 33 * 33 / 3
    assert sum(s.side**2 for s in squares) == (4 * grid.step) ** 2  # they fill the plane
    small = [s for s in squares if s.side == 1]
    for s in small:
        middle = np.mean([sum(grid.place(c)) for c in s.corners])
        assert abs(middle - 0.9) < 0.15
    places = sorted(answers)
    found = regions([grid.place(p) for p in places], [answers[p].label for p in places])
    assert found.areas["a"] == pytest.approx(0.9**2 / 2, abs=0.01)
    (line,) = found.borders["a", "b"]
    assert all(abs(u + v - 0.9) < 0.05 for u, v in line)


def test_no_more_points_than_allowed_are_asked():
    grid, asked = Grid(5, 5, 3), []
    answers, squares, cut = refine(grid, half_plane(grid, asked), factor=5, most=60)
    assert cut and len(answers) <= 60
    assert sum(s.side**2 for s in squares) == (4 * grid.step) ** 2


def test_lives_that_differ_by_a_factor_are_looked_at_too():
    grid = Grid(3, 2, 1)

    def ask(points, more):
        return {p: Answer("a", 10 if p[0] < 3 else 100) for p in points}

    answers, _, _ = refine(grid, ask, factor=5, most=100)
    assert {p[0] for p in answers} == {0, 2, 3, 4}


def test_three_regions_meet_in_a_point_and_fill_the_plane():
    points, labels = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)], ["a", "b", "c", "c"]
    found = regions(points, labels)
    assert sum(found.areas.values()) == pytest.approx(1)
    assert set(found.borders) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert label_at(np.array([[0.05, 0.05], [0.95, 0.05], [0.5, 0.95]]), points, labels) == [
        "a",
        "b",
        "c",
    ]


ASKED = {
    "x": "stack.pressure=0.5..8 MPa,3",
    "y": "current=0.2..1 mA/cm^2,3",
    "cycles": 12,
    "refine": 1,
    "modes": ["pressure"],
    "workers": 1,
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('map')}/runs.db"


@pytest.fixture(scope="module")
def found(url):
    return twin.safe_map("na-base-na", store=url, lines=False, **ASKED)


def test_a_point_of_the_map_is_the_life_of_the_cell_with_its_values(found, url):
    document = found.to_dict()
    assert document["lives"] == len(document["points"]) > 9
    assert {p["label"] for p in document["points"]} == {"alive", "pressure"}
    assert document["boundaries"][0]["between"] == ["alive", "pressure"]
    dead = max((p for p in found.points if p["mode"]), key=lambda p: p["cycles"])
    alone = twin.life(
        "na-base-na",
        cycles=12,
        modes=["pressure"],
        overrides={
            "stack.pressure": f"{dead['x']} MPa",
            "protocol.current_density": f"{dead['y']} mA/cm^2",
        },
        store=url,
    )
    assert alone.outcome.mode == dead["mode"]
    # Solved on a build of another current and pressure; the solver's steps may differ.
    assert abs(alone.outcome.cycle - dead["cycles"]) <= 1
    mine = found.store.cycles(dead["run"])[0]["resistance_Ohm_m2"]
    assert mine == pytest.approx(alone.rows[0]["resistance_Ohm_m2"], rel=1e-3)


def test_a_map_that_was_interrupted_goes_on_with_what_it_has(found, url):
    for point in found.points[:2]:
        found.store.delete_run(point["run"])
    lived = []
    again = twin.safe_map("na-base-na", study=found.id, workers=1, store=url, on_life=lived.append)
    assert len(lived) == 2
    assert [p["label"] for p in again.points] == [p["label"] for p in found.points]


def test_the_map_is_drawn_in_characters_and_in_a_figure(found, tmp_path):
    text = found.draw(40, 10)
    rows = [line.partition("|")[2] for line in text.splitlines() if "|" in line]
    assert len(rows) == 10 and {len(row) for row in rows} == {40}
    assert rows[0][0] == "p" and rows[-1][-1] == "."
    assert all(len(line) <= 80 for line in text.splitlines())
    figure = found.plot(tmp_path / "map.pdf")
    assert (tmp_path / "map.pdf").stat().st_size > 0
    assert figure.axes[0].get_xlabel().startswith("Stack pressure (MPa)")


def test_axes_that_make_no_map_are_said_so(url):
    with pytest.raises(twin.InputError):
        twin.safe_map("na-base-na", x="stack.pressure=1..5 MPa", store=url)
    with pytest.raises(twin.InputError) as caught:
        twin.safe_map(
            "na-base-na",
            x="current=0.1..1 mA/cm^2",
            y="protocol.current_density=1..2 mA/cm^2",
            store=url,
        )
    assert "both axes" in caught.value.problem.message


@pytest.mark.slow
def test_critical_currents_are_those_of_the_staircase(url):
    drawn = twin.safe_map("na-base-na", store=url, **ASKED | {"refine": 0}).to_dict()
    lines = {line["kind"]: line["points"] for line in drawn["critical_currents"]}
    alone = twin.ccd(
        "na-base-na",
        modes=["pressure"],
        overrides={"stack.pressure": "0.5 MPa"},
        half_cycle="1 hour",
        rest="0 s",
    )
    pressure, current = lines["stripping"][0]
    assert pressure == pytest.approx(0.5)
    assert current == pytest.approx(alone.stripping.at_least / 10, abs=0.1)
