"""What a cell could hold at rest: its open-circuit capacity, from its sites and its sodium.

The estimate of a capacity that no discharge has measured. Of the state it takes the sites that
are left and the sodium that can still move; the voltage limits then give the capacity by
the electrodes' own curves. With ``q`` the charge moved from the anode to the cathode [A.h]::

    E(q) = U_c((n_c + q)/Q_c) - U_a((n_a - q)/Q_a),     E falls with q
    Q_ocv = q(E = V_lower) - q(E = V_upper)
    Q = F c_max u eps_s f L A/3600,    n = x Q      (a composite; u: share that is used,
                                                     f: active fraction left)

At a metal ``U_a = 0`` and ``n_a`` is the sodium of the layer, which ends the discharge when
it is used up. No current flows, so no resistance counts: that has a criterion of its own.
The curves are those at the reference temperature.

Reference: the balance of two electrodes' windows, as in M. Dubarry et al., J. Power Sources
219 (2012) 204 (recalled).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.engine.open_circuit_curves import curve, fillings
from twin.model.parameters import used_capacity
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port
from twin.specs.balance import metal_charge
from twin.specs.schema import CellSpec

_POINTS = 4001
"""Of each electrode's curve: a step of 0.025 % of its sites."""


@dataclass(frozen=True)
class PutBack:
    """What is put back into an electrode before its capacity is told.

    ``host`` is a share of the electrode's host, as full as ``filling``; ``sodium`` a charge
    [A.h].
    """

    host: float = 0.0
    filling: float = 0.0
    sodium: float = 0.0

    def __bool__(self) -> bool:
        return self.host != 0 or self.sodium != 0


_NOTHING = PutBack()


class OpenCircuit:
    """The open-circuit capacity of one full cell.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    """

    def __init__(self, spec: CellSpec):
        self.cell = CellContext(spec)
        self._filling = fillings(_POINTS)
        self._sites = {
            i.place: used_capacity(spec, self.cell.porous(i.place))
            for i in self.cell.interfaces
            if i.kind == "porous"
        }
        self._curves = {
            i.place: curve(spec, i.place, _POINTS)
            for i in self.cell.interfaces
            if i.kind == "porous"
        }

    def capacity(
        self, state: Mapping[str, float], put_back: Mapping[str, PutBack] | None = None
    ) -> float:
        """Return the capacity between the voltage limits [A.h].

        Parameters
        ----------
        state : mapping
            The stored variables at one moment: fillings, active fractions and the metal's
            thickness.
        put_back : mapping, optional
            By electrode, what is put back into it first.
        """
        ends, _, _ = self._ends(state, put_back or {})
        return float(ends[1] - ends[0])

    def full_filling(self) -> float:
        """Return how full the cathode of the new cell is at the upper voltage limit."""
        ends, held, sites = self._ends(self._new(), {})
        return float((held + ends[0]) / sites)

    def limits(self) -> dict[str, tuple[float, float]]:
        """Return the least and the greatest filling of each composite between the voltage limits.

        Of the new cell at rest; an anode is emptied by a discharge.
        """
        new = self._new()
        (full, empty), held, sites = self._ends(new, {})
        fillings = {"cathode": (float((held + full) / sites), float((held + empty) / sites))}
        anode = self.cell.interfaces[0]
        if anode.kind == "porous":
            own, room = self._host(anode, new, _NOTHING)
            fillings["anode"] = (float((own - empty) / room), float((own - full) / room))
        return fillings

    def as_assembled(self) -> tuple[float, float]:
        """Return the capacity [A.h] and the energy [W.h] of the new cell at rest."""
        q, voltage = self._curve_of(self._new(), {})[:2]
        window = self.cell.spec.window
        ends = np.interp([-window.upper.si, -window.lower.si], -voltage, q)
        inside = np.linspace(ends[0], ends[1], _POINTS)
        energy = np.trapezoid(np.interp(inside, q, voltage), inside)
        return float(ends[1] - ends[0]), float(energy)

    def _new(self) -> dict[str, float]:
        """Return the state of the cell as assembled."""
        new = {}
        for i in self.cell.interfaces:
            if i.kind == "porous":
                filling = self.cell.porous(i.place).initial_stoichiometry
                new[i("stoichiometry")] = filling.si
            else:
                new[i("sodium thickness [m]")] = self.cell.metal(i.place).thickness.si
        return new

    def _ends(
        self, state: Mapping[str, float], put_back: Mapping[str, PutBack]
    ) -> tuple[np.ndarray, float, float]:
        """Return the charges at the upper and the lower limit [A.h], with those at the cathode.

        They are counted from the state; the others are what the cathode holds in it and what
        its sites could hold.
        """
        q, voltage, held, sites = self._curve_of(state, put_back)
        window = self.cell.spec.window
        ends = np.interp([-window.upper.si, -window.lower.si], -voltage, q)
        return ends, held, sites

    def _curve_of(
        self, state: Mapping[str, float], put_back: Mapping[str, PutBack]
    ) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Return charges [A.h] from the state on, the voltage at each, and the cathode's two."""
        anode, cathode = self.cell.interfaces
        of_anode, of_cathode = (put_back.get(i.place, _NOTHING) for i in (anode, cathode))
        n_c, sites_c = self._host(cathode, state, of_cathode)
        if anode.kind == "porous":
            n_a, sites_a = self._host(anode, state, of_anode)
            low, high = max(-n_c, n_a - sites_a), min(sites_c - n_c, n_a)
        else:
            n_a, sites_a = self._metal(anode, state) + of_anode.sodium, 0.0
            low, high = -n_c, min(sites_c - n_c, n_a)
        if high <= low:
            return np.zeros(2), np.zeros(2), n_c, sites_c
        q = np.linspace(low, high, _POINTS)
        voltage = self._at(cathode, (n_c + q) / sites_c)
        if anode.kind == "porous":
            voltage = voltage - self._at(anode, (n_a - q) / sites_a)
        # A measured curve may have a hump; what the cell passes through once does not.
        return q, np.minimum.accumulate(voltage), n_c, sites_c

    def _host(
        self, interface: Interface, state: Mapping[str, float], put_back: PutBack
    ) -> tuple[float, float]:
        """Return the sodium in a composite and the sites it has left [A.h]."""
        place = interface.place
        active = state.get(Port.ACTIVE_FRACTION.at(place).variable, 1.0)
        held = state[interface("stoichiometry")] * active + put_back.filling * put_back.host
        whole = self._sites[place]
        return held * whole + put_back.sodium, (active + put_back.host) * whole

    def _metal(self, interface: Interface, state: Mapping[str, float]) -> float:
        """Return the sodium of a metal layer [A.h]."""
        spec = self.cell.spec
        height = state[interface("sodium thickness [m]")]
        charge = metal_charge(self.cell.metal(interface.place).material, height)
        return float(charge * spec.geometry.area.si / 3600)

    def _at(self, interface: Interface, filling: np.ndarray) -> np.ndarray:
        value: np.ndarray = np.interp(filling, self._filling, self._curves[interface.place])
        return value
