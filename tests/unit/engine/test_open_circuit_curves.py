"""Curves that are worked out once: the same from memory, from disk, and anew."""

from __future__ import annotations

import numpy as np
import pytest

from twin import load_cell
from twin.engine import open_circuit_curves as curves
from twin.model.parameters import number_at

POINTS = 11


@pytest.fixture(autouse=True)
def forgotten(monkeypatch, tmp_path):
    monkeypatch.setattr(curves, "_known", {})
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path))


@pytest.mark.parametrize("cell", ["na-nzsp-nvp", "hc-nzsp-nvp"])
def test_it_is_the_models_own(cell, monkeypatch):
    spec = load_cell(cell)
    places = [p for p in ("anode", "cathode") if hasattr(getattr(spec, p), "particle_radius")]
    for place in places:
        name = f"{'Negative' if place == 'anode' else 'Positive'} electrode OCP [V]"
        own = [number_at(spec, name, s) for s in curves.fillings(POINTS)]
        anew = curves.curve(spec, place, POINTS)
        assert anew == pytest.approx(own, rel=1e-14)
        curves._known.clear()
        with monkeypatch.context() as patch:
            patch.setattr(curves, "_worked_out", None)
            assert np.array_equal(curves.curve(spec, place, POINTS), anew)  # from disk
            assert curves.curve(spec, place, POINTS) is curves.curve(spec, place, POINTS)


def test_another_law_is_another_curve(tmp_path):
    spec = load_cell("na-nzsp-nvp")
    other = load_cell(
        "na-nzsp-nvp", overrides={"cathode.material.open_circuit_potential.plateau": "3.3 V"}
    )
    one, two = (curves.curve(s, "cathode", POINTS) for s in (spec, other))
    assert np.asarray(one) - two == pytest.approx(0.1, rel=1e-9)
    assert len(list(tmp_path.iterdir())) == 1  # of a study's members one is enough


def test_a_damaged_file_is_not_believed(tmp_path):
    spec = load_cell("na-nzsp-nvp")
    own = curves.curve(spec, "cathode", POINTS).copy()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes().replace(b"3.", b"4."))
    curves._known.clear()
    assert np.array_equal(curves.curve(spec, "cathode", POINTS), own)


def test_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr(curves, "_MOST", 2)
    spec = load_cell("na-nzsp-nvp")
    for points in (5, 6, 7):
        curves.curve(spec, "cathode", points)
    assert [key[2] for key in curves._known] == [6, 7]
