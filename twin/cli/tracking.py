"""``twin track`` and ``twin advise``: following one measured cell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.experiments import check_figure
from twin.cli.formats import percent
from twin.cli.options import Asked, CellName
from twin.cli.session import Session
from twin.cli.studies import Figure, StudyModel, Teller, Workers, finish

if TYPE_CHECKING:
    from twin.cli.page import Page

_MOST = 8
_WORST = 5
_LEAST_LIKELY = 0.005


def add_commands(app: typer.Typer) -> None:
    """Add ``twin track`` and ``twin advise``."""
    command(app, "track")(track)
    command(app, "advise")(advise)


def track(
    session: Session,
    asked: Asked,
    cell: Annotated[
        str | None,
        typer.Argument(metavar="[CELL]", help="The cell; left out to list what is tracked."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="A table of check-ups, a cycler's file or measured data; repeatable. "
            "DATA@CYCLE says when a spectrum was taken.",
        ),
    ] = None,
    lives: Annotated[
        int | None,
        typer.Option("--lives", metavar="N", help="Lives of the library [default: 300]."),
    ] = None,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", help="Their horizon [default: 3000].")
    ] = None,
    library: Annotated[
        str | None,
        typer.Option(
            "--library", metavar="STUDY", help="The study of lives [default: found, or drawn]."
        ),
    ] = None,
    refresh: Annotated[
        int,
        typer.Option(
            "--refresh", metavar="N", min=0, help="Draw N new lives around the posterior."
        ),
    ] = 0,
    resistance: Annotated[
        str,
        typer.Option("--resistance-after", metavar="1s|10s|30s", help="When a pulse's is read."),
    ] = "10s",
    model: StudyModel = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the library [default: the cell's].")
    ] = None,
    as_given: Annotated[
        bool,
        typer.Option("--as-given", help="Draw what has a spread in the cell's file only."),
    ] = False,
    workers: Workers = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="TRACK", help="Show a stored one, or 'last'.")
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw it in the terminal, too.")] = False,
    figure: Figure = None,
) -> None:
    """Follow a measured cell: its health, what kills it, and when.

    Its check-ups (capacity, resistance, impedance, pressure) are compared with a library of
    lives, drawn once as `twin forecast` draws them and kept. `twin track` alone lists what is
    tracked.
    """
    import twin
    from twin.errors import InputError

    check_figure(figure)
    if resistance not in ("1s", "10s", "30s"):
        raise InputError(
            f"resistances are not told after {resistance}", key="resistance-after",
            fix="one of 1s, 10s, 30s",
        )  # fmt: skip
    if show is not None:
        if data:
            raise InputError(
                "--show shows a stored track, and takes no --data", key="show",
                fix="leave one of the two out",
            )  # fmt: skip
        result = twin.load_track(show, store=session.store)
    elif cell is None and not data:
        _list(session)
        return
    elif cell is None or not data:
        raise InputError(
            "there are no check-ups to track" if cell else "whose check-ups are these?",
            key="data" if cell else "cell",
            fix="twin track CELL --data check-ups.csv (docs/tracking.md has the columns)",
        )
    else:
        from twin.cli.forecasts import drawn_overrides

        teller = Teller(session)
        given = asked.given(cell)
        named = tuple(given["overrides"])
        given["overrides"] = drawn_overrides(cell, given["overlays"], named, as_given, None)
        result = twin.track(
            cell,
            data,
            lives=lives,
            cycles=cycles,
            **given,
            model=model,
            seed=seed,
            library=library,
            refresh=refresh,
            resistance_after=resistance,
            workers=workers,
            store=session.store,
            on_life=teller,
            on_start=lambda study: session.say(f"lives of study {study}"),
            on_wait=session.say,
            on_progress=Slow(session),
        )
    finish(session, result, figure, lambda sheet, document: _page(sheet, document, plot))


class Slow:
    """Tells of what takes more than two seconds."""

    def __init__(self, session: Session):
        import time

        self._session, self._clock = session, time.monotonic
        self._last = time.monotonic()

    def __call__(self, share: float, text: str) -> None:
        """Tell the share done and of what, if it is time to."""
        now = self._clock()
        if now - self._last >= 2.0:
            self._last = now
            self._session.say(f"{percent(share, 0)}: {text}")


def _list(session: Session) -> None:
    tracks = session.store.studies(kind="track")
    rows = []
    for info in tracks:
        summary = info.summary
        rows.append(
            {
                "track": info.id,
                "cell": info.cell_name,
                "cycle": summary.get("cycle"),
                "remaining": summary.get("remaining"),
                "mode": summary.get("mode"),
                "outside": summary.get("outside"),
                "status": info.status,
                "created": info.created,
            }
        )

    def page(sheet: Page) -> None:
        if not tracks:
            sheet.line("no cell is tracked yet: twin track CELL --data check-ups.csv")
            return
        sheet.table(
            ("track", "cell", "at cycle", "left (90 %)", "of", "ago"), map(_row, rows), right=(2,)
        )

    session.finish(rows, page)


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    from twin.cli.formats import ago

    if one["status"] != "completed":
        left = "unfinished"
    elif one["outside"]:
        left = "outside the model"
    else:
        left = _left(one["remaining"])
    return one["track"], one["cell"], one["cycle"], left, one["mode"], ago(one["created"])


def _left(left: dict[str, Any] | None) -> str:
    if not left or left.get("p05") is None:
        return "beyond the horizon" if left and left.get("beyond") else "not known"
    low, middle, high = (left[name] for name in ("p05", "median", "p95"))
    ends = [f"{v:.0f}" if v is not None else "beyond" for v in (middle, low, high)]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def _page(sheet: Page, document: dict[str, Any], plot: bool) -> None:
    from twin.report.tracking import margins_left

    last = document["checkups"][-1]
    sheet.line(f"track {document['study']}  {document['cell']} at cycle {last['cycle']}", "bold")
    health = last["health"] or {}
    sheet.facts(
        [
            ("outside", _outside(last) if document["outside"] else None),
            ("health", _health(health)),
            ("dies of", _modes(last["modes"])),
            ("left", f"{_left(last['remaining'])} cycles: median (90 %)"),
            ("50 % of it", _half(last["remaining"])),
            ("known by", _told(document)),
            ("clock", _clock(document)),
            ("library", f"{document['lives']} lives to cycle {document['cycles']}, study "
                        f"{document['library']}{_thin(document, last)}"),
            *(("told", text) for text in document["told"]),
            ("figure", document.get("figure")),
        ]
    )  # fmt: skip
    sheet.heading("Remaining life [cycles] before and after each check-up: median (90 %)")
    shown = document["checkups"]
    left_out = len(shown) - _MOST
    if left_out > 0:
        shown = [shown[0], *shown[left_out + 1 :]]
    rows = [
        (
            one["cycle"] or "new",
            _left(one["remaining_before"]) if one["remaining_before"] else "",
            "outside the model" if one["outside"] else _left(one["remaining"]),
            _modes(one["modes"], 2),
        )
        for one in shown
    ]
    sheet.table(("cycle", "before", "after", "dies of"), rows, right=(0,))
    if left_out > 0:
        sheet.line(f"({left_out} check-ups between are in --json)", "dim")
    if last["margins"]:
        sheet.heading("Margins, the smallest first: 1 new, 0 failed; median (90 %)")
        worst = margins_left(last)[:_WORST]
        sheet.table(
            ("criterion", "margin", "5 %", "95 %"),
            [(k, *(f"{v[n]:.2f}" for n in ("median", "p05", "p95"))) for k, v in worst],
            right=(1, 2, 3),
        )
    if plot:
        from twin.report.terminal import draw_panels
        from twin.report.tracking import title_of, track_panels

        sheet.line()
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        shown_panels = [panel for panel in track_panels(document) if panel.lines]
        colour = sys.stdout.isatty()
        sheet.raw(draw_panels(shown_panels, title_of(document), colour=colour, encoding=encoding))


def _outside(last: dict[str, Any]) -> str:
    if last["distance"] is None:
        return "no life of the library lived so long"
    away = max(last["distance"], last["strange"])
    whose = "nearest lives" if away == last["distance"] else "lives its forecast rests on"
    return f"the {whose} are {away:.1f} standard deviations away: what follows is not to be trusted"


def _told(document: dict[str, Any]) -> str | None:
    share = document.get("told_share")
    if share is None or document["outside"]:
        return None
    if share <= 0:
        return "the check-ups tell nothing of the remaining life"
    return f"these check-ups tell {percent(share, 0)} of the remaining life's variance"


def _clock(document: dict[str, Any]) -> str | None:
    """Say so where the cell surely ages by another law of the cycles than the library."""
    clock = document.get("clock")
    if not clock or document["outside"] or clock["p05"] <= 1 <= clock["p95"]:
        return None
    low, high = f"{clock['p05']:.2f}", f"{clock['p95']:.2f}"
    return f"not the library's: as its cycles to the power {clock['median']:.2f} ({low} to {high})"


def _thin(document: dict[str, Any], last: dict[str, Any]) -> str:
    if not document["thin"]:
        return ""
    n = last["effective_lives_of_all"]
    return f"; thin here ({n:.1f} effective): --refresh 100 draws more around"


def _health(health: dict[str, Any]) -> str | None:
    parts = []
    if "capacity" in health:
        c = health["capacity"]
        parts.append(f"{percent(c['median'])} of its capacity ({_range(c, 100)} %)")
    if "resistance" in health:
        r = health["resistance"]
        parts.append(f"{r['median']:.2f} times its resistance ({_range(r, 1)})")
    return ", ".join(parts) or None


def _range(quantiles: dict[str, float], factor: float) -> str:
    low, high = factor * quantiles["p05"], factor * quantiles["p95"]
    return f"{low:.3g} to {high:.3g}"


def _half(half: dict[str, Any]) -> str | None:
    if half.get("p25") is None:
        return None
    ends = [f"{v:.0f}" if v is not None else "beyond" for v in (half["p25"], half["p75"])]
    return f"{ends[0]} to {ends[1]}"


def _modes(shares: dict[str, float], most: int = 4) -> str:
    shown = [(m, p) for m, p in shares.items() if p >= _LEAST_LIKELY][:most]
    return ", ".join(f"{m} {percent(p, 0)}" for m, p in shown) or "not known"


def advise(
    session: Session,
    cell: CellName,
    track_of: Annotated[
        str | None,
        typer.Option("--from", metavar="TRACK", help="A track of it [default: the newest]."),
    ] = None,
) -> None:
    """Say which test tells most of the life a cell has left.

    Candidate tests are ranked by the variance of the remaining life that they are expected to
    remove per lab hour, worked out on the library of the track: no new lives are needed.
    """
    import twin

    document = twin.advise(cell, track=track_of, store=session.store)
    session.finish(document, lambda sheet: _advice(sheet, document))


def _advice(sheet: Page, document: dict[str, Any]) -> None:
    sheet.line(
        f"track {document['track']}  {document['cell']} at cycle {document['cycle']}", "bold"
    )
    sheet.facts(
        [
            ("outside", "the cell is outside the model: this is not to be trusted"
             if document["outside"] else None),
            ("remaining", f"standard deviation {document['deviation']:.0f} cycles"),
            ("do first", document["first"] or "nothing that is scored tells anything"),
        ]
    )  # fmt: skip
    sheet.heading("Tests by the variance of the remaining life that they remove per hour")
    rows = [
        (
            one["test"],
            f"{one['hours']:.0f}",
            percent(one["share"], 0),
            f"{one['deviation_after']:.0f}",
            f"{one['per_hour']:.3g}",
        )
        for one in document["tests"]
        if one["scorable"]
    ]
    sheet.table(
        ("test", "hours", "removes", "deviation after", "cycles2 per hour"),
        rows,
        right=(1, 2, 3, 4),
    )
    for one in document["tests"]:
        if not one["scorable"]:
            sheet.line(f"{one['test']}: cannot be scored: {one['why']}", "dim")
