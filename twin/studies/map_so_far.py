"""A safe operating map as far as its lives go: for those who watch it being made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.runs.record import open_store
from twin.status import LIVED
from twin.studies.life_record import lived_of
from twin.studies.operating_map import KIND, answer
from twin.studies.registry import kept_design

if TYPE_CHECKING:
    from twin.store import Store


def map_so_far(study: str, *, store: str | Store | None = None) -> dict[str, Any]:
    """Return the points of a map that are done, whether or not all are.

    Parameters
    ----------
    study : str
        The map's study.
    store : str or Store, optional
        The database.

    Returns
    -------
    dict
        ``study``, ``cell``, ``cycles``, ``axes`` (as the map's document has them, with the
        ``ends`` in the unit that people read), ``points``, ``critical_currents``, ``notes`` and
        ``complete``.
    """
    from twin.search.axes import axis_from
    from twin.search.refine import Grid

    opened = open_store(store)
    design = kept_design(opened, study, KIND)
    summary = opened.study(study).summary
    x, y = (axis_from(design["axes"][name]) for name in ("x", "y"))
    grid = Grid(x.count, y.count, design["levels"])
    points = []
    for run in opened.runs(study=study):
        if run.status not in LIVED:
            continue
        lived = lived_of(run)
        column, row = map(int, str(lived.name).split(","))
        u, v = grid.place((column, row))
        answered = answer(lived)
        points.append(
            {
                "x": x.shown(float(x.value(u))),
                "y": y.shown(float(y.value(v))),
                "label": answered.label,
                "criterion": lived.criterion,
                "cycles": answered.cycles,
                "kind": lived.kind,
                "run": lived.run,
            }
        )
    points.sort(key=lambda p: (p["x"], p["y"]))
    return {
        "study": study,
        "cell": design["cell_name"],
        "cycles": design["cycles"],
        "modes": design["modes"],
        "axes": {
            name: axis.to_dict()
            | {"words": axis.words, "shown": axis.shown_unit}
            | {"ends": [axis.shown(axis.low), axis.shown(axis.high)]}
            for name, axis in (("x", x), ("y", y))
        },
        "points": points,
        "critical_currents": summary.get("critical_currents", []),
        "notes": summary.get("notes", []),
        "complete": bool(summary),
    }
