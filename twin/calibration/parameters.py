"""The numbers that a calibration may move: which, with what prior, within what bounds.

Each has a coordinate ``z`` in which its prior is normal with mean 0 and variance 1::

    x = x_0 exp(s z)     a positive number, s its spread
    x = x_0 + s z        one that may be nought, or a filling

The prior is the quantity's own ``spread`` in the cell if it has one, else the table below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.calibration.method import number_of, prior_of
from twin.errors import InputError
from twin.specs.complaint import did_you_mean
from twin.specs.naming import find, parameter_name, walk_quantities
from twin.specs.quantity import Quantity
from twin.specs.schema import PorousElectrode

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

WIDEST = number_of("bounds", "reach")
"""Bounds lie so many standard deviations of the prior from its middle."""
_LOG, _LINEAR = "log", "linear"
_CURVE = ("plateau", "slope", "step", "step_at", "step_width", "rise", "fall", "end_width")
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


def in_open_circuit(key: str) -> str | None:
    """Return the electrode whose drawn open-circuit curve a number is of; None if of none."""
    place, _, name = key.partition(".material.open_circuit_potential.")
    return place if name in _CURVE else None


def only_impedance(key: str) -> bool:
    """Return whether a number moves spectra alone: a run has no capacitances."""
    return key.endswith(("_capacitance", "relative_permittivity", "boundary_capacitance_ratio"))


def candidates(
    spec: CellSpec, densest: float, *, heat: bool, spectra: bool = False
) -> list[FreeNumber]:
    """Return what may be free in a full cell, each with its prior.

    Parameters
    ----------
    spec : CellSpec
        The cell, made ready (:func:`twin.calibration.ready.made_ready`).
    densest : float
        The largest current density in the data [A.m-2].
    heat : bool
        Whether temperatures were measured.
    spectra : bool
        Whether impedances were: capacitances can be told then, and the conductivity.
    """
    numbers: list[FreeNumber] = []

    def add(key: str, prior: str, low: float = 0.0, high: float = math.inf) -> None:
        quantity = _quantity(spec, key)
        if quantity is not None:
            numbers.append(_free(key, quantity, *prior_of(prior), low, high))

    def law(key: str, prior: str) -> None:
        try:
            there = find(spec, key)
        except KeyError:
            return
        lead = None if there is None else lead_of(there)
        if lead is not None:
            low = -math.inf if prior_of(prior)[0] == _LINEAR else 0.0
            add(f"{key}.{lead}", prior, low)

    binary = spec.electrolyte.material.transport == "binary"
    edge = number_of("bounds", "filling")
    for place in ("anode", "cathode"):
        electrode = getattr(spec, place)
        law(f"interfaces.{place}.exchange_current", "exchange_current")
        if not isinstance(electrode, PorousElectrode):
            continue
        law(f"{place}.material.diffusivity", "solid_diffusivity")
        curve = electrode.material.open_circuit_potential
        if curve.law == "plateau" and curve.status in (None, "assumed", "unverified"):
            for name in _CURVE:
                key = f"{place}.material.open_circuit_potential.{name}"
                if name == "step_at":
                    step_at = number_of("bounds", "step_at")
                    add(key, name, step_at, 1 - step_at)
                else:
                    add(key, name, 0.0 if prior_of(name)[0] == _LOG else -math.inf)
        add(f"{place}.active_fraction", "capacity", high=_most_active(electrode))
        add(f"{place}.size_spread", "size_spread", 0.0, number_of("bounds", "sizes"))
        add(f"{place}.initial_stoichiometry", "filling", edge, 1 - edge)
        if binary:
            add(f"{place}.transport_efficiency", "transport", high=1.0)
    if binary:
        # The conductivity's part in it goes with the efficiencies' and the contact's.
        law("electrolyte.material.diffusivity", "transport")
        t_plus = number_of("bounds", "t_plus")
        key = "electrolyte.material.transference_number.value"
        add(key, "transference", t_plus, 1 - t_plus)
    place = "cathode" if spec.interfaces.cathode is not None else "anode"
    if not binary or spectra:
        law("electrolyte.material.conductivity", "transport")
    contact = _quantity(spec, f"interfaces.{place}.resistance.value")
    if contact is not None:
        width = number_of("bounds", "contact") / densest
        numbers.append(
            _free(f"interfaces.{place}.resistance.value", contact, _LINEAR, width, 0.0, math.inf)
        )
    if spectra:
        for place in ("anode", "cathode"):
            for name in ("double_layer_capacitance", "film_capacitance"):
                add(f"interfaces.{place}.{name}", "capacitance")
    if heat and spec.thermal.model == "lumped":
        _entropy(spec, law)
        add("thermal.heat_capacity", "heat")
        add("thermal.heat_transfer", "heat")
    return numbers


def _entropy(spec: CellSpec, law: Callable[[str, str], None]) -> None:
    """Let the cell's entropy move: one electrode's, as a cell's heat tells only the difference."""
    for place in ("cathode", "anode"):
        electrode = getattr(spec, place)
        if not isinstance(electrode, PorousElectrode):
            continue
        entropy = electrode.material.entropic_change
        if entropy.law == "constant" and entropy.status in (None, "assumed", "unverified"):
            law(f"{place}.material.entropic_change", "entropy")
            return


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
    numbers = []
    for key in dict.fromkeys(keys):
        if key in known:
            numbers.append(known[key])
            continue
        quantity = _quantity(spec, key)
        if quantity is None:
            there = [*known, *(k for k, _ in walk_quantities(spec))]
            raise InputError(
                f"{spec.name} has no number {key!r}", key="free",
                fix=did_you_mean(key, there, "`twin cells show` lists its numbers"),
            )  # fmt: skip
        kind = _LOG if quantity.si > 0 else _LINEAR
        width = prior_of("asked")[1] if kind == _LOG else max(abs(quantity.si), 1.0)
        numbers.append(
            _free(key, quantity, kind, width, 0.0 if kind == _LOG else -math.inf, math.inf)
        )
    return numbers


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
