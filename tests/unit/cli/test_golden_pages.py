"""Pages of a run whose every number is known: each figure in the unit that people read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import twin
from twin.specs.dump import cell_hash, cell_to_data
from twin.store import Store

HERE = Path(__file__).with_name("golden")


def row(cycle: int, left: float) -> dict[str, Any]:
    return {
        "cycle": cycle, "complete": True, "phase": "cycle",
        "t_start_s": 7200.0 * (cycle - 1), "t_end_s": 7200.0 * cycle,
        "capacity_Ah": 2e-3 * left, "capacity_share": left,
        "charge_Ah": 2.02e-3 * left, "discharge_Ah": 2e-3 * left,
        "charge_Wh": 7e-3, "discharge_Wh": 6.5e-3, "coulombic_efficiency": 0.9901,
        "voltage_min_V": 2.5, "voltage_max_V": 3.9, "current_max_A": 1.5e-3,
        "temperature_min_K": 298.15, "temperature_max_K": 301.15,
        "pressure_min_Pa": 4.8e6, "pressure_max_Pa": 5.5e6,
        "resistance_Ohm_m2": 0.0123 / left,
        "margins": {"core: too hot": 0.9, "pressure: anode contact lost": left - 0.8},
        "min_margin": left - 0.8, "min_margin_name": "pressure: anode contact lost",
    }  # fmt: skip


OUTCOME = {
    "kind": "cell-failed", "mode": "pressure", "criterion": "capacity lost", "cycle": 3,
    "time_h": 6.0, "temperature_K": 333.15, "pressure_Pa": 5.5e6,
    "variable": "capacity share", "value": 0.79, "threshold": 0.8,
    "says": "the capacity fell to 79.0% of its first", "fix": "press it harder",
    "evidence": {
        "interphase": {"polarisation_V": 0.0042, "capacity_Ah": 1e-5, "weight": 0.005,
                       "says": "the interphases have added 12 ohm cm2"},
        "pressure": {"polarisation_V": 0.25, "capacity_Ah": 2e-4, "weight": 0.3,
                     "says": "anode contact 0.41"},
    },
    "runner_up": {"mode": "core", "criterion": "too hot", "margin": 0.42, "variable": "T",
                  "value": 340.0, "threshold": 370.0, "severity": "fatal"},
}  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    place = f"sqlite:///{tmp_path_factory.mktemp('golden')}/runs.db"
    spec = twin.load_cell("na-nzsp-nvp", overrides={"stack.pressure": "5.5 MPa"})
    with Store.open(place) as store, pytest.MonkeyPatch.context() as patch:
        ids = iter(("aaaaaaaa", "bbbbbbbb"))
        patch.setattr("twin.store.runs.new_id", lambda: next(ids))
        for lefts in ((1.0, 0.9, 0.79), (1.0, 0.97, 0.95)):
            run = store.start_run(
                cell={"name": spec.name, "kind": spec.kind, "family": "nasicon",
                      "title": "A cell", "hash": cell_hash(spec), "spec": cell_to_data(spec)},
                protocol={"name": "cc-cv", "title": "CC-CV", "phase": []},
                settings={"model": "spm", "rtol": 1e-5, "atol": 1e-7, "series_every": 10,
                          "cycles": "every", "overlays": ["pressed"],
                          "overrides": {"stack.pressure": "5 MPa"}},
                modes={"interphase": "interphase 1", "pressure": "pressure 1"},
                packages={}, cycles_requested=10,
            )  # fmt: skip
            store.commit_initial(run, b"", "[]")
            event = {"mode": "pressure", "criterion": "capacity lost", "severity": "fatal",
                     "variable": "capacity share", "says": "it fell", "t_s": 21600.0}  # fmt: skip
            for cycle, left in enumerate(lefts, start=1):
                events = [event] if left == 0.79 else []
                store.commit_cycle(run, cycle, row(cycle, left), events=events)
            died = lefts[-1] < 0.8
            alive = {"kind": "completed", "cycle": 3, "time_h": 6.0, "says": "the cell lives"}
            outcome = OUTCOME if died else alive
            store.finish_run(run, status=outcome["kind"], outcome=outcome, wall_s=125.0)
    return place


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("show", ("show", "aaaaaaaa")),
        ("show-alive", ("show", "bbbbbbbb")),
        ("runs", ("runs",)),
        ("compare", ("compare", "aaaaaaaa", "bbbbbbbb")),
    ],
)
def test_a_page_is_as_it_was_worked_out(cli, url, monkeypatch, name, words):
    monkeypatch.setenv("COLUMNS", "100")
    sure = ["5 to 9 cycles in 90 %; 3 of its 4 numbers are assumed or unverified"]
    monkeypatch.setattr("twin.studies.verdict.how_sure", lambda info, store: sure)
    said = cli(*words, "--db", url)
    assert said.code == 0, said.err
    # When it was is the one thing that differs from day to day.
    page = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "<moment>", said.out)
    if name == "runs":
        page = re.sub(r"(?<= )(now|\d+ ?(s|min|h|d)( ago)?) *(?=\n)", "<ago>", page)
    golden = HERE / f"{name}.txt"
    lines = [line.rstrip() for line in page.splitlines()]
    assert lines == golden.read_text(encoding="utf-8").splitlines()
