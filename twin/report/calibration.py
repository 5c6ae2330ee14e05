"""Pictures of a calibration: data against model, what the data cannot tell, posterior pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.calibration.result import Calibration, Score, SpectrumScore
from twin.report.figures import PALETTE, save_figure
from twin.report.style import figures_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("curves", "spectra", "told", "pairs")
MOST_PAIRS = 6
_PRIOR, _POSTERIOR, _HELD = "#BBBBBB", PALETTE[0], PALETTE[1]


def save_figures(calibration: Calibration, folder: str | Path, suffix: str = ".png") -> list[Path]:
    """Draw a calibration's figures into a folder, and return their files.

    Raises
    ------
    InputError
        If they cannot be written there.
    """
    target = figures_folder(folder)
    drawn = {"curves": curves_figure(calibration)}
    if calibration.spectra:
        drawn["spectra"] = spectra_figure(calibration)
    drawn["told"] = told_figure(calibration)
    if len(calibration.members):
        drawn["pairs"] = pairs_figure(calibration)
    files = []
    for name, figure in drawn.items():
        file = target / f"{calibration.cell}-{name}{suffix}"
        save_figure(figure, file)
        files.append(file)
    return files


def blank_figure(width: float, height: float) -> Figure:
    """Return a figure of a size [inch] without axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from twin.report.shown import ShownFigure

    figure = ShownFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def curves_figure(calibration: Calibration) -> Figure:
    """Draw each curve beside the model, with the band, and the differences below it."""
    shown = calibration.scores[:8]
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure = blank_figure(3.9 * columns, 4.2 * rows + 0.4)
    outer = figure.add_gridspec(rows, columns)
    for number, score in enumerate(shown):
        inner = outer[number // columns, number % columns].subgridspec(2, 1, height_ratios=(3, 1))
        above = figure.add_subplot(inner[0])
        below = figure.add_subplot(inner[1], sharex=above)
        _curve(above, below, score)
    figure.suptitle(f"{calibration.cell}: measured and calibrated", fontsize=11)
    return figure


def _curve(above: Any, below: Any, score: Score) -> None:
    curve = score.curve
    one_way = bool(np.all(np.diff(curve.discharged) >= -1e-12))
    x = 1e3 * curve.discharged if one_way else curve.t / 3600
    label = "charge discharged [mA.h]" if one_way else "time [h]"
    colour = _HELD if score.held else _POSTERIOR
    if score.low is not None and score.high is not None:
        above.fill_between(x, score.low, score.high, color=colour, alpha=0.2, lw=0, label="90 %")
        below.fill_between(
            x, 1e3 * (score.low - score.voltage), 1e3 * (score.high - score.voltage),
            color=colour, alpha=0.2, lw=0,
        )  # fmt: skip
    above.plot(x, score.voltage, color=colour, lw=1.5, label="model")
    above.plot(x, curve.voltage, ".", color="black", ms=2.5, label="measured")
    below.plot(x, 1e3 * (curve.voltage - score.voltage), ".", color="black", ms=2.5)
    below.axhline(0, color=colour, lw=1)
    what = "kept back" if score.held else "fitted"
    above.set_title(f"{curve.name}, {what}: {1e3 * score.rms_V:.0f} mV rms", fontsize=9)
    above.set_ylabel("voltage [V]")
    above.tick_params(labelbottom=False)
    above.legend(fontsize=7, loc="best")
    below.set_ylabel("off by [mV]")
    below.set_xlabel(label)


def spectra_figure(calibration: Calibration) -> Figure:
    """Draw each spectrum beside the model in Nyquist's plane, and the differences below it."""
    shown = calibration.spectra[:6]
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure = blank_figure(3.9 * columns, 4.6 * rows + 0.4)
    outer = figure.add_gridspec(rows, columns)
    for number, score in enumerate(shown):
        inner = outer[number // columns, number % columns].subgridspec(2, 1, height_ratios=(2, 1))
        _spectrum(figure.add_subplot(inner[0]), figure.add_subplot(inner[1]), score)
    figure.suptitle(f"{calibration.cell}: measured and calibrated impedance", fontsize=11)
    return figure


def _spectrum(above: Any, below: Any, score: SpectrumScore) -> None:
    sweep, z = score.sweep, score.impedance
    colour = _HELD if score.held else _POSTERIOR
    above.plot(z.real, -z.imag, color=colour, lw=1.5, label="model")
    above.plot(sweep.impedance.real, -sweep.impedance.imag, ".", color="black", ms=3,
               label="measured")  # fmt: skip
    above.set_aspect("equal", adjustable="datalim")
    what = "kept back" if score.held else "fitted"
    after = f", after {100 * sweep.after:.0f} %" if sweep.after else ""
    above.set_title(f"{sweep.name}{after}, {what}: {100 * score.rms:.1f} % rms", fontsize=9)
    above.set_xlabel("Re Z [Ohm]")
    above.set_ylabel("-Im Z [Ohm]")
    above.legend(fontsize=7, loc="best")
    gap, n = 100 * (sweep.values - sweep.shares(z)), len(sweep.frequency)
    if score.low is not None and score.high is not None:
        around = 50 * (score.high - score.low)
        wide = np.maximum(around[:n], around[n:])
        below.fill_between(sweep.frequency, -wide, wide, color=colour, alpha=0.2, lw=0,
                           label="90 %")  # fmt: skip
    below.plot(sweep.frequency, gap[:n], ".", color="black", ms=3, label="Re")
    below.plot(sweep.frequency, gap[n:], "x", color="black", ms=3, label="Im")
    below.axhline(0, color=colour, lw=1)
    below.set_xscale("log")
    below.set_xlabel("frequency [Hz]")
    below.set_ylabel("off by [% of |Z|]")
    below.legend(fontsize=6, loc="best", ncols=3)


def told_figure(calibration: Calibration) -> Figure:
    """Draw what is left of each prior's width: near 1 the data say nothing."""
    order = sorted(
        range(len(calibration.told)),
        key=lambda k: (-calibration.told[k].share, calibration.told[k].key),
    )
    figure = blank_figure(7.2, 0.32 * len(order) + 1.4)
    axes = figure.add_subplot()
    sd = np.sqrt(np.diag(calibration.covariance))
    for row, k in enumerate(order):
        axes.plot([-2, 2], [row, row], color=_PRIOR, lw=7, solid_capstyle="butt", zorder=1)
        ends = calibration.z[k] + 2 * sd[k] * np.array([-1, 1])
        colour = _POSTERIOR if calibration.told[k].says != "not told" else _HELD
        axes.plot(ends, [row, row], color=colour, lw=3, solid_capstyle="butt", zorder=2)
        axes.plot(calibration.z[k], row, "o", color=colour, ms=4, zorder=3)
    axes.set_yticks(range(len(order)), [f"{calibration.told[k].key}" for k in order], fontsize=8)
    axes.set_xlabel("widths of the prior (grey: its 95 %)")
    figure.suptitle("What the data cannot tell is as wide as the grey", fontsize=10)
    axes.axvline(0, color="black", lw=0.5)
    return figure


def pairs_figure(calibration: Calibration) -> Figure:
    """Draw the posterior's members in pairs, of the numbers that go together most."""
    sd = np.sqrt(np.diag(calibration.covariance))
    correlation = np.abs(calibration.covariance / np.outer(sd, sd)) - np.eye(len(sd))
    order = sorted(range(len(sd)), key=lambda k: (-float(correlation[k].max(initial=0)), k))
    chosen = sorted(order[:MOST_PAIRS])
    n = len(chosen)
    figure = blank_figure(1.7 * n + 1.2, 1.6 * n + 0.8)
    axes = figure.subplots(n, n, squeeze=False)
    x = np.array(
        [
            [item.x(float(v)) for item, v in zip(calibration.items, z, strict=True)]
            for z in calibration.members
        ]
    )
    for i, a in enumerate(chosen):
        for j, b in enumerate(chosen):
            at = axes[i][j]
            at.tick_params(labelsize=6)
            if j > i:
                at.set_axis_off()
            elif i == j:
                at.hist(x[:, a], bins=15, color=_POSTERIOR)
                at.axvline(calibration.items[a].x(float(calibration.z[a])), color=_HELD, lw=1)
                at.set_yticks([])
            else:
                at.plot(x[:, b], x[:, a], ".", color=_POSTERIOR, ms=3)
                at.plot(*(calibration.values[calibration.items[k].key] for k in (b, a)),
                        "+", color=_HELD, ms=9)  # fmt: skip
            if i == n - 1:
                at.set_xlabel(_short(calibration.items[b].key), fontsize=7)
            if j == 0:
                at.set_ylabel(_short(calibration.items[a].key), fontsize=7)
    figure.suptitle(f"{calibration.cell}: posterior, best fit in orange", fontsize=10)
    return figure


def _short(key: str) -> str:
    """Return a key in two lines, without what says the least."""
    parts = [p for p in key.split(".") if p not in ("material", "interfaces", "value", "scale")]
    return "\n".join([" ".join(parts[:-1]), parts[-1]]).replace("_", " ").strip()
