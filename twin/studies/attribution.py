"""Attribution: what a life lost, split over its failure modes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.catalog.cells import acting_modes, mode_entries
from twin.engine.outcome import CAPACITY
from twin.errors import InputError, SolverGaveUpError
from twin.runs.record import keep_summary, open_store
from twin.scenario import Scenario
from twin.studies.asked import same
from twin.studies.base import gone_on_with, study_design
from twin.studies.life_record import LifeDone, Lived
from twin.studies.registry import Going, KeptResult, StudyKind, kept_design
from twin.studies.runner import Lives, Variant
from twin.ties import first_best

if TYPE_CHECKING:
    from twin.catalog.asked import LivesAsked
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.uncertainty.loss_split import CoalitionLife

MOST_PLAYERS = 6
KIND = "attribute"
CYCLES = 500
"""The horizon of a new attribution, where none is given."""


class Attribution(KeptResult):
    """The losses of a life, by failure mode; the lives behind it are a study in the store."""

    @property
    def by_mode(self) -> dict[str, float]:
        """The capacity lost to each mode [A.h]."""
        return dict(self._document["by_mode"])

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the shares and the interactions; save the figure if a path is given."""
        from twin.report.attribution import plot_attribution

        return plot_attribution(self.to_dict(), path)


def attribute(
    cell: CellSpec | Scenario | str | Path,
    *,
    cycles: int | None = None,
    groups: Sequence[str] = (),
    workers: int | None = None,
    study: str | None = None,
    store: str | Store | None = None,
    on_life: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    **asked: Unpack[LivesAsked],
) -> Attribution:
    """Split what a cell loses, and the life it loses, over its failure modes.

    A life by cycle jump is simulated with every subset of the modes that act (``2^n`` lives); the
    shares are Shapley's values, which add up to the total.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    cycles : int
        The horizon: lives that last so long are not followed further; 500 by default.
    groups : sequence of str
        Modes to be counted as one, ``["dendrite+pressure"]``: each group halves the work.
    workers : int, optional
        Local processes; as many as there are cores by default. (In a script, call this
        under ``if __name__ == "__main__":``.)
    study : str, optional
        A study to go on with; what has been lived is kept. What is given besides has to be
        what it was begun with.
    store : str or Store, optional
        The database.
    on_life, on_start, on_wait : callable, optional
        Told of each finished life, the study's id, and of lives that other processes are
        living and that are waited for.
    **asked
        ``protocol``, ``overlays``, ``overrides``, ``modes``, ``without``, ``model``
        (``"spm"`` by default), ``rtol`` and ``atol`` of :func:`twin.simulate`.

    Raises
    ------
    InputError
        For input that cannot be used; too many modes, or none.
    SolverGaveUpError
        If the solver stops in one of the lives where no criterion is near.
    """
    opened = open_store(store)
    if study is None:
        wanted = Scenario.of(cell, cycles=cycles, **asked).filled({"cycles": CYCLES})
        design = study_design(wanted, wanted.cycles)
        design["players"] = _players(_acting(design), groups)
        study = opened.start_study(kind=KIND, cell_name=design["cell_name"], design=design)
    else:
        design = gone_on_with(opened, study, KIND, cell, {**asked, "cycles": cycles})
        if groups:
            same(
                study,
                "group",
                _players(_acting(design), groups),
                design["players"],
                ", ".join(groups),
            )
    return _go_on(opened, study, design, Going(workers, on_life, on_start, on_wait))


def _go_on(store: Store, study: str, design: dict[str, Any], going: Going) -> Attribution:
    began = time.perf_counter()
    with Lives(store, study, design, going) as lives:
        document = _document(study, design, store, lives)
    document["wall_s"] = time.perf_counter() - began
    keep_summary(store, study, document)
    return Attribution(store, study)


STUDY = StudyKind(
    KIND,
    "the loss split over the failure modes",
    Attribution,
    _go_on,
    attribute,
    defaults={"cycles": CYCLES},
)


def load_attribution(study: str, *, store: str | Store | None = None) -> Attribution:
    """Return a stored attribution by its study's id."""
    opened = open_store(store)
    kept_design(opened, study, KIND)
    return Attribution(opened, study)


def _acting(design: Mapping[str, Any]) -> list[str]:
    """Return the modes that act in the cell: each of them doubles the lives, others do nothing."""
    from twin.specs.dump import cell_from_data

    return acting_modes(cell_from_data(design["cell"], mode_entries()), design["modes"])


def _players(modes: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return the players: modes, or groups of them joined by ``+``."""
    left, players = list(modes), []
    for group in groups:
        members = [part.strip() for part in group.split("+") if part.strip()]
        for mode in members:
            if mode not in left:
                raise InputError(
                    f"{mode!r} is no failure mode of this study that is still to be grouped",
                    key="group",
                    fix=f"choose from {', '.join(left) or 'none'}, joined by +",
                )
            left.remove(mode)
        players.append("+".join(sorted(members)))
    players = sorted([*players, *left])
    if not players:
        raise InputError(
            "there is no failure mode to put a loss down to",
            key="modes",
            fix="leave --modes and --without out, or name the modes that act",
        )
    if len(players) > MOST_PLAYERS:
        raise InputError(
            f"{len(players)} failure modes make {2 ** len(players)} lives",
            key="group",
            fix=f"count some as one (--group a+b) or leave some out, until {MOST_PLAYERS} are left",
        )
    return players


def _document(study: str, design: dict[str, Any], store: Store, lives: Lives) -> dict[str, Any]:
    from twin.uncertainty.loss_split import coalitions, common_cycle, split_life, split_row

    players = design["players"]
    subsets = coalitions(players)
    # The whole cell first: whatever is wrong with it shows at once.
    variants = [_variant(s, players) for s in reversed(subsets)]
    ended = dict(zip(reversed(subsets), lives.live(variants), strict=True))
    followed = {s: _followed(store, lived, design["cycles"]) for s, lived in ended.items()}
    cycle = common_cycle(followed)
    if cycle == 0:
        unborn = next(s for s, life in followed.items() if not life.last)
        raise InputError(
            f"the cell {_with(unborn)} does not finish its first cycle, so there is nothing to "
            "compare",
            key="modes",
            fix=f"leave modes out, or change what kills it at once (twin show {ended[unborn].run})",
        )
    capacity = split_row(players, followed, "capacity_Ah", cycle, -1.0)
    resistance = split_row(players, followed, "resistance_Ohm_m2", cycle, 1.0)
    life = split_life(players, followed)
    everything, nothing = frozenset(players), frozenset[str]()
    whole, bare = followed[everything], followed[nothing]
    notes = []
    shortest = min(subsets, key=lambda s: (followed[s].last, -len(s)))
    if followed[shortest].last < whole.last:
        notes.append(
            f"compared in cycle {cycle}: {_with(shortest)} the cell dies sooner than as it is"
        )
    if not whole.dead:
        notes.append(
            f"the cell lives beyond {design['cycles']} cycles: no life is lost within them"
        )
    elif not bare.dead:
        notes.append(
            f"without any of them the cell outlives {design['cycles']} cycles: "
            "the life lost is that within them"
        )
    outcome = dict(ended[everything].outcome)
    blamed = _blamed(outcome, capacity["all"].by_mode)
    if outcome.get("mode") and blamed != outcome["mode"] and whole.dead:
        notes.append(
            f"the run puts its death down to {outcome['mode']}; leaving the modes out, {blamed} "
            "took most of the capacity"
        )
    return {
        "study": study,
        "cell": design["cell_name"],
        "cycles": design["cycles"],
        "died_of": blamed if whole.dead else None,
        "compared_in_cycle": cycle,
        "modes": players,
        "total_capacity_loss_Ah": capacity["all"].total,
        "by_mode": capacity["all"].by_mode,
        "residual": capacity["all"].residual,
        "capacity_without_modes_Ah": bare.at("capacity_Ah", cycle),
        "capacity_Ah": whole.at("capacity_Ah", cycle),
        "resistance_without_modes_Ohm_m2": bare.at("resistance_Ohm_m2", cycle),
        "resistance_Ohm_m2": whole.at("resistance_Ohm_m2", cycle),
        "life": whole.life if whole.dead else None,
        "life_without_modes": bare.life if bare.dead else None,
        "losses": {
            "capacity_Ah": {name: part.to_dict() for name, part in capacity.items()},
            "resistance_Ohm_m2": {name: part.to_dict() for name, part in resistance.items()},
            "life_cycles": {"all": life.to_dict()},
        },
        "outcome": outcome,
        "coalitions": [
            {
                "modes": sorted(s),
                "run": ended[s].run,
                "life": followed[s].life if followed[s].dead else None,
                "died_of": ended[s].mode,
                "criterion": ended[s].criterion,
                "capacity_Ah": followed[s].at("capacity_Ah", cycle),
                "resistance_Ohm_m2": followed[s].at("resistance_Ohm_m2", cycle),
            }
            for s in subsets
        ],
        "notes": notes,
    }


def _blamed(outcome: Mapping[str, Any], lost: Mapping[str, float]) -> str | None:
    """Return what a life died of, by the lives without each mode where they can tell.

    A criterion that a mode has brought is its own. A capacity that is lost is put down to who
    took most of it; where that is a group of modes with the run's own among them, to that.
    """
    mode: str | None = outcome.get("mode")
    if outcome.get("criterion") != CAPACITY or not lost:
        return mode
    most = first_best(lost, lost.__getitem__)
    return mode if lost[most] <= 0 or mode in most.split("+") else most


def _with(coalition: frozenset[str]) -> str:
    return f"with {', '.join(sorted(coalition))} alone" if coalition else "without any mode"


def _variant(coalition: frozenset[str], players: Sequence[str]) -> Variant:
    acting = [mode for player in players if player in coalition for mode in player.split("+")]
    return Variant(name=", ".join(sorted(coalition)) or "none", modes=tuple(sorted(acting)))


def _followed(store: Store, lived: Lived, horizon: int) -> CoalitionLife:
    from twin.uncertainty.loss_split import CoalitionLife

    if not lived.known:
        raise SolverGaveUpError(
            f"the solver could not follow the life with {lived.name}: {lived.outcome.get('says')}",
            fix=f"see `twin show {lived.run}`; try other tolerances, or leave a mode out",
        )
    rows = [row for row in store.cycles(lived.run) if row.get("complete", True)]
    return CoalitionLife(lived.cycles if lived.dead else horizon, lived.dead, rows)
