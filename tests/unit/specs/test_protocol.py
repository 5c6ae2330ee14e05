"""Protocols: placeholders, phases, conditions, and what PyBaMM would not read."""

from __future__ import annotations

import json
import re

import pytest

from twin import load_cell
from twin.errors import NotFoundError, SpecError
from twin.specs.protocol import Protocol, load_protocol
from twin.specs.protocol_text import in_amperes

CYCLE = """
schema = 1
title = "Formation, then cycling"
[parameters]
current_density = "0.5 mA/cm^2"
rate = "C/5"
pause = "0.5 h"
count = 3
[[phase]]
name = "formation"
cycles = 2
temperature = "60 degC"
pressure = "10 MPa"
steps = [
  "Charge at {rate} until {upper}",
  { do = "Rest for {pause}", temperature = "25 degC", period = "10 s" },
  { do = "Discharge at {rate} until {lower}", pressure = "1 MPa" },
]
[[phase]]
name = "cycling"
steps = ["Charge at {current_density} until {upper}", "Rest for {count} minutes"]
"""


@pytest.fixture
def load(tree):
    tree.write("protocols/cycle.toml", CYCLE)

    def load(source="cycle", **overrides):
        return load_protocol(source, library=tree.library, overrides=overrides)

    return load


def problems_of(tree, action):
    with pytest.raises(SpecError) as raised:
        action()
    return [
        ((p.file or "").replace(f"{tree.root}/", ""), p.key, p.message, p.fix)
        for p in raised.value.problems
    ]


def test_placeholders_become_what_pybamm_reads(tree, load):
    resolved = load().resolve(tree.load())
    formation, cycling = resolved.phases
    assert [step.text for step in formation.steps] == [
        "Charge at C/5 until 3.8 V",
        "Rest for 1800 seconds",
        "Discharge at C/5 until 2.5 V",
    ]
    # 0.5 mA/cm^2 = 5 A/m^2, through 0.5 cm^2
    assert [step.text for step in cycling.steps] == [
        "Charge at 0.00025 A until 3.8 V",
        "Rest for 3 minutes",
    ]


def test_a_current_is_the_density_through_the_cells_own_area(tree, load):
    spec = tree.load(overrides={"geometry.area": "0.4712389 cm^2"})
    step = load().resolve(spec).phases[1].steps[0]
    assert step.text == "Charge at 0.00023561945 A until 3.8 V"


def test_a_step_goes_before_its_phase(tree, load):
    charge, rest, discharge = load().resolve(tree.load()).phases[0].steps
    assert [s.temperature.si for s in (charge, rest, discharge)] == pytest.approx(
        [333.15, 298.15, 333.15]
    )
    assert [s.pressure.si for s in (charge, rest, discharge)] == [10e6, 10e6, 1e6]
    assert rest.period.si == 10 and charge.period is None
    last = load().resolve(tree.load()).phases[1].steps[0]
    assert last.temperature is None and last.pressure is None


def test_only_a_protocol_whose_last_phase_ends_has_so_many_cycles(tree, load):
    protocol = load()
    assert protocol.total_cycles is None and protocol.resolve(tree.load()).total_cycles is None
    tree.write("protocols/two.toml", CYCLE.replace('name = "cycling"', 'name = "c"\ncycles = 3'))
    protocol = load("two")
    assert protocol.total_cycles == protocol.resolve(tree.load()).total_cycles == 5


def test_parameters_can_be_overridden(tree, load):
    def text(**overrides):
        return load(**overrides).resolve(tree.load()).phases[1].steps[0].text

    assert text(current_density="1 mA/cm^2") == "Charge at 0.0005 A until 3.8 V"
    assert text(current_density="10 A/m^2") == "Charge at 0.0005 A until 3.8 V"
    assert text(current_density="C/10") == "Charge at C/10 until 3.8 V"


@pytest.mark.parametrize(
    ("overrides", "message", "fix"),
    [
        ({"curent_density": "1 mA/cm^2"}, "has no parameter 'curent_density'", "current_density"),
        ({"current_density": "5 V"}, "expected a current density like '0.5 mA/cm^2'", "unit"),
        ({"current_density": "5"}, "5 has no unit; expected a current density", "unit"),
        ({"pause": "1 mA/cm^2"}, "expected a time like '0.5 h'", "unit"),
    ],
)
def test_an_override_that_does_not_fit(tree, load, overrides, message, fix):
    ((file, key, says, how),) = problems_of(tree, lambda: load(**overrides))
    assert (file, key) == ("override", next(iter(overrides)))
    assert message in says and fix in how


@pytest.mark.parametrize(
    ("step", "message", "fix"),
    [
        ("Charge at {curent_density} until {upper}", "there is no {curent_density}", "mean 'cur"),
        ("Charge at {spec.window} until {upper}", "there is no {spec.window}", "parameters"),
        ("Charge at {rate until {upper}", "a brace has no partner", "{upper}"),
        ("Charge at rate} until {upper}", "a brace has no partner", "{upper}"),
        ("Charge at {} until {upper}", "there is no {}", "[parameters]"),
        ("Charg at C/5 until {upper}", "PyBaMM cannot read 'Charg at", "did you mean 'Charge'?"),
        ("Charge at C/5", "must contain keyword 'for' or 'until'", "write it like"),
        ("Charge at 5 until {upper}", "PyBaMM cannot read", "write it like"),
        ("Charge at C/0 until {upper}", "it is not a step", "write it like"),
        ("Charge at 1e999 A until {upper}", "not finite", "write it like"),
        ("Rest for -1 hours", "it takes no time", "write it like"),
        ("", "PyBaMM cannot read ''", "write it like"),
    ],
)
def test_a_step_that_cannot_be_read(tree, load, step, message, fix):
    tree.edit("protocols/cycle.toml", '"Charge at {rate} until {upper}"', f'"{step}"')
    protocol = load()
    ((file, key, says, how),) = problems_of(tree, lambda: protocol.resolve(tree.load()))
    assert (file, key) == ("protocols/cycle.toml", "phase[0].steps[0]")
    assert message in says and fix in how


def test_all_bad_steps_are_named_at_once(tree, load):
    tree.edit("protocols/cycle.toml", '"Charge at {rate} until {upper}"', '"Charge at {x}"')
    tree.edit("protocols/cycle.toml", "{count} minutes", "{count} minuts")
    protocol = load()
    found = problems_of(tree, lambda: protocol.resolve(tree.load()))
    assert [(file, key) for file, key, *_ in found] == [
        ("protocols/cycle.toml", "phase[0].steps[0]"),
        ("protocols/cycle.toml", "phase[1].steps[1]"),
    ]
    stored = Protocol.from_data(protocol.to_data())
    found = problems_of(tree, lambda: stored.resolve(tree.load()))
    assert {file for file, *_ in found} == {"stored protocol cycle"}


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ('"Charge at {rate} until {upper}"', '{ temperature = "1 K" }', "phase[0].steps[0].do", ""),
        ('"Charge at {rate} until {upper}"', "3", "phase[0].steps[0]", "expected a table"),
        ('pressure = "1 MPa" }', 'presure = "1 MPa" }', "phase[0].steps[2].presure", "unknown"),
        ('period = "10 s"', 'period = "10 m"', "phase[0].steps[1].period", "is a length"),
        ("cycles = 2", "cycles = 0", "phase[0].cycles", "at least 1"),
        ("cycles = 2", "cycles = true", "phase[0].cycles", "expected a whole number"),
        ("cycles = 2\n", "", "phase", "says no number of cycles"),
        ("count = 3", "count = nan", "parameters.count", "cannot stand in a step"),
        ("count = 3", "count = true", "parameters.count", "expected text or a number"),
        ("count = 3", 'count = "{upper}"', "parameters.count", "cannot stand in a step"),
        ("count = 3", 'upper = "4 V"', "parameters.upper", "is the cell's own"),
        ("count = 3", '"a-b" = "4 V"', "parameters.a-b", "is not a name"),
        ("schema = 1", "schema = 9", "schema", "is not one this twin reads"),
        ("schema = 1", 'schema = 1\nkinds = ["ful"]', "kinds[0]", "none of full, symmetric"),
        ("schema = 1", "schema = 1\nrate = 3", "rate", "unknown key"),
    ],
)
def test_a_protocol_file_with_a_mistake(tree, load, old, new, key, message):
    tree.edit("protocols/cycle.toml", old, new)
    ((file, at, says, how),) = problems_of(tree, load)
    assert (file, at) == ("protocols/cycle.toml", key)
    assert message in says and how


def test_a_protocol_without_phases(tree, load):
    tree.write("protocols/none.toml", 'schema = 1\ntitle = "None"\nphase = []')
    ((_, key, _, _),) = problems_of(tree, lambda: load("none"))
    assert key == "phase"


def test_a_protocol_is_for_kinds_of_cells(tree, load):
    tree.edit("protocols/cycle.toml", "schema = 1", 'schema = 1\nkinds = ["symmetric"]')
    protocol = load()
    found = problems_of(tree, lambda: protocol.resolve(tree.load()))
    assert found[0][1] == "kinds" and "'full' is full" in found[0][2]
    assert protocol.resolve(tree.load("symmetric")).phases


def test_no_such_protocol(load):
    with pytest.raises(NotFoundError) as raised:
        load("cylce")
    assert raised.value.problem.fix == "did you mean 'cycle'?"


def test_a_protocol_survives_the_way_through_json(tree, load):
    protocol = load()
    again = Protocol.from_data(json.loads(json.dumps(protocol.to_data(), allow_nan=False)))
    assert again == protocol
    assert again.resolve(tree.load()) == protocol.resolve(tree.load())
    with pytest.raises(SpecError):
        Protocol.from_data({"schema": 1, "name": "x", "title": "x", "phase": [{}]})


def test_a_stored_protocol_takes_new_parameters(load):
    new = {"current_density": "1 mA/cm^2"}
    stored = Protocol.from_data(load().to_data())
    assert stored.with_parameters(new) == load(**new)
    assert stored.with_parameters({}) == stored
    with pytest.raises(SpecError, match="has no parameter 'x'"):
        stored.with_parameters({"x": 1})


def test_a_month_is_written_so_that_pybamm_can_read_it():
    from twin.specs.protocol_text import render

    assert render("30 days", 1.0) == "2592000 seconds"
    assert render("1e-9 A/m^2", 1.0) == "0.000000001 A"


# ------------------------------------------------------------ units, and rests of no length


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Charge at 250 uA until 3.9 V", "Charge at 0.00025 A until 3.9 V"),
        ("Hold at 3.9 V until 10 uA", "Hold at 3.9 V until 0.00001 A"),
        (
            "Hold at 3900000 uV for 1 hour or until 5 nA",
            "Hold at 3.9 V for 1 hour or until 0.000000005 A",
        ),
        ("Discharge at 0.2 mA/cm^2 until 2.5 V", "Discharge at 0.0002 A until 2.5 V"),
        ("Hold at 3.9 V until 50 uA/cm^2", "Hold at 3.9 V until 0.00005 A"),
        ("Discharge at 2 A/m^2 for 10 minutes", "Discharge at 0.0002 A for 10 minutes"),
        (
            "Discharge at 30 uW for 1 hour or until 2.5 V",
            "Discharge at 0.00003 W for 1 hour or until 2.5 V",
        ),
        # What PyBaMM reads by itself stays as it was written.
        ("Charge at 0.5 mA until 3.9 V", "Charge at 0.5 mA until 3.9 V"),
        ("Charge at 0.2C until 4.1V", "Charge at 0.2C until 4.1V"),
        ("Discharge at C/20 until 2.5 V", "Discharge at C/20 until 2.5 V"),
        ("Discharge at 1 Ohm for 1 hour", "Discharge at 1 Ohm for 1 hour"),
    ],
)
def test_currents_are_read_in_any_unit(written, read):
    import pybamm

    text = in_amperes(written, 1e-4)
    assert text == read
    pybamm.step.string(text)


def test_a_small_current_as_a_parameter_and_a_current_density_in_a_step():
    cell = load_cell("na-nzsp-nvp")
    rules = written(
        ["Charge at {i} until {upper}", "Discharge at 0.2 mA/cm^2 until {lower}"], i="250 uA"
    )
    texts = [step.text for step in rules.resolve(cell).phases[0].steps]
    amps = 2 * cell.geometry.area.si
    assert texts == ["Charge at 0.00025 A until 3.9 V", f"Discharge at {amps:.12g} A until 2.5 V"]


def written(steps, **parameters):
    phase = {"name": "cycle", "steps": steps}
    data = {"schema": 1, "name": "p", "title": "p", "parameters": parameters, "phase": [phase]}
    return Protocol.from_data(data)


@pytest.mark.parametrize("rest", ["0 s", "0 minutes", "0.0 hours"])
def test_a_rest_of_no_length_is_left_out(rest):
    rules = written(["Rest for {rest}", "Charge at 1 mA for 1 hour", "Rest for {rest}"], rest=rest)
    texts = [step.text for step in rules.resolve(load_cell("na-nzsp-nvp")).phases[0].steps]
    assert texts == ["Charge at 1 mA for 1 hour"]


def test_a_phase_of_nothing_but_rests_of_no_length_is_refused():
    with pytest.raises(SpecError, match="nothing but rests of no length"):
        written(["Rest for 0 s"]).resolve(load_cell("na-nzsp-nvp"))


@pytest.mark.parametrize("step", ["Charge at 1 mA for 0 s", "Charge at 3 furlongs for 1 hour"])
def test_a_charge_of_no_length_or_of_another_kind_is_still_refused(step):
    with pytest.raises(SpecError):
        written([step]).resolve(load_cell("na-nzsp-nvp"))


@pytest.mark.parametrize(
    ("step", "says", "fix"),
    [
        ("Discharge at C/5 until 1.0 V", "1 V lies below the window", "{lower}"),
        ("Charge at C/5 until 4.5 V", "4.5 V lies above the window", "{upper}"),
        ("Hold at 4.5 V for 1 hour", "4.5 V lies above the window", "{upper}"),
        ("Charge at -0.2C for 1 hour", "a charge at a negative rate is a discharge", "minus"),
        ("Discharge at -1 mA for 1 hour", "a discharge at a negative rate is a charge", "minus"),
        ("Discharge at -1 W for 1 hour", "a discharge at a negative rate is a charge", "minus"),
    ],
)
def test_what_the_cells_window_does_not_allow_is_refused_as_it_is_read(tree, load, step, says, fix):
    tree.write("protocols/cycle.toml", CYCLE.replace("Charge at {rate} until {upper}", step))
    ((file, key, message, advice),) = problems_of(tree, lambda: load().resolve(tree.load()))
    assert (file, key) == ("protocols/cycle.toml", "phase[0].steps[0]")
    assert says in message and fix in advice


def test_the_windows_own_limits_and_what_lies_between_are_allowed(tree, load):
    for step in (
        "Hold at {upper} until C/50",
        "Discharge at C/5 until 2.5 V",
        "Hold at 3 V for 1 h",
    ):
        tree.write("protocols/cycle.toml", CYCLE.replace("Charge at {rate} until {upper}", step))
        load().resolve(tree.load())


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"do": "Rest for 100000 hours", "period": "1 ms"}, "points"),
        ({"do": "Charge at C/5 until {upper}", "period": "1 us"}, "points"),
        ("Rest for 99999999 hours", "it takes 1e+08 h"),
    ],
)
def test_what_cannot_be_held_or_computed_is_refused_as_it_is_read(step, says):
    data = {"schema": 1, "name": "p", "title": "p", "phase": [{"name": "a", "steps": [step]}]}
    with pytest.raises(SpecError, match=re.escape(says)) as caught:
        Protocol.from_data(data).resolve(load_cell("na-nzsp-nvp"))
    assert caught.value.problems[0].fix


@pytest.mark.parametrize(
    ("cell", "key", "value"),
    [
        ("na-nzsp-nvp", "cathode.tortuosity_exponent", "492"),
        ("na-nzsp-nvp", "cathode.electronic_tortuosity_exponent", "11"),
        ("na-gel-nvp", "electrolyte.material.transference_number", "1.4"),
    ],
)
def test_numbers_that_cannot_be_computed_with_are_refused(cell, key, value):
    with pytest.raises(SpecError, match="is above"):
        load_cell(cell, overrides={key: value})
