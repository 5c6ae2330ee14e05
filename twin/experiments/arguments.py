"""What the virtual experiments are asked with: quantities, cells of the right kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import InputError
from twin.scenario import Scenario
from twin.specs.overrides import PROTOCOL, Overrides, split_overrides

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

OnShare = Callable[[float, str], None]
"""Told the share of the work done and, in a few words, what is being done."""


_LONGEST = {"s": (3.2e8, "ten years")}
"""The most of a unit, in SI and in words: no solver can resolve a longer leg's beginning."""


def quantity(name: str, text: str | float, unit: str, *, least: float = 0.0) -> float:
    """Return an argument such as ``"0.5 mA/cm^2"`` in SI units; it must exceed ``least``.

    A number is taken to be in SI units already. A time is at most ten years.

    Raises
    ------
    InputError
        If it is no such quantity, too small or too large.
    """
    from twin.specs.quantity import example
    from twin.units import UnitError, to_si

    try:
        value = to_si(text, unit) if isinstance(text, str) else float(text)
    except UnitError as error:
        raise InputError(str(error), key=name, fix=f'give it like "{example(unit)}"') from None
    if not least < value < float("inf"):
        raise InputError(
            f"{text} is too small" if value <= least else f"{text} is not finite",
            key=name,
            fix=f'give more than {least:g}, like "{example(unit)}"',
        )
    most, words = _LONGEST.get(unit, (float("inf"), ""))
    if value > most:
        raise InputError(f"{text} is too long", key=name, fix=f"give at most {words}")
    return value


def to_measure(
    cell: CellSpec | Scenario | str | Path,
    overlays: Sequence[str | Path],
    overrides: Overrides,
    modes: Iterable[str] | None,
    without: Iterable[str],
    model: str | None = None,
) -> Scenario:
    """Return what is measured: a cell, or a scenario's, whatever else that would do to it.

    Raises
    ------
    InputError
        If a protocol's parameter is to be changed: a measurement has none.
    """
    _, for_protocol = split_overrides(overrides)
    for name in for_protocol:
        raise InputError(
            "a measurement follows no protocol",
            key=f"{PROTOCOL}{name}",
            fix="leave it out: what is done to the cell are the command's own options",
        )
    return Scenario.of(
        cell, overlays=overlays, overrides=overrides, modes=modes, without=without, model=model
    )


def symmetric(spec: CellSpec, what: str) -> None:
    """Raise if a cell is not a symmetric one."""
    if spec.kind != "symmetric":
        raise InputError(
            f"{spec.name} is a {spec.kind} cell; {what} are measured on a symmetric one",
            key="kind",
            fix="take a symmetric cell with the same electrolyte: `twin cells` lists them",
        )
