"""What the mechanisms say of published rows: an ensemble of lives a row.

Each row's cell (:mod:`twin.outcomes.setups`) is a forecast of its own, with its own Sobol points,
so that what is said of a row hangs on no other row and on no number of workers. Its lives are
members of a study in the store, found again by a hash of all that decides them: ablations and folds
share them, and what was interrupted goes on.
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
from twin.studies import ensemble
from twin.studies.ensemble import KIND
from twin.studies.forecast import DEFAULTS
from twin.studies.life_record import Lived
from twin.studies.registry import Going
from twin.studies.runner import Lives, workers_for

if TYPE_CHECKING:
    from twin.engine.simulator import Builds
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
    without: Iterable[str] = (),
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
    without : iterable of str
        Failure modes that are left out.
    jobs : int
        How many processes.
    on_progress : callable
        Told the share that is done, and of which row.
    """
    left_out = tuple(sorted(without))
    calls = [(_url(store), row, members, left_out) for row in rows]
    predictions: list[Told | None] = [None] * len(rows)
    with ExitStack() as stack:
        hands = stack.enter_context(workers_for(store, jobs, None))
        each: Iterator[tuple[int, Any]]
        if hands is None:
            each = ((i, _told_here(row, store, members, left_out)) for i, row in enumerate(rows))
        else:
            each = hands.each(_told_there, calls)
        for number, (at, told) in enumerate(each, start=1):
            if isinstance(told, BaseException):
                if isinstance(told, StoreError):
                    raise told
                told = nothing(f"its lives were lost: {type(told).__name__}: {told}")
            predictions[at] = told
            row = rows[at]
            on_progress(number / len(rows), f"{row.paper}/{row.id}: {len(told.values)} lives")
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
        study, design = _study(row, setup, store, members, without)
    except TwinError as error:
        return nothing(f"{setup.cell}: {error}")
    with Lives(store, study, design, Going(workers=1), builds=_shared()) as lives:
        lived = lives.live(ensemble.variants(design))
    return _read(row, setup, store, lived, design)


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


def _study(
    row: Row, setup: SetUp, store: Store, members: int, without: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """Return the row's study and its design, an earlier one of the same content if there is one."""
    from twin.specs.dump import cell_to_data

    chosen = plugin_manager().select(None, (), setup.spec.kind)
    # What is fitted to such rows is learned on top of what the mechanisms leave.
    modes = [mode for mode in chosen if mode.id not in without and not mode.fitted_loss]
    asked = DEFAULTS | {
        "cycles": setup.cycles,
        "samples": members,
        # The same points for all rows of a paper: what differs between them is the set-up.
        "seed": zlib.crc32(row.paper.encode()),
        "settle": None,
        **{name: number_of("lives", name) for name in ("rtol", "atol")},
        "jump": {name: number_of("lives", name) for name in ("tolerance", "sodium")},
    }
    decides = {
        "cell": cell_to_data(setup.spec),
        "protocol": setup.rules.to_data(),
        "modes": [mode.id for mode in modes],
        "asked": asked | {"samples": None},
        "packages": packages(),
    }
    text = json.dumps(decides, sort_keys=True, default=str)
    name = f"{row.paper} {hashlib.sha256(text.encode()).hexdigest()[:20]}"
    before = next((s.id for s in store.studies(kind=KIND) if s.cell_name == name), None)
    if before is not None:
        design = dict(store.study(before).design)
        if len(design["values"]) < members:
            design = ensemble.lengthened(
                store, before, design, {"samples": members, "settle": None}
            )
        return before, design | {"values": design["values"][:members]}
    missing = plugin_manager().missing(without)
    subject = ensemble.Subject(setup.spec, setup.rules, modes, None, missing)
    design = ensemble.design(subject, asked, _shared())
    return store.start_study(kind=KIND, cell_name=name, design=design), design


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
        if life.dead:
            way = f"{life.mode or 'core'}: {life.criterion}"
            ways[way] = ways.get(way, 0) + 1
    lost = len(lived) - len(values)
    reason = "" if len(values) > 1 else f"{lost} of its {len(lived)} lives could not be followed"
    ranked = dict(sorted(ways.items(), key=lambda item: -item[1]))
    died = np.array(dead, dtype=bool)
    around = _around(setup, design, told)
    return Told(np.array(values), died, lost, setup.to_dict(), reason, ranked, wall, around)


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
