"""Forecasts: many lives of one cell whose numbers are uncertain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.engine.capacity import first_capacity
from twin.engine.tolerances import LIFE_ATOL, LIFE_RTOL
from twin.modes.manager import plugin_manager
from twin.runs.record import keep_summary, open_store, with_lacking
from twin.scenario import Scenario
from twin.status import LIVED
from twin.studies import ensemble
from twin.studies.ensemble import KIND
from twin.studies.life_record import LifeDone, Lived, lived_of
from twin.studies.registry import Going, StudyKind, kept_design
from twin.studies.runner import Lives, cores, workers_for

if TYPE_CHECKING:
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.studies.cluster import Workers
    from twin.uncertainty.survival import Member

DEFAULTS: dict[str, Any] = {
    "cycles": 1000,
    "samples": 100,
    "model": "spm",
    "rtol": LIFE_RTOL,
    "atol": LIFE_ATOL,
    "method": "sobol",
}
"""What a new forecast is asked for where nothing is said."""
FAST = "Rosenbrock in machine code; of 64 lives tried, all within 1.4 % of the usual"
FAST_REBUILT = "no: these members need a build each"
"""What the page of a fast forecast says of it."""
FIRST = 32
"""How many members a forecast that is to settle begins with."""


class Forecast:
    """A study in the store: what its members died of, and when.

    Nothing is held but the members' ends; the runs are in the store like any others.
    """

    def __init__(self, store: Store, study: str):
        self.store = store
        self.id = study
        self.design = store.study(study).design

    def __repr__(self) -> str:
        return f"<Forecast {self.id}: {self.design['cell_name']}, {len(self.members)} members>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from twin.report.notebook import study_html

        return study_html("Forecast", self.id, self.to_dict())

    @cached_property
    def _lives(self) -> list[Lived]:
        runs = self.store.runs(study=self.id)
        lives = [lived_of(run) for run in runs if run.status in LIVED]
        return sorted(lives, key=lambda lived: int(lived.name))

    @cached_property
    def members(self) -> list[Member]:
        """The members that were followed: to their end, to the horizon, or part of the way.

        Of a forecast that goes on from a track, those that outlived its last check-up.
        """
        followed = [lived for lived in self._lives if lived.state != "failed"]
        outlived = self.design.get("outlived", 0)
        return [self._member(one) for one in followed if one.cycles > outlived]

    @property
    def failed(self) -> int:
        """How many members could not be run: not one cycle of theirs is known."""
        return sum(lived.state == "failed" for lived in self._lives)

    @property
    def censored(self) -> int:
        """How many members were followed only part of the way."""
        return sum(member.censored for member in self.members)

    def _member(self, lived: Lived) -> Member:
        from twin.uncertainty.survival import Member

        index = int(lived.name)
        rows = [r for r in self.store.cycles(lived.run) if r.get("complete", True)]
        first = first_capacity(rows)
        capacity = [(r["cycle"], r["capacity_Ah"] / first) for r in rows] if first else []
        values = dict(zip(self.design["keys"], self.design["values"][index], strict=True))
        return Member(
            index,
            lived.cycles if lived.known else lived.finished,
            (lived.mode or "core") if lived.dead else None,
            values,
            capacity,
            lived.criterion if lived.dead else None,
            censored=not lived.known,
            fitted=_fitted(rows, self._fitted_losses),
        )

    @cached_property
    def _fitted_losses(self) -> list[str]:
        """The variables of what is fitted to published retentions."""
        acting = self.design.get("modes", ())
        return [
            mode.fitted_loss.replace("{interface}", place)
            for name, mode in plugin_manager().modes.items()
            for place in ("Anode", "Cathode")
            if name in acting and mode.fitted_loss
        ]

    @cached_property
    def shorts(self) -> frozenset[tuple[str, str]]:
        """The criteria, each with its mode, that mean a short."""
        from twin.modes import brought
        from twin.modes.context import CellContext

        spec, _ = ensemble.spec_of(self.design)
        cell = CellContext(spec)
        modes = plugin_manager().select(self.design["modes"], (), spec.kind)
        criteria = [(m.id, c) for m in modes for c in brought.criteria(m, cell)]
        return frozenset((mode, c.what) for mode, c in criteria if c.is_short)

    def short_before(self, cycle: int) -> dict[str, float]:
        """Return the probability of a short by a cycle, with its 90 % band."""
        from twin.uncertainty.survival import probability

        return probability(self.members, cycle, lambda m: (m.cause, m.criterion) in self.shorts)

    def dead_before(self, cycle: int) -> dict[str, dict[str, float]]:
        """Return the probability of each way to die by a cycle, with its 90 % band."""
        from twin.uncertainty.survival import probability

        ways = sorted({m.way for m in self.members if m.way is not None})

        def by(way: str) -> dict[str, float]:
            return probability(self.members, cycle, lambda m: m.way == way)

        return {way: by(way) for way in ways}

    def before(self, cycles: Iterable[int]) -> list[dict[str, Any]]:
        """Return, for each of some cycles, the probability of a short and of each death by it."""
        return [
            {"cycle": n, "short": self.short_before(n), "by": self.dead_before(n)} for n in cycles
        ]

    @cached_property
    def sensitivity(self) -> dict[str, Any]:
        """What the lives depend on (:func:`twin.uncertainty.sobol.analyse`)."""
        import numpy as np

        from twin.uncertainty.sobol import analyse

        known = [m for m in self.members if not m.censored]
        if not known or "track" in self.design:  # those are no sample of the cell's spreads
            return {}
        cube, together, aleatory = ensemble.drawn(self.design)
        chosen = [m.index for m in known]
        horizon = self.design["cycles"]
        lives = [m.cycles if m.cause is not None else horizon for m in known]
        return analyse(
            cube[chosen],
            np.array(self.design["values"])[chosen],
            np.array(lives, dtype=float),
            self.design["keys"],
            together,
            aleatory,
            self.design["seed"],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``twin forecast --json`` prints."""
        from twin.uncertainty.survival import half_width, incidence, quantile, quantile_band

        members, horizon = self.members, self.design["cycles"]
        curves = incidence(members) if members else {}
        document = {
            "study": self.id,
            "cell": self.design["cell_name"],
            "cycles": horizon,
            "samples": len(members) + self.failed,
            "failed_members": self.failed,
            "censored_members": self.censored,
            "median_life": quantile(members, 0.5) if members else None,
            "median_life_band": quantile_band(members, 0.5) if members else None,
            "p05": quantile(members, 0.05) if members else None,
            "p95": quantile(members, 0.95) if members else None,
            "survive": 1 - sum(self.criteria().values()) if members else None,
            "incidence": {mode: _pairs(one_mode["curve"]) for mode, one_mode in curves.items()},
            "incidence_bands": {
                mode: {side: _pairs(one_mode[side]) for side in ("low", "high")}
                for mode, one_mode in curves.items()
            },
            "half_width": half_width(curves) if members else None,
            "before": self.before([horizon]) if members else [],
            "sensitivity": self.sensitivity,
            "seed": self.design["seed"],
            "method": self.design["method"],
            "rebuilt": self.design["rebuilt"],
        }
        if self.design.get("fast"):
            document["fast"] = FAST if not self.design["rebuilt"] else FAST_REBUILT
        return with_lacking(self.design, document)

    def criteria(self) -> dict[str, float]:
        """Return how likely each criterion kills: ``{"mode: criterion": 0.2}``, the most first."""
        ways = self.dead_before(self.design["cycles"])
        ranked = sorted(ways.items(), key=lambda item: -item[1]["probability"])
        return {way: share["probability"] for way, share in ranked}

    def shorted(self) -> float | None:
        """Return how likely a short kills before the horizon."""
        if not self.members:
            return None
        return self.short_before(self.design["cycles"])["probability"]

    def fan(self, points: int = 80) -> dict[str, list[float | None]]:
        """Return the capacity's quantiles among those alive, as shares of their first cycle's.

        Parameters
        ----------
        points : int
            At how many cycles from the first to the horizon.

        Returns
        -------
        dict
            ``cycle``, ``p05``, ``p25``, ``median``, ``p75`` and ``p95``; None where nobody is
            alive.
        """
        import numpy as np

        from twin.uncertainty.survival import fan

        cycles = np.unique(np.round(np.linspace(1, self.design["cycles"], points)))
        return {"cycle": cycles.tolist(), **fan(self.members, cycles)}

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw incidences and the capacity fan; save the figure if a path is given."""
        from twin.report.survival import plot_forecast

        return plot_forecast(self.to_dict(), self.members, path)


def _pairs(curve: Iterable[tuple[int, float]]) -> list[list[float]]:
    return [[cycle, value] for cycle, value in curve]


def _fitted(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[tuple[int, float]]:
    if not rows or not names:
        return []
    taken = [(r["cycle"], sum(float(r.get(name) or 0.0) for name in names)) for r in rows]
    return [(cycle, y - taken[0][1]) for cycle, y in taken]


def forecast(
    cell: CellSpec | Scenario | str | Path,
    *,
    cycles: int | None = None,
    samples: int | None = None,
    protocol: str | Path | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    model: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int | None = None,
    method: str | None = None,
    settle: float | None = None,
    fast: bool | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    study: str | None = None,
    store: str | Store | None = None,
    on_member: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> Forecast:
    """Forecast how long cells of a kind live, and what they die of.

    Every quantity with a ``spread`` is sampled; each member is a life by cycle jump,
    stored as a run of one study.

    Parameters
    ----------
    cell, protocol, overlays, overrides, modes, without, rtol, atol
        As in :func:`twin.life`.
    cycles : int
        The horizon: members that live so long are not followed further; 1000 by default.
    samples : int
        How many members in all, 100 by default; at most so many with ``settle``. A study
        that goes on may be given more than it has.
    model : {"spm", "dfn"}
        The full cell's model; the SPM by default.
    seed : int, optional
        Of the sample; drawn and stored if not given.
    method : {"sobol", "lhs"}
        A Sobol sequence (the default) or a Latin hypercube.
    settle : float, optional
        Add members (32 at first, then as many again) only until no incidence's 90 % band is
        wider than plus or minus this.
    fast : bool, optional
        Follow the members by a Rosenbrock method in machine code
        (:mod:`twin.model.rosenbrock`): half the time, lives within 1.4 % of the usual ones
        and the same deaths where it was tried (docs/speed.md). Needs ``llvmlite``.
    workers : int, optional
        Local processes; 1 works in this one. As many as there are cores by default.
        (In a script, call this under ``if __name__ == "__main__":``.)
    scheduler : str, optional
        A running Dask scheduler (``tcp://…``) instead; its workers need the twin, its
        plugins and the database.
    study : str, optional
        A study to go on with: members that are done are kept. It has all it was begun
        with; what is given besides has to be the same, but for ``samples``, ``settle``,
        ``workers`` and ``scheduler``. Other processes may go on with it at the same time:
        each member is lived once.
    store : str or Store, optional
        The database.
    on_member, on_start, on_wait : callable, optional
        Told of each finished member, the study's id, and of members that other processes
        are living and that are waited for.

    Raises
    ------
    TwinError
        For input that cannot be used; a member that cannot be run is a failed member.
    """
    opened = open_store(store)
    asked: dict[str, Any] = {
        "cycles": cycles, "samples": samples, "protocol": protocol, "overlays": overlays,
        "overrides": overrides, "modes": modes, "without": without, "model": model,
        "rtol": rtol, "atol": atol, "seed": seed, "method": method, "settle": settle, "fast": fast,
    }  # fmt: skip
    going = Going(workers, on_member, on_start, on_wait, {"scheduler": scheduler})
    if study is None:
        return _begin(opened, cell, asked, going)
    return _live(opened, study, ensemble.continued(opened, study, cell, asked), going)


def _begin(
    store: Store, cell: CellSpec | Scenario | str | Path, asked: dict[str, Any], going: Going
) -> Forecast:
    own = {name: asked.pop(name) for name in ensemble.OWN}
    wanted = Scenario.of(cell, **asked).filled(DEFAULTS)
    given = {name: value for name, value in own.items() if value is not None}
    asked = {"seed": None, "settle": None} | DEFAULTS | given
    asked |= {name: getattr(wanted, name) for name in ("cycles", "model", "rtol", "atol")}
    of = ensemble.subject(wanted, asked)
    with _hands(store, int(asked["samples"]), going) as hands:
        # Local workers get ready meanwhile.
        design = ensemble.design(of, asked)
        study = store.start_study(kind=KIND, cell_name=design["cell_name"], design=design)
        return _live_with(store, study, design, going, hands)


def _go_on(store: Store, study: str, design: dict[str, Any], going: Going) -> Forecast:
    more = {"samples": None, "settle": None, **going.more}
    return _live(store, study, ensemble.lengthened(store, study, design, more), going)


def _live(store: Store, study: str, design: dict[str, Any], going: Going) -> Forecast:
    with _hands(store, ensemble.to_do(store, study, len(design["values"])), going) as hands:
        return _live_with(store, study, design, going, hands)


def _hands(store: Store, left: int, going: Going) -> AbstractContextManager[Workers | None]:
    places = min(going.workers or cores(), max(left, 1))
    return workers_for(store, places, going.more.get("scheduler"))


def _live_with(
    store: Store, study: str, design: dict[str, Any], going: Going, hands: Workers | None
) -> Forecast:
    members, settle = ensemble.variants(design), design.get("settle")
    count = len(members)
    done = count - ensemble.to_do(store, study, count)
    target = count if settle is None else min(max(FIRST, done), count)
    with Lives(store, study, design, replace(going, workers=1), hands) as lives:
        lives.live(members[:target])
        while target < count and not _settled(Forecast(store, study), settle):
            begun, target = target, min(2 * target, count)
            lives.live(members[begun:target])
    result = Forecast(store, study)
    keep_summary(store, study, result.to_dict())
    return result


STUDY = StudyKind(
    KIND,
    "how long such cells live, and what they die of",
    Forecast,
    _go_on,
    forecast,
    parts="members",
    defaults=DEFAULTS,
    more=("samples", "settle", "scheduler"),
)


def _settled(so_far: Forecast, settle: float | None) -> bool:
    from twin.uncertainty.survival import half_width, incidence

    return settle is not None and half_width(incidence(so_far.members)) <= settle


def load_forecast(study: str, *, store: str | Store | None = None) -> Forecast:
    """Return a stored forecast by its study's id.

    Raises
    ------
    NotFoundError
        If it is a study of another kind, or none.
    """
    opened = open_store(store)
    kept_design(opened, study, KIND)
    return Forecast(opened, study)
