"""Whether a step of a protocol can be meant for a cell: its sense, and its voltages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.specs.steps import Step

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

_ROUNDING = 1e-9
"""A voltage that is the window's own, written out and read again, is off by no more [V]."""
_OPPOSITE = {"charge": "Discharge", "discharge": "Charge"}


MOST_POINTS = 1_000_000
"""Stored points of one step: at some fifty variables, what a machine can hold of a cycle."""
_LONGEST_H = 1e6
"""A century and more: times beyond it lose the seconds in which a step begins [h]."""


def too_much(step: Step, period: float | None) -> tuple[str, str] | None:
    """Return what of a step cannot be computed or held, and a fix; None if all can.

    ``period`` is the spacing of its stored points [s].
    """
    span = float(step.duration)
    if span > 3600 * _LONGEST_H:
        return f"it takes {span / 3600:.3g} h", f"let it take no more than {_LONGEST_H:g} h"
    points = 0.0 if period is None else span / period
    if points > MOST_POINTS:
        return (
            f"a point every {period:g} s of {span / 3600:.3g} h are {points:.2g} points",
            f"give a period of {span / MOST_POINTS:.2g} s or more, or a shorter step",
        )
    return None


def contradiction(step: Step, text: str, spec: CellSpec) -> tuple[str, str] | None:
    """Return what speaks against a step for a cell, and a fix; None if nothing does.

    Parameters
    ----------
    step : Step
        The step as PyBaMM has read it.
    text : str
        Its words.
    spec : CellSpec
        The cell, with its voltage window.
    """
    return _wrong_sense(step, text) or _no_such_charge(step, spec) or _outside(step, spec)


def _wrong_sense(step: Step, text: str) -> tuple[str, str] | None:
    said = text.split(" ", 1)[0].lower()
    does = step.direction
    if said not in _OPPOSITE or does not in _OPPOSITE or said == does:
        return None
    return (
        f"a {said} at a negative rate is a {does}, which contradicts itself",
        f'leave the minus out, or write "{_OPPOSITE[said]} at …" if that is meant',
    )


def _no_such_charge(step: Step, spec: CellSpec) -> tuple[str, str] | None:
    """Return what speaks against the states of charge that a step ends at."""
    for end in step.shares:
        if spec.kind != "full":
            return (
                "a symmetric cell has no state of charge",
                "end the step by its time, its charge or a voltage",
            )
        if not 0 <= end.value <= 1:
            return f"{end.value:.3%} is no state of charge", "give one from 0 to 100 %"
        if end.side is None:
            return (
                "nothing tells from which side it comes to the state of charge",
                f'write "until < {100 * end.value:g} % SOC" where it falls to it, or "until > …"',
            )
    return None


def _outside(step: Step, spec: CellSpec) -> tuple[str, str] | None:
    lower, upper = spec.window.lower.si, spec.window.upper.si
    for voltage in step.voltages:
        if lower - _ROUNDING <= voltage <= upper + _ROUNDING:
            continue
        side, limit = ("below", "lower") if voltage < lower else ("above", "upper")
        return (
            f"{voltage:g} V lies {side} the window of {spec.name}, {lower:g} V to {upper:g} V",
            f"write {{{limit}}} for the cell's own limit, or, if the cell may go there, change "
            f'the cell: --set window.{limit}="{voltage:g} V"',
        )
    return None
