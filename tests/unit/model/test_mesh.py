"""Where a full cell's points lie, and that a run keeps to the mesh it began on."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

import twin
from twin import load_protocol, plan_of
from twin.engine.prepare import prepare
from twin.engine.settings import RunSettings
from twin.model.mesh import CROWDED, DEFAULT, EQUAL, MESHES, Mesh

CELL = "na-nzsp-nvp"


def built(mesh, model="spm"):
    spec = twin.load_cell(CELL)
    plan = plan_of(load_protocol(None, spec), spec)
    return prepare(spec, [], plan, RunSettings(model, 1e-7, 1e-9, mesh=mesh))


def test_shells_crowd_towards_the_surface_as_their_equation_says():
    made = Mesh(5, 6, 7, 0.8)
    how = made.lying()["positive particle"]
    mesh = how({"r_p": {"min": 0.0, "max": 1.0}}, {"r_p": 7})
    k = np.arange(8) / 7
    assert mesh.edges == pytest.approx((1 - np.exp(-0.8 * k)) / (1 - np.exp(-0.8)), abs=1e-12)
    widths = np.diff(mesh.edges)
    assert np.all(np.diff(widths) < 0)


def test_the_points_of_a_built_cell_are_its_meshs():
    chosen = MESHES[CROWDED]
    sizes = {name: stop - start for name, start, stop in built(CROWDED, "dfn").compiled.layout}
    shells = sizes["Positive particle concentration [mol.m-3]"]
    assert shells == chosen.electrode * chosen.shells
    assert sizes["Separator electrolyte potential [V]"] == chosen.separator
    assert sizes["Positive electrode potential [V]"] == chosen.electrode


def test_it_is_nearer_to_a_fine_mesh_than_pybamms_with_fewer_shells(monkeypatch):
    monkeypatch.setitem(MESHES, "fine", Mesh(10, 10, 80, 1.0))
    volts, states = {}, {}
    for name in (EQUAL, CROWDED, "fine"):
        prepared = built(name)
        compiled, user = prepared.compiled, prepared.inputs(None)
        result = compiled.solve(0, 0.0, None, user)
        t = np.linspace(0, 3600, 300)
        see = compiled.observer(["Voltage [V]"])
        volts[name] = see(t, result.at(t), compiled.inputs(0, 0.0, user))["Voltage [V]"]
        states[name] = len(result.y)
    far = {name: np.sqrt(np.mean((v - volts["fine"]) ** 2)) for name, v in volts.items()}
    assert far[CROWDED] < 0.8 * far[EQUAL] < 1e-3
    assert states[CROWDED] < states[EQUAL] < states["fine"]


def test_a_run_from_before_there_was_a_choice_goes_on_on_pybamms_mesh(tmp_path):
    file = tmp_path / "runs.db"
    url = f"sqlite:///{file}"
    run = twin.simulate(CELL, cycles=1, model="spm", modes=[], store=url)
    whole = twin.simulate(CELL, cycles=2, model="spm", modes=[], store=url)
    assert run.info.settings["mesh"] == EQUAL
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE run SET settings = json_remove(settings, '$.mesh')")
    on = twin.resume(run.id, cycles=2, store=url)
    assert on.rows[1]["capacity_Ah"] == whole.rows[1]["capacity_Ah"]


def test_stored_settings_say_their_mesh():
    plain = {"model": "spm", "rtol": 1e-5, "atol": 1e-7, "series_every": 0}
    assert RunSettings.stored(plain).mesh == EQUAL
    settings = RunSettings("spm", series_every=0)
    assert RunSettings.stored(settings.to_dict()) == settings
    assert settings.mesh == DEFAULT == EQUAL
