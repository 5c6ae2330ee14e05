"""What became of a face's worst patches, told from what a run has stored.

Three things are told of a divided face, where there is anything to tell: the patch in which a
limit was met, the one that lost most of its contact, and the one that carried most of the current
that others left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twin.catalog.entries import stored_cell
from twin.errors import TwinError
from twin.modes.face import CROWDING, HIGHEST, LOWEST
from twin.report.view import RunView
from twin.specs.patches import divided
from twin.ties import first_best

CONTACT = "conducting fraction"
CROWDED, POOR = 1.5, 0.9
"""Told is a patch with so many times the mean current, or so little of the mean contact."""


@dataclass(frozen=True)
class PatchStory:
    """What one patch of a face did.

    Attributes
    ----------
    side : str
        ``"Anode"`` or ``"Cathode"``.
    patch : int
        Its number, counted from 1.
    share : float
        Its share of the face.
    what : {"met the limit", "lost contact", "carried most"}
        Which of the three stories it is.
    value, mean : float
        Its number and the face's: of the variable that met its limit, of contact, or the current
        over the mean (1).
    cycle : int
        The cycle of that.
    since : int
        The cycle from which on it was beyond what is told.
    says : str
        The story in words.
    """

    side: str
    patch: int
    share: float
    what: str
    value: float
    mean: float
    cycle: int
    since: int
    says: str

    def to_dict(self) -> dict[str, Any]:
        """Return the story as plain data."""
        return dict(vars(self))


def patch_stories(run: RunView) -> list[PatchStory]:
    """Return what became of the worst patches of a run's faces; nothing where none is divided."""
    shares = _shares(run)
    rows = [row for row in run.rows if not row.get("interpolated")]
    told: list[PatchStory] = []
    for side, own in shares.items() if rows else ():
        patches = range(1, len(own) + 1)
        if f"{side} {CONTACT} (patch {len(own)})" not in rows[-1]:
            continue  # more patches than are stored each
        face = _Face(side, own, rows)
        stories = (_met_limit(run, face, patches), _poorest(face, patches), _crowded(face, patches))
        told += [story for story in stories if story is not None]
    return told


@dataclass(frozen=True)
class _Face:
    side: str
    shares: Sequence[float]
    rows: Sequence[Mapping[str, Any]]

    def number(self, row: Mapping[str, Any], name: str, patch: int | None = None) -> float:
        end = "" if patch is None else f" (patch {patch})"
        value = row.get(f"{self.side} {name}{end}")
        return math.nan if value is None else float(value)

    def called(self, patch: int) -> str:
        return (
            f"{self.side.lower()}: patch {patch} of {len(self.shares)}, "
            f"{100 * self.shares[patch - 1]:.2g} % of the face,"
        )


def _shares(run: RunView) -> dict[str, Sequence[float]]:
    """Return the shares of each divided face's patches."""
    try:
        spec = stored_cell(run.info.cell_spec or {})
    except TwinError:
        return {}
    shares: dict[str, Sequence[float]] = {}
    for side in ("Anode", "Cathode"):
        own = getattr(spec.interfaces, side.lower())
        if own is None and spec.kind == "symmetric":
            own = spec.interfaces.anode
        if own is not None and own.patches is not None and own.patches.count > 1:
            shares[side] = divided(own.patches).weights
    return shares


def _met_limit(run: RunView, face: _Face, patches: Sequence[int]) -> PatchStory | None:
    """Return the patch in which the limit that ended the run was met."""
    outcome = run.outcome
    if outcome is None or outcome.kind != "cell-failed" or outcome.variable is None:
        return None
    end = next((end for end in (LOWEST, HIGHEST) if outcome.variable.endswith(end)), None)
    if end is None or not outcome.variable.startswith(f"{face.side} "):
        return None
    name = outcome.variable.removesuffix(end).removeprefix(f"{face.side} ")
    last = face.rows[-1]
    sign = 1 if end == HIGHEST else -1
    values = {k: sign * face.number(last, name, k) for k in patches}
    if not all(math.isfinite(value) for value in values.values()):
        return None
    worst = first_best(values, values.__getitem__)
    value, mean = sign * values[worst], face.number(last, name)
    cycle = int(last["cycle"])
    says = f"{face.called(worst)} met the limit: {name} {value:.3g}"
    if math.isfinite(mean):
        says += f", {mean:.3g} over the whole face"
    return PatchStory(
        face.side, worst, face.shares[worst - 1], "met the limit", value, mean, cycle, cycle, says
    )


def _poorest(face: _Face, patches: Sequence[int]) -> PatchStory | None:
    """Return the patch with the least contact at the end, where it is poorer than the face."""
    last = face.rows[-1]
    values = {k: face.number(last, CONTACT, k) for k in patches}
    mean = sum(w * v for w, v in zip(face.shares, values.values(), strict=True))
    worst = first_best(values, lambda k: -values[k])
    if not values[worst] < POOR * mean:
        return None

    def poor(row: Mapping[str, Any]) -> bool:
        each = [face.number(row, CONTACT, k) for k in patches]
        whole = sum(w * v for w, v in zip(face.shares, each, strict=True))
        return each[worst - 1] < POOR * whole

    since = _since(face.rows, poor)
    says = (
        f"{face.called(worst)} has {values[worst]:.2g} of its contact where the whole face has "
        f"{mean:.2g}, less than {POOR:g} of it {_from(since)}"
    )
    cycle = int(last["cycle"])
    return PatchStory(face.side, worst, face.shares[worst - 1], "lost contact",
                      values[worst], mean, cycle, since, says)  # fmt: skip


def _crowded(face: _Face, patches: Sequence[int]) -> PatchStory | None:
    """Return the patch that carried most, where it was much more than the mean."""
    most = {
        (n, k): face.number(row, CROWDING, k)
        for n, row in enumerate(face.rows)
        for k in patches
        if math.isfinite(face.number(row, CROWDING, k))
    }
    if not most:
        return None
    at, worst = first_best(most, most.__getitem__)
    times = most[at, worst]
    if times < CROWDED:
        return None
    since = _since(face.rows, lambda row: face.number(row, CROWDING, worst) >= CROWDED)
    cycle = int(face.rows[at]["cycle"])
    says = f"{face.called(worst)} carried up to {times:.2g} times the mean current in cycle {cycle}"
    if since < cycle:
        says += f", more than {CROWDED:g} times {_from(since)}"
    return PatchStory(face.side, worst, face.shares[worst - 1], "carried most",
                      times, 1.0, cycle, since, says)  # fmt: skip


def _from(cycle: int) -> str:
    return f"from cycle {cycle}"


def _since(rows: Sequence[Mapping[str, Any]], holds: Any) -> int:
    """Return the cycle from which on something holds until the last one it holds in."""
    since = int(rows[-1]["cycle"])
    seen = False
    for row in reversed(rows):
        if holds(row):
            since, seen = int(row["cycle"]), True
        elif seen:
            break
    return since


def judged_by(run: RunView) -> dict[str, str]:
    """Return what each criterion of a divided face looks at, by ``"mode: what"``.

    ``"mean"`` of the face, or its ``"worst patch"``; nothing for a criterion of the whole cell.
    """
    if not _shares(run):
        return {}
    from twin.engine.criteria import gather
    from twin.modes.context import CellContext
    from twin.modes.manager import plugin_manager

    try:
        spec = stored_cell(run.info.cell_spec or {})
        chosen = plugin_manager().select(run.info.modes, kind=spec.kind)
        cell = CellContext(spec)
        watched = gather(cell, chosen)
    except TwinError:  # a mode is no longer installed
        return {}
    divided_sides = tuple(f"{place.capitalize()} " for place in cell.faces)
    return {
        item.label: "worst patch" if item.criterion.of_worst_patch else "mean"
        for item in watched
        if item.criterion.variable.startswith(divided_sides)
    }
