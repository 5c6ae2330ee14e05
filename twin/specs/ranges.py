"""Where a cell's laws hold: the temperatures and concentrations that are known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twin.constants import ZERO_CELSIUS
from twin.specs.complaint import Complaint
from twin.specs.naming import walk_laws

COLDEST = 100.0
"""No cell of the twin works below this [K]: a table that begins there is in degC."""
_SLACK = 1e-6
"""A temperature this near to a table's end [K] is its end."""


def celsius_complaint(x: tuple[float, ...], over: str) -> Complaint | None:
    """Return what a table over temperature has against its own points."""
    if over != "temperature" or x[0] >= COLDEST:
        return None
    return Complaint(
        f"x runs from {x[0]:g} to {x[-1]:g} K, which is no room for this cell",
        fix=f"x is in K: if these are degC, add {ZERO_CELSIUS} to each",
        keys=("x",),
    )


def temperature_complaints(spec: Any, T: float, what: str) -> Iterator[Complaint]:
    """Yield a complaint for each law of a cell that says nothing at a temperature.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    T : float
        The temperature [K].
    what : str
        What is at it, e.g. ``"thermal.ambient"``.
    """
    for key, law in walk_laws(spec):
        if law.law == "table" and law.over == "temperature":
            low, high = law.x[0], law.x[-1]
            if not low - _SLACK <= T <= high + _SLACK:
                yield Complaint(
                    f"its table runs from {low:g} to {high:g} K; {what} is {_shown(T)}",
                    fix=_fix(low, high, T),
                    keys=(f"{key}.x",),
                )
        if law.law == "vtf" and law.ideal_glass_temperature.si + _SLACK >= T:
            yield Complaint(
                "a VTF law holds above its ideal glass temperature, "
                f"{law.ideal_glass_temperature.text}; {what} is {_shown(T)}",
                fix="use another law, or a warmer cell",
                keys=(f"{key}.ideal_glass_temperature",),
            )


def concentration_complaints(spec: Any) -> Iterator[Complaint]:
    """Yield a complaint for each electrolyte that begins outside one of its own tables."""
    for place in ("electrolyte", "anode.electrolyte", "cathode.electrolyte"):
        material = _electrolyte(spec, place)
        if material is None:
            continue
        c = material.salt_concentration.si
        where = f"{place}.material" if place == "electrolyte" else place
        for name, law in walk_laws(material):
            if law.law == "table" and law.over == "concentration":
                low, high = law.x[0], law.x[-1]
                if not low * (1 - 1e-9) <= c <= high * (1 + 1e-9):
                    yield Complaint(
                        f"its table runs from {low:g} to {high:g} mol/m^3; the "
                        f"salt_concentration is {c:g} mol/m^3",
                        fix="add points, or correct their unit: x is in mol/m^3",
                        keys=(f"{where}.{name}.x",),
                    )


def _electrolyte(spec: Any, place: str) -> Any:
    if place == "electrolyte":
        return spec.electrolyte.material
    return getattr(getattr(spec, place.partition(".")[0]), "electrolyte", None)


def _shown(T: float) -> str:
    return f"{T:g} K ({T - ZERO_CELSIUS:g} degC)"


def _fix(low: float, high: float, T: float) -> str:
    if low - _SLACK <= T - ZERO_CELSIUS <= high + _SLACK:
        return f"x is in K: if these are degC, add {ZERO_CELSIUS} to each"
    return 'add measured points there, or use law = "arrhenius", which says how it goes on'
