"""``twin track``: a measured cell followed check-up after check-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import InputError
from twin.runs.record import keep_summary, open_store
from twin.scenario import Scenario
from twin.specs.dump import cell_hash
from twin.studies.base import base_of
from twin.studies.registry import Going, KeptResult, StudyKind, kept_design
from twin.tracking.checkups import CheckUp, check_sense, read_checkups
from twin.tracking.drawing import LIBRARY_DEFAULTS, drawn_library
from twin.tracking.kept import library_in
from twin.tracking.library import Library
from twin.tracking.observables import Observable, observables_with
from twin.tracking.reading_errors import told_errors
from twin.tracking.refresh import refreshed
from twin.tracking.steps import Step, step_at, to_dict

if TYPE_CHECKING:
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.studies.life_record import LifeDone

KIND = "track"
OnProgress = Callable[[float, str], None]


class Track(KeptResult):
    """A study in the store: what is known of one measured cell after each of its check-ups."""

    @property
    def checkups(self) -> list[CheckUp]:
        """Its check-ups, in the order of cycles."""
        return [CheckUp.from_dict(one) for one in self.design["checkups"]]

    @cached_property
    def library(self) -> Library:
        """The lives it was tracked against, those around its posterior included."""
        return library_in(self.store, self.design, self.id)

    @property
    def known(self) -> dict[str, Observable]:
        """What check-ups measure, with what a calibration has told of their errors."""
        return known_in(self.design)

    def steps(self) -> list[Step]:
        """What is known before the first check-up, and after each."""
        checkups = self.checkups
        return [
            step_at(self.library, checkups[:number], known=self.known)
            for number in range(len(checkups) + 1)
        ]

    def last(self) -> Step:
        """What is known after the last check-up."""
        return step_at(self.library, self.checkups, known=self.known)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw health over time and the forecast narrowing; save the figure if a path is given."""
        from twin.report.tracking import plot_track

        return plot_track(self.to_dict(), path)


def track(
    cell: CellSpec | Scenario | str | Path,
    data: Sequence[str | Path],
    *,
    lives: int | None = None,
    cycles: int | None = None,
    protocol: str | Path | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    model: str | None = None,
    seed: int | None = None,
    library: str | None = None,
    refresh: int = 0,
    resistance_after: str = "10s",
    workers: int | None = None,
    store: str | Store | None = None,
    on_life: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    on_progress: OnProgress = lambda share, text: None,
) -> Track:
    """Follow a measured cell: what its check-ups say of its health, its death, and when.

    Parameters
    ----------
    cell, protocol, overlays, overrides, modes, without, model
        As in :func:`twin.forecast`: what lives of the library are drawn from.
    data : sequence of str
        Tables of check-ups, cyclers' files or measured data (:func:`read_checkups`).
    lives : int, optional
        How many lives the library has; 300 by default, or as many as a stored one has.
    cycles : int, optional
        How far lives are followed; 3000 by default.
    seed : int, optional
        Of the library's sample; a stored library of any seed serves if none is given.
    library : str, optional
        The study of lives (a forecast) to track against.
    refresh : int
        How many new lives are drawn around the posterior.
    resistance_after : str
        ``"1s"``, ``"10s"`` or ``"30s"`` after a change of current.
    workers : int, optional
        Local processes that draw lives.
    store : str or Store, optional
        The database.
    on_life, on_start, on_wait, on_progress : callable, optional
        Told of lives, of the library's study, and of what else takes time.

    Raises
    ------
    InputError
        If the check-ups make no sense, or the library is of another cell or too small.
    """
    opened = open_store(store)
    asked: dict[str, Any] = {
        "protocol": protocol, "overlays": overlays, "overrides": overrides, "modes": modes,
        "without": without, "model": model, "cycles": cycles,
    }  # fmt: skip
    wanted = Scenario.of(cell, **asked)
    spec, _ = wanted.cell_and_modes()
    given = [str(name) for name in data]
    checkups, told = read_checkups(
        given, area_m2=spec.geometry.area.si, store=opened, resistance_after=resistance_after
    )
    kept = check_sense(checkups, spec.end_of_life.capacity_fraction.si)
    if len(kept) < len(checkups):
        dead = checkups[len(kept)].cycle
        told.append(f"the cell was dead by cycle {dead}: its check-ups before are used")
    going = Going(workers, on_life, on_start, on_wait)
    study = drawn_library(opened, wanted, lives, seed, library, going)
    of = opened.study(study).design
    design: dict[str, Any] = {
        "cell_name": of["cell_name"],
        "cell_hash": cell_hash(base_of(of)),
        "library": study,
        "data": given,
        "told": told,
        "checkups": [one.to_dict() for one in kept],
        "died_by": checkups[len(kept)].cycle if len(kept) < len(checkups) else None,
        "cycles": of["cycles"],
        "refresh": refresh,
        "errors": told_errors(overlays),
    }
    table = library_in(opened, design, None, on_progress)
    # What cannot be answered is better known before it is stored.
    step_at(table, kept, known=known_in(design))
    id_ = opened.start_study(kind=KIND, cell_name=of["cell_name"], design=design)
    return _followed(opened, id_, going, on_progress, table)


def _followed(
    store: Store, study: str, going: Going, on_progress: OnProgress, table: Library | None = None
) -> Track:
    design = dict(store.study(study).design)
    checkups = [CheckUp.from_dict(one) for one in design["checkups"]]
    if table is None:
        table = library_in(store, design, study, on_progress)
    if design["refresh"]:
        table = refreshed(store, study, design, table, checkups, going, on_progress)
    summary = summarised(study, dict(store.study(study).design), table, checkups, on_progress)
    keep_summary(store, study, summary)
    return Track(store, study)


def summarised(
    study: str,
    design: Mapping[str, Any],
    table: Library,
    checkups: Sequence[CheckUp],
    on_progress: OnProgress = lambda share, text: None,
) -> dict[str, Any]:
    """Return the document of a track."""
    from twin.tracking.course import course, drawn_key
    from twin.tracking.method import number_of

    known, drawn = known_in(design), drawn_key(checkups)
    steps: list[Step] = []
    documents: list[dict[str, Any]] = []
    for number in range(len(checkups) + 1):
        step = step_at(table, checkups[:number], known=known)
        before = steps[-1] if steps else None
        prior = steps[0] if steps else None
        one = to_dict(step, before, checkups[number - 1] if number else None, prior)
        documents.append(one | {"course": course(step, drawn)})
        steps.append(step)
        on_progress((number + 1) / (len(checkups) + 1), f"{number} of {len(checkups)} check-ups")
    last = documents[-1]
    full = last.get("effective_lives_of_all")
    thin = full is not None and full < number_of("posterior", "thin")
    return {
        "study": study,
        "cell": design["cell_name"],
        "library": design["library"],
        "lives": len(table),
        "cycles": table.horizon,
        "data": list(design["data"]),
        "told": list(design["told"]),
        "errors": dict(design.get("errors") or {}),
        "died_by": design.get("died_by"),
        "cycle": last["cycle"],
        "health": last["health"],
        "course_of": drawn,
        "mode": next(iter(last["modes"]), None),
        "modes": last["modes"],
        "remaining": last["remaining"],
        "margins": last["margins"],
        "outside": last["outside"],
        "told_share": last.get("told"),
        "clock": last.get("clock"),
        "thin": thin,
        "checkups": documents,
    }


def known_in(design: Mapping[str, Any]) -> dict[str, Observable]:
    """Return what the check-ups of a track's design measure, and how well."""
    return observables_with(design.get("errors") or {})


def load_track(study: str, *, store: str | Store | None = None) -> Track:
    """Return a stored track by its study's id, or ``"last"``.

    Raises
    ------
    NotFoundError
        If it is a study of another kind, or none.
    """
    opened = open_store(store)
    if study == "last":
        newest = opened.studies(kind=KIND, limit=1)
        if not newest:
            raise InputError(
                "there is no track yet", key="track", fix="twin track CELL --data check-ups.csv"
            )
        study = newest[0].id
    kept_design(opened, study, KIND)
    return Track(opened, study)


def _go_on(store: Store, study: str, design: dict[str, Any], going: Going) -> Track:
    return _followed(store, study, going, lambda share, text: None)


STUDY = StudyKind(
    KIND,
    "how a measured cell does, how long it still lives, and what it dies of",
    Track,
    _go_on,
    track,
    parts="lives",
    defaults=LIBRARY_DEFAULTS,
)
