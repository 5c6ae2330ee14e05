"""A tiny case run: calibration hits its target, a miss is a miss, predictions stand alone."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from twin.engine.outcome import Outcome
from twin.errors import InputError, SpecError
from twin.validation.bench import CaseBench, RunData
from twin.validation.calibration import Calibrator
from twin.validation.loader import load_case
from twin.validation.observables import Eye
from twin.validation.readings import read
from twin.validation.runner import run_case, validate
from twin.validation.schema import Observable

FIT = """
[[calibrate]]
key     = "interfaces.anode.resistance.reference"
on      = "film"
target  = 20.0
between = ["1 ohm*cm^2", "100 ohm*cm^2"]
"""


def test_what_the_cell_says_is_what_is_seen(write):
    (line,) = run_case(load_case(write()))
    assert line.simulated == pytest.approx(6.3, rel=1e-6)
    assert (line.status, line.role, line.unit, line.calibrated) == (
        "within",
        "compared",
        "ohm*cm^2",
        [],
    )
    assert line.ratio == pytest.approx(1.0, rel=1e-6)


def test_a_miss_is_reported_as_missed_with_its_reason(write, case, row):
    text = case + row.replace("6.3", "9.0") + 'why = "it is another film"\n'
    (line,) = run_case(load_case(write(text)))
    assert line.status == "missed" and line.why == "it is another film"
    assert line.simulated == pytest.approx(6.3, rel=1e-6)
    assert line.ratio == pytest.approx(6.3 / 9, rel=1e-6)


def test_the_reason_for_a_miss_is_not_told_of_a_hit(write, case, row):
    (line,) = run_case(load_case(write(case + row + 'why = "stale"\n')))
    assert line.status == "within" and line.why == ""


def test_a_calibration_hits_its_target_and_is_told(write, case, row):
    (line,) = run_case(load_case(write(case + FIT + row.replace("6.3", "20.0"))))
    assert line.simulated == pytest.approx(20.0, rel=2e-3)
    assert line.role == "calibrated" and line.status == "within"
    (told,) = line.calibrated
    key, _, value = told.partition(" = ")
    assert key == "interfaces.anode.resistance.reference"
    assert float(value.split()[0]) == pytest.approx(20e-4, rel=2e-3)


def test_a_target_out_of_reach_is_missed_with_what_was_reached(write, case, row):
    fit = FIT.replace("100 ohm", "10 ohm")
    (line,) = run_case(load_case(write(case + fit + row)))
    # The cell's own numbers stand, and nothing is said to be calibrated.
    assert line.status == "missed" and line.simulated is not None and line.calibrated == []
    assert "never 20" in line.why and "own numbers stand" in line.why


TWO = """
[run.other]
like = "minute"

[see.other]
take     = "value"
run      = "other"
variable = "Anode series resistance [Ohm.m2]"
unit     = "ohm*cm^2"
"""


def test_two_calibrations_that_do_not_meet_go_one_after_the_other(write, case, row):
    both = FIT + 'runs = ["minute"]\n' + FIT.replace("film", "other").replace("20.0", "40.0")
    text = case.replace('take     = "value"', 'take     = "value"\nrun      = "minute"')
    text += TWO + both + 'runs = ["other"]\n' + row.replace("6.3", "20.0")
    text += row.replace('"film"', '"other"').replace("6.3", "40.0")
    loaded = load_case(write(text))
    assert Calibrator(Eye(CaseBench(loaded)))._one_by_one()
    first, second = run_case(loaded)
    assert first.simulated == pytest.approx(20.0, rel=2e-3)
    assert second.simulated == pytest.approx(40.0, rel=2e-3)
    # The second parameter in the first one's run, too: both at once.
    assert not Calibrator(
        Eye(CaseBench(load_case(write(text.replace('["other"]', "[]")))))
    )._one_by_one()


def test_a_target_that_is_jumped_over_is_missed(write, case, row):
    text = case + '[see.lives]\ntake = "alive"\n'
    # At 1 Mohm cm2 the minute's current leaves the window of a volt.
    text += FIT.replace("film", "lives").replace("20.0", "0.5").replace("100 ohm", "1e6 ohm")
    (line,) = run_case(load_case(write(text + row.replace("6.3", "9.0"))))
    assert line.status == "missed" and line.calibrated == []
    assert "jumps from 0 to 1" in line.why and "over 0.5" in line.why


def test_nothing_is_left_of_a_cell_that_died_in_its_first_cycle():
    seen = Observable(take="retention", cycle=20)
    dead = RunData(None, Outcome("cell-failed", cycle=1), rows=[{"cycle": 1, "complete": False}])
    assert read(seen, dead) == 0.0
    assert read(Observable(take="capacity", cycle=1), dead) == 0.0
    dead.outcome = Outcome("solver-gave-up", cycle=1)
    with pytest.raises(InputError, match="gave up"):
        read(seen, dead)


def test_a_prediction_holds_its_spread_and_nothing_measured(write, case):
    key = "interfaces.anode.resistance.reference"
    text = f"""
[[row]]
see     = "film"
says    = "kept back"
predict = true
spread  = {{ "{key}" = ["5 ohm*cm^2", "11 ohm*cm^2"] }}
"""
    (line,) = run_case(load_case(write(case + text)))
    assert line.status == "predicted" and line.measured is None and line.tolerance is None
    assert (line.low, line.high) == pytest.approx((5.0, 11.0), rel=1e-6)
    data = line.to_dict()
    assert data["predicted"] == pytest.approx(6.3, rel=1e-6)
    assert data["class"] == "C" and data["calibrated"] == []


def test_a_mode_that_is_not_there_is_a_miss_that_says_so(write, case, row):
    text = case.replace("cycles = 1\n", 'cycles = 1\nmodes = ["rust"]\n', 1) + row
    (line,) = run_case(load_case(write(text)))
    assert line.status == "missed" and "rust" in line.why


@pytest.mark.parametrize(
    ("old", "new", "key", "fix"),
    [
        ("Anode series", "Anode serial", "see.film.variable", "Anode series resistance [Ohm.m2]"),
        ('"ohm*cm^2"', '"ohm"', "see.film.unit", "unit"),
    ],
)
def test_a_wrong_variable_or_unit_is_told_before_any_run(
    write, case, row, monkeypatch, old, new, key, fix
):
    def solve(*args):
        raise AssertionError("nothing is to be run")

    monkeypatch.setattr(CaseBench, "solve", solve)
    wrong, right = write(case.replace(old, new) + row), write(name="another")
    for run in (lambda: run_case(wrong), lambda: validate([right, wrong])):
        with pytest.raises(SpecError) as error:
            run()
        (problem,) = error.value.problems
        assert (problem.file, problem.key) == (str(wrong), key) and fix in problem.fix


# What stays an input must give what a new build gives.
@pytest.mark.parametrize(
    ("key", "value", "builds"),
    [
        ("interfaces.anode.resistance.reference", "30 ohm*cm^2", 1),
        ("stack.pressure", "40 MPa", 1),
        ("modes.pressure.contact.hardness", "5 MPa", 1),
        # A threshold is fixed in the model's events; thickness in several parameters.
        ("modes.pressure.contact_limit", "0.2", 2),
        ("electrolyte.thickness", "1 mm", 2),
        ("protocol.j", "0.2 mA/cm^2", 1),
    ],
)
def test_a_cell_is_built_again_only_where_it_must(write, case, row, key, value, builds):
    text = case.replace("cycles = 1\n", 'cycles = 1\nmodes = ["pressure"]\n', 1)
    unit = {"protocol.j": "mA/cm^2"}.get(key, "")
    values = f'vary = {{ key = "{key}", values = ["{value}", "{value}"], unit = "{unit}" }}\n'
    text = text.replace("parameters =", values + "parameters =") + row
    loaded = load_case(write(text))
    kept, fresh = CaseBench(loaded), CaseBench(loaded)
    names = ("Voltage [V]", "Anode touching fraction", "Anode series resistance [Ohm.m2]")
    kept.solve("minute", {})
    again = kept.solve("minute", {key: value})
    assert kept.built == builds
    new = fresh.solve("minute", {key: value})
    for name in names:
        assert again.rows[0][name] == pytest.approx(new.rows[0][name], rel=1e-6)
    changed = [again.rows[0][n] != kept.solve("minute", {}).rows[0][n] for n in names]
    assert any(changed) or key.endswith("contact_limit")


def test_an_edge_is_found_by_bisection(write, case):
    vary = (
        'vary = { key = "interfaces.anode.resistance.reference", '
        'between = ["1 ohm*cm^2", "1e5 ohm*cm^2"], unit = "ohm*cm^2" }\n'
    )
    text = case.replace("parameters =", vary + "parameters =")
    text += '[see.edge]\ntake = "alive"\nover = "edge"\n'
    text += '[[row]]\nsee = "edge"\nsays = "edge"\nmeasured = 4988.0\ntolerance = "+-2 %"\n'
    # The window: j (R_s + 2 R_f + 4 RT/(2 F j_0)) = 1 V at j = 1 A/m2 is 4988 ohm cm2.
    loaded = load_case(write(text))
    assert Eye(CaseBench(loaded)).see("edge", {}) == pytest.approx(4988.7, rel=0.02)
    (line,) = run_case(loaded)
    assert (line.status, line.unit) == ("within", "ohm*cm^2")


def test_lines_are_plain_data(write):
    (line,) = run_case(load_case(write()))
    data = json.loads(json.dumps(line.to_dict()))
    assert {
        "case", "cell", "measured", "simulated", "unit", "tolerance", "status", "calibrated",
        "source", "class", "why", "low", "high", "wall_s",
    } <= set(data)  # fmt: skip


def test_a_logarithmic_search_may_begin_at_zero(write, case, row):
    fit = FIT.replace('"1 ohm*cm^2"', '"0 ohm*cm^2"')
    (line,) = run_case(load_case(write(case + fit + row.replace("6.3", "20.0"))))
    assert line.status == "within"
    assert float(line.calibrated[0].split()[2]) == pytest.approx(20e-4, rel=2e-3)


def test_a_negative_bound_has_no_logarithm(write, case, row):
    fit = FIT.replace('"1 ohm*cm^2"', '"-1 ohm*cm^2"')
    (line,) = run_case(load_case(write(case + fit + row)))
    assert line.calibrated == []


def test_a_parameter_at_its_bound_is_not_calibrated(write, case, row):
    fit = FIT.replace("100 ohm", "20.001 ohm")
    (line,) = run_case(load_case(write(case + fit + row.replace("6.3", "20.0"))))
    assert line.status == "missed" and line.calibrated == []
    assert "upper bound" in line.why


def test_a_parameter_without_leverage_says_so(write, case, row):
    fit = FIT.replace("interfaces.anode.resistance.reference", "stack.pressure").replace(
        '["1 ohm*cm^2", "100 ohm*cm^2"]', '["1 MPa", "9 MPa"]'
    )
    (line,) = run_case(load_case(write(case + fit + row.replace("6.3", "9.0"))))
    assert "stack.pressure has no leverage" in line.why and line.calibrated == []


def test_one_calibration_that_fails_does_not_void_the_other(write, case, row):
    second = FIT.replace('"film"', '"again"') + 'runs = ["other"]\n'
    first = FIT.replace("100 ohm", "10 ohm") + 'runs = ["minute"]\n'
    see = TWO.replace("[see.other]", "[see.again]")
    seen = case.replace("[see.film]", '[see.film]\nrun = "minute"')
    rows = row + row.replace('"film"', '"again"').replace("6.3", "20.0")
    bad, good = run_case(load_case(write(seen + see + first + second + rows)))
    assert good.status == "within" and good.role == "calibrated"
    assert bad.status == "missed" and "never 20" in bad.why
    assert bad.role == "uncalibrated"  # nothing was set on it
    assert len(good.calibrated) == 1 and good.why == ""


def test_a_measured_number_may_have_a_spread_beside_it(write, case, row):
    key = "interfaces.anode.resistance.reference"
    spread = f'spread = {{ "{key}" = ["5 ohm*cm^2", "9 ohm*cm^2"] }}\n'
    (line,) = run_case(load_case(write(case + row + spread)))
    assert line.status == "within" and line.low < 6.3 < line.high


@pytest.mark.parametrize(("key", "state"), [("", False), ("why_tested = true\n", True)])
def test_a_reason_is_tested_or_says_that_it_is_not(write, case, row, key, state):
    text = case + row.replace("6.3", "9.0") + 'why = "another film"\n' + key
    (line,) = run_case(load_case(write(text)))
    assert line.tested is state
    (hit,) = run_case(load_case(write(case + row + 'why = "another film"\n' + key)))
    assert hit.tested is None


@pytest.mark.parametrize(
    ("tolerance", "two_sided"), [("+-1 %", True), ("x/ 1.5", True), (">= 1", False)]
)
def test_numbers_with_two_sides_are_told_from_bounds(write, case, row, tolerance, two_sided):
    (line,) = run_case(load_case(write(case + row.replace("+-1 %", tolerance))))
    assert line.two_sided is two_sided


def test_an_end_of_a_spread_without_a_calibration_cuts_it_short():
    from twin.errors import InputError
    from twin.validation.runner import _spread

    class Calibrator:
        def fit(self, aims, more=None):
            if aims[0] > 1.5:
                raise InputError("ends at its bound", key="calibrate.0")
            return [aims[0]]

        def changes(self, values, more=None):
            return {"run": values[0]}

    eye = SimpleNamespace(
        case=SimpleNamespace(calibrate=[SimpleNamespace(target=1.0)]),
        see=lambda name, changes: changes["run"],
    )
    row = SimpleNamespace(see="x", spread={"calibrate.0": (0.5, 2.0)})
    low, high, cut = _spread(row, eye, Calibrator(), [1.0], 1.0)
    assert (low, high) == (0.5, 1.0)
    assert len(cut) == 1 and "calibrate.0 = 2.0: " in cut[0] and "ends at its bound" in cut[0]
