"""Tables of text, read in blocks as their layout says (:mod:`twin.measured.layout`).

The readers of vendors' text exports differ in what they are known by and in what a positive
current is; what is in the columns, the headings say.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from twin.measured import moments
from twin.measured.layout import Layout, find_layout, numeric, split
from twin.measured.quantities import (
    MINUS_Z_IM,
    MOMENT,
    STATE,
    STEP_TIME,
    TIME,
    Z_IM,
    Z_MODULUS,
    Z_PHASE,
    Z_RE,
    Heading,
    factor,
    unit_of,
)
from twin.measured.recording import Asked, Chunk, Positive, Recording
from twin.measured.source import LONGEST_LINE, Source, refused

BLOCK = 1 << 20
_MOST_SPACED = 64 << 20
_NOTHING = [
    "", "NaN", "nan", "NAN", "NA", "N/A", "n/a", "--", "-", "null", "NULL", "None", "#N/A", "inf",
    "-inf", "Inf", "-Inf", "INF", "-INF", "Infinity", "-Infinity", "#DIV/0!", "+inf",
]  # fmt: skip
_CLEAN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_DISCHARGE = r"(?i)^\s*(?:.*d(?:is)?[- _]?ch|d\b|dis|.*放电)"
_CHARGE = r"(?i)^\s*(?:.*ch(?:a|g|r)|c\b|cc\b|.*充电)"
_REST = r"(?i)^\s*(?:rest|pause|ocv|r\b|idle|wait|静置|搁置|off)"


class _Rows:
    """Counts the rows that do not fit the headings."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, row: Any) -> str:
        self.count += 1
        return "skip"


def record(source: Source, asked: Asked, positive: Positive) -> Recording:
    """Return the recording of a table of text.

    Parameters
    ----------
    source : Source
        The file.
    asked : Asked
        What the user says of it.
    positive : {"charge", "discharge", ""}
        What a positive current is in files of this kind.

    Raises
    ------
    InputError
        If it is no such table.
    """
    layout = find_layout(source, asked)
    made = Recording(iter(()), positive)
    made.remarks += layout.remarks
    made.about["headings"] = {
        quantity: visible_heading(layout.headings[index])
        for quantity, (index, _) in layout.columns.items()
    }
    plan = _Plan(layout, asked, made)
    made.chunks = _chunks(source, layout, plan, made)
    return made


def visible_heading(text: str) -> str:
    """Return a heading as it may be shown."""
    from twin.visible import visible

    return visible(text.strip()[:80])


class _Plan:
    """What is done with each column that is needed."""

    def __init__(self, layout: Layout, asked: Asked, made: Recording):
        self.layout, self.asked, self.made = layout, asked, made
        self.texts: dict[str, moments.TextTimes] = {}
        self.columns = dict(layout.columns)
        for quantity in (TIME, STEP_TIME, MOMENT):
            if quantity not in self.columns:
                continue
            index, read = self.columns[quantity]
            samples = [row[index].strip().strip('"') for row in layout.samples]
            if read.unit == "text" or moments.is_text_time(samples):
                if moments.is_text_time(samples):
                    self.texts[quantity] = moments.TextTimes(samples)
                elif any(map(numeric, samples)):
                    self.columns[quantity] = (index, Heading(quantity, "s", read.rank, True))
                else:
                    del self.columns[quantity]
        if STATE in self.columns:
            index, _ = self.columns[STATE]
            if all(numeric(row[index]) for row in layout.samples):
                del self.columns[STATE]
        self._tell_times()
        self.moment_zero: float | None = None
        self.time_zero: float | None = None

    def _tell_times(self) -> None:
        made, columns = self.made, self.columns
        for quantity, texts in self.texts.items():
            if TIME in columns and quantity != TIME:
                continue
            how = "dates" if texts.dated else "hours, minutes and seconds"
            made.remarks.append(f"{quantity.partition(' [')[0].lower()} is text ({how})")
            if texts.remark:
                made.remarks.append(texts.remark)
            if texts.zoned:
                made.remarks.append("its dates name their time zone: counted in UTC")
        if TIME not in columns and MOMENT in columns:
            made.remarks.append("it has no clock of the test: the time is that of its dates")
            dates = self.texts.get(MOMENT)
            if dates is not None and not dates.zoned and not self.asked.timezone:
                made.remarks.append(
                    "its dates name no time zone: a clock that is put back or forward is taken "
                    "for a repair (--timezone names one)"
                )
        elif TIME not in columns and STEP_TIME in columns:
            made.step_clock = True
        made.assumed = {
            quantity
            for quantity, (_, read) in columns.items()
            if read.assumed and quantity not in self.texts
        }

    def convert(self, quantity: str, values: Any) -> np.ndarray:
        """Return a column in SI units."""
        import pyarrow as pa
        import pyarrow.compute as pc

        _, read = self.columns[quantity]
        if quantity in self.texts:
            return self.texts[quantity].seconds(pc.utf8_trim_whitespace(values))
        if quantity == STATE:
            return _states(values)
        if pa.types.is_string(values.type):
            values = numbers_of(values, self.layout.decimal)
        numbers = np.asarray(values.to_numpy(zero_copy_only=False), dtype=float)
        if quantity == MOMENT:
            numbers, remark = moments.number_moments(numbers)
            if remark and remark not in self.made.remarks:
                self.made.remarks.append(remark)
            return numbers
        unit = read.unit
        if quantity in (TIME, STEP_TIME) and self.asked.time_unit:
            unit = unit_of(self.asked.time_unit) or self.asked.time_unit
        scale, shift = factor(unit, quantity)
        return numbers * scale + shift if (scale, shift) != (1.0, 0.0) else numbers

    def finish(self, chunk: Chunk) -> Chunk:
        """Put the time and the impedance in order."""
        if MOMENT in chunk:
            moment = chunk[MOMENT]
            texts = self.texts.get(MOMENT)
            if self.asked.timezone and texts is not None and not texts.zoned:
                moment = chunk[MOMENT] = moments.to_utc(moment, self.asked.timezone)
            if self.moment_zero is None and np.isfinite(moment).any():
                self.moment_zero = float(moment[np.isfinite(moment)][0])
                self._began(texts)
            if TIME not in chunk and self.moment_zero is not None:
                chunk[TIME] = moment - self.moment_zero
        if TIME in self.texts and self.texts[TIME].dated:
            time = chunk[TIME]
            if self.time_zero is None and np.isfinite(time).any():
                self.time_zero = float(time[np.isfinite(time)][0])
            chunk[TIME] = time - (self.time_zero or 0.0)
        if TIME not in chunk and STEP_TIME in chunk:
            chunk[TIME] = chunk[STEP_TIME]
        if MINUS_Z_IM in chunk and Z_IM not in chunk:
            chunk[Z_IM] = -chunk[MINUS_Z_IM]
        if Z_RE not in chunk and {Z_MODULUS, Z_PHASE} <= set(chunk):
            phase = np.deg2rad(chunk[Z_PHASE])
            chunk[Z_RE] = chunk[Z_MODULUS] * np.cos(phase)
            chunk[Z_IM] = chunk[Z_MODULUS] * np.sin(phase)
        return chunk

    def _began(self, texts: moments.TextTimes | None) -> None:
        from datetime import UTC, datetime

        zoned = texts is None or texts.zoned or bool(self.asked.timezone)
        try:
            began = datetime.fromtimestamp(float(self.moment_zero or 0.0), UTC)
        except (OverflowError, OSError, ValueError):
            return
        text = began.isoformat(timespec="seconds")
        self.made.about["began"] = text if zoned else text.removesuffix("+00:00")


def numbers_of(values: Any, decimal: str) -> Any:
    """Return an array of text as numbers; null where it is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.replace_substring_regex(values, r"[\s\"']", "")
    between = "." if decimal == "," else ","
    # A mark between thousands goes; anywhere else it is no number that can be told.
    grouped = rf"^[+-]?\d{{1,3}}(?:[{between}]\d{{3}})+(?:[{decimal}]\d*)?$"
    apart = pc.replace_substring(text, between, "")
    text = pc.if_else(pc.match_substring_regex(text, grouped), apart, text)
    if decimal == ",":
        text = pc.if_else(
            pc.match_substring(text, "."),
            pa.scalar(None, pa.string()),
            pc.replace_substring(text, ",", "."),
        )
    fits = pc.match_substring_regex(text, _CLEAN)
    return pc.cast(pc.if_else(fits, text, pa.scalar(None, pa.string())), pa.float64())


def _states(values: Any) -> np.ndarray:
    """Return 1 for discharge, -1 for charge, 0 for rest, NaN for anything else."""
    import pyarrow.compute as pc

    result = np.full(len(values), np.nan)
    for pattern, state in ((_CHARGE, -1.0), (_DISCHARGE, 1.0), (_REST, 0.0)):
        fits = pc.fill_null(pc.match_substring_regex(values, pattern), False)
        result[np.asarray(fits.to_numpy(zero_copy_only=False), dtype=bool)] = state
    return result


class _Utf8(io.RawIOBase):
    """A text file's bytes as sound UTF-8: a byte that is none becomes the replacement character."""

    def __init__(self, stream: IO[bytes], encoding: str):
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._plain = encoding in ("utf-8", "cp1252")  # whose ASCII is UTF-8's
        self._ready = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes."""
        while not self._ready:
            block = self._stream.read(BLOCK)
            between = self._decoder.getstate() != (b"", 0)
            if self._plain and not between and block.isascii():
                self._ready = block
            else:
                self._ready = self._decoder.decode(block, not block).encode()
            if not block:
                break
        given, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def _stream(source: Source, layout: Layout, stream: IO[bytes]) -> IO[bytes]:
    """Return what is left of a stream below the headings, as UTF-8."""
    text = io.BufferedReader(_Utf8(stream, source.encoding), BLOCK)
    for _ in range(layout.first_row):
        while text.readline(LONGEST_LINE)[-1:] not in (b"\n", b""):
            pass
    if layout.delimiter is not None:
        return text
    lines = text.read(_MOST_SPACED).splitlines()
    return io.BytesIO(b"\n".join(b"\t".join(line.split()) for line in lines))


def _chunks(source: Source, layout: Layout, plan: _Plan, made: Recording) -> Iterator[Chunk]:
    import pyarrow as pa

    given = 0
    for tolerant in (False, True):
        odd = _Rows()
        ends = _End(source, layout)
        passed = 0  # rows of this pass, of which the first were given by the pass before
        try:
            for chunk in ends(_blocks(source, layout, plan, tolerant, odd)):
                rows = len(next(iter(chunk.values())))
                fresh = max(given - passed, 0)
                passed += rows
                if fresh < rows:
                    given = passed
                    yield {name: values[fresh:] for name, values in chunk.items()}
        except pa.ArrowInvalid as error:
            if tolerant:
                raise refused(
                    source.path, f"it cannot be read further: {_short(error)}", "export it again"
                ) from None
            made.remarks.append("some fields are no numbers: their rows count as not measured")
            continue
        if ends.left_out:
            made.remarks.append("the last row may be cut: left out")
        if odd.count:
            whose = "row has" if odd.count == 1 else "rows have"
            made.remarks.append(
                f"{odd.count} {whose} another number of fields than the rest: left out"
            )
        return


class _End:
    """Holds the last row back, and leaves it out if it may be cut in its last number.

    It may be if nothing ends its line and its last field is shorter than those before, or if
    the file is packed and ends too early.
    """

    def __init__(self, source: Source, layout: Layout):
        self.left_out = False
        self._source = source
        self._suspicious = self._looks_cut(layout)

    def _looks_cut(self, layout: Layout) -> bool:
        tail = self._source.tail
        if not tail or tail.endswith((b"\n", b"\r", b"\x00")):
            return False
        text = tail.decode(self._source.encoding.replace("utf-16", "utf-16-le"), "replace")
        rows = [split(line, layout.delimiter) for line in text.splitlines()[1:]]
        if len(rows) < 3 or len(rows[-1]) != layout.fields:
            return False
        usual = min(len(row[-1]) for row in rows[-20:-1] if row)
        return len(rows[-1][-1]) < usual

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        held: Chunk | None = None
        for chunk in chunks:
            if held is not None:
                yield held
            held = chunk
        if held is None:
            return
        self.left_out = self._suspicious or self._source.cut
        yield {name: values[:-1] for name, values in held.items()} if self.left_out else held


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _blocks(
    source: Source, layout: Layout, plan: _Plan, tolerant: bool, odd: _Rows
) -> Iterator[Chunk]:
    import pyarrow as pa
    from pyarrow import csv as arrow

    names = [f"c{index}" for index in range(layout.fields)]
    wanted = {f"c{index}": quantity for quantity, (index, _) in plan.columns.items()}
    types = {
        name: pa.string() if tolerant or q in plan.texts or q == STATE else pa.float64()
        for name, q in wanted.items()
    }
    with source.open() as stream:
        rest = _stream(source, layout, stream)
        reader = arrow.open_csv(
            rest,
            arrow.ReadOptions(column_names=names, block_size=BLOCK, use_threads=False),
            arrow.ParseOptions(
                delimiter=layout.delimiter or "\t", invalid_row_handler=odd, ignore_empty_lines=True
            ),
            arrow.ConvertOptions(
                include_columns=list(wanted),
                column_types=types,
                null_values=_NOTHING,
                strings_can_be_null=True,
                decimal_point=layout.decimal,
                check_utf8=False,
            ),
        )
        for batch in reader:
            if not batch.num_rows:
                continue
            chunk = {
                quantity: plan.convert(quantity, batch.column(name))
                for name, quantity in wanted.items()
            }
            yield plan.finish(chunk)
