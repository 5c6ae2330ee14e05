"""Each way to get a spec wrong: the file, the key, what was expected, the fix."""

from __future__ import annotations

import pytest

from twin.errors import NotFoundError, SpecError
from twin.specs.loader import ModeEntry

CELL, NVP, NASICON = "cells/full.toml", "materials/nvp.toml", "materials/nasicon.toml"

# file edited, old text, new text | file blamed, key, part of the message, part of the fix
ONE_EDIT = {
    "bare number where a unit is needed": (
        (CELL, 'thickness = "50 um"', "thickness = 50"),
        (CELL, "anode.thickness", "50 has no unit; expected a quantity in m", '"50 um"'),
    ),
    "wrong dimension": (
        (CELL, 'thickness = "50 um"', 'thickness = "5 MPa"'),
        (CELL, "anode.thickness", "'5 MPa' is a pressure; expected a quantity in m", '"50 um"'),
    ),
    "text that is no quantity": (
        (CELL, 'thickness = "50 um"', 'thickness = "thick"'),
        (CELL, "anode.thickness", "'thick' is not a number with a unit", '"50 um"'),
    ),
    "unit that does not exist": (
        (CELL, 'thickness = "50 um"', 'thickness = "50 umm"'),
        (CELL, "anode.thickness", "'umm' is not a unit I know", '"50 um"'),
    ),
    "unit that would hang a parser": (
        (CELL, 'thickness = "50 um"', 'thickness = "1 m^9^9^9"'),
        (CELL, "anode.thickness", "is not a unit I know", '"50 um"'),
    ),
    "negative thickness": (
        (CELL, 'thickness = "0.5 mm"', 'thickness = "-0.5 mm"'),
        (CELL, "electrolyte.thickness", "-0.5 mm is not above 0 m", "give more than 0 m"),
    ),
    "true for a number": (
        (CELL, "active_fraction = 0.6", "active_fraction = true"),
        (CELL, "cathode.active_fraction", "got true/false", "0.5"),
    ),
    "nan": (
        (CELL, "active_fraction = 0.6", "active_fraction = nan"),
        (CELL, "cathode.active_fraction", "nan is not a number", "0.5"),
    ),
    "infinity": (
        (CELL, 'pressure = { value = "5 MPa"', 'pressure = { value = "inf MPa"'),
        (CELL, "stack.pressure", "inf MPa is not finite", '"5 MPa"'),
    ),
    "a number beyond all floats": (
        (CELL, "active_fraction = 0.6", "active_fraction = 1" + 400 * "0"),
        (CELL, "cathode.active_fraction", "the number is too large", "0.5"),
    ),
    "a date": (
        (CELL, 'thickness = "50 um"', "thickness = 2026-01-01"),
        (CELL, "anode.thickness", "got a date or time", '"50 um"'),
    ),
    "out of physical range": (
        (CELL, "initial_stoichiometry = 0.95", "initial_stoichiometry = 1.2"),
        (CELL, "cathode.initial_stoichiometry", "1.2 is above 1", "give at most 1"),
    ),
    "misspelt key": (
        (CELL, 'particle_radius = "1 um"', 'particle_radius = "1 um"\nparticle_radios = "1 um"'),
        (CELL, "cathode.particle_radios", "unknown key 'particle_radios'", "particle_radius?"),
    ),
    "misspelt table": (
        (CELL, "[stack]", '[thermall]\nambient = "30 degC"\n[stack]'),
        (CELL, "thermall", "unknown key 'thermall'", "did you mean thermal?"),
    ),
    "key at the wrong level": (
        (CELL, 'kind = "full"', 'kind = "full"\nstiffness = "1 Pa/m"'),
        (CELL, "stiffness", "unknown key 'stiffness'", "did you mean stack.stiffness?"),
    ),
    "missing key": (
        (CELL, 'upper = "3.8 V"', ""),
        (CELL, "window.upper", "is missing; expected a quantity in V", 'upper = "3.4 V"'),
    ),
    "missing table": (
        (CELL, '[geometry]\narea = "0.5 cm^2"', ""),
        (CELL, "geometry", "this table is missing", "add [geometry] with area"),
    ),
    "not one of the choices": (
        (CELL, 'status = "measured" }', 'status = "measured" }\nfixture = "constant-forc"'),
        (CELL, "stack.fixture", "none of constant-force, spring, rigid", "'constant-force'?"),
    ),
    "no such kind of cell": (
        (CELL, 'kind = "full"', 'kind = "half"'),
        (CELL, "kind", "'half' is none of full, symmetric", "use one of full, symmetric"),
    ),
    "number for text": (
        (CELL, 'title = "Na | NZSP | NVP"', "title = 3"),
        (CELL, "title", "expected text, got a number", "put it in quotes"),
    ),
    "text for a whole number": (
        (CELL, "[window]", '[end_of_life]\nreference_cycle = "2"\n[window]'),
        (CELL, "end_of_life.reference_cycle", "expected a whole number, got text", "whole number"),
    ),
    "text for a table": (
        (CELL, '[geometry]\narea = "0.5 cm^2"', 'geometry = "0.5 cm^2"'),
        # The table header is gone, so the key now stands at the top.
        (CELL, "geometry", "expected a table, got text", "write it as a table"),
    ),
    "unknown material": (
        (CELL, 'material = "nvp"', 'material = "npv"'),
        (CELL, "cathode.material", "there is no material 'npv'; known:", "did you mean 'nvp'?"),
    ),
    "material of the wrong kind": (
        (CELL, 'material = "nasicon"', 'material = "nvp"'),
        (CELL, "electrolyte.material", "'nvp' is of kind 'intercalation'", "electrolyte"),
    ),
    "unknown mode": (
        (CELL, "[window]", "[modes.rst]\nexponent = 1\n[window]"),
        (CELL, "modes.rst", "no installed plugin brings a failure mode 'rst'", "'rust'?"),
    ),
    "unknown key of a mode": (
        (CELL, "[window]", '[modes.rust.anode]\nrat = "1 nm/s"\n[window]'),
        (CELL, "modes.rust.anode.rat", "unknown key 'rat'", "did you mean rate?"),
    ),
    "unknown law": (
        (NASICON, 'law = "arrhenius"', 'law = "arhenius"'),
        (NASICON, "conductivity.law", "law 'arhenius' is none of", "did you mean 'arrhenius'?"),
    ),
    "law without its number": (
        (NASICON, 'reference = "5 mS/cm"', ""),
        (NASICON, "conductivity.reference", "is missing; expected a quantity in S/m", "mS/cm"),
    ),
    "misspelt remark": (
        (NVP, 'source = "paper B"', 'sorce = "paper B"'),
        (NVP, "diffusivity.sorce", "unknown key 'sorce' in a quantity", "'source'?"),
    ),
    "unknown status": (
        (NVP, 'status = "unverified"', 'status = "mesured"'),
        (NVP, "diffusivity.status", "status 'mesured' is none of", "'measured'?"),
    ),
    "material key out of range": (
        (NVP, 'maximum_concentration = "9000 mol/m^3"', 'maximum_concentration = "0 mol/m^3"'),
        (NVP, "maximum_concentration", "0 mol/m^3 is not above 0", "give more than 0"),
    ),
    "material lacks a key": (
        (NVP, 'conductivity = "1 S/m"', ""),
        (NVP, "conductivity", "is missing; expected a quantity in S/m", "1 mS/cm"),
    ),
    "window upside down": (
        (CELL, 'lower = "2.5 V"', 'lower = "4 V"'),
        (CELL, "window.lower", "4 V is not below the upper 3.8 V", "smaller"),
    ),
    "more than full": (
        (CELL, "active_fraction = 0.6", "active_fraction = 0.8"),
        (CELL, "cathode.active_fraction", "is 1.1", "lower one of them"),
    ),
    "lumped without coefficients": (
        (CELL, "[window]", '[thermal]\nmodel = "lumped"\nheat_capacity = "1 J/m^2/K"\n[window]'),
        (CELL, "thermal.heat_transfer", "needs heat_transfer", "W/(m^2*K)"),
    ),
    "binary without diffusivity": (
        (NASICON, 'transport = "single-ion"', 'transport = "binary"'),
        (NASICON, "diffusivity", 'transport = "binary" needs the diffusivity', "m^2/s"),
    ),
    "full cell without a cathode interface": (
        (
            CELL,
            "[interfaces.cathode]\n"
            'exchange_current = { value = "1 mA/cm^2", source = "paper C", status = "fitted" }',
            "",
        ),
        (CELL, "interfaces.cathode", "a full cell needs an [interfaces.cathode] table", "current"),
    ),
    "newer schema": (
        (CELL, "schema = 1", "schema = 2"),
        (CELL, "schema", "schema 2 is not one this twin reads", "set schema = 1"),
    ),
    "no schema": (
        (CELL, "schema = 1\n", ""),
        (CELL, "schema", "says no schema", "add schema = 1"),
    ),
    "a name of its own": (
        (CELL, "schema = 1", 'schema = 1\nname = "mine"'),
        (CELL, "name", "a file's name is the file name", "rename the file"),
    ),
    "extends nothing": (
        (CELL, "schema = 1", 'schema = 1\nextends = "symetric"'),
        (CELL, "extends", "there is no cell 'symetric' to extend", "did you mean 'symmetric'?"),
    ),
    "extends itself": (
        (CELL, "schema = 1", 'schema = 1\nextends = "full"'),
        (CELL, "extends", "extends goes round in a circle: full -> full", "break the circle"),
    ),
    "material extends itself": (
        (NVP, 'kind = "intercalation"', 'kind = "intercalation"\nextends = "nvp"'),
        (NVP, "extends", "extends goes round in a circle: nvp -> nvp", "break the circle"),
    ),
    "a table law that does not rise": (
        (
            NVP,
            '{ law = "plateau", plateau = "3.4 V", width = "5 mV", slope = "10 mV" }',
            '{ law = "table", x = [0.1, 0.1], y = [3.5, 3.3], unit = "V" }',
        ),
        (NVP, "open_circuit_potential.x", "x must rise", "sort the points"),
    ),
    "a table law with text in it": (
        (
            NVP,
            '{ law = "plateau", plateau = "3.4 V", width = "5 mV", slope = "10 mV" }',
            '{ law = "table", x = [0.1, "b"], y = [3.5, 3.3], unit = "V" }',
        ),
        (NVP, "open_circuit_potential.x[1]", "expected a number, got text", "number"),
    ),
    "a table law in the wrong unit": (
        (
            NVP,
            '{ law = "plateau", plateau = "3.4 V", width = "5 mV", slope = "10 mV" }',
            '{ law = "table", x = [0.1, 0.2], y = [3.5, 3.3], unit = "MPa" }',
        ),
        (NVP, "open_circuit_potential.unit", "expected a quantity in V", "unit of y"),
    ),
    "a spread of no kind": (
        (NVP, 'status = "unverified"', 'spread = "gauss 2"'),
        (NVP, "diffusivity.spread", "expected one of lognormal, normal", "normal SD"),
    ),
}


@pytest.mark.parametrize("case", ONE_EDIT)
def test_one_thing_wrong_is_one_problem_that_says_where_and_what_to_do(tree, case):
    (name, old, new), (file, key, message, fix) = ONE_EDIT[case]
    tree.edit(name, old, new)
    problem = tree.problem()
    assert problem.file == file
    assert problem.key == key
    assert message in problem.message
    assert fix in (problem.fix or "")
    assert "pydantic" not in str(problem) and "http" not in str(problem)


def test_everything_wrong_is_said_at_once(tree):
    tree.edit("cells/full.toml", 'thickness = "50 um"', 'thickness = "-50 um"\nthicknes = 3')
    tree.edit("cells/full.toml", 'material = "nvp"', 'material = "npv"')
    tree.edit("cells/full.toml", 'upper = "3.8 V"', 'upper = "3.8 kg"')
    tree.edit("cells/full.toml", "[window]", "[modes.rst]\n[modes.rust]\nexponent = -1\n[window]")
    tree.edit("materials/nasicon.toml", 'family = "NASICON"', 'famly = "NASICON"')
    tree.edit("materials/sodium.toml", '"2.1e7 S/m"', '"2.1e7 m"')
    problems = tree.problems(overrides={"stack.presure": "5 MPa", "cathode.thickness": "1"})
    assert {(p.file, p.key) for p in problems} == {
        ("cells/full.toml", "anode.thickness"),
        ("cells/full.toml", "anode.thicknes"),
        ("cells/full.toml", "cathode.material"),
        ("cells/full.toml", "window.upper"),
        ("cells/full.toml", "modes.rst"),
        ("cells/full.toml", "modes.rust.exponent"),
        ("materials/nasicon.toml", "famly"),
        ("materials/sodium.toml", "conductivity"),
        ("override", "stack.presure"),
        ("override", "cathode.thickness"),
    }
    assert len(problems) == 10
    assert all(problem.fix for problem in problems)


def test_an_unknown_material_does_not_drown_the_rest_in_missing_keys(tree):
    tree.edit("cells/full.toml", 'material = "sodium"', 'material = "lithium"')
    tree.edit("cells/full.toml", "active_fraction = 0.6", "active_fraction = 1.6")
    assert [p.key for p in tree.problems()] == ["anode.material", "cathode.active_fraction"]


def test_an_unreadable_base_hides_neither_itself_nor_the_cells_own_mistakes(tree):
    tree.write("cells/mine.toml", 'schema = 1\nextends = "gone"\n[stack]\npresure = "1 MPa"')
    assert [p.key for p in tree.problems("mine")] == ["extends", "stack.presure"]


def test_a_spring_needs_a_stiffness_where_the_spring_was_asked_for(tree):
    problem = tree.problem(overrides=["stack.fixture=spring"])
    assert (problem.file, problem.key) == ("override", "stack.stiffness")
    assert "stiffness" in problem.fix


def test_a_metal_cathode_is_refused_in_a_full_cell(tree):
    text = (tree.root / "cells/full.toml").read_text()
    start, end = text.index("[cathode]"), text.index("[interfaces.anode]")
    cathode = '[cathode]\nmaterial = "sodium"\nthickness = "50 um"\n'
    tree.write("cells/full.toml", text[:start] + cathode + text[end:])
    problem = tree.problem()
    assert (problem.file, problem.key) == ("cells/full.toml", "cathode.material")
    assert "symmetric" in problem.fix


def test_a_full_cell_needs_a_cathode(tree):
    text = (tree.root / "cells/full.toml").read_text()
    start, end = text.index("[cathode]"), text.index("[interfaces.anode]")
    tree.write("cells/full.toml", text[:start] + text[end:])
    problem = tree.problem()
    assert (problem.file, problem.key) == ("cells/full.toml", "cathode")
    assert "a full cell needs a [cathode] table" in problem.message


def test_missing_interfaces_are_said_once(tree):
    text = (tree.root / "cells/full.toml").read_text()
    start, end = text.index("[interfaces.anode]"), text.index("[stack]")
    tree.write("cells/full.toml", text[:start] + text[end:])
    problem = tree.problem()
    assert (problem.key, problem.message) == ("interfaces", "this table is missing")


def test_a_symmetric_cell_has_one_electrode_and_it_is_metal(tree):
    text = (tree.root / "cells/full.toml").read_text()
    tree.write("cells/full.toml", text.replace('kind = "full"', 'kind = "symmetric"'))
    problem = tree.problem()
    assert (problem.file, problem.key) == ("cells/full.toml", "cathode")
    assert "both its electrodes are the one" in problem.message
    hard_carbon = (tree.root / "materials/nvp.toml").read_text()
    tree.write("materials/hard-carbon.toml", hard_carbon)
    tree.edit(
        "cells/symmetric.toml",
        'material = "sodium"',
        'material = "hard-carbon"\nactive_fraction = 0.6\nelectrolyte_fraction = 0.3\n'
        'particle_radius = "1 um"\ninitial_stoichiometry = 0.5',
    )
    problem = tree.problem("symmetric")
    assert (problem.file, problem.key) == ("cells/symmetric.toml", "anode.material")
    assert "a symmetric cell needs a metal anode" in problem.message


def test_a_symmetric_cell_needs_only_one_interface(tree):
    assert tree.load("symmetric").interfaces.cathode is None


def test_a_wrong_default_is_the_plugins_problem(tree):
    entry = tree.modes["rust"]
    tree.modes["rust"] = ModeEntry(entry.parameters, {"anode": {"rate": "1 kg"}}, "rusty")
    problem = tree.problem()
    assert (problem.file, problem.key) == ("plugin rusty", "modes.rust.anode.rate")
    assert "the plugin's own default is wrong" in problem.message
    # … and the user's own value makes it work.
    spec = tree.load(overrides={"modes.rust.anode.rate": "2 nm/s"})
    assert spec.modes["rust"].anode.rate.si == pytest.approx(2e-9)


def test_a_default_that_is_not_there_is_the_plugins_problem(tree):
    tree.modes["rust"] = ModeEntry(tree.modes["rust"].parameters, {"anode": {}}, "rusty")
    problem = tree.problem()
    assert (problem.file, problem.key) == ("plugin rusty", "modes.rust.anode.rate")


def test_no_such_cell_has_a_near_miss(tree):
    with pytest.raises(NotFoundError) as raised:
        tree.load("symetric")
    assert raised.value.problem.fix == "did you mean 'symmetric'?"
    assert "full, symmetric" in raised.value.problem.message


def test_no_such_file_has_a_near_miss(tree):
    with pytest.raises(NotFoundError) as raised:
        tree.load(tree.root / "cells" / "ful.toml")
    assert "full.toml" in raised.value.problem.fix


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["stack.pressure"], "has no '='"),
        (["=3"], "is not a dotted key"),
        (["stack..pressure=3"], "is not a dotted key"),
        (["a b=3"], "is not a dotted key"),
        ({"stack.pressure": None}, "expected text or a number"),
        (["name=x"], "a cell's name is its file's name"),
    ],
)
def test_an_override_that_is_none(tree, overrides, message):
    problem = tree.problem(overrides=overrides)
    assert problem.file == "override" and message in problem.message


def test_the_error_carries_all_problems_in_its_text(tree):
    with pytest.raises(SpecError) as raised:
        tree.load(overrides=["stack.presure=1", "windw.lower=2"])
    assert str(raised.value).count("fix:") == 2 and raised.value.exit_code == 2
