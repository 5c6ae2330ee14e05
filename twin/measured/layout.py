"""How a table of text is laid out: its delimiter, headings, units and decimal mark."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.columns import CURRENT, VOLTAGE
from twin.errors import InputError
from twin.measured.quantities import (
    CHARGE,
    CHARGE_CHANGE,
    FREQUENCY,
    MINUS_Z_IM,
    MOMENT,
    STEP_TIME,
    TIME,
    Z_IM,
    Z_MODULUS,
    Z_PHASE,
    Z_RE,
    Heading,
    columns_of,
    heading,
    unit_of,
)
from twin.measured.recording import Asked
from twin.measured.source import LONGEST_LINE, MOST_COLUMNS, Source, refused

DELIMITERS = ("\t", ";", ",", "|")
SAMPLE = 200
"""So many rows are looked at."""
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
NO_HEADINGS = "no line names a time, a current and a voltage (or an impedance)"
_NAME_THEM = 'name its columns in their order: --columns "time [s], voltage [V], current [A], -"'


@dataclass
class Layout:
    """How a table of text is laid out."""

    delimiter: str | None
    first_row: int  # the line the rows begin at
    headings: list[str]
    fields: int
    columns: dict[str, tuple[int, Heading]]
    decimal: str = "."
    samples: list[list[str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def split(line: str, delimiter: str | None) -> list[str]:
    """Return the fields of a line; spaces part them where there is no delimiter."""
    if delimiter is None:
        return line.split()
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _lines(source: Source) -> list[str]:
    lines = source.text.split("\n")
    # The last may be cut.
    return lines[:-1] if len(lines) > 1 and len(source.head) >= (1 << 18) else lines


def numeric(text: str) -> bool:
    """Return whether a field is a number, with a point or a comma."""
    return bool(_NUMBER.fullmatch(text) or _COMMA_NUMBER.fullmatch(text))


def _enough(columns: dict[str, Any]) -> bool:
    times = {TIME, STEP_TIME, MOMENT} & set(columns)
    currents = {CURRENT, CHARGE, CHARGE_CHANGE} & set(columns)
    cycling = VOLTAGE in columns and bool(times) and bool(currents)
    polar = {Z_MODULUS, Z_PHASE} <= set(columns)
    parts = Z_RE in columns and bool({Z_IM, MINUS_Z_IM} & set(columns))
    return cycling or (FREQUENCY in columns and (parts or polar))


def find_layout(source: Source, asked: Asked) -> Layout:
    """Return how the table of a file is laid out.

    Raises
    ------
    InputError
        If no line looks like headings, or the rows do not fit them.
    """
    if not source.is_text:
        raise refused(
            source.path, "it is no text", "export it as CSV, or see `twin measured readers`"
        )
    lines = _lines(source)
    if asked.columns:
        return _given_layout(source, lines, asked)
    best: tuple[int, int, str | None, list[str]] | None = None
    for index, line in enumerate(lines):
        if len(line) > LONGEST_LINE or not line.strip():
            continue
        for delimiter in (*DELIMITERS, None):
            if delimiter is not None and delimiter not in line:
                continue
            fields = split(line, delimiter)
            if not 2 <= len(fields) <= MOST_COLUMNS or numeric(fields[0]):
                continue
            columns = columns_of(fields)
            if _enough(columns) and (best is None or len(columns) > best[0]):
                best = (len(columns), index, delimiter, fields)
        if best is not None and index > best[1] + 5:
            break
    if best is None:
        raise _without_headings(source, lines)
    _, index, delimiter, headings = best
    layout = Layout(delimiter, index + 1, headings, len(headings), columns_of(headings))
    _units_row(layout, lines)
    _fit(source, layout, lines)
    return layout


def _without_headings(source: Source, lines: Sequence[str]) -> InputError:
    if len(lines) == 1 and len(source.head) >= (1 << 18):
        return refused(
            source.path,
            f"its first line is longer than {len(source.head) >> 10} kB: no table is that wide",
            "export it again with a line for each row",
        )
    if any(len(split(line, d)) > MOST_COLUMNS for line in lines[:50] for d in DELIMITERS):
        return refused(
            source.path, f"it has more than {MOST_COLUMNS} columns", "export only what is needed"
        )
    rows = [n for n, line in enumerate(lines[:SAMPLE]) if _row_of_numbers(line)]
    if len(rows) >= 2:
        return refused(
            source.path, f"the rows have no headings: {NO_HEADINGS}", _NAME_THEM, "columns"
        )
    return refused(source.path, NO_HEADINGS, "export it with time, current and voltage in columns")


def _row_of_numbers(line: str) -> str | bool | None:
    """Return the delimiter of a row of numbers, False if it is none."""
    for delimiter in (*DELIMITERS, None):
        fields = split(line, delimiter)
        if len(fields) >= 2 and 2 * sum(map(numeric, fields)) >= len(fields):
            return delimiter or " "
    return False


def _given_layout(source: Source, lines: Sequence[str], asked: Asked) -> Layout:
    headings = [part.strip() for part in asked.columns.split(",")]
    named = columns_of(headings)
    curve = bool(asked.current) and {CHARGE, VOLTAGE} <= set(named)
    if not (_enough(named) or curve):
        unknown = [text for text in headings if text not in ("", "-") and heading(text) is None]
        says = f"{unknown[0]!r} is no column that is known" if unknown else NO_HEADINGS
        fix = 'as "time [s], voltage [V], current [mA], temperature [degC]"; - for any other'
        raise refused(source.path, says, fix, "columns")
    for index, line in enumerate(lines):
        for delimiter in (*DELIMITERS, None):
            fields = split(line, delimiter)
            if len(fields) == len(headings) and sum(map(numeric, fields)) >= max(
                2, len(fields) // 2
            ):
                layout = Layout(delimiter, index, headings, len(headings), columns_of(headings))
                layout.remarks.append("its columns are named as you said")
                _fit(source, layout, lines)
                return layout
    raise refused(
        source.path,
        f"no row has the {len(headings)} columns that --columns names",
        "name every column in its order; - for one that is not needed",
        "columns",
    )


def _units_row(layout: Layout, lines: Sequence[str]) -> None:
    """Take the units from the line below the headings, if they stand there."""
    if layout.first_row >= len(lines):
        return
    fields = split(lines[layout.first_row], layout.delimiter)
    texts = [f.strip().strip("[]()") for f in fields]
    words = [t for t in texts if t]
    if not words or any(map(numeric, words)):
        return
    known = sum(unit_of(t) is not None or t in ("#", "-") for t in words)
    if 2 * known <= len(words):
        return
    named = [
        f"{h} [{t}]" if t and unit_of(t) is not None else h
        for h, t in zip(layout.headings, [*texts, *[""] * len(layout.headings)], strict=False)
    ]
    layout.columns = columns_of(named)
    layout.headings = named
    layout.first_row += 1
    layout.remarks.append("its units stand below the headings")


def _fit(source: Source, layout: Layout, lines: Sequence[str]) -> None:
    """See how many fields the rows have, and how they write a decimal."""
    rows = [
        split(line, layout.delimiter)
        for line in lines[layout.first_row : layout.first_row + SAMPLE]
        if line.strip() and len(line) <= LONGEST_LINE
    ]
    if not rows:
        raise refused(source.path, "there are headings, and no row below them", "export it again")
    counts = Counter(map(len, rows))
    usual = counts.most_common(1)[0][0]
    # A cut or odd row decides nothing; a longer one only where all are.
    named = len(layout.headings)
    if usual != named:
        while layout.headings and len(layout.headings) > usual and not layout.headings[-1].strip():
            layout.headings.pop()
        named = len(layout.headings)
        extra = [row[named:] for row in rows if len(row) == usual]
        if usual > named and any(text.strip() for row in extra for text in row):
            commas = layout.delimiter == ","
            raise refused(
                source.path,
                f"its rows have {usual} fields and its headings {named}"
                + (": decimal commas in a table that commas delimit?" if commas else ""),
                "export it with decimal points, or with semicolons or tabs between the columns"
                if commas
                else "export it again, with a heading for each field",
            )
        last = max(index for index, _ in layout.columns.values())
        if usual <= last:
            raise refused(
                source.path,
                f"its rows have {usual} fields and its headings {named}",
                "export it again, with a field for each heading",
            )
        if usual < named:
            layout.remarks.append(
                f"its rows have {usual} fields and its headings {named}: the first are taken to "
                "belong together"
            )
    layout.fields = usual
    layout.samples = [row for row in rows if len(row) == usual]
    needed = [index for index, _ in layout.columns.values()]
    fields = [row[i] for row in layout.samples for i in needed]
    with_comma = sum(bool(_COMMA_NUMBER.fullmatch(f)) for f in fields)
    with_point = sum(bool(re.fullmatch(r"\s*[+-]?\d*\.\d+(?:[eE].*)?\s*", f)) for f in fields)
    if with_comma > with_point:
        layout.decimal = ","
        layout.remarks.append("it has decimal commas: read as points")
