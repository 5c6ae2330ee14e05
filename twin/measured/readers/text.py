"""Text exports of cyclers and potentiostats, each known by its first lines.

What is in the columns is read from the headings (:mod:`twin.measured.delimited`); a family says
by which words it is known and what a positive current is in its exports.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twin.measured.delimited import record
from twin.measured.recording import Asked, Positive, Reader, Recording
from twin.measured.source import Source


def _known_by(pattern: str, *, within: int = 1 << 16) -> Callable[[Source], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)

    def signature(source: Source) -> bool:
        return source.is_text and bool(compiled.search(source.text[:within]))

    return signature


def _read(positive: Positive) -> Callable[[Source, Asked], Recording]:
    def read(source: Source, asked: Asked) -> Recording:
        return record(source, asked, asked.positive or positive)

    return read


def _text(id: str, title: str, pattern: str, positive: Positive) -> Reader:
    return Reader(id, title, _known_by(pattern), _read(positive))


READERS = [
    _text("bdf", "Battery Data Format, CSV", r"test_time_second|Test Time / s", "charge"),
    _text("basytec", "Basytec text", r"^~.*(basytec|Time\[)", "charge"),
    _text("novonix", "Novonix text", r"^\[Summary\][\s\S]{0,200}novonix|novonix uhpc", "charge"),
    _text("biologic", "BioLogic text", r"EC-Lab ASCII|\bE(we|cell)(-Ece)?/V", "charge"),
    _text("gamry", "Gamry DTA", r"^EXPLAIN\s*$|^Z?CURVE\d*\s+TABLE", "charge"),
    _text("zahner", "Zahner text", r"zahner|thales|^\s*Number\s+Frequency", "charge"),
    _text(
        "maccor", "Maccor text", r"\bRec#|\bCyc#|DPT Time|\bTest \(Sec\)|\bCycle P\b", "discharge"
    ),
    _text("landt", "Landt text", r"date_time_iso_string|\bSysTime\b|landt|lanhe", "charge"),
    _text("arbin", "Arbin CSV", r"Test[_ ]Time\s*\(s\)|Data_Point|Cycle_Index", "charge"),
    _text(
        "neware",
        "Neware CSV",
        r"Record ID|\bCycle ID\b|Realtime|Time\(h:min:s|DataPoint|工步号|循环号",
        "charge",
    ),
    _text("pec", "PEC CSV", r"Total Time \(Seconds\)|PEC\b.*Test|Voltage \(mV\)", "charge"),
    Reader("text", "any table of text", lambda source: source.is_text, _read("")),
]
