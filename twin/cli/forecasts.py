"""``twin forecast``: how long cells of a kind live, and what they die of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.experiments import check_figure
from twin.cli.formats import percent
from twin.cli.options import Asked, CellName
from twin.cli.session import Session
from twin.cli.studies import Lived, Teller, finish

if TYPE_CHECKING:
    from twin.cli.page import Page

_MOST = 5
_TRUSTED, _CLEAR = 0.7, 0.1
_KINDS = {"aleatory": "cells", "epistemic": "doubt"}


def add_commands(app: typer.Typer) -> None:
    """Add ``twin forecast``."""
    command(app, "forecast", "figure")(forecast)


def forecast(
    session: Session,
    cell: CellName,
    asked: Asked,
    how: Lived,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="The horizon [default: 1000].")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", metavar="M", help="How many members in all [default: 100, or the study's]."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the sample [default: drawn].")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="sobol|lhs", help="How to sample [default: sobol]."),
    ] = None,
    settle: Annotated[
        float | None,
        typer.Option(
            "--settle",
            metavar="X",
            help="Add members only until no 90 % band is wider than +-X (0.05, say); "
            "--samples is then the most.",
        ),
    ] = None,
    fast: Annotated[
        bool | None,
        typer.Option(
            "--fast/--no-fast",
            help="Follow members in machine code (needs llvmlite; docs/speed.md).",
        ),
    ] = None,
    before: Annotated[
        list[int] | None,
        typer.Option(
            "--before", metavar="N", min=1, help="Probability of each death by cycle N; repeatable."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="tcp://…", help="A running Dask scheduler instead."),
    ] = None,
    as_given: Annotated[
        bool,
        typer.Option(
            "--as-given", help="Sample what has a spread in the cell's file only (see below)."
        ),
    ] = False,
    track: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TRACK",
            help="Go on from a tracked cell: its weighted lives, or --samples new ones "
            "around them.",
        ),
    ] = None,
) -> None:
    """Forecast how long such cells live, and what they die of.

    Every quantity with a spread is sampled; every member is a life by cycle jump. A study
    that was interrupted goes on with --study ID, and so does one that wants more --samples.

    What the cell has not measured and gives no spread (how hard it is pressed, refill, flaws,
    layers at alloys) is drawn as published cells scatter in it, around the cell's own value;
    so is what has an assumed spread, where there is a learned one. --as-given leaves that out.
    """
    import twin
    from twin.errors import InputError
    from twin.outcomes.expect import expected
    from twin.outcomes.learning import shipped

    # What cannot be answered is said before the work.
    if track is not None:
        check_figure(how.figure)
        own = (cycles, seed, method, settle, fast, scheduler, how.model, how.study)
        if any(value is not None for value in (*own, *vars(asked).values())):
            raise InputError(
                "a track has its cell, protocol, modes and horizon",
                key="from",
                fix="with --from give --samples, --before, --workers and --figure only",
            )
        _from_track(session, track, cell, samples, before or [], how)
        return
    given, lived = asked.given(cell), how.given(session, "members", "on_member")
    ask = _within(before or [], _horizon(session, how.study, cell, cycles))
    named = tuple(given["overrides"])
    given["overrides"] = drawn_overrides(cell, given["overlays"], named, as_given, how.study)
    result = twin.forecast(
        cell,
        cycles=cycles,
        samples=samples,
        seed=seed,
        method=method,
        settle=settle,
        fast=fast,
        scheduler=scheduler,
        **given,
        **lived,
    )
    more = {"before": result.before(ask)} if ask else {}
    more |= {"expected": expected(result, shipped())}
    finish(session, result, how.figure, show_study, more)


def _from_track(
    session: Session,
    track: str,
    cell: str,
    samples: int | None,
    before: list[int],
    how: Lived,
) -> None:
    import twin

    teller = Teller(session, "members")
    result = twin.forecast_from(
        track,
        cell=cell,
        samples=samples,
        workers=how.workers,
        store=session.store,
        on_member=teller,
        on_start=teller.started,
        on_wait=session.say,
    )
    horizon = int(result.to_dict()["cycles"])
    more = {"before": result.before(_within(before, horizon))} if before else {}
    page = show_study if samples is not None else _tracked_page
    finish(session, result, how.figure, page, more)


def _tracked_page(sheet: Page, document: dict[str, Any]) -> None:
    beyond = f"beyond {document['cycles']}"
    at = document["from_cycle"]
    sheet.line(f"track {document['track']}  {document['cell']} from cycle {at} on", "bold")
    doubt = "the cell is outside the model: this is not to be trusted"
    sheet.facts(
        [
            ("outside", doubt if document["outside"] else None),
            ("lives", f"{document['samples']}, as good as {document['effective_lives']:.0f} alike"),
            ("median death", f"cycle {document['median_life'] or beyond}"),
            ("90 % of deaths", f"cycle {document['p05'] or beyond} to {document['p95'] or beyond}"),
            ("alive at the end", percent(document["survive"])),
            ("figure", document.get("figure")),
        ]
    )
    ends = {mode: curve[-1][1] for mode, curve in document["incidence"].items()}
    rows = [(m, percent(p)) for m, p in sorted(ends.items(), key=lambda i: -i[1]) if p > 5e-4]
    sheet.heading(f"Dead by cycle {document['cycles']}")
    sheet.table(("of", "share"), rows, right=(1,))
    for one in document["before"]:
        sheet.heading(f"Dead by cycle {one['cycle']}")
        sheet.table(
            ("of", "share"),
            [(m, percent(p)) for m, p in sorted(one["by"].items(), key=lambda i: -i[1]) if p],
            right=(1,),
        )


def drawn_overrides(
    cell: str, overlays: Sequence[str], given: Sequence[str], as_given: bool, study: str | None
) -> Any:
    """Return what is set, and spreads on what nobody has measured of the cell."""
    import twin
    from twin.outcomes.ignorance import with_ignorance

    # A study keeps what it was begun with.
    if as_given or (study is not None and not given and not overlays):
        return given
    wanted = twin.Scenario.of(cell, overlays=overlays, overrides=given)
    return with_ignorance(wanted.cell, wanted.overlays, wanted.overrides)


def _horizon(session: Session, study: str | None, cell: str, cycles: int | None) -> int:
    import twin

    if study is not None:
        return int(session.store.study(study).design["cycles"])
    defaults = twin.study_kinds()["forecast"].defaults
    asked = twin.Scenario.of(cell, cycles=cycles).filled(defaults)
    return asked.cycles or 0


def _within(cycles: list[int], horizon: int) -> list[int]:
    from twin.errors import InputError

    beyond = [n for n in cycles if n > horizon]
    if beyond:
        raise InputError(
            f"cycle {beyond[0]} is beyond the horizon of {horizon} cycles",
            key="before",
            fix=f"ask before {horizon} or earlier, or start a forecast with --cycles {beyond[0]}",
        )
    return sorted(set(cycles))


def show_study(sheet: Page, document: dict[str, Any]) -> None:
    """Put what a study came to on a page."""
    horizon, members = document["cycles"], document["samples"] - document["failed_members"]
    beyond = f"beyond {horizon}"
    sheet.line(f"study {document['study']}  {document['cell']}", "bold")
    median = f"{document['median_life'] or beyond} cycles"
    if members and document["median_life"]:
        low, high = (end or beyond for end in document["median_life_band"])
        median += f" (from {members} cells: {low} to {high})"
    sheet.facts(
        [
            ("members", _followed(document)),
            ("median life", median),
            ("90 % of lives", f"{document['p05'] or beyond} to {document['p95'] or beyond} cycles"),
            ("alive at the end", percent(document["survive"]) if members else None),
            ("fast", document.get("fast")),
            ("rebuilt for", ", ".join(document["rebuilt"]) or None),
            *(("note", note) for note in document.get("notes", ())),
            ("figure", document.get("figure")),
        ]
    )
    _expected(sheet, document.get("expected") or [])
    for at in document["before"]:
        sheet.heading(f"Dead by cycle {at['cycle']}, with 90 % bands")
        ways = sorted(at["by"].items(), key=lambda item: -item[1]["probability"])
        rows = [(way, *_share(share)) for way, share in ways if share["probability"]]
        rows += [("any short", *_share(at["short"]))]
        sheet.table(("of", "share", "band"), rows, right=(1, 2))
    if document["sensitivity"]:
        _sensitivity(sheet, document["sensitivity"])


def _expected(sheet: Page, lines: list[dict[str, Any]]) -> None:
    """Write what is left of the capacity, as papers report it and as one may expect."""
    if not lines:
        return
    sheet.heading("Capacity left [%]: median (5-95 %), and share of dead cells")
    rows = [
        (
            f"cycle {at['cycle']}",
            *(
                f"{of['median']:.0f} ({of['p05']:.0f}-{of['p95']:.0f}), {percent(of['dead'])} dead"
                for of in (at["published"], at["yours"])
            ),
        )
        for at in lines
    ]
    sheet.table(("", "as published", "as you may expect"), rows, keep=range(3), right=(1, 2))


def _followed(document: dict[str, Any]) -> str:
    lost = document["censored_members"]
    partly = f", {lost} followed part of the way" if lost else ""
    return f"{document['samples']}, {document['failed_members']} failed{partly}"


def _share(share: dict[str, float]) -> tuple[str, str]:
    return percent(share["probability"]), f"{percent(share['low'])} to {percent(share['high'])}"


def _sensitivity(sheet: Page, sensitivity: dict[str, Any]) -> None:
    """Write what the life depends on, and how much of that is chance."""
    sheet.heading("What the life depends on most: share of the variance of log life")
    strongest = list(sensitivity["numbers"].items())[:_MOST]
    rows = [
        (
            key,
            f"{n['first']:.2f}",
            f"{n['total']:.2f}",
            _sign(n["rank_correlation"]),
            _KINDS[n["kind"]],
        )
        for key, n in strongest
    ]
    # A long name breaks rather than the numbers beside it.
    sheet.table(("number", "alone", "all", "life", "of"), rows, keep=(1, 2, 3, 4), right=(1, 2))
    explained = sensitivity["explained"]
    doubt = "" if explained > _TRUSTED else ": too little to trust these shares"
    sheet.line(f"({sensitivity['estimator']}, which explains {percent(max(explained, 0))}{doubt})")
    if "variance" in sensitivity:
        split, life = sensitivity["variance"], sensitivity["life"]
        sheet.heading("What of it is chance")
        low, _, high = life["median_over_epistemic"]
        a, _, b = life["cells_at_known_numbers"]
        shares = [
            ("numbers nobody knows", percent(split["epistemic"]), f"median life {low:g}-{high:g}"),
            ("cell to cell", percent(split["aleatory"]), f"lives {a:g}-{b:g}, numbers known"),
            ("both together", percent(split["together"]), ""),
        ]
        sheet.table(("spread", "variance", "90 % of"), shares, right=(1,))


def _sign(correlation: float | None) -> str:
    """Return whether a greater number makes the life longer, where that is clear."""
    if correlation is None or abs(correlation) < _CLEAR:
        return ""
    return "+" if correlation > 0 else "-"
