"""What would help a cell, and how sure a verdict is."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

import twin
from twin.specs.dump import cell_hash
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
    info.settings["named"] = {
        "cell": "my/a.toml", "protocol": "p", "modes": ["x", "y"], "without": ["x"]
    }  # fmt: skip
    assert twin.what_helps(info) == (
        "twin improve my/a.toml --with x --set 'k=1 m' --protocol p --modes x,y --without x"
    )
    info.settings["named"] = {"modes": []}
    assert twin.what_helps(info) == "twin improve a --with x --set 'k=1 m' --modes none"
    info.outcome = {"kind": "completed"}
    assert twin.what_helps(info) is None


def test_a_run_remembers_what_names_it(tmp_path):
    from twin.runs.simulate import _named

    assert _named(twin.Scenario.of("na-nzsp-na")) == {}
    file = tmp_path / "mine.toml"
    file.write_text(twin.cell_toml(twin.load_cell("na-nzsp-na")))
    asked = twin.Scenario.of(file, protocol="rest", modes=["fade"], without=["fade"])
    assert _named(asked) == {
        "cell": str(file), "protocol": "rest", "modes": ["fade"], "without": ["fade"]
    }  # fmt: skip


# ---------------------------------------------------------------------- how sure


@pytest.fixture(scope="module")
def run():
    return twin.simulate("na-nzsp-nvp", model="spm", cycles=1, store="sqlite://")


def test_without_a_forecast_the_command_for_one_is_named(run, monkeypatch):
    monkeypatch.setattr(sureness, "known_sample", lambda name, own: None)
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
    spreads = twin.with_ignorance("na-nzsp-nvp")
    drawn = twin.load_cell("na-nzsp-nvp", overrides=spreads)
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
        design |= {"instead": spreads.instead} if cell is drawn else {}
        study = store.start_study(kind="forecast", cell_name=spec.name, design=design)
        store.finish_study(study, status="completed", summary={**summary, **more})
    (said,) = twin.how_sure(run.info, store)
    assert said.startswith(
        "forecast of 40 such cells: median 58 cycles, 5 to 95 % 22 to more than 500; "
    )


def sample(info, *lives, **more):
    """Lives drawn, as they are kept: the shortest first, those beyond the horizon last."""
    told = [{"life_cycles": n, "died_of": n and way} for n, way in lives]
    return {"lives": told, "lost": 0, "drawn": 14, "assumed": 11, "cycles": 500,
            "protocol": info.protocol, "modes": list(info.modes), **more}  # fmt: skip


LIVES = [(0.4, "dendrite: a"), (3.2, "dendrite: b"), *[(50.0, "fade: c")] * 2,
         (61.0, "dendrite: a"), *[(None, None)] * 4]  # fmt: skip


def test_lives_that_were_drawn_give_a_band(run, monkeypatch):
    """Nine: the fifth is the middle, and the least and the greatest hold eight tenths."""
    kept = sample(run.info, *LIVES)
    monkeypatch.setattr(sureness, "known_sample", lambda name, own: kept)
    monkeypatch.setattr(sureness, "forecast_of", lambda info, store: None)
    (said,) = twin.how_sure(run.info, run.store)
    assert said == (
        "less than 1 to more than 500 cycles in 80 % (9 such cells lived: middle 61, "
        "3 die of dendrite, 2 die of fade, 4 live), 11 of the 14 numbers drawn are assumed or "
        "unverified; better: twin forecast na-nzsp-nvp"
    )
    kept["lost"] = 2
    assert "4 live, 2 more could not be followed)" in twin.said_of_sample(kept)
    kept["lives"] = 8 * [{"life_cycles": None, "died_of": None}]
    assert twin.said_of_sample(kept | {"lost": 0}).startswith(
        "more than 500 cycles in 78 % (8 such cells lived: 8 live), "
    )


@pytest.mark.parametrize("less", [{"modes": ["fade"]}, {"protocol": {}}, {"lives": LIVES[:7]}])
def test_a_band_of_another_cell_or_of_too_few_is_none(run, monkeypatch, less):
    kept = sample(run.info, *LIVES) | less
    monkeypatch.setattr(sureness, "known_sample", lambda name, own: kept)
    monkeypatch.setattr(sureness, "forecast_of", lambda info, store: None)
    (said,) = twin.how_sure(run.info, run.store)
    assert said.startswith("not known: twin forecast na-nzsp-nvp; ")


def test_a_sample_draws_what_a_forecast_draws_and_is_kept(monkeypatch):
    """Flaws have no spread in the cell's file; a forecast draws them as published cells scatter."""
    from twin.outcomes import sampled_lives as of
    from twin.studies.sensitivity_kept import known_sample

    drawn = []

    def lived(design, cells, free, progress, first):
        drawn.extend(cell.change for cell in cells)
        yield from [(7.0, "dendrite: a"), (math.nan, None), (math.inf, None), (3.0, "fade: b")]

    monkeypatch.setattr(of, "trial_lives", lived)
    changed = {"stack.pressure": "7 MPa", "modes.dendrite.flaw.strength": 1.1}
    spec = twin.load_cell("na-nps-na", overrides=changed)
    found = twin.sampled_lives("na-nps-na", cycles=40, members=4, overrides=changed)
    lengths = {cell["modes.dendrite.flaw.length"] for cell in drawn}
    assert len(lengths) == len(drawn) == 4
    assert not any("stack.pressure" in cell for cell in drawn)  # set by hand: no spread
    assert found["lives"] == [
        {"life_cycles": 3.0, "died_of": "fade: b"},
        {"life_cycles": 7.0, "died_of": "dendrite: a"},
        {"life_cycles": None, "died_of": None},
    ]
    assert found["lost"] == 1 and found["cycles"] == 40
    # What a symmetric cell of sodium has no use for (a cathode's fade) is not counted.
    assert 0 < found["assumed"] <= found["drawn"] < len(drawn[0])
    assert known_sample("na-nps-na", cell_hash(spec)) == found
    assert known_sample("na-nps-na", "another") is None


def test_a_run_without_a_verdict_is_not_judged(run):
    info = SimpleNamespace(outcome={"kind": "cancelled"})
    assert twin.how_sure(info, run.store) == []
