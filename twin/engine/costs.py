"""What each failure mode cost, computed from what it contributed to the ports.

Nobody is asked: a mode's cost is what the cell would have back if the mode's own contributions
were what they were at the first moment, and all others what they are at the last one. With
``j`` the current density of the discharge, ``theta`` the conducting fraction, ``R_p`` the
pristine resistance, ``R`` the sum of the interface resistances, ``j_0`` the exchange current
density per cell area, ``U`` the sum of the shifts (``s`` = 1 at the anode, -1 at the cathode),
``f`` the factor on a layer's conductivity and ``R_l`` its resistance, an interface takes ::

    v = j (R_p/theta + R) + 2 R_g T/F asinh(j/(2 j_0 theta)) + s U
    dV = v(last) - v(last, the mode's own as at first)
       + j R_l (1 - f_last/f_first)                           over the layers

off the voltage [V]. Of the capacity it takes [A.h] ::

    dC = Q_ocv(last, the mode's own as at first) - Q_ocv(last)
       + Q_nom [l(G) - l(G, the mode's own as at first)],     l = G V/(G V + j)

with ``Q_ocv`` the open-circuit capacity (:mod:`twin.engine.inventory`) of the state with the
host that the mode cut off, what was in it, and the sodium its currents took, all put back;
``G`` is the conductance of internal shorts, ``V`` the voltage. So a loss that a reserve makes
up for costs nothing. Heat that a mode brings is told as the voltage that would make as much,
``q/j``. A factor on a solid's diffusivity and a change of the stack pressure cost nothing
here by themselves: the first shows in the capacity, the second by what the pressure does to
other contributions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Protocol

from twin.constants import FARADAY, GAS_CONSTANT
from twin.engine.inventory import OpenCircuit, PutBack
from twin.engine.taken import Taken
from twin.model.names import ISOLATED, TEMPERATURE
from twin.model.parameters import nominal_capacity
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port, PortAt
from twin.specs.schema import CellSpec

LEAST = 1e-8
"""Fractions are not taken to be smaller: where nothing touches, nothing can be told."""
_SHORT = Port.SHORT_CONDUCTANCE.at()
_TAKES = (Port.PARASITIC_CURRENT, Port.PLATING_CURRENT)

Values = Mapping[str, float]


class Ported(Protocol):
    """A cell, and who contributes what to its ports."""

    @property
    def spec(self) -> CellSpec:
        """The cell's numbers."""

    @property
    def cell(self) -> CellContext:
        """The cell as a mode sees it."""

    @property
    def contributors(self) -> Mapping[PortAt, Mapping[str, str]]:
        """By port and mode, the variable that is contributed."""

    @property
    def open_circuit(self) -> OpenCircuit:
        """What tells a full cell's capacity at rest."""


@dataclass(frozen=True)
class Cost:
    """What a mode cost: polarisation [V], capacity [A.h], and of that what leaked [A.h].

    ``heat`` is the heat it brings by itself, as a voltage [V].
    """

    polarisation: float = 0.0
    capacity: float = 0.0
    leaked: float = 0.0
    heat: float = 0.0


@dataclass(frozen=True)
class _Face:
    """What an interface's voltage depends on."""

    contact: float
    resistance: float
    exchange: float
    shift: float


class Costs:
    """The costs of a cell's modes between two moments.

    Parameters
    ----------
    prepared : Ported
        The cell: its interfaces, who contributes to what, its open-circuit capacity.
    first, last : mapping
        The stored variables at the two moments.
    taken : Taken
        The charge that each mode's currents have taken in between.
    current : float
        The discharge's current density [A.m-2].
    """

    def __init__(self, prepared: Ported, first: Values, last: Values, taken: Taken, current: float):
        self.prepared = prepared
        self.first, self.last = first, last
        self.taken = taken
        self.current = abs(current)
        spec = prepared.spec
        self.temperature = float(last.get(TEMPERATURE, spec.thermal.ambient.si))
        self.nominal = nominal_capacity(spec)
        self.area = spec.geometry.area.si

    def of(self, mode: str) -> Cost:
        """Return what a mode cost; nothing where that is no number."""
        volts = sum(self._at_interface(mode, i) for i in self.prepared.cell.interfaces)
        volts += self._in_layers(mode)
        leaked = self._leaked(mode)
        capacity = self._stored(mode) + leaked
        cost = Cost(volts, capacity, leaked, self._heat(mode))
        return cost if all(math.isfinite(part) for part in astuple(cost)) else Cost()

    # ------------------------------------------------------------------ contributions

    def _own(self, mode: str, at: PortAt) -> tuple[float, float] | None:
        """Return a mode's contribution to a port at both moments; None if there is none."""
        name = self.prepared.contributors.get(at, {}).get(mode)
        if name is None or name not in self.first or name not in self.last:
            return None
        return self.first[name], self.last[name]

    def _back(self, mode: str, at: PortAt) -> float:
        """Return what puts a mode's contribution back: a factor of a product, or a term."""
        own = self._own(mode, at)
        if own is None:
            return 1.0 if at.port.combine == "product" else 0.0
        if at.port.combine == "product":
            return own[0] / max(own[1], LEAST)
        return own[0] - own[1]

    # ------------------------------------------------------------------------ voltage

    def _at_interface(self, mode: str, i: Interface) -> float:
        """Return the voltage that a mode cost at an interface [V]."""
        names = [i("conducting fraction"), i("series resistance [Ohm.m2]")]
        names.append(i("charge-transfer resistance [Ohm.m2]"))
        if any(name not in self.last for name in names):
            return 0.0
        contact, series, transfer = (self.last[name] for name in names)
        contact = max(contact, LEAST)
        port = self.last.get(Port.INTERFACE_RESISTANCE.at(i.place).variable, 0.0)
        pristine = max(series - port, 0.0) * contact
        thermal = GAS_CONSTANT * self.temperature / FARADAY
        exchange = thermal / max(transfer * contact, 1e-30)
        now = _Face(contact, port, exchange, 0.0)
        active = self._back(mode, Port.ACTIVE_FRACTION.at(i.place))
        before = _Face(
            contact * self._back(mode, Port.CONTACT_FRACTION.at(i.place)),
            port + self._back(mode, Port.INTERFACE_RESISTANCE.at(i.place)),
            exchange * (active if i.kind == "porous" else 1.0),
            self._back(mode, Port.EQUILIBRIUM_POTENTIAL.at(i.place)),
        )
        sign = 1 if i.place == "anode" else -1
        return self._drop(now, pristine, sign) - self._drop(before, pristine, sign)

    def _drop(self, face: _Face, pristine: float, sign: int) -> float:
        """Return ``v`` [V]."""
        j, thermal = self.current, 2 * GAS_CONSTANT * self.temperature / FARADAY
        contact = max(face.contact, LEAST)
        reaction = thermal * math.asinh(j / (2 * face.exchange * contact))
        return j * (pristine / contact + face.resistance) + reaction + sign * face.shift

    def _in_layers(self, mode: str) -> float:
        """Return the voltage that a mode cost in the electrolyte [V]."""
        whole = self.last.get("Electrolyte resistance [Ohm.m2]", 0.0)
        separator = self.last.get("Separator resistance [Ohm.m2]", whole)
        volts = 0.0
        for place, resistance in (("separator", separator), ("cathode", whole - separator)):
            own = self._own(mode, Port.CONDUCTIVITY_FACTOR.at(place))  # type: ignore[arg-type]
            if own is not None:
                volts += self.current * resistance * (1 - own[1] / max(own[0], LEAST))
        return volts

    # ----------------------------------------------------------------------- capacity

    def _leaked(self, mode: str) -> float:
        """Return the capacity that a mode's short leaks more than at first [A.h]."""
        own = self._own(mode, _SHORT)
        if own is None:
            return 0.0
        whole = self.last.get(_SHORT.variable, own[1])
        volts = abs(self.last.get("Voltage [V]", 0.0))
        now, before = (
            conductance * volts / max(conductance * volts + self.current, 1e-30)
            for conductance in (whole, whole + own[0] - own[1])
        )
        return self.nominal * (now - before)

    def _stored(self, mode: str) -> float:
        """Return the capacity at rest that a mode took with host and sodium [A.h]."""
        if self.prepared.cell.kind != "full":
            return 0.0
        put_back: dict[str, PutBack] = {
            i.place: self._put_back(mode, i) for i in self.prepared.cell.interfaces
        }
        if not any(put_back.values()):
            return 0.0
        held = self.prepared.open_circuit
        return held.capacity(self.last, put_back) - held.capacity(self.last)

    def _put_back(self, mode: str, i: Interface) -> PutBack:
        """Return what a mode took from an electrode."""
        charge = self.taken.by(mode, i.place) * self.area / 3600
        if i.kind != "porous":
            return PutBack(sodium=charge)
        at = Port.ACTIVE_FRACTION.at(i.place)
        factor = self._back(mode, at)
        active = self.last.get(at.variable, 1.0)
        cut_off = max(self.last.get(i("isolated host share"), 0.0), 0.0)
        filling = self.last.get(i("stoichiometry"), 0.0)
        if cut_off > LEAST:
            filling = self.last.get(i(ISOLATED), filling * cut_off) / cut_off
        return PutBack(host=(factor - 1) * active, filling=filling, sodium=charge)

    def _heat(self, mode: str) -> float:
        """Return the heat that a mode brings by itself, over the current [V]."""
        own = self._own(mode, Port.HEAT_SOURCE.at())
        return 0.0 if own is None or self.current <= 0 else own[1] / self.current


def takers(contributors: Mapping[PortAt, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield ``(place, mode, variable)`` of each current that takes sodium."""
    for at, by_mode in contributors.items():
        if at.port in _TAKES:
            for mode, variable in by_mode.items():
                yield at.place, mode, variable
