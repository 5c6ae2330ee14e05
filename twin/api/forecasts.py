"""Forecasts: many lives of one cell whose numbers are uncertain."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.api.cells import as_spec, load_protocol, mode_entries, split_overrides
from twin.api.members import Bench, live_member
from twin.api.runs import open_store
from twin.errors import InputError, NotFoundError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.lifetime.survival import Member
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store

FINISHED = ("completed", "cell-failed", "solver-gave-up")
MEMORY = "sqlite://"


@dataclass(frozen=True)
class MemberDone:
    """What an onlooker is told after each member."""

    study: str
    done: int
    total: int
    member: Mapping[str, Any]


class Forecast:
    """A study in the store: what its members died of, and when.

    Nothing is held but the members' ends; the runs are in the store like any others.
    """

    def __init__(self, store: Store, study: str):
        self.store = store
        self.id = study
        self.design = store.study(study).design
        self._members: list[Member] | None = None
        self._criteria: dict[str, int] = {}
        self.failed = 0

    def __repr__(self) -> str:
        return f"<Forecast {self.id}: {self.design['cell_name']}, {len(self.members)} members>"

    @property
    def members(self) -> list[Member]:
        """The members that were followed to their end or to the horizon."""
        if self._members is None:
            runs = [r for r in self.store.runs(study=self.id) if r.status in FINISHED]
            runs.sort(key=lambda run: run.settings["member"])
            good = [run for run in runs if run.status != "solver-gave-up"]
            self.failed = len(runs) - len(good)
            self._criteria = _counted(good)
            self._members = [self._member(run) for run in good]
        return self._members

    def _member(self, run: Any) -> Member:
        from twin.lifetime.survival import Member

        index = run.settings["member"]
        rows = [r for r in self.store.cycles(run.id) if r.get("complete", True)]
        first = rows[0]["capacity_Ah"] if rows else 0.0
        cause = run.outcome.get("mode") if run.status == "cell-failed" else None
        capacity = [(r["cycle"], r["capacity_Ah"] / first) for r in rows] if first else []
        values = dict(zip(self.design["keys"], self.design["values"][index], strict=True))
        return Member(index, run.outcome["cycle"], cause, values, capacity)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``twin forecast --json`` prints."""
        from twin.lifetime.survival import incidence, quantile, sensitivity

        members, horizon = self.members, self.design["cycles"]
        curves = incidence(members) if members else {}
        dead = sum(m.cause is not None for m in members)
        return {
            "study": self.id,
            "cell": self.design["cell_name"],
            "cycles": horizon,
            "samples": len(members) + self.failed,
            "failed_members": self.failed,
            "median_life": quantile(members, 0.5) if members else None,
            "p05": quantile(members, 0.05) if members else None,
            "p95": quantile(members, 0.95) if members else None,
            "survive": 1 - dead / len(members) if members else None,
            "incidence": {mode: _pairs(found["curve"]) for mode, found in curves.items()},
            "incidence_bands": {
                mode: {side: _pairs(found[side]) for side in ("low", "high")}
                for mode, found in curves.items()
            },
            "sensitivity": sensitivity(members, horizon),
            "seed": self.design["seed"],
            "method": self.design["method"],
            "rebuilt": self.design["rebuilt"],
        }

    def criteria(self) -> dict[str, float]:
        """Return what share of the members each criterion killed: ``{"mode: criterion": 0.2}``."""
        members = self.members
        return {name: count / len(members) for name, count in self._criteria.items()}

    def shorted(self) -> float | None:
        """Return the share of the members that a short killed before the horizon."""
        if not self.members:
            return None
        return sum(share for name, share in self.criteria().items() if "short" in name.split())

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

        from twin.lifetime.survival import fan

        cycles = np.unique(np.round(np.linspace(1, self.design["cycles"], points)))
        return {"cycle": cycles.tolist(), **fan(self.members, cycles)}

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw incidences and the capacity fan; save the figure if a path is given."""
        from twin.report.survival import plot_forecast

        return plot_forecast(self.to_dict(), self.members, path)


def _counted(runs: Sequence[Any]) -> dict[str, int]:
    """Return how many runs each criterion ended, the most frequent first."""
    dead = [run.outcome for run in runs if run.status == "cell-failed"]
    found = Counter(f"{o['mode']}: {o['criterion']}" for o in dead)
    return dict(found.most_common())


def _pairs(curve: Iterable[tuple[int, float]]) -> list[list[float]]:
    return [[cycle, value] for cycle, value in curve]


def forecast(
    cell: CellSpec | str | Path,
    *,
    cycles: int = 1000,
    samples: int = 100,
    protocol: str | Path | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    model: str = "spm",
    rtol: float = 1e-4,
    atol: float = 1e-6,
    seed: int | None = None,
    method: str = "sobol",
    workers: int | None = None,
    scheduler: str | None = None,
    study: str | None = None,
    store: str | Store | None = None,
    on_member: Callable[[MemberDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
) -> Forecast:
    """Forecast how long cells of a kind live, and what they die of.

    Every quantity with a ``spread`` is sampled; each member is a life by cycle jump,
    stored as a run of one study.

    Parameters
    ----------
    cell, protocol, overlays, overrides, modes, without, rtol, atol
        As in :func:`twin.simulate`.
    cycles : int
        The horizon: members that live so long are not followed further.
    samples : int
        How many members in all.
    model : {"spm", "dfn"}
        The full cell's model.
    seed : int, optional
        Of the sample; drawn and stored if not given.
    method : {"sobol", "lhs"}
        A Sobol sequence or a Latin hypercube.
    workers : int, optional
        Local processes; 1 works in this one. As many as there are cores by default.
        (In a script, call this under ``if __name__ == "__main__":``.)
    scheduler : str, optional
        A running Dask scheduler (``tcp://…``) instead; its workers need the twin, its
        plugins and the database.
    study : str, optional
        A study to go on with: members that are done are kept, and everything but
        ``samples`` is as it was.
    store : str or Store, optional
        The database.
    on_member, on_start : callable, optional
        Told of each finished member, and the study's id.

    Raises
    ------
    TwinError
        For input that cannot be used; a member that cannot be run is a failed member.
    """
    opened = open_store(store)
    if study is None:
        job = _design(
            cell, cycles, samples, protocol, overlays, overrides, modes, without,
            model, rtol, atol, seed, method,
        )  # fmt: skip
        study = opened.start_study(kind="forecast", cell_name=job["cell_name"], design=job)
    else:
        job = _continued(opened, study, samples)
    if on_start is not None:
        on_start(study)
    todo = _to_do(opened, study, samples)
    total, done = samples, samples - len(todo)
    ended = _lives(opened, study, job, todo, workers, scheduler)
    try:
        for member in ended:
            done += 1
            if on_member is not None:
                on_member(MemberDone(study, done, total, member))
    finally:
        ended.close()
    result = Forecast(opened, study)
    opened.finish_study(study, status="completed", summary=result.to_dict())
    return result


def load_forecast(study: str, *, store: str | Store | None = None) -> Forecast:
    """Return a stored forecast by its study's id."""
    return Forecast(open_store(store), study)


def _design(
    cell: Any, cycles: int, samples: int, protocol: Any, overlays: Any, overrides: Any,
    modes: Any, without: Any, model: str, rtol: float, atol: float, seed: int | None, method: str,
) -> dict[str, Any]:  # fmt: skip
    """Return everything a worker needs to know, as plain data."""
    from twin.lifetime.inputs import split
    from twin.lifetime.spreads import points, uncertain
    from twin.specs.dump import cell_to_data, with_overrides

    for name, value in (("cycles", cycles), ("samples", samples)):
        if value < 1:
            raise InputError(f"{value} {name} are none", key=name, fix="ask for at least one")
    for_cell, for_protocol = split_overrides(overrides)
    spec = as_spec(cell, overlays=overlays, overrides=for_cell)
    chosen = plugin_manager().select(modes, without, spec.kind)
    rules = load_protocol(protocol, spec, for_protocol)
    items = uncertain(spec, [mode.id for mode in chosen])
    entries = mode_entries()
    free, rebuilt = split(spec, chosen, model, items, lambda o: with_overrides(spec, o, entries))
    seed = secrets.randbits(32) if seed is None else seed
    job = {
        "cell": cell_to_data(spec),
        "cell_name": spec.name,
        "protocol": rules.to_data(),
        "modes": [mode.id for mode in chosen],
        "model": model,
        "rtol": rtol,
        "atol": atol,
        "cycles": cycles,
        "seed": seed,
        "method": method,
        "keys": [item.key for item in items],
        "inputs": [item.key for item in free],
        "rebuilt": [item.key for item in rebuilt],
    }
    cube = points(samples, len(items), seed, method)
    return job | {"values": _values(items, cube)}


def _values(items: Sequence[Any], cube: Any) -> list[list[float]]:
    import numpy as np

    columns = [item.value(cube[:, i]) for i, item in enumerate(items)]
    return [[float(x) for x in row] for row in np.array(columns).T]


def _continued(store: Store, study: str, samples: int) -> dict[str, Any]:
    """Return a study's design, its sample lengthened if more members are wanted."""
    from twin.lifetime.spreads import points, uncertain
    from twin.specs.dump import cell_from_data

    info = store.study(study)
    if info.kind != "forecast":
        raise NotFoundError(f"study {study} is no forecast", fix="start one: twin forecast CELL")
    job = dict(info.design)
    if samples > len(job["values"]):
        if job["method"] != "sobol":
            raise InputError(
                "a Latin hypercube cannot be lengthened", key="samples", fix="start a new study"
            )
        items = uncertain(cell_from_data(job["cell"], mode_entries()), job["modes"])
        job["values"] = _values(items, points(samples, len(items), job["seed"]))
        store.change_study(study, design=job)
    return job


def _to_do(store: Store, study: str, samples: int) -> list[int]:
    """Return the members that are not done; what an interruption left of them goes."""
    done = set()
    for run in store.runs(study=study):
        if run.status in FINISHED:
            done.add(run.settings["member"])
        elif run.status_now != "running":
            store.delete_run(run.id)
    return [index for index in range(samples) if index not in done]


def _lives(
    store: Store,
    study: str,
    job: Mapping[str, Any],
    todo: Sequence[int],
    workers: int | None,
    scheduler: str | None,
) -> Generator[dict[str, Any], None, None]:
    """Live the members, here or on workers, and yield each as it ends."""
    import os

    from twin.lifetime.spreads import Uncertain, uncertain
    from twin.specs.dump import cell_from_data

    spec = cell_from_data(job["cell"], mode_entries())
    items: list[Uncertain] = uncertain(spec, job["modes"])

    def texts(index: int) -> dict[str, Any]:
        return {i.key: i.text(v) for i, v in zip(items, job["values"][index], strict=True)}

    slim = {key: value for key, value in job.items() if key != "values"}
    count = min(workers or os.cpu_count() or 1, max(len(todo), 1))
    url = store.engine.url.render_as_string(hide_password=False)
    if scheduler is None and (count == 1 or url == MEMORY):
        bench = Bench(slim, study, store)
        for index in todo:
            yield bench.live(index, texts(index))
        return
    from twin.lifetime.cluster import each_as_done

    yield from each_as_done(
        live_member, [(url, study, slim, i, texts(i)) for i in todo], count, scheduler
    )
