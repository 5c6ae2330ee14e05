"""Spectra beside curves: the twin's own impedance, met at rest, tells what curves tell together."""

from __future__ import annotations

import json

import numpy as np
import pytest

import twin
from twin.calibration import fit as fitting
from twin.calibration.data import curve_of
from twin.calibration.forward import Forward
from twin.calibration.overlay import overlay_data
from twin.calibration.parameters import candidates, chosen
from twin.calibration.ready import readying
from twin.calibration.spectra import SIGMA_Z, Sweep, part_of, sweep_of
from twin.catalog.cells import as_spec
from twin.errors import InputError
from twin.model.parameters import nominal_capacity, used_capacity
from twin.specs.dump import with_values

CELL = "na-ion-chayambuka2022"
ANODE, CATHODE = (f"interfaces.{p}.exchange_current.scale" for p in ("anode", "cathode"))
CONTACT, DOUBLE = "interfaces.cathode.resistance.value", "cathode.double_layer_capacitance"
CAPACITIES = (f"interfaces.{DOUBLE}", "interfaces.anode.double_layer_capacitance")
FREE = (ANODE, CATHODE, CONTACT, *CAPACITIES)
TRUTH = {ANODE: 2.0, CATHODE: 3.0, CONTACT: 0.002, CAPACITIES[0]: 0.2, CAPACITIES[1]: 0.05}
F = np.logspace(4, -2, 37)
NOISE_V, NOISE_Z = 2e-3, 0.005


@pytest.fixture(scope="module")
def ready():
    spec = as_spec(CELL)
    return with_values(spec, readying(spec))


@pytest.fixture(scope="module")
def forward(ready):
    items = chosen(ready, candidates(ready, 20.0, heat=False, spectra=True), FREE)
    return Forward(ready, items, "spm")


def blank(after=0.0, f=F):
    one = np.ones(len(f), complex)
    return Sweep("blank", "0" * 64, f, one, after, "sound", np.arange(len(f)))


def at(forward, numbers):
    return [numbers.get(item.key, item.middle) for item in forward.free]


def spectrum_file(folder, z, name="eis.csv", f=F):
    rows = ["Frequency [Hz],Z real [Ohm],Z imaginary [Ohm]"]
    rows += [f"{a:.9g},{b.real:.9g},{b.imag:.9g}" for a, b in zip(f, z, strict=True)]
    (folder / name).write_text("\n".join(rows))
    return folder / name


def curve_file(folder, forward, amps, hours, name, seed):
    def written(t, volts):
        rows = ["time [s],current [A],voltage [V]"]
        rows += [f"{a:.9g},{amps},{v:.9g}" for a, v in zip(t, volts, strict=True)]
        (folder / name).write_text("\n".join(rows))
        return folder / name

    t = np.linspace(0, 3600 * hours, 40)
    curve = curve_of(twin.import_file(written(t, 4 - t / t[-1])), 3e-3)
    told = forward(at(forward, TRUTH), curve)
    noise = NOISE_V * np.random.default_rng(seed).standard_normal(len(curve.t))
    return written(curve.t, told.voltage + noise)


@pytest.fixture(scope="module")
def data(forward, tmp_path_factory):
    """Two discharges and two spectra of a known cell, with noise."""
    folder = tmp_path_factory.mktemp("spectra")
    rng = np.random.default_rng(7)
    files = []
    for after in (0.0, 0.4):
        z = forward(at(forward, TRUTH), blank(after)).impedance
        noise = NOISE_Z * np.abs(z) * (rng.standard_normal(37) + 1j * rng.standard_normal(37))
        files.append(spectrum_file(folder, z + noise, f"eis{after:g}.csv"))
    curves = [
        curve_file(folder, forward, 6e-4, 3.0, "slow.csv", 1),
        curve_file(folder, forward, 2e-3, 0.7, "fast.csv", 2),
    ]
    return curves, files


def calibrated(data, **asked):
    return twin.calibrate(CELL, data, free=FREE, model="spm", **asked)


@pytest.fixture(scope="module")
def alone(data):
    return calibrated(data[0], members=0)


@pytest.fixture(scope="module")
def found(data):
    curves, spectra = data
    return calibrated([*curves, spectra[0]], hold=[f"{spectra[1]}@40%"], members=20)


def widths(calibration):
    sd = calibration.covariance.diagonal() ** 0.5
    return dict(zip([item.key for item in calibration.items], sd, strict=True))


def test_the_spectrum_of_the_free_model_is_that_of_twin_eis(ready, forward):
    """With numbers that are inputs as with numbers that were built in."""
    f = np.logspace(4, -2, 37)
    changes = {CAPACITIES[0]: "0.2 F/m^2", ANODE: 2.0, CONTACT: "0.002 ohm*m^2"}
    asked = {"low": "10 mHz", "high": "10 kHz", "per_decade": 6, "model": "spm"}
    told = twin.eis(with_values(ready, changes), modes=[], **asked)
    assert np.allclose(told.frequency, f)
    given = {CAPACITIES[0]: 0.2, ANODE: 2.0, CONTACT: 0.002}
    own = forward(at(forward, given), blank()).impedance
    assert np.allclose(own * forward.area, told.z, rtol=1e-3)


@pytest.mark.slow
def test_a_spectrum_after_a_charge_is_that_of_the_fillings_it_leaves(ready, forward):
    moved = 0.4 * nominal_capacity(ready)
    changes = {}
    for place, sign in (("anode", -1), ("cathode", 1)):
        electrode = getattr(ready, place)
        x = electrode.initial_stoichiometry.si + sign * moved / used_capacity(ready, electrode)
        changes[f"{place}.initial_stoichiometry"] = float(x)
    told = twin.eis(with_values(ready, changes), modes=[], low="1 Hz", high="1 kHz", model="spm")
    own = forward(at(forward, {}), blank(0.4, told.frequency)).impedance * forward.area
    assert np.allclose(own, told.z, rtol=1e-3)
    fresh = forward(at(forward, {}), blank(0.0, told.frequency)).impedance * forward.area
    assert np.max(np.abs(fresh / told.z - 1)) > 0.1


@pytest.mark.slow
def test_a_spectrum_tells_what_curves_tell_only_together(alone, found):
    """Both exchange currents and the contact: 5, 2.9 and 43 times as sharply."""
    before, after = widths(alone), widths(found)
    sharper = {key: float(before[key] / after[key]) for key in (ANODE, CATHODE, CONTACT)}
    assert sharper == pytest.approx({ANODE: 5.06, CATHODE: 2.91, CONTACT: 43.1}, rel=0.1)
    for item, z in zip(found.items, found.z, strict=True):
        truth = item.z(TRUTH[item.key])
        assert abs(z - truth) < 4 * after[item.key]
        assert found.values[item.key] == pytest.approx(TRUTH[item.key], rel=0.05)


@pytest.mark.slow
def test_starts_end_at_one_place_where_there_is_one(data):
    found = twin.calibrate(CELL, data[0], free=FREE[:3], model="spm", members=0, starts=3)
    assert len(found.starts) == 3 and found.starts == pytest.approx([found.starts[0]] * 3, rel=0.01)
    assert found.solves["spm"] <= 150 and found.solves["starts"] <= 300
    assert any(note.startswith("3 starts") for note in found.notes)


@pytest.mark.slow
def test_curves_alone_tell_no_capacitance(alone):
    told = {one.key: one for one in alone.told}
    assert all(told[key].says == "not told" for key in CAPACITIES)


@pytest.mark.slow
def test_a_spectrum_kept_back_is_told_at_its_own_state_of_charge(found):
    fitted, held = found.spectra
    assert (fitted.held, held.held, held.sweep.after) == (False, True, 0.4)
    # Noise alone is 0.7 % of |Z|.
    assert fitted.rms < 0.01 and held.rms < 0.015
    assert held.coverage > 0.7 and held.half_width < 0.05
    assert found.discrepancy_Z.total < 0.01


def test_a_capacitance_costs_no_solve_of_a_curve(ready, data):
    items = chosen(ready, candidates(ready, 20.0, heat=False, spectra=True), FREE)
    model = Forward(ready, items, "spm")
    records = [curve_of(twin.import_file(data[0][0]), 3e-3).thinned]
    records.append(sweep_of(twin.import_file(data[1][0])).thinned)
    problem = fitting.Problem(model, records, range(5), np.zeros(5))
    z = np.full(5, 0.3)
    J = problem.differences(z)
    # At z, and beside it for the two exchange currents; each spectrum is worked out anew.
    assert (model.solves, model.sweeps) == (3, 6)
    beside = z + 0.05 * np.eye(5)
    r = problem.residuals(z)
    whole = np.column_stack([(problem.residuals(b) - r) / 0.05 for b in beside])
    assert np.allclose(J, whole, atol=0.02 * np.abs(whole).max())


def test_both_parts_are_weighed_by_the_modulus(data):
    sweep = sweep_of(twin.import_file(data[1][0]))
    off = 1.02 * sweep.impedance
    gap = sweep.shares(off) - sweep.values
    # 2 % away everywhere: m independent values of 0.02/sigma_Z, shared by both parts.
    assert np.sum((sweep.weights * gap) ** 2) == pytest.approx(
        sweep.independent / 2 * (0.02 / SIGMA_Z) ** 2
    )
    assert sweep.independent == pytest.approx(4 * 6)


def test_inductive_points_are_left_out_and_told(forward, tmp_path, data):
    f = np.logspace(6, -2, 49)
    lead = 2e-4
    z = forward(at(forward, TRUTH), blank(0.0, f)).impedance + 2j * np.pi * f * lead
    sweep = sweep_of(twin.import_file(spectrum_file(tmp_path, z, f=f)))
    assert 0 < sweep.left_out < 20 and np.all(sweep.impedance.imag <= 0)
    assert len(sweep.thinned.frequency) < len(sweep.frequency)


@pytest.mark.slow
def test_the_overlay_and_the_document_hold_the_spectra(found, tmp_path):
    block = overlay_data(found)["calibration"]
    assert block["discrepancy_Z"]["tau"] > 0
    kinds = [{"rms_mV", "rms_percent"} & set(one) for one in block["data"]]
    assert kinds == [{"rms_mV"}] * 2 + [{"rms_percent"}] * 2
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [one["held"] for one in document["spectra"]] == [False, True]
    assert found.solves["spectra"] > 0 and found.solves["spm"] <= 150
    twin.save_calibration(found, tmp_path / "mine.toml")
    cell = twin.load_cell(CELL, overlays=[tmp_path / "mine.toml"])
    assert cell.interfaces.cathode.double_layer_capacitance.si == pytest.approx(0.2, rel=0.05)


def test_what_a_spectrum_cannot_be_is_said(data, tmp_path):
    curves, spectra = data
    with pytest.raises(InputError, match="tells neither charge"):
        calibrated([spectra[0]])
    with pytest.raises(InputError, match="has no @"):
        calibrated([f"{curves[0]}@50%"])
    with pytest.raises(InputError, match="after 140 %"):
        calibrated([*curves, f"{spectra[0]}@140%"])
    rough = np.abs(np.random.default_rng(0).standard_normal(37)) * (1 - 1j)
    with pytest.raises(InputError, match="linear, steady"):
        calibrated([*curves, spectrum_file(tmp_path, 1 + rough)])


def test_a_spectrum_is_named_with_the_charge_before_it():
    assert part_of("eis.csv@50%") == ("eis.csv", 0.5)
    assert part_of("eis.csv@12.5") == ("eis.csv", 0.125)
    assert part_of("eis.csv") == ("eis.csv", 0.0)


def scored(held=True):
    from twin.calibration.result import SpectrumScore

    z = 5 + 20 / (1 + 2j * np.pi * F * 0.01) + 3 / np.sqrt(2j * np.pi * F)
    sweep = Sweep("eis.csv", "0" * 64, F, 1.02 * z, 0.4, "sound", np.arange(37))
    there = sweep.shares(z)
    return SpectrumScore(sweep, held, z, "", there - 0.03, there + 0.03)


def test_a_spectrums_score_is_its_share_of_the_modulus():
    score = scored()
    assert score.rms == pytest.approx(0.02 / 1.02)
    assert score.coverage == 1.0 and score.half_width == pytest.approx(0.03)
    assert score.to_dict()["rms_percent"] == pytest.approx(2 / 1.02)


def test_the_figure_of_spectra_draws_the_plane_and_what_it_is_off_by(tmp_path):
    from types import SimpleNamespace

    from twin.report.calibration import spectra_figure
    from twin.report.figures import save_figure

    figure = spectra_figure(SimpleNamespace(cell="cell", spectra=[scored(), scored(False)]))
    plane, off = figure.axes[:2]
    assert "after 40 %, kept back: 2.0 % rms" in plane.get_title()
    x, y = plane.lines[1].get_data()
    assert np.all(np.array(y) > 0) and x[0] == pytest.approx(scored().sweep.impedance[0].real)
    gaps = np.hypot(off.lines[0].get_ydata(), off.lines[1].get_ydata())
    assert gaps == pytest.approx(2 / 1.02)
    save_figure(figure, tmp_path / "spectra.png")
    assert (tmp_path / "spectra.png").stat().st_size > 5000
