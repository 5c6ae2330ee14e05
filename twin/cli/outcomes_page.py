"""What is predicted of published outcomes, and what was learned from them, as pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.formats import short, typeset
from twin.outcomes.table import CRITICAL, LIFE, RESISTANCE, RETENTION
from twin.report.panel import Line, Panel

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.outcomes.centres import Centre
    from twin.outcomes.learning import Learned
    from twin.outcomes.ratios import Known
    from twin.outcomes.skill import Prediction, Scored, Skill

TITLES = {
    RETENTION: "capacity retention [%]",
    RESISTANCE: "interface resistance [ohm cm2]",
    CRITICAL: "critical current [mA/cm2]",
    LIFE: "life [h]",
}


def skill_page(
    sheet: Page, skill: Skill, ablations: Sequence[Mapping[str, Any]] | None = None
) -> None:
    """Write the scores: a block a quantity, then controls, pairs, lives and ablations."""
    _predicted(sheet, skill)
    for quantity, scores in skill.scores.items():
        if not scores:
            continue
        unit = "points" if quantity == RETENTION else "decades"
        rows = max(scored.rows for scored in scores.values())
        sheet.heading(f"{TITLES[quantity]}: {rows} two-sided rows, errors in {unit}")
        sheet.table(
            ("", "error", "CRPS", "skill (5-95 %)", "90 %", "50 %", "width"),
            [_score(scored) for scored in scores.values()],
            keep=range(7),
            right=range(1, 7),
        )
    if before := skill.before:
        sheet.line(
            f"before anything is fitted, retentions lie from {before['p25']:.0f} to "
            f"{before['p75']:.0f} % (quartiles), {100 * before['dead']:.0f} % of lives end dead"
        )
    if any(of["rows"] for of in skill.controls.values()):
        sheet.heading("Negative controls, told by their set-up: mean error in points")
        sheet.table(
            ("", "rows", "controls", "all others"),
            [
                (name, of["rows"], _points(of["mean_error"]), _points(of["others_mean_error"]))
                for name, of in skill.controls.items()
            ],
            keep=range(4),
            right=range(1, 4),
        )
    if whole := skill.widths.get("nothing"):
        less = (
            f"{of['width_90']:.0f} without {name}"
            for name, of in skill.widths.items()
            if of is not whole
        )
        sheet.line(
            f"90 % bands are {whole['width_90']:.0f} points wide in the middle: {', '.join(less)}"
        )
    if skill.contrasts:
        sheet.heading("Pairs of one paper")
        sheet.table(
            ("", "pairs", "papers", "sign", "ratio off", "in x2"),
            [
                (
                    f"{_name(quantity)}: {name}",
                    of["pairs"],
                    of["papers"],
                    f"{of['sign_right']:.0%}",
                    f"x{short(of['median_ratio_error'], 2)}",
                    f"{of['within_x2']:.0%}",
                )
                for quantity, all_of in skill.contrasts.items()
                for name, of in all_of.items()
            ],
            keep=range(6),
            right=range(1, 6),
        )
    for hours, of in skill.lives.items():
        sheet.line(
            f"no failure by {hours}: Brier score {of['brier']:.3f}, of the base rate "
            f"{of['base_rate']:.3f}, in folds {of['base_rate_in_folds']:.3f} "
            f"({of['rows']} rows, {of['failed']} failed)"
        )
    if ablations:
        _ablations(sheet, ablations)
    if unknown := [s for s in skill.predictions if s.told is not None and not s.told.known]:
        sheet.heading(f"{len(unknown)} rows without mechanisms: the class alone predicts them")
        for one in unknown:
            assert one.told is not None
            sheet.line(f"{one.row.paper}/{one.row.id}: {one.told.reason}")
    _left(sheet, skill.left)
    if any(skill.scores.values()):
        sheet.line()
        sheet.line(_how(skill))


_LISTED = 12
"""So many rows of a quantity are listed one by one, and so many lines of what was left; of more
rows their scores are shown alone."""


def _predicted(sheet: Page, skill: Skill) -> None:
    """Write what is predicted of each row, of quantities that have few."""
    for quantity, title in TITLES.items():
        mine = [one for one in skill.predictions if one.row.quantity == quantity]
        if not 0 < len(mine) <= _LISTED:
            continue
        sheet.heading(f"{title}: predicted row by row")
        sheet.table(
            ("row", "measured", "predicted", "5-95 %"),
            [_row(one) for one in mine],
            keep=range(1, 4),
            right=range(1, 4),
        )
        if quantity in skill.scores and not skill.scores[quantity]:
            sheet.line("not scored: a score takes two rows that say how much", "dim")


def _row(one: Prediction) -> tuple[str, ...]:
    said, row = one.to_dict(), one.row
    if not row.measured:
        measured = "-"
    elif row.lo == row.hi:
        measured = short(row.lo)
    elif row.hi >= (100 if row.quantity == RETENTION else math.inf):
        measured = f">= {short(row.lo)}"
    elif row.lo <= 0:
        measured = f"<= {short(row.hi)}"
    else:
        measured = f"{short(row.lo)} to {short(row.hi)}"
    band = f"{short(said['p05'], 2)} to {short(said['p95'], 2)}"
    return f"{row.paper}/{row.id}", measured, short(said["median"], 2), band


def _left(sheet: Page, left: Sequence[str]) -> None:
    """Write what was not read of a table, or not scored."""
    if not left:
        return
    sheet.heading("Not read, or not scored")
    for line in left[:_LISTED]:
        sheet.line(line)
    if len(left) > _LISTED:
        sheet.line(f"and {len(left) - _LISTED} more; --json has all", "dim")


def _how(skill: Skill) -> str:
    learned = (
        "from this table's other papers, one paper left out at a time"
        if skill.folds
        else "from another table"
    )
    return (
        f"`learned` has its constants {learned}; the others always have theirs from this table's "
        "other papers. Error: that of the median, in the middle. Skill: 1 - CRPS over that of "
        "`constant`; its band is of resampled papers. 90 %, 50 %: the share of measured values in "
        "those bands; width: of the 90 % band. "
        + (
            "`twin`: an ensemble of lives a row, and what is learned on top; `mechanisms`: the "
            "lives alone."
            if any(s.told is not None for s in skill.predictions)
            else "No mechanism of a cell has a part in these predictions (--members)."
        )
    )


def _name(quantity: str) -> str:
    """Return a quantity without its unit, as ratios and ablations have none."""
    return TITLES[quantity].split(" [")[0]


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _ablations(sheet: Page, ablations: Sequence[Mapping[str, Any]]) -> None:
    """Write what is worse with each mechanism off, a block a quantity."""
    for quantity in dict.fromkeys(of["quantity"] for of in ablations):
        sheet.heading(f"Switched off, {_name(quantity)}: how much worse (below nought: better)")
        sheet.table(
            ("", "rows", "CRPS (5-95 %)", "alone", "sign", "in x2", "worth"),
            [_ablated(of) for of in ablations if of["quantity"] == quantity],
            keep=range(7),
            right=range(1, 7),
        )
    sheet.line(
        "rows: whose lives are others without it; alone: CRPS of the lives alone. `nothing`: other "
        "draws of the sampler, which is chance; `?`: not surely beyond it."
    )


def _ablated(of: Mapping[str, Any]) -> tuple[str, ...]:
    crps = of["crps_worse"]
    return (
        of["without"],
        str(of["changed"]),
        f"{crps['value']:+.2f} ({crps['p05']:+.2f}..{crps['p95']:+.2f})",
        f"{of['alone_worse']['value']:+.2f}",
        _share(of["sign_worse"]),
        _share(of["within_x2_worse"]),
        {True: "yes", False: "no", None: "?"}[of["worth"]],
    )


def _share(band: Mapping[str, float] | None) -> str:
    return "" if band is None else f"{band['value']:+.0%}"


def _score(scored: Scored) -> tuple[Any, ...]:
    band = scored.skill
    return (
        scored.name,
        f"{scored.median_error.value:.2f}",
        f"{scored.mean_crps:.2f}",
        "" if band is None else f"{band.value:+.2f} ({band.low:+.2f}..{band.high:+.2f})",
        f"{scored.coverage['90']:.0%}",
        f"{scored.coverage['50']:.0%}",
        f"{scored.width:.3g}",
    )


def skill_panels(skill: Skill) -> list[Panel]:
    """Return predicted against measured, a panel a quantity, and the reliability."""
    panels = []
    for quantity in skill.scores:
        mine = [
            s.to_dict() for s in skill.predictions if s.row.quantity == quantity and s.row.two_sided
        ]
        middle = [(s["lo"] + s["hi"]) / 2 for s in mine]
        ends = [min(middle, default=1), max(middle, default=1)]
        lines = [
            Line("median", middle, [s["median"] for s in mine], dots=True),
            Line("5 %", middle, [s["p05"] for s in mine], dots=True),
            Line("95 %", middle, [s["p95"] for s in mine], dots=True),
            Line("as measured", ends, ends),
        ]
        log = quantity != RETENTION
        panels.append(
            Panel(
                quantity,
                TITLES[quantity],
                f"Measured {_axis(quantity)}",
                f"Predicted {_axis(quantity)}",
                tuple(lines),
                log=log,
                log_x=log,
            )
        )
    for quantity, scores in skill.scores.items():
        lines = [
            Line(name, [0.1, 0.3, 0.5, 0.7, 0.9], scored.reliability["shares"])
            for name, scored in scores.items()
            if name in ("constant", "learned", "twin")
        ]
        if quantity == RETENTION:
            panels.append(
                Panel(
                    "reliability",
                    "where measured values fall in predictions",
                    "quantile of the prediction",
                    "share of rows",
                    (*lines, Line("even", [0.1, 0.9], [0.2, 0.2])),
                    y_range=(0.0, None),
                    marked=True,
                )
            )
    return panels


def _axis(quantity: str) -> str:
    """Return what an axis is, as figures write it: ``life (h)``."""
    return typeset(TITLES[quantity].replace("[", "(").replace("]", ")"))


def learned_page(
    sheet: Page,
    by_quantity: Mapping[str, Learned],
    before: Mapping[str, Learned],
    left: Sequence[str],
    centres: Sequence[Centre] = (),
) -> None:
    """Write what was learned, beside what the library has."""
    for quantity, learned in by_quantity.items():
        old = before.get(quantity)
        scale = "ln(-ln R)" if learned.quantity == RETENTION else "decades"
        on_top = "" if quantity == learned.quantity else ", with mechanisms"
        sheet.heading(f"{TITLES[learned.quantity]}{on_top}: {len(learned.rows)} rows, in {scale}")
        rows = [
            (f"centre, {name}", _known(k), _known(old.centres.get(name) if old else None))
            for name, k in learned.centres.items()
        ]
        rows += [
            (name, _known(k), _known(old.effects.get(name) if old else None))
            for name, k in learned.effects.items()
        ]
        rows += [
            (
                "ln scatter of laboratories",
                _known(learned.laboratory),
                _known(old.laboratory if old else None),
            ),
            ("ln scatter of cells", _known(learned.cell), _known(old.cell if old else None)),
        ]
        if learned.trust is not None:
            trusted = old.trust if old else None
            rows.append(("mechanisms are right", _known(learned.trust), _known(trusted)))
        sheet.table(("", "learned", "library"), rows, keep=range(3), right=(1, 2))
    if centres:
        sheet.heading("Centres of what is drawn where a row does not say it")
        sheet.table(
            ("", "learned", "sd", "library", "rows", ""),
            [
                (
                    c.key.rsplit(".", 1)[-1],
                    c.learned,
                    f"x/ {math.exp(c.ln_sd):.2g}",
                    c.drawn,
                    str(len(c.rows)),
                    "stands" if c.stands else "further off?" if c.at_end else "moved",
                )
                for c in centres
            ],
            keep=range(6),
            right=(1, 2, 3, 4),
        )
    _left(sheet, left)


def _known(known: Known | None) -> str:
    return "-" if known is None else f"{known.value:+.2f} +- {known.sd:.2f}"
