"""A metal face in patches over the cycles: a picture for a file, and one of characters.

One field after the other (contact, current, and what each mode shows itself by), the face from its
weakest patch below to its strongest above, each as high as its share.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.entries import stored_cell
from twin.errors import InputError
from twin.report.style import figure_target, head, look, new_figure, save_figure
from twin.report.view import RunView, ending
from twin.specs.patches import divided

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAME = re.compile(r"(Anode|Cathode) (.+?)(?: \[(.+)\])? \(patch (\d+)\)")
# SI units as people read them: factor and name.
_SHOWN = {"A.m-2": (0.1, "mA/cm²"), "m": (1e6, "µm"), "Ohm.m2": (1e4, "Ω cm²")}
_ASCII = {ord("µ"): "u", ord("²"): "2", ord("Ω"): "ohm"}
_SHADES, _PLAIN = " ░▒▓█", " .:+#"
_LEGEND = 12
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
    """

    side: str
    title: str
    unit: str
    edges: list[float]
    cycles: list[int]
    values: list[list[float]]

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
    found: dict[tuple[str, str, str], dict[int, list[float]]] = {}
    for key in rows[0] if rows else ():
        match = _NAME.fullmatch(key)
        if match is not None:
            side, title, unit, number = match.groups()
            factor, _ = _SHOWN.get(unit or "", (1.0, ""))
            values = [factor * float(row.get(key, math.nan)) for row in rows]
            found.setdefault((side, title, unit or ""), {})[int(number)] = values
    if not found:
        raise InputError(
            f"run {run.id} has no face in patches",
            key="what",
            fix="divide one: --set interfaces.anode.patches.count=10 (up to 64 are stored each)",
        )
    assert run.info.cell_spec is not None  # a run that is looked at is read whole
    spec = stored_cell(run.info.cell_spec)
    cycles = [int(row["cycle"]) for row in rows]
    fields = []
    for (side, title, unit), patches in found.items():
        own: Any = getattr(spec.interfaces, side.lower()) or spec.interfaces.anode
        shown = _SHOWN.get(unit, (1.0, unit))[1]
        each = [patches[number] for number in sorted(patches)]
        fields.append(FaceField(side, title, shown, divided(own.patches).edges, cycles, each))
    return fields


def plot_face(run: RunView, path: str | Path | None = None) -> Figure:
    """Draw a run's faces, a column a side and a row a field; save the figure if a path is given.

    Raises
    ------
    InputError
        If there is no face in patches, or the file's format is not known.
    """
    target = None if path is None else figure_target(path)
    stored = face_fields(run)
    # What is the same everywhere and always is no picture, but for the contact's sake.
    moving = {f.title for f in stored if not f.is_flat} or {stored[0].title}
    fields = [field for field in stored if field.title in moving]
    sides = list(dict.fromkeys(f.side for f in fields))
    titles = list(dict.fromkeys(f.title for f in fields))
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
            axes.set_title(f"{field.side}: {field.title}", parse_math=False)
            axes.set_ylabel("Share of the face (%)\nweakest below")
            if field.title == titles[-1]:
                axes.set_xlabel("Cycle")
        head(figure, f"{run.info.cell_name}, run {run.id}: {ending(run)}")
    if target is not None:
        save_figure(figure, target)
    return figure


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


def _columns(count: int, room: int) -> list[int]:
    """Return which cycle is drawn in each column: all as wide as there is room, or some."""
    if count <= room:
        return [cycle for cycle in range(count) for _ in range(room // count)]
    return [round(k * (count - 1) / (room - 1)) for k in range(room)]


def _shade(value: float, low: float, high: float, shades: str) -> str:
    if not math.isfinite(value):
        return "?"
    return shades[min(int((value - low) / (high - low) * len(shades)), len(shades) - 1)]
