"""A page of human-readable output: lines, facts and tables that fit the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from twin.cli.formats import bar
from twin.visible import visible

WIDTH, NARROWEST = 80, 40
_UNCUT: dict[str, Any] = {"no_wrap": True, "overflow": "ignore"}


def console_for(stream: TextIO) -> Console:
    """Return a console on a stream: the terminal's width, or 80 columns where there is none."""
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    # A width of nought (COLUMNS=0, a terminal that does not know its own) is none at all.
    given = os.environ.get("COLUMNS", "")
    known = console.is_terminal or (given.isdecimal() and int(given) > 0)
    console.width = max(console.width, NARROWEST) if known and console.width else WIDTH
    return console


class Page:
    """Collects a page and renders it at once, so that it can be written in one go.

    Text is never read as markup: ``[V]`` is a unit. Styles only underline what the
    words say already.
    """

    def __init__(self, stream: TextIO):
        self._console = console_for(stream)
        self._parts: list[Any] = []

    def text(self) -> str:
        """Return the page as text, with colours if the stream shows them."""
        with self._console.capture() as capture:
            for part in self._parts:
                self._console.print(part)
        lines = capture.get().split("\n")
        return "\n".join(line.rstrip() for line in lines)

    @property
    def width(self) -> int:
        """The number of columns."""
        return self._console.width

    def bar(self, margin: float, width: int = 8) -> str:
        """Return a margin as a bar in characters that the stream can show."""
        return bar(margin, width, self._console.encoding)

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """Add a paragraph."""
        part = Text(visible(text), style=style)
        self._parts.append(Padding(part, (0, 0, 0, indent)) if indent else part)

    def raw(self, text: str) -> None:
        """Add text that brings its own layout and colours."""
        part = Text.from_ansi(text, no_wrap=True, overflow="ignore")
        # What is left of escapes is not colour; the pictures are as long, so that spans hold.
        self._parts.append(Text(visible(part.plain), spans=part.spans, **_UNCUT))

    def heading(self, text: str) -> None:
        """Add a heading after an empty line."""
        self.line()
        self.line(text, "bold")

    def facts(self, pairs: Iterable[tuple[str, Any]]) -> None:
        """Add labels and values in two columns; what is None or empty is left out."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        for label, value in pairs:
            if value not in (None, ""):
                table.add_row(_cell(label), _cell(value))
        if table.row_count:
            self._parts.append(table)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        keep: Iterable[int] = (0,),
        right: Iterable[int] = (),
    ) -> None:
        """Add a table.

        Parameters
        ----------
        columns : sequence of str
            The headings.
        rows : iterable of sequence
            The cells.
        keep : iterable of int
            Columns that must not wrap.
        right : iterable of int
            Columns of numbers.
        """
        keep, right = set(keep), set(right)
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
        for index, title in enumerate(columns):
            table.add_column(
                title,
                no_wrap=index in keep,
                overflow="fold",
                justify="right" if index in right else "left",
                header_style="dim",
            )
        for row in rows:
            table.add_row(*map(_cell, row))
        self._parts.append(table)


def _cell(value: Any) -> Text:
    if isinstance(value, Text):
        return Text(visible(value.plain), style=value.style, spans=value.spans)
    return Text(visible(str(value)))
