"""Conversions that are remembered: pint's numbers to the last bit, or pint itself."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from twin import conversions, shelf, units


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(shelf.ENVIRONMENT, str(tmp_path))
    monkeypatch.setattr(conversions.remembered, "new", {})
    monkeypatch.setattr("twin.remembered.atexit.register", lambda work: None)
    forget()
    yield tmp_path
    monkeypatch.undo()
    forget()


def forget():
    conversions.remembered.forget()
    units.to_si.cache_clear()


def kept_and_forgotten():
    conversions.remembered.keep()
    conversions.remembered.new.clear()
    forget()


UNITS = ["um", "MPa", "mA/cm^2", "degC", "degF", "mAh", "S cm-1", "J/mol", "eV", "percent", "1/h",
         "ohm cm2", "mAh/g", "g/cm^3", "psi", "C", "mol/L"]  # fmt: skip
WANTED = {"um": "m", "MPa": "Pa", "mA/cm^2": "A/m^2", "degC": "K", "degF": "K", "mAh": "A*hour",
          "S cm-1": "S/m", "J/mol": "J/mol", "eV": "J/mol", "percent": "", "1/h": "1/s",
          "ohm cm2": "ohm*m^2", "mAh/g": "C/kg", "g/cm^3": "kg/m^3", "psi": "Pa", "C": "C",
          "mol/L": "mol/m^3"}  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_remembered_number_is_pints(unit, monkeypatch):
    wanted, draw = WANTED[unit], np.random.default_rng(3)
    units.to_si(f"3.7 {unit}", wanted)
    kept_and_forgotten()
    numbers = [float(x) for x in draw.normal(size=50) * 10.0 ** draw.integers(-15, 15, size=50)]
    with monkeypatch.context() as patch:
        patch.setattr(units, "registry", None)  # nobody asks pint
        remembered = [units.to_si(f"{x!r} {unit}", wanted) for x in numbers if unit != "degF"]
    forget()
    plain = [units._converted(x, units._clean_unit(unit), wanted, unit) for x in numbers]
    assert unit == "degF" or remembered == plain


def test_what_has_neither_form_is_pints_each_time():
    assert units.to_si("50 degF", "K") == pytest.approx(283.15, rel=1e-12)
    assert not [key for key in conversions.remembered.new if key.startswith("degF")]


def test_a_wrong_dimension_stays_one():
    units.to_si("1 um", "m")
    kept_and_forgotten()
    for _ in range(2):  # the second time it is remembered
        with pytest.raises(units.UnitError, match="is a length"):
            units.to_si("1 um", "Pa")
        assert not units.is_in("1 um", "Pa") and units.is_in("1 um", "m")
        kept_and_forgotten()
    assert units.conversions.known_to_differ("um", "Pa")


@pytest.mark.parametrize(
    "conversion",
    ["times", ["times"], ["times", "2"], ["power", 2.0], [1.0, 2.0], ["times", 2.0, 3.0], None],
)
def test_a_file_of_another_form_is_not_believed(conversion):
    name = conversions._name()
    shelf.keep(name, {"conversions": {"um | m": conversion}})
    forget()
    assert units.to_si("5 um", "m") == pytest.approx(5e-6, rel=1e-15)
    shelf.keep(name, {"conversions": [conversion]})
    forget()
    assert units.to_si("5 um", "m") == pytest.approx(5e-6, rel=1e-15)


def test_what_others_have_found_stays(place):
    units.to_si("5 um", "m")
    kept_and_forgotten()
    units.to_si("5 MPa", "Pa")
    conversions.remembered.keep()
    (file,) = place.iterdir()
    found = json.loads(file.read_bytes().partition(b"\n")[2])["conversions"]
    assert set(found) == {"um | m", "MPa | Pa"}


def test_a_second_process_needs_no_table_of_units(place):
    script = (
        "import sys, twin\n"
        "from twin.specs.dump import cell_hash\n"
        "print(cell_hash(twin.load_cell('na-nzsp-nvp')), 'pint' in sys.modules)"
    )
    told = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    (one, first), (two, second) = (done.stdout.split() for done in told)
    assert (one, first, second) == (two, "True", "False")


def test_without_a_cache_nothing_is_kept(monkeypatch, place):
    monkeypatch.setenv(shelf.ENVIRONMENT, "off")
    units.to_si("5 um", "m")
    conversions.remembered.keep()
    assert not [*place.iterdir()]
