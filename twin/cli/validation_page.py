"""The table of ``twin validate`` as a page of eighty columns."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.text import Text

from twin.cli.formats import duration, short

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.validation.line import Line
    from twin.validation.schema import Case

_STATES = {True: "why (tested)", False: "why (not tested)"}
STYLES = {"within": "green", "missed": "red", "predicted": "cyan"}


def table(sheet: Page, lines: list[Line], wall_s: float) -> None:
    """Write the whole table: a block a case, then the count."""
    for _, group in groupby(lines, key=lambda line: line.case):
        _block(sheet, list(group))
    _parities(sheet, lines)
    _count(sheet, lines, wall_s)


def _block(sheet: Page, lines: list[Line]) -> None:
    head = lines[0]
    sheet.heading(f"{head.case}  (class {head.test}, {head.cell}, {duration(head.wall_s)})")
    rows = []
    for line in lines:
        rows.append(
            (
                f"{line.says}{_unit(line)}",
                _measured(line),
                _simulated(line),
                short(line.ratio),
                line.tolerance or "",
                _status(line),
            )
        )
    sheet.table(
        ("", "measured", "simulated", "ratio", "tolerance", ""),
        rows,
        keep=(1, 2, 3, 4, 5),
        right=(1, 2, 3),
    )
    for text in head.calibrated:
        sheet.line(f"calibrated: {text}", indent=2)
    for line in lines:
        if line.why:
            about = f"{line.says}: " if len(lines) > 1 else ""
            state = "why" if line.tested is None else _STATES[line.tested]
            sheet.line(f"{state}: {about}{line.why}", indent=2)


def _measured(line: Line) -> str:
    return "kept back" if line.status == "predicted" else _worded(line.measured)


def _simulated(line: Line) -> str:
    text = _worded(line.simulated)
    if line.low is not None and line.high is not None:
        text += f"\n{short(line.low)} .. {short(line.high)}"
    return text


def _unit(line: Line) -> str:
    """Return the unit, where there is a number that has it."""
    numeric = any(isinstance(value, float) for value in (line.measured, line.simulated))
    return f" [{line.unit}]" if numeric and line.unit else ""


def _worded(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value.replace(": ", ":\n", 1)
    return short(float(value))


def _status(line: Line) -> Text:
    # A number that a parameter was set on says nothing about the twin.
    mark = "fitted" if line.role == "calibrated" and line.status == "within" else line.status
    return Text(mark, style="dim" if mark == "fitted" else STYLES[line.status])


def _count(sheet: Page, lines: list[Line], wall_s: float) -> None:
    compared = [line for line in lines if line.role == "compared"]
    fitted = sum(line.role == "calibrated" for line in lines)
    not_set = sum(line.role == "uncalibrated" for line in lines)
    void = f"; {not_set} more could not be calibrated" if not_set else ""
    within = sum(line.status == "within" for line in compared)
    missed = sum(line.status == "missed" for line in lines)
    reasons = [line.tested for line in lines if line.tested is not None]
    predicted = sum(line.status == "predicted" for line in lines)
    sheet.heading(f"{len({line.case for line in lines})} cases, {len(lines)} lines")
    sheet.facts(
        [
            ("within tolerance", f"{within} of {len(compared)} compared"),
            ("numbers with two sides", _share([line for line in compared if line.two_sided])),
            ("bounds, orders, words", _share([line for line in compared if not line.two_sided])),
            ("missed", str(missed)),
            ("predicted", f"{predicted} (the measured value is kept back)"),
            ("fitted", f"{fitted} (a parameter was set on them){void}"),
            ("reasons tested", f"{sum(reasons)} of {len(reasons)}"),
            ("wall time", duration(wall_s)),
        ]
    )


def _parities(sheet: Page, lines: list[Line]) -> None:
    """Write the median error of each quantity."""
    from twin.validation.parity import parity
    from twin.validation.pictures import said_error

    parities = parity(lines)
    if not parities:
        return
    sheet.heading("Numbers with two sides, by quantity")
    sheet.table(
        ("", "within", "of", "median error"),
        [(of.quantity, of.within, of.numbers, said_error(of)) for of in parities],
        keep=range(4),
        right=(1, 2, 3),
    )


def _share(lines: list[Line]) -> str:
    return f"{sum(line.status == 'within' for line in lines)} of {len(lines)} within"


def listing(sheet: Page, listed: list[tuple[str, Case | None, str]]) -> None:
    """Write the list of cases."""
    rows = [(name, case.test, len(case.row), case.title) for name, case, _ in listed if case]
    sheet.table(("case", "class", "lines", "title"), rows, right=(2,))
    for name, case, problem in listed:
        if case is None:
            sheet.line(f"{name} cannot be used: {problem}")
    sheet.line()
    sheet.line(
        "Q: predicted from reported inputs. C: calibrated on one number, the rest predicted."
    )
    sheet.line("T: a trend or an order; inputs that matter were not reported.")
