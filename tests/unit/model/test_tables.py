"""Beyond its points a table holds its end value; a run says that it was left, and how far."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin.engine import leaving
from twin.engine.outcome import Outcome
from twin.experiments.bench import left_tables
from twin.model.tables import Beyond, TableWatch, held_entry, keep_worst, table

X, Y = [280.0, 300.0, 320.0], [0.5, 1.0, 3.0]
SIGMA = {"law": "table", "over": "temperature", "x": X, "y": Y, "unit": "mS/cm"}
HOST = {"law": "table", "x": [0.3, 0.6], "y": [3.5, 3.3], "unit": "V"}


def at(symbol, **inputs):
    return float(np.squeeze(symbol.evaluate(inputs=inputs)))


@pytest.mark.parametrize(
    ("T", "expected"),
    [(253.15, 0.5), (280.0, 0.5), (290.0, 0.75), (310.0, 2.0), (320.0, 3.0), (1000.0, 3.0)],
)
def test_a_table_is_linear_inside_and_holds_its_ends(T, expected):
    law = table(X, Y, pybamm.InputParameter("T"), "key", "temperature")
    assert at(law, T=T) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("interpolator", ["linear", "cubic", "pchip"])
def test_every_table_inside_a_pybamm_function_is_held(interpolator):
    x, y = np.array([0.1, 0.4, 0.7, 0.9]), np.array([4.0, 3.0, 2.5, 1.0])

    def entry(sto, T):
        inner = pybamm.Interpolant(2 * x, y, 2 * sto, interpolator=interpolator)
        return pybamm.exp(inner) * T + pybamm.Interpolant(x, -y, sto, interpolator=interpolator)

    s = pybamm.InputParameter("s")
    held = held_entry(entry, "key", ("stoichiometry", "temperature"))(s, pybamm.Scalar(300.0))
    plain = entry(s, pybamm.Scalar(300.0))
    for value in (0.1, 0.33, 0.9):
        assert at(held, s=value) == pytest.approx(at(plain, s=value), rel=1e-13)
    for beyond, end in ((-2.0, 0.1), (0.95, 0.9)):
        assert at(held, s=beyond) == pytest.approx(at(plain, s=end), rel=1e-13)
        assert abs(at(plain, s=beyond) / at(held, s=beyond) - 1) > 1e-3
    names = {i.name for i in held.pre_order() if isinstance(i, pybamm.Interpolant)}
    assert names == {"table key over stoichiometry", "table key over scaled stoichiometry"}


def test_a_table_over_two_variables_is_held_in_both():
    x, y = (np.array([0.0, 1.0]), np.array([0.0, 2.0])), np.array([[0.0, 2.0], [10.0, 12.0]])

    def entry(a, b):
        return pybamm.Interpolant(x, y, (a, b))

    a, b = pybamm.InputParameter("a"), pybamm.InputParameter("b")
    held = held_entry(entry, "key", ("a", "b"))(a, b)
    assert at(held, a=0.5, b=1.0) == pytest.approx(6.0)
    assert at(held, a=7.0, b=-3.0) == pytest.approx(10.0)


def test_a_number_is_left_alone():
    assert held_entry(3.5, "key", ("stoichiometry",)) == 3.5


# ------------------------------------------------------------ how far it was left


class Built:
    """The least of a built model: one equation of two states and one input."""

    def __init__(self, expression):
        self.concatenated_rhs, self.concatenated_algebraic = expression, pybamm.Scalar(0)
        self.len_rhs_and_alg = 2

    def get_processed_variable(self, name):
        raise KeyError(name)


def test_the_watch_tells_the_worst_of_all_points_on_either_side():
    y = pybamm.StateVector(slice(0, 2))
    T = pybamm.InputParameter("T")
    law = table([0.2, 0.8], [1.0, 2.0], y, "host", "stoichiometry") * table(X, Y, T, "cell", "T")
    watch = TableWatch(Built(law), [], ["T"])
    states = np.array([[0.5, 0.1, 0.7], [0.3, 0.6, 0.8]])
    found = watch(np.zeros(3), states, {"T": 330.0})
    assert set(found) == {"host over stoichiometry", "cell over T"}
    assert (found["host over stoichiometry"].value, found["cell over T"].value) == (0.1, 330.0)
    assert found["cell over T"].distance == pytest.approx(10 / 40)
    assert watch(np.zeros(1), states[:, :1], {"T": 300.0}) == {}


def test_a_hair_beyond_the_end_is_the_end():
    kept: dict[str, Beyond] = {}
    keep_worst(kept, Beyond("k", "T", 320.0 + 1e-9, 280.0, 320.0))
    assert kept == {}
    for value in (321.0, 325.0, 322.0):
        keep_worst(kept, Beyond("k", "T", value, 280.0, 320.0))
    assert kept["k over T"].value == 325.0


# ------------------------------------------------------------ a run


@pytest.fixture(scope="module")
def run():
    overrides = {"cathode.material.open_circuit_potential": HOST, "window.upper": "3.6 V"}
    overrides |= {"window.lower": "2.8 V", "cathode.initial_stoichiometry": 0.55}
    return twin.simulate(
        "na-nzsp-nvp", cycles=2, model="spm", modes=[], overrides=overrides, store="sqlite://",
        protocol="plate-strip",
    )  # fmt: skip


def test_a_run_that_leaves_a_table_says_so_in_outcome_row_and_event(run):
    key = "cathode.material.open_circuit_potential"
    (left,) = run.outcome.outside_tables
    assert (left["key"], left["over"], left["low"], left["high"]) == (
        key,
        "stoichiometry",
        0.3,
        0.6,
    )
    filled = [row["Cathode stoichiometry"] for row in run.rows]
    assert left["value"] < 0.3 or left["value"] > max(0.6, *filled) - 1e-3
    assert key in run.outcome.says and "end values were held" in run.outcome.says
    assert run.rows[0][leaving.COLUMN][0]["key"] == key
    events = [e for e in run.store.events(run.id) if e["criterion"].startswith("outside its")]
    assert [(e["severity"], e["variable"]) for e in events] == [("warning", "stoichiometry")]
    assert events[0]["threshold"] in (0.3, 0.6)


def test_the_outcome_of_a_resumed_run_still_says_it(run):
    more = twin.resume(run.id, cycles=3, store=run.store)
    assert more.outcome.outside_tables[0]["low"] == 0.3
    assert Outcome.from_dict(more.outcome.to_dict()) == more.outcome


def test_a_run_inside_its_tables_says_nothing(make_cell):
    cell = make_cell("na-nzsp-na", {"electrolyte.material.conductivity": SIGMA})
    run = twin.simulate(cell, cycles=1, store="sqlite://")
    assert run.outcome.outside_tables == [] and "outside" not in run.outcome.says
    assert leaving.COLUMN not in run.rows[0]
    series = run.series["Electrolyte resistance [Ohm.m2]"]
    # 1 mS/cm at 300 K, 0.5 at 280: linear at 298.15 K.
    sigma = 0.1 - 1.85 / 20 * 0.05
    assert series.values == pytest.approx(cell.electrolyte.thickness.si / sigma, rel=1e-9)


def test_a_cell_that_warms_out_of_its_table_keeps_its_end_value(make_cell):
    table_ends_here = SIGMA | {"x": [280.0, 298.15], "y": [0.5, 1.0]}
    cell = make_cell(
        "na-nzsp-na",
        {
            "electrolyte.material.conductivity": table_ends_here,
            "thermal.model": "lumped",
            "thermal.heat_capacity": "100 J/(m^2*K)",
            "thermal.heat_transfer": "1 W/(m^2*K)",
        },
    )
    run = twin.simulate(cell, cycles=1, store="sqlite://", modes=[])
    series = run.series
    assert float(series["Volume-averaged cell temperature [K]"].max()) > 298.2
    resistance = series["Electrolyte resistance [Ohm.m2]"].values
    assert resistance == pytest.approx(cell.electrolyte.thickness.si / 0.1, rel=1e-9)
    (left,) = run.outcome.outside_tables
    assert (left["over"], left["high"]) == ("temperature", 298.15)
    assert left["value"] == pytest.approx(
        float(series["Volume-averaged cell temperature [K]"].max()), rel=1e-9
    )


@pytest.mark.parametrize("model", ["spm", pytest.param("dfn", marks=pytest.mark.slow)])
def test_the_library_cell_that_leaves_pybamms_tables_says_so(model):
    # At the end of its own discharge the anode's surface is emptier than the kinetics know.
    run = twin.simulate("na-ion-chayambuka2022", cycles=1, model=model, store="sqlite://")
    left = {item["key"]: item for item in run.outcome.outside_tables}
    kinetics = left["interfaces.anode.exchange_current"]
    assert kinetics["over"] == "surface concentration"
    assert 0 < kinetics["value"] < kinetics["low"] == 121.359223
    # PyBaMM's own line there gives 2.59592 mAh; the held end value differs by 1e-5 of it.
    assert run.rows[0]["discharge_Ah"] == pytest.approx(2.5959e-3, rel=5e-5)


def test_of_two_benches_the_farther_one_is_told():
    near, far = (Beyond("k", "T", value, 280.0, 320.0) for value in (270.0, 250.0))
    for both in ((near, far), (far, near)):
        (told,) = left_tables(*({"k over T": left} for left in both))
        assert "went to 250" in told


def test_experiments_say_which_tables_they_left():
    inside = {"cathode.material.open_circuit_potential": HOST, "window.upper": "3.6 V"}
    inside |= {"window.lower": "2.8 V"}
    outside = inside | {"cathode.initial_stoichiometry": 0.25}
    how = {"modes": [], "model": "spm", "low": "1 kHz", "per_decade": 2}
    spectrum = twin.eis("na-nzsp-nvp", overrides=outside, **how)
    titration = twin.gitt("na-nzsp-nvp", overrides=inside, modes=[], points=1, model="spm")
    for notes in (spectrum.notes, titration.notes):
        assert any("from 0.3 to 0.6 over stoichiometry" in note for note in notes)
    within = inside | {"cathode.initial_stoichiometry": 0.5}
    assert twin.eis("na-nzsp-nvp", overrides=within, **how).notes == []
