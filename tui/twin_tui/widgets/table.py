"""A table whose columns are as wide as what is in them, from the first time it is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable

Cell = str | Text


class Table(DataTable[Text]):
    """Rows of text by their keys, one of them chosen.

    Textual measures new cells when it is idle. That may be after it has painted them, as wide
    as the headings, and rows once painted are kept. So widths are set here, before the rows.
    """

    def __init__(self, **more: Any):
        super().__init__(cursor_type="row", zebra_stripes=True, **more)
        self._most: dict[str, int | None] = {}

    def set_columns(self, *names: str, **most: int | None) -> None:
        """Have other columns; those given by name have at most so many characters."""
        self.clear(columns=True)
        self._most = {**dict.fromkeys(names), **most}
        for name in self._most:
            self.add_column(name, key=name, width=max(cell_len(name), 1))

    @property
    def ready(self) -> bool:
        """Whether it has columns yet."""
        return bool(self._most)

    @property
    def keys(self) -> list[str]:
        """The rows' keys, from above."""
        return [str(key.value) for key in self.rows]

    @property
    def chosen(self) -> str | None:
        """The key of the row under the cursor."""
        return self.keys[self.cursor_row] if self.row_count else None

    def show(self, rows: Mapping[str, Sequence[Cell]], at: str | None = None) -> None:
        """Show other rows; the cursor goes to ``at``, else it stays on its row.

        Text of several lines makes a row of several lines.
        """
        at = at if at is not None else self.chosen
        self.clear()
        for name, column in zip(self._most, zip(*rows.values(), strict=True), strict=False):
            self._widen(name, 0, *column)
        for key, cells in rows.items():
            self._add(key, cells)
        if at is not None and at in rows:
            self.move_cursor(row=self.get_row_index(at))

    def put(self, key: str, cells: Sequence[Cell]) -> None:
        """Add a row below the others, or change what is new in it."""
        for name, cell in zip(self._most, cells, strict=True):
            self._widen(name, self.columns[name].width, cell)  # type: ignore[index]
        if key not in self.rows:
            self._add(key, cells)
            return
        for name, cell in zip(self._most, cells, strict=True):
            if self.get_cell(key, name).plain != str(cell):
                # The table's own width is reckoned anew too.
                self.update_cell(key, name, _plain(cell), update_width=True)

    def _add(self, key: str, cells: Sequence[Cell]) -> None:
        lines = max(str(cell).count("\n") + 1 for cell in cells)
        self.add_row(*map(_plain, cells), key=key, height=lines)

    def _widen(self, name: str, least: int, *cells: Cell) -> None:
        most, column = self._most[name], self.columns[name]  # type: ignore[index]
        longest = max(
            (cell_len(line) for cell in cells for line in str(cell).split("\n")), default=0
        )
        width = max(least, longest, cell_len(name), 1)
        column.width = width if most is None else min(width, most)


def _plain(cell: Cell) -> Text:
    if isinstance(cell, Text):
        return cell
    return Text(cell, no_wrap="\n" not in cell, overflow="ellipsis")
