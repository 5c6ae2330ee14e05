from __future__ import annotations

import pytest

import twin
from twin.errors import InputError
from twin.report.sweeps import sweep_panels
from twin.studies.runner import MEMORY

CELL, MODES, CYCLES = "na-base-na", ["interphase", "pressure"], 30
DRIVEN = {"protocol.current_density": "1 mA/cm^2"}
X = "stack.pressure=1..10 MPa,log,3"


@pytest.fixture(scope="module")
def store():
    with twin.open_store(MEMORY) as opened:
        yield opened


@pytest.fixture(scope="module")
def swept(store):
    return twin.sweep(
        CELL, x=X, cycles=CYCLES, modes=MODES, overrides=DRIVEN, workers=1, store=store
    )


def test_the_places_are_even_on_the_axis_and_pressure_lengthens_life(swept):
    assert [p["x"] for p in swept.points] == pytest.approx([1, 10**0.5, 10])
    lives = [p["cycles"] for p in swept.points]
    assert lives == sorted(lives) and lives[0] < lives[-1] == CYCLES
    assert (swept.points[0]["state"], swept.points[0]["mode"]) == ("dead", "pressure")
    assert (swept.points[-1]["state"], swept.points[-1]["mode"]) == ("alive", None)


def test_a_point_is_the_life_of_that_very_cell(swept, store):
    alone = twin.life(
        CELL, cycles=CYCLES, modes=MODES, overrides=DRIVEN | {"stack.pressure": "1 MPa"},
        store=store,
    )  # fmt: skip
    point = swept.points[0]
    assert (alone.outcome.cycle, alone.outcome.criterion) == (point["cycles"], point["criterion"])


def test_a_sweep_goes_on_without_living_anything_twice(swept, store):
    runs = len(store.runs(study=swept.id))
    again = twin.sweep(CELL, x=X, study=swept.id, workers=1, store=store)
    assert again.points == swept.points and len(store.runs(study=swept.id)) == runs == 3
    with pytest.raises(InputError, match="asked for x"):
        twin.sweep(CELL, x="stack.pressure=1..9 MPa,log,3", study=swept.id, store=store)


@pytest.mark.parametrize(
    ("x", "says"), [(None, "has an axis"), ("stack.pressure=1..2 MPa,1", "at least|from 2")]
)
def test_a_sweep_without_an_axis_or_with_one_place_is_refused(store, x, says):
    with pytest.raises(InputError, match=says) as caught:
        twin.sweep(CELL, x=x, store=store)
    assert caught.value.problem.key == "x"


def document(lives, state="dead", left=None):
    return {
        "cell": CELL,
        "cycles": 100,
        "axis": {"words": "Stack pressure", "shown": "MPa", "log": False},
        "points": [
            {"x": float(n), "cycles": life, "state": state, "mode": "pressure",
             "capacity_left": left, "resistance_Ohm_m2": [1e-3 * n, 2e-3 * n]}
            for n, life in enumerate(lives, 1)
        ],
    }  # fmt: skip


def test_the_figure_has_life_capacity_and_resistance_in_the_units_people_read():
    life, capacity, resistance = sweep_panels(document([50, 60], left=0.8))
    assert life.x_label == "Stack pressure (MPa)" and not life.log
    assert list(life.lines[0].y) == [50, 60] and life.lines[1].label == "pressure"
    assert list(capacity.lines[0].y) == pytest.approx([80, 80])
    assert list(resistance.lines[0].y) == pytest.approx([10, 20])
    assert list(resistance.lines[1].y) == pytest.approx([20, 40])


def test_lives_that_span_decades_are_on_a_logarithmic_axis():
    assert sweep_panels(document([2, 90]))[0].log
    assert not sweep_panels(document([2, 50]))[0].log
    assert not sweep_panels(document([0, 50]))[0].log  # a life of nought has no logarithm


def test_a_life_that_is_not_known_further_is_no_death():
    labels = [line.label for line in sweep_panels(document([5], state="censored"))[0].lines]
    assert labels == ["life", "not known further"]
    labels = [line.label for line in sweep_panels(document([100], state="alive"))[0].lines]
    assert labels == ["life", "lives 100 cycles"]
