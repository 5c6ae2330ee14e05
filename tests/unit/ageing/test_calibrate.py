"""Constants of a cell's ageing from check-ups: a known life is found again, and bad input."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.errors import InputError
from twin.runs.record import open_store

CELL, KEY = "na-nzsp-nvp", "modes.fade.this_cell"
TRUTH = 1.7
CYCLES = [1, 10, 20, 40, 60, 80]
UNTIL = 40


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Check-ups of a simulated life, as a share of the fresh cell, with noise."""
    lived = twin.life(CELL, cycles=80, modes=["fade"], model="spm", overrides={KEY: TRUTH},
                      store=open_store("sqlite://"))  # fmt: skip
    by_cycle = {row["cycle"]: row["capacity_Ah"] for row in lived.rows}
    noise = 5e-4 * np.random.default_rng(3).standard_normal(len(CYCLES))
    rows = [f"{n}, {100 * by_cycle[n] / by_cycle[1] * np.exp(e):.4f}"
            for n, e in zip(CYCLES, noise, strict=True)]  # fmt: skip
    path = tmp_path_factory.mktemp("checkups") / "cell-7.csv"
    path.write_text("\n".join(["cycle, capacity [%]", *rows]))
    return path


@pytest.fixture(scope="module")
def found(table):
    return twin.calibrate_ageing(CELL, [table], free=[KEY], until=UNTIL, modes=["fade"])


@pytest.mark.slow
def test_the_constant_of_a_simulated_life_is_found(found):
    sd = float(np.sqrt(found.found.covariance[0, 0]))
    item = found.items[0]
    assert abs(found.found.z[0] - item.z(TRUTH)) < 2 * sd
    assert sd < 0.6  # narrower than its prior
    assert found.values[KEY] == pytest.approx(TRUTH, rel=0.25)


@pytest.mark.slow
def test_later_check_ups_are_scored_and_lie_in_the_band(found):
    (score,) = found.scores
    assert list(score.series.held) == [c > UNTIL for c in CYCLES]
    assert score.coverage(True) == 1.0 and score.rms(True) < 3e-3
    assert score.to_dict()["rms_held"] == score.rms(True)


@pytest.mark.slow
def test_the_overlay_is_laid_over_the_cell(found, tmp_path):
    path = tmp_path / "aged.toml"
    twin.save_ageing(found, path)
    entry = twin.load_cell(CELL, overlays=[path]).modes["fade"].this_cell
    assert entry.si == pytest.approx(found.values[KEY], rel=1e-5)
    assert entry.status == "fitted" and "SHA-256" in entry.source
    assert entry.spread_kind == "epistemic"


def refused(match, data, **asked):
    with pytest.raises(InputError, match=match) as error:
        twin.calibrate_ageing(CELL, data, **({"free": [KEY], "modes": ["fade"]} | asked))
    assert "\n" not in error.value.problem.message and error.value.problem.fix
    return error.value.problem


def test_what_cannot_be_used_is_said_in_one_line(tmp_path):
    table = tmp_path / "cell-8.csv"
    table.write_text("cycle, capacity [%]\n1, 100\n10, 99\n50, 97\n")
    refused("no check-ups", [])
    named = refused("no constant", [table], free=[])
    assert "modes." in named.fix
    refused("has no number 'modes.fade.speed'", [table], free=["modes.fade.speed"])
    refused("2 check-ups are left", [table], until=10)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("cycle, beauty [%]\n1, 100\n")
    refused("beauty", [wrong])


def drawn(tmp_path):
    """A figure of readings that need no life."""
    from twin.ageing.calibrate import AgeingCalibration, AgeingScore
    from twin.ageing.picture import ageing_figure, save_ageing_figure
    from twin.ageing.series import Series
    from twin.tracking.observables import observables

    n = np.array([1.0, 100.0, 300.0, 500.0])
    scores = []
    for key, mean, share in (("capacity", -3e-4 * n, True), ("resistance", 1e-3 * n - 4, False)):
        series = Series(observables()[key], n, mean + 0.002, share, n > 200)
        scores.append(AgeingScore(series, mean, np.full(4, 0.003)))
    made = AgeingCalibration("cell", [], None, scores, [], 1.0)
    return ageing_figure(made), save_ageing_figure(made, tmp_path / "figures")


def test_the_figure_holds_check_ups_kept_back_apart_and_the_band(tmp_path):
    figure, file = drawn(tmp_path)
    assert file.name == "cell-ageing.png" and file.stat().st_size > 5000
    capacity, off = figure.axes[:2]
    labels = [text.get_text() for text in capacity.get_legend().get_texts()]
    assert labels == ["90 %", "model", "fitted", "kept back"]
    points = {line.get_label(): line for line in capacity.lines}
    assert list(points["kept back"].get_xdata()) == [300, 500]
    assert points["fitted"].get_ydata()[0] == pytest.approx(100 * np.exp(0.002 - 3e-4))
    assert capacity.get_ylabel() == "capacity [% of the fresh cell]"
    gaps = np.concatenate([line.get_ydata() for line in off.lines[:2]])
    assert gaps == pytest.approx(0.2)
