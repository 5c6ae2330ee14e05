"""``twin calibrate``: what is asked wrongly costs one line, and its page fits 80 columns."""

from __future__ import annotations

import json

import numpy as np
import pytest

CELL = "na-ion-chayambuka2022"


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "nothing to fit"),
        (["--half-cell", "half.csv"], "names no electrode"),
        (["--half-cell", "anode=a.csv", "--half-cell", "anode=b.csv"], "two half-cell curves"),
        (["--out", "mine.txt"], "is no TOML file"),
        (["--data", "no-such-curve.csv"], "no-such-curve.csv"),
    ],
)
def test_what_is_asked_wrongly_is_said_and_nothing_is_written(cli, tmp_path, words, says):
    done = cli("calibrate", CELL, *words)
    assert done.code == 2 and says in done.err and done.out == ""
    assert not list(tmp_path.glob("*.toml"))


def test_a_curve_becomes_an_overlay_a_page_and_a_document(cli, tmp_path):
    t = np.linspace(0, 7200, 40)
    volts = 4.1 - 0.08 * t / 7200 - 0.02 * (t / 7200) ** 4
    rows = [f"{a},{b},0.0003" for a, b in zip(t, volts, strict=True)]
    curve = tmp_path / "slow.csv"
    curve.write_text("\n".join(["time [s],voltage [V],current [A]", *rows]))
    words = [
        "calibrate", CELL, "--data", str(curve), "--model", "spm", "--members", "0",
        "--free", "interfaces.cathode.exchange_current.scale",
        "--out", str(tmp_path / "mine.toml"),
    ]  # fmt: skip
    done = cli(*words)
    assert done.code == 0, done.err
    page = [line for line in done.out.splitlines() if "written" not in line]
    assert max(map(len, page)) <= 80
    assert "cathode i0" in done.out and "slow.csv" in done.out
    document = json.loads(cli(*words, "--json").out)
    assert document["numbers"][0]["says"] in ("told", "in part")
    assert document["curves"][0]["rms_mV"] < 50
    assert (tmp_path / "mine.toml").is_file()
