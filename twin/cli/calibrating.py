"""``twin calibrate``: a cell's numbers from measured curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.options import CellName, Overlays, Overrides, names
from twin.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin import AgeingCalibration, Calibration
    from twin.cli.page import Page

_WIDEST = 24


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
            help="Measured curves to fit, as curve.csv or cell-7.csv:1-3, and spectra, as eis.csv "
            "or eis.csv@50% (repeatable).",
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
    starts: Annotated[
        int,
        typer.Option("--starts", metavar="N", min=1, help="Places from which the fit begins."),
    ] = 1,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="The overlay [default: CELL-calibrated.toml]."),
    ] = None,
    figures: Annotated[
        str | None, typer.Option("--figures", metavar="DIR", help="Draw figures into a folder.")
    ] = None,
    ageing: Annotated[
        list[str] | None,
        typer.Option(
            "--ageing",
            metavar="CHECKUPS",
            help="Fit constants of the failure modes to check-ups over many cycles, instead of "
            "curves (repeatable).",
        ),
    ] = None,
    until: Annotated[
        int | None,
        typer.Option("--until", metavar="CYCLE", min=1, help="Keep later check-ups back."),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="P", help="How it was cycled.")
    ] = None,
    overlays: Overlays = None,
    overrides: Overrides = None,
    modes: Annotated[
        str | None,
        typer.Option(
            "--modes",
            metavar="A,B",
            help="Failure modes at work [default: none for curves, the cell's for check-ups].",
        ),
    ] = None,
) -> None:
    """Fit a cell's numbers to curves, or its ageing to check-ups.

    Writes an overlay with values, spreads and what the data cannot tell: lay it over the cell
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
    if ageing:
        if data or hold or half_cell:
            raise InputError(
                "curves and check-ups are fitted one after the other", key="ageing",
                fix="calibrate the curves first, then the ageing with that overlay (--with)",
            )  # fmt: skip
        with Ticker(session, cell) as ticker:
            aged = twin.calibrate_ageing(
                cell, ageing, free=names(free), until=until, overlays=overlays or (),
                overrides=overrides or (), modes=names([modes]) if modes else None,
                protocol=protocol, store=session.store, on_progress=ticker,
            )  # fmt: skip
        twin.save_ageing(aged, target)
        pictures: list[str] = []
        if figures is not None:
            from twin.ageing.picture import save_ageing_figure

            pictures = [str(save_ageing_figure(aged, figures))]

        def aged_page(sheet: Page) -> None:
            _aged(sheet, aged, target)
            for file in pictures:
                sheet.line(f"drawn: {file}")

        session.finish({**aged.to_dict(), "overlay": target, "figures": pictures}, aged_page)
        return
    if until is not None or protocol is not None:
        raise InputError(
            "--until and --protocol belong to check-ups", key="ageing", fix="add --ageing CHECKUPS"
        )
    with Ticker(session, cell) as ticker:
        result = twin.calibrate(
            cell,
            data or [],
            hold=hold or [],
            half_cells=_by_place(half_cell or []),
            free=names(free),
            fixed=names(fix),
            model=model,
            members=members,
            seed=seed,
            starts=starts,
            overlays=overlays or (),
            overrides=overrides or (),
            modes=names([modes] if modes else None),
            store=session.store,
            on_progress=ticker,
        )
    twin.save_calibration(result, target)
    drawn: list[str] = []
    if figures is not None:
        from twin.report.calibration import save_figures

        drawn = [str(file) for file in save_figures(result, figures)]
    document = {**result.to_dict(), "overlay": target, "figures": drawn}

    def page(sheet: Page) -> None:
        _page(sheet, result)
        sheet.line(f"written: {target}")
        for file in drawn:
            sheet.line(f"drawn: {file}")

    session.finish(document, page)


def _aged(sheet: Page, ageing: AgeingCalibration, target: str) -> None:
    from twin.cli.formats import percent

    sheet.line(f"{ageing.cell}, its ageing calibrated", "bold")
    sheet.line()
    rows = []
    for score in ageing.scores:
        for held in (False, True):
            rms, within = score.rms(held), score.coverage(held)
            if rms is None or within is None:
                continue
            these = score.series.held == held
            width = float(score.sd[these].mean()) * 1.645
            rows.append(
                (
                    score.series.of.words,
                    "kept back" if held else "fitted",
                    str(int(these.sum())),
                    percent(rms, 1),
                    percent(within, 0),
                    percent(width, 1),
                )
            )
    sheet.table(("reading", "", "check-ups", "rms", "in band", "+-"), rows, right=(2, 3, 4, 5))
    sheet.line()
    sd = ageing.found.covariance.diagonal() ** 0.5
    _numbers(sheet, ageing.items, ageing.found.z, sd, ageing.found.told)
    sheet.line()
    for note in ageing.notes:
        sheet.line(f"note: {note}")
    sheet.facts([("lives", str(ageing.found.lives)), ("processor", f"{ageing.cpu_s:.1f} s")])
    sheet.line(f"written: {target}")


def _by_place(given: list[str]) -> dict[str, str]:
    from twin.errors import InputError

    by_place: dict[str, str] = {}
    for text in given:
        place, equals, ref = text.partition("=")
        if not equals or not ref:
            raise InputError(
                f"{text!r} names no electrode", key="half-cell", fix="write it like anode=half.csv"
            )
        if place.strip() in by_place:
            raise InputError(
                f"the {place.strip()} has two half-cell curves", key="half-cell", fix="give one"
            )
        by_place[place.strip()] = ref
    return by_place


def _page(sheet: Page, result: Calibration) -> None:
    sheet.line(f"{result.cell}, calibrated ({result.model})", "bold")
    sheet.line()
    _curves(sheet, result)
    sheet.line()
    _numbers(sheet, result.items, result.z, result.covariance.diagonal() ** 0.5, result.told)
    sheet.line()
    _facts(sheet, result)


def _curves(sheet: Page, result: Calibration) -> None:
    from twin.cli.formats import percent, short

    rows = []
    for score in result.scores:
        width, held = score.half_width, score.coverage
        rows.append(
            (
                _cut(score.curve.name),
                "kept back" if score.held else "fitted",
                short(score.curve.rate, 3),
                short(1e3 * score.rms_V, 3),
                "" if score.rms_K is None else short(score.rms_K, 2),
                "" if held is None else percent(held, 0),
                "" if width is None else short(1e3 * width, 3),
            )
        )
    heads = ("curve", "", "C-rate", "rms mV", "rms K", "in band", "+- mV")
    sheet.table(heads, rows, right=(2, 3, 4, 5, 6))
    if not result.spectra:
        return
    sheet.line()
    rows = []
    for one in result.spectra:
        within, wide = one.coverage, one.half_width
        rows.append(
            (
                _cut(one.sweep.name),
                "kept back" if one.held else "fitted",
                percent(one.sweep.after, 0),
                str(len(one.sweep.frequency)),
                percent(one.rms, 1),
                "" if within is None else percent(within, 0),
                "" if wide is None else percent(wide, 1),
            )
        )
    heads = ("spectrum", "", "after", "points", "rms of |Z|", "in band", "+-")
    sheet.table(heads, rows, right=(2, 3, 4, 5, 6))


def _numbers(
    sheet: Page, items: Iterable[Any], z: Iterable[float], sd: Iterable[float], told: Iterable[Any]
) -> None:
    from twin.cli.formats import short

    rows = []
    for item, at, s, one in zip(items, z, sd, told, strict=True):
        width = item.width * float(s)
        rows.append(
            (
                _key(item.key),
                short(item.middle, 3),
                short(item.x(float(at)), 3),
                f"x/ {math.exp(width):.2f}" if item.kind == "log" else f"+- {short(width, 2)}",
                f"{one.share:.2f}",
                one.says + (f", {one.bound} bound" if one.bound else ""),
            )
        )
    heads = ("number (SI)", "was", "is", "spread", "of prior", "by the data")
    sheet.table(heads, rows, right=(1, 2, 3, 4))


def _facts(sheet: Page, result: Calibration) -> None:
    d = result.discrepancy
    error = f"{1e3 * d.tau:.3g} mV over {d.length:.2g} of the capacity, {1e3 * d.sigma:.2g} mV"
    if d.states:
        at = ", ".join(
            f"x {state.factor:.2g} " + ("at rest" if state.rate == 0 else f"at {state.rate:.2g}C")
            for state in d.states
        )
        error += f"; {at}"
    sheet.facts([("own error", error)])
    if (ohms := result.discrepancy_Z) is not None:
        of = f"{100 * ohms.tau:.2g} % over {ohms.length:.2g} decades, {100 * ohms.sigma:.2g} %"
        sheet.facts([("of |Z|", of)])
    for p in result.profiles:
        sheet.line(f"profile of {p.key}: {_profile(p.x, p.cost)}")
    for note in result.notes:
        sheet.line(f"note: {note}")
    solves = ", ".join(f"{name} {count}" for name, count in result.solves.items())
    times = ", ".join(f"{name} {s:.1f} s" for name, s in result.cpu_s.items())
    sheet.facts([("solves", solves), ("processor", times)])


def _key(key: str) -> str:
    """Return a key in few words."""
    words = [w for w in key.split(".") if w not in ("interfaces", "material", "value", "scale")]
    short = " ".join(words).replace("_", " ").replace("open circuit potential", "OCP")
    for long, brief in (("transference number", "t+"), ("exchange current", "i0")):
        short = short.replace(long, brief)
    return short


def _cut(name: str) -> str:
    """Return a file's name with its middle left out where it is long."""
    return name if len(name) <= _WIDEST else f"{name[: _WIDEST - 9]}...{name[-6:]}"


def _profile(x: tuple[float, ...], cost: tuple[float, ...]) -> str:
    from twin.cli.formats import short

    return ", ".join(f"{short(a, 3)}: {c:+.1f}" for a, c in zip(x, cost, strict=True))
