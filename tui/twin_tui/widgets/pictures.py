"""Small drawings in text: a cell's layers to scale, gauges, bars."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from twin.formats import bar

FILLS = {"anode": "▓", "electrolyte": "░", "cathode": "█", "counter electrode": "▓"}
_STYLES = {
    "anode": "cyan",
    "electrolyte": "yellow",
    "cathode": "magenta",
    "counter electrode": "cyan",
}
STATUS_MARKS = {"measured": "●", "exact": "●", "fitted": "◐", "unverified": "○", "assumed": "◌"}


def length(metres: float) -> str:
    """Return a thickness in µm or mm."""
    return f"{metres * 1e3:.3g} mm" if metres >= 1e-3 else f"{metres * 1e6:.3g} µm"


def layer_drawing(layers: list[Any], width: int) -> Text:
    """Draw a cell's layers side by side, to scale; a thinner one than a column gets one."""
    total = sum(layer.thickness for layer in layers)
    room = max(width - len(layers) - 1, len(layers))
    shares = [max(1, round(room * layer.thickness / total)) for layer in layers]
    while sum(shares) > room:
        shares[shares.index(max(shares))] -= 1
    text = Text()
    for _ in range(3):
        text.append("│")
        for layer, share in zip(layers, shares, strict=True):
            text.append(FILLS[layer.name] * share, _STYLES[layer.name])
            text.append("│")
        text.append("\n")
    for layer in layers:
        text.append(FILLS[layer.name] * 2, _STYLES[layer.name])
        text.append(f" {layer.name} {length(layer.thickness)}: {layer.material}\n")
    text.append(f"to scale: one column is {length(total / room)}", "dim")
    return text


def gauge(name: str, margin: float, trend: str, width: int, warns: bool = False) -> Text:
    """Draw a criterion's margin: bar, number, trend, name, and a word where it is close.

    One that only ``warns`` never says that the cell failed.
    """
    cells = 4 if width < 40 else 8 if width < 60 else 16
    word, style = (
        ("FAILED", "bold red") if margin <= 0 else ("near", "yellow") if margin < 0.2 else ("", "")
    )
    if word and warns:
        word, style = ("warns" if margin <= 0 else "near a warning"), "yellow"
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(bar(margin, cells), style or "green")
    # What is measured tells more than whose it is.
    room = width - cells - 9 - (len(word) + 1 if word else 0)
    shown = name if len(name) <= room else name.partition(": ")[2] or name
    if len(shown) > room:  # the word after it is what must be seen
        shown = shown[: room - 1].rstrip() + "…"
    text.append(f" {max(margin, 0.0):5.2f} {trend} {shown}", "")
    if word:
        text.append(f" {word}", style)
    return text


def status_mark(status: str | None) -> str:
    """Return a status with a mark that shows how sure it is."""
    return f"{STATUS_MARKS.get(status or '', '?')} {status or 'unstated'}"
