"""What the commands for virtual experiments share: figures, plots and options."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.report.panel import Panel

FigureFile = Annotated[
    str | None, typer.Option("--figure", metavar="FILE", help="A .png, .svg or .pdf to write.")
]
Plot = Annotated[bool, typer.Option("--plot", help="Draw it in the terminal too.")]


@dataclass(frozen=True)
class Drawn:
    """Where an experiment's figure goes."""

    figure: FigureFile = None
    plot: Plot = False


def check_figure(file: str | None) -> None:
    """Raise if a figure cannot be saved under a name: before the work, not after it."""
    if file is not None:
        from twin.report.figures import figure_target

        figure_target(file)


def save_figure(shown: Sequence[Panel], title: str, file: str | None) -> None:
    """Write a figure and its numbers, if they were asked for."""
    save_numbers(shown)
    if file is not None:
        from twin.report.figures import plot_panels

        plot_panels(shown, title, file)


def save_numbers(shown: Sequence[Panel]) -> None:
    """Write the points of panels as CSV, if that was asked for (``--numbers``)."""
    from twin import files
    from twin.report.style import look, numbers_csv

    target = look().numbers
    if target is not None:
        files.write_text(target, numbers_csv(shown), key="numbers")


def draw(session: Session, sheet: Page, shown: Sequence[Panel], title: str, to: Drawn) -> None:
    """Draw panels at the end of a page, if that was asked for, and name the figure's file."""
    if to.plot:
        from twin.report.terminal import draw_panels

        out = session.out
        colour = out.isatty() and not os.environ.get("NO_COLOR")
        sheet.line()
        sheet.raw(draw_panels(shown, title, colour=colour, encoding=out.encoding or "ascii"))
    if to.figure is not None:
        sheet.line(f"figure: {to.figure}", "dim")
