"""Sodium metal on a host's particles: when it plates, what strips, what is left dead.

A host that is charged too fast, too cold or too full falls below sodium's own potential. With
the potential ``phi`` between the particles and the electrolyte at their face (behind the film,
as where PyBaMM plates lithium) and the stack pressure ``p``, the reserve is::

    eta = phi_s - phi_e + V_m p/F                      0.246 mV per MPa

Where it is used up metal plates, where there is reserve again it strips (per cell area, as if
the whole electrode were like this place; oxidation counts positive)::

    k = a L theta 2 j_0(T) sinh(F eta/2RT) c           c = 1 where eta < 0 (it plates),
                                                       c = q/(q + q_c) where eta > 0 (it strips)
    dq/dt   = -k - w/(1 - w) <k>_+                     q_c = F h_c a L/V_m
    dq_d/dt = w/(1 - w) mean <k>_+

The change from one to the other is rounded over a tenth of a millivolt, and stripping gets no
faster above 0.2 V.
``q`` is the sodium that is plated and connected, at each place of a DFN's electrode and one for
all in a single-particle model; ``q >= 0``, as stripping ends with it. ``k`` stands beside the
host's own reaction in the current balance: plated sodium is stripped first, as the host gives
its own at a higher potential, and at rest it goes into a host that has room. Of what is
plated the share ``w`` loses its contact while it is stripped and is dead: from a full
strip ``1 - w`` comes back. The reaction's heat is the mean of ``k eta``, never negative. So
``host + q + q_d + interphase + cathode`` does not change.

Limits: plating starts at the current ``j = U/R`` where the host with the open-circuit potential
``U`` has polarised by all of it (``R`` its resistance to that current); while there is plenty of
metal, or none is stripped, ``k`` is that of PyBaMM's "reversible" lithium plating with equal
exchange currents. What the metal does to the pores, and the pressure its volume makes, are left
out; so is a barrier to the first nuclei.

Reference: S. E. J. O'Kane et al., J. Electrochem. Soc. 167 (2020) 090540 (PyBaMM's plating, read
as code); the pressure term: F. Larche, J. W. Cahn, Acta Metall. 21 (1973) 1051 (recalled).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import FARADAY, ModeSubModel, arrhenius

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Of F eta/2RT. Beyond, what is left is stripped in seconds anyway, and a solver's noise in it
# would be a current; in plating it is a solver's trial step.
_MOST = {"strips": 4, "plates": 40}
# Width of the change from stripping to plating [V].
_ROUND = 1e-4


def _beyond(eta: Any) -> pybamm.Symbol:
    """Return ``<eta>_+``, rounded; less that of ``-eta`` it is ``eta`` itself."""
    y = eta / _ROUND
    rounded = pybamm.log(1 + pybamm.exp(-pybamm.AbsoluteValue(y)))
    return _ROUND * (pybamm.maximum(y, 0) + rounded)


class PlatedSodium(ModeSubModel):
    """The sodium on one host, and the dead sodium it has left."""

    @property
    def _names(self) -> tuple[str, str]:
        i = self.interface
        return i("local plated sodium [C.m-2]"), i("dead plated sodium [C.m-2]")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define what is plated, place by place, and what is dead."""
        plated, dead = self._names
        scale = self._sites()
        q = self.local_state(plated, scale)
        return {
            plated: q,
            dead: self.state(dead, scale),
            self.interface("plated sodium [C.m-2]"): self.mean(q),
        }

    def _sites(self) -> pybamm.Symbol:
        """Return a hundredth of what the host holds [C.m-2], the size of a plated layer."""
        key = self.interface.place
        c_max = self.cell.parameter(f"{key}.material.maximum_concentration")
        volume = self.cell.parameter(f"{key}.active_fraction") * self.cell.parameter(
            f"{key}.thickness"
        )
        return 0.01 * pybamm.constants.F * c_max * volume

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """A new anode is bare."""
        self.initial_conditions = {variables[name]: pybamm.Scalar(0) for name in self._names}


class PlatingReaction(ModeSubModel):
    """The reaction between that sodium and the electrolyte; see the module's equations."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Reserve and current, place by place."""
        i, T = self.interface, variables[TEMPERATURE]
        v = self._molar_volume() / FARADAY
        pressed = v * pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        eta = variables[i("local potential vs sodium [V]")] + self.local(pressed)
        area = variables[i("particle area per cell area")]
        j_0 = self.p("exchange_current") * arrhenius(
            self.p("activation_energy"), T, self.p("reference_temperature")
        )
        whole = self.local(2 * j_0 * area * variables[i("conducting fraction")])
        q = pybamm.maximum(variables[i("local plated sodium [C.m-2]")], 0)
        covered = q / (q + self.local(self.p("continuity_thickness") / v * area))
        per_volt = self.local(pybamm.constants.F / (2 * pybamm.constants.R * T))
        strips, plates = (
            pybamm.sinh(pybamm.minimum(per_volt * _beyond(side), _MOST[what]))
            for what, side in (("strips", eta), ("plates", -eta))
        )
        current = whole * (covered * strips - plates)
        w = self.p("dead_share")
        dying = w / (1 - w) * pybamm.maximum(current, 0)
        variables[i("local plating reserve [V]")] = eta
        variables[i("plating reserve [V]")] = self.least(eta)
        variables["Plating heat [W.m-2]"] = self.mean(current * eta)
        variables[i("sodium plating current density [A.m-2]")] = current
        variables[i("face plating current density [A.m-2]")] = self.at_separator(current)
        face = self.at_separator(covered)
        variables[i("face plated fraction")] = pybamm.maximum(pybamm.minimum(face, 1), 0)
        variables[i("plating exchange current density [A.m-2]")] = self.scalar(j_0)
        variables[i("local dying sodium current density [A.m-2]")] = dying
        return variables

    def _molar_volume(self) -> pybamm.Parameter:
        own = f"{self.interface.place}.metal.molar_volume"
        return self.cell.parameter(own) if self.cell.has(own) else self.p("molar_volume")

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Plate, strip and lose."""
        i = self.interface
        current = variables[i("sodium plating current density [A.m-2]")]
        dying = variables[i("local dying sodium current density [A.m-2]")]
        self.rhs = {
            variables[i("local plated sodium [C.m-2]")]: -current - dying,
            variables[i("dead plated sodium [C.m-2]")]: self.mean(dying),
        }
