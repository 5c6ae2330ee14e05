"""``twin calibrate``: a cell's numbers from measured curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.command import command
from twin.cli.options import CellName, Overlays, Overrides, names
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin import Calibration
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin calibrate``."""
    command(app, "calibrate")(calibrate)


def calibrate(
    session: Session,
    cell: CellName,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="DATA[:CYCLES]",
            help="Measured curves to fit, as curve.csv or cell-7.csv:1-3 (repeatable).",
        ),
    ] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(
            "--hold", metavar="DATA[:CYCLES]", help="Curves to score, not to fit (repeatable)."
        ),
    ] = None,
    half_cell: Annotated[
        list[str] | None,
        typer.Option(
            "--half-cell",
            metavar="PLACE=DATA",
            help="An electrode's own potential, as anode=half.csv (repeatable).",
        ),
    ] = None,
    free: Annotated[
        list[str] | None,
        typer.Option("--free", metavar="KEY", help="Fit only these numbers (repeatable)."),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option("--fix", metavar="KEY", help="Leave these numbers alone (repeatable)."),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="spm|dfn", help="The model with the last word.")
    ] = "dfn",
    members: Annotated[
        int, typer.Option("--members", metavar="N", min=0, help="Of the posterior; 0 for none.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the posterior.")] = 0,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="The overlay [default: CELL-calibrated.toml]."),
    ] = None,
    figures: Annotated[
        str | None, typer.Option("--figures", metavar="DIR", help="Draw figures into a folder.")
    ] = None,
    overlays: Overlays = None,
    overrides: Overrides = None,
    modes: Annotated[
        str | None,
        typer.Option("--modes", metavar="A,B", help="Failure modes at work [default: none]."),
    ] = None,
) -> None:
    """Fit a cell's numbers to measured curves.

    Writes an overlay with values, spreads and what the curves cannot tell: lay it over the cell
    with `--with`.
    """
    from pathlib import Path

    import twin
    from twin.cli.ticker import Ticker
    from twin.errors import InputError
    from twin.files import check_target

    target = out or f"{Path(cell).stem}-calibrated.toml"
    if not target.endswith(".toml"):
        raise InputError(f"{target} is no TOML file", key="out", fix="end its name in .toml")
    check_target(target, key="out")
    with Ticker(session, cell) as ticker:
        found = twin.calibrate(
            cell,
            data or [],
            hold=hold or [],
            half_cells=_by_place(half_cell or []),
            free=names(free),
            fixed=names(fix),
            model=model,
            members=members,
            seed=seed,
            overlays=overlays or (),
            overrides=overrides or (),
            modes=names([modes] if modes else None),
            store=session.store,
            on_progress=ticker,
        )
    twin.save_calibration(found, target)
    drawn: list[str] = []
    if figures is not None:
        from twin.report.calibration import save_figures

        drawn = [str(file) for file in save_figures(found, figures)]
    document = {**found.to_dict(), "overlay": target, "figures": drawn}

    def page(sheet: Page) -> None:
        _page(sheet, found)
        sheet.line(f"written: {target}")
        for file in drawn:
            sheet.line(f"drawn: {file}")

    session.finish(document, page)


def _by_place(given: list[str]) -> dict[str, str]:
    from twin.errors import InputError

    found: dict[str, str] = {}
    for text in given:
        place, equals, ref = text.partition("=")
        if not equals or not ref:
            raise InputError(
                f"{text!r} names no electrode", key="half-cell", fix="write it like anode=half.csv"
            )
        if place.strip() in found:
            raise InputError(
                f"the {place.strip()} has two half-cell curves", key="half-cell", fix="give one"
            )
        found[place.strip()] = ref
    return found


def _page(sheet: Page, found: Calibration) -> None:
    from twin.cli.formats import percent, short

    sheet.line(f"{found.cell}, calibrated ({found.model})", "bold")
    sheet.line()
    rows = []
    for score in found.scores:
        kelvin = "" if score.rms_K is None else short(score.rms_K, 2)
        width = "" if score.half_width is None else short(1e3 * score.half_width, 3)
        rows.append(
            (
                score.curve.name,
                "kept back" if score.held else "fitted",
                short(score.curve.rate, 3),
                short(1e3 * score.rms_V, 3),
                kelvin,
                percent(score.coverage, 0) if score.coverage is not None else "",
                width,
            )
        )
    heads = ("curve", "", "C-rate", "rms mV", "rms K", "held by 90 %", "+- mV")
    sheet.table(heads, rows, right=(2, 3, 4, 5, 6))
    sheet.line()
    numbers = []
    sd = found.covariance.diagonal() ** 0.5
    for item, z, s, told in zip(found.items, found.z, sd, found.told, strict=True):
        says = told.says + (f", {told.bound} bound" if told.bound else "")
        unit = f" {item.quantity.unit}" if item.quantity.unit else ""
        numbers.append(
            (
                _key(item.key),
                f"{short(item.middle, 3)}",
                f"{short(item.x(float(z)), 3)}{unit}",
                item.spread(float(s)).replace("lognormal ", "x/ e^").replace("normal ", "+- "),
                f"{told.share:.2f}",
                says,
            )
        )
    heads = ("number", "was", "is", "spread", "of prior", "the data")
    sheet.table(heads, numbers, right=(1, 4))
    sheet.line()
    d = found.discrepancy
    facts = [
        (
            "model's own error",
            f"{1e3 * d.tau:.3g} mV over {d.length:.2g} of the capacity, and {1e3 * d.sigma:.2g} mV",
        ),
        *((f"profile of {_key(p.key)}", _profile(p.x, p.cost)) for p in found.profiles),
        *(("note", note) for note in found.notes),
        ("solves", ", ".join(f"{name} {count}" for name, count in found.solves.items())),
        ("processor", ", ".join(f"{name} {s:.1f} s" for name, s in found.cpu_s.items())),
    ]
    sheet.facts(facts)


def _key(key: str) -> str:
    """Return a key without the words that every key has."""
    for word in (".material", "interfaces.", ".value", "electrolyte_"):
        key = key.replace(word, "")
    return key.replace("exchange_current", "i0").replace("transference_number", "t+")


def _profile(x: tuple[float, ...], cost: tuple[float, ...]) -> str:
    from twin.cli.formats import short

    return ", ".join(f"{short(a, 3)}: {c:+.1f}" for a, c in zip(x, cost, strict=True))
