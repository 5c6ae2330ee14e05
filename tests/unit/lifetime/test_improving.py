"""What would help a cell, and how sure a verdict is."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

import twin
from twin.studies import improving, sureness
from twin.studies.improving import Change, halved, moved


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("C/5", "C/10"),
        ("2C", "1 C"),
        ("C", "C/2"),
        ("0.3 mA/cm^2", "0.15 mA/cm^2"),
        ("5e-1 A", "0.25 A"),
        ("{rate}", ""),
    ],
)
def test_half_a_current(text, half):
    assert halved(text) == half


def test_a_number_moves_in_its_own_unit():
    assert moved("5 MPa", 2.0, 0.0) == "10 MPa"
    assert moved("25 degC", 1.0, 20.0) == "45 degC"
    assert moved("3.8 V", 1.0, -0.1) == "3.7 V"


def test_changes_are_those_that_fit_and_change_something():
    found = {c.says for c in improving.changes(twin.Scenario.of("na-nps-na"))}
    assert "protocol.current_density = 0.15 mA/cm^2" in found
    assert "stack.pressure = 10 MPa" in found and "stack.pressure = 2.5 MPa" in found
    assert "with sbf3-interlayer" not in found  # for ceramics
    assert not any(c.startswith("cathode.") for c in found)


@pytest.fixture
def lived(monkeypatch):
    """Lives that are not lived: by what is laid over, how long, and whether it died."""
    followed = {}

    def set_lives(lives):
        def live(wanted):
            key = wanted.overlays[-1] if wanted.overlays else next(iter(wanted.changes), "")
            followed[key] = wanted.cycles
            cycles, died = lives.get(key, (10, True))
            outcome = twin.Outcome(
                kind="cell-failed" if died else "completed",
                mode="own" if died else None,
                criterion="gone" if died else None,
                cycle=cycles + died,
            )
            rows = [{"cycle": n + 1, "complete": True} for n in range(cycles)]
            info = SimpleNamespace(cell_name="na-nps-na")
            return SimpleNamespace(outcome=outcome, rows=rows, info=info)

        monkeypatch.setattr(improving, "_live", live)
        return followed

    return set_lives


def test_what_gains_most_comes_first_and_is_followed_further_than_the_cell(lived):
    lives = {"": (100, True), "warm-60C": (300, False), "stack.pressure": (40, True)}
    followed = lived(lives)
    found = twin.improvements("na-nps-na", most=40)
    assert (found["life_cycles"], found["died_of"], found["cycles"]) == (100, "own: gone", 300)
    best, worst = found["changes"][0], found["changes"][-1]
    assert (best["change"], best["gain_cycles"], best["died_of"]) == ("with warm-60C", 200, None)
    assert best["options"] == ["--with", "warm-60C"]
    assert worst["gain_cycles"] < 0
    assert followed[""] == 2000 and followed["warm-60C"] == 300


def test_only_so_many_are_tried(lived):
    lived({"": (100, True)})
    found = twin.improvements("na-nps-na", most=2)
    assert len(found["changes"]) == 2 and found["left_out"] > 5
    with pytest.raises(twin.InputError, match="are none"):
        twin.improvements("na-nps-na", most=0)


def test_a_cell_that_lives_needs_no_help(lived):
    lived({"": (2000, False)})
    with pytest.raises(twin.InputError, match="does not die in 2000 cycles"):
        twin.improvements("na-nps-na")


def test_commands_are_as_a_shell_takes_them():
    change = Change("stack.pressure", "10 MPa")
    assert twin.command_of("na-nps-na", change.options) == (
        "twin life na-nps-na --set 'stack.pressure=10 MPa'"
    )
    info = SimpleNamespace(
        cell_name="a", outcome={"kind": "cell-failed"},
        settings={"overlays": ["x"], "overrides": {"k": "1 m"}},
    )  # fmt: skip
    assert twin.what_helps(info) == "twin improve a --with x --set 'k=1 m'"
    info.outcome = {"kind": "completed"}
    assert twin.what_helps(info) is None


# ---------------------------------------------------------------------- how sure


@pytest.fixture(scope="module")
def run():
    return twin.simulate("na-nzsp-nvp", model="spm", cycles=1, store="sqlite://")


def test_without_a_forecast_the_command_for_one_is_named(run, monkeypatch):
    monkeypatch.setattr(sureness, "known_of_hash", lambda name, own: None)
    (said,) = twin.how_sure(run.info, run.store)
    assert said.startswith("not known: twin forecast na-nzsp-nvp; ")
    counts = twin.numbers_by_status(twin.load_cell("na-nzsp-nvp"))
    total = sum(counts.values())
    doubtful = total - sum(counts.get(s, 0) for s in ("measured", "fitted", "exact"))
    assert f"{doubtful} of its {total} numbers are assumed or unverified" in said


def test_a_forecast_of_the_very_cell_gives_its_band(run):
    from twin.specs.dump import cell_to_data

    store, spec = run.store, twin.load_cell("na-nzsp-nvp")
    # As the command draws: the same cell, with more spreads.
    drawn = twin.load_cell("na-nzsp-nvp", overrides=twin.with_ignorance("na-nzsp-nvp"))
    other = twin.load_cell("na-nzsp-nvp", overrides={"stack.pressure": "9 MPa"})
    summary = {"samples": 40, "cycles": 500, "median_life": 58, "p05": 22, "p95": None}
    own, modes = run.info.protocol, list(run.info.modes)
    faster = {**own, "parameters": {"rate": "2C"}}
    wrong = {"median_life": 7, "p05": 1}
    for cell, protocol, chosen, more in (
        (drawn, own, modes, {}),
        (other, own, modes, wrong),
        (drawn, faster, modes, wrong),
        (drawn, own, modes[:-1], wrong),
    ):
        design = {"cell": cell_to_data(cell), "protocol": protocol, "modes": chosen}
        study = store.start_study(kind="forecast", cell_name=spec.name, design=design)
        store.finish_study(study, status="completed", summary={**summary, **more})
    (said,) = twin.how_sure(run.info, store)
    assert said.startswith(
        "forecast of 40 such cells: median 58 cycles, 5 to 95 % 22 to more than 500; "
    )


def test_slopes_give_a_local_band(run, monkeypatch):
    """Two numbers: exponent 2 with sigma 0.1 in the logarithm, and 1 with none."""
    spec = twin.load_cell(
        "na-nzsp-nvp",
        overrides={
            "stack.pressure": {"value": "5 MPa", "spread": "lognormal 0.1", "status": "assumed",
                               "source": "this test"},
        },
    )  # fmt: skip
    numbers = [
        {"key": "stack.pressure", "exponent": -2.0},
        {"key": "geometry.area", "exponent": 1.0},
        {"key": "electrolyte.thickness", "exponent": None},
    ]
    kept = {"life_cycles": 100.0, "numbers": numbers}
    monkeypatch.setattr(sureness, "known_of_hash", lambda name, own: kept)
    monkeypatch.setattr(sureness, "lived_as", lambda found, info: True)
    low, high = sureness.local_band(run.info, spec)
    assert math.log(high / 100) == pytest.approx(1.6448536 * 0.2, rel=1e-4)
    assert low * high == pytest.approx(100.0**2, rel=1e-9)


def test_a_run_without_a_verdict_is_not_judged(run):
    info = SimpleNamespace(outcome={"kind": "cancelled"})
    assert twin.how_sure(info, run.store) == []
