"""What is told apart by its words alone is not the same step: temperature, period, place."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.specs.steps import read_step

TEMPERATURE = "Volume-averaged cell temperature [K]"
PROTOCOL = """
schema = 1
title  = "The same words, other surroundings"
kinds  = ["full", "symmetric"]
"""


def run(tmp_path, cell, phases, **how):
    path = tmp_path / "same-words.toml"
    path.write_text(PROTOCOL + phases)
    how = {"model": "spm", "modes": [], "store": "sqlite://", "series_every": 1} | how
    return twin.simulate(cell, protocol=path, **how)


def test_equal_words_at_two_temperatures_are_two_steps_to_pybamm():
    import pybamm

    warm, cold = (read_step("Rest for 1 hour", temperature=T) for T in (330.0, 250.0))
    steps = pybamm.Experiment([(warm, cold, warm)]).steps
    assert [step.temperature for step in steps] == [330.0, 250.0, 330.0]


def test_a_rest_of_the_same_words_is_at_each_its_own_temperature(tmp_path):
    seen = run(
        tmp_path,
        "na-nzsp-na",
        '[[phase]]\nname = "a"\ncycles = 1\ntemperature = "40 degC"\nsteps = [\n'
        '{ do = "Rest for 1 hour", temperature = "-20 degC", period = "10 minutes" },\n'
        '{ do = "Rest for 1 hour", temperature = "60 degC", period = "20 minutes" },\n'
        '"Rest for 1 hour" ]\n',
        cycles=1,
    ).series
    for place, (T, points) in enumerate([(253.15, 7), (333.15, 4), (313.15, None)]):
        part = seen[TEMPERATURE].values[seen["Step"].values == place]
        assert part == pytest.approx(T, abs=1e-9)
        assert points is None or len(part) == points


def test_the_same_discharge_gives_less_in_the_cold(tmp_path):
    # C/5 at 25, 60 and -10 degC; the same three times was what one temperature gives.
    phases = "".join(
        f'[[phase]]\nname = "{T}"\ncycles = 1\ntemperature = "{T} degC"\n'
        'steps = ["Charge at C/5 until {upper}", "Discharge at C/5 until {lower}"]\n'
        for T in (25, 60, -10)
    )
    given = [1e3 * row["capacity_Ah"] for row in run(tmp_path, "na-nzsp-nvp", phases, cycles=3,
                                                     model="dfn").rows]  # fmt: skip
    assert given == pytest.approx([1.2226, 1.2317, 1.1602], abs=1e-3)


def test_the_place_of_a_step_counts_those_that_were_skipped(tmp_path):
    seen = run(
        tmp_path,
        "na-nzsp-nvp",
        '[[phase]]\nname = "a"\nsteps = ["Discharge at C/5 until 3.3 V", '
        '"Discharge at C/5 until 3.35 V", "Charge at C/5 for 10 minutes"]\n',
        cycles=1,
    )
    row, places = seen.rows[0], np.unique(seen.series["Step"].values)
    skipped = row["skipped_steps"]
    assert "Discharge at C/5 until 3.35 V" in skipped and 1.0 not in places
    assert places[-1] == 2.0 and len(places) + len(skipped) == 3
