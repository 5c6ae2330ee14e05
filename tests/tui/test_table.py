"""The table: columns as wide as their rows, however early it is painted."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App, ComposeResult
from twin_tui.widgets.table import Table

ROWS = {"a": ("aaaa", "na-nzsp-nvp", "x"), "b": ("bbbb", "na", "a longer remark")}


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Table(id="table")


def drive(flow, size=(60, 10)) -> None:
    async def main() -> None:
        async with Bare().run_test(size=size) as pilot:
            table = pilot.app.query_one(Table)
            table.set_columns("run", "cell", remark=8)
            await pilot.pause()
            await flow(pilot, table)

    asyncio.run(main())


def painted(table: Table) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.row_count + 1)]


def test_rows_painted_before_the_table_is_idle_are_as_wide_as_they_stay():
    async def flow(pilot, table):
        table.show(ROWS)
        early = painted(table)  # Textual has not measured anything yet
        await pilot.pause()
        assert early == painted(table)
        assert early[1].split() == ["aaaa", "na-nzsp-nvp", "x"]
        assert early[2].split() == ["bbbb", "na", "a", "longe…"]  # at most eight

    drive(flow)


def test_a_changed_cell_makes_room_at_once_and_other_rows_give_it_back():
    async def flow(pilot, table):
        table.show(ROWS)
        await pilot.pause()
        table.put("b", ("bbbb", "na-base-nvp-and-more", "y"))
        early = painted(table)
        await pilot.pause()
        assert early == painted(table)
        assert early[2].split() == ["bbbb", "na-base-nvp-and-more", "y"]
        assert table.virtual_size.width == sum(w + 2 for w in (4, 20, 8))
        table.show({"b": ("bbbb", "na", "y")})
        await pilot.pause()
        assert table.virtual_size.width == sum(w + 2 for w in (4, 4, 6))

    drive(flow)


@pytest.mark.parametrize(("at", "chosen"), [(None, "b"), ("a", "a"), ("gone", "a")])
def test_the_cursor_stays_on_its_row(at, chosen):
    async def flow(pilot, table):
        table.show(ROWS)
        table.move_cursor(row=1)
        assert table.chosen == "b"
        table.show({"new": ("n", "n", "n"), **ROWS} if at != "gone" else ROWS, at)
        assert table.chosen == chosen
        table.show({})
        assert table.chosen is None

    drive(flow)


def test_lines_of_text_make_lines_of_the_row():
    async def flow(pilot, table):
        table.show({"a": ("1", "fatal", "one"), "b": ("2", "two\nlines", "x")})
        await pilot.pause()
        assert [row.height for row in table.rows.values()] == [1, 2]
        assert "lines" in table.render_line(3).text

    drive(flow)
