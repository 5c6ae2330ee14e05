"""What the mechanisms say of published rows: an ensemble of lives a row.

Each row's cell (:mod:`twin.outcomes.setups`) is a forecast of its own, with its own Sobol points,
so that what is said of a row hangs on no other row and on no number of workers. Its lives are
members of a study in the store, found again by a hash of all that decides them: folds share them,
and what was interrupted goes on.

With a mode left out the same cells are lived again, each with the numbers that it had: what differs
is the mode alone (common random numbers). Lives that the mode cannot have changed are not lived
again: all where it does not act, where it contributes nothing and only judges those that it did not
end, and those of which all modes together took nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import StoreError, TwinError
from twin.modes.manager import plugin_manager
from twin.outcomes.recognise import NotMapped, number_of
from twin.outcomes.setups import SetUp, set_up
from twin.outcomes.table import CRITICAL, LIFE, RESISTANCE, RETENTION, Row
from twin.outcomes.treatment import cycles_of, gone_on, levels
from twin.runs.record import packages
from twin.status import Status
from twin.studies import ensemble
from twin.studies.ensemble import KIND
from twin.studies.forecast import DEFAULTS
from twin.studies.life_record import Lived
from twin.studies.registry import Going
from twin.studies.runner import Lives, workers_for

if TYPE_CHECKING:
    from twin.engine.simulator import Builds
    from twin.modes.mode import FailureMode
    from twin.store import Store

_builds: Builds | None = None
"""What this process has built for rows: those of one structure share it."""
_KEPT = 4
"""So many builds are kept: a paper's rows, and those of its neighbours, are lived together."""
_RESISTANCES = ("Area-specific resistance [Ohm.m2]", "Electrolyte resistance [Ohm.m2]")


@dataclass(frozen=True)
class Around:
    """A number that was drawn for a row's members: around ``text``, with a lognormal spread.

    ``off`` is ``ln`` of each member's over the centre, ``ln_sd`` the spread.
    """

    text: str
    ln_sd: float
    off: np.ndarray


@dataclass(frozen=True)
class Told:
    """What the mechanisms say of a row.

    Attributes
    ----------
    values : array
        A member each: what is left (a share, 0 for a dead cell) of a retention; decades of a
        resistance, a critical current, or a life (of those that outlived the horizon, it).
    dead : array of bool
        Which of them died before.
    lost : int
        Members of which nothing is known: they could not be followed so far.
    setup : mapping or None
        The cell, as :meth:`twin.outcomes.setups.SetUp.to_dict`; None if nothing stands for the row.
    reason : str
        Why it has no members.
    ways : mapping
        What the dead died of, and how many.
    wall_s : float
        What the lives took.
    at_once : array of bool, optional
        Which of them died in their first cycle; none if not given.
    around : mapping
        By key, what was drawn for the members with a lognormal spread.
    """

    values: np.ndarray
    dead: np.ndarray
    lost: int = 0
    setup: Mapping[str, Any] | None = None
    reason: str = ""
    ways: Mapping[str, int] | None = None
    wall_s: float = 0.0
    at_once: np.ndarray | None = None
    around: Mapping[str, Around] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether the mechanisms say anything of the row."""
        return len(self.values) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return what is told of it beside the prediction."""
        return dict(self.setup or {}) | {
            "lives": len(self.values),
            "dead": int(self.dead.sum()),
            "lost": self.lost,
            "died_of": dict(self.ways or {}),
            "reason": self.reason,
        }


Key = tuple[str, str, str, int]
Tellings = Mapping[Key, Told]
"""What is said of rows, by paper, id and quantity, and which of several with these."""


def key_of(row: Row) -> Key:
    """Return what a row is found by."""
    return row.paper, row.id, row.quantity, row.again


def nothing(reason: str) -> Told:
    """Return what is said of a row that no cell stands for."""
    return Told(np.empty(0), np.empty(0, dtype=bool), reason=reason)


def tell(
    rows: Sequence[Row],
    store: Store,
    *,
    members: int = 64,
    jobs: int = 1,
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> list[Told]:
    """Live an ensemble for each row.

    Parameters
    ----------
    rows : sequence of Row
        The rows.
    store : Store
        Where the lives are kept, and found again.
    members : int
        How many lives a row.
    jobs : int
        How many processes.
    on_progress : callable
        Told the share that is done, and of which row.
    """
    return _each_told([(row, ()) for row in rows], store, members, jobs, on_progress)


def tell_without(
    rows: Sequence[Row],
    store: Store,
    modes: Sequence[str],
    *,
    members: int = 64,
    jobs: int = 1,
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> dict[str, Tellings]:
    """Live the rows' ensembles again without each of some failure modes.

    The parameters are those of :func:`tell`; ``modes`` are left out one at a time.

    Returns
    -------
    dict
        What is said without each mode.
    """
    asked = [(row, (mode,)) for mode in modes for row in rows]
    told = iter(_each_told(asked, store, members, jobs, on_progress))
    return {mode: {key_of(row): next(told) for row in rows} for mode in modes}


def _each_told(
    asked: Sequence[tuple[Row, tuple[str, ...]]],
    store: Store,
    members: int,
    jobs: int,
    on_progress: Callable[[float, str], None],
) -> list[Told]:
    """Live the ensembles of rows, each without some modes, by one set of workers."""
    predictions: list[Told | None] = [None] * len(asked)
    with ExitStack() as stack:
        hands = stack.enter_context(workers_for(store, jobs, None))
        each: Iterator[tuple[int, Any]]
        if hands is None:
            each = ((i, _told_here(row, store, members, off)) for i, (row, off) in enumerate(asked))
        else:
            each = hands.each(_told_there, [(_url(store), row, members, off) for row, off in asked])
        for number, (at, told) in enumerate(each, start=1):
            if isinstance(told, BaseException):
                if isinstance(told, StoreError):
                    raise told
                told = nothing(f"its lives were lost: {type(told).__name__}: {told}")
            predictions[at] = told
            row, off = asked[at]
            less = f" without {', '.join(off)}" if off else ""
            text = f"{row.paper}/{row.id}{less}: {len(told.values)} lives"
            on_progress(number / len(asked), text)
    return [told for told in predictions if told is not None]


def _told_here(row: Row, store: Store, members: int, without: Sequence[str]) -> Any:
    """Do it in this process; what goes wrong with a row is its own outcome, as in a worker."""
    try:
        return told_of(row, store, members, without)
    except Exception as error:
        return error


def told_of(row: Row, store: Store, members: int, without: Sequence[str] = ()) -> Told:
    """Live a row's ensemble here, or find it in the store."""
    try:
        setup = set_up(row)
    except (NotMapped, TwinError) as error:
        return nothing(str(error))
    try:
        study, design = _study(row, setup, store, members)
        off = _changing(setup, without)
        lived = _lived(store, study, design)
        again = [
            i
            for i, life in enumerate(lived)
            if off.changes(life) and not _untouched(row, setup, store, life)
        ]
        if again:
            less, shorter = _study_without(row, setup, store, design, off.modes)
            for i, life in zip(again, _lived(store, less, shorter, again), strict=True):
                lived[i] = life
    except TwinError as error:
        if isinstance(error, StoreError):
            raise
        return nothing(f"{setup.cell}: {error}")
    return _read(row, setup, store, lived, design)


def _lived(
    store: Store, study: str, design: Mapping[str, Any], some: Sequence[int] | None = None
) -> list[Lived]:
    """Live members of a study, all of them if not said which."""
    every = ensemble.variants(design)
    wanted = every if some is None else [every[i] for i in some]
    with Lives(store, study, design, Going(workers=1), builds=_shared()) as lives:
        lived = lives.live(wanted)
    kept = store.study(study)
    if kept.status != Status.COMPLETED:
        store.finish_study(study, status=Status.COMPLETED, summary=kept.summary)
    return lived


def _told_there(url: str, row: Row, members: int, without: Sequence[str]) -> Told:
    """Do it in a worker process, with a store of its own."""
    from twin.store import Store

    with Store.open(url) as store:
        return told_of(row, store, members, without)


def _shared() -> Builds:
    """Return this process's builds of rows."""
    from twin.engine.simulator import Builds

    global _builds
    if _builds is None:
        _builds = Builds(_KEPT)
    return _builds


def _url(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


@dataclass(frozen=True)
class _Off:
    """Modes that are left out of a row's lives, of those that can have changed one."""

    modes: tuple[str, ...]
    judging: bool
    """Whether all of them only end lives (:func:`twin.modes.acting.moves`)."""

    def changes(self, life: Lived) -> bool:
        """Return whether a life may be another one without them."""
        return not self.judging or life.mode in self.modes


UNTOUCHED = float(number_of("ablation", "untouched"))
"""Modes that leave so much of a retention, or more, took nothing, together or alone."""


def _untouched(row: Row, setup: SetUp, store: Store, life: Lived) -> bool:
    """Return whether all modes together took nothing from a life."""
    if row.quantity != RETENTION:
        return False
    left = _retained(row, setup, store, life)
    return left is not None and left >= UNTOUCHED


def _changing(setup: SetUp, without: Iterable[str]) -> _Off:
    """Return which of some modes can have changed a life of a row's cell."""
    from twin.modes import brought
    from twin.modes.acting import moves
    from twin.modes.context import CellContext

    left_out, cell = set(without), CellContext(setup.spec)
    every = _modes_of(setup)
    chosen = [mode for mode in every if mode.id in left_out]
    moving = [mode for mode in chosen if moves(mode, cell, every)]
    judging = [m for m in chosen if m not in moving and brought.criteria(m, cell)]
    return _Off(tuple(mode.id for mode in (*moving, *judging)), not moving)


def _modes_of(setup: SetUp) -> list[FailureMode]:
    """Return the modes at work; what is fitted to such rows comes on top."""
    chosen = plugin_manager().select(None, (), setup.spec.kind)
    return [mode for mode in chosen if not mode.fitted_loss]


def _study(row: Row, setup: SetUp, store: Store, members: int) -> tuple[str, dict[str, Any]]:
    """Return the row's study and its design, an earlier one of the same content if there is one."""
    modes = _modes_of(setup)
    asked = _asked(row, setup, members)
    name = _name(row, setup, [mode.id for mode in modes], asked)
    before = _known(store, name)
    if before is not None:
        design = dict(store.study(before).design)
        if len(design["values"]) < members:
            design = ensemble.lengthened(
                store, before, design, {"samples": members, "settle": None}
            )
        return before, design | {"values": design["values"][:members]}
    missing = plugin_manager().missing(())
    subject = ensemble.Subject(setup.spec, setup.rules, modes, None, missing)
    design = ensemble.design(subject, asked, _shared())
    return store.start_study(kind=KIND, cell_name=name, design=design), design


def _study_without(
    row: Row, setup: SetUp, store: Store, whole: Mapping[str, Any], without: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """Return the study of a row's own members without some modes, and its design.

    Each member keeps its numbers, but for those of the modes that are left out: nothing reads them.
    """
    prefixes = tuple(f"modes.{mode}." for mode in without)
    kept = [i for i, key in enumerate(whole["keys"]) if not key.startswith(prefixes)]
    modes = [mode for mode in whole["modes"] if mode not in without]
    less = {
        name: [key for key in whole[name] if not key.startswith(prefixes)]
        for name in ("keys", "inputs", "rebuilt")
    }
    values = [[of[i] for i in kept] for of in whole["values"]]
    design = dict(whole) | less | {"modes": modes, "values": values}
    name = _name(row, setup, modes, _asked(row, setup, 0) | {"without": sorted(without)})
    before = _known(store, name)
    if before is None:
        return store.start_study(kind=KIND, cell_name=name, design=design), design
    store.change_study(
        before, lambda now: now if len(now["values"]) >= len(values) else now | {"values": values}
    )
    return before, design


def _asked(row: Row, setup: SetUp, members: int) -> dict[str, Any]:
    """Return what a row's ensemble is asked for."""
    return DEFAULTS | {
        "cycles": setup.cycles,
        "samples": members,
        # The same points for all rows of a paper: what differs between them is the set-up.
        "seed": zlib.crc32(row.paper.encode()),
        "settle": None,
        **{name: number_of("lives", name) for name in ("rtol", "atol")},
        "jump": {name: number_of("lives", name) for name in ("tolerance", "sodium")},
    }


def _name(row: Row, setup: SetUp, modes: Sequence[str], asked: Mapping[str, Any]) -> str:
    """Return what a row's study is found by: its paper, and a hash of all that decides it."""
    from twin.specs.dump import cell_to_data

    decides = {
        "cell": cell_to_data(setup.spec),
        "protocol": setup.rules.to_data(),
        "modes": list(modes),
        "asked": {**asked, "samples": None},
        "packages": packages(),
    }
    text = json.dumps(decides, sort_keys=True, default=str)
    return f"{row.paper} {hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _known(store: Store, name: str) -> str | None:
    """Return the study of a name; None if there is none."""
    return next((s.id for s in store.studies(kind=KIND) if s.cell_name == name), None)


# ------------------------------------------------------------ what came of it


def _read(
    row: Row, setup: SetUp, store: Store, lived: Sequence[Lived], design: Mapping[str, Any]
) -> Told:
    reader = {
        RETENTION: _retained,
        RESISTANCE: _resistance,
        CRITICAL: _critical,
        LIFE: _life,
    }[row.quantity]
    values: list[float] = []
    dead: list[bool] = []
    at_once: list[bool] = []
    told: list[int] = []
    ways: dict[str, int] = {}
    wall = 0.0
    for member, life in enumerate(lived):
        wall += life.wall_s or 0.0
        value = reader(row, setup, store, life)
        if value is None:
            continue
        values.append(value)
        told.append(member)
        dead.append(life.dead)
        at_once.append(life.dead and not life.finished)
        if life.dead:
            way = f"{life.mode or 'core'}: {life.criterion}"
            ways[way] = ways.get(way, 0) + 1
    lost = len(lived) - len(values)
    reason = "" if len(values) > 1 else f"{lost} of its {len(lived)} lives could not be followed"
    ranked = dict(sorted(ways.items(), key=lambda item: -item[1]))
    died = np.array(dead, dtype=bool)
    first = np.array(at_once, dtype=bool)
    around = _around(setup, design, told)
    return Told(np.array(values), died, lost, setup.to_dict(), reason, ranked, wall, first, around)


def _around(setup: SetUp, design: Mapping[str, Any], told: Sequence[int]) -> dict[str, Around]:
    """Return what was drawn with a lognormal spread for the members that are told of."""
    from twin.specs.naming import find

    around: dict[str, Around] = {}
    for key in setup.drawn:
        if key not in design["keys"]:
            continue
        of = find(setup.spec, key)
        kind, *numbers = of.spread.split()
        if kind == "lognormal":
            at = design["keys"].index(key)
            drawn = np.array([design["values"][member][at] for member in told])
            around[key] = Around(of.text, float(numbers[0]), np.log(drawn / of.si))
    return around


def _retained(row: Row, setup: SetUp, store: Store, life: Lived) -> float | None:
    """Return the share of the first cycle's capacity that is left; None if it is not known."""
    from twin.engine.capacity import first_capacity

    if life.dead:
        return 0.0
    if not life.known:
        return None
    rows = [r for r in store.cycles(life.run) if r.get("complete", True)]
    first = first_capacity(rows)
    if not first:
        return None
    left = min(max(rows[-1]["capacity_Ah"] / first, 1e-6), 1.0)
    # Its loss goes on by the root of the cycles that were not followed.
    return gone_on(left, cycles_of(row), setup.cycles)


def _resistance(row: Row, setup: SetUp, store: Store, life: Lived) -> float | None:
    """Return decades of the resistance of one face [ohm.cm2]: half of all but the electrolyte's."""
    rows = store.cycles(life.run)
    if not rows or not all(name in rows[-1] for name in _RESISTANCES):
        return None
    whole, electrolyte = (rows[-1][name] for name in _RESISTANCES)
    return math.log10(max((whole - electrolyte) / 2 * 1e4, 1e-3))


def _critical(row: Row, setup: SetUp, store: Store, life: Lived) -> float | None:
    """Return decades of the current between the last level that was carried and the next."""
    if not life.known:
        return None
    currents = levels()
    carried = life.finished if life.dead else len(currents)
    step = currents[1] / currents[0]
    return math.log10(currents[0] * step ** (carried - 0.5))


def _life(row: Row, setup: SetUp, store: Store, life: Lived) -> float | None:
    """Return decades of hours: of its death, or those that it was followed."""
    rows = store.cycles(life.run)
    hours = rows[-1]["t_end_s"] / 3600 if rows else 0.0
    if not (life.known or life.finished):
        return None
    return math.log10(max(hours, 0.1))
