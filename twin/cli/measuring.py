"""``twin import`` and ``twin measured``: measured data of a real cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli import faults
from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin import Measured
    from twin.cli.page import Page
    from twin.errors import Problem
    from twin.store import MeasurementInfo

MeasuredId = Annotated[
    str,
    typer.Argument(
        metavar="MEASURED", help="Its id, a unique beginning of it, its file's name, or 'last'."
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="OUT",
        help="Write it in the Battery Data Format: .bdf.csv, .bdf.parquet.",
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Add ``twin import`` and ``twin measured``."""
    command(app, "import")(import_files)
    measured = group(app, "measured", list_measured)
    command(measured, "show")(show_measured)
    command(measured, "remove")(remove_measured)
    command(measured, "readers")(list_readers)


def import_files(
    session: Session,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files of cyclers or potentiostats.")
    ],
    cell: Annotated[
        str, typer.Option("--cell", metavar="NAME", help="The cell it was measured on.")
    ] = "",
    save: Save = None,
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help='Its headings, where it has none: "time [s], voltage [V], current [A], -".',
        ),
    ] = "",
    current: Annotated[
        str,
        typer.Option(
            "--current", metavar="charge|discharge", help="What a positive current is in it."
        ),
    ] = "",
    time_unit: Annotated[
        str, typer.Option("--time-unit", metavar="UNIT", help="The unit of its time, as ms.")
    ] = "",
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Of its dates, as Europe/Berlin.")
    ] = "",
    rate: Annotated[
        str,
        typer.Option(
            "--rate",
            metavar="I",
            help='The constant current, as "0.3 mA", of a curve of charge and voltage.',
        ),
    ] = "",
    reader: Annotated[
        str, typer.Option("--reader", metavar="NAME", help="Use only this reader.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Read it anew if it is there already.")
    ] = False,
) -> int:
    """Take in measured data of a cycler or potentiostat.

    They are read, repaired, looked through and kept; what was repaired or taken for granted is
    told. The same file twice is one measurement.
    """
    import twin
    from twin.errors import InputError, TwinError

    if save is not None:
        twin.check_name(save)
        if len(files) > 1:
            raise InputError(
                "--save writes one file, and there are several to read",
                key="save",
                fix="import them one by one",
            )
    done: list[Measured] = []
    errors: list[TwinError] = []
    for file in files:
        try:
            done.append(
                twin.import_file(
                    file,
                    store=session.store,
                    cell=cell,
                    again=again,
                    columns=columns,
                    positive=current,
                    time_unit=time_unit,
                    timezone=timezone,
                    current=rate,
                    reader=reader,
                )
            )
        except InputError as error:
            errors.append(error)
    if not done:
        if len(errors) == 1:
            raise errors[0]
        problems = [problem for error in errors for problem in error.problems]
    else:
        problems = [problem for error in errors for problem in error.problems]
        if save is not None:
            twin.save_measured(done[0], save)
    document = {
        "measured": [_document(measured) for measured in done],
        "saved": save,
        "problems": faults.as_data(problems) if problems else [],
    }

    def page(sheet: Page) -> None:
        for measured in done:
            _page(sheet, measured)
        if save is not None and done:
            sheet.line(f"written: {save}")
        _problems(sheet, problems)

    session.finish(document, page)
    return faults.BAD_INPUT if problems else faults.DONE


def _problems(sheet: Page, problems: list[Problem]) -> None:
    for problem in problems:
        sheet.line(f"not read: {problem}", "red")


def _document(measured: Measured) -> dict[str, Any]:
    info, meta = measured.info, dict(measured.meta)
    contents = meta.pop("found") or {}
    return {
        "id": info.id,
        "name": info.name,
        "file": info.source,
        "cell": info.cell_name,
        "new": measured.new,
        "kind": info.kind,
        "rows": info.rows,
        "created": info.created,
        **meta,
        "counts": contents.get("counts"),
        "steps": contents.get("steps", []),
        "cycles": contents.get("cycles", []),
        "pulses": [p.to_dict() for p in measured.found.pulses] if measured.found else [],
        "resistances": _resistances(measured),
    }


def _resistances(measured: Measured) -> list[dict[str, Any]]:
    if measured.found is None:
        return []
    return [
        {
            "t_s": step.t_start_s,
            "cycle": step.cycle,
            "kind": step.kind,
            "voltage_V": step.voltage_start_V,
            **{f"after_{after}_Ohm": value for after, value in step.resistance_Ohm.items()},
        }
        for step in measured.found.resistances
    ]


def _page(sheet: Page, measured: Measured) -> None:
    from twin.cli.formats import duration

    info, meta = measured.info, measured.meta
    there = "" if measured.new else "  (this file was there already)"
    sheet.line(f"measured {info.short}  {info.name}{there}", "bold")
    first, last = meta["span_s"]
    what = {"cycling": "rows", "impedance": "points"}[info.kind]
    span = f" over {duration(last - first)}" if info.kind == "cycling" else ""
    sheet.facts(
        [
            ("read by", _readers(meta)),
            ("holds", f"{info.rows} {what}{span}: {', '.join(meta['columns'])}"),
            ("cell", info.cell_name),
            ("began", meta["about"].get("began")),
            *(("told", text) for text in meta["told"]),
            *(("doubt", text) for text in meta["doubts"]),
            *_found_facts(measured),
        ]
    )
    _cycles(sheet, measured)
    sheet.line()


def _readers(meta: dict[str, Any]) -> str:
    others = [f"{s['reader']}: {s['says']}" for s in meta["said"] if s["says"] != "taken"]
    return f"{meta['reader']}" + (f" (before: {'; '.join(others)})" if others else "")


def _found_facts(measured: Measured) -> list[tuple[str, Any]]:
    from twin.cli.formats import short

    facts: list[tuple[str, Any]] = []
    contents = measured.found
    if contents is not None:
        counts = contents.counts
        facts.append(
            (
                "found",
                f"{len(contents.cycles)} cycles, {counts['charge']} charges, {counts['discharge']} "
                f"discharges, {counts['rest']} rests, {counts['pulse']} pulses",
            )
        )
        for step in contents.resistances[:3]:
            ohms = ", ".join(
                f"{short(value, 3)} ohm after {after.removesuffix('s')} s"
                for after, value in step.resistance_Ohm.items()
                if value is not None
            )
            facts.append(("resistance", f"{ohms} ({step.kind} at {step.t_start_s:.0f} s)"))
        if len(contents.resistances) > 3:
            facts.append(("", f"and {len(contents.resistances) - 3} more (--json lists all)"))
    for number, spectrum in enumerate(measured.spectra, 1):
        check = spectrum.check
        facts.append(
            (
                f"spectrum {number}" if len(measured.spectra) > 1 else "spectrum",
                f"{spectrum.frequency[0]:.3g} to {spectrum.frequency[-1]:.3g} Hz; Kramers-Kronig: "
                f"{check.verdict} (largest residual {100 * check.largest:.2g} %)",
            )
        )
    return facts


def _cycles(sheet: Page, measured: Measured) -> None:
    from twin.cli.formats import percent, short

    contents = measured.found
    if contents is None or not any(c.charge_Ah or c.discharge_Ah for c in contents.cycles):
        return
    shown = (
        contents.cycles
        if len(contents.cycles) <= 6
        else [*contents.cycles[:3], *contents.cycles[-3:]]
    )
    rows = [
        (
            c.cycle,
            short(1e3 * c.charge_Ah, 4),
            short(1e3 * c.discharge_Ah, 4),
            percent(c.coulombic_efficiency),
            f"{c.voltage_min_V:.3f} to {c.voltage_max_V:.3f}",
        )
        for c in shown
    ]
    sheet.line()
    sheet.table(("cycle", "charge mAh", "discharge mAh", "efficiency", "V"), rows, right=(1, 2, 3))


def list_measured(
    session: Session,
    cell: Annotated[
        str | None, typer.Option("--cell", metavar="NAME", help="Only those of this cell.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")
    ] = 20,
) -> None:
    """List the measured data in the store, newest first."""
    infos = session.store.measurements(cell=cell, limit=limit)

    def page(sheet: Page) -> None:
        if not infos:
            sheet.line("nothing measured yet: take a file in with `twin import FILE`")
            return
        sheet.table(
            ("measured", "file", "cell", "kind", "rows", "read by", "ago"), map(_row, infos)
        )
        if len(infos) == limit:
            sheet.line(f"the newest {limit}; more with --limit", "dim")

    session.finish([_listed(info) for info in infos], page)


def _listed(info: MeasurementInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "name": info.name,
        "file": info.source,
        "cell": info.cell_name,
        "kind": info.kind,
        "rows": info.rows,
        "reader": info.meta.get("reader"),
        "doubts": info.meta.get("doubts", []),
        "created": info.created,
        "damaged": {damage.column: damage.why for damage in info.damage},
    }


def _row(info: MeasurementInfo) -> tuple[Any, ...]:
    from twin.cli.formats import ago

    damaged = "; ".join(f"{d.column}: {d.why}" for d in info.damage)
    reader = damaged or info.meta.get("reader", "")
    return info.short, info.name, info.cell_name, info.kind, info.rows, reader, ago(info.created)


def show_measured(
    session: Session,
    measured: MeasuredId,
    save: Save = None,
) -> None:
    """Show measured data: what was read, repaired and found."""
    import twin

    if save is not None:
        twin.check_name(save)
    recording = twin.load_measured(measured, store=session.store)
    if save is not None:
        twin.save_measured(recording, save)
    recording.new = True  # it is shown, not taken in

    def page(sheet: Page) -> None:
        _page(sheet, recording)
        if save is not None:
            sheet.line(f"written: {save}")

    session.finish({**_document(recording), "saved": save}, page)


def remove_measured(session: Session, measured: MeasuredId) -> None:
    """Remove measured data from the store, not the file itself."""
    info = session.store.measurement(measured)
    session.store.delete_measurement(info.id)
    document = {"removed": info.id, "name": info.name}
    session.finish(document, lambda sheet: sheet.line(f"removed {info.short}  {info.name}"))


def list_readers(session: Session) -> None:
    """List the readers of measured files, in the order they are tried."""
    import importlib.util

    import twin

    entries = [
        {
            "reader": reader.id,
            "title": reader.title,
            "needs": reader.needs or None,
            "installed": not reader.needs or importlib.util.find_spec(reader.needs) is not None,
        }
        for reader in twin.all_readers()
    ]

    def page(sheet: Page) -> None:
        rows = [
            (r["reader"], r["title"], "" if r["installed"] else f"needs {r['needs']}")
            for r in entries
        ]
        sheet.table(("reader", "reads", ""), rows)

    session.finish(entries, page)
