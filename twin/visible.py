"""Text of others on a screen: control characters are shown, not sent.

A title, a note, a key or the name of a file can hold characters that a terminal obeys:
escape codes that recolour, erase or retitle it, or that turn the direction of writing.
"""

from __future__ import annotations

_KEPT = "\n\t"
_C0 = {code: 0x2400 + code for code in range(0x20) if chr(code) not in _KEPT}
_OTHERS = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_PICTURES = {**_C0, 0x7F: 0x2421, **dict.fromkeys(_OTHERS, 0xFFFD)}
"""Each control character with its picture (escape: U+241B), or the replacement character."""

_FORMULA = ("=", "+", "-", "@")

ESCAPED = {code: f"\\u{code:04x}" for code in (0x7F, *_OTHERS)}
"""Those that JSON may hold as they are, as it may write them too."""


def visible(text: str) -> str:
    """Return text with a picture for each control character but line feed and tab.

    It stays as long as it was.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_PICTURES)


def controls(text: str) -> list[str]:
    """Return the control characters of a text but line feed and tab, as ``U+001B``."""
    return [f"U+{ord(c):04X}" for c in text if ord(c) in _PICTURES]


def is_text(text: str) -> bool:
    """Return whether text can be written: bytes that were no UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def in_a_sheet(text: str) -> str:
    """Return text as a spreadsheet takes it for text, whatever it begins with.

    What begins with ``=``, ``+``, ``-`` or ``@`` is a formula to a spreadsheet, which may start
    programs or ask other hosts; behind an apostrophe it is text.
    """
    shown = visible(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
