"""What the sixteen colours of a terminal look like in the bench: each can be read on its ground.

Widgets name a colour ("red", "yellow"); Textual draws it by a theme of its own, whose yellow
on a light ground and whose red without colour cannot be read. A contrast of 4.5 to 1 is asked of
text (WCAG 2.2, 1.4.3), in colour and as the grey that is left of it without.
"""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme

GROUNDS = {"dark": "#121212", "light": "#e0e0e0"}
"""What stands behind the words, in Textual's own two themes."""
LEAST_CONTRAST = 4.5

_Colour = tuple[int, int, int]


def _rgb(text: str) -> _Colour:
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def _theme(ground: str, ink: str, normal: str, bright: str) -> TerminalTheme:
    """Return a theme: black, red, green, yellow, blue, magenta, cyan, white; and brighter."""
    return TerminalTheme(
        _rgb(GROUNDS[ground]),
        _rgb(ink),
        [_rgb(colour) for colour in normal.split()],
        [_rgb(colour) for colour in bright.split()],
    )


ON_DARK = _theme(
    "dark",
    "#d9d9d9",
    "#1a1a1a #ff6e6e #98e024 #fd971f #9db2ff #ff8ad4 #58d1eb #c4c5b5",
    "#8f8b7c #ff6e6e #98e024 #e0d561 #9db2ff #ff8ad4 #58d1eb #f6f6ef",
)
ON_LIGHT = _theme(
    "light",
    "#000000",
    "#000000 #a5302a #2c6618 #7a5200 #2e55b4 #7a3e9d #005f7d #f7f7f7",
    "#575757 #a5302a #2c6618 #7a5200 #2e55b4 #7a3e9d #005f7d #f7f7f7",
)


def luminance(colour: _Colour) -> float:
    """Return the relative luminance of a colour (WCAG 2.2), 0 for black and 1 for white."""
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: _Colour, ground: _Colour) -> float:
    """Return how far a colour stands out from its ground (WCAG 2.2): 1 to 21."""
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
