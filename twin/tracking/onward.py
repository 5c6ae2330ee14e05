"""``twin forecast --from TRACK``: the forecast of one measured cell, from what its track knows.

Without new lives it is the track's weighted draws as they are. With ``samples`` new lives are
drawn around the posterior of the numbers (:class:`twin.tracking.refresh.Mixture`) and lived from
the first cycle on: a forecast like any other, of which those count that outlived the last check-up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import InputError
from twin.runs.record import keep_summary, open_store
from twin.studies import ensemble
from twin.studies.forecast import Forecast
from twin.studies.registry import Going
from twin.tracking.course import course
from twin.tracking.drawing import live
from twin.tracking.refresh import drawn_around
from twin.tracking.steps import Step
from twin.tracking.track import Track, load_track
from twin.tracking.weights import quantile

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.studies.life_record import LifeDone


class TrackForecast:
    """The forecast of a tracked cell by its weighted lives."""

    def __init__(self, track: Track, horizon: int | None = None):
        self.track, self.id = track, track.id
        self.horizon = track.design["cycles"] if horizon is None else horizon

    @cached_property
    def step(self) -> Step:
        """What is known after the last check-up."""
        step = self.track.last()
        if step.posterior is None:
            raise InputError(
                "the cell outlived every life of its library: there is nothing to go on from",
                key="from",
                fix="track it against lives that are followed further: --cycles N",
            )
        return step

    def incidence(self) -> dict[str, list[list[float]]]:
        """Return by mode the probability to have died of it, over the cycles."""
        step = self.step
        assert step.posterior is not None
        w, ends = step.posterior.weights, np.ceil(step.ends)
        modes = np.array(step.library.modes)[step.posterior.lives]
        # What a survivor dies of in the end nobody has seen: it dies of what the others do.
        unseen = float(w[modes == ""].sum())
        curves = {}
        for mode in sorted(set(modes.tolist()) - {""}):
            mine = modes == mode
            share = unseen * float(w[mine].sum()) / max(float(w[modes != ""].sum()), 1e-12)
            of_unseen = (modes == "") & (ends <= self.horizon)
            cycles = np.unique(ends[(mine | of_unseen) & (ends <= self.horizon)])
            lost = share / unseen if unseen else 0.0
            weights = w * (mine + lost * (modes == ""))
            order = np.argsort(ends, kind="stable")
            up = np.cumsum(weights[order])
            places = np.searchsorted(ends[order], cycles, side="right") - 1
            if len(cycles):
                thinned = np.unique(np.linspace(0, len(cycles) - 1, _POINTS).astype(int))
                curves[mode] = [[int(cycles[i]), float(up[places[i]])] for i in thinned]
        return curves

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``twin forecast --from TRACK --json`` prints."""
        step = self.step
        assert step.posterior is not None
        w, ends = step.posterior.weights, np.ceil(step.ends)

        def end(share: float) -> int | None:
            cycle = float(quantile(ends, w, [share])[0])
            return int(cycle) if cycle <= self.horizon else None

        incidence = self.incidence()
        return {
            "study": self.id,
            "track": self.id,
            "from_cycle": step.cycle,
            "outside": step.outside,
            "cell": self.track.design["cell_name"],
            "cycles": self.horizon,
            "samples": len(step.library),
            "failed_members": 0,
            "censored_members": int((~step.library.dead).sum()),
            "effective_lives": step.posterior.effective,
            "median_life": end(0.5),
            "median_life_band": None,
            "p05": end(0.05),
            "p95": end(0.95),
            "survive": float(w[ends > self.horizon].sum()),
            "incidence": incidence,
            "incidence_bands": {mode: {"low": [], "high": []} for mode in incidence},
            "half_width": None,
            "before": [],
            "sensitivity": {},
            "course": course(step),
        }

    def before(self, cycles: list[int]) -> list[dict[str, Any]]:
        """Return the probability of death by each of some cycles."""
        incidence = self.incidence()
        rows = []
        for n in cycles:
            by = {m: max((p for c, p in curve if c <= n), default=0.0)
                  for m, curve in incidence.items()}  # fmt: skip
            rows.append({"cycle": n, "by": by})
        return rows

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw incidences and the capacity of those alive; save the figure if a path is given."""
        from twin.report.survival import plot_forecast

        document = self.to_dict()
        return plot_forecast(document, (), path, levels=document["course"])


_POINTS = 80


def forecast_from(
    track: str,
    *,
    cell: CellSpec | str | Path | None = None,
    samples: int | None = None,
    workers: int | None = None,
    store: str | Store | None = None,
    on_member: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> TrackForecast | Forecast:
    """Forecast one measured cell from its track.

    Parameters
    ----------
    track : str
        The track's study, or ``"last"``.
    cell : CellSpec, str or Path, optional
        The cell, to be sure that the track is its own.
    samples : int, optional
        New lives drawn around the posterior; none by default: the track's weighted lives.
    workers, store, on_member, on_start, on_wait
        As in :func:`twin.forecast`.

    Raises
    ------
    InputError
        If the track is of another cell, or there is nothing to go on from.
    """
    opened = open_store(store)
    tracked = load_track(track, store=opened)
    check_cell(tracked, cell)
    weighted = TrackForecast(tracked)
    step = weighted.step
    if samples is None:
        return weighted
    if samples < 1:
        raise InputError(f"{samples} samples are none", key="samples", fix="ask for at least one")
    library = opened.study(tracked.design["library"]).design
    of_library = np.array([s == tracked.design["library"] for s, _ in tracked.library.names])
    design = drawn_around(
        library, step, tracked.library.chosen(of_library), samples, int(library["seed"]) + 1
    )
    for name in ("weights", "library_weights"):
        design.pop(name)
    design |= {"track": tracked.id, "outlived": step.cycle, "settle": None}
    study = opened.start_study(kind=ensemble.KIND, cell_name=design["cell_name"], design=design)
    going = Going(workers, on_member, on_start, on_wait)
    live(opened, study, design, ensemble.variants(design), samples, going)
    result = Forecast(opened, study)
    keep_summary(opened, study, result.to_dict())
    return result


def check_cell(track: Track, cell: CellSpec | str | Path | None) -> None:
    """Refuse a track of another cell, or of one of that name that has other numbers now.

    Raises
    ------
    InputError
        If it is.
    """
    from twin.catalog.cells import as_spec
    from twin.specs.dump import cell_hash

    if cell is None:
        return
    spec = as_spec(cell)
    name = track.design["cell_name"]
    if spec.name != name:
        raise InputError(
            f"track {track.id} is of {name}, not of {spec.name}", key="from", fix="name its cell"
        )
    known = (
        track.design["cell_hash"],
        track.store.study(track.design["library"]).design.get("as_named"),
    )
    if known[1] is not None and cell_hash(spec) not in known:
        raise InputError(
            f"{name} has other numbers than when its lives were drawn for track {track.id}",
            key="cell",
            fix=f"track it again (twin track {name} --data ...), or put the cell back as it was",
        )
