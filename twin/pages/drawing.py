"""A cell drawn to scale, as it is pressed: its layers on top of each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from twin.formats import short, typeset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.catalog.card import Layer
    from twin.specs.schema import CellSpec

_WIDTH, _STACK = 400, 260
"""Of the drawing, and of the layers in it [units of the drawing]."""
_LEFT, _RIGHT, _TOP = 52, 168, 34
_THINNEST = 1.2
"""A layer is drawn at least so thick, and said to be thinner."""
_GAP = 34
"""Between the labels of two layers."""
_FILLS = {
    "anode": "#aab4bf",
    "electrolyte": "#f1e4bd",
    "cathode": "#4f6275",
    "counter electrode": "#aab4bf",
}
_ROUND = (1, 2, 5)


def cell_drawing(spec: CellSpec) -> Markup:
    """Return a cell's layers to scale as an ``<svg>`` element, with thicknesses and pressure."""
    from twin.catalog.card import layers

    layers_drawn = layers(spec)
    heights = _heights(layers_drawn)
    tops = [_TOP + sum(heights[:n]) for n in range(len(layers_drawn))]
    bottom = _TOP + sum(heights)
    labels = _labels([top + height / 2 for top, height in zip(tops, heights, strict=True)])
    parts = [
        _layer(layer, top, height, label)
        for layer, top, height, label in zip(layers_drawn, tops, heights, labels, strict=True)
    ]
    end = max(bottom, labels[-1] + 16) + 34
    says = ", ".join(f"{layer.name} {_thickness(layer.thickness)}" for layer in layers_drawn)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {end:.0f}" role="img" '
        'aria-label="{says}" font-family="system-ui, sans-serif" font-size="13" fill="#1c2126">'
        "{layers}{arrows}{bar}</svg>"
    ).format(
        width=_WIDTH,
        end=end,
        says=says,
        layers=Markup("").join(parts),
        arrows=_pressed(typeset(spec.stack.pressure.text), bottom),
        bar=_scale(sum(layer.thickness for layer in layers_drawn), bottom),
    )


def _heights(layers: Sequence[Layer]) -> list[float]:
    whole = sum(layer.thickness for layer in layers)
    return [max(_STACK * layer.thickness / whole, _THINNEST) for layer in layers]


def _labels(middles: Sequence[float]) -> list[float]:
    """Return where the labels stand: at their layers, moved down where they would meet."""
    places: list[float] = []
    for middle in middles:
        places.append(max(middle, places[-1] + _GAP) if places else max(middle, _TOP + 8))
    return places


def _layer(layer: Layer, top: float, height: float, label: float) -> Markup:
    middle = top + height / 2
    thin = " (thinner than drawn)" if height == _THINNEST else ""
    return Markup(
        '<rect x="{x}" y="{y:.2f}" width="{w}" height="{h:.2f}" fill="{fill}" stroke="#1c2126" '
        'stroke-width="0.6"/>'
        '<path d="M{right} {middle:.1f}L{bend} {label:.1f}H{end}" fill="none" stroke="#5b6570" '
        'stroke-width="0.7"/>'
        '<text x="{text}" y="{first:.1f}" font-weight="600">{name}, {thickness}{thin}</text>'
        '<text x="{text}" y="{second:.1f}" fill="#5b6570" font-size="12">{material}</text>'
    ).format(
        x=_LEFT,
        y=top,
        w=_RIGHT - _LEFT,
        h=height,
        fill=_FILLS[layer.name],
        right=_RIGHT,
        middle=middle,
        bend=_RIGHT + 14,
        label=label,
        end=_RIGHT + 20,
        text=_RIGHT + 25,
        first=label - 2,
        second=label + 13,
        name=layer.name,
        thickness=_thickness(layer.thickness),
        thin=thin,
        material=_short_title(layer.material),
    )


def _short_title(title: str) -> str:
    return title if len(title) <= 34 else f"{title[:33]}…"


def _thickness(metres: float) -> str:
    """Return a thickness as people write it."""
    for unit, factor in (("mm", 1e3), ("µm", 1e6)):
        if metres * factor >= 1 or unit == "µm":
            return f"{short(metres * factor)} {unit}"
    raise AssertionError


def _pressed(pressure: str, bottom: float) -> Markup:
    middle = (_LEFT + _RIGHT) / 2
    return Markup(
        '<path d="M{m} 8V28M{m} 30l-4 -7h8zM{m} {low}V{top}M{m} {tip}l-4 7h8z" stroke="#1c2126" '
        'fill="#1c2126" stroke-width="1"/><text x="{text}" y="18">{pressure}</text>'
    ).format(
        m=middle,
        low=bottom + 26,
        top=bottom + 6,
        tip=bottom + 4,
        text=middle + 12,
        pressure=pressure,
    )


def _scale(whole: float, bottom: float) -> Markup:
    """Draw a bar of a round length beside the stack."""
    most = 0.4 * whole
    decade = 10.0 ** math.floor(math.log10(most))
    length = max(n * decade for n in _ROUND if n * decade <= most)
    drawn = _STACK * length / whole
    middle = bottom - drawn / 2
    return Markup(
        '<path d="M{x} {low:.2f}V{high:.2f}M{a} {low:.2f}h8M{a} {high:.2f}h8" stroke="#1c2126" '
        'stroke-width="1.2" fill="none"/>'
        '<text x="{t}" y="{m:.1f}" font-size="11" text-anchor="middle" '
        'transform="rotate(-90 {t} {m:.1f})">{length}</text>'
    ).format(x=38, a=34, low=bottom, high=bottom - drawn, t=26, m=middle, length=_thickness(length))
