"""Extends, materials, overlays and overrides: what wins, and who is blamed."""

from __future__ import annotations

import pytest

from twin.errors import SpecError
from twin.specs.assemble import ModeEntry
from twin.specs.overrides import parse_value

MINE = "cells/mine.toml"


def extend(tree, text: str) -> None:
    tree.write(MINE, f'schema = 1\nextends = "full"\ntitle = "Mine"\n{text}')


def overlay(tree, text: str, head: str = "") -> None:
    tree.write("overlays/patch.toml", f'schema = 1\ntitle = "A patch"\n{head}\n{text}')


# --- values and their sources -----------------------------------------------------------


def test_a_cell_is_named_after_its_file_and_merged_over_its_base(tree):
    extend(tree, '[anode]\nthickness = "20 um"')
    spec = tree.load("mine")
    assert (spec.name, spec.title) == ("mine", "Mine")
    assert spec.anode.thickness.text == "20 um"
    assert spec.electrolyte.thickness.text == "0.5 mm"


def test_a_chain_of_bases_is_followed(tree):
    extend(tree, '[stack]\npressure = "7 MPa"')
    tree.write("cells/grand.toml", 'schema = 1\nextends = "mine"\n[anode]\nthickness = "1 um"')
    spec = tree.load("grand")
    assert (spec.stack.pressure.text, spec.anode.thickness.text) == ("7 MPa", "1 um")


def test_a_new_value_never_inherits_the_old_ones_source(tree):
    extend(tree, '[stack]\npressure = "7 MPa"')
    pressure = tree.load("mine").stack.pressure
    assert (pressure.text, pressure.source, pressure.status) == ("7 MPa", None, None)
    extend(tree, '[stack]\npressure = { value = "7 MPa", note = "mine" }')
    pressure = tree.load("mine").stack.pressure
    assert (pressure.source, pressure.status, pressure.note) == (None, None, "mine")


def test_a_patch_without_a_value_only_adds(tree):
    extend(tree, '[stack]\npressure = { spread = "lognormal 0.3" }')
    pressure = tree.load("mine").stack.pressure
    assert (pressure.text, pressure.source) == ("5 MPa", "paper D")
    assert pressure.spread == "lognormal 0.3"
    spec = tree.load("mine", overrides={"anode.thickness.status": "assumed"})
    assert (spec.anode.thickness.text, spec.anode.thickness.status) == ("50 um", "assumed")


def test_a_plain_value_or_a_new_law_replaces_a_law(tree):
    key = "electrolyte.material.conductivity"
    law = tree.load(overrides={key: "1 mS/cm"}).electrolyte.material.conductivity
    assert (law.law, law.value.text, law.source) == ("constant", "1 mS/cm", None)
    new = '{ law = "arrhenius", reference = "1 mS/cm", activation_energy = "0.4 eV" }'
    law = tree.load(overrides={key: new}).electrolyte.material.conductivity
    assert (law.reference.text, law.form, law.source) == ("1 mS/cm", "plain", None)


def test_a_patched_law_keeps_its_law_but_not_its_source_for_the_new_number(tree):
    key = "electrolyte.material.conductivity.reference"
    law = tree.load(overrides={key: "1 mS/cm"}).electrolyte.material.conductivity
    assert (law.law, law.form, law.reference.text) == ("arrhenius", "sigma-T", "1 mS/cm")
    assert (law.reference.source, law.source, law.status) == (None, None, None)
    # The number that was not touched keeps what the law said of it, or what it said itself.
    assert (law.activation_energy.text, law.activation_energy.status) == ("0.3 eV", "fitted")
    key = "electrolyte.material.conductivity.activation_energy"
    law = tree.load(overrides={key: "0.35 eV"}).electrolyte.material.conductivity
    assert (law.reference.source, law.reference.status) == ("paper A", "measured")
    assert (law.activation_energy.source, law.activation_energy.status) == (None, None)


def test_a_mode_table_with_a_key_called_law_is_no_law(tree):
    spec = tree.load(overrides={"modes.rust.law": "linear"})
    assert spec.modes["rust"].law == "linear"
    assert spec.modes["rust"].anode.rate.source == "plugin paper"


# --- materials --------------------------------------------------------------------------


def test_a_material_file_becomes_the_table_with_its_name(tree):
    spec = tree.load()
    assert spec.anode.material.name == "sodium" and spec.anode.kind == "metal"
    assert spec.cathode.material.diffusivity.value.source == "paper B"


def test_a_material_is_patched_in_place(tree):
    extend(tree, '[cathode]\nmaterial = { extends = "nvp", diffusivity = "2e-14 m^2/s" }')
    material = tree.load("mine").cathode.material
    assert (material.name, material.diffusivity.value.text) == ("nvp", "2e-14 m^2/s")
    assert material.diffusivity.value.source is None
    assert material.maximum_concentration.text == "9000 mol/m^3"


def test_a_material_extends_a_material(tree):
    tree.write("materials/doped.toml", 'extends = "nasicon"\n[conductivity]\nreference = "9 mS/cm"')
    tree.edit("cells/full.toml", 'material = "nasicon"', 'material = "doped"')
    material = tree.load().electrolyte.material
    assert (material.name, material.family) == ("doped", "NASICON")
    assert material.conductivity.reference.text == "9 mS/cm"


@pytest.mark.parametrize(
    "text",
    [
        'electrolyte = "nasicon"',
        'electrolyte = { extends = "nasicon", family = "x" }',
        'electrolyte = { material = "nasicon" }',
    ],
)
def test_a_catholyte_is_a_material_too(tree, text):
    tree.edit("cells/full.toml", 'material = "nvp"', f'material = "nvp"\n{text}')
    assert tree.load().cathode.electrolyte.name == "nasicon"


def test_another_kind_of_material_makes_another_electrode(tree):
    """What only a metal has (a continuity thickness) does not linger in a porous anode."""
    extend(tree, '[anode]\ncontinuity_thickness = "20 nm"')
    tree.write("materials/hard-carbon.toml", (tree.root / "materials/nvp.toml").read_text())
    overlay(
        tree,
        '[patch.anode]\nmaterial = "hard-carbon"\nthickness = "40 um"\nactive_fraction = 0.6\n'
        'electrolyte_fraction = 0.3\nparticle_radius = "1 um"\ninitial_stoichiometry = 0.1',
    )
    spec = tree.load("mine", overlays=["patch"])
    assert (spec.anode.kind, spec.anode.thickness.text) == ("porous", "40 um")


def test_materials_beside_a_loose_file_come_first(tree, tmp_path):
    folder = tmp_path / "elsewhere"
    cell = folder / "mine.toml"
    folder.mkdir()
    cell.write_text('schema = 1\nextends = "full"\n[electrolyte]\nmaterial = "nasicon"')
    loose = folder / "nasicon.toml"
    loose.write_text((tmp_path / "materials/nasicon.toml").read_text().replace("5 mS", "7 mS"))
    assert tree.load(cell).electrolyte.material.conductivity.reference.text == "7 mS/cm"
    loose.unlink()
    assert tree.load(cell).electrolyte.material.conductivity.reference.text == "5 mS/cm"


# --- overlays ---------------------------------------------------------------------------


def test_overlays_are_laid_on_in_order_and_overrides_last(tree):
    overlay(tree, '[patch.stack]\npressure = "6 MPa"')
    other = tree.write(
        "loose/other.toml", 'schema = 1\ntitle = "Other"\n[patch.stack]\npressure = "8 MPa"'
    )
    assert tree.load(overlays=["patch", other]).stack.pressure.text == "8 MPa"
    assert tree.load(overlays=[other, "patch"]).stack.pressure.text == "6 MPa"
    spec = tree.load(overlays=["patch"], overrides=["stack.pressure=9 MPa"])
    assert spec.stack.pressure.text == "9 MPa"


def test_an_overlay_is_refused_where_it_does_not_fit(tree):
    overlay(
        tree,
        '[patch.stack]\npressure = "6 MPa"',
        'kinds = ["symmetric"]\nrequires = { "electrolyte.material.family" = ["a", "b"] }',
    )
    first, second = tree.problems(overlays=["patch"])
    assert (first.file, first.key) == ("overlays/patch.toml", "kinds")
    assert "overlay 'patch' is for symmetric cells; 'full' is full" in first.message
    assert second.key == "requires.electrolyte.material.family"
    assert "= 'a' or 'b'; 'full' has 'NASICON'" in second.message and second.fix


@pytest.mark.parametrize(
    "requires",
    [
        'requires = { "electrolyte.material.family" = "NASICON" }',
        'requires = { "electrolyte.material.family" = ["sulfide", "NASICON"] }',
        'requires.electrolyte.material.family = "NASICON"',
    ],
)
def test_an_overlay_is_taken_where_it_fits(tree, requires):
    overlay(tree, '[patch.stack]\npressure = "6 MPa"', requires)
    assert tree.load(overlays=["patch"]).stack.pressure.text == "6 MPa"


@pytest.mark.parametrize(
    ("bound", "fits"),
    [("> 4 MPa", True), ("> 40 bar", True), ("< 4 MPa", False), ("> 50 MPa", False),
     ("> 4 V", False)],
)  # fmt: skip
def test_an_overlay_may_ask_for_a_quantity_beyond_a_bound(tree, bound, fits):
    overlay(tree, '[patch.stack]\npressure = "6 MPa"', f'requires."stack.pressure" = "{bound}"')
    if fits:
        assert tree.load(overlays=["patch"]).stack.pressure.text == "6 MPa"
        return
    problem = tree.problem(overlays=["patch"])
    assert problem.key == "requires.stack.pressure"
    assert f"needs stack.pressure {bound}; 'full' has '5 MPa'" in problem.message


def test_an_overlay_may_not_touch_what_it_is_not_for(tree):
    overlay(tree, '[patch]\nextends = "symmetric"\n[stack]\npressure = "1 MPa"')
    assert {p.key for p in tree.problems(overlays=["patch"])} == {"patch.extends", "stack"}


def test_an_overlay_that_is_not_there_has_a_near_miss(tree):
    overlay(tree, "[patch]")
    problem = tree.problem(overlays=["pach"])
    assert problem.fix == "did you mean 'patch'?"


# --- who is blamed ----------------------------------------------------------------------


def test_the_file_a_bad_key_stands_in_is_blamed(tree):
    """One mistake each in the base, the material, the cell, an overlay and an override."""
    tree.edit("cells/full.toml", 'lower = "2.5 V"', 'lower = "2.5 A"')
    tree.edit("materials/nvp.toml", 'conductivity = "1 S/m"', 'conductivity = "1 S"')
    extend(tree, '[anode]\nthickness = "1 kg"\nmaterial = { extends = "sodium", densty = 1 }')
    overlay(tree, '[patch.stack]\npressure = "1 s"')
    problems = tree.problems(
        "mine", overlays=["patch"], overrides=["cathode.material.diffusivity=1 m"]
    )
    assert {(p.file, p.key) for p in problems} == {
        ("cells/full.toml", "window.lower"),
        ("materials/nvp.toml", "conductivity"),
        ("cells/mine.toml", "anode.thickness"),
        ("cells/mine.toml", "anode.material.densty"),
        ("overlays/patch.toml", "patch.stack.pressure"),
        ("override", "cathode.material.diffusivity"),
    }


def test_a_conflict_is_put_down_to_who_spoke_last(tree):
    overlay(tree, '[patch.window]\nlower = "9 V"')
    problem = tree.problem(overlays=["patch"])
    assert (problem.file, problem.key) == ("overlays/patch.toml", "patch.window.lower")
    problem = tree.problem(overrides=["window.upper=1 V"])
    assert (problem.file, problem.key) == ("override", "window.upper")


def test_a_wrong_material_is_blamed_where_it_is_named(tree):
    overlay(tree, '[patch.electrolyte]\nmaterial = "sodium"')
    problem = tree.problem(overlays=["patch"])
    assert (problem.file, problem.key) == ("overlays/patch.toml", "patch.electrolyte.material")


def test_a_circle_of_cells_is_named(tree):
    tree.write("cells/a.toml", 'schema = 1\nextends = "b"')
    tree.write("cells/b.toml", 'schema = 1\nextends = "a"')
    problem = tree.problem("a")
    assert problem.message == "extends goes round in a circle: a -> b -> a"
    assert (problem.file, problem.key) == ("cells/b.toml", "extends")


def test_a_circle_of_materials_is_named(tree):
    tree.write("materials/x.toml", 'extends = "y"')
    tree.write("materials/y.toml", 'extends = "x"')
    problem = tree.problem(overrides={"electrolyte.material": "x"})
    assert problem.message == "extends goes round in a circle: x -> y -> x"
    assert (problem.file, problem.key) == ("materials/y.toml", "extends")


# --- overrides --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 MPa", "10 MPa"),
        ('"10 MPa"', "10 MPa"),
        ("0.5", 0.5),
        ("3", 3),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ('{ value = "1 m", status = "assumed" }', {"value": "1 m", "status": "assumed"}),
        ("1e-3", 1e-3),
        ("spring", "spring"),
        ("", ""),
        ("2026-01-01", "2026-01-01"),
        ("1\nother = 2", "1\nother = 2"),
        ("'single'", "single"),
        ("__import__('os')", "__import__('os')"),
    ],
)
def test_the_text_of_an_override(text, value):
    parsed = parse_value(text)
    assert parsed == value and type(parsed) is type(value)


def test_overrides_reach_everywhere(tree):
    spec = tree.load(
        overrides=[
            'stack.pressure="10 MPa"',
            "modes.rust.anode.rate=3 nm/s",
            "cathode.material.diffusivity=5e-14 m^2/s",
            "cathode.active_fraction = 0.5",
            "electrolyte.thickness={value='1 mm', spread='normal 0.1'}",
            "nominal_capacity=1 mAh",
        ]
    )
    assert spec.stack.pressure.si == pytest.approx(10e6)
    assert spec.modes["rust"].anode.rate.si == pytest.approx(3e-9)
    assert spec.cathode.material.diffusivity.value.si == pytest.approx(5e-14)
    assert spec.cathode.active_fraction.si == 0.5
    assert spec.electrolyte.thickness.spread == "normal 0.1"
    assert spec.nominal_capacity.si == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("override", "near"),
    [
        ("stack.presure=5 MPa", "did you mean stack.pressure?"),
        ("pressure=5 MPa", "did you mean stack.pressure?"),
        ("cathode.material.difusivity=1", "did you mean cathode.material.diffusivity?"),
        ("modes.rust.anode.rat=1 m/s", "did you mean modes.rust.anode.rate?"),
        ("stak.pressure=5 MPa", "did you mean stack?"),
    ],
)
def test_an_override_of_an_unknown_key_names_the_real_one(tree, override, near):
    problem = tree.problem(overrides=[override])
    assert problem.file == "override" and problem.fix == near
    assert "unknown key" in problem.message


def test_every_installed_mode_has_parameters(tree):
    spec = tree.load()
    assert spec.modes["rust"].anode.rate.source == "plugin paper"
    extend(tree, '[modes.rust.anode]\nrate = { spread = "lognormal 0.5" }')
    rate = tree.load("mine").modes["rust"].anode.rate
    assert (rate.text, rate.spread, rate.source) == ("1 nm/s", "lognormal 0.5", "plugin paper")
    tree.modes = {}
    assert tree.load().modes == {}
    with pytest.raises(SpecError, match="installed: none"):
        tree.load("mine")


def test_what_many_cells_share_is_read_once_and_again_when_it_changes(tree):
    before = tree.load()
    assert tree.load().modes["rust"] is before.modes["rust"]
    entry = tree.modes["rust"]
    faster = {"anode": {"rate": {**entry.defaults["anode"]["rate"], "value": "3 nm/s"}}}
    tree.modes["rust"] = ModeEntry(entry.parameters, faster, "rusty")
    tree.edit("cells/full.toml", 'thickness = "60 um"', 'thickness = "70 um"')
    after = tree.load()
    rates = [spec.modes["rust"].anode.rate.si for spec in (before, after)]
    assert rates == pytest.approx([1e-9, 3e-9])
    assert [spec.cathode.thickness.si for spec in (before, after)] == pytest.approx([6e-5, 7e-5])
    # What a cell says of a mode is its own.
    other = tree.load(overrides={"modes.rust.anode.rate": "2 nm/s"})
    assert other.modes["rust"].anode.rate.si == pytest.approx(2e-9)
    assert tree.load().modes["rust"] == after.modes["rust"]
