"""The numbers that a calibration may move: which, with what prior, within what bounds.

Each has a coordinate ``z`` in which its prior is normal with mean 0 and variance 1::

    x = x_0 exp(s z)     a positive number, s its spread
    x = x_0 + s z        one that may be nought, or a filling

The prior is the quantity's own ``spread`` in the cell if it has one, else the table below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import InputError
from twin.specs.complaint import did_you_mean
from twin.specs.naming import find, parameter_name, walk_quantities
from twin.specs.quantity import Quantity
from twin.specs.schema import PorousElectrode

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

WIDEST = 3.5
"""Bounds lie so many standard deviations of the prior from its middle."""
_LOG, _LINEAR = "log", "linear"
_RATE, _TRANSPORT, _CAPACITY, _WINDOW, _THERMAL = 1.0, 0.4, 0.05, 0.03, 0.5
"""Prior spreads: of kinetics and solid diffusion (a factor of e), of transport in the
electrolyte, of an electrode's capacity, of its filling at the start, of heat."""
_CONTACT_V = 0.05
"""A contact may cost so much at the largest current [V]."""
_CURVE = {
    "plateau": (_LINEAR, 0.1), "slope": (_LINEAR, 0.2), "step": (_LINEAR, 0.2),
    "step_at": (_LINEAR, 0.1), "step_width": (_LOG, 0.5), "rise": (_LOG, 0.5), "fall": (_LOG, 0.5),
}  # fmt: skip
"""Of an open-circuit curve that was drawn, not measured."""
_LEADS = {"constant": "value", "arrhenius": "reference", "vtf": "prefactor"}


@dataclass(frozen=True)
class FreeNumber:
    """A number that the data may move.

    Attributes
    ----------
    key : str
        Its dotted key.
    quantity : Quantity
        What the cell has there.
    kind : {"log", "linear"}
        In what its prior is normal.
    width : float
        The prior's standard deviation, of the logarithm or in the quantity's unit.
    low, high : float
        Bounds, in the quantity's SI unit.
    """

    key: str
    quantity: Quantity
    kind: str
    width: float
    low: float
    high: float

    @property
    def name(self) -> str:
        """PyBaMM's name of it."""
        return parameter_name(self.key, self.quantity.unit)

    @property
    def middle(self) -> float:
        """The prior's middle, in SI."""
        return self.quantity.si

    @property
    def z_bounds(self) -> tuple[float, float]:
        """The bounds as coordinates."""
        return self.z(self.low), self.z(self.high)

    def x(self, z: float) -> float:
        """Return the number at a coordinate, within its bounds."""
        if self.kind == _LOG:
            value = self.middle * math.exp(min(self.width * z, 700.0))
        else:
            value = self.middle + self.width * z
        return min(max(value, self.low), self.high)

    def z(self, x: float) -> float:
        """Return a number's coordinate."""
        if self.kind == _LOG:
            return math.log(x / self.middle) / self.width
        return (x - self.middle) / self.width

    def value(self, u: np.ndarray) -> np.ndarray:
        """Return the values at points of (0, 1), in the quantity's SI unit."""
        from scipy.stats import norm

        return np.array([self.x(float(z)) for z in norm.ppf(np.asarray(u))])

    def text(self, value: float) -> Any:
        """Return a value as a cell file would give it."""
        unit = self.quantity.unit
        return f"{float(value)!r} {unit}" if unit else float(value)

    def spread(self, sd: float) -> str:
        """Return a standard deviation of ``z`` as a cell file's ``spread``."""
        name = "lognormal" if self.kind == _LOG else "normal"
        return f"{name} {self.width * sd:.4g}"


def lead_of(law: Any) -> str | None:
    """Return the name of the number that a law's value is proportional to."""
    if law.law in ("table", "pybamm"):
        return "scale"
    return _LEADS.get(law.law)


def candidates(spec: CellSpec, densest: float, *, heat: bool) -> list[FreeNumber]:
    """Return what may be free in a full cell, each with its prior.

    Parameters
    ----------
    spec : CellSpec
        The cell, made ready (:func:`twin.calibration.ready.made_ready`).
    densest : float
        The largest current density in the data [A.m-2].
    heat : bool
        Whether temperatures were measured.
    """
    found: list[FreeNumber] = []

    def add(key: str, kind: str, width: float, low: float = 0.0, high: float = math.inf) -> None:
        quantity = _quantity(spec, key)
        if quantity is not None:
            found.append(_free(key, quantity, kind, width, low, high))

    def law(key: str, width: float) -> None:
        try:
            there = find(spec, key)
        except KeyError:
            return
        lead = None if there is None else lead_of(there)
        if lead is not None:
            add(f"{key}.{lead}", _LOG, width)

    binary = spec.electrolyte.material.transport == "binary"
    for place in ("anode", "cathode"):
        electrode = getattr(spec, place)
        law(f"interfaces.{place}.exchange_current", _RATE)
        if not isinstance(electrode, PorousElectrode):
            continue
        law(f"{place}.material.diffusivity", _RATE)
        curve = electrode.material.open_circuit_potential
        if curve.law == "plateau" and curve.status in (None, "assumed", "unverified"):
            for name, (kind, width) in _CURVE.items():
                low = 0.01 if name == "step_at" else 0.0 if kind == _LOG else -math.inf
                key = f"{place}.material.open_circuit_potential.{name}"
                add(key, kind, width, low, 0.99 if name == "step_at" else math.inf)
        add(f"{place}.active_fraction", _LOG, _CAPACITY, high=_most_active(electrode))
        add(f"{place}.initial_stoichiometry", _LINEAR, _WINDOW, 1e-3, 1 - 1e-3)
        if binary:
            add(f"{place}.transport_efficiency", _LOG, _TRANSPORT, high=1.0)
    if binary:
        # The conductivity's part in it goes with the efficiencies' and the contact's.
        law("electrolyte.material.diffusivity", _TRANSPORT)
        add("electrolyte.material.transference_number.value", _LINEAR, 0.1, 0.02, 0.98)
    place = "cathode" if spec.interfaces.cathode is not None else "anode"
    if not binary:
        law("electrolyte.material.conductivity", _TRANSPORT)
    add(f"interfaces.{place}.resistance.value", _LINEAR, _CONTACT_V / densest, 0.0)
    if heat and spec.thermal.model == "lumped":
        add("thermal.heat_capacity", _LOG, _THERMAL)
        add("thermal.heat_transfer", _LOG, _THERMAL)
    return found


def _most_active(electrode: PorousElectrode) -> float:
    return float(1 - electrode.electrolyte_fraction.si) - 1e-6


def chosen(
    spec: CellSpec, all_of_them: Sequence[FreeNumber], keys: Sequence[str]
) -> list[FreeNumber]:
    """Return the free numbers that somebody asks for by their keys.

    Raises
    ------
    InputError
        If a key does not exist, or is no number.
    """
    if not keys:
        return list(all_of_them)
    known = {item.key: item for item in all_of_them}
    found = []
    for key in dict.fromkeys(keys):
        if key in known:
            found.append(known[key])
            continue
        quantity = _quantity(spec, key)
        if quantity is None:
            there = [*known, *(k for k, _ in walk_quantities(spec))]
            raise InputError(
                f"{spec.name} has no number {key!r}", key="free",
                fix=did_you_mean(key, there, "`twin cells show` lists its numbers"),
            )  # fmt: skip
        kind = _LOG if quantity.si > 0 else _LINEAR
        width = 0.5 if kind == _LOG else max(abs(quantity.si), 1.0)
        found.append(
            _free(key, quantity, kind, width, 0.0 if kind == _LOG else -math.inf, math.inf)
        )
    return found


def _quantity(spec: CellSpec, key: str) -> Quantity | None:
    try:
        there = find(spec, key)
    except KeyError:
        return None
    return there if isinstance(there, Quantity) else None


def _free(
    key: str, quantity: Quantity, kind: str, width: float, low: float, high: float
) -> FreeNumber:
    """Return a free number, with its own spread in the cell as the prior if it has one."""
    if quantity.spread is not None:
        kind, width = _own(quantity, kind, width)
    if kind == _LOG:
        reach = math.exp(WIDEST * width)
        low, high = max(low, quantity.si / reach), min(high, quantity.si * reach)
    else:
        reach = WIDEST * width
        low, high = max(low, quantity.si - reach), min(high, quantity.si + reach)
    return FreeNumber(key, quantity, kind, width, min(low, quantity.si), max(high, quantity.si))


def _own(quantity: Quantity, kind: str, width: float) -> tuple[str, float]:
    assert quantity.spread is not None
    name, *words = quantity.spread.split()
    numbers = [float(word.rstrip("%")) * (0.01 if "%" in word else 1) for word in words]
    if name == "lognormal" and quantity.si > 0:
        return _LOG, numbers[0]
    if name == "normal":
        return _LINEAR, numbers[0]
    if name == "uniform":
        return _LINEAR, (numbers[1] - numbers[0]) / math.sqrt(12)
    return kind, width
