"""What a page is made of: sections of facts, tables, figures, texts and code, not yet HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Facts:
    """Labels and what they say."""

    pairs: Sequence[tuple[str, str]]
    kind: str = "facts"


@dataclass(frozen=True)
class Table:
    """A table; ``right`` are its columns of numbers.

    On a narrow screen each row of one with ``cards`` is a card, and ``columns`` are its labels.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    caption: str = ""
    cards: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Figure:
    """A drawing: inline SVG, a name that is an anchor, and what it shows."""

    key: str
    svg: Markup
    caption: str
    wide: bool = False
    kind: str = "figure"


@dataclass(frozen=True)
class Figures:
    """Figures side by side where there is room."""

    figures: Sequence[Figure]
    kind: str = "figures"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Items:
    """A list; ``numbered`` where its order counts."""

    items: Sequence[str]
    numbered: bool = False
    kind: str = "items"


@dataclass(frozen=True)
class Code:
    """A command, or a file; ``folded`` is opened by a click, and left out on paper."""

    text: str
    title: str = ""
    folded: bool = False
    kind: str = "code"


Block = Facts | Table | Figure | Figures | Text | Items | Code


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading."""

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Sheet:
    """A whole page.

    Attributes
    ----------
    title : str
        What the page is of.
    question : str
        What was asked, in a sentence.
    answer : str
        What came out, in a sentence.
    tone : {"dead", "alive", "unknown"}
        What colour goes with the answer; the words say it already.
    facts : Facts
        What stands below the answer.
    sections : sequence of Section
        The rest.
    """

    title: str
    question: str
    answer: str
    tone: str
    facts: Facts
    sections: Sequence[Section]
