"""A metal face in patches over the cycles: a picture for a file, one of characters, a film.

In the two pictures one field after the other (contact, current, and what each mode shows itself
by), the face from its weakest patch below to its strongest above, each as high as its share. In
the film, a frame a cycle, a face from a map is seen from above, and one without places as a
profile over its share.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin import files
from twin.catalog.entries import stored_cell
from twin.errors import InputError
from twin.modes.face import CROWDING
from twin.report.style import figure_target, head, look, new_figure, save_figure
from twin.report.view import RunView, ending
from twin.report.worst_patch import CONTACT
from twin.specs.patches import divided

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAME = re.compile(r"(Anode|Cathode) (.+?)(?: \[(.+)\])? \(patch (\d+)\)")
# SI units as people read them: factor and name.
_SHOWN = {"A.m-2": (0.1, "mA/cm²"), "m": (1e6, "µm"), "Ohm.m2": (1e4, "Ω cm²")}
_ASCII = {ord("µ"): "u", ord("²"): "2", ord("Ω"): "ohm"}
_SHADES, _PLAIN = " ░▒▓█", " .:+#"
_LEGEND = 12
MOST_FRAMES = 120
_STRIPS = {CONTACT: ("contact", 1.0), CROWDING: ("current", 2.0)}
# Differences that a solver leaves, relative, and in the units shown.
_NOISE, _NOTHING = 1e-5, 1e-12


@dataclass(frozen=True)
class FaceField:
    """One variable of a face, patch by patch and cycle by cycle.

    Attributes
    ----------
    side : str
        ``"Anode"`` or ``"Cathode"``.
    title, unit : str
        What it is, and the unit of ``values``.
    edges : list of float
        Where the patches' shares end, from 0 (the weakest) to 1.
    cycles : list of int
        The cycles.
    values : list of list of float
        One list for each patch, over the cycles.
    map : tuple of two lists of float, or None
        Of a face from a map: where its columns, from the left, and rows, from the top, end [mm].
    """

    side: str
    title: str
    unit: str
    edges: list[float]
    cycles: list[int]
    values: list[list[float]]
    map: tuple[list[float], list[float]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the field as plain data."""
        return dict(vars(self))

    @property
    def label(self) -> str:
        """``"contact (mA/cm²)"``."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest value there is."""
        numbers = [x for patch in self.values for x in patch if math.isfinite(x)]
        return (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)

    @property
    def is_flat(self) -> bool:
        """Whether it is the same everywhere and always, but for the solver's noise."""
        low, high = self.ends
        return not high - low > max(_NOISE * max(abs(low), abs(high)), _NOTHING)


def face_fields(run: RunView) -> list[FaceField]:
    """Return what is stored of a run's faces, patch by patch.

    Raises
    ------
    InputError
        If it has no face in patches, or too many to be stored each.
    """
    rows = run.rows
    by_field: dict[tuple[str, str, str], dict[int, list[float]]] = {}
    for key in rows[0] if rows else ():
        match = _NAME.fullmatch(key)
        if match is not None:
            side, title, unit, number = match.groups()
            factor, _ = _SHOWN.get(unit or "", (1.0, ""))
            values = [factor * float(row.get(key, math.nan)) for row in rows]
            by_field.setdefault((side, title, unit or ""), {})[int(number)] = values
    if not by_field:
        raise InputError(
            f"run {run.id} has no face in patches",
            key="what",
            fix="divide one: --set interfaces.anode.patches.count=10 (up to 64 are stored each)",
        )
    assert run.info.cell_spec is not None  # a run that is looked at is read whole
    spec = stored_cell(run.info.cell_spec)
    cycles = [int(row["cycle"]) for row in rows]
    fields = []
    for (side, title, unit), patches in by_field.items():
        own: Any = getattr(spec.interfaces, side.lower()) or spec.interfaces.anode
        shown = _SHOWN.get(unit, (1.0, unit))[1]
        each = [patches[number] for number in sorted(patches)]
        edges, file = divided(own.patches).edges, own.patches.map
        places = None
        if file is not None:
            wide, high = ([1e3 * edge for edge in ends] for ends in file.edges)
            places = (wide, high)
        fields.append(FaceField(side, title, shown, edges, cycles, each, places))
    return fields


def plot_face(run: RunView, path: str | Path | None = None) -> Figure:
    """Draw a run's faces, a column a side and a row a field; save the figure if a path is given.

    Raises
    ------
    InputError
        If there is no face in patches, or the file's format is not known.
    """
    target = None if path is None else figure_target(path)
    fields, sides, titles = _worth_drawing(run)
    width = look().width(2)
    with new_figure(width, width * (0.1 + 0.25 * len(titles)), 2) as figure:
        places = figure.subplots(len(titles), len(sides), squeeze=False, sharex=True)
        for axes in places.flat:
            axes.set_visible(False)
        for field in fields:
            axes = places[titles.index(field.title), sides.index(field.side)]
            axes.set_visible(True)
            axes.grid(visible=False)
            borders = [field.cycles[0] - 0.5, *(c + 0.5 for c in field.cycles)]
            low, high = field.ends
            limits = {"vmin": low - 0.5, "vmax": high + 0.5} if field.is_flat else {}
            shares = [100 * edge for edge in field.edges]
            drawn = axes.pcolormesh(borders, shares, field.values, cmap="viridis", **limits)
            figure.colorbar(drawn, ax=axes, label=field.label)
            axes.set_title(f"{field.side}: {field.title}")
            axes.set_ylabel("Share of the face (%)\nweakest below")
            if field.title == titles[-1]:
                axes.set_xlabel("Cycle")
        head(figure, f"{run.info.cell_name}, run {run.id}: {ending(run)}")
    if target is not None:
        save_figure(figure, target)
    return figure


def _worth_drawing(run: RunView) -> tuple[list[FaceField], list[str], list[str]]:
    """Return the fields of a picture, and their sides and titles in order."""
    stored = face_fields(run)
    # What is the same everywhere and always is no picture, but for the contact's sake.
    moving = {f.title for f in stored if not f.is_flat} or {stored[0].title}
    fields = [field for field in stored if field.title in moving]
    sides = list(dict.fromkeys(f.side for f in fields))
    return fields, sides, list(dict.fromkeys(f.title for f in fields))


def animate_face(
    run: RunView, path: str | Path, on_frame: Callable[[float], None] = lambda share: None
) -> int:
    """Save a run's faces as an animated GIF, a frame a simulated cycle; return the frames.

    A long life is shown in 120 frames, evenly spaced among its simulated cycles.

    Parameters
    ----------
    run : RunView
        The run.
    path : str or Path
        The file, whose name ends in ``.gif``.
    on_frame : callable
        Called with the share of the frames that are drawn.

    Raises
    ------
    InputError
        If there is no face in patches, or the file cannot be written.
    """
    from matplotlib.animation import PillowWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from twin.report.shown import ShownFigure

    target = figure_target(path, ("gif",))
    fields, sides, titles = _worth_drawing(run)
    known = [n for n, row in enumerate(run.rows) if not row.get("interpolated")]
    frames = known if len(known) <= MOST_FRAMES else [
        known[round(k * (len(known) - 1) / (MOST_FRAMES - 1))] for k in range(MOST_FRAMES)
    ]  # fmt: skip
    size = (4.2 * len(sides) + 0.6, 2.1 * len(titles) + 0.7)
    figure = ShownFigure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplots(len(titles), len(sides), squeeze=False)
    for axes in places.flat:
        axes.set_visible(False)
    drawn = [
        (field, _first_frame(figure, places[titles.index(field.title), sides.index(field.side)],
                             field, frames[0]))
        for field in fields
    ]  # fmt: skip
    figure.suptitle("cycle", fontsize=10)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, not for every frame
    writer = PillowWriter(fps=max(2, min(10, len(frames) // 6)))
    with files.whole(target) as part, writer.saving(figure, str(part), dpi=80):
        for number, at in enumerate(frames, start=1):
            for field, show in drawn:
                show([patch[at] for patch in field.values])
            title = f"{run.info.cell_name}, run {run.id}: cycle {fields[0].cycles[at]}"
            figure.suptitle(title, fontsize=10)
            writer.grab_frame()
            on_frame(number / len(frames))
    return len(frames)


def _first_frame(
    figure: Figure, axes: Axes, field: FaceField, at: int
) -> Callable[[Sequence[float]], object]:
    """Draw a field in one cycle; return what draws it in another."""
    import numpy as np

    axes.set_visible(True)
    axes.set_title(f"{field.side}: {field.title}", fontsize=9)
    low, high = field.ends
    if field.is_flat:
        low, high = low - 0.5, high + 0.5
    first = np.array([patch[at] for patch in field.values])
    if field.map is None:
        margin = 0.05 * (high - low)
        profile = axes.stairs(first, [100 * edge for edge in field.edges], fill=True,
                              baseline=0.0, color="#56B4E9", ec="#0072B2")  # fmt: skip
        axes.set_xlim(0, 100)
        axes.set_ylim(0.0 if low >= 0 else low - margin, max(high + margin, 0.0))
        axes.set_xlabel("share of the face (%), weakest left", fontsize=8)
        axes.set_ylabel(field.label, fontsize=8)
        return lambda values: profile.set_data(np.array(values))
    across, down = field.map
    shape = (len(down) - 1, len(across) - 1)
    seen = axes.pcolormesh(
        across, down, first.reshape(shape), cmap="viridis", vmin=low, vmax=high
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set_xlabel("mm", fontsize=8)
    figure.colorbar(seen, ax=axes, label=field.label)
    return lambda values: seen.set_array(np.array(values).reshape(shape))


def draw_face(run: RunView, *, width: int = 80, encoding: str = "utf-8") -> str:
    """Return a run's faces as text: a line a patch, the weakest last, shaded from least to most.

    Raises
    ------
    InputError
        If there is no face in patches.
    """
    plain = "utf" not in encoding.lower()
    shades = _PLAIN if plain else _SHADES
    lines = [f"{run.info.cell_name}, run {run.id}: {ending(run)}"]
    for field in face_fields(run):
        low, high = field.ends
        if field.is_flat:
            lines += ["", f"{field.side}: {field.label}, {high:.4g} everywhere"]
            continue
        columns = _columns(len(field.cycles), width - _LEGEND)
        scale = f"'{shades[0]}' {low:.4g} to '{shades[-1]}' {high:.4g} {field.unit}".rstrip()
        lines += ["", f"{field.side}: {field.title}, {scale}"]
        for number in range(len(field.values), 0, -1):
            share = 100 * (field.edges[number] - field.edges[number - 1])
            drawn = "".join(_shade(field.values[number - 1][c], low, high, shades) for c in columns)
            lines.append(f"{number:3d} {share:4.1f} % {drawn}")
        first, last = str(field.cycles[0]), str(field.cycles[-1])
        gap = max(len(columns) - len(first), len(last))
        lines.append(" " * (_LEGEND - 1) + first + last.rjust(gap))
    text = "\n".join(lines)
    return text.translate(_ASCII) if plain else text


def face_strips(row: Mapping[str, Any], encoding: str = "utf-8") -> list[tuple[str, str]]:
    """Return each face of a cycle's row as a strip: a character a patch, the weakest first.

    Contact is shaded from none (blank) to all of it, a patch's current over the mean from none to
    twice the mean or more. Nothing where no face is divided.
    """
    shades = _PLAIN if "utf" not in encoding.lower() else _SHADES
    strips: dict[tuple[str, str], dict[int, float]] = {}
    for key, value in row.items():
        match = _NAME.fullmatch(key)
        if match and match[2] in _STRIPS and isinstance(value, int | float):
            strips.setdefault((match[1], match[2]), {})[int(match[4])] = float(value)
    return [
        (
            f"{side} face, {_STRIPS[what][0]}",
            "".join(_shade(patches[n], 0.0, _STRIPS[what][1], shades) for n in sorted(patches)),
        )
        for (side, what), patches in sorted(strips.items())
    ]


def _columns(count: int, room: int) -> list[int]:
    """Return which cycle is drawn in each column: all as wide as there is room, or some."""
    if count <= room:
        return [cycle for cycle in range(count) for _ in range(room // count)]
    return [round(k * (count - 1) / (room - 1)) for k in range(room)]


def _shade(value: float, low: float, high: float, shades: str) -> str:
    if not math.isfinite(value):
        return "?"
    place = int((value - low) / (high - low) * len(shades))
    return shades[max(min(place, len(shades) - 1), 0)]
