"""A cell built once and solved many times: the one place that says what needs a new build.

A built cell serves another one if nothing differs between the two but

- numbers that were left free when it was built (:func:`split` says which may be),
- the stack pressure, an input of every model,
- the currents of steps (:attr:`twin.engine.plan.Plan.but_for_currents`),

and if what ends a life has the same thresholds. Everything else is built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from twin import shelf
from twin.engine import criteria
from twin.engine.criteria import Watched
from twin.engine.kept import name_of_cell
from twin.engine.model_print import alike, model_print, numbers, same_but_for
from twin.engine.plan import Plan
from twin.engine.prepare import Prepared, build_model, prepare
from twin.engine.settings import RunSettings
from twin.errors import TwinError
from twin.model.parameters import built_in
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.specs.change import differing
from twin.specs.dump import cell_to_data, with_values
from twin.specs.naming import find, parameter_name
from twin.specs.quantity import Quantity
from twin.specs.schema import CellSpec

_PRESSURE = "stack.pressure"
_BUILDS = 2
"""So many builds are kept: the one in use, and the one before."""


class Builds:
    """Builds, and what was found out on the way, of cells that one simulator after another solves.

    Studies of cells that are alike but for free numbers and the stack pressure (rows of one
    table, say) need one build, and one search for what can be free.

    Parameters
    ----------
    keep : int
        How many are kept, the latest.

    Attributes
    ----------
    made : int
        How many builds there have been.
    kept : list
        The builds, the latest last.
    """

    def __init__(self, keep: int = _BUILDS):
        self.made = 0
        self.kept: list[_Build] = []
        self._keep = keep
        self._splits: list[_Split] = []

    def serving(
        self, spec: CellSpec, plan: Plan, modes: Sequence[FailureMode], asked: _Asked
    ) -> _Build | None:
        """Return a build that a cell needs no other for."""
        return next(
            (b for b in self.kept if b.asked.suits(asked) and b.serves(spec, plan, modes)), None
        )

    def add(self, build: _Build) -> None:
        """Keep a build."""
        self.made += 1
        self.kept = [*self.kept, build][-self._keep :]

    def split(
        self,
        spec: CellSpec,
        modes: Sequence[FailureMode],
        model: str,
        items: Sequence[Item],
        changed: Changed,
    ) -> tuple[list[Item], list[Item]]:
        """Return what :func:`split` does, from an earlier cell that is alike if there was one."""
        keys, ids = [item.key for item in items], [mode.id for mode in modes]
        free = next((s.free for s in self._splits if s.serves(spec, ids, model, keys)), None)
        if free is None:
            free = frozenset(i.key for i in split(spec, modes, model, items, changed)[0])
            found = _Split(spec, ids, model, keys, free)
            self._splits = [*self._splits, found][-self._keep :]
        return [i for i in items if i.key in free], [i for i in items if i.key not in free]


class Simulator:
    """A cell that is built once for all that can share a build, and solved as often as asked.

    Parameters
    ----------
    spec : CellSpec
        The cell. A build has its values of what is free, not those of the cell that happens
        to come first, so that the order in which cells are asked for changes no number.
    modes : iterable of FailureMode
        What may happen to it.
    settings : RunSettings
        How it is solved.
    free : iterable of str
        Dotted keys of numbers to leave free, where the cell has them. Those the build hangs
        on (:func:`twin.model.parameters.built_in`) are not, whatever is asked.
    also : iterable of str
        Variables to record besides the usual ones.
    keep : int
        How many builds are kept.
    builds : Builds, optional
        Those of other simulators, to be used and added to; its own if not given.

    Attributes
    ----------
    built : int
        How many builds it has made.
    """

    def __init__(
        self,
        spec: CellSpec,
        modes: Iterable[FailureMode],
        settings: RunSettings,
        free: Iterable[str] = (),
        *,
        also: Iterable[str] = (),
        keep: int = _BUILDS,
        builds: Builds | None = None,
    ):
        self.spec, self.settings = spec, settings
        self.modes = list(modes)
        self.built = 0
        self._also = list(also)
        self._free = {key: name for key in free if (name := _name_at(spec, key)) is not None}
        self._asked = _Asked(settings, tuple(self._also), frozenset(self._free))
        self._builds = Builds(keep) if builds is None else builds

    def at(
        self, spec: CellSpec, plan: Plan, modes: Iterable[FailureMode] | None = None
    ) -> Prepared:
        """Return a cell ready to be cycled, with a new build only where it needs one.

        Parameters
        ----------
        spec : CellSpec
            The cell as it is to be solved.
        plan : Plan
            What is done to it.
        modes : iterable of FailureMode, optional
            Which modes are at work; all of the simulator's by default.

        Raises
        ------
        ModelError
            If it cannot be built.
        """
        chosen = self.modes if modes is None else list(modes)
        known = self._builds.serving(spec, plan, chosen, self._asked)
        if known is not None:
            return known.at(spec, plan)
        base = self._with_own_values(spec)
        if self._builds.serving(base, plan, chosen, self._asked) is not None:
            base = spec  # something that was asked to be free cannot be
        build = self._made(base, plan, chosen)
        if not build.serves(spec, plan, chosen):
            build = self._made(spec, plan, chosen)
        self._builds.add(build)
        return build.at(spec, plan)

    def _made(self, spec: CellSpec, plan: Plan, modes: Sequence[FailureMode]) -> _Build:
        values = {}
        for key, name in self._free.items():
            if _name_at(spec, key) == name:
                values[name] = find(spec, key).si
        prepared = prepare(spec, modes, plan, self.settings, free=values, also=self._also)
        self.built += 1
        free = {key: name for key, name in self._free.items() if name in prepared.free}
        return _Build(prepared, free, [mode.id for mode in modes], self._asked)

    def _with_own_values(self, spec: CellSpec) -> CellSpec:
        """Return a cell with the simulator's own values of what is free."""
        changed = [key for key in differing(self.spec, spec) if key in self._free]
        if not changed:
            return spec
        try:
            return with_values(spec, {key: find(self.spec, key).text for key in changed})
        except TwinError:
            return spec  # they do not fit what else is changed


@dataclass(frozen=True)
class _Asked:
    """How a simulator's builds are asked for: settings, what else is recorded, what is free."""

    settings: RunSettings
    also: tuple[str, ...]
    free: frozenset[str]

    def suits(self, other: _Asked) -> bool:
        """Return whether what is built so is what another simulator asks for."""
        return (self.settings, self.also) == (other.settings, other.also) and (
            other.free <= self.free
        )


@dataclass(frozen=True)
class _Split:
    """What of a cell can be free, and of which cell that was found."""

    spec: CellSpec
    modes: list[str]
    model: str
    keys: list[str]
    free: frozenset[str]

    def serves(self, spec: CellSpec, modes: Sequence[str], model: str, keys: Sequence[str]) -> bool:
        """Return whether a cell differs in nothing that decides what can be free."""
        if (modes, model, keys) != (self.modes, self.model, self.keys):
            return False
        return set(differing(self.spec, spec)) <= {*self.free, _PRESSURE}


@dataclass
class _Build:
    """A built cell, and what must not change for it to serve again."""

    prepared: Prepared
    free: Mapping[str, str]  # key -> PyBaMM's name
    modes: list[str]
    asked: _Asked
    turned: Prepared | None = None
    """The same at the currents of the plan that was last asked for: made once for all its lives."""

    def serves(self, spec: CellSpec, plan: Plan, modes: Sequence[FailureMode]) -> bool:
        """Return whether a cell differs in nothing that the build hangs on."""
        own = self.prepared
        if [mode.id for mode in modes] != self.modes:
            return False
        if plan != own.plan and plan.but_for_currents != own.plan.but_for_currents:
            return False
        if not set(differing(own.spec, spec)) <= {*self.free, _PRESSURE}:
            return False
        return spec is own.spec or _judged(spec, own.modes) == _judged(own.spec, own.modes)

    def at(self, spec: CellSpec, plan: Plan) -> Prepared:
        """Return it with a cell's own numbers."""
        given = {name: find(spec, key).si for key, name in self.free.items()}
        if plan == self.prepared.plan:
            return self.prepared.at(spec, given, plan)
        if self.turned is None or self.turned.plan != plan:
            self.turned = self.prepared.at(spec, given, plan)
        return self.turned.at(spec, given, plan)


def _judged(spec: CellSpec, modes: Iterable[FailureMode]) -> list[Watched]:
    # What counts as fresh only scales a margin, which is zero where it was.
    watched = criteria.gather(CellContext(spec), modes)
    return [replace(item, criterion=replace(item.criterion, fresh=0.0)) for item in watched]


def _name_at(spec: CellSpec, key: str) -> str | None:
    """Return PyBaMM's name of the number at a key; None if there is none."""
    try:
        there = find(spec, key)
    except KeyError:
        return None
    return parameter_name(key, there.unit) if isinstance(there, Quantity) else None


class Varies(Protocol):
    """A number that can take other values: one with a spread, or one on a range."""

    @property
    def key(self) -> str:
        """Its dotted key."""

    @property
    def quantity(self) -> Quantity:
        """What the cell has there."""

    def value(self, u: np.ndarray) -> np.ndarray:
        """Return the values at points of (0, 1)."""

    def text(self, value: float) -> Any:
        """Return a value as a cell file would give it."""


Item = TypeVar("Item", bound=Varies)
Changed = Callable[[Mapping[str, Any]], CellSpec]
"""A function that returns the cell with some keys changed."""


def split(
    spec: CellSpec,
    modes: Sequence[FailureMode],
    model: str,
    items: Sequence[Item],
    changed: Changed,
) -> tuple[list[Item], list[Item]]:
    """Return the uncertain numbers that can be inputs, and those that need a new build.

    What was found out is kept beside the built cells (:mod:`twin.shelf`).
    """
    name = _name_of_split(spec, modes, model, items, changed)
    known = None if name is None else shelf.recall(name)
    if known is None:
        known = {"free": sorted(item.key for item in _free(spec, modes, model, items, changed))}
        if name is not None:
            shelf.keep(name, known)
    free = frozenset(known["free"])
    return [i for i in items if i.key in free], [i for i in items if i.key not in free]


def _tried(items: Sequence[Item]) -> dict[str, str]:
    """Return other values of some numbers, as a cell file would give them."""
    return {i.key: i.text(float(i.value(np.array([0.6]))[0])) for i in items}


def _name_of_split(
    spec: CellSpec,
    modes: Sequence[FailureMode],
    model: str,
    items: Sequence[Item],
    changed: Changed,
) -> str | None:
    """Return the name that a split is kept under; None where it is not."""
    tried = _tried(items)
    try:
        other = cell_to_data(changed(tried))
    except TwinError:
        return None
    asked = {"free among": [*tried.items()], "model": model, "other": other}
    return name_of_cell(spec, modes, asked)


def _free(
    spec: CellSpec,
    modes: Sequence[FailureMode],
    model: str,
    items: Sequence[Item],
    changed: Changed,
) -> list[Item]:
    plain = model_print(spec, modes, model)
    fixed = built_in(spec, build_model(spec, modes, model).default_geometry)

    def own(some: Sequence[Item]) -> set[str]:
        return {parameter_name(i.key, i.quantity.unit) for i in some}

    def other(some: Sequence[Item]) -> CellSpec:
        return changed(_tried(some))

    def alone(item: Item) -> bool:
        # Cheap, and spares the search below most of its builds.
        if own([item]) & fixed:
            return False
        try:
            after = numbers(other([item]))
        except TwinError:
            return False
        return same_but_for(plain[1], after, own([item]))

    def same(some: Sequence[Item]) -> bool:
        try:
            return alike(plain, model_print(other(some), modes, model), own(some))
        except TwinError:
            return False  # they cannot all be changed together

    def inputs(some: list[Item]) -> list[Item]:
        if not some or same(some):
            return some
        if len(some) == 1:
            return []
        half = len(some) // 2
        return inputs(some[:half]) + inputs(some[half:])

    return inputs([item for item in items if alone(item)])
