"""``twin.sensitivity``: what a life is, what is varied, what is kept."""

from __future__ import annotations

import json
import math
import os
from types import SimpleNamespace

import pytest

import twin
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.specs.dump import cell_hash, iter_quantities, with_overrides
from twin.studies import sensitivity as evidence
from twin.studies import turning
from twin.studies.base import base_of, study_design
from twin.studies.trial_lives import Pace, life_cycles

ALIVE = SimpleNamespace(dead=False, known=True, cycles=30)


def rows(*margins: dict[str, float]) -> list[dict]:
    return [{"cycle": 10 * (i + 1), "margins": m} for i, m in enumerate(margins)]


def test_a_life_is_extrapolated_along_the_fatal_margin_that_runs_out_first():
    found = rows({"a": 1.0, "b": 1.0, "warned": 0.9}, {"a": 0.9, "b": 0.98, "warned": 0.5},
                 {"a": 0.8, "b": 0.96, "warned": 0.1})  # fmt: skip
    # From 0.9 at cycle 20 to 0.8 at 30: nought 80 later, at 110.
    assert life_cycles(found, ALIVE, {"a", "b"}, 30) == pytest.approx(110)
    # b: 0.02 in 10 cycles, 0.96 left: 480 more.
    assert life_cycles(found, ALIVE, {"b"}, 30) == pytest.approx(510)
    assert life_cycles(found, ALIVE, {"c"}, 30) == math.inf
    # More than a hundred horizons is for ever.
    assert life_cycles(found, ALIVE, {"b"}, 5) == math.inf


def test_a_cell_that_died_lived_until_then():
    dead = SimpleNamespace(dead=True, known=True, cycles=20)
    # The margin passes nought half way between its last two cycles.
    assert life_cycles(rows({"a": 0.5}, {"a": -0.5}), dead, {"a"}, 30) == pytest.approx(15)
    assert math.isnan(life_cycles(rows({"a": 1.0}), ALIVE, {"a"}, 30))


def put_in(life):
    """Return lives that follow a formula, instead of simulated ones."""

    def lives(design, steps, free, progress):
        spec = base_of(design)
        yield life(spec), "pressure: voids"
        for step in steps:
            yield life(with_overrides(spec, step.change, twin.mode_entries())), None

    return lives


def test_sensitivity_finds_the_exponent_and_remembers_it(monkeypatch, tmp_path):
    """With a life that is put in, the exponent that comes out is known."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path))

    def life(spec):
        pressure, voids = spec.stack.pressure.si, spec.modes["pressure"].voids
        fraction = spec.electrolyte.electrolyte_fraction.si
        return 100 * (pressure / 5e6) ** 0.5 / (voids.reference_height.si / 2e-6) ** 2 * fraction

    monkeypatch.setattr(evidence, "trial_lives", put_in(life))
    spec = twin.load_cell("na-nzsp-na", overrides={"anode.thickness": "51 um"})
    assert twin.known_sensitivity(spec) is None
    found = twin.sensitivity(spec, cycles=5)
    assert twin.known_sensitivity(spec) == found
    assert (
        twin.known_sensitivity(twin.load_cell("na-nzsp-na", overrides={"anode.thickness": "52 um"}))
        is None
    )
    assert found["life_cycles"] == pytest.approx(100)
    by_key = {n["key"]: n["exponent"] for n in found["numbers"]}
    assert by_key["stack.pressure"] == pytest.approx(0.5)
    assert by_key["modes.pressure.voids.reference_height"] == pytest.approx(-2)
    # A share of 1 cannot be raised: it is lowered, and the exponent is the same.
    assert by_key["electrolyte.electrolyte_fraction"] == pytest.approx(1)
    assert [n["key"] for n in twin.drivers(found)] == [
        "modes.pressure.voids.reference_height",
        "electrolyte.electrolyte_fraction",
        "stack.pressure",
    ]
    assert not any(key.startswith(("window.", "end_of_life.")) for key in by_key)
    # Measured numbers are not doubted, and those the model has no use for not tried.
    assert "electrolyte.material.fracture_toughness" not in by_key
    assert "electrolyte.material.density" not in by_key
    assert found["idle"] > 40


def test_where_nothing_wears_only_what_ends_the_life_drives(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path))
    monkeypatch.setattr(
        evidence, "trial_lives", put_in(lambda s: math.inf if s.stack.pressure.si < 5.5e6 else 40.0)
    )
    found = twin.sensitivity("na-nzsp-na", cycles=5)
    assert found["life_cycles"] is None
    (driver,) = twin.drivers(found)
    assert (driver["key"], driver["life_cycles"]) == ("stack.pressure", pytest.approx(40))
    with pytest.raises(InputError, match="so few cycles"):
        twin.sensitivity("na-base-na", cycles=2)


def test_a_number_turns_the_verdict_where_its_ends_end_otherwise(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path))

    def lives(design, steps, free, progress):
        yield 4.0, "pressure: voids"
        for step in steps:
            spec = with_overrides(base_of(design), step.change, twin.mode_entries())
            height = spec.modes["pressure"].voids.reference_height.si
            per_pressure = spec.modes["pressure"].voids.refill_per_pressure.si
            dies = height < 3e-6
            yield (
                (2e6 * height * per_pressure / 2.8e-6 if dies else 900.0),
                "pressure: voids" * dies or None,
            )

    monkeypatch.setattr(evidence, "trial_lives", lives)
    found = twin.sensitivity("na-nzsp-na", cycles=5)
    # The height's 95th percentile, 2 um e^(0.5 x 1.645) = 4.55, lives; refilling changes the
    # life and not the verdict.
    (turn,) = found["turns"]
    assert turn["key"] == "modes.pressure.voids.reference_height"
    assert turn["low"] == {
        "value": "8.78728e-07 m",
        "life_cycles": pytest.approx(1.757, rel=1e-3),
        "died_of": "pressure: voids",
    }
    assert turn["high"] == {"value": "4.55203e-06 m", "life_cycles": 900.0, "died_of": None}
    assert turning.said(found) == (
        "modes.pressure.voids.reference_height (assumed) turns this verdict: 2 cycles at "
        "8.78728e-07 m (pressure: voids) and more than 5 cycles at 4.55203e-06 m"
    )
    assert turning.said(found | {"turns": []}) == turning.said(None) == ""


def test_a_finding_ships_with_a_cell_and_holds_while_the_cell_is_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path / "cache"))
    spec = twin.load_cell("na-nzsp-na")
    monkeypatch.setattr(type(plugin_manager()), "spec_directories", [tmp_path])
    assert twin.known_sensitivity(spec) is None
    (tmp_path / "evidence").mkdir()
    file = tmp_path / "evidence" / "na-nzsp-na.json"
    file.write_text(json.dumps({"numbers": [], "hash": cell_hash(spec)}))
    assert twin.known_sensitivity(spec) == {"numbers": [], "hash": cell_hash(spec)}
    changed = twin.load_cell("na-nzsp-na", overrides={"stack.pressure": "6 MPa"})
    assert twin.known_sensitivity(changed) is None


def test_idle_numbers_change_nothing_and_others_are_not_called_idle():
    """All of them moved at once, the cell cycles to the same numbers."""
    spec = twin.load_cell("na-nzsp-na")
    design = study_design(spec, 5, {"model": "spm"})
    steps = [s for k, q in iter_quantities(spec) if (s := evidence._step(spec, k, q)) is not None]
    idle, free, rebuilt = evidence._sorted_out(design, steps)
    keys = {step.key for step in idle}
    assert {"electrolyte.material.density", "modes.pressure.contact.dwell"} <= keys
    assert "modes.pressure.voids.reference_height" in {step.key for step in free}
    assert "electrolyte.thickness" in {step.key for step in rebuilt}
    assert len(idle) + len(free) + len(rebuilt) == len(steps)
    moved = with_overrides(
        spec, {k: v for s in idle for k, v in s.change.items()}, twin.mode_entries()
    )
    one, other = (
        twin.simulate(s, cycles=2, store="sqlite://", series_every=0).rows for s in (spec, moved)
    )
    for name in ("voltage_mean_V", "resistance_Ohm_m2", "throughput_Ah", "min_margin"):
        assert one[-1].get(name) == other[-1].get(name)
    assert one[-1]["margins"] == other[-1]["margins"]


def test_the_time_left_allows_for_builds():
    pace = Pace(free=10, built=2)
    pace.spent = [[1.0], [5.0]]
    pace.left = [9, 2]
    assert pace.share() == pytest.approx(6 / (6 + 9 * 1 + 2 * 5))


def test_a_kept_finding_that_is_damaged_is_none(tmp_path):
    from twin.studies.sensitivity_kept import _read

    file = tmp_path / "kept.json"
    for text in ("", "{", "[" * 100_000, "[]", "7", '{"hash": "other"}', "\xff"):
        file.write_text(text, encoding="latin-1")
        assert _read(file, "own") is None, text[:9]
    file.write_text('{"hash": "own"}')
    assert _read(file, "own") == {"hash": "own"}
    assert _read(tmp_path, "own") is None and _read(tmp_path / "none", "own") is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")  # to open it would wait for ever
        assert _read(tmp_path / "fifo", "own") is None
