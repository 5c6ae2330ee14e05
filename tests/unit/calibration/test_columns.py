"""What needs no solve, what moves where temperatures were measured, and where a fit begins."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from twin.calibration import fit as fitting
from twin.calibration.data import Curve, Piece
from twin.calibration.forward import Forward
from twin.calibration.parameters import candidates, chosen, in_open_circuit
from twin.calibration.ready import readying
from twin.calibration.stages import drawn_starts
from twin.catalog.cells import as_spec
from twin.errors import InputError
from twin.specs.dump import with_values

CELL, CURVE = "na-nzsp-nvp", "cathode.material.open_circuit_potential."
ENTROPY = "cathode.material.entropic_change.value"


@pytest.fixture(scope="module")
def ready():
    spec = as_spec(CELL)
    drawn = {
        f"{CURVE}status": "assumed",
        "cathode.material.entropic_change.status": "assumed",
        "thermal.model": "lumped",
        "cathode.initial_stoichiometry": 0.12,
    }
    spec = with_values(spec, drawn)
    return with_values(spec, readying(spec))


def discharge(spec, warm=False):
    from twin.model.parameters import nominal_capacity

    nominal = nominal_capacity(spec)
    t = np.linspace(0, 3600 * 1.6, 30)
    amps = nominal / 2
    q = amps * t / 3600
    return Curve(
        "c", "0" * 64, (Piece("discharge", amps, 0.0, t[-1]),), t, np.full(30, 3.2),
        np.full(30, 298.0) if warm else None, q, q, q / nominal, 0.5, np.arange(30), nominal,
    )  # fmt: skip


def test_a_drawn_curves_column_needs_no_solve_and_is_that_of_differences(ready):
    every = candidates(ready, 20.0, heat=False)
    keys = [item.key for item in every if in_open_circuit(item.key) == "cathode"]
    assert {key.removeprefix(CURVE) for key in keys} >= {"plateau", "slope", "end_width"}
    items = chosen(ready, every, keys)
    model = Forward(ready, items, "spm")
    curve = discharge(ready)
    problem = fitting.Problem(model, [curve], range(len(items)), np.zeros(len(items)))
    z = np.full(len(items), 0.2)
    J = problem.differences(z)
    assert model.solves == 1
    r = problem.residuals(z)
    for k in range(len(items)):
        beside = z.copy()
        beside[k] += 0.05
        own = (problem.residuals(beside) - r) / 0.05
        assert np.allclose(J[:, k], own, atol=0.03 * np.abs(own).max() + 1e-6)
    assert np.abs(J).max() > 0.1


def test_the_full_model_is_asked_for_such_a_column(ready):
    items = chosen(ready, candidates(ready, 20.0, heat=False), [f"{CURVE}slope"])
    told = SimpleNamespace(fillings={})
    for stand_in in (told, None):
        assert Forward.risen(SimpleNamespace(), items[0], stand_in, [0.1], [0.2]) is None


def test_the_entropy_moves_only_where_temperatures_were_measured(ready):
    plain = {item.key for item in candidates(ready, 20.0, heat=False)}
    heated = {item.key: item for item in candidates(ready, 20.0, heat=True)}
    assert ENTROPY not in plain and ENTROPY in heated
    entropy = heated[ENTROPY]
    assert entropy.kind == "linear" and entropy.low < 0 < entropy.high
    known = with_values(ready, {"cathode.material.entropic_change.status": "measured"})
    assert ENTROPY not in {item.key for item in candidates(known, 20.0, heat=True)}


def test_starts_are_drawn_within_bounds_and_the_same_each_time(ready, monkeypatch):
    work = SimpleNamespace(items=candidates(ready, 20.0, heat=True))
    one, two = drawn_starts(work, 3, seed=1), drawn_starts(work, 3, seed=1)
    assert len(one) == 3 and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0], drawn_starts(work, 3, seed=2)[0])
    assert drawn_starts(work, 0, seed=1) == []
    low, high = np.array([item.z_bounds for item in work.items]).T
    monkeypatch.setattr("twin.calibration.stages.DRAWN_IN", 30.0)
    for z in (*one, *drawn_starts(work, 3, seed=1)):
        assert np.all((z >= low) & (z <= high))


def test_a_number_of_starts_that_is_none_is_refused(tmp_path):
    import twin

    with pytest.raises(InputError, match="0 starts"):
        twin.calibrate(CELL, ["no.csv"], starts=0)
