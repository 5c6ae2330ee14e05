"""Ranges of a study: whether their ends make cells, and what needs a new build on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import split_overrides
from twin.studies.base import base_of, modes_of

if TYPE_CHECKING:
    from twin.search.axes import Axis


def check_ends(axes: Sequence[Axis], design: Mapping[str, Any]) -> None:
    """Refuse a range whose ends make no cell or no protocol: before the work, not in it."""
    from twin.specs.dump import with_values
    from twin.specs.protocol import Protocol

    spec, rules = base_of(design), Protocol.from_data(design["protocol"])
    for axis in axes:
        for value in (axis.low, axis.high):
            for_cell, for_protocol = split_overrides({axis.key: axis.text(value)})
            if for_cell:
                with_values(spec, for_cell)
            if for_protocol:
                rules.with_parameters(for_protocol).resolve(spec)


def inputs_of(
    axes: Sequence[Axis], design: Mapping[str, Any], sampled: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Return which keys (those sampled too) can change without a new build, and which cannot."""
    from twin.engine.simulator import split
    from twin.specs.dump import with_values
    from twin.specs.overrides import PROTOCOL
    from twin.uncertainty.spreads import uncertain

    spec = base_of(design)
    modes = modes_of(design)
    items: list[Any] = [Varied(axis, spec) for axis in axes if not axis.key.startswith(PROTOCOL)]
    if sampled:
        items += [i for i in uncertain(spec, design["modes"]) if i.key in sampled]
    free, rebuilt = split(spec, modes, design["model"], items, lambda o: with_values(spec, o))
    return {"inputs": [i.key for i in free], "rebuilt": [i.key for i in rebuilt]}


class Varied:
    """An axis as :func:`twin.engine.simulator.split` wants it: a quantity that varies."""

    def __init__(self, axis: Axis, spec: Any):
        from twin.specs.naming import find

        self.key, self.axis, self.quantity = axis.key, axis, find(spec, axis.key)

    def value(self, u: Any) -> Any:
        """Return the values at places of (0, 1)."""
        return self.axis.value(u)

    def text(self, value: float) -> Any:
        """Return a value as a cell file would give it."""
        return self.axis.text(value)
