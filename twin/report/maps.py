"""The figure of a safe operating map, and the same in characters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.formats import typeset
from twin.report.style import (
    PALETTE,
    figure_target,
    head,
    look,
    new_figure,
    round_ticks,
    save_figure,
)
from twin.search.regions import Regions, label_at, regions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALIVE, UNKNOWN = "alive", "unknown"
_FIXED = {ALIVE: "#ffffff", UNKNOWN: "#c8c8c8"}
_NARROW = 5.0
"""In a figure that is no wider [inch] the legend stands below."""
_HATCHES = ("////", "....", "\\\\\\\\", "xxxx", "++++", "oooo", "----")
"""What tells modes apart in a figure without colour."""
_TINT = 0.55
"""How much white is mixed into a mode's colour, so that lines stand out on it."""
_STYLES: dict[str, Any] = {"stripping": (0, (5, 2)), "plating": (0, (1, 1.2)), "onset": "-."}
_LEVELS = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
_ANSI = ("34", "33", "32", "35", "36", "31")


def plot_map(document: Mapping[str, Any], path: str | Path | None = None) -> Figure:
    """Draw who kills first where, contours of the life, and critical currents.

    Parameters
    ----------
    document : mapping
        As ``twin map --json`` prints it.
    path : str or Path, optional
        Where to save it: ``.png``, ``.svg`` or ``.pdf``.
    """
    target = None if path is None else figure_target(path)
    width = look().width(2)
    beside = width > _NARROW
    with new_figure(width, (0.64 if beside else 1.3) * width, 2) as figure:
        _draw_map(figure, document, beside=beside)
    if target is not None:
        save_figure(figure, target)
    return figure


def _draw_map(figure: Figure, document: Mapping[str, Any], *, beside: bool) -> None:
    axes = figure.subplots()
    axes.grid(visible=False)
    places, labels = _on_square(document)
    triangles = regions(places, labels)
    colours = _colours(labels)
    _fill(axes, document, triangles, colours)
    _contours(axes, document, triangles)
    for boundary in document["boundaries"]:
        for line in boundary["lines"]:
            axes.plot(*np.array(line).T, color="0.15", linewidth=1.2, solid_joinstyle="round")
    _critical(axes, document)
    axes.plot(
        [p["x"] for p in document["points"]],
        [p["y"] for p in document["points"]],
        ".",
        color="0.15",
        markersize=1.8,
        alpha=0.55,
        clip_on=False,
    )
    _frame(axes, document)
    handles = _legend(document, colours, triangles)
    place: Any = "outside right upper" if beside else "outside lower left"
    figure.legend(handles=handles, loc=place, handlelength=2.2)
    head(figure, f"{document['cell']}: what kills it within {document['cycles']} cycles")


def _on_square(document: Mapping[str, Any]) -> tuple[list[tuple[float, float]], list[str]]:
    """Return the points' places on the unit square, where distances mean something."""
    places = [
        (_place(document["axes"]["x"], p["x"]), _place(document["axes"]["y"], p["y"]))
        for p in document["points"]
    ]
    return places, [p["label"] for p in document["points"]]


def _place(axis: Mapping[str, Any], shown: float) -> float:
    low, high = _ends(axis)
    if axis["log"]:
        return float(np.log(shown / low) / np.log(high / low))
    return (shown - low) / (high - low)


def _value(axis: Mapping[str, Any], u: Any) -> Any:
    low, high = _ends(axis)
    return low * (high / low) ** u if axis["log"] else low + (high - low) * u


def _ends(axis: Mapping[str, Any]) -> tuple[float, float]:
    from twin.search.axes import Axis

    own = Axis(*(axis[k] for k in ("key", "unit", "low", "high", "log", "count")))
    return own.shown(own.low), own.shown(own.high)


def _colours(labels: Sequence[str]) -> dict[str, Any]:
    """Return a colour for each label; a mode has its own whoever else is on the map."""
    from matplotlib.colors import to_rgb

    modes = sorted(set(labels) - set(_FIXED))
    mixed = {}
    if look().style == "grey":
        return dict.fromkeys(modes, "#e9e9e9") | {k: v for k, v in _FIXED.items() if k in labels}
    for mode, colour in zip(modes, PALETTE, strict=False):
        mixed[mode] = tuple((1 - _TINT) * c + _TINT for c in to_rgb(colour))
    return mixed | {k: v for k, v in _FIXED.items() if k in labels}


def _fill(
    axes: Axes, document: Mapping[str, Any], triangles: Regions, colours: Mapping[str, Any]
) -> None:
    from matplotlib.collections import PolyCollection

    x, y = document["axes"]["x"], document["axes"]["y"]
    for label, polygons in triangles.polygons.items():
        corners = [[(_value(x, u), _value(y, v)) for u, v in polygon] for polygon in polygons]
        axes.add_collection(
            PolyCollection(
                corners,
                facecolors=colours[label],
                linewidths=0.4,
                zorder=0,
                **({"edgecolors": colours[label]} | _hatch(label, triangles.polygons)),
            )
        )


def _hatch(label: str, labels: Iterable[str]) -> dict[str, Any]:
    """Return how a mode's region is hatched: only where there is no colour."""
    modes = sorted(set(labels) - set(_FIXED))
    if look().style != "grey" or label not in modes:
        return {}
    # The hatch is drawn in the colour of the edges.
    return {"hatch": _HATCHES[modes.index(label) % len(_HATCHES)], "edgecolors": "0.45"}


def _contours(axes: Axes, document: Mapping[str, Any], divided: Regions) -> None:
    """Draw lines of equal life, where the cell dies and nowhere else."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline
    from matplotlib.tri import Triangulation

    points, horizon = document["points"], document["cycles"]
    lives = np.array([p["cycles"] for p in points], dtype=float)
    known = np.array([p["label"] != UNKNOWN for p in points])
    levels = [n for n in _LEVELS if max(lives.min(), 1) < n < horizon]
    if not levels or len(np.unique(lives)) < 2:
        return
    triangles = Triangulation([p["x"] for p in points], [p["y"] for p in points], divided.triangles)
    triangles.set_mask(~known[divided.triangles].all(axis=1))
    drawn = axes.tricontour(
        triangles,
        np.log10(np.maximum(lives, 1)),
        levels=np.log10(levels),
        colors="0.35",
        linewidths=0.7,
    )
    # Between a life that ends and one that goes on, a line would stand in what is drawn as living.
    x, y = document["axes"]["x"], document["axes"]["y"]
    outlines = [
        Outline(np.column_stack([_value(axis, np.array(side)) for axis, side in
                                 zip((x, y), zip(*polygon, strict=True), strict=True)]))
        for label, polygons in divided.polygons.items()
        if label not in _FIXED
        for polygon in polygons
    ]  # fmt: skip
    if not outlines:
        drawn.remove()
        return
    where = PathPatch(Outline.make_compound_path(*outlines), transform=axes.transData)
    drawn.set_clip_path(where)
    for words in axes.clabel(drawn, fmt={float(np.log10(n)): f"{n}" for n in levels}, fontsize=7):
        if not any(outline.contains_point(words.get_position()) for outline in outlines):
            words.remove()


def _critical(axes: Axes, document: Mapping[str, Any]) -> None:
    for line in document["critical_currents"]:
        axes.plot(
            *np.array(line["points"]).T,
            color="black",
            linestyle=_STYLES[line["kind"]],
            linewidth=1.8,
        )


def _frame(axes: Axes, document: Mapping[str, Any]) -> None:
    for name, scale, limits, label, side in (
        ("x", axes.set_xscale, axes.set_xlim, axes.set_xlabel, axes.xaxis),
        ("y", axes.set_yscale, axes.set_ylim, axes.set_ylabel, axes.yaxis),
    ):
        axis = document["axes"][name]
        if axis["log"]:
            scale("log")
            round_ticks(side, *_ends(axis))
        limits(*_ends(axis))
        unit = typeset(axis["shown"] or "")
        label(f"{axis['words']} ({unit})" if unit else axis["words"])


def _legend(
    document: Mapping[str, Any], colours: Mapping[str, Any], triangles: Regions
) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def words(label: str) -> str:
        if label == ALIVE:
            return f"lives {document['cycles']} cycles"
        criteria = sorted({p["criterion"] for p in document["points"] if p["label"] == label})
        few = "\n".join(f"  {c}" for c in criteria[:3] if c) if label != UNKNOWN else ""
        return f"{label}\n{few}" if few else label

    handles: list[Any] = [
        Patch(
            facecolor=colours[label],
            edgecolor="0.3",
            linewidth=0.6,
            label=words(label),
            hatch=_hatch(label, triangles.polygons).get("hatch"),
        )
        for label in sorted(triangles.polygons, key=lambda k: (k in _FIXED, k))
    ]
    handles.append(Line2D([], [], color="0.35", linewidth=0.7, label="cycles to failure"))
    handles += [
        Line2D(
            [],
            [],
            color="black",
            linestyle=_STYLES[line["kind"]],
            linewidth=1.8,
            label=line["name"],
        )
        for line in document["critical_currents"]
    ]
    handles.append(
        Line2D(
            [], [], color="0.15", marker=".", linestyle="", markersize=3, label="a life followed"
        )
    )
    return handles


def draw_map(
    document: Mapping[str, Any], width: int = 60, height: int = 18, *, colour: bool = False
) -> str:
    """Return the map in characters: a letter for each mode, a dot where the cell lives."""
    places, labels = _on_square(document)
    letters = _letters(sorted(set(labels)))
    x, y = document["axes"]["x"], document["axes"]["y"]
    u = (np.arange(width) + 0.5) / width
    v = (np.arange(height) + 0.5)[::-1] / height
    where = np.array([(a, b) for b in v for a in u])
    at = label_at(where, places, labels)
    paint = {m: _ANSI[n % len(_ANSI)] for n, m in enumerate(sorted(set(labels) - set(_FIXED)))}

    def char(label: str) -> str:
        if colour and label in paint:
            return f"\x1b[{paint[label]}m{letters[label]}\x1b[0m"
        return letters[label]

    lines = []
    for row in range(height):
        tick = f"{_value(y, v[row]):8.3g}" if row % 4 == 0 or row == height - 1 else " " * 8
        lines.append(f"{tick} |" + "".join(char(k) for k in at[row * width : (row + 1) * width]))
    lines.append(" " * 9 + "+" + "-" * width)
    ticks = [f"{_value(x, t):.3g}" for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    ruler = [" "] * (width + 8)
    for n, text in enumerate(ticks):
        start = round(n * (width - 1) / 4) - (len(text) // 2 if n else 0)
        ruler[start : start + len(text)] = text
    lines.append(" " * 10 + "".join(ruler).rstrip())
    lines.append(f"{' ' * 10}{_named(x)}; upwards: {_named(y)}")
    lines.append(" " * 10 + "  ".join(f"{char(k)} {k}" for k in sorted(set(labels))))
    return "\n".join(lines)


def _named(axis: Mapping[str, Any]) -> str:
    return f"{axis['words']} [{axis['shown']}]" if axis["shown"] else str(axis["words"])


def _letters(labels: Sequence[str]) -> dict[str, str]:
    """Return a letter for each label: its first that is still free."""
    letters = {ALIVE: ".", UNKNOWN: "?"}
    for label in labels:
        if label not in letters:
            free = [c for c in [*label, *label.upper()] if c not in letters.values()]
            letters[label] = free[0] if free else "#"
    return letters
