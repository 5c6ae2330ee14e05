"""Libraries of made-up lives whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import twin
from twin.tracking.library import Library, grid_to

HORIZON = 4000


def _paces(count, median=1e-3, spread=0.5):
    """Log-normal paces at the quantiles of a sample."""
    u = (np.arange(count) + 0.5) / count
    return median * np.exp(spread * norm.ppf(u))


def _lives(pace, horizon=HORIZON, power=1.0, mode="interphase", first=1e-2):
    """Lives whose resistance goes as R = R0 (1 + (pace n)^power), and that die at 2 R0.

    ``power`` and ``mode`` may differ from life to life.
    """
    pace = np.asarray(pace)
    power = np.broadcast_to(power, pace.shape)
    names = np.broadcast_to(mode, pace.shape)
    dead = 1 / pace <= horizon
    ends = np.where(dead, np.maximum(np.round(1 / pace), 2), horizon)
    grid = grid_to(horizon)
    grown = (pace[:, None] * grid) ** power[:, None]
    grown[grid > ends[:, None]] = np.nan
    curves = {
        "resistance": np.log(first * (1 + grown)),
        "capacity": np.log(1e-3 * (1 - 0.2 * grown)),
    }
    modes = [str(m) if d else "" for m, d in zip(names, dead, strict=True)]
    return Library(
        ("made",),
        [("made", str(i)) for i in range(len(pace))],
        ends.astype(float),
        dead,
        modes,
        [f"{m}: resistance" if m else "" for m in modes],
        grid,
        curves,
        {"core: resistance": 1 - grown},
        np.full(len(pace), 1 / len(pace)),
        ["pace"],
        np.log(pace)[:, None],
        horizon,
        {k: c[:, 0] for k, c in curves.items()},
    )


@pytest.fixture
def made():
    def make(count=300, horizon=HORIZON, **how) -> Library:
        return _lives(_paces(count), horizon, **how)

    return make


@pytest.fixture
def lives():
    return _lives


@pytest.fixture
def paces():
    return _paces


# They die of their resistance within the thirty cycles, or of a filament.
MORTAL = """
schema = 1
title = "an insulating layer that kills"

[patch.modes.interphase.anode]
kind = "insulating"

[patch.modes.interphase.anode.parabolic_constant]
value = "3e-20 m^2/s"
spread = "lognormal 1.0"
status = "assumed"
source = "a test"

[patch.end_of_life]
resistance_factor = 2
"""
CHECKUPS = "cycle,resistance [1],pressure [MPa]\n1,1.0,\n2,1.2,\n4,1.45,\n"


@pytest.fixture(scope="session")
def tracked(tmp_path_factory):
    """A small library drawn once and a cell tracked by it: database, data, track, and how."""
    folder = tmp_path_factory.mktemp("track")
    data, overlay = folder / "checkups.csv", folder / "mortal.toml"
    data.write_text(CHECKUPS)
    overlay.write_text(MORTAL)
    url = f"sqlite:///{folder}/runs.db"
    how = {
        "overlays": [str(overlay)], "cycles": 30, "modes": ["interphase"], "seed": 3, "workers": 1,
    }  # fmt: skip
    return url, str(data), twin.track("na-nzsp-na", [str(data)], lives=32, store=url, **how), how
