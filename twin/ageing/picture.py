"""The picture of an ageing calibration: check-ups against what the fitted constants say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.ageing.calibrate import AgeingCalibration, AgeingScore
from twin.formats import typeset
from twin.report.calibration import blank_figure
from twin.report.figures import PALETTE, save_figure
from twin.report.style import figures_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Z90 = 1.645


def save_ageing_figure(
    calibration: AgeingCalibration, folder: str | Path, suffix: str = ".png"
) -> Path:
    """Draw an ageing calibration into a folder, and return the file.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    file = figures_folder(folder) / f"{calibration.cell}-ageing{suffix}"
    save_figure(ageing_figure(calibration), file)
    return file


def ageing_figure(calibration: AgeingCalibration) -> Figure:
    """Draw each kind of reading over cycles with the fit and its band, and what it is off by."""
    shown = calibration.scores
    figure = blank_figure(4.2 * len(shown), 4.6)
    grid = figure.add_gridspec(2, len(shown), height_ratios=(3, 1))
    for column, score in enumerate(shown):
        above = figure.add_subplot(grid[0, column])
        _readings(above, figure.add_subplot(grid[1, column], sharex=above), score)
    figure.suptitle(f"{calibration.cell}: check-ups and its calibrated ageing", fontsize=11)
    return figure


def _readings(above: Axes, below: Axes, score: AgeingScore) -> None:
    series, colour = score.series, PALETTE[0]
    scale = 100.0 if series.share else 1.0
    n, y = series.cycles, scale * np.exp(series.log)
    middle = scale * np.exp(score.mean)
    low, high = (scale * np.exp(score.mean + s * _Z90 * score.sd) for s in (-1, 1))
    above.fill_between(n, low, high, color=colour, alpha=0.2, lw=0, label="90 %")
    above.plot(n, middle, color=colour, lw=1.5, label="model")
    gap = 100 * (series.log - score.mean)
    for held, face, words in ((False, "black", "fitted"), (True, "white", "kept back")):
        these = series.held == held
        if not np.any(these):
            continue
        above.plot(n[these], y[these], "o", color="black", mfc=face, ms=4, label=words)
        below.plot(n[these], gap[these], "o", color="black", mfc=face, ms=4)
    below.fill_between(n, -100 * _Z90 * score.sd, 100 * _Z90 * score.sd, color=colour, alpha=0.2,
                       lw=0)  # fmt: skip
    below.axhline(0, color=colour, lw=1)
    unit = "% of the fresh cell" if series.share else typeset(series.of.unit)
    parts = [f"{'kept back' if h else 'fitted'} {100 * rms:.1f} %"
             for h in (False, True) if (rms := score.rms(h)) is not None]  # fmt: skip
    above.set_title(f"{series.of.words}: {', '.join(parts)} rms", fontsize=9)
    above.set_ylabel(f"{series.of.words} [{unit}]")
    above.tick_params(labelbottom=False)
    above.legend(fontsize=7, loc="best")
    below.set_ylabel("off by [%]")
    below.set_xlabel("cycle")
