"""Optimisers on functions whose best place is known; gradients against differences; a cell."""

from __future__ import annotations

import math

import numpy as np
import pytest

import twin
from twin.scenario import Scenario
from twin.search.ascent import Enough, Found, best, climb, differences, rounded, search, window
from twin.search.constraints import parse_limit
from twin.search.projected import projected_life


def row(cycle, margin, start=0.0, end=1.0, complete=True):
    return {
        "cycle": cycle,
        "complete": complete,
        "margins": {"a: x": margin},
        "min_margin": margin,
        "min_margin_name": "a: x",
        "t_start_s": start,
        "t_end_s": end,
    }


def test_a_life_is_a_smooth_number():
    # A margin that falls by 0.1 a cycle from 0.95 on is zero at 10.5.
    rows = [row(n, 0.95 - 0.1 * (n - 1)) for n in range(1, 12)]
    assert projected_life(rows, True, 11) == pytest.approx(10.5)
    assert projected_life(rows[:6], False, 6) == pytest.approx(10.5)
    # Inside a cycle: the share of its time.
    rows = [row(4, 0.2, 0, 100), row(5, -0.0, 100, 130, complete=False)]
    assert projected_life(rows, True, 5) == pytest.approx(4.3)
    still = projected_life([row(1, 0.9), row(9, 0.9)], False, 9)
    assert 1e3 < still < math.inf


def test_limits_are_read_with_units_and_say_how_well_they_are_kept():
    limit = parse_limit("cycle_time<=2 hours")
    assert (limit.bound, limit.sign) == (7200.0, -1)
    assert limit.slack([row(1, 1, 0, 3600)]) == pytest.approx(0.5)
    assert limit.slack([row(1, 1, 0, 9000)]) == pytest.approx(-0.25)
    assert limit.slack([]) == -1.0
    assert parse_limit("temperature <= 60 degC").bound == pytest.approx(333.15)
    for text in ("cycle_time=3 h", "life>=3", "cycle_time<=3 MPa"):
        with pytest.raises(twin.InputError) as caught:
            parse_limit(text)
        assert caught.value.problem.fix


class Hill:
    """ln of a life with its top at (0.3, 0.8); allowed where x + y < 0.9."""

    def __init__(self, limited, most=200):
        self.limited, self.most, self.asked = limited, most, {}

    def __call__(self, places):
        for p in places:
            if p not in self.asked and len(self.asked) >= self.most:
                raise Enough
            slack = (0.9 - p[0] - p[1],) if self.limited else ()
            score = 5 - 4 * (p[0] - 0.3) ** 2 - 2 * (p[1] - 0.8) ** 2
            self.asked[p] = Found(p, score, slack)
        return [self.asked[p] for p in places]


def test_search_finds_the_top_and_with_a_limit_the_best_place_along_it():
    free, limited = Hill(False), Hill(True)
    search(free, free([(0.6, 0.4)])[0], 80)
    assert best(list(free.asked.values())).place == pytest.approx((0.3, 0.8), abs=0.03)
    search(limited, limited([(0.6, 0.2)])[0], 80)
    found = best(list(limited.asked.values()))
    # Lagrange: 8 (x - 0.3) = 4 (y - 0.8) on x + y = 0.9.
    assert found.allowed and found.place == pytest.approx((7 / 30, 2 / 3), abs=0.04)


def test_search_stops_when_no_more_may_be_asked():
    hill = Hill(False, most=6)
    search(hill, hill([(0.9, 0.1)])[0], 80)
    assert len(hill.asked) == 6


def test_climbing_by_gradients_ends_on_the_top_or_on_a_face():
    def value(u):
        return Hill(False)([tuple(u)])[0].score, np.array([-8 * (u[0] - 0.3), -4 * (u[1] - 0.8)])

    assert climb(value, (0.9, 0.1)) == pytest.approx((0.3, 0.8), abs=1e-3)
    slope, _ = differences(Hill(False), (0.5, 0.5))
    assert slope == pytest.approx([-1.6, 1.2], abs=1e-6)
    assert climb(lambda u: (u[0], np.array([1.0, 0.0])), (0.2, 0.5)) == (1.0, 0.5)


def test_a_window_holds_what_is_nearly_as_good():
    hill = Hill(False)
    top = hill([(0.3, 0.8)])[0]
    low, high = window(hill, top, 0, 0.9, halvings=8)
    half = math.sqrt(-math.log(0.9) / 4)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=5e-3)
    assert window(hill, top, 1, 0.5) == (0.2125, 1.0) or window(hill, top, 1, 0.5)[1] == 1.0
    assert rounded([-0.2, 0.123456]) == (0.0, 0.1235)


ASKED = {"modes": ["pressure"], "workers": 1, "cycles": 12}
VARY = ["stack.pressure=0.4..1 MPa", "current=0.3..0.4 mA/cm^2"]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('design')}/runs.db"


def steep(vary):
    """The gradient's own function for a cell, without any life."""
    from types import SimpleNamespace

    from twin.search.axes import axis_from
    from twin.studies.optimise import _design
    from twin.studies.optimiser import _Steep

    wanted = Scenario.of("na-base-na", modes=["pressure"])
    design = _design(wanted, vary, [], "life", 12, 0, 0, 20)
    return _Steep(SimpleNamespace(design=design, axes=[axis_from(a) for a in design["vary"]]))


def test_the_solvers_gradient_is_that_of_differences_for_an_input_and_for_a_current():
    value, u, h = steep(VARY), np.array([0.4, 0.6]), 2e-3
    score, slope = value(u)
    assert 0 < score < math.log(1e3)
    for k, e in enumerate(np.eye(2)):
        difference = (value(u + h * e)[0] - value(u - h * e)[0]) / (2 * h)
        assert slope[k] == pytest.approx(difference, rel=0.02)
    assert slope[0] > 0 > slope[1]  # pressure helps, current hurts


def test_where_gradients_serve_they_are_used_and_the_result_says_so(url):
    vary = ["stack.pressure=0.4..0.55 MPa", "current=0.3..0.4 mA/cm^2"]
    found = twin.design("na-base-na", vary=vary, most=12, store=url, **ASKED)
    document = found.to_dict()
    assert document["method"] == "gradient", document["why"]
    assert document["optimum"]["stack.pressure"]["value"] > 0.475
    assert document["optimum"]["protocol.current_density"]["value"] < 0.35
    assert document["projected_life"] > document["path"][0]["projected_life"]
    lived = []
    again = twin.design("na-base-na", study=found.id, workers=1, store=url, on_life=lived.append)
    assert lived == [] and again.optimum == found.optimum


def test_with_a_limit_it_searches_and_the_limit_is_kept_and_active(url, tmp_path):
    found = twin.design(
        "na-base-na",
        vary=["stack.pressure=0.4..1 MPa"],
        limits=["pressure<=0.7 MPa"],
        overrides={"stack.pressure": "0.5 MPa"},
        most=20,
        store=url,
        **ASKED,
    )
    document = found.to_dict()
    assert document["method"] == "search" and "limits" in document["why"]
    assert document["allowed"] and document["limits"][0]["kept"]
    pressure = document["optimum"]["stack.pressure"]
    assert 0.65 < pressure["value"] <= 0.7
    assert pressure["window"][0] <= pressure["value"] <= pressure["window"][1] <= 0.7
    assert document["as_it_is"]["shown"] == pytest.approx([0.5], rel=1e-3)
    assert document["projected_life"] > document["as_it_is"]["projected_life"]
    found.plot(tmp_path / "design.png")
    assert (tmp_path / "design.png").stat().st_size > 0


def test_steps_that_end_on_a_voltage_have_no_gradient():
    from types import SimpleNamespace

    from twin.search.axes import axis_from
    from twin.search.gradients import NotSmooth
    from twin.studies.optimise import _design
    from twin.studies.optimiser import _Steep

    vary = ["stack.pressure=1..10 MPa"]
    wanted = Scenario.of("na-nzsp-nvp", modes=["interphase"])
    design = _design(wanted, vary, [], "life", 12, 0, 0, 20)
    with pytest.raises(NotSmooth, match="ends on a limit"):
        _Steep(SimpleNamespace(design=design, axes=[axis_from(a) for a in design["vary"]]))


def test_what_makes_no_design_is_said_so(url):
    for asked in (
        {"vary": []},
        {"vary": ["stack.pressure=1..5 MPa"], "maximise": "profit"},
        {"vary": ["stack.pressure=1..5 MPa"], "samples": 4},
        {"vary": ["stack.pressure=1..5 MPa"], "limits": ["price<=3"]},
    ):
        with pytest.raises(twin.InputError) as caught:
            twin.design("na-nzsp-na", store=url, modes=[], **asked)
        assert caught.value.problem.fix
