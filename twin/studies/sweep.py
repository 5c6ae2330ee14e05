"""One number varied: how long a cell lives, what it dies of, and how it fares, over one axis."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.engine.capacity import share_left
from twin.errors import InputError
from twin.runs.record import keep_summary, open_store
from twin.scenario import Scenario
from twin.studies.asked import given, same
from twin.studies.base import base_of, gone_on_with, study_design
from twin.studies.life_record import LifeDone
from twin.studies.ranges import check_ends, inputs_of
from twin.studies.registry import Going, KeptResult, StudyKind
from twin.studies.runner import Lives, Variant

if TYPE_CHECKING:
    from twin.catalog.asked import LivesAsked
    from twin.specs.schema import CellSpec
    from twin.store import Store

KIND = "sweep"
DEFAULTS: dict[str, Any] = {"cycles": 200}
"""What a new sweep is asked for where nothing is said."""
LEAST = 2


class Sweep(KeptResult):
    """Lives over one axis; they are a study in the store."""

    @property
    def points(self) -> list[dict[str, Any]]:
        """Every life in the axis' order: ``x``, ``cycles``, ``state``, ``mode``, ``run`` …"""
        return list(self._document.get("points", []))

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw life, capacity left and resistance; save the figure if a path is given."""
        from twin.report.figures import plot_panels
        from twin.report.sweeps import sweep_panels, sweep_title

        document = self.to_dict()
        return plot_panels(sweep_panels(document), sweep_title(document), path)


def sweep(
    cell: CellSpec | Scenario | str | Path,
    *,
    x: str | None = None,
    cycles: int | None = None,
    workers: int | None = None,
    study: str | None = None,
    store: str | Store | None = None,
    on_life: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    **asked: Unpack[LivesAsked],
) -> Sweep:
    """Follow a cell's life at places of one axis, each by cycle jump.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    x : str
        The axis: ``"stack.pressure=0.5..15 MPa"``, with ``,log`` or ``,linear`` and a number of
        places (5) behind it. A key of the cell, ``current``, or ``protocol.PARAMETER``.
    cycles : int
        The horizon: a cell that lives so long is not followed further; 200 by default.
    workers : int, optional
        Local processes; as many as there are cores by default. (In a script, call this
        under ``if __name__ == "__main__":``.)
    study : str, optional
        A sweep to go on with; what has been lived is kept.
    store : str or Store, optional
        The database.
    on_life, on_start, on_wait : callable, optional
        Told of each finished life, of the study's id, and of lives that other processes are
        living and that are waited for.
    **asked
        ``protocol``, ``overlays``, ``overrides``, ``modes``, ``without``, ``model``
        (``"spm"`` by default), ``rtol`` and ``atol`` of :func:`twin.simulate`.

    Raises
    ------
    InputError
        For input that cannot be used.
    """
    opened = open_store(store)
    if study is None:
        wanted = Scenario.of(cell, cycles=cycles, **asked)
        options = DEFAULTS | given({"cycles": wanted.cycles})
        design = _design(wanted, x, **options)
        study = opened.start_study(kind=KIND, cell_name=design["cell_name"], design=design)
    else:
        design = gone_on_with(opened, study, KIND, cell, {**asked, "cycles": cycles})
        if x is not None:
            same(study, "x", _axis(design, x), design["axis"], x)
    return _go_on(opened, study, design, Going(workers, on_life, on_start, on_wait))


def _axis(design: Mapping[str, Any], text: str) -> dict[str, Any]:
    from twin.search.axes import parse_axis
    from twin.specs.protocol import Protocol

    return parse_axis(text, base_of(design), Protocol.from_data(design["protocol"]), "x").to_dict()


def _design(wanted: Scenario, x: str | None, cycles: int) -> dict[str, Any]:
    from twin.search.axes import axis_from

    if x is None:
        raise InputError(
            "a sweep has an axis", key="x", fix='give --x "stack.pressure=0.5..15 MPa,log,9"'
        )
    design = study_design(wanted, cycles)
    design["axis"] = _axis(design, x)
    axis = axis_from(design["axis"])
    if axis.count < LEAST:
        raise InputError(
            f"a sweep has at least {LEAST} places", key="x", fix=f"end the range in ,{LEAST}"
        )
    check_ends([axis], design)
    return design | inputs_of([axis], design)


def _go_on(store: Store, study: str, design: dict[str, Any], going: Going) -> Sweep:
    began = time.perf_counter()
    with Lives(store, study, design, going) as lives:
        document = _document(store, study, design, lives)
    document["wall_s"] = time.perf_counter() - began
    keep_summary(store, study, document)
    return Sweep(store, study)


STUDY = StudyKind(
    KIND, "how a cell lives over one number", Sweep, _go_on, sweep, parts="points",
    defaults=DEFAULTS,
)  # fmt: skip


def _document(store: Store, study: str, design: Mapping[str, Any], lives: Lives) -> dict[str, Any]:
    from twin.search.axes import axis_from

    axis = axis_from(design["axis"])
    values = [float(axis.value(n / (axis.count - 1))) for n in range(axis.count)]
    variants = [Variant(n, {axis.key: axis.text(value)}) for n, value in enumerate(values)]
    points = []
    for value, lived in zip(values, lives.live(variants), strict=True):
        rows = [row for row in store.cycles(lived.run) if row.get("complete", True)]
        points.append(
            {
                "x": float(f"{axis.shown(value):.12g}"),
                "cycles": lived.cycles,
                "state": lived.state,
                "mode": lived.mode,
                "criterion": lived.criterion,
                "capacity_left": share_left(rows) if design["cell"]["kind"] == "full" else None,
                "resistance_Ohm_m2": _ends(rows),
                "run": lived.run,
            }
        )
    unknown = sum(point["state"] in ("censored", "failed") for point in points)
    return {
        "study": study,
        "cell": design["cell_name"],
        "cycles": design["cycles"],
        "axis": axis.to_dict() | {"words": axis.words, "shown": axis.shown_unit},
        "points": points,
        "notes": [f"{unknown} lives could not be followed to their end"] if unknown else [],
    }


def _ends(rows: Sequence[Mapping[str, Any]]) -> list[float] | None:
    """Return the resistance of the first and of the last finished cycle [Ohm.m2]."""
    known = [r for row in rows if (r := row.get("resistance_Ohm_m2")) is not None]
    return [float(known[0]), float(known[-1])] if known else None
