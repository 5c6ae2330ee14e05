"""The members of a forecast: how they are drawn."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries
from twin.errors import InputError
from twin.scenario import Scenario
from twin.status import LIVED
from twin.studies.asked import check, hash_as_named, same
from twin.studies.base import without_own
from twin.studies.registry import kept_design
from twin.studies.runner import Variant

if TYPE_CHECKING:
    import numpy as np

    from twin.engine.simulator import Builds
    from twin.modes.mode import FailureMode
    from twin.specs.protocol import Protocol
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.uncertainty.spreads import Uncertain

KIND = "forecast"
OWN = ("samples", "seed", "method", "settle", "fast")
"""What a forecast is asked for besides a scenario."""


@dataclass(frozen=True)
class Subject:
    """What a forecast is asked of, read and found to make sense."""

    spec: CellSpec
    rules: Protocol
    modes: list[FailureMode]
    as_named: str | None
    """The hash of the cell before overlays and overrides."""
    missing: Sequence[str] = ()
    """The twin's own modes that could not be loaded."""


def subject(wanted: Scenario, asked: Mapping[str, Any]) -> Subject:
    """Read a forecast's cell, protocol and failure modes.

    ``asked`` is as :func:`design` takes it.

    Raises
    ------
    TwinError
        For input that cannot be used.
    """
    _check(asked)
    resolved = wanted.resolve()
    resolved.rules.resolve(resolved.spec)  # a protocol that does not fit is better known at once
    named = hash_as_named(wanted.cell)
    return Subject(resolved.spec, resolved.rules, resolved.modes, named, resolved.missing)


def design(of: Subject, asked: Mapping[str, Any], builds: Builds | None = None) -> dict[str, Any]:
    """Return everything a worker needs to know of a new study, as plain data.

    ``builds`` are those of other studies, with what was found of their cells.
    """
    from twin.engine.simulator import split
    from twin.specs.dump import cell_to_data, with_values
    from twin.uncertainty.spreads import uncertain

    spec, rules, chosen = of.spec, of.rules, of.modes
    items = uncertain(spec, [mode.id for mode in chosen])
    found = split if builds is None else builds.split
    free, rebuilt = found(spec, chosen, asked["model"], items, lambda o: with_values(spec, o))
    seed = asked["seed"]
    design = {
        "as_named": of.as_named,
        "cell": cell_to_data(spec),
        "cell_name": spec.name,
        "protocol": rules.to_data(),
        "modes": [mode.id for mode in chosen],
        "model": asked["model"],
        "rtol": asked["rtol"],
        "atol": asked["atol"],
        "cycles": asked["cycles"],
        "seed": secrets.randbits(32) if seed is None else seed,
        "method": asked["method"],
        "settle": asked["settle"],
        "keys": [item.key for item in items],
        "inputs": [item.key for item in free],
        "rebuilt": [item.key for item in rebuilt],
        **without_own(of.missing),
    }
    if asked.get("fast"):
        design["fast"] = True
    if "jump" in asked:  # how closely lives are followed, where that is not as usual
        design["jump"] = dict(asked["jump"])
    return design | {"values": _values(spec, items, design, asked["samples"])}


def _check(asked: Mapping[str, Any]) -> None:
    for name in ("cycles", "samples"):
        if asked[name] < 1:
            raise InputError(f"{asked[name]} {name} are none", key=name, fix="ask for at least one")
    _check_settle(asked["settle"], asked["method"])
    if asked.get("fast"):
        from twin.engine.compiled import refuse_without_compiler

        refuse_without_compiler()


def _check_settle(settle: float | None, method: str) -> None:
    if settle is None:
        return
    if not 0 < settle < 0.5:
        raise InputError(
            f"bands cannot settle to {settle:g}",
            key="settle",
            fix="give half the width that a 90 % band may have, between 0 and 0.5, say 0.05",
        )
    if method != "sobol":
        raise InputError(
            "members cannot be added to a Latin hypercube",
            key="settle",
            fix="use the Sobol sequence (--method sobol) with --settle",
        )


def _values(
    spec: Any, items: Sequence[Uncertain], design: Mapping[str, Any], count: int
) -> list[list[float]]:
    import numpy as np

    from twin.uncertainty.correlations import correlation_matrix, joined

    matrix = correlation_matrix(spec, items, design["modes"])
    cube = joined(_points(design, count), matrix)
    columns = [item.value(cube[:, i]) for i, item in enumerate(items)]
    return [[float(x) for x in row] for row in np.array(columns).T]


def _points(design: Mapping[str, Any], count: int) -> np.ndarray:
    from twin.uncertainty.spreads import points

    return points(count, len(design["keys"]), design["seed"], design["method"])


def spec_of(design: Mapping[str, Any]) -> tuple[Any, list[Uncertain]]:
    """Return a stored study's cell, and its uncertain numbers."""
    from twin.specs.dump import cell_from_data
    from twin.uncertainty.spreads import uncertain

    spec = cell_from_data(design["cell"], mode_entries())
    return spec, uncertain(spec, design["modes"])


def drawn(design: Mapping[str, Any]) -> tuple[np.ndarray, list[list[int]], list[bool]]:
    """Return a study's independent points, what is drawn together, and what is aleatory."""
    from twin.uncertainty.correlations import blocks, correlation_matrix

    spec, items = spec_of(design)
    matrix = correlation_matrix(spec, items, design["modes"])
    return _points(design, len(design["values"])), blocks(matrix), [item.aleatory for item in items]


def continued(store: Store, study: str, cell: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's design, its sample lengthened if more members are wanted.

    Parameters
    ----------
    store : Store
        Where it is.
    study : str
        Its id.
    cell : CellSpec, str or Path
        The cell asked for.
    asked : mapping
        What else is asked of it; None is what was not given.

    Raises
    ------
    InputError
        If it is not what the study was begun with.
    NotFoundError
        If there is no such forecast.
    """
    design = kept_design(store, study, KIND)
    of = {name: value for name, value in asked.items() if name not in OWN}
    check(study, design, Scenario.of(cell, **of))
    for name in ("seed", "method"):
        if asked[name] is not None:
            same(study, name, asked[name], design[name])
    if asked["fast"] is not None:
        same(study, "fast", asked["fast"], design.get("fast", False))
    return lengthened(store, study, design, asked)


def lengthened(
    store: Store, study: str, design: dict[str, Any], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a study's design with as many members as are asked for now.

    ``asked`` has ``samples`` and ``settle``; None is what was not given.

    Raises
    ------
    InputError
        If it has more, or its sample cannot be lengthened.
    """
    have, samples, settle = len(design["values"]), asked["samples"], asked["settle"]
    _check_settle(settle, design["method"])
    if samples is None or samples == have:
        return design | ({} if settle is None else {"settle": settle})
    if samples < have:
        raise InputError(
            f"study {study} has {have} members, and cannot have {samples}",
            key="samples",
            fix="leave it out, or ask for more",
        )
    if "track" in design:
        raise InputError(
            f"study {study} was drawn around a track, and has all its members",
            key="samples",
            fix=f"draw another: twin forecast CELL --from {design['track']} --samples {samples}",
        )
    if design["method"] != "sobol":
        raise InputError(
            "a Latin hypercube cannot be lengthened", key="samples", fix="start a new study"
        )
    spec, items = spec_of(design)
    values = _values(spec, items, design, samples)
    # Another process may have asked it for more in the meantime.
    design = store.change_study(
        study, lambda now: now if len(now["values"]) >= samples else now | {"values": values}
    )
    return (
        design
        | {"values": design["values"][:samples]}
        | ({} if settle is None else {"settle": settle})
    )


def to_do(store: Store, study: str, samples: int) -> int:
    """Return how many members are not done."""
    runs = store.runs(study=study)
    done = {run.settings["member"] for run in runs if run.status in LIVED}
    return sum(index not in done for index in range(samples))


class Drawn(Mapping[str, Any]):
    """A member's values by key, as a cell file would give them; written as they are asked for.

    Written out, a hundred thousand members of sixty numbers take a gigabyte.
    """

    __slots__ = ("_items", "_values")

    def __init__(self, items: Sequence[Uncertain], values: Sequence[float]):
        self._items, self._values = items, values

    def __getitem__(self, key: str) -> Any:
        for item, value in zip(self._items, self._values, strict=True):
            if item.key == key:
                return item.text(value)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return (item.key for item in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Any:
        """Return keys and texts, each written once."""
        return {i.key: i.text(v) for i, v in zip(self._items, self._values, strict=True)}.items()


def variants(design: Mapping[str, Any]) -> list[Variant]:
    """Return the members of a study, as the runner lives them."""
    _, items = spec_of(design)
    return [Variant(index, Drawn(items, values)) for index, values in enumerate(design["values"])]
