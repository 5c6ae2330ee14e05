"""Particles too large to stay whole are warned of, and no model reads the size."""

from __future__ import annotations

import json

import pytest

import twin
from twin.catalog import card
from twin.model.parameters import build_values
from twin.specs.cracking import cracking_warnings, critical_size
from twin.specs.dump import cell_hash, cell_to_data

CELL = "na-nzsp-nvp"


def cell(radius, name=CELL):
    return twin.load_cell(name, overrides={"cathode.particle_radius": radius})


@pytest.mark.parametrize(
    ("radius", "says"),
    [("0.099 um", None), ("0.101 um", "may crack"), ("0.69 um", "may crack"),
     ("0.71 um", "are likely to crack")],
)  # fmt: skip
def test_the_diameter_is_told_against_both_ends_of_what_is_known(radius, says):
    spec = cell(radius)
    found = cracking_warnings(spec)
    assert len(found) == (says is not None) and all(says in text for text in found)
    assert cracking_warnings(spec, certain=True) == (found if says == "are likely to crack" else [])
    assert all(text in card.warnings(spec) for text in found)


def test_the_warning_names_the_range_and_the_key():
    (text,) = cracking_warnings(cell("1 um"))
    assert text.startswith("nvp particles of 2 um are likely to crack")
    assert "0.2 to 1.4 um" in text and "cathode.particle_radius" in text


def test_the_number_has_its_source_and_its_range():
    size = critical_size(twin.load_cell(CELL).cathode.material)
    assert size.status == "unverified" and "10.1557/jmr.2010.0142" in size.source
    assert size.spread == "uniform 2e-7 1.4e-6" and 2e-7 < size.si < 1.4e-6


def test_a_material_may_have_its_own():
    own = {"value": "3 um", "status": "measured", "source": "micrographs"}
    spec = twin.load_cell(CELL, overrides={"cathode.material.critical_size": own})
    assert cracking_warnings(spec) == []
    spec = twin.with_values(spec, {"cathode.particle_radius": "1.6 um"})
    assert "stay whole below 3 um" in cracking_warnings(spec)[0]


def test_hosts_without_two_phases_and_metals_have_none():
    for name in ("na-nbh-nco", "na-nzsp-na"):
        assert cracking_warnings(cell("30 um", name) if name == "na-nbh-nco"
                                 else twin.load_cell(name)) == []  # fmt: skip


def test_no_cell_is_another_for_it_and_no_model_reads_it():
    spec = twin.load_cell(CELL)
    assert "critical_size" not in json.dumps(cell_to_data(spec))
    own = {"value": "3 um", "status": "measured", "source": "micrographs"}
    other = twin.load_cell(CELL, overrides={"cathode.material.critical_size": own})
    assert cell_hash(other) != cell_hash(spec)
    values, same = build_values(other), build_values(spec)
    added = set(values.keys()) - set(same.keys())
    assert all("critical size" in name for name in added)


def test_pages_and_a_run_warn(capsys, tmp_path):
    from twin.cli.main import main

    def say(*words):
        with pytest.raises(SystemExit) as done:
            raise SystemExit(main(list(words)))
        assert not done.value.code
        return " ".join(capsys.readouterr().out.split())

    large = ("--set", "cathode.particle_radius=0.8 um")
    for words in (("cells", "check", CELL), ("cells", "show", CELL)):
        assert "nvp particles of 1.6 um are likely to crack" in say(*words, *large)
        assert "nvp particles of 1 um may crack" in say(*words)
    run = ("run", CELL, "--cycles", "1", "--model", "spm", "--modes", "none")
    run = (*run, "--db", f"sqlite:///{tmp_path / 'x.db'}")
    assert "warning nvp particles of 1.6 um are likely to crack" in say(*run, *large)
    assert "crack" not in say(*run)
