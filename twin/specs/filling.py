"""How full a cathode is that is put together discharged, as synthesised.

A host made with all its sodium is as full as the cell's lower voltage limit leaves it, so that
a first discharge fills no more sites than the charge before it emptied::

    U_c(x_0) - U_a(x_a) = V_lower + 1 uV
    first efficiency = (x_end - x_charged)/(x_0 - x_charged) <= 1

``U_c`` and ``U_a`` are the open-circuit potentials at the cell's ambient temperature; ``U_a``
is nought at a metal and that of the anode's own filling at a host. The microvolt keeps the
start inside the window: an experiment may not begin at a limit.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from twin.constants import REFERENCE_TEMPERATURE
from twin.specs import curves
from twin.specs.complaint import Complaint
from twin.specs.naming import find, walk_quantities
from twin.specs.smoothing import smoothed

DISCHARGED = "discharged"
"""What stands for the number in a cell's file."""
_ABOVE = 1e-6
_FULL, _EMPTY = 1 - 1e-5, 1e-5
_HALVINGS, _SCAN = 60, 200
# The barrier that PyBaMM adds to every open-circuit potential (its U_asymptotes): 1 mV a
# thousandth from an end, 1 V at the end. The start must lie inside the window with it.
_BARRIER = (205.0568621937484, 6910.192179565431, -7.7e-4)
_LAWS = ("open_circuit_potential", "entropic_change")


def is_discharged(electrode: Any) -> bool:
    """Return whether an electrode's filling is the one that the lower limit leaves it."""
    return electrode is not None and (
        getattr(getattr(electrode, "initial_stoichiometry", None), "text", "") == DISCHARGED
    )


def hangs_on(spec: Any) -> tuple[str, ...]:
    """Return the dotted keys of the numbers that a discharged cathode's filling hangs on."""
    places = ["cathode"]
    keys = ["window.lower", "thermal.ambient"]
    if hasattr(spec.anode, "initial_stoichiometry"):
        places.append("anode")
        keys.append("anode.initial_stoichiometry")
    return (*keys, *(key for place in places for key in _of_laws(spec, f"{place}.material")))


def _of_laws(spec: Any, place: str) -> Iterator[str]:
    for name in _LAWS:
        law = find(spec, f"{place}.{name}")
        yield from (key for key, _ in walk_quantities(law, f"{place}.{name}"))


def discharged_filling(spec: Any, numbers: Mapping[str, float] | None = None) -> float:
    """Return the filling at which a full cell's open-circuit voltage is its lower limit.

    Where a curve has a hump, it is the fullest such state.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    numbers : mapping, optional
        Other values, by dotted key, for those it hangs on (:func:`hangs_on`).

    Raises
    ------
    Complaint
        If a curve is PyBaMM's own, or the cathode never comes up to the lower limit.
    """
    given = {key: find(spec, key).si for key in hangs_on(spec)} | dict(numbers or {})
    lowest = given["window.lower"] + _ABOVE
    if "anode.initial_stoichiometry" in given:
        lowest += _potential(spec, "anode.material", given["anode.initial_stoichiometry"], given)

    def left(x: float) -> float:
        value: float = _potential(spec, "cathode.material", x, given) - lowest
        return value

    full = _FULL
    if left(full) >= 0:
        return full
    for step in range(1, _SCAN + 1):
        low = _FULL + (_EMPTY - _FULL) * step / _SCAN
        if left(low) >= 0:
            break
        full = low
    else:
        raise Complaint(
            f"the cathode's open-circuit potential nowhere comes up to the lower limit of "
            f"{spec.window.lower.text}, at which a discharged cell begins",
            fix="lower window.lower, or give cathode.initial_stoichiometry as a number",
            keys=("cathode.initial_stoichiometry", "window.lower"),
        )
    for _ in range(_HALVINGS):
        middle = (low + full) / 2
        if left(middle) >= 0:
            low = middle
        else:
            full = middle
    return low


def _potential(spec: Any, place: str, x: float, given: Mapping[str, float]) -> float:
    """Return a host's open-circuit potential at a filling [V], as PyBaMM has it."""
    U, dU = (_value(spec, f"{place}.{name}", x, given) for name in _LAWS)
    warmer = given["thermal.ambient"] - REFERENCE_TEMPERATURE
    return U + warmer * dU + _barrier(x) - _barrier(1 - x)


def _barrier(x: float) -> float:
    a, b, c = _BARRIER
    z = -b * (x - c)
    return a * (z if z > 36 else math.log1p(math.exp(z)))


def _value(spec: Any, key: str, x: float, given: Mapping[str, float]) -> float:
    law = find(spec, key)

    def of(name: str) -> float:
        return given[f"{key}.{name}"]

    if law.law == "constant":
        return of("value")
    if law.law == "table":
        scale = 1.0 if law.scale is None else of("scale")
        if law.smoothing is not None:
            return scale * float(smoothed(law.x, law.values(), law.smoothing, x))
        return scale * _between(law.x, law.values(), x)
    if law.law in curves.CURVES:
        return float(curves.potential(law, of, x))
    raise Complaint(
        f"{key} is a {law.law!r} law, which is not solved for the filling of a discharged cell",
        fix="give cathode.initial_stoichiometry as a number",
        keys=("cathode.initial_stoichiometry",),
    )


def _between(x: tuple[float, ...], y: tuple[float, ...], at: float) -> float:
    if at <= x[0]:
        return y[0]
    if at >= x[-1]:
        return y[-1]
    i = bisect_right(x, at)
    share = (at - x[i - 1]) / (x[i] - x[i - 1])
    return y[i - 1] + share * (y[i] - y[i - 1])
