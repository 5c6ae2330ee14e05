"""Whether a step of a protocol can be meant for a cell: its sense, and its voltages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

_ROUNDING = 1e-9
"""A voltage that is the window's own, written out and read again, is off by no more [V]."""
_OPPOSITE = {"charge": "Discharge", "discharge": "Charge"}


def contradiction(step: Any, text: str, spec: CellSpec) -> tuple[str, str] | None:
    """Return what speaks against a step for a cell, and a fix; None if nothing does.

    Parameters
    ----------
    step : pybamm.step.BaseStep
        The step as PyBaMM has read it.
    text : str
        Its words.
    spec : CellSpec
        The cell, with its voltage window.
    """
    return _wrong_sense(step, text) or _outside(step, spec)


def _wrong_sense(step: Any, text: str) -> tuple[str, str] | None:
    said = text.split(" ", 1)[0].lower()
    does = (step.direction or "").lower()
    if said not in _OPPOSITE or does not in _OPPOSITE or said == does:
        return None
    return (
        f"a {said} at a negative rate is a {does}, which contradicts itself",
        f'leave the minus out, or write "{_OPPOSITE[said]} at …" if that is meant',
    )


def _outside(step: Any, spec: CellSpec) -> tuple[str, str] | None:
    lower, upper = spec.window.lower.si, spec.window.upper.si
    for voltage in voltages_of(step):
        if lower - _ROUNDING <= voltage <= upper + _ROUNDING:
            continue
        side, limit = ("below", "lower") if voltage < lower else ("above", "upper")
        return (
            f"{voltage:g} V lies {side} the window of {spec.name}, {lower:g} V to {upper:g} V",
            f"write {{{limit}}} for the cell's own limit, or, if the cell may go there, change "
            f'the cell: --set window.{limit}="{voltage:g} V"',
        )
    return None


def voltages_of(step: Any) -> list[float]:
    """Return the voltages a step holds or ends at [V]."""
    import pybamm

    found = [
        float(end.value)
        for end in step.termination
        if isinstance(end, pybamm.step.VoltageTermination)
    ]
    if isinstance(step, pybamm.step.Voltage):
        found.append(float(step.value))
    return found
