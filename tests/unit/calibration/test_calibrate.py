"""A calibration: a known cell is found again, and what cannot be used is said in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest

import twin
from twin.calibration import fit as fitting
from twin.calibration.calibrate import changes_of
from twin.calibration.data import curve_of
from twin.calibration.forward import Forward
from twin.calibration.half_cell import half_cell
from twin.calibration.overlay import overlay_data
from twin.calibration.parameters import candidates, chosen
from twin.calibration.ready import readying
from twin.catalog.cells import as_spec
from twin.errors import InputError, NotFoundError
from twin.model.parameters import used_capacity
from twin.specs.dump import with_values

CELL = "na-ion-chayambuka2022"
FREE = (
    "anode.material.diffusivity.scale",
    "interfaces.cathode.exchange_current.scale",
    "interfaces.cathode.resistance.value",
    "thermal.heat_capacity",
)
TRUTH = {FREE[0]: 2.2, FREE[1]: 3.0, FREE[2]: 0.002}
NOISE = 2e-3


@pytest.fixture(scope="module")
def ready():
    spec = as_spec(CELL)
    return with_values(spec, readying(spec))


def written(folder, name, t, current, voltage, **more):
    columns = {"time [s]": t, "current [A]": current, "voltage [V]": voltage, **more}
    rows = [",".join(columns)]
    rows += [",".join(f"{v:.9g}" for v in row) for row in zip(*columns.values(), strict=True)]
    path = folder / name
    path.write_text("\n".join(rows))
    return path


def measured(folder, name, amps, hours, forward, seed):
    """A discharge and a rest simulated with known numbers, with noise, as a cycler writes it."""
    t = np.linspace(0, 3600 * hours, 40)
    t = np.append(t, t[-1] + np.linspace(60, 1800, 8))
    current = np.where(t <= 3600 * hours, amps, 0.0)
    flat = written(folder, "blank.csv", t, current, 4 - t / t[-1])
    curve = curve_of(twin.import_file(flat, positive="discharge"), 3e-3)
    told = forward([TRUTH[item.key] for item in forward.free], curve)
    volts = told.voltage + NOISE * np.random.default_rng(seed).standard_normal(len(curve.t))
    return written(folder, name, curve.t, np.interp(curve.t, t, current), volts)


@pytest.fixture(scope="module")
def forward(ready):
    items = chosen(ready, candidates(ready, 20.0, heat=False), FREE[:3])
    return Forward(ready, items, "spm")


@pytest.fixture(scope="module")
def data(forward, tmp_path_factory):
    folder = tmp_path_factory.mktemp("curves")
    return [
        measured(folder, "slow.csv", 6e-4, 3.0, forward, 1),
        measured(folder, "fast.csv", 2e-3, 0.7, forward, 2),
    ], measured(folder, "held.csv", 1.2e-3, 1.4, forward, 3)


@pytest.fixture(scope="module")
def found(data):
    return twin.calibrate(CELL, data[0], hold=[data[1]], free=FREE, model="spm", members=12)


def test_the_truth_is_found_within_three_sigma(found):
    sd = dict(zip([i.key for i in found.items], found.covariance.diagonal() ** 0.5, strict=True))
    for item, z in zip(found.items[:3], found.z[:3], strict=True):
        assert abs(z - item.z(TRUTH[item.key])) < 3 * sd[item.key]
    assert found.values[FREE[0]] == pytest.approx(2.2, rel=0.1)
    assert found.values[FREE[1]] == pytest.approx(3.0, rel=0.2)


def test_the_order_of_the_files_changes_nothing(found, data):
    curves = list(reversed(data[0]))
    again = twin.calibrate(CELL, curves, free=FREE, model="spm", members=0)
    # The posterior's members do not move the fit.
    assert np.array_equal(again.z, found.z)
    assert again.discrepancy == found.discrepancy


def test_what_cannot_be_told_is_named_and_keeps_its_prior(found):
    """An isothermal cell's heat capacity moves nothing."""
    told = {one.key: one for one in found.told}
    assert told[FREE[3]].says == "not told"
    assert told[FREE[3]].share == pytest.approx(1, abs=0.35)
    assert all(told[key].says == "told" for key in FREE[:3])
    assert any("thermal.heat_capacity" in note for note in found.notes)
    data = overlay_data(found)
    kept = data["patch"]["thermal"]["heat_capacity"]
    assert kept["status"] == "assumed" and "prior" in kept["note"]


def test_a_curve_kept_back_lies_in_the_band(found):
    held = found.scores[-1]
    assert held.held and held.rms_V < 5e-3
    assert held.coverage > 0.8 and held.half_width < 0.02
    assert held.ended == ""


def test_the_model_is_solved_few_times(found):
    assert found.solves["spm"] <= 150


def test_the_overlay_is_laid_over_the_cell_and_holds_the_posterior(found, tmp_path):
    path = tmp_path / "cell-7.toml"
    twin.save_calibration(found, path)
    spec = twin.load_cell(CELL, overlays=[path])
    scale = spec.anode.material.diffusivity.scale
    assert scale.si == pytest.approx(found.values[FREE[0]], rel=1e-5)
    assert scale.status == "fitted" and "SHA-256" in scale.source
    assert scale.spread.startswith("lognormal")
    assert spec.interfaces.cathode.resistance.value.spread.startswith("normal")
    block = overlay_data(found)["calibration"]
    assert block["keys"] == [i.key for i in found.items]
    assert len(block["members"]) == 12 and block["discrepancy"]["tau"] > 0
    json.dumps(found.to_dict(), allow_nan=False)
    assert set(changes_of(found)) == set(block["keys"])


def test_the_figures_are_drawn(found, tmp_path):
    from twin.report.calibration import save_figures

    files = save_figures(found, tmp_path / "figures")
    assert [f.name.rpartition("-")[2] for f in files] == ["curves.png", "told.png", "pairs.png"]
    assert all(f.stat().st_size > 5000 for f in files)


# ---------------------------------------------------------------------------- an early end


def test_a_curve_that_ends_early_is_scored_and_closer_ends_are_better(forward, data):
    curve = curve_of(twin.import_file(data[0][1]), 3e-3)
    told = [forward([2.2, 3.0, x], curve) for x in (0.29, 0.35, 0.41)]
    ends = [one.ended_at for one in told]
    assert ends[0] > ends[1] > ends[2] and told[2].ended
    assert all(np.all(np.isfinite(one.voltage)) for one in told)
    costs = [float(np.sum(fitting.residuals([curve], [one]) ** 2)) for one in told]
    assert costs[0] < costs[1] < costs[2]


def test_a_contacts_column_needs_no_solve_and_is_that_of_differences(forward, data):
    curve = curve_of(twin.import_file(data[0][0]), 3e-3).thinned
    problem = fitting.Problem(forward, [curve], [2], np.zeros(3))
    before = forward.solves
    z = np.array([0.5])
    J = problem.differences(z)
    assert forward.solves == before + 1
    rise = problem.residuals(z + 0.1) - problem.residuals(z)
    assert np.allclose(J[:, 0], rise / 0.1, atol=0.02 * np.abs(J).max())


# --------------------------------------------------------------------------------- half cells


def test_a_half_cell_curve_becomes_the_law_it_was_drawn_from(tmp_path):
    spec = as_spec(CELL)
    q = np.linspace(0, 2.6e-3, 120)
    x = spec.cathode.initial_stoichiometry.si + q / used_capacity(spec, spec.cathode)
    rng = np.random.default_rng(0)
    U = 3.6 - 0.8 * (x - 0.5) - 0.2 * np.tanh((x - 0.6) / 0.05)
    t = q * 3600 / 1.5e-4
    path = written(tmp_path, "c.csv", t, np.full_like(t, 1.5e-4),
                   U + 1e-3 * rng.standard_normal(len(t)))  # fmt: skip
    curve = curve_of(twin.import_file(path), 3e-3, half_cell=True)
    found = half_cell(spec, "cathode", curve)
    assert np.all(np.diff(found.x) > 0) and np.all(np.diff(found.y) <= 0)
    assert found.rms < 3e-3
    assert np.allclose(np.interp(x, found.x, found.y), U, atol=6e-3)
    new = with_values(spec, {"cathode.material.open_circuit_potential": found.law()})
    assert new.cathode.material.open_circuit_potential.smoothing == pytest.approx(0.005)


# --------------------------------------------------------------------------------------- errors


def refused(match, cell=CELL, **asked):
    with pytest.raises(InputError, match=match) as error:
        twin.calibrate(cell, **asked)
    assert "\n" not in error.value.problem.message
    assert error.value.problem.fix
    return error.value.problem


def curve(folder, name="c.csv", volts=None, amps=3e-4, hours=2.0, n=40):
    t = np.linspace(0, 3600 * hours, n)
    volts = 4 - 0.5 * t / t[-1] if volts is None else volts
    return written(folder, name, t, np.full(n, amps), np.broadcast_to(volts, n))


def test_what_cannot_be_used_is_said_in_one_line(tmp_path):
    refused("nothing to fit", data=[])
    refused("too short", data=[curve(tmp_path, n=4)])
    refused("less than 2 %", data=[curve(tmp_path, hours=0.01)])
    refused("runs from", data=[curve(tmp_path, volts=np.linspace(9, 8, 40))])
    refused("has no number 'anode.size'", data=[curve(tmp_path)], free=["anode.size"])
    refused("no number left to fit", data=[curve(tmp_path)], free=FREE[:1], fixed=FREE[:1])
    refused("cannot be fitted", data=[curve(tmp_path)], free=["anode.thickness"])
    refused("is a symmetric cell", cell="na-nzsp-na", data=[curve(tmp_path)])
    refused("no electrode", data=[curve(tmp_path)], half_cells={"left": curve(tmp_path)})
    refused("too few", data=[curve(tmp_path)], members=3)
    refused("no model", data=[curve(tmp_path)], model="p2d")
    refused("has no cycle 7", data=[f"{curve(tmp_path)}:7"])


def test_a_current_of_the_wrong_sign_is_refused(tmp_path):
    wrong = curve(tmp_path, volts=np.linspace(3, 3.6, 40))
    data = twin.import_file(wrong, positive="discharge")
    refused("says the contrary", data=[data])


def test_nothing_identifiable_is_said(tmp_path):
    refused("tell none of the free numbers", data=[curve(tmp_path)], free=[FREE[3]], model="spm")


def test_a_measurement_that_is_not_there(tmp_path):
    with pytest.raises((InputError, NotFoundError)):
        twin.calibrate(CELL, ["no-such.csv"])
